"""OCPP-J messages: parsing, building, and error codes (OCPP-J 4.1 to 4.3)."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
import orjson

type JsonObject = dict[str, Any]

CALL: Final = 2
CALLRESULT: Final = 3
CALLERROR: Final = 4

MAX_ID_LENGTH: Final = 36
MAX_DESCRIPTION_LENGTH: Final = 255

MAX_NESTING: Final = 128
"""Maximum levels of arrays and objects in a frame; no schema is as deep.

orjson writes at most 254 levels, and a frame is written within other JSON, such as the journal. RFC 8259, 9
allows a parser to limit the depth.
"""


class ErrorCode(StrEnum):
    """Error codes of a CALLERROR (OCPP-J 4.3); `Dialect.spell` returns the spelling of an OCPP version."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Message types and error codes of one OCPP version, where the versions differ."""

    message_types: tuple[int, ...] = (CALL, CALLRESULT, CALLERROR)
    """Message types of the version (OCPP-J 4.1.3)."""
    error_codes: Mapping[ErrorCode, str] = field(default_factory=dict)
    """Spellings in this version of the error codes that it spells differently from `ErrorCode`."""
    other_spellings: Mapping[str, str] = field(default_factory=dict)
    """Spellings of error codes in other versions, each with its spelling in this version."""
    unreadable_id: str | None = "-1"
    """Message id of the CALLERROR for a frame with an unreadable id (OCPP-J 4.2.3). None: no CALLERROR is
    sent.
    """

    def spell(self, code: str) -> str:
        """Return an error code as this version spells it in a frame; a plain string is returned unchanged."""
        return self.error_codes.get(code, code.value) if isinstance(code, ErrorCode) else code


class Call(msgspec.Struct, gc=False):
    """A request: ``[2, id, action, payload]`` (OCPP-J 4.2.1), with the frame as received.

    ``content`` is the payload with access by attribute. ``json`` is the payload as JSON, None until it is
    first needed: parsing it takes longer than everything else that most messages need.
    """

    message_id: str
    action: str
    raw: bytes
    content: Any = None
    json: JsonObject | None = None

    @classmethod
    def of_json(cls, action: str, payload: JsonObject) -> "Call":
        """Build a Call from a payload without a frame, so that rules can match commands and answers too."""
        return cls("", action, b"", json=payload)

    @property
    def payload(self) -> JsonObject:
        """Payload as JSON, parsed on first use."""
        if self.json is None:
            self.json = orjson.loads(self.raw)[3]
        return self.json

    def value_at(self, path: Iterable[str]) -> Any:
        """Return the value at a path into the payload, or None if it is absent.

        Objects, including those in a list, may be structs instead of dicts; text, numbers and booleans are
        plain values.
        """
        value = self.content if self.json is None else self.json
        for name in path:
            value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        return value

    def part(self, name: str) -> Any:
        """Return a property of the payload as JSON, or None if it is absent."""
        if self.json is not None:
            return self.json.get(name)
        value = getattr(self.content, name, None)
        return value if value is None or type(value) is str else msgspec.to_builtins(value)


class CallResult(NamedTuple):
    """An answer: ``[3, id, payload]`` (OCPP-J 4.2.2)."""

    message_id: str
    payload: JsonObject


class CallError(NamedTuple):
    """An error: ``[4, id, code, description, details]`` (OCPP-J 4.2.3); details may be of any type."""

    message_id: str
    code: str
    description: str
    details: Any


type Message = Call | CallResult | CallError


class Command(NamedTuple):
    """Action and payload of a command to send."""

    action: str
    payload: JsonObject


