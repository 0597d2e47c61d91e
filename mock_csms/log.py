"""The log that people watch: one line a message, as text or as JSON."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import orjson

from mock_csms.contents import Content, json_of
from mock_csms.frames import JsonObject

FROM_STATION: Final = "<-"
TO_STATION: Final = "->"
WIDEST_SUMMARY: Final = 160
WIDEST_VALUE: Final = 60
MOST_TOLD: Final = 128
"""How many messages wait for their lines, which are made together: that takes a quarter less time."""
SECONDS_TO_OUTPUT: Final = 0.005
"""How long a line may wait for others to be written with it."""

logger = logging.getLogger("mock_csms")

Direction = Literal["<-", "->"]


class MessageLine(NamedTuple):
    """One message of a station's connection; it becomes text only if somebody reads it.

    ``outcome`` is empty for a CALL, else "result", "REFUSED" or "ERROR"; ``elapsed`` is in seconds since
    the CALL that this message answers.
    """

    station: str
    direction: Direction
    action: str
    content: Any
    outcome: str = ""
    elapsed: float | None = None

    def __str__(self) -> str:
        return one_line(_text(*self))

    def fields(self) -> JsonObject:
        """The same for a line of JSON, with the elapsed time in seconds."""
        return {
            "station": self.station,
            "direction": "received" if self.direction == FROM_STATION else "sent",
            "action": self.action,
            "outcome": self.outcome.lower() or "call",
            "content": self.content,
            "elapsed": self.elapsed,
        }


type Told = tuple[float, str, Direction, str, Any, str, float | None]
"""A moment and the fields of a MessageLine."""


def _text(  # noqa: PLR0913, PLR0917 - the fields of a MessageLine: making one would cost as much as a line
    station: str,
    direction: Direction,
    action: str,
    content: Any,
    outcome: str = "",
    elapsed: float | None = None,
) -> str:
    """Say all of it, which still may hold what cannot be printed."""
    line = f"{station}{_column(direction, action, outcome)}{_said_of(content) if content else ''}"
    if elapsed is None:
        return line.rstrip()
    tenths = int(elapsed * 10_000 + 0.5)
    return line + (MILLISECONDS[tenths] if tenths < len(MILLISECONDS) else _milliseconds(tenths))


@lru_cache(maxsize=256)
def _column(direction: Direction, action: str, outcome: str) -> str:
    return f"  {direction} {_cut(f'{action} {outcome}'.rstrip(), 60):<36}"


def _milliseconds(tenths: int) -> str:
    return f"  {tenths / 10:.1f} ms"


MILLISECONDS: Final = tuple(map(_milliseconds, range(1_000)))
"""By tenths of a millisecond what most lines end with."""


def summary(content: Any) -> str:
    """Say the fields of a payload that matter in one line; anything but an object stands for itself."""
    return one_line(_said_of(content))


def _said_of(content: Any) -> str:
    """Say what `summary` says, which still may hold what cannot be printed."""
    kind = type(content)
    if kind is dict:
        said = " ".join(_said_of_json(content))
    elif (labels := LABELS[kind]) is not None:
        said = " ".join(_said_of_content(content, labels))
    else:
        return _shown(content, WIDEST_SUMMARY)
    return said if len(said) <= WIDEST_SUMMARY else _cut(said, WIDEST_SUMMARY)


def _said_of_json(content: JsonObject) -> list[str]:
    said: list[str] = []
    for name, value in content.items():
        if name in SPEAKS_FOR_ITSELF:
            said.insert(0, _shown(value))
        elif name not in LEFT_OUT:
            said.append(SAY[type(value)](name, value))
    return said


def _said_of_content(content: Content, labels: "Labels") -> list[str]:
    said: list[str] = []
    for name, label in labels:
        value = getattr(content, name)
        kind = type(value)
        if kind is int or (kind is str and 0 < len(value) <= WIDEST_VALUE):
            said.append(f"{label}{value}")
        elif value is not None:
            said.append(SAY[kind](name, value))
    return said


type Labels = tuple[tuple[str, str], ...]
"""The properties of which something is said, in order, and what stands before their values."""


class _LabelsOf(dict[type, Labels | None]):
    """The labels of each type of contents; None for what is no content."""

    def __missing__(self, kind: type) -> Labels | None:
        self[kind] = labels = _labels(kind) if issubclass(kind, Content) else None
        return labels


def _labels(content: type[Content]) -> Labels:
    names = [name for name in content.__struct_fields__ if name not in LEFT_OUT]
    first = [(name, "") for name in names if name in SPEAKS_FOR_ITSELF]
    return *first, *((name, f"{name}=") for name in names if name not in SPEAKS_FOR_ITSELF)


LABELS: Final = _LabelsOf()

LEFT_OUT: Final = frozenset({"customData", "timestamp", "generatedAt", "currentTime", "meterValue"})


def _said_of_evse(evse: Any) -> str:
    return f"evse={evse.id}" if evse.connectorId is None else f"evse={evse.id}/{evse.connectorId}"


def _said_of_transaction(info: Any) -> str:
    said = f"transactionId={_shown(info.transactionId)}"
    return f"{said} chargingState={_shown(info.chargingState)}" if info.chargingState else said


SHORT: Final[Mapping[str, Callable[[Any], str]]] = {
    "chargingStation": lambda it: f"{_shown(it.vendorName)} {_shown(it.model)}",
    "evse": _said_of_evse,
    "idToken": lambda it: f"idToken={_shown(it.idToken)}",
    "idTokenInfo": lambda it: f"idTokenInfo={_shown(it.status)}",
    "statusInfo": lambda it: f"reasonCode={_shown(it.reasonCode)}",
    "transactionInfo": _said_of_transaction,
}
"""Objects of which one or two fields, looked at by attribute, say enough."""


class _Json:
    """JSON looked at by attribute; None where it has no such property."""

    __slots__ = ("_json",)

    def __init__(self, json: JsonObject) -> None:
        self._json = json

    def __getattr__(self, name: str) -> Any:
        return self._json.get(name)


SPEAKS_FOR_ITSELF: Final = frozenset({"status", "eventType", "connectorStatus"})
RESULTS: Final = frozenset(
    {"getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"}
)


def _said_of_text(name: str, value: str) -> str:
    return f"{name}={_shown(value)}"


def _said_of_content_in(name: str, value: Content) -> str:
    return SHORT[name](value) if name in SHORT else f"{name}={{..}}"


def _said_of_object(name: str, value: JsonObject) -> str:
    return SHORT[name](_Json(value)) if name in SHORT else f"{name}={{..}}"


def _said_of_list(name: str, value: list[Any]) -> str:
    return " ".join(statuses(value)) if name in RESULTS else f"{name}[{len(value)}]"


def _said_of_simple(name: str, value: Any) -> str:
    return f"{name}={value}"


class _Say(dict[type, Callable[[str, Any], str]]):
    """How to say a property with a value of this type."""

    def __missing__(self, kind: type) -> Callable[[str, Any], str]:
        self[kind] = say = _said_of_content_in if issubclass(kind, Content) else _said_of_simple
        return say


SAY: Final = _Say({str: _said_of_text, dict: _said_of_object, list: _said_of_list})


def statuses(results: list[Any]) -> list[str]:
    """The status of each result in a list of them, as SetVariables and its kin answer."""
    objects = [result if isinstance(result, dict) else {} for result in results]
    return [_shown(result.get("attributeStatus") or result.get("status")) for result in objects]


def one_line(text: str) -> str:
    """Escape what is not printable, so that nothing a stranger wrote can break or forge a line."""
    if text.isprintable():
        return text
    return "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text)


PRINTABLE_ASCII: Final = bytes(range(0x20, 0x7F))


def _are_plain(lines: Sequence[str]) -> bool:
    """Tell whether nothing has to be escaped, of many lines in a third of the time that each would take."""
    text = "\n".join(lines)
    return text.isascii() and text.encode().translate(None, PRINTABLE_ASCII) == b"\n" * (len(lines) - 1)


def _shown(value: Any, widest: int = WIDEST_VALUE) -> str:
    """Write a value so that it cannot run on for ever."""
    text = value if type(value) is str else str(value)
    if len(text) > widest:
        return f"{text[: widest - 3]}..."
    return text or "''"


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else f"{text[: widest - 3]}..."


LEVELS: Final = {"INFO": "", "WARNING": "WARN"}


class TextFormatter(logging.Formatter):
    """Local time, the level where it is not INFO, and the line."""

    def __init__(self) -> None:
        super().__init__()
        self._millisecond = 0
        self._clock = ""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record on one line, to which only a traceback adds more."""
        level = LEVELS.get(record.levelname, record.levelname)
        line = f"{self._time(record.created)}  {level:5}  {one_line(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def format_told(self, told: Sequence[Told]) -> list[str]:
        """Write the lines of messages."""
        lines: list[str] = []
        clock, end = "", 0.0
        for moment, station, direction, action, content, outcome, elapsed in told:
            if moment >= end:
                clock = self._time(moment)
                end = (self._millisecond + 1) / 1000
            lines.append(f"{clock}         {_text(station, direction, action, content, outcome, elapsed)}")
        return lines if _are_plain(lines) else [one_line(line) for line in lines]

    def _time(self, created: float) -> str:
        millisecond = int(created * 1000)
        if millisecond != self._millisecond:
            self._millisecond = millisecond
            clock = time.strftime("%H:%M:%S", time.localtime(created))
            self._clock = f"{clock}.{millisecond % 1000:03}"
        return self._clock


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, message, and the fields of a MessageLine."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as JSON."""
        fields = record.msg.fields() if isinstance(record.msg, MessageLine) else {}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return self._json(record.created, record.levelname.lower(), record.getMessage(), fields)

    def format_told(self, told: Sequence[Told]) -> list[str]:
        """Write the lines of messages."""
        lines = ((moment, MessageLine(*fields)) for moment, *fields in told)
        return [self._json(moment, "info", str(line), line.fields()) for moment, line in lines]

    def _json(self, created: float, level: str, message: str, fields: JsonObject) -> str:
        moment = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment.replace("+00:00", "Z"), "level": level, "message": message, **fields}
        try:
            return orjson.dumps(line, default=_as_json).decode()
        except orjson.JSONEncodeError:  # nested too deeply
            return orjson.dumps(line | {"content": None}, default=_as_json).decode()


