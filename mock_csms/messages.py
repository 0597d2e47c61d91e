"""OCPP-J messages: parse and build them, and the error codes (OCPP-J 4.1 to 4.3)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from sys import intern
from typing import Any, Final, NamedTuple

import msgspec
import orjson

type JsonObject = dict[str, Any]

CALL: Final = 2
CALLRESULT: Final = 3
CALLERROR: Final = 4

MAX_ID_LENGTH: Final = 36
MAX_DESCRIPTION_LENGTH: Final = 255


class ErrorCode(StrEnum):
    """Error codes of a CALLERROR by their meaning; a `Dialect` has their spelling (OCPP-J 4.3)."""

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
    """How one OCPP version writes messages."""

    message_types: tuple[int, ...] = (CALL, CALLRESULT, CALLERROR)
    """Message types that the version knows (OCPP-J 4.1.3)."""
    error_codes: Mapping[ErrorCode, str] = field(default_factory=dict)
    """Error codes that it spells in its own way; the others are spelled as their value."""
    other_spellings: Mapping[str, str] = field(default_factory=dict)
    """Error codes as other versions spell them, and as this one does."""
    unreadable_id: str | None = "-1"
    """Message id of a CALLERROR about a frame whose own id cannot be read (OCPP-J 4.2.3); None: no answer."""

    def spell(self, code: str) -> str:
        """Spell an error code for the wire; a code that is just text is sent as it is."""
        return self.error_codes.get(code, code.value) if isinstance(code, ErrorCode) else code


class Call(msgspec.Struct, gc=False):
    """A request: ``[2, id, action, payload]`` (OCPP-J 4.2.1), and the frame as it came.

    ``content`` is the payload to be looked at by attribute. ``json`` is the payload as JSON, None until
    somebody asks for it: making it takes longer than all else that most messages need.
    """

    message_id: str
    action: str
    raw: bytes
    content: Any = None
    json: JsonObject | None = None

    @classmethod
    def of_json(cls, action: str, payload: JsonObject) -> "Call":
        """Have something that is no frame looked at as if it were a CALL, as rules look at answers."""
        return cls("", action, b"", json=payload)

    @property
    def payload(self) -> JsonObject:
        """The payload as JSON."""
        if self.json is None:
            self.json = orjson.loads(self.raw)[3]
        return self.json

    def value_at(self, path: Iterable[str]) -> Any:
        """What stands at the end of a way through the objects of the payload; None if it leads nowhere.

        Only a value that is simple (text, a number, ...) is sure to be JSON.
        """
        value = self.content if self.json is None else self.json
        for name in path:
            value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        return value

    def part(self, name: str) -> Any:
        """A property of the payload as JSON, None if it has none of that name."""
        if self.json is not None:
            return self.json.get(name)
        value = getattr(self.content, name, None)
        return value if value is None or type(value) is str else msgspec.to_builtins(value)


class CallResult(NamedTuple):
    """An answer: ``[3, id, payload]`` (OCPP-J 4.2.2)."""

    message_id: str
    payload: JsonObject


class CallError(NamedTuple):
    """A failure to answer: ``[4, id, code, description, details]`` (OCPP-J 4.2.3); details of any type."""

    message_id: str
    code: str
    description: str
    details: Any


type Message = Call | CallResult | CallError


class Command(NamedTuple):
    """A command to send, and its payload."""

    action: str
    payload: JsonObject


UNREADABLE_PAYLOAD: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Exceptions that reading a payload which breaks its schema may raise."""


