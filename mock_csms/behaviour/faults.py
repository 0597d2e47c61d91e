"""Injected faults: each kind yields the steps to take instead of sending an answer or a command."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import pairwise
from random import Random
from typing import Annotated, ClassVar, Final, Literal, Self
from uuid import UUID

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import definitions_schema

from mock_csms.text import suggest
from mock_csms.transport.steps import Binary, Close, CutShort, Fragments, Reset, Stall, Step, Text, Wait

LONGEST_DELAY: Final = 86_400.0 * 365
DelaySeconds = Annotated[FiniteFloat, Field(ge=0, le=LONGEST_DELAY)]


def _close_code(code: int) -> int:
    if code not in {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}:
        raise ValueError(
            f"{code} cannot be sent as a close code; use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
        )
    return code


def _close_reason(reason: str) -> str:
    if len(reason.encode()) > LONGEST_REASON:
        raise ValueError(f"the reason in a close frame must not be longer than {LONGEST_REASON} bytes")
    return reason


LONGEST_REASON: Final = 123
SendableCloseCode = Annotated[int, AfterValidator(_close_code)]

LARGEST_ANSWER: Final = 64 * 2**20
"""Maximum bytes of a padded answer."""

STATION_TIMEOUT: Final = 30.0
"""Seconds that stations commonly wait for an answer."""


class Fault(BaseModel):
    """Base of all faults.

    ``main`` is the parameter that a bare value sets, as in ``delay=5``. A fault that ``withholds`` leaves the
    station without a usable answer. A fault without ``needs_answer`` acts on the connection alone, so no
    answer is built. A fault without ``alters`` changes only the time of the answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    main: ClassVar[str | None] = None
    withholds: ClassVar[bool] = True
    needs_answer: ClassVar[bool] = True
    alters: ClassVar[bool] = True
    kind: str
    """Kind of fault."""

    def __str__(self) -> str:
        parameters = (f"{name}={getattr(self, name)}" for name in self.model_fields_set - {"kind"})
        return " ".join([self.kind, *sorted(parameters)])

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the steps to take instead of sending ``frame``; all random values come from ``rng``."""
        raise NotImplementedError


DELAY_PARAMETERS: Final = {
    "seconds": frozenset({"seconds"}),
    "max": frozenset({"min", "max"}),
    "median": frozenset({"median", "sigma"}),
}
"""Parameters of each form of a delay, by the parameter that the form requires."""


class Delay(Fault):
    """Delay the answer by a fixed time (``seconds``) or by a random one.

    A random delay is uniform between ``min`` and ``max`` seconds, or lognormal with a ``median`` in seconds
    and the ``sigma`` of its logarithm.
    """

    withholds = False
    alters = False
    main = "seconds"
    kind: Literal["delay"] = "delay"
    seconds: DelaySeconds | None = None
    """Fixed time in seconds."""
    min: DelaySeconds | None = None
    """Minimum of a uniform time in seconds; 0 if it is not given."""
    max: DelaySeconds | None = None
    """Maximum of a uniform time in seconds."""
    median: DelaySeconds | None = None
    """Median of a lognormal time in seconds."""
    sigma: Annotated[FiniteFloat, Field(ge=0, le=10)] = 0.5
    """Standard deviation of the logarithm of a lognormal time."""

    @model_validator(mode="after")
    def _has_one_distribution(self) -> Self:
        given = self.model_fields_set - {"kind"}
        if not any(required in given <= allowed for required, allowed in DELAY_PARAMETERS.items()):
            raise ValueError("a delay needs either seconds, or min and max, or median and sigma")
        if self.max is not None and (self.min or 0) > self.max:
            raise ValueError("the min of a delay must not be above its max")
        return self

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield a `Wait` of the time that `draw` returns, then the frame."""
        yield Wait(self.draw(rng))
        yield Text(frame)

    def draw(self, rng: Random) -> float:
        """Draw the time to wait, in seconds."""
        if self.seconds is not None:
            return self.seconds
        if self.max is not None:
            return rng.uniform(self.min or 0, self.max)
        return min((self.median or 0) * rng.lognormvariate(0, self.sigma), LONGEST_DELAY)


class NoAnswer(Fault):
    """Send nothing."""

    needs_answer = False
    kind: Literal["no-answer"] = "no-answer"

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield no step, so that nothing is sent."""
        return iter(())


class LateAnswer(Fault):
    """Answer after the station has stopped waiting."""

    alters = False
    main = "seconds"
    kind: Literal["late-answer"] = "late-answer"
    seconds: DelaySeconds = STATION_TIMEOUT + 5
    """Seconds until the answer."""

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield a `Wait` of ``seconds``, then the frame."""
        yield Wait(self.seconds)
        yield Text(frame)


class Hold(Fault):
    """Hold the answer until the control API releases it."""

    withholds = False
    alters = False
    kind: Literal["hold"] = "hold"

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the frame; the session sends it when the answer is released."""
        yield Text(frame)


class Duplicate(Fault):
    """Send the answer ``count`` times."""

    withholds = False
    main = "count"
    kind: Literal["duplicate"] = "duplicate"
    count: Annotated[int, Field(ge=2, le=1000)] = 2
    """Number of times that the answer is sent."""

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the frame ``count`` times."""
        for _ in range(self.count):
            yield Text(frame)


