"""Messages in the page: summaries and outcomes as in the log, and rules that the server accepts."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mock_csms import Settings
from mock_csms.journal.entries import outcome_of
from mock_csms.log.summary import summary
from mock_csms.v201.action_tables import FULFILLED
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.paths import ROOT

NODE = shutil.which("node")
MESSAGES = ROOT / "mock_csms" / "control" / "page" / "messages"

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

COMPONENT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
PERIODS = [{"startPeriod": 0, "limit": 16}, {"startPeriod": 60, "limit": 8}]
PROFILE = {
    "id": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Absolute",
    "transactionId": "T1",
    "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}],
}
PAYLOADS: list[dict[str, Any]] = [
    {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
    {"timestamp": "2026-01-31T12:00:00Z", "connectorStatus": "Available", "evseId": 1, "connectorId": 2},
    {"eventType": "Started", "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"}},
    {"idToken": {"idToken": "AABB", "type": "ISO14443"}, "evse": {"id": 1, "connectorId": 2}},
    {"idTokenInfo": {"status": "Blocked"}},
    {"status": "Rejected", "statusInfo": {"reasonCode": "Busy", "additionalInfo": "it is charging"}},
    {"getVariableResult": [{"attributeStatus": "UnknownVariable", **COMPONENT}]},
    {"setMonitoringResult": [{"status": "Rejected", "id": 4}, {"status": "Accepted"}]},
    {"evseId": 1, "chargingProfile": PROFILE},
    {"log": {"remoteLocation": "http://x/y"}, "firmware": {"location": "http://x/z"}, "meterValue": [{}]},
    {"vendorId": "x" * 50, "data": {"a": 1}, "list": [1, 2], "empty": ""},
    {},
]


def _in_the_page(function: str, module: str, entries: list[Any], tmp_path: Path) -> list[Any]:
    """Call a function of the page in node for each entry; return the results."""
    (tmp_path / "entries.json").write_text(json.dumps(entries), encoding="utf-8")
    script = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ {function} }} from "{(MESSAGES / module).as_uri()}";
        const entries = JSON.parse(readFileSync(process.argv[1], "utf8"));
        console.log(JSON.stringify(entries.map((entry) => {function}(entry))));
    """
    return _run(script, str(tmp_path / "entries.json"))


def _run(script: str, *arguments: str) -> list[Any]:
    """Run a module in node; returns the list that it prints."""
    assert NODE is not None
    command = [NODE, "--input-type=module", "-e", script, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    results: list[Any] = json.loads(run.stdout)
    return results


def test_summaries_are_those_of_the_log(tmp_path: Path) -> None:
    entries = [{"type": "call", "frame": [2, "1", "X", payload]} for payload in PAYLOADS]
    texts = _in_the_page("summaryOf", "summary.js", entries, tmp_path)
    assert texts == [summary(payload) for payload in PAYLOADS]


def test_outcomes_are_those_of_the_log(tmp_path: Path) -> None:
    statuses = sorted(FULFILLED | {"Rejected", "NotSupported", "UnlockFailed"})
    payloads: list[dict[str, Any]] = [{"status": status} for status in statuses]
    payloads += [{"list": [{"attributeStatus": "Accepted"}, {"status": "Rejected"}]}, {"list": [{}, 1]}, {}]
    entries: list[dict[str, Any]] = [
        {"type": "result", "direction": "received", "action": "Reset", "frame": [3, "1", payload]}
        for payload in payloads
    ]
    entries += [
        {"type": "call", "direction": "received", "frame": [2, "1", "X", {"status": "Rejected"}]},
        {"type": "result", "direction": "sent", "frame": [3, "1", {"status": "Accepted"}]},
        {"type": "result", "direction": "sent", "injected": True, "frame": [3, "1", {}]},
        {"type": "error", "direction": "sent", "frame": [4, "1", "InternalError", "", {}]},
    ]
    outcomes = _in_the_page("outcomeOf", "outcome.js", entries, tmp_path)
    assert [outcome["text"] for outcome in outcomes] == [
        outcome_of(entry, [OCPP_2_0_1]).lower() for entry in entries
    ]


def test_statuses_that_fulfil_a_command_are_those_of_the_server() -> None:
    module = (MESSAGES / "outcome.js").as_uri()
    statuses = _run(f'import {{ FULFILLED }} from "{module}"; console.log(JSON.stringify([...FULFILLED]));')
    assert sorted(statuses) == sorted(FULFILLED)


CALLS: list[dict[str, Any]] = [
    {"station": "CS[1]*", "direction": direction, "type": "call", "action": action}
    for direction, action in [("received", "Heartbeat"), ("received", "DataTransfer"), ("sent", "Reset")]
]
ANSWERS: list[dict[str, Any]] = [
    {"type": "result", "frame": [3, "1", {"currentTime": "2026-01-31T12:00:00Z"}]},
    {"type": "error", "frame": [4, "1", "NotSupported", "not \u202e now", {"a b": [1.5, True, {}]}]},
    {
        "type": "result",
        "frame": [3, "1", {"status": "Accepted"}],
        "violation": "payload: x is missing (required)",
    },
]


def test_rules_made_from_messages_are_valid_settings(tmp_path: Path) -> None:
    exchanges = list(zip(CALLS, ANSWERS, strict=True))
    exchanges += [(call, {}) for call in CALLS]
    choices = _in_the_page("rulesFor", "rules.js", exchanges, tmp_path)
    rules = [choice["rule"] for part in choices for choice in part]
    texts = _in_the_page("tomlOf", "rules.js", rules, tmp_path)
    assert len(rules) > 30
    assert [tomllib.loads(text)["rules"] for text in texts] == [[rule] for rule in rules]
    Settings.model_validate({"rules": rules})