UNREADABLE_PAYLOAD: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Exceptions that code may raise when it reads a payload that breaks its schema."""


class CallRejected(Exception):
    """Raised to answer a CALL with a CALLERROR of this code and description.

    ``seen`` replaces the description in the log.
    """

    def __init__(
        self, code: str, description: str, details: JsonObject | None = None, *, seen: str = ""
    ) -> None:
        super().__init__(f"{code}: {seen or description}")
        self.code = code
        self.description = description
        self.details = details or {}
        self._seen = seen

    def in_words(self, dialect: Dialect) -> str:
        """Return the code, in the spelling of ``dialect``, and the description for the log."""
        return f"{dialect.spell(self.code)}: {self._seen or self.description}"


class MalformedFrame(CallRejected):
    """Raised for a frame that must be answered with a CALLERROR. An unreadable ``message_id`` becomes
    None.

    ``may_be_valid``: the frame exceeds a limit of this program, so the station may have done nothing wrong.
    """

    def __init__(
        self, code: ErrorCode, description: str, message_id: object = None, *, may_be_valid: bool = False
    ) -> None:
        super().__init__(code, description)
        self.message_id = message_id if isinstance(message_id, str) else None
        self.may_be_valid = may_be_valid


class MalformedAnswer(Exception):
    """Raised for a malformed CALLRESULT or CALLERROR; the attributes are those of MalformedFrame."""

    def __init__(self, description: str, message_id: object, *, may_be_valid: bool = False) -> None:
        super().__init__(description)
        self.description = description
        self.message_id = message_id if isinstance(message_id, str) else None
        self.may_be_valid = may_be_valid


type Decoder = Callable[[bytes], tuple[int, str, str, Any]]
"""Decodes a valid CALL to (2, message id, action, content). Raises one of UNDECODABLE for other frames."""

UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

CUSTOM_DATA: Final = b'"customData"'
"""Property that decoders reject. Searching the frame for it costs less than a failed decoding."""

ACTION_PATTERN: Final = re.compile(rb'\s*\[\s*2\s*,\s*"[^"\\]*"\s*,\s*"(\w+)"')
"""Matches the start of a CALL up to its action, without parsing the frame."""


def parse_message(
    raw: bytes, dialect: Dialect, decoders: Mapping[bytes, Decoder | None] | None = None
) -> Message:
    """Parse a text frame. If its action has a decoder, the decoder provides the content of a valid CALL.

    ``decoders`` must return None for an action without a decoder, not raise KeyError. Raises MalformedFrame
    for a frame that must be answered with a CALLERROR, and MalformedAnswer for an answer of the wrong shape.

    Fast path: a decoder validates while it parses (see schema/structs.py). The plain way, for all other
    frames, parses the JSON here and leaves validation to the caller.
    """
    if (
        decoders is not None
        and CUSTOM_DATA not in raw
        and (match := ACTION_PATTERN.match(raw))
        and (decode := decoders[match[1]])
    ):
        try:
            _, message_id, action, content = decode(raw)
        except UNDECODABLE:
            return _parse_json(raw, dialect)
        return Call(message_id, action, raw, content)
    return _parse_json(raw, dialect)


def _parse_json(raw: bytes, dialect: Dialect) -> Message:
    message = _decode(raw)
    if raw.count(b"[") + raw.count(b"{") > MAX_NESTING and is_deeper(message, MAX_NESTING):
        raise _too_deep(message)
    match message:
        case [2, str() as message_id, str() as action, dict() | None as payload] if (
            len(message_id) <= MAX_ID_LENGTH
        ):
            return Call(message_id, action, raw, json=payload or {})
        case [3, str() as message_id, dict() | None as payload]:
            return CallResult(message_id, payload or {})
        case [4, str() as message_id, str() as code, str() as description, details]:
            return CallError(message_id, dialect.other_spellings.get(code, code), description, details)
    raise _shape_error(message, dialect)


def _decode(raw: bytes) -> Any:
    """Parse JSON; raises MalformedFrame."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "memory" in error.msg:
            raise _without_memory(raw) from None
        if "depth" in error.msg:
            raise _too_deep(None) from None
        raise _not_json(error.msg) from None


def _without_memory(raw: bytes) -> MalformedFrame | MalformedAnswer:
    """Return the exception for a frame for which orjson reports a lack of memory.

    orjson reports the same for JSON that ends within many nested arrays, so another parser has to decide.
    """
    try:
        json.loads(raw)
    except RecursionError:
        return _too_deep(None)
    except json.JSONDecodeError as error:
        return _not_json(error.msg)
    except (MemoryError, ValueError):
        pass
    return MalformedFrame(
        ErrorCode.INTERNAL_ERROR, "the server has not enough memory to parse the frame", may_be_valid=True
    )


