"""Requirements that a station answers each command, and that its answer is valid."""

from collections.abc import Iterator, Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.calls import AnswerRequirements
from mock_csms.findings.kinds import SHARED_KINDS, FindingKind
from mock_csms.messages import JsonObject

OF_EVERY_COMMAND: Final = AnswerRequirements(answered=("FR.02",))
_OF_STATION: Final = AnswerRequirements(answered=("FR.02", "G04.FR.02"), valid=("G04.FR.03",))
"""Requirements about the answer to a ChangeAvailability of the whole station."""
ANSWER_REQUIREMENTS: Final[Mapping[str, AnswerRequirements]] = {
    Action.change_availability: AnswerRequirements(answered=("FR.02", "G03.FR.01"), valid=("G03.FR.02",)),
    Action.trigger_message: AnswerRequirements(answered=("FR.02",), valid=("F06.FR.05",)),
    Action.unlock_connector: AnswerRequirements(answered=("F05.FR.01", "FR.02")),
}
"""Requirements about the answer, by action; OF_EVERY_COMMAND applies to actions that are not listed."""


def answer_requirements(action: str, request: JsonObject) -> AnswerRequirements:
    """Return the requirements about the answer to a command."""
    if action == Action.change_availability and "evse" not in request:
        return _OF_STATION
    return ANSWER_REQUIREMENTS.get(action, OF_EVERY_COMMAND)


def _sections() -> Iterator[tuple[str, str]]:
    every = [*ANSWER_REQUIREMENTS.values(), _OF_STATION]
    yield "call-unanswered", ", ".join(sorted({name for each in every for name in each.answered}))
    yield "answer-violates-schema", ", ".join(sorted({name for each in every for name in each.valid}))


ANSWER_KINDS: Final[Mapping[str, FindingKind]] = {
    kind: SHARED_KINDS[kind]._replace(section=f"{SHARED_KINDS[kind].section}, {names}")
    for kind, names in _sections()
}
"""Kinds of findings about the answers to commands; their sections name all requirements listed above."""
