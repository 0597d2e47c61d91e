"""Reads the words of a mutation, checked against the messages of an OCPP version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mock_csms.messages import JsonObject
from mock_csms.simulator.misbehaviour.assignments import (
    Assignment,
    Comparison,
    Reference,
    all_hold,
    assigned_value,
    json_value,
)
from mock_csms.simulator.misbehaviour.mutation_text import MutationText, WrittenValue, WrongMutation
from mock_csms.simulator.misbehaviour.payload_fields import (
    PayloadKind,
    UnknownField,
    field_schema,
    is_time,
    payload_schema,
)
from mock_csms.text import suggest
from mock_csms.versions import OcppVersion

OF_CALL: Final[Sequence[PayloadKind]] = ("request",)
OF_CALL_AND_ANSWER: Final[Sequence[PayloadKind]] = ("request", "response")
"""Payloads of an original message; a field of the CALL hides a field of the answer with the same name."""


@dataclass(frozen=True)
class MutationReader:
    """The words of a mutation, checked against the messages of an OCPP version."""

    text: MutationText
    usage: str
    version: OcppVersion

    def usage_error(self) -> WrongMutation:
        """Error for a wrong number of words."""
        return WrongMutation(f"write {self.usage}")

    def subjects(self, number: int) -> Sequence[str]:
        """Return the words after the form, which must be this many."""
        if len(self.text.subjects) != number:
            raise self.usage_error()
        return self.text.subjects

    def message(self, action: str) -> str:
        """Check that stations send this action."""
        return self._known(action, self.version.from_station, "message of stations")

    def command(self, action: str) -> str:
        """Check that it is a command."""
        return self._known(action, self.version.from_csms, "command")

    def _known(self, action: str, actions: frozenset[str], kind: str) -> str:
        if action in actions:
            return action
        if action in self.version.actions:
            raise WrongMutation(f"{action} is not a {kind}, which {self.text.form} needs")
        raise WrongMutation(f"unknown action {action!r}{suggest(action, sorted(actions))}")

    def is_about_command(self, action: str, kind: PayloadKind) -> bool:
        """Whether a mutation is about a command rather than a message of stations.

        Of an action that is both, it is about the message if its fields are in this part of the message.
        """
        if action not in self.version.actions:
            raise WrongMutation(f"unknown action {action!r}{suggest(action, sorted(self.version.actions))}")
        if action not in self.version.from_station:
            return True
        if action not in self.version.from_csms:
            return False
        schema = payload_schema(self.version, action, kind)
        return not all(_has_field(schema, value.path) for value in self.text.values)

    def assignments(
        self, action: str, kind: PayloadKind, original: str, originals: Sequence[PayloadKind]
    ) -> tuple[Assignment, ...]:
        """Read the values of fields of an action; they may refer to fields of the original message."""
        schema = payload_schema(self.version, action, kind)
        return tuple(
            self._assignment(schema, action, value, original, originals) for value in self.text.values
        )

    def _assignment(
        self,
        schema: JsonObject,
        action: str,
        written: WrittenValue,
        original: str,
        originals: Sequence[PayloadKind],
    ) -> Assignment:
        try:
            field = field_schema(schema, written.path)
        except UnknownField as error:
            raise WrongMutation(f"{action}: {error}") from None
        value = assigned_value(written.value, is_time=is_time(field))
        if isinstance(value, Reference):
            self.check_field(original, originals, value.path)
        return Assignment(written.path, value)

    def options(self, action: str, originals: Sequence[PayloadKind]) -> dict[str, Any]:
        """Read the condition on these payloads of an action, and the counts."""
        for condition in self.text.conditions:
            self.check_field(action, originals, condition.path)
        return self.counts()

    def counts(self) -> dict[str, Any]:
        """Read the condition and the counts without a check of the fields."""
        comparisons = [
            Comparison(each.path, json_value(each.value), each.value, each.sign == "=")
            for each in self.text.conditions
        ]
        return {"when": all_hold(comparisons), "limit": self.text.limit, "skip": self.text.skip}

    def check_field(self, action: str, kinds: Sequence[PayloadKind], path: str) -> None:
        """Check that any of the payloads of an action has a field."""
        schemas = [payload_schema(self.version, action, kind) for kind in kinds]
        if any(_has_field(schema, path) for schema in schemas):
            return
        try:
            field_schema(schemas[0], path)
        except UnknownField as error:
            raise WrongMutation(f"{action}: {error}") from None


def _has_field(schema: JsonObject, path: str) -> bool:
    try:
        field_schema(schema, path)
    except UnknownField:
        return False
    return True
