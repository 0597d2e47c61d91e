"""Trigger reasons, charging states and stopped reasons of events (E01, E02, E06, E07)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.sent_commands import CAUSES, SentCommands
from mock_csms.v201.findings.facts.transaction_notes import RunningNotes
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_contents import NO_AUTHORIZATION

_FAULTS: Final = frozenset({"GroundFault", "OvercurrentFault"})
"""Values of stoppedReason that name an error of the station."""
_ABNORMAL: Final = "AbnormalCondition"
_NOT_AUTHORIZING: Final = frozenset(
    {"ChargingRateChanged", "ChargingStateChanged", "EVDetected", "SignedDataReceived", "Trigger"}
)
"""Trigger reasons of events that cannot report an authorization."""
_LOCAL_STOPS: Final = frozenset({None, "Local"})
"""Values of stoppedReason of a transaction that a driver stops with an idToken."""
_OTHER_LOCAL_STOPS: Final = frozenset({"MasterPass", "StoppedByEV"})
"""Further values of stoppedReason that fit triggerReason StopAuthorized."""
_STOP_REASONS: Final = {
    "Deauthorized": frozenset(
        {"DeAuthorized", "EVDisconnected", "LocalOutOfCredit", "MasterPass", "Timeout"}
    ),
    "EVConnectTimeout": frozenset({"Timeout"}),
    "EnergyLimitReached": frozenset({"DeAuthorized", "EnergyLimitReached", "LocalOutOfCredit"}),
    "TimeLimitReached": frozenset({"TimeLimitReached", "LocalOutOfCredit"}),
}
"""By the triggerReason of an Ended event, the values of stoppedReason that fit it."""

TRIGGER_REASON_WITHOUT_COMMAND: Final = CHECKS.kind(
    "trigger-reason-without-command",
    "error",
    "the triggerReason of an event stands for a command that was never sent",
    "a boot of the station, and that the transaction started after it",
)
CHARGING_STATE_MISSING: Final = CHECKS.kind(
    "charging-state-missing", "error", "an event with triggerReason ChargingStateChanged has no chargingState"
)
AUTHORIZATION_NOT_REPORTED: Final = CHECKS.kind(
    "authorization-not-reported",
    "error",
    "the first idToken of a running transaction comes with a trigger reason other than Authorized",
    "all events of the transaction so far",
)
ABNORMAL_CONDITION_NOT_REPORTED: Final = CHECKS.kind(
    "abnormal-condition-not-reported",
    "error",
    "a transaction ends because of a fault but no event has triggerReason AbnormalCondition",
    "all events of the transaction",
)
STOPPED_REASON_UNLIKELY: Final = CHECKS.kind(
    "stopped-reason-unlikely",
    "warning",
    "the stoppedReason of an Ended event does not fit its triggerReason",
    "all events of the transaction",
)
PHASES_NOT_REPORTED: Final = CHECKS.kind(
    "phases-not-reported",
    "error",
    "no event of a transaction has numberOfPhasesUsed although the station can report it",
    "an earlier transaction on the connector that has numberOfPhasesUsed",
)


def _name(call: StationCall) -> str:
    return short(call.payload["transactionInfo"]["transactionId"])


def _is_whole(call: StationCall, known: Known201) -> bool:
    """Return whether all events of the transaction before this one are known."""
    tracked = known.transactions.find(call.payload["transactionInfo"]["transactionId"])
    return (
        tracked is not None
        and tracked.started is not None
        and not tracked.gaps
        and not tracked.is_doubtful
        and call.payload["seqNo"] == tracked.high + 1
    )


def _first_stop(call: StationCall, known: Known201) -> str | None:
    """Return the triggerReason of the earlier event that may have begun the end of the transaction; None if
    there is none.
    """
    tracked = known.transactions.find(call.payload["transactionInfo"]["transactionId"])
    return None if tracked is None else tracked.contents.first_stop


@TRIGGER_REASON_WITHOUT_COMMAND.on_event("E01.FR.15", triggers=CAUSES, once=True)
def _judge_cause(call: StationCall, known: Known201) -> Outcome:
    """Check that the command that caused an event, according to its triggerReason, was sent before."""
    trigger = call.payload["triggerReason"]
    action = CAUSES[trigger]
    if not known[SentCommands].was_never_sent(action):
        return MET
    has_begun = call.payload["eventType"] == "Started" or known[RunningNotes].of(call.payload) is not None
    if not has_begun or call.payload.get("offline") or not known.transactions.has_seen_boot:
        return None
    return Broken(
        f"an event of the transaction {_name(call)} has triggerReason {trigger}, but no {action.value} has "
        "been sent; triggerReason must be the cause of the event"
    )


@CHARGING_STATE_MISSING.on_event("E01.FR.18", triggers=("ChargingStateChanged",), once=True)
def _judge_charging_state(call: StationCall, known: Known201) -> Outcome:
    """Check that an event about a new charging state names the state."""
    if "chargingState" in call.payload["transactionInfo"]:
        return MET
    return Broken(
        f"an event of the transaction {_name(call)} has triggerReason ChargingStateChanged but no "
        "chargingState; the event must contain the new state"
    )


@AUTHORIZATION_NOT_REPORTED.on_event(
    "E02.FR.01", "E02.FR.20", types=("Updated",), triggers=(*_NOT_AUTHORIZING, "Authorized")
)
def _judge_first_token(call: StationCall, known: Known201) -> Outcome:
    """Check that the first idToken of a running transaction comes in an event whose triggerReason may report
    an authorization.
    """
    id_token = call.payload.get("idToken")
    if id_token is None or id_token["type"] == NO_AUTHORIZATION or not _is_whole(call, known):
        return None
    tracked = known.transactions.find(call.payload["transactionInfo"]["transactionId"])
    trigger = call.payload["triggerReason"]
    if tracked is None or tracked.contents.token is not None:
        return None
    if trigger not in _NOT_AUTHORIZING:
        return MET
    return Broken(
        f"the first idToken of the transaction {_name(call)} comes in an event with triggerReason {trigger}; "
        "the next event after an authorization must have triggerReason Authorized and the idToken"
    )


@ABNORMAL_CONDITION_NOT_REPORTED.on_event("E06.FR.16", types=("Ended",), once=True)
def _judge_fault(call: StationCall, known: Known201) -> Outcome:
    """Check that an Ended event whose stoppedReason is a fault has triggerReason AbnormalCondition."""
    reason, trigger = call.payload["transactionInfo"].get("stoppedReason"), call.payload["triggerReason"]
    if reason not in _FAULTS:
        return None
    if trigger == _ABNORMAL:
        return MET
    if _first_stop(call, known) is not None or not _is_whole(call, known):
        return None
    return Broken(
        f"the Ended event of the transaction {_name(call)} has stoppedReason {reason} but triggerReason "
        f"{trigger}; after a fault the triggerReason must be AbnormalCondition"
    )


@STOPPED_REASON_UNLIKELY.on_event("E07.FR.05", types=("Ended",), triggers=("StopAuthorized",), once=True)
def _judge_local_stop(call: StationCall, known: Known201) -> Outcome:
    """Check that an Ended event with triggerReason StopAuthorized has stoppedReason Local or none."""
    reason = call.payload["transactionInfo"].get("stoppedReason")
    if _first_stop(call, known) is not None or not _is_whole(call, known) or reason in _OTHER_LOCAL_STOPS:
        return None
    if reason in _LOCAL_STOPS:
        return MET
    return Broken(
        f"the Ended event of the transaction {_name(call)} has triggerReason StopAuthorized and "
        f"stoppedReason {reason}; if the driver stops it at the station, the stoppedReason should be Local"
    )


@STOPPED_REASON_UNLIKELY.on_event("E07.FR.06", types=("Ended",), triggers=_STOP_REASONS, once=True)
def _judge_stop_reason(call: StationCall, known: Known201) -> Outcome:
    """Check that the stoppedReason of an Ended event fits its triggerReason, if the driver did not stop the
    transaction.
    """
    trigger = call.payload["triggerReason"]
    reason = call.payload["transactionInfo"].get("stoppedReason")
    if reason is None or _first_stop(call, known) is not None or not _is_whole(call, known):
        return None
    if reason in _STOP_REASONS[trigger]:
        return MET
    return Broken(
        f"the Ended event of the transaction {_name(call)} has triggerReason {trigger} and stoppedReason "
        f"{reason}; the stoppedReason should be {' or '.join(sorted(_STOP_REASONS[trigger]))}"
    )


@PHASES_NOT_REPORTED.on_event("E02.FR.18", types=("Ended",), once=True)
def _judge_phases(call: StationCall, known: Known201) -> Outcome:
    """Check that a transaction that has charged reports numberOfPhasesUsed, if an earlier transaction on the
    same connector did.
    """
    facts = known[RunningNotes]
    notes = facts.of(call.payload)
    running = known.running.by_id.get(call.payload["transactionInfo"]["transactionId"])
    if notes is None or running is None or running.evse_id is None or not notes.has_charged:
        return None
    if notes.has_phases:
        return MET
    place = running.evse_id, running.connector_id
    if place not in facts.with_phases or not notes.is_whole or "numberOfPhasesUsed" in call.payload:
        return None
    return Broken(
        f"the transaction {_name(call)} charged but no event has numberOfPhasesUsed, unlike an earlier "
        f"transaction on EVSE {place[0]}; the number must be reported when the energy transfer starts"
    )
