"""Rules: conditions on the messages of a connection, and the answers, faults or commands that follow."""

from collections.abc import Container, Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    GetJsonSchemaHandler,
    PositiveInt,
    SerializeAsAny,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from mock_csms.behaviour.expressions import Expression, check_expression
from mock_csms.behaviour.faults import FAULT_KINDS, LONGEST_DELAY, TLS_FAULTS, AnyFault, Hold, parse_fault
from mock_csms.behaviour.templates import check_template as check_placeholders
from mock_csms.messages import Call, JsonObject, is_deeper
from mock_csms.schema.budget import Budget
from mock_csms.schema.patch import contains, with_times_as_text

MAX_LEVELS: Final = 100
"""Maximum nesting of a payload in a rule, as in a request to the control API."""


def check_levels(payload: JsonObject) -> JsonObject:
    """Return a payload; raises ValueError if it is nested too deeply."""
    if is_deeper(payload, MAX_LEVELS):
        raise ValueError(f"it is nested more than {MAX_LEVELS} levels deep; use fewer levels")
    return payload


RulePayload = Annotated[JsonObject, BeforeValidator(with_times_as_text), AfterValidator(check_levels)]

HANDSHAKE: Final = "handshake"
"""Action of a rule about the opening handshake."""
TLS_HANDSHAKE: Final = "tls-handshake"
"""Action under which rules with a TLS fault are stored; in the settings, these rules have the action
HANDSHAKE.
"""
ANY_STATION: Final = "*"
"""Pattern for every station, and for the unknown station of a TLS handshake."""

FIRST_STATE: Final = "start"
"""Rule state (see `When.state`) of each station until a rule with ``set`` changes it."""

RuleDirection = Literal["call", "answer", "command"]


class When(BaseModel):
    """Conditions on a message; all that are given must be met."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    station: str = ANY_STATION
    """Glob pattern for the station's identity."""
    action: str | None = None
    """Action of the message, or `handshake` for the opening handshake; without it, any action."""
    direction: RuleDirection = "call"
    """"call": the station sends a CALL; "command": the mock sends a CALL; "answer": the station answers a
    command.
    """
    payload: RulePayload | None = None
    """Fields and values that the payload must contain."""
    expression: str | None = None
    """JMESPath expression that must be true of the payload."""
    nth: PositiveInt | None = None
    """Number of the message that the rule applies to: 3 for the third message of the station that meets the
    other conditions. The count begins when the rule is added.
    """
    state: str | None = None
    """Rule state that the station must be in: a word that `set` of a rule gives, not a state of OCPP."""

    @model_validator(mode="after")
    def _has_valid_expression(self) -> Self:
        if self.expression is not None:
            check_expression(self.expression)
        return self

    @cached_property
    def compiled(self) -> Expression:
        """The expression, compiled at its first use."""
        return Expression(self.expression or "")

    def holds(self, call: Call, state: str, budget: Budget | None = None) -> bool:
        """Return whether a message meets the conditions on payload and state; `RuleSet` checks the rest.

        Evaluating the conditions uses up steps of the budget. Raises TooCostly or OutOfBudget.
        """
        if self.state is not None and self.state != state:
            return False
        if self.payload is not None and not contains(call.payload, self.payload, budget):
            return False
        return self.expression is None or self.compiled.holds(call.payload, budget)


class ErrorAnswer(BaseModel):
    """A CALLERROR; the code need not be one of OCPP-J."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    code: str = "InternalError"
    """errorCode."""
    description: Annotated[str, Field(max_length=255)] = ""
    """errorDescription."""
    details: RulePayload = {}
    """errorDetails."""

    @model_validator(mode="before")
    @classmethod
    def _is_not_only_the_code(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(f'write the error as a table or object whose code is "{value[:40]}"')
        return value


class CommandEffect(BaseModel):
    """A command to send to the station after the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    action: str
    """Action of the command."""
    payload: RulePayload | None = None
    """Merged over the default payload of the command; it may have placeholders."""
    delay: Annotated[FiniteFloat, Field(ge=0, le=LONGEST_DELAY)] = 0.0
    """Seconds to wait after the answer."""

    @model_validator(mode="after")
    def _has_known_placeholders(self) -> Self:
        check_placeholders(self.payload)
        return self


