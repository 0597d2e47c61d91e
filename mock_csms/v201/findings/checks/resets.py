"""Resets of single EVSEs, and transactions during a scheduled reset (B11, B12)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.variable_results import WHOLE_MODEL
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.facts.scheduled_resets import ScheduledResets
from mock_csms.v201.findings.known import Known201

_CARRIED_OUT: Final = frozenset({"Accepted", "Scheduled"})

EVSE_RESET_ACCEPTED: Final = CHECKS.kind(
    "evse-reset-accepted",
    "error",
    "a Reset of an EVSE is accepted although the AllowReset of that EVSE is false",
    "EVSE.AllowReset of this EVSE",
)
EVSE_RESET_NOT_ANNOUNCED: Final = CHECKS.kind(
    "evse-reset-not-announced",
    "warning",
    "a Reset of an EVSE is accepted although the station has no AllowReset for that EVSE",
    WHOLE_MODEL,
)
TRANSACTION_ENDED_BY_SCHEDULED_RESET: Final = CHECKS.kind(
    "transaction-ended-by-scheduled-reset",
    "error",
    "a Reset OnIdle that was scheduled ends a transaction",
    "the answer to the Reset OnIdle, and that each Reset Immediate since the last boot was rejected",
)


def _allow_reset(evse_id: int) -> VariableName:
    return VariableName("evse", "allowreset", evse_id=evse_id)


def _judge_support(command: AnsweredCommand, known: Known201) -> Outcome:
    evse_id, status = command.request["evseId"], command.answer["status"]
    value = known[DeviceModelFacts].value(_allow_reset(evse_id))
    if value is None or value.lower() != "false":
        return None
    if status in _CARRIED_OUT:
        return Broken(
            f"a Reset of EVSE {evse_id} was answered with {status}, but AllowReset of this EVSE is false; it "
            "must be Rejected"
        )
    return MET


def _is_during_transaction(command: AnsweredCommand, known: Known201) -> bool:
    return bool(known.running.certain_on_evse(command.request["evseId"]))


@EVSE_RESET_ACCEPTED.on_command("B11.FR.09", of=Action.reset)
def _judge_idle_evse(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a Reset of an EVSE without a known transaction is rejected if AllowReset of the EVSE is
    false.
    """
    if "evseId" not in command.request or _is_during_transaction(command, known):
        return None
    return _judge_support(command, known)


@EVSE_RESET_ACCEPTED.on_command("B12.FR.09", of=Action.reset)
def _judge_busy_evse(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a Reset of an EVSE with a running transaction is rejected if AllowReset of the EVSE is
    false.
    """
    if "evseId" not in command.request or not _is_during_transaction(command, known):
        return None
    return _judge_support(command, known)


@EVSE_RESET_NOT_ANNOUNCED.on_command("B11.FR.10", of=Action.reset)
def _judge_announcement(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the FullInventory has the variable AllowReset of an EVSE whose Reset the station has
    accepted or scheduled.
    """
    evse_id, model = command.request.get("evseId"), known[DeviceModelFacts]
    if evse_id is None or command.answer["status"] not in _CARRIED_OUT or not model.is_complete:
        return None
    names = {name for name in model.definitions if (name.evse_id, name.variable) == (evse_id, "allowreset")}
    if not names:
        return Broken(
            f"a Reset of EVSE {evse_id} was answered with {command.answer['status']}, but the FullInventory "
            "has no AllowReset for this EVSE; it should have one with the value true"
        )
    return MET if any((model.value(name) or "").lower() == "true" for name in names) else None


def _judge_end(call: StationCall, known: Known201, evse_id: int | None) -> Outcome:
    """Check that a transaction is not ended by a reset while a Reset OnIdle of `evse_id` (None: of the
    station) is scheduled.
    """
    reset = known[ScheduledResets].answers.get(evse_id)
    if reset is None or call.payload.get("offline") or known.clock.is_skewed:
        return None
    ended_at = seconds_of(call.payload["timestamp"])
    if ended_at is None or ended_at < reset.at:  # an earlier reset may have ended it
        return None
    info = call.payload["transactionInfo"]
    is_forced = (
        call.payload["triggerReason"] == "ResetCommand" or info.get("stoppedReason") == "ImmediateReset"
    )
    if not is_forced:
        return MET
    return Broken(
        f"the transaction {short(info['transactionId'])} was ended by a reset, but the Reset OnIdle was "
        "answered with Scheduled; the transaction must end normally before the reset",
        (reset.frame,),
    )


@TRANSACTION_ENDED_BY_SCHEDULED_RESET.on_event("B12.FR.03", types=("Ended",))
def _judge_end_before_reboot(call: StationCall, known: Known201) -> Outcome:
    """Check that a scheduled Reset of the station does not end a transaction."""
    return _judge_end(call, known, None)


@TRANSACTION_ENDED_BY_SCHEDULED_RESET.on_event("B12.FR.07", types=("Ended",))
def _judge_end_before_evse_reset(call: StationCall, known: Known201) -> Outcome:
    """Check that a scheduled Reset of an EVSE does not end the transaction on this EVSE."""
    running = known.running.by_id.get(call.payload["transactionInfo"]["transactionId"])
    evse_id = running.evse_id if running else None
    return None if evse_id is None else _judge_end(call, known, evse_id)
