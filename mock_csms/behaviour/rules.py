"""Answers and faults on demand: which messages a rule is about, and what it makes of the answer."""

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
"""Stands for an action in a rule about the opening handshake."""

FIRST_STATE: Final = "start"
"""The state of a station until a rule sets another."""

RuleDirection = Literal["call", "answer"]


class When(BaseModel):
    """Which messages a rule is about; what is not said does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    station: str = "*"
    """A glob over the station's identity."""
    action: str | None = None
    direction: RuleDirection = "call"
    """"call": what a station sends by itself; "answer": its answer to a command."""
    payload: RulePayload | None = None
    """What the payload has at least."""
    expression: str | None = None
    """A JMESPath expression over the payload that is true."""
    nth: PositiveInt | None = None
    """Only the nth of all these messages of a station."""
    state: str | None = None
    """Only while the station is in this state."""

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.expression is not None:
            check_expression(self.expression)
        return self

    def holds(self, call: Call, state: str) -> bool:
        """Tell whether a message is one of these, but for the station, the action and the count."""
        if self.state is not None and self.state != state:
            return False
        if self.payload is not None and not contains(call.payload, self.payload):
            return False
        return self.expression is None or is_true(self.expression, call.payload)


class ErrorAnswer(BaseModel):
    """A CALLERROR; the code may be one that OCPP-J does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    code: str = "InternalError"
    description: Annotated[str, Field(max_length=255)] = ""
    details: RulePayload = {}


class Then(BaseModel):
    """What becomes of the answer: something laid over it, an error instead, a fault, or a fault to either."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    answer: RulePayload | None = None
    error: ErrorAnswer | None = None
    fault: SerializeAsAny[AnyFault] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.answer is not None and self.error is not None:
            raise ValueError("a rule has either an answer or an error, not both")
        check_placeholders(self.answer)
        return self

    @property
    def withholds(self) -> bool:
        """Tell whether the station gets no answer to its message that is of use to it."""
        return self.error is not None or (self.fault is not None and self.fault.withholds)

    def __str__(self) -> str:
        parts = (
            f"error {self.error.code}" if self.error else "",
            "answer" if self.answer is not None else "",
            str(self.fault) if self.fault else "",
        )
        return " and ".join(filter(None, parts)) or "as usual"


def _sequence(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class Rule(BaseModel):
    """One rule: when it holds, and what then; it is the same in TOML, over HTTP and in Python."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    id: str = ""
    when: When = Field(default_factory=When)
    then: Annotated[tuple[Then, ...], BeforeValidator(_sequence)] = ()
    """One after the other, each time it holds for a station; the last one stays. Empty: just ``set``."""
    times: PositiveInt | None = None
    """How often it holds for each station."""
    probability: Annotated[FiniteFloat, Field(ge=0, le=1)] = 1.0
    priority: Annotated[int, Field(ge=1)] = 5
    """1 is asked first; among equals the newer."""
    ttl: Annotated[FiniteFloat, Field(gt=0)] | None = None
    """Seconds until it is over, from when it was made."""
    set: str | None = None
    """The state that a station is in afterwards."""
    check_answer: bool = Field(True, alias="validate")
    """Whether its answer has to keep to the schema."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.then and self.set is None:
            raise ValueError("a rule needs something in then: an answer, an error or a fault")
        return self

    def __str__(self) -> str:
        return self.id


RULE_OPTIONS: Final = frozenset({"times", "probability", "priority", "ttl", "set"})


def rule_of_flag(text: str, station: str = "*") -> Rule:
    """Read a fault as it is written on the command line.

    ``TARGET:KIND[=VALUE][:key=value...]``, where TARGET is an action, ``STATION/ACTION`` or ``handshake``.
    """
    target, _, rest = text.partition(":")
    if not rest:
        raise ValueError(f"{text!r} must be a target, a colon and a fault, as in Heartbeat:no-answer:times=2")
    fault, *options = rest.split(":")
    kind, _, value = fault.partition("=")
    about, _, action = target.rpartition("/")
    parameters: dict[str, Any] = {"kind": kind}
    if value:
        main = find_kind(kind).main
        if main is None:
            raise ValueError(f"the fault {kind} takes no value")
        parameters[main] = value
    rule: dict[str, Any] = {"id": text, "then": {"fault": parameters}}
    when = {"station": about or station, "action": action}
    for option in options:
        name, _, value = option.partition("=")
        if name == "kind":
            raise ValueError(f"{text!r} has two kinds of fault")
        place = when if name in {"nth", "state"} else rule if name in RULE_OPTIONS else parameters
        place[name] = value
    return Rule.model_validate({**rule, "when": when})
