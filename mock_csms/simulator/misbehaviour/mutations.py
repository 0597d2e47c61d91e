"""Mutations: misbehaviours that are described in words, such as ``say BootNotification reason=Unknown``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mock_csms.messages import ErrorCode, JsonObject
from mock_csms.simulator.misbehaviour.assignments import (
    Assignment,
    Comparison,
    Reference,
    all_hold,
    assigned_value,
    json_value,
)
from mock_csms.simulator.misbehaviour.deviations import Deviation
from mock_csms.simulator.misbehaviour.mutated_messages import (
    HearInAnswer,
    HearInCommand,
    OmitCall,
    PretendAnswer,
    RefuseCommand,
    SayInAnswer,
    SayInCall,
)
from mock_csms.simulator.misbehaviour.mutation_text import (
    MutationText,
    WrittenValue,
    WrongMutation,
    parse_words,
)
from mock_csms.simulator.misbehaviour.payload_fields import (
    PayloadKind,
    UnknownField,
    field_schema,
    is_time,
    payload_schema,
)
from mock_csms.text import suggest, suggest_or_list
from mock_csms.versions import OcppVersion


@dataclass(frozen=True)
class MutationForm:
    """A form of mutations."""

    usage: str
    description: str
    example: str
    build: Callable[["MutationReader"], Deviation]


@dataclass(frozen=True)
class MutationReader:
    """The words of a mutation, checked against the messages of an OCPP version."""

    text: MutationText
    version: OcppVersion

    def usage_error(self) -> WrongMutation:
        """Error for a wrong number of words."""
        return WrongMutation(f"write {FORMS[self.text.form].usage}")

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
        self, action: str, kind: PayloadKind, original: str, originals: Iterable[PayloadKind]
    ) -> tuple[Assignment, ...]:
        """Read the values of fields of an action; they may refer to fields of the original message."""
        schema = payload_schema(self.version, action, kind)
        return tuple(
            self._assignment(schema, action, value, original, tuple(originals)) for value in self.text.values
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
        """Read the condition and the counts; a field of the first payload hides one of the second."""
        for condition in self.text.conditions:
            self.check_field(action, originals, condition.path)
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


def parse_mutation(text: str, version: OcppVersion) -> Deviation:
    """Read a mutation; raises WrongMutation."""
    words = parse_words(text)
    if words.form not in FORMS:
        raise WrongMutation(f"unknown form {words.form!r}{suggest_or_list(words.form, FORMS)}")
    form = FORMS[words.form]
    if words.occasion is not None and " on " not in form.usage:
        raise WrongMutation(f"{words.form} has no {words.occasion[0]}; write {form.usage}")
    if words.values and "FIELD=VALUE" not in form.usage.partition("[if")[0]:
        raise WrongMutation(f"{words.form} sets no field; write {form.usage}")
    return form.build(MutationReader(words, version))


def _say(reading: MutationReader) -> Deviation:
    (action,) = reading.subjects(1)
    if not reading.text.values:
        raise reading.usage_error()
    if reading.is_about_command(action, "request"):
        values = reading.assignments(action, "response", action, ("request", "response"))
        return SayInAnswer(action, values=values, **reading.options(action, ("request", "response")))
    values = reading.assignments(action, "request", action, ("request",))
    return SayInCall(action, values=values, **reading.options(action, ("request",)))


def _hear(reading: MutationReader) -> Deviation:
    (action,) = reading.subjects(1)
    if not reading.text.values:
        raise reading.usage_error()
    if reading.is_about_command(action, "response"):
        values = reading.assignments(action, "request", action, ("request",))
        return HearInCommand(action, values=values, **reading.options(action, ("request",)))
    values = reading.assignments(action, "response", action, ("request", "response"))
    return HearInAnswer(action, values=values, **reading.options(action, ("request", "response")))


def _omit(reading: MutationReader) -> Deviation:
    action = reading.message(*reading.subjects(1))
    return OmitCall(action, **reading.options(action, ("request",)))


def _pretend(reading: MutationReader) -> Deviation:
    action = reading.command(*reading.subjects(1))
    values = reading.assignments(action, "response", action, ("request",))
    return PretendAnswer(action, values=values, **reading.options(action, ("request",)))


def _refuse(reading: MutationReader) -> Deviation:
    action, code = reading.subjects(2)
    codes = list(map(str, ErrorCode))
    if code not in codes:
        raise WrongMutation(f"unknown error code {code!r}{suggest_or_list(code, codes)}")
    spelling = reading.version.dialect.spell(ErrorCode(code))
    return RefuseCommand(reading.command(action), code=spelling, **reading.options(action, ("request",)))


FORMS: Final[Mapping[str, MutationForm]] = {
    "say": MutationForm(
        "say ACTION FIELD=VALUE... [if FIELD=VALUE...]",
        "sends other values in a message, or in the answer to a command",
        "say BootNotification reason=Unknown",
        _say,
    ),
    "hear": MutationForm(
        "hear ACTION FIELD=VALUE... [if FIELD=VALUE...]",
        "understands other values in a command, or in the answer to a message",
        "hear Authorize idTokenInfo.status=Accepted",
        _hear,
    ),
    "omit": MutationForm(
        "omit ACTION [if FIELD=VALUE...]",
        "does not send a message, and goes on as if it had been answered",
        "omit StatusNotification if evseId=2",
        _omit,
    ),
    "pretend": MutationForm(
        "pretend COMMAND FIELD=VALUE... [if FIELD=VALUE...]",
        "answers a command with these values, and does not carry it out",
        "pretend ClearCache status=Accepted",
        _pretend,
    ),
    "refuse": MutationForm(
        "refuse COMMAND CODE [if FIELD=VALUE...]",
        "answers a command with a CALLERROR of this code",
        "refuse GetVariables NotSupported if getVariableData.component.name=TxCtrlr",
        _refuse,
    ),
}
