"""Remotely started transactions without a cable: they end after EVConnectionTimeOut (F02)."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CommandCall, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.connectors import FREE
from mock_csms.v201.findings.facts.certain_statuses import certain_statuses
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.recent_settings import RecentSettings
from mock_csms.v201.findings.facts.remote_starts import RemoteStartFacts
from mock_csms.v201.findings.facts.transaction_notes import time_of_event
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_contents import STOPPING

_MARGIN_S: Final = 60.0
_TIMEOUT: Final = "EVConnectTimeout"
_ENDED: Final = ("F02.FR.07",)
_DEAUTHORIZED: Final = ("F02.FR.08",)

CONNECTION_TIMEOUT_MISSED: Final = CHECKS.kind(
    "connection-timeout-missed",
    "error",
    "a remotely started transaction goes on after EVConnectionTimeOut although no cable is plugged in",
    "TxCtrlr.EVConnectionTimeOut, TxCtrlr.TxStopPoint, the EVSE of the transaction and the status of "
    "its connectors",
)
CONNECTION_TIMEOUT_MISSED.names(*_ENDED, *_DEAUTHORIZED)


@dataclass(slots=True)
class _Wait:
    """A remotely started transaction that waits for a cable."""

    known: Known201
    transaction_id: str
    evse_id: int
    timeout_s: float
    stop_points: frozenset[str]
    has_stopped: bool = False
    """Whether an event other than the timeout may have ended the wait."""

    @property
    def must_end(self) -> bool:
        return "ParkingBayOccupancy" not in self.stop_points

    def is_reported_by(self, _: str, event: JsonObject) -> bool:
        """Return whether an event reports that the station ended the wait after EVConnectionTimeOut. Set
        ``has_stopped`` if the event may have ended it for another reason.
        """
        if event["transactionInfo"]["transactionId"] != self.transaction_id:
            return False
        is_timeout = event["triggerReason"] == _TIMEOUT
        self.has_stopped = self.has_stopped or (not is_timeout and event["triggerReason"] in STOPPING)
        return is_timeout and (not self.must_end or event["eventType"] == "Ended")

    def is_excused(self) -> bool:
        """Return whether the station need not end the wait."""
        running = self.known.running.by_id.get(self.transaction_id)
        is_waiting = running is not None and running.charging_state in {None, "Idle"}
        return self.has_stopped or not is_waiting or not _is_free(self.evse_id, self.known)


@CHECKS.learn_event(types=("Started",), triggers=("RemoteStart",))
def _expect_timeout(call: StationCall, known: Known201) -> None:
    event, model = call.payload, known[DeviceModelFacts]
    timeout_s = model.number("TxCtrlr", "EVConnectionTimeOut")
    stop_points = model.members("TxCtrlr", "TxStopPoint")
    evse_id = event.get("evse", {}).get("id")
    is_current = known[RemoteStartFacts].of_event(event) is not None and not event.get("offline")
    is_settled = known[RecentSettings].is_settled("TxCtrlr", time_of_event(call))
    if not timeout_s or timeout_s < 0 or stop_points is None or not is_settled:
        return
    if is_current and _is_free(evse_id, known):
        transaction_id = event["transactionInfo"]["transactionId"]
        wait = _Wait(known, transaction_id, evse_id, timeout_s, stop_points)
        known.expectations.add(_expectation(call, wait))


def _expectation(call: StationCall, wait: _Wait) -> ExpectedMessage:
    duty = "end" if wait.must_end else "end its authorization"
    return ExpectedMessage(
        CONNECTION_TIMEOUT_MISSED.id,
        _ENDED if wait.must_end else _DEAUTHORIZED,
        call.at,
        wait.timeout_s + _MARGIN_S,
        frozenset({Action.transaction_event}),
        wait.is_reported_by,
        f"no cable was plugged in for EVConnectionTimeOut ({wait.timeout_s:g} s) after the remote start of "
        f"the transaction {short(wait.transaction_id)}; it must {duty} with triggerReason {_TIMEOUT}",
        (call.frame,),
        is_excused=wait.is_excused,
    )


@CHECKS.learn_sent(Action.set_variables)
def _forget_waits(command: CommandCall, known: Known201) -> None:
    """Drop the expected ends of all waits if a SetVariables may change EVConnectionTimeOut or TxStopPoint."""
    if any(item["component"]["name"].lower() == "txctrlr" for item in command.request["setVariableData"]):
        known.expectations.drop(CONNECTION_TIMEOUT_MISSED.id)


def _is_free(evse_id: int | None, known: Known201) -> bool:
    """Return whether certainly no cable is plugged in at an EVSE."""
    statuses = set(certain_statuses(known, evse_id).values()) if evse_id else set()
    return bool(statuses) and statuses <= FREE
