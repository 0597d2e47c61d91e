"""Transactions and authorizations that must end (E03, E05, E06, E09)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredStationCall, Broken, CheckedKind, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.id_tokens import IdTokenFacts
from mock_csms.v201.findings.facts.recent_settings import RecentSettings
from mock_csms.v201.findings.facts.reported import ReportedSubjects
from mock_csms.v201.findings.facts.transaction_notes import (
    CHARGE_TRIGGERS,
    RunningNotes,
    TransactionNotes,
    is_authorizing,
    is_charging,
    time_of_event,
)
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_contents import DEAUTHORIZING, NO_AUTHORIZATION
from mock_csms.v201.findings.transaction_state import PLUGGED_IN

_TX: Final = "TxCtrlr"
_WITHIN_S: Final = 60.0
_EVENTS: Final = frozenset({Action.transaction_event.value})
_STOPS: Final = {
    "Deauthorized": (("E06.FR.06", "PowerPathClosed"),),
    "EVCommunicationLost": (("E06.FR.02", "EVConnected"), ("E06.FR.06", "PowerPathClosed")),
    "EVDeparted": (("E06.FR.01", "ParkingBayOccupancy"),),
    "StopAuthorized": (("E06.FR.03", "Authorized"), ("E06.FR.06", "PowerPathClosed")),
}
"""By triggerReason, the requirements to end the transaction, each with the member of TxStopPoint that makes
it apply.
"""
_ENDS_WITH_AUTHORIZATION: Final = frozenset({"Authorized", "EnergyTransfer", "PowerPathClosed"})
_MAX_ENERGY: Final = "maxenergyoninvalidid"
_IDLE: Final = "Idle"

TRANSACTION_NOT_ENDED: Final = CHECKS.kind(
    "transaction-not-ended",
    "error",
    "a transaction goes on although one of its stop points has been reached",
    "TxCtrlr.TxStopPoint",
)
TRANSACTION_NOT_ENDED.names("E06.FR.01", "E06.FR.02", "E06.FR.03", "E06.FR.06", "E06.FR.07")
REFUSED_TOKEN_IGNORED: Final = CHECKS.kind(
    "refused-token-ignored",
    "error",
    "a transaction goes on although its idToken was refused in the answer to an event",
    "TxCtrlr.TxStopPoint and TxCtrlr.StopTxOnInvalidId; if the latter is false, also a FullInventory "
    "without TxCtrlr.MaxEnergyOnInvalidId",
)
REFUSED_TOKEN_IGNORED.names("E05.FR.02", "E05.FR.09", "E05.FR.10", "E06.FR.04")
CONNECTION_TIMEOUT_NOT_APPLIED: Final = CHECKS.kind(
    "connection-timeout-not-applied",
    "warning",
    "a transaction goes on although no cable was plugged in within EVConnectionTimeOut",
    "TxCtrlr.EVConnectionTimeOut, and that TxCtrlr.TxStopPoint does not contain ParkingBayOccupancy",
)
CONNECTION_TIMEOUT_NOT_APPLIED.names("E03.FR.05")
CONNECTION_TIMEOUT_NOT_REPORTED: Final = CHECKS.kind(
    "connection-timeout-not-reported",
    "error",
    "no event reports that no cable was plugged in within EVConnectionTimeOut",
    "TxCtrlr.EVConnectionTimeOut, and that TxCtrlr.TxStopPoint contains ParkingBayOccupancy",
)
CONNECTION_TIMEOUT_NOT_REPORTED.names("E03.FR.15")
CHARGING_AFTER_DISCONNECT: Final = CHECKS.kind(
    "charging-after-disconnect",
    "error",
    "a vehicle is unplugged and charges again without a new authorization",
    "that TxCtrlr.StopTxOnEVSideDisconnect is true, and all events of the transaction",
)


def _id(event: JsonObject) -> str:
    transaction_id: str = event["transactionInfo"]["transactionId"]
    return transaction_id


def _stop_points(known: Known201, event: StationCall | AnsweredStationCall) -> frozenset[str]:
    """Return the members of TxStopPoint; empty if they are unknown or may have changed since the event."""
    if not known[RecentSettings].is_settled(_TX, time_of_event(event)):
        return frozenset()
    return known[DeviceModelFacts].members(_TX, "TxStopPoint") or frozenset()


def _has_ended(known: Known201, transaction_id: str) -> bool:
    return known.transactions.has_ended(transaction_id)


def _expect(  # noqa: PLR0913, PLR0917 - the parts of an expectation
    known: Known201,
    kind: CheckedKind[Known201],
    requirements: tuple[str, ...],
    message: StationCall | AnsweredStationCall,
    is_fulfilled_by: Callable[[JsonObject], bool],
    sentence: str,
    *,
    within_s: float = _WITHIN_S,
    is_excused: Callable[[], bool] = lambda: False,
) -> None:
    """Expect a later event of the transaction of `message` for which `is_fulfilled_by` is true; without it,
    `kind` is reported after `within_s`, unless `is_excused` returns True.
    """
    transaction_id = _id(message.payload)
    known.expectations.add(
        ExpectedMessage(
            kind.id,
            requirements,
            since=message.at,
            within_s=within_s,
            actions=_EVENTS,
            is_fulfilled_by=lambda _, event: _id(event) == transaction_id and is_fulfilled_by(event),
            sentence=sentence,
            frames=(message.frame,),
            is_excused=is_excused,
        )
    )


def _is_ended(event: JsonObject) -> bool:
    return bool(event["eventType"] == "Ended")


# Stop points


@CHECKS.learn_event(types=("Updated",), triggers=_STOPS)
def _expect_end(call: StationCall, known: Known201) -> None:
    event, trigger = call.payload, call.payload["triggerReason"]
    points = _stop_points(known, call)
    requirements = tuple(requirement for requirement, point in _STOPS[trigger] if point in points)
    if trigger == "EVCommunicationLost" and not _is_unplugged(event, known):
        return
    if requirements and not event.get("offline") and not _has_ended(known, _id(event)):
        _expect(
            known,
            TRANSACTION_NOT_ENDED,
            requirements,
            call,
            _is_ended,
            f"the transaction {short(_id(event))} did not end within {_WITHIN_S:g} s after {trigger}, but "
            f"its TxStopPoint is {', '.join(sorted(points))}; it must end then",
        )


def _is_unplugged(event: JsonObject, known: Known201) -> bool:
    """Return whether no vehicle is connected after an event. EVCommunicationLost may also mean that only the
    data link is lost.
    """
    running = known.running.by_id.get(_id(event))
    before = None if running is None else running.charging_state
    return bool(event["transactionInfo"].get("chargingState", before) == _IDLE)


@CHECKS.learn_event(types=("Updated",), triggers=("ChargingStateChanged", *_STOPS))
def _expect_end_of_energy(call: StationCall, known: Known201) -> None:
    event = call.payload
    running = known.running.by_id.get(_id(event))
    state = event["transactionInfo"].get("chargingState", "Charging")
    if running is None or running.charging_state != "Charging" or state == "Charging":
        return
    if "EnergyTransfer" in _stop_points(known, call) and not event.get("offline"):
        _expect(
            known,
            TRANSACTION_NOT_ENDED,
            ("E06.FR.07",),
            call,
            _is_ended,
            f"the transaction {short(_id(event))} did not end within {_WITHIN_S:g} s after its charging "
            f"state became {state}, but its TxStopPoint has EnergyTransfer; it must end then",
        )


# Refused tokens


@CHECKS.learn_answered_call(Action.transaction_event)
def _expect_deauthorization(call: AnsweredStationCall, known: Known201) -> None:
    event, status = call.payload, call.answer.get("idTokenInfo", {}).get("status", "Accepted")
    is_start = "idToken" in event and event["triggerReason"] not in DEAUTHORIZING
    if status == "Accepted" or not is_start or event.get("offline"):
        return
    points = _stop_points(known, call)
    if not points or _is_ended(event) or _has_ended(known, _id(event)):
        return
    stops = known[DeviceModelFacts].is_true(_TX, "StopTxOnInvalidId")
    refused = f"the idToken of the transaction {short(_id(event))} was answered with {status}"
    if stops and points & _ENDS_WITH_AUTHORIZATION:
        requirements = ("E05.FR.10", "E06.FR.04") if "Authorized" in points else ("E05.FR.10",)
        sentence = (
            f"{refused}, but the transaction did not end within {_WITHIN_S:g} s; it must end with "
            "Deauthorized"
        )
        _expect_reaction(known, requirements, call, _is_ended_for_token, sentence)
    elif stops:
        sentence = f"{refused}, but no event with Deauthorized came within {_WITHIN_S:g} s; one must be sent"
        _expect_reaction(known, ("E05.FR.09",), call, _is_deauthorized, sentence)
    elif stops is False and _gives_no_energy(known, _id(event), points):
        sentence = (
            f"{refused}, but the transaction went on charging for {_WITHIN_S:g} s; it must become "
            "SuspendedEVSE"
        )
        _expect_reaction(known, ("E05.FR.02",), call, _is_suspended, sentence, stops_charging=True)


def _expect_reaction(  # noqa: PLR0913 - the parts of an expectation
    known: Known201,
    requirements: tuple[str, ...],
    call: AnsweredStationCall,
    is_reaction: Callable[[JsonObject], bool],
    sentence: str,
    *,
    stops_charging: bool = False,
) -> None:
    """Expect an event in which the station reacts to a refused token, unless the transaction has ended by
    then or, with `stops_charging`, no longer charges.
    """
    transaction_id = _id(call.payload)

    def is_excused() -> bool:
        running = known.running.by_id.get(transaction_id)
        return running is None or (stops_charging and running.charging_state != "Charging")

    _expect(known, REFUSED_TOKEN_IGNORED, requirements, call, is_reaction, sentence, is_excused=is_excused)


def _is_ended_for_token(event: JsonObject) -> bool:
    is_named = _is_deauthorized(event) or event["transactionInfo"].get("stoppedReason") == "DeAuthorized"
    return _is_ended(event) and is_named


def _is_deauthorized(event: JsonObject) -> bool:
    return bool(event["triggerReason"] == "Deauthorized")


def _is_suspended(event: JsonObject) -> bool:
    return bool(event["transactionInfo"].get("chargingState") == "SuspendedEVSE")


def _gives_no_energy(known: Known201, transaction_id: str, points: frozenset[str]) -> bool:
    """Return whether a charging transaction with a refused token must not get more energy."""
    model, running = known[DeviceModelFacts], known.running.by_id.get(transaction_id)
    has_limit = not model.is_complete or any(name.variable == _MAX_ENERGY for name in model.variables())
    is_charging = running is not None and running.charging_state == "Charging"
    return is_charging and not has_limit and "EnergyTransfer" not in points


# EVConnectionTimeOut


@CHECKS.learn_event(types=("Started", "Updated"), triggers=("Authorized",))
def _expect_timeout(call: StationCall, known: Known201) -> None:
    """Expect an event that reports EVConnectTimeout for a transaction that a driver has authorized, unless a
    cable is plugged in. Remote starts are not judged: F02 is about them.
    """
    event, points = call.payload, _stop_points(known, call)
    timeout_s = known[DeviceModelFacts].number(_TX, "EVConnectionTimeOut")
    is_waiting = event["transactionInfo"].get("chargingState") == "Idle" and not event.get("offline")
    if not is_waiting or not points or not timeout_s or timeout_s < 0:
        return
    keeps_running = "ParkingBayOccupancy" in points
    kind, requirement = (
        (CONNECTION_TIMEOUT_NOT_REPORTED, "E03.FR.15")
        if keeps_running
        else (CONNECTION_TIMEOUT_NOT_APPLIED, "E03.FR.05")
    )
    due = "must report EVConnectTimeout" if keeps_running else "should end with stoppedReason Timeout"
    transaction_id = _id(event)
    _expect(
        known,
        kind,
        (requirement,),
        call,
        lambda event: event["triggerReason"] == "EVConnectTimeout" and (keeps_running or _is_ended(event)),
        f"no cable was plugged in for the transaction {short(transaction_id)} within EVConnectionTimeOut "
        f"({timeout_s:g} s); it {due} then",
        within_s=timeout_s + _WITHIN_S,
        is_excused=lambda: not _is_still_waiting(known, transaction_id, timeout_s),
    )


def _is_still_waiting(known: Known201, transaction_id: str, timeout_s: float) -> bool:
    """Return whether a transaction that was not started remotely still waits for a vehicle, and
    EVConnectionTimeOut is still `timeout_s`.
    """
    running, tracked = known.running.by_id.get(transaction_id), known.transactions.find(transaction_id)
    if running is None or tracked is None or running.charging_state in PLUGGED_IN:
        return False
    if tracked.contents.remote_start_id is not None or tracked.contents.remote_start_frame is not None:
        return False
    is_unchanged = known[DeviceModelFacts].number(_TX, "EVConnectionTimeOut") == timeout_s
    return is_unchanged and tracked.contents.first_stop is None and tracked.plugged_in is None


# A vehicle that is unplugged and plugged in again


@CHARGING_AFTER_DISCONNECT.on_event("E09.FR.01", types=("Updated",), triggers=CHARGE_TRIGGERS)
def _judge_charging_again(call: StationCall, known: Known201) -> Outcome:
    """Check that, after the vehicle was unplugged, a transaction is authorized again before it charges."""
    notes = known[RunningNotes].of(call.payload)
    if notes is None or notes.unplugged_frame is None or not is_charging(call.payload):
        return None
    if not _needs_authorization(call, known, notes):
        return None
    if notes.authorized_frame > notes.unplugged_frame or is_authorizing(call.payload):
        return MET
    if _may_be_authorized_again(known, notes):
        return None
    if not known[ReportedSubjects].is_new(
        CHARGING_AFTER_DISCONNECT.id, (_id(call.payload), notes.unplugged_frame)
    ):
        return None
    return Broken(
        f"the transaction {short(_id(call.payload))} charges again after EVCommunicationLost without a new "
        "authorization, although StopTxOnEVSideDisconnect is true; a driver must authorize it again",
        (notes.unplugged_frame,),
    )


def _may_be_authorized_again(known: Known201, notes: TransactionNotes) -> bool:
    """Return whether a token may have been used for a transaction since the vehicle was unplugged. An
    Authorize may overtake the event that reports the unplugging.
    """
    tokens = known[IdTokenFacts]
    return (
        tokens.latest_frame > notes.authorized_frame and tokens.latest_at > notes.unplugged_at - CLOCK_ERROR_S
    )


def _needs_authorization(call: StationCall, known: Known201, notes: TransactionNotes) -> bool:
    """Return whether unplugging the vehicle has certainly ended the authorization of a transaction."""
    model, tracked = known[DeviceModelFacts], known.transactions.find(_id(call.payload))
    token = None if tracked is None else tracked.contents.token
    if token is None or token[1] == NO_AUTHORIZATION or model.is_true("AuthCtrlr", "Enabled") is False:
        return False
    is_set = model.is_true(_TX, "StopTxOnEVSideDisconnect") is True
    return is_set and notes.is_whole and known[RecentSettings].is_settled(_TX, notes.happened_at)
