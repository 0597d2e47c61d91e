"""Availability that a station has accepted for itself, its EVSEs and connectors (G03, G04)."""

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.connectors import MAX_CONNECTORS, EvseScope, overlap, place_of
from mock_csms.v201.findings.known import Known201


class AvailabilityFacts(Facts):
    """Operational status by scope (station, EVSE or connector), for the scopes whose status a
    ChangeAvailability has certainly set.
    """

    __slots__ = ("by_scope",)

    def __init__(self) -> None:
        self.by_scope: dict[EvseScope, str] = {}

    def change(self, scope: EvseScope, status: str | None) -> None:
        """Store the status of a scope (None: unknown), and drop the statuses of all other scopes that overlap
        this scope.
        """
        for other in [other for other in self.by_scope if overlap(other, scope)]:
            del self.by_scope[other]
        if status is not None and len(self.by_scope) < MAX_CONNECTORS:
            self.by_scope[scope] = status

    def booted(self, reason: str) -> None:
        self.by_scope.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.change_availability}:
            self.by_scope.clear()


@CHECKS.learn_sent(Action.change_availability)
def _doubt_overlapping(command: CommandCall, known: Known201) -> None:
    """Drop the statuses of the scopes that overlap the scope of the command, but keep the status of this
    scope: the check of the answer needs it.
    """
    facts, scope = known[AvailabilityFacts], place_of(command.request)
    status = facts.by_scope.get(scope)
    facts.change(scope, status)


@CHECKS.learn_command(Action.change_availability)
def _apply_answer(command: AnsweredCommand, known: Known201) -> None:
    is_changed = command.answer["status"] == "Accepted"
    known[AvailabilityFacts].change(
        place_of(command.request), command.request["operationalStatus"] if is_changed else None
    )
