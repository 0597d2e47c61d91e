"""The log that people watch: one line a message, as text or as JSON."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Final, Literal, NamedTuple

import orjson

from mock_csms.contents import Content, json_of
from mock_csms.frames import JsonObject

FROM_STATION: Final = "<-"
TO_STATION: Final = "->"
WIDEST_SUMMARY: Final = 160
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
        return _text(*self)

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


def _text(  # noqa: PLR0913, PLR0917 - the fields of a MessageLine: making one would cost as much as a line
    station: str,
    direction: Direction,
    action: str,
    content: Any,
    outcome: str = "",
    elapsed: float | None = None,
) -> str:
    line = f"{station}{_column(direction, action, outcome)}{_said_of(content) if content else ''}"
    line = line.rstrip() if elapsed is None else line + _milliseconds(round(elapsed * 10_000))
    return line if line.isprintable() else one_line(line)


@lru_cache(maxsize=256)
def _column(direction: Direction, action: str, outcome: str) -> str:
    return f"  {direction} {_cut(f'{action} {outcome}'.rstrip(), 60):<36}"


@lru_cache(maxsize=4096)
def _milliseconds(tenths: int) -> str:
    return f"  {tenths / 10:.1f} ms"


def summary(content: Any) -> str:
    """Say the fields of a payload that matter in one line; anything but an object stands for itself."""
    return one_line(_said_of(content))


def _said_of(content: Any) -> str:
    """Say what `summary` says, which still may hold what cannot be printed."""
    if isinstance(content, Content):
        said = _said_of_content(content)
    elif isinstance(content, dict):
        said = _said_of_json(content)
    else:
        return _shown(content, WIDEST_SUMMARY)
    return _cut(" ".join(said), WIDEST_SUMMARY)


def _said_of_json(content: JsonObject) -> list[str]:
    said: list[str] = []
    for name, value in content.items():
        if name in SPEAKS_FOR_ITSELF:
            said.insert(0, _shown(value))
        elif name not in LEFT_OUT:
            said.append(SAY[type(value)](name, value))
    return said


def _said_of_content(content: Content) -> list[str]:
    first, others = _names_said(type(content))
    said = [_shown(it) for name in first if (it := getattr(content, name)) is not None]
    said += [SAY[type(it)](name, it) for name in others if (it := getattr(content, name)) is not None]
    return said


@cache
def _names_said(content: type[Content]) -> tuple[list[str], list[str]]:
    """The properties that speak for themselves, and the others of which something is said."""
    names = [name for name in content.__struct_fields__ if name not in LEFT_OUT]
    return (
        [name for name in names if name in SPEAKS_FOR_ITSELF],
        [name for name in names if name not in SPEAKS_FOR_ITSELF],
    )


LEFT_OUT: Final = frozenset({"customData", "timestamp", "generatedAt", "currentTime", "meterValue"})

SHORT: Final[Mapping[str, Callable[[JsonObject | Content], str]]] = {
    "chargingStation": lambda it: f"{_shown(it.get('vendorName'))} {_shown(it.get('model'))}",
    "evse": lambda it: (
        f"evse={it.get('id')}" + ("" if it.get("connectorId") is None else f"/{it.get('connectorId')}")
    ),
    "idToken": lambda it: f"idToken={_shown(it.get('idToken'))}",
    "idTokenInfo": lambda it: f"idTokenInfo={_shown(it.get('status'))}",
    "statusInfo": lambda it: f"reasonCode={_shown(it.get('reasonCode'))}",
    "transactionInfo": lambda it: (
        f"transactionId={_shown(it.get('transactionId'))}"
        + (f" chargingState={_shown(it.get('chargingState'))}" if it.get("chargingState") else "")
    ),
}
"""Objects of which one or two fields say enough."""

SPEAKS_FOR_ITSELF: Final = frozenset({"status", "eventType", "connectorStatus"})
RESULTS: Final = frozenset(
    {"getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"}
)


def _said_of_text(name: str, value: str) -> str:
    return f"{name}={_shown(value)}"


def _said_of_object(name: str, value: JsonObject | Content) -> str:
    return SHORT[name](value) if name in SHORT else f"{name}={{..}}"


def _said_of_list(name: str, value: list[Any]) -> str:
    return " ".join(statuses(value)) if name in RESULTS else f"{name}[{len(value)}]"


def _said_of_simple(name: str, value: Any) -> str:
    return f"{name}={value}"


class _Say(dict[type, Callable[[str, Any], str]]):
    """How to say a property with a value of this type."""

    def __missing__(self, kind: type) -> Callable[[str, Any], str]:
        self[kind] = say = _said_of_object if issubclass(kind, Content) else _said_of_simple
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


def _shown(value: Any, widest: int = 60) -> str:
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

    def format_told(self, *fields: Any) -> str:
        """Write the line of a message of this moment from its fields."""
        return f"{self._time(time.time())}         {_text(*fields)}"

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

    def format_told(self, *fields: Any) -> str:
        """Write the line of a message of this moment as JSON."""
        line = MessageLine(*fields)
        return self._json(time.time(), "info", str(line), line.fields())

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

    A line is made at once: keeping what it tells of until it is written would cost more than all the rest.
    """

    def __init__(self, formatter: TextFormatter | JsonFormatter) -> None:
        super().__init__()
        self.told = formatter.format_told
        self._formatter = formatter
        self._waiting: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of `logging`."""
        self.take(self._formatter.format(record))
        if record.levelno >= logging.WARNING:
            self.flush()

    def take(self, line: str) -> None:
        """Take a line as it is."""
        self._waiting.append(line)
        if len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_later(SECONDS_TO_OUTPUT, self.flush)
            except RuntimeError:  # nothing runs that would write it later
                self.flush()

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            try:
                sys.stdout.write("\n".join([*waiting, ""]))
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
        _output.take(_output.told(station, direction, action, content, outcome, elapsed))
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