class Then(BaseModel):
    """Effect of a rule: a patch to the answer, an error instead of the answer, or neither.

    A fault and a command may be combined with each of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    answer: RulePayload | None = None
    """Fields merged into the usual answer; null removes a field. It may have placeholders."""
    error: ErrorAnswer | None = None
    """CALLERROR in place of the answer."""
    fault: SerializeAsAny[AnyFault] | None = None
    """Fault in sending the answer, the command or the response to the handshake."""
    command: CommandEffect | None = None
    """Command to send after the answer."""

    @model_validator(mode="after")
    def _has_one_answer(self) -> Self:
        if self.answer is not None and self.error is not None:
            raise ValueError("a rule has either an answer or an error, not both")
        check_placeholders(self.answer)
        return self

    @property
    def withholds(self) -> bool:
        """Whether the message of the station gets no usable answer."""
        return self.error is not None or (self.fault is not None and self.fault.withholds)

    @property
    def alters(self) -> bool:
        """Whether the rule changes more than the time of the answer."""
        has_fault = self.fault is not None and self.fault.alters
        return self.answer is not None or self.error is not None or has_fault

    def __str__(self) -> str:
        parts = (
            f"error {self.error.code}" if self.error else "",
            "answer" if self.answer is not None else "",
            str(self.fault) if self.fault else "",
            f"command {self.command.action}" if self.command else "",
        )
        return " and ".join(filter(None, parts)) or "as usual"


def _as_sequence(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class _ShownAsOneOrMany:
    """Shows a sequence in JSON schemas as a list or as a single item."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        sequence = handler(schema)
        return {"anyOf": [sequence["items"], sequence]}


class Rule(BaseModel):
    """A rule: conditions and effects. TOML, HTTP and Python use the same fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    id: str = ""
    """Id of the rule; a rule without an id gets a generated one."""
    when: When = Field(default_factory=When)
    """Conditions; without them, the rule is about all CALLs of all stations."""
    then: Annotated[tuple[Then, ...], BeforeValidator(_as_sequence), _ShownAsOneOrMany()] = ()
    """Effects in sequence, one for each hit of a station; the last effect repeats. Empty: only set the state.
    """
    times: PositiveInt | None = None
    """Maximum number of hits per station."""
    probability: Annotated[FiniteFloat, Field(ge=0, le=1)] = 1.0
    """Probability of a hit when the conditions are met."""
    priority: Annotated[int, Field(ge=1)] = 5
    """Rules are tried in ascending order of priority; among equal priorities, the newest comes first."""
    ttl: Annotated[FiniteFloat, Field(gt=0)] | None = None
    """Seconds until the rule expires, counted from its addition."""
    set: str | None = None
    """Rule state (see `When.state`) that the station has after a hit."""
    enabled: bool = True
    """Whether the rule applies to messages; a disabled rule is kept but has no effect."""
    check_answer: bool = Field(True, alias="validate")
    """Whether the answer is validated against the schema."""

    @model_validator(mode="before")
    @classmethod
    def _with_fault_in_then(cls, value: object) -> object:
        """Accept ``fault`` in place of ``then``. Without ``when``, the text of ``fault`` may begin with a
        target, as in ``Heartbeat:delay=5``.
        """
        if not isinstance(value, dict) or "fault" not in value:
            return value
        if "then" in value:
            raise ValueError('a rule has either "then" or "fault", not both; write the fault in "then"')
        fault, others = value["fault"], {key: part for key, part in value.items() if key != "fault"}
        if isinstance(fault, str) and "when" not in value and _kind_in(fault) not in FAULT_KINDS:
            return {**_table_of_text(fault), **others}
        return {**others, "then": {"fault": fault}}

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.then and self.set is None:
            raise ValueError(
                'a rule needs an effect: "set", or "then" with an answer, an error, a fault or a command'
            )
        return self

    @property
    def is_about_tls(self) -> bool:
        """Whether the rule applies to the TLS handshake, at which the station is not known yet."""
        return bool(self.tls_faults)

    @property
    def tls_faults(self) -> frozenset[str]:
        """Kinds of the TLS faults that the rule injects."""
        kinds = (then.fault.kind for then in self.then if then.fault is not None)
        return frozenset(kind for kind in kinds if kind in TLS_FAULTS)

    @property
    def holds_answers(self) -> bool:
        """Whether the rule holds answers until they are released."""
        return any(isinstance(then.fault, Hold) for then in self.then)

    @property
    def action(self) -> str | None:
        """Action that the rule is about, or TLS_HANDSHAKE; None: every action of its direction."""
        return TLS_HANDSHAKE if self.is_about_tls else self.when.action

    def directed(self, from_station: Container[str], from_csms: Container[str]) -> "Rule":
        """Return the rule; set a missing direction to "command" if only the mock sends the rule's action."""
        when = self.when
        if (
            "direction" in when.model_fields_set
            or when.action in from_station
            or when.action not in from_csms
        ):
            return self
        return self.model_copy(update={"when": when.model_copy(update={"direction": "command"})})

    def __str__(self) -> str:
        return self.id


