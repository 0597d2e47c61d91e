"""Answers to ChangeAvailability (G03, G04)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.connectors import STATION, overlap, place_of
from mock_csms.v201.findings.facts.availability import AvailabilityFacts
from mock_csms.v201.findings.facts.certain_statuses import StatusTimes, certain_statuses
from mock_csms.v201.findings.known import Known201

_UNUSABLE: Final = frozenset({"Faulted", "Unavailable", ""})
"""Statuses of connectors that are possibly not Operative; the empty text stands for an unknown status."""

SAME_AVAILABILITY_NOT_ACCEPTED: Final = CHECKS.kind(
    "same-availability-not-accepted",
    "error",
    "a ChangeAvailability to the state that its target is already in is not accepted",
    "an accepted ChangeAvailability to the same state before the command, and the status of the connectors",
)


@SAME_AVAILABILITY_NOT_ACCEPTED.on_command("G03.FR.03", of=Action.change_availability)
def _judge_part(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ChangeAvailability of an EVSE or connector to the state that it already has is
    Accepted.
    """
    return None if place_of(command.request) == STATION else _judge(command, known)


@SAME_AVAILABILITY_NOT_ACCEPTED.on_command("G04.FR.04", of=Action.change_availability)
def _judge_station(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ChangeAvailability of the whole station to the state that it already has is Accepted."""
    return _judge(command, known) if place_of(command.request) == STATION else None


def _judge(command: AnsweredCommand, known: Known201) -> Outcome:
    scope, requested = place_of(command.request), command.request["operationalStatus"]
    times = known[StatusTimes].at
    places = {place for place in certain_statuses(known, scope[0]) if overlap(scope, place)}
    statuses = {known.connectors.status[place] for place in places if times[place] <= command.sent_at}
    is_changed = any(times[place] > command.sent_at for place in places)
    if known[AvailabilityFacts].by_scope.get(scope) != requested or not statuses or is_changed:
        return None
    is_operative = statuses.isdisjoint(_UNUSABLE)
    if not (is_operative if requested == "Operative" else statuses == {"Unavailable"}):
        return None
    status = command.answer["status"]
    if status == "Accepted":
        return MET
    return Broken(
        f"a ChangeAvailability to {requested} was answered with {status} although its target already has "
        "this availability; it must be Accepted",
        (command.sent_frame,),
    )
