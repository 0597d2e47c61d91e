"""Rules: conditions on a station's messages, and the answers or faults that follow."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    SerializeAsAny,
    model_validator,
)

from mock_csms.behaviour.expressions import check_expression, is_true
from mock_csms.behaviour.faults import AnyFault, find_kind
from mock_csms.behaviour.templates import check_template as check_placeholders
from mock_csms.messages import Call, JsonObject
from mock_csms.schema.patch import contains, with_times_as_text

RulePayload = Annotated[JsonObject, BeforeValidator(with_times_as_text)]

HANDSHAKE: Final = "handshake"
"""Action of a rule about the opening handshake."""

FIRST_STATE: Final = "start"
"""State of a station until a rule sets another."""

RuleDirection = Literal["call", "answer"]


class When(BaseModel):
    """Conditions on a message; all that are given must be met."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    station: str = "*"
    """Glob pattern for the station's identity."""
    action: str | None = None
    direction: RuleDirection = "call"
    """"call": a CALL from the station; "answer": the station's answer to a command."""
    payload: RulePayload | None = None
    """Fields and values that the payload must contain."""
    expression: str | None = None
    """JMESPath expression that must be true of the payload."""
    nth: PositiveInt | None = None
    """Hold only for a station's nth message, since the rule was added, that meets the other conditions."""
    state: str | None = None
    """Hold only while the station is in this state."""

    @model_validator(mode="after")
    def _has_valid_expression(self) -> Self:
        if self.expression is not None:
            check_expression(self.expression)
        return self

    def holds(self, call: Call, state: str) -> bool:
        """Return whether a message meets the conditions on payload and state; `RuleSet` checks the others."""
        if self.state is not None and self.state != state:
            return False
        if self.payload is not None and not contains(call.payload, self.payload):
            return False
        return self.expression is None or is_true(self.expression, call.payload)


class ErrorAnswer(BaseModel):
    """A CALLERROR; the code need not be one of OCPP-J."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    code: str = "InternalError"
    description: Annotated[str, Field(max_length=255)] = ""
    details: RulePayload = {}


class Then(BaseModel):
    """Effect of a rule: a patch to the answer, an error instead of the answer, or neither.

    A fault may be combined with each of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    answer: RulePayload | None = None
    error: ErrorAnswer | None = None
    fault: SerializeAsAny[AnyFault] | None = None

    @model_validator(mode="after")
    def _has_one_answer(self) -> Self:
        if self.answer is not None and self.error is not None:
            raise ValueError("a rule has either an answer or an error, not both")
        check_placeholders(self.answer)
        return self

    @property
    def withholds(self) -> bool:
        """Whether the station gets no usable answer to its message."""
        return self.error is not None or (self.fault is not None and self.fault.withholds)

    def __str__(self) -> str:
        parts = (
            f"error {self.error.code}" if self.error else "",
            "answer" if self.answer is not None else "",
            str(self.fault) if self.fault else "",
        )
        return " and ".join(filter(None, parts)) or "as usual"


def _as_sequence(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class Rule(BaseModel):
    """A rule: conditions and effects, with the same fields in TOML, over HTTP and in Python."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    id: str = ""
    when: When = Field(default_factory=When)
    then: Annotated[tuple[Then, ...], BeforeValidator(_as_sequence)] = ()
    """Effects in sequence, one per hit for a station; the last one repeats. Empty: only set the state."""
    times: PositiveInt | None = None
    """Maximum number of hits per station."""
    probability: Annotated[FiniteFloat, Field(ge=0, le=1)] = 1.0
    priority: Annotated[int, Field(ge=1)] = 5
    """Rules are tried in ascending order of priority; among equal priorities, the newest comes first."""
    ttl: Annotated[FiniteFloat, Field(gt=0)] | None = None
    """Seconds from the addition of the rule until it expires."""
    set: str | None = None
    """State to put the station in on a hit."""
    check_answer: bool = Field(True, alias="validate")
    """Whether the answer is validated against the schema."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.then and self.set is None:
            raise ValueError("a rule needs an effect: an answer, an error or a fault in then, or set")
        return self

    def __str__(self) -> str:
        return self.id


RULE_OPTIONS: Final = frozenset({"times", "probability", "priority", "ttl", "set"})


def rule_of_flag(text: str, station: str = "*") -> Rule:
    """Parse a fault as written on the command line into a rule; raises ValueError.

    ``TARGET:KIND[=VALUE][:key=value...]``, where TARGET is an action, ``STATION/ACTION`` or ``handshake``.
    """
    target, _, rest = text.partition(":")
    if not rest:
        raise ValueError(f"{text!r} must be a target, a colon and a fault, as in Heartbeat:no-answer:times=2")
    fault, *options = rest.split(":")
    kind, _, value = fault.partition("=")
    station_of_target, _, action = target.rpartition("/")
    parameters: dict[str, Any] = {"kind": kind}
    if value:
        main = find_kind(kind).main
        if main is None:
            raise ValueError(f"the fault {kind} takes no value")
        parameters[main] = value
    rule: dict[str, Any] = {"id": text, "then": {"fault": parameters}}
    when = {"station": station_of_target or station, "action": action}
    for option in options:
        name, _, value = option.partition("=")
        if name == "kind":
            raise ValueError(f"{text!r} has two kinds of fault")
        table = when if name in {"nth", "state"} else rule if name in RULE_OPTIONS else parameters
        table[name] = value
    return Rule.model_validate({**rule, "when": when})