class WrongId(Fault):
    """Answer with a message id that the station never sent."""

    kind: Literal["wrong-id"] = "wrong-id"

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the frame with a random message id."""
        message = orjson.loads(frame)
        message[1] = str(UUID(int=rng.getrandbits(128), version=4))
        yield Text(orjson.dumps(message))


class Malformed(Fault):
    """Send the answer as invalid JSON: the last bracket is missing."""

    kind: Literal["malformed"] = "malformed"

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the frame without its last character."""
        yield Text(frame[:-1])


class Truncated(Fault):
    """End the TCP connection in the middle of a WebSocket frame."""

    kind: Literal["truncated"] = "truncated"

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield a step that sends half of the frame and ends the TCP connection."""
        yield CutShort(frame)


class WrongType(Fault):
    """Send the answer with a message type that OCPP-J does not define."""

    main = "type"
    kind: Literal["wrong-type"] = "wrong-type"
    type: int = 9
    """Message type in place of 3 or 4."""

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the frame with the message type ``type``."""
        yield Text(orjson.dumps([self.type, *orjson.loads(frame)[1:]]))


class BinaryFrame(Fault):
    """Send the answer in a binary frame (against OCPP-J 4.1.2)."""

    kind: Literal["binary"] = "binary"

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield a step that sends ``frame`` as a binary WebSocket frame."""
        yield Binary(frame)


class Fragmented(Fault):
    """Send the answer in ``parts`` WebSocket fragments, which is legal (RFC 6455 5.4)."""

    withholds = False
    main = "parts"
    kind: Literal["fragmented"] = "fragmented"
    parts: Annotated[int, Field(ge=2, le=1000)] = 3
    """Number of fragments."""

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the frame in fragments of about equal length; no fragment is empty."""
        parts = min(self.parts, len(frame))
        cuts = [len(frame) * number // parts for number in range(parts + 1)]
        yield Fragments(tuple(frame[start:end] for start, end in pairwise(cuts)))


class Oversized(Fault):
    """Pad the answer with customData to ``size`` bytes; in a CALLERROR, pad its details."""

    withholds = False
    main = "size"
    kind: Literal["oversized"] = "oversized"
    size: Annotated[int, Field(gt=0, le=LARGEST_ANSWER)] = 2**20
    """Bytes of the padded answer."""

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield the frame with padding in customData."""
        message = orjson.loads(frame)
        message[-1]["customData"] = custom_data = {"vendorId": "org.example.mock", "padding": ""}
        custom_data["padding"] = "x" * max(0, self.size - len(orjson.dumps(message)))
        yield Text(orjson.dumps(message))


class CloseConnection(Fault):
    """Close the WebSocket instead of answering."""

    needs_answer = False
    main = "code"
    kind: Literal["close"] = "close"
    code: SendableCloseCode = 1011
    """Close code."""
    reason: Annotated[str, AfterValidator(_close_reason)] = "closed on purpose"
    """Reason in the close frame, at most 123 bytes."""

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield a step that closes the WebSocket."""
        yield Close(self.code, self.reason)


class ResetConnection(Fault):
    """Reset the TCP connection instead of answering."""

    needs_answer = False
    kind: Literal["reset"] = "reset"

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield a step that resets the TCP connection."""
        yield Reset()


class StallConnection(Fault):
    """Stop answering and reading, for ``seconds`` or for good."""

    needs_answer = False
    main = "seconds"
    kind: Literal["stall"] = "stall"
    seconds: DelaySeconds | None = None
    """Seconds until the server reads and answers again; if not set, it never does."""

    def steps(self, frame: bytes, rng: Random) -> Iterator[Step]:
        """Yield a step that stops answering and reading."""
        yield Stall(self.seconds)


class HandshakeFault(Fault):
    """Base of the faults of the opening handshake."""


class HttpStatus(HandshakeFault):
    """Refuse the opening handshake with an HTTP status; the kind is its number, such as ``503``."""

    kind: str

    @property
    def status(self) -> HTTPStatus:
        """Status of the response."""
        return HTTPStatus(int(self.kind))


class WrongSubprotocol(HandshakeFault):
    """Accept the connection with a subprotocol that the station did not offer (against RFC 6455 4.2.2)."""

    kind: Literal["wrong-subprotocol"] = "wrong-subprotocol"
    main = "subprotocol"
    subprotocol: Annotated[str, Field(pattern=r"^[!#-'*+.0-9A-Z^-z|~-]+$")] = "ocpp0.0"
    """Subprotocol in the response."""


class Hang(HandshakeFault):
    """Accept the connection, then neither read nor send, for ``seconds`` or for good."""

    kind: Literal["hang"] = "hang"
    main = "seconds"
    seconds: DelaySeconds | None = None
    """Seconds until the server closes the connection; if not set, it never does."""


class TlsFault(HandshakeFault):
    """Serve a connection with faulty TLS: a bad certificate, an old version or a weak cipher suite."""

    kind: str


TLS_FAULTS: Final[Mapping[str, type[Fault]]] = dict.fromkeys(
    (
        "expired",
        "not-yet-valid",
        "wrong-name",
        "unknown-ca",
        "self-signed",
        "tls1.1",
        "weak-cipher",
        "no-client-ca",
    ),
    TlsFault,
)
"""Faults of the TLS handshake, by kind."""

ON_ANSWERS: Final[Mapping[str, type[Fault]]] = {
    kind.model_fields["kind"].default: kind
    for kind in (
        Delay,
        NoAnswer,
        LateAnswer,
        Hold,
        Duplicate,
        WrongId,
        Malformed,
        Truncated,
        WrongType,
        BinaryFrame,
        Fragmented,
        Oversized,
        CloseConnection,
        ResetConnection,
        StallConnection,
    )
}
"""Faults in sending an answer (late, repeated, altered, framed differently or not at all), by kind."""

AT_HANDSHAKE: Final[Mapping[str, type[Fault]]] = {
    "wrong-subprotocol": WrongSubprotocol,
    "hang": Hang,
    **TLS_FAULTS,
    **{str(status.value): HttpStatus for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST},
}
"""Faults of the opening handshake, by kind."""

ON_COMMANDS: Final = {
    name: kind
    for name, kind in ON_ANSWERS.items()
    if name not in {"no-answer", "late-answer", "hold", "wrong-id"}
}
"""Faults in sending a CALL of the mock, by kind.

Four faults of answers are missing: ``no-answer``, because a CALL that is not sent needs no fault;
``late-answer``, because ``delay`` makes a CALL late; ``hold``, because a client can send a command at any
time; and ``wrong-id``, because a station cannot tell that the id of a CALL is wrong.
"""

DELIVERS_ONCE: Final = frozenset({"delay", "fragmented"})
"""Kinds that deliver a CALL of the mock once and intact; the station has to answer it as usual."""

FAULT_KINDS: Final = {**ON_ANSWERS, **AT_HANDSHAKE}

TO_THE_CONNECTION: Final = frozenset({"no-answer", "close", "reset", "stall"})
"""Kinds that act on the connection; a rule about a station's answer to a command may have no other kinds."""


def find_kind(name: object) -> type[Fault]:
    """Return the class of a kind of fault; raises ValueError with a suggestion or the list of kinds."""
    if kind := FAULT_KINDS.get(str(name)):
        return kind
    hint = suggest(str(name), FAULT_KINDS) or f"; valid faults are {kinds_in_words(FAULT_KINDS)}"
    raise ValueError(f"there is no fault {name!r}{hint}")


def kinds_in_words(kinds: Iterable[str]) -> str:
    """List kinds of fault, with all HTTP statuses as one item."""
    words = [kind for kind in kinds if not kind.isdigit()]
    return ", ".join([*words, "an HTTP status such as 503"] if AT_HANDSHAKE.keys() & set(kinds) else words)


def parse_fault(text: str) -> dict[str, str]:
    """Parse a fault written as ``KIND[=VALUE][:key=value...]`` into its kind and parameters.

    Raises ValueError.
    """
    first, *options = text.split(":")
    kind, _, value = first.partition("=")
    parameters = {"kind": kind}
    if value:
        main = find_kind(kind).main
        if main is None:
            raise ValueError(f"the fault {kind} takes no value; write {kind}")
        parameters[main] = value
    for option in options:
        name, _, value = option.partition("=")
        if name == "kind":
            raise ValueError(f"{text!r} has two kinds of fault; write one")
        parameters[name] = value
    return parameters


def _fault_of_its_kind(value: object) -> object:
    if isinstance(value, str):
        target, _, fault = value.partition(":")
        if fault.partition(":")[0].partition("=")[0] in FAULT_KINDS:
            raise ValueError(
                f'{value!r} names the target {target}; write the target in "when", and only {fault!r} here'
            )
        value = parse_fault(value)
    if not isinstance(value, dict):
        return value
    if "kind" not in value:
        raise ValueError('a fault needs a kind, as in { kind = "delay", seconds = 5 }')
    kind = find_kind(value["kind"])
    return kind.model_validate({**value, "kind": str(value["kind"])})


class _ShownByKind:
    """Shows a fault in JSON schemas as text, or as the model of one of the kinds."""

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kinds_by_model: dict[type[Fault], list[str]] = {}
        for name, model in FAULT_KINDS.items():
            kinds_by_model.setdefault(model, []).append(name)
        text = {"type": "string", "description": "kind and parameters, such as `delay=5`"}
        models = [
            {
                **handler(definitions_schema(model.__pydantic_core_schema__, [])),
                "properties": {"kind": {"enum": names}},
                "required": ["kind"],
            }
            for model, names in kinds_by_model.items()
        ]
        return {"anyOf": [*models, text]}


AnyFault = Annotated[Fault, BeforeValidator(_fault_of_its_kind), _ShownByKind()]
"""A fault as written in a rule: a table of its kind and its parameters, or text such as ``delay=5``."""