RULE_OPTIONS: Final = frozenset({"times", "probability", "priority", "ttl", "set", "enabled"})
CONDITIONS: Final = frozenset({"station", "action", "direction", "payload", "expression", "nth", "state"})


def rule_of_flag(text: str, station: str = "*") -> Rule:
    """Parse a fault as written on the command line into a rule; raises ValueError.

    The text is ``TARGET:KIND[=VALUE][:key=value...]``, where TARGET is an action, ``STATION/ACTION`` or
    ``handshake``; or it is a JSON object such as ``{"action": "Heartbeat", "kind": "delay", "seconds": 5}``.
    ``station`` applies if the text names no station.
    """
    table = _rule_table(orjson.loads(text)) if text.startswith("{") else _table_of_text(text)
    return Rule.model_validate({**table, "id": text, "when": {"station": station, **table["when"]}})


def fault_as_text(table: Mapping[str, Any]) -> str:
    """Write a table of a fault as text for `rule_of_flag`: in the short form if possible, else as JSON."""
    check_levels(dict(table))
    if table.keys() & {"when", "then", "fault"}:
        return _as_json(table)
    target = "/".join(str(table[key]) for key in ("station", "action") if key in table)
    options = [f"{key}={value}" for key, value in table.items() if key not in {"station", "action", "kind"}]
    text = ":".join([target, str(table.get("kind", "")), *options])
    is_plain = not any(
        isinstance(value, dict | list) or set(str(value)) & set(":,/") for value in table.values()
    )
    return text if is_plain and table.keys() >= {"action", "kind"} else _as_json(table)


def _as_json(table: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(table).decode()
    except TypeError as error:
        raise ValueError(f"a fault must be a value that JSON can express: {error}") from None


def _rule_table(fault: JsonObject) -> JsonObject:
    """Return the table of a rule for a fault written as one flat table; raises ValueError without an action.

    A table with ``when``, ``then`` or ``fault`` is a rule already; a missing ``when`` is added.
    """
    if fault.keys() & {"when", "then", "fault"}:
        return {"when": {}, **fault}
    table: dict[str, Any] = {key: value for key, value in fault.items() if key in RULE_OPTIONS}
    when = {key: value for key, value in fault.items() if key in CONDITIONS}
    if "action" not in when:
        raise ValueError('a fault needs an action, as in { action = "Heartbeat", kind = "no-answer" }')
    parameters = {key: value for key, value in fault.items() if key not in RULE_OPTIONS | CONDITIONS}
    return {**table, "when": when, "then": {"fault": parameters}}


def _kind_in(text: str) -> str:
    return text.partition(":")[0].partition("=")[0]


def _table_of_text(text: str) -> JsonObject:
    target, _, fault = text.partition(":")
    if not fault:
        raise ValueError(f"{text!r} must be a target, a colon and a fault, as in Heartbeat:no-answer:times=2")
    station, _, action = target.rpartition("/")
    return _rule_table({"action": action, **({"station": station} if station else {}), **parse_fault(fault)})