def _not_json(reason: str) -> MalformedFrame:
    return MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, f"the frame is not valid JSON: {reason}")


def _too_deep(message: Any) -> MalformedFrame | MalformedAnswer:
    """Return the exception for a frame with too many levels of nesting.

    ``message`` is the parsed frame, or None if it could not be parsed.
    """
    description = f"this server takes at most {MAX_NESTING} levels of nested arrays and objects"
    match message:
        case [2, str() as message_id, *_] if len(message_id) <= MAX_ID_LENGTH:
            return MalformedFrame(ErrorCode.FORMAT_VIOLATION, description, message_id, may_be_valid=True)
        case [3 | 4, message_id, *_]:
            return MalformedAnswer(description, message_id, may_be_valid=True)
        case _:
            return MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, description, may_be_valid=True)


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether lists and objects are nested deeper than a number of levels."""
    containers: list[Any] = [[value]]
    for _ in range(levels + 1):
        containers = [
            part
            for container in containers
            for part in (container.values() if type(container) is dict else container)
            if type(part) is dict or type(part) is list
        ]
        if not containers:
            return False
    return True


def is_utf8(text: bytes) -> bool:
    """Return whether a text frame is valid UTF-8, as required by OCPP-J 4.1.2 and RFC 6455 8.1."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shape_error(message: Any, dialect: Dialect) -> MalformedFrame | MalformedAnswer:
    """Return the exception for a frame that is valid JSON but not a valid OCPP-J message."""
    if not isinstance(message, list) or not message:
        return MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, "the frame must be a non-empty JSON array")
    kind = message[0]
    message_id = message[1] if len(message) > 1 else None
    if kind == CALL:
        return MalformedFrame(*_call_shape_error(message), message_id)
    if kind == CALLRESULT:
        return MalformedAnswer("a CALLRESULT must be [3, id, payload]", message_id)
    if kind == CALLERROR:
        return MalformedAnswer("a CALLERROR must be [4, id, code, description, details]", message_id)
    *first_types, last = dialect.message_types
    description = f"the message type must be {', '.join(map(str, first_types))} or {last} (OCPP-J 4.1.3)"
    return MalformedFrame(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, description, message_id)


def _call_shape_error(message: list[Any]) -> tuple[ErrorCode, str]:
    match message:
        case [_, str() as message_id, *_] if len(message_id) > MAX_ID_LENGTH:
            return ErrorCode.RPC_FRAMEWORK_ERROR, f"the message id must be at most {MAX_ID_LENGTH} characters"
        case [_, str(), str(), _]:
            return ErrorCode.PROTOCOL_ERROR, "the payload must be a JSON object"
        case [_, str(), _, _]:
            return ErrorCode.RPC_FRAMEWORK_ERROR, "the action must be a string"
        case [_, _, _, _]:
            return ErrorCode.RPC_FRAMEWORK_ERROR, "the message id must be a string"
        case _:
            return ErrorCode.PROTOCOL_ERROR, "a CALL has 4 elements: [2, id, action, payload]"


def call_frame(message_id: str, action: str, payload: JsonObject) -> bytes:
    """Build the frame of a CALL."""
    return _encode((CALL, message_id, action, payload))


def call_result_frame(message_id: str, payload: JsonObject) -> bytes:
    """Build the frame of a CALLRESULT."""
    return b"%b" % orjson.dumps(
        (CALLRESULT, message_id, payload)
    )  # same as _encode, inlined because every CALL is answered here


def call_error_frame(message_id: str, error: CallRejected, dialect: Dialect) -> bytes:
    """Build the frame of a CALLERROR; the description is truncated to 255 characters (OCPP-J 4.2.3)."""
    description = error.description[:MAX_DESCRIPTION_LENGTH]
    return _encode((CALLERROR, message_id, dialect.spell(error.code), description, error.details))


def _encode(message: tuple[Any, ...]) -> bytes:
    """Encode as JSON and copy the bytes. Without the copy, the object of orjson would take 4 KiB in
    memory.
    """
    return b"%b" % orjson.dumps(message)
