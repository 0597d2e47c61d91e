#!/bin/sh
# Takes a station through boot, remote start, meter values, remote stop and reset, using only curl and jq.
#
#     examples/session.sh [CONTROL [STATION]]      for example: examples/session.sh http://127.0.0.1:9001 CS1
#
# Start the server, run this script, then connect the station. The exit code is 0 if every step succeeded.
set -eu
control=${1:-http://127.0.0.1:9001}
station=${2:-CS1}
since=0

fail() {
    echo "$*" >&2
    exit 1
}

post() { # PATH JSON
    curl --silent --show-error --fail-with-body --header 'Content-Type: application/json' --data "$2" "$control$1"
}

# Waits for a frame from the station and sets $frame and $since; frames received since the last call count too.
await() { # WHAT MATCH
    echo "waiting for $1"
    match=$(jq --null-input --arg station "$station" "$2 + {station: \$station}")
    frame=$(post /v1/wait "{\"match\": $match, \"within\": 60, \"since\": $since}") || fail "$1: not received: $frame"
    frame=$(echo "$frame" | jq '.entries[0]')
    since=$(echo "$frame" | jq .number)
}

# Sends a command that the station must accept.
send() { # ACTION [PAYLOAD]
    echo "sending $1"
    answer=$(post "/v1/stations/$station/calls" "{\"action\": \"$1\"${2:+, \"payload\": $2}}") || fail "$1: $answer"
    echo "$answer" | jq --exit-status '.payload.status == "Accepted"' >/dev/null || fail "$1: $answer"
}

await 'the boot' '{action: "BootNotification", type: "call"}'

send RequestStartTransaction
await 'the start' '{action: "TransactionEvent", type: "call", payload: {eventType: "Started"}}'
transaction=$(echo "$frame" | jq '.frame[3].transactionInfo.transactionId')

await 'meter values' "{action: \"TransactionEvent\", type: \"call\", expression: \"eventType == 'Updated' && meterValue\"}"

send RequestStopTransaction "{\"transactionId\": $transaction}"
await 'the end' '{action: "TransactionEvent", type: "call", payload: {eventType: "Ended"}}'

send Reset
await 'the boot after the reset' '{action: "BootNotification", type: "call"}'

state=$(curl --silent --fail "$control/v1/stations/$station")
echo "$state" | jq --exit-status '.boots >= 2 and (.transactions[-1] | .ended and .energyWh > 0)' >/dev/null ||
    fail "incomplete session: $state"
findings=$(curl --silent --fail --get --data-urlencode "station=$station" "$control/v1/findings")
[ "$(echo "$findings" | jq length)" -eq 0 ] || fail "findings: $findings"
echo "$station passed"
