"""Connector statuses that are certainly up to date (G01, G03)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.connectors import MAX_CONNECTORS, EvseScope, overlap, place_of
from mock_csms.v201.findings.facts.connector_events import statuses_in
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

_CHANGED_BY: Final = {
    "Inoperative": frozenset({"Available", "Reserved"}),
    "Operative": frozenset({"Unavailable"}),
}
"""Connector statuses that a ChangeAvailability may end, by the operationalStatus in the command."""
_DOUBTED: Final = frozenset({None, Action.notify_event, Action.status_notification})
"""Actions of messages that may contain a status; None: an unknown action."""


class StatusTimes(Facts):
    """Time of the last status that each connector has reported on this connection; a time is dropped once the
    status may be outdated.
    """

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: dict[Connector, float] = {}

    def add(self, connector: Connector, at: float) -> None:
        """Store the time of the last status of a connector."""
        if connector in self.at or len(self.at) < MAX_CONNECTORS:
            self.at[connector] = at

    def drop_before(self, sent_at: float, scope: EvseScope, statuses: dict[Connector, str]) -> None:
        """Drop the times of the connectors of `statuses` that are in the scope and whose last status is older
        than the command that was sent at `sent_at`.
        """
        for connector in statuses:
            if overlap(scope, connector) and self.at.get(connector, sent_at) < sent_at:
                del self.at[connector]

    def booted(self, reason: str) -> None:
        self.at.clear()

    def disconnected(self) -> None:
        self.at.clear()

    def doubt(self, action: str | None) -> None:
        if action in _DOUBTED:
            self.at.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.change_availability}:
            self.at.clear()


def statuses_of(known: Known201, evse_id: int | None) -> dict[Connector, str]:
    """Return the last statuses of the connectors of an EVSE, or of all connectors if `evse_id` is None."""
    return {
        connector: status
        for connector, status in known.connectors.status.items()
        if evse_id in {None, connector[0]}
    }


def certain_statuses(known: Known201, evse_id: int | None) -> dict[Connector, str]:
    """Return the statuses of all connectors of an EVSE, or of the station if `evse_id` is None; empty if one
    of the statuses may be unknown or outdated.
    """
    statuses, times = statuses_of(known, evse_id), known[StatusTimes].at
    reported = known[DeviceModelFacts].connectors()
    has_all = bool(reported) or known.registration.status is not None
    connectors = statuses.keys() | {connector for connector in reported if evse_id in {None, connector[0]}}
    return statuses if has_all and connectors <= times.keys() else {}


@CHECKS.learn_call(Action.status_notification, Action.notify_event)
def _note_times(call: StationCall, known: Known201) -> None:
    for connector, _ in statuses_in(call.action, call.payload):
        known[StatusTimes].add(connector, call.at)


@CHECKS.learn_command(Action.change_availability)
def _availability_changed(command: AnsweredCommand, known: Known201) -> None:
    """Drop the time of each status that the command may change, because the status may be outdated."""
    if command.answer["status"] == "Rejected":
        return
    changed = _CHANGED_BY[command.request["operationalStatus"]]
    known[StatusTimes].drop_before(
        command.sent_at,
        place_of(command.request),
        {connector: status for connector, status in known.connectors.status.items() if status in changed},
    )