class CallRejected(Exception):
    """A CALL that is answered with a CALLERROR of this code and description.

    ``seen`` is for the log, where it stands instead of the description.
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
        """Describe it for the log, with the code as the version spells it."""
        return f"{dialect.spell(self.code)}: {self._seen or self.description}"


class MalformedFrame(CallRejected):
    """A frame that is not a valid CALL; ``message_id`` is None where it has none that can be read."""

    def __init__(self, code: ErrorCode, description: str, message_id: object = None) -> None:
        super().__init__(code, description)
        self.message_id = message_id if isinstance(message_id, str) else None


class MalformedAnswer(Exception):
    """A CALLRESULT or CALLERROR of the wrong shape; ``message_id`` is None where it has none."""

    def __init__(self, description: str, message_id: object) -> None:
        super().__init__(description)
        self.message_id = message_id if isinstance(message_id, str) else None


type Decoder = Callable[[bytes], tuple[int, str, str, Any]]
"""Reads a valid CALL: 2, the message id, the action, the content; raises one of UNREADABLE at any other."""

UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

CUSTOM_DATA: Final = b'"customData"'
"""What no decoder takes: to look for it takes less time than to have a decoder fail at it."""

ACTION_PATTERN: Final = re.compile(rb'\s*\[\s*2\s*,\s*"[^"\\]*"\s*,\s*"(\w+)"')
"""Finds the action of a CALL."""


def parse_message(
    raw: bytes, dialect: Dialect, decoders: Mapping[bytes, Decoder | None] | None = None
) -> Message:
    """Read one text frame; a CALL gets its content where it is valid and there is a decoder for its action.

    ``decoders`` know something of any action, if only that it has no decoder.

    Raises MalformedFrame for what a CALLERROR must answer, MalformedAnswer for an answer of the wrong shape.
    """
    if (
        decoders is not None
        and CUSTOM_DATA not in raw
        and (found := ACTION_PATTERN.match(raw))
        and (read := decoders[found[1]])
    ):
        try:
            _, message_id, action, content = read(raw)
        except UNDECODABLE:
            return _parsed(raw, dialect)
        return Call(message_id, action, raw, content)
    return _parsed(raw, dialect)


def _parsed(raw: bytes, dialect: Dialect) -> Message:
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedFrame(
            ErrorCode.RPC_FRAMEWORK_ERROR, f"the frame is not valid JSON: {error.msg}"
        ) from None
    match message:
        case [2, str() as message_id, str() as action, dict() | None as payload] if (
            len(message_id) <= MAX_ID_LENGTH
        ):
            return Call(message_id, intern(action), raw, json=payload or {})
        case [3, str() as message_id, dict() | None as payload]:
            return CallResult(message_id, payload or {})
        case [4, str() as message_id, str() as code, str() as description, details]:
            return CallError(message_id, dialect.other_spellings.get(code, code), description, details)
    raise _explained(message, dialect)


def is_utf8(text: bytes) -> bool:
    """Tell whether a text frame is UTF-8, as it must be (OCPP-J 4.1.2, RFC 6455 8.1)."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _explained(message: Any, dialect: Dialect) -> MalformedFrame | MalformedAnswer:
    """Say what is wrong with a frame that is JSON and yet no OCPP-J message."""
    if not isinstance(message, list) or not message:
        return MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, "the frame must be a JSON array, not empty")
    kind = message[0]
    message_id = message[1] if len(message) > 1 else None
    if kind == CALL:
        return MalformedFrame(*_what_is_wrong_with_call(message), message_id)
    if kind == CALLRESULT:
        return MalformedAnswer("a CALLRESULT must be [3, id, payload]", message_id)
    if kind == CALLERROR:
        return MalformedAnswer("a CALLERROR must be [4, id, code, description, details]", message_id)
    *most, last = dialect.message_types
    description = f"the message type must be {', '.join(map(str, most))} or {last} (OCPP-J 4.1.3)"
    return MalformedFrame(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, description, message_id)


def _what_is_wrong_with_call(message: list[Any]) -> tuple[ErrorCode, str]:
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
    """Build a CALL."""
    return _packed((CALL, message_id, action, payload))


def call_result_frame(message_id: str, payload: JsonObject) -> bytes:
    """Build a CALLRESULT."""
    return b"%b" % orjson.dumps((CALLRESULT, message_id, payload))  # see _packed


def call_error_frame(message_id: str, error: CallRejected, dialect: Dialect) -> bytes:
    """Build a CALLERROR; its description is cut to 255 characters (OCPP-J 4.2.3)."""
    description = error.description[:MAX_DESCRIPTION_LENGTH]
    return _packed((CALLERROR, message_id, dialect.spell(error.code), description, error.details))


def _packed(message: tuple[Any, ...]) -> bytes:
    """Write JSON in a place of its own size: that of orjson has room for 4 KiB for as long as it is kept."""
    return b"%b" % orjson.dumps(message)