def _as_json(value: Any) -> Any:
    return json_of(value) if isinstance(value, Content) else str(value)


class Output(logging.Handler):
    """Writes to standard output: a warning at once, all else soon and many lines together.

    The lines of messages are made many at a time, but before what they tell of has left the caches.
    """

    def __init__(self, formatter: TextFormatter | JsonFormatter) -> None:
        super().__init__()
        self._formatter = formatter
        self._told: list[Told] = []
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """Where the timer runs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of `logging`."""
        self._write_down()
        self._lines.append(self._formatter.format(record))
        if record.levelno >= logging.WARNING:
            self.flush()
        else:
            self._flush_soon()

    def tell(self, told: Told) -> None:
        """Take what is told of a message."""
        self._told.append(told)
        if len(self._told) >= MOST_TOLD:
            self._write_down()
        elif self._timer is not None:
            return
        self._flush_soon()

    def _write_down(self) -> None:
        told, self._told = self._told, []
        lines = self._formatter.format_told(told)
        self._lines += lines

    def _flush_soon(self) -> None:
        if self._timer is not None and self._loop is not None and not self._loop.is_closed():
            return
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # nothing runs that would write it later
            self.flush()
        else:
            self._timer = self._loop.call_later(SECONDS_TO_OUTPUT, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._write_down()
        lines, self._lines = self._lines, []
        if lines:
            try:
                sys.stdout.write("\n".join([*lines, ""]))
                sys.stdout.flush()
            except BrokenPipeError:  # nobody reads any more, as after `| head`
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_output: Output | None = None


def tell(  # noqa: PLR0913, PLR0917
    station: str,
    direction: Direction,
    action: str,
    content: Any,
    outcome: str = "",
    elapsed: float | None = None,
) -> None:
    """Log a MessageLine of these fields at INFO.

    Most lines are such lines; the shortest way to the output spares them what `logging` does with a record.
    """
    if _output:
        _output.tell((time.time(), station, direction, action, content, outcome, elapsed))
    else:
        logger.info(MessageLine(station, direction, action, content, outcome, elapsed))


def flush() -> None:
    """Write what waits."""
    if _output:
        _output.flush()


def configure(level: str, style: str) -> None:
    """Send the log to standard output, from ``level`` on, as "text" or "json"."""
    global _output  # noqa: PLW0603 - a process has one log
    _output = Output(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[_output], force=True)
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    logger.setLevel(level.upper())
