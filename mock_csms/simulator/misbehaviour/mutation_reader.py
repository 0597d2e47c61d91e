"""Reads the words of a mutation, and checks them against the messages of an OCPP version."""

from collections.abc import Callable, Sequence
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
    is_text,
    is_time,
    payload_schema,
)
from mock_csms.simulator.verbs import Verb
from mock_csms.text import suggest
from mock_csms.versions import OcppVersion

type FieldCheck = Callable[[str], None]
"""Raises WrongMutation if a path leads to no field."""

OF_CALL: Final[Sequence[PayloadKind]] = ("request",)
OF_CALL_AND_ANSWER: Final[Sequence[PayloadKind]] = ("request", "response")
"""Kinds of payloads, for a mutation that may name fields of a CALL and of its answer. If both have a field of
the same name, the name stands for the field of the CALL.
"""


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
        """Return `MutationText.subjects`; raises WrongMutation unless there are ``number`` of these words."""
        if len(self.text.subjects) != number:
            raise self.usage_error()
        return self.text.subjects

    def message(self, action: str) -> str:
        """Return ``action`` if stations send it; raises WrongMutation otherwise."""
        return self._known(action, self.version.from_station, "message of stations")

    def command(self, action: str) -> str:
        """Return ``action`` if it is a command; raises WrongMutation otherwise."""
        return self._known(action, self.version.from_csms, "command")

    def _known(self, action: str, actions: frozenset[str], kind: str) -> str:
        if action in actions:
            return action
        if action in self.version.actions:
            raise WrongMutation(f"{action} is not a {kind}, which {self.text.form} needs")
        raise WrongMutation(f"unknown action {action!r}{suggest(action, sorted(actions))}")

    def known(self, action: str) -> str:
        """Return ``action`` if the OCPP version has it; raises WrongMutation otherwise."""
        if action in self.version.actions:
            return action
        raise WrongMutation(f"unknown action {action!r}{suggest(action, sorted(self.version.actions))}")

    def is_about_command(self, action: str, kind: PayloadKind) -> bool:
        """Whether a mutation is about a command; otherwise, it is about a message of stations.

        For an action in both directions, such as DataTransfer, the mutation is about the message of stations
        if the ``kind`` payload of the action has all fields that the mutation sets.
        """
        self.known(action)
        if action not in self.version.from_station:
            return True
        if action not in self.version.from_csms:
            return False
        schema = payload_schema(self.version, action, kind)
        return not all(_has_field(schema, value.path) for value in self.text.values)

    def assignments(self, action: str, kind: PayloadKind, check: FieldCheck) -> tuple[Assignment, ...]:
        """Return the values to set in fields of an action; ``check`` tests each ``@FIELD`` in a value."""
        schema = payload_schema(self.version, action, kind)
        return tuple(self._assignment(schema, action, written, check) for written in self.text.values)

    def _assignment(
        self, schema: JsonObject, action: str, written: WrittenValue, check: FieldCheck
    ) -> Assignment:
        try:
            field = field_schema(schema, written.path)
        except UnknownField as error:
            raise WrongMutation(f"{action}: {error}") from None
        value = assigned_value(written.value, is_time=is_time(field), is_text=is_text(field))
        if isinstance(value, Reference):
            check(value.path)
        return Assignment(written.path, value)

    def options(self, check: FieldCheck) -> dict[str, Any]:
        """Return the arguments ``when``, ``limit`` and ``skip`` of a Deviation.

        ``check`` tests the path of each condition in ``when``.
        """
        for condition in self.text.conditions:
            check(condition.path)
        comparisons = [
            Comparison(each.path, json_value(each.value), each.value, each.sign == "=")
            for each in self.text.conditions
        ]
        return {"when": all_hold(comparisons), "limit": self.text.limit, "skip": self.text.skip}

    def options_of(self, action: str, kinds: Sequence[PayloadKind]) -> dict[str, Any]:
        """Return `options`; conditions may name fields of the CALL or of the answer, as ``kinds`` says."""
        return self.options(self.fields_of(action, kinds))

    def fields_of(self, action: str, kinds: Sequence[PayloadKind]) -> FieldCheck:
        """Return a function that checks whether a path leads to a field of these payloads of an action."""
        schemas = [payload_schema(self.version, self.known(action), kind) for kind in kinds]

        def check(path: str) -> None:
            if any(_has_field(schema, path) for schema in schemas):
                return
            try:
                field_schema(schemas[0], path)
            except UnknownField as error:
                raise WrongMutation(f"{action}: {error}") from None

        return check

    @staticmethod
    def parameters_of(verb: Verb) -> FieldCheck:
        """Return a function that checks whether a name is a parameter of a step."""

        def check(path: str) -> None:
            if path not in verb.parameters:
                raise WrongMutation(f"{verb.name} has no parameter {path!r}; write {verb.usage}")

        return check


def _has_field(schema: JsonObject, path: str) -> bool:
    try:
        field_schema(schema, path)
    except UnknownField:
        return False
    return True
