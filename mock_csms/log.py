"""The log that people watch: one line a message, as text or as JSON."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import orjson

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
        line = (
            f"{self.station}  {self.direction} {_column(self.action, self.outcome)}{_said_of(self.content)}"
        )
        if self.elapsed is not None:
            line = f"{line}  {self.elapsed * 1000:.1f} ms"
        return one_line(line.rstrip())

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


@lru_cache(maxsize=256)
def _column(action: str, outcome: str) -> str:
    return f"{_cut(f'{action} {outcome}'.rstrip(), 60):<36}"


def summary(content: Any) -> str:
    """Say the fields of a payload that matter in one line; anything but an object stands for itself."""
    return one_line(_said_of(content))


def _said_of(content: Any) -> str:
    if not isinstance(content, dict):
        return _shown(content, WIDEST_SUMMARY)
    line = ""
    for name, value in content.items():
        if name in SPEAKS_FOR_ITSELF:
            line = f"{_shown(value)} {line}"
        elif name not in LEFT_OUT:
            line = f"{line}{_said(name, value)} "
    return _cut(line.rstrip(), WIDEST_SUMMARY)


LEFT_OUT: Final = frozenset({"customData", "timestamp", "generatedAt", "currentTime", "meterValue"})

SHORT: Final[Mapping[str, Callable[[JsonObject], str]]] = {
    "chargingStation": lambda it: f"{_shown(it.get('vendorName'))} {_shown(it.get('model'))}",
    "evse": lambda it: f"evse={it.get('id')}" + (f"/{it['connectorId']}" if "connectorId" in it else ""),
    "idToken": lambda it: f"idToken={_shown(it.get('idToken'))}",
    "idTokenInfo": lambda it: f"idTokenInfo={_shown(it.get('status'))}",
    "statusInfo": lambda it: f"reasonCode={_shown(it.get('reasonCode'))}",
    "transactionInfo": lambda it: (
        f"transactionId={_shown(it.get('transactionId'))}"
        + (f" chargingState={_shown(it['chargingState'])}" if "chargingState" in it else "")
    ),
}
"""Objects of which one or two fields say enough."""

PLAIN: Final = frozenset({bool, int, float})
SPEAKS_FOR_ITSELF: Final = frozenset({"status", "eventType", "connectorStatus"})
RESULTS: Final = frozenset(
    {"getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"}
)


def _said(name: str, value: Any) -> str:
    if type(value) in PLAIN:
        return f"{name}={value}"
    if isinstance(value, dict):
        return SHORT[name](value) if name in SHORT else f"{name}={{..}}"
    if isinstance(value, list):
        return " ".join(statuses(value)) if name in RESULTS else f"{name}[{len(value)}]"
    return f"{name}={_shown(value)}"


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
    """Write a value so that it can neither break the line nor run on for ever."""
    text = value if type(value) is str else str(value)
    if len(text) > widest:
        text = f"{text[: widest - 3]}..."
    return text if text.isprintable() and text else repr(text)


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else f"{text[: widest - 3]}..."


LEVELS: Final = {"INFO": "", "WARNING": "WARN"}


class TextFormatter(logging.Formatter):
    """Local time, the level where it is not INFO, and the line."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._clock = ""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record on one line, to which only a traceback adds more."""
        level = LEVELS.get(record.levelname, record.levelname)
        line = f"{self._time(record.created)}  {level:5}  {one_line(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def format_told(self, created: float, line: MessageLine) -> str:
        """Write a line that was told; ``created`` is in seconds since the epoch."""
        return f"{self._time(created)}         {line}"

    def _time(self, created: float) -> str:
        second = int(created)
        if second != self._second:
            self._second, self._clock = second, time.strftime("%H:%M:%S", time.localtime(second))
        return f"{self._clock}.{int((created - second) * 1000):03}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, message, and the fields of a MessageLine."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as JSON."""
        fields = record.msg.fields() if isinstance(record.msg, MessageLine) else {}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return self._json(record.created, record.levelname.lower(), record.getMessage(), fields)

    def format_told(self, created: float, line: MessageLine) -> str:
        """Write a line that was told as JSON; ``created`` is in seconds since the epoch."""
        return self._json(created, "info", str(line), line.fields())

    def _json(self, created: float, level: str, message: str, fields: JsonObject) -> str:
        moment = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment.replace("+00:00", "Z"), "level": level, "message": message, **fields}
        try:
            return orjson.dumps(line, default=str).decode()
        except orjson.JSONEncodeError:  # nested too deeply
            return orjson.dumps(line | {"content": None}, default=str).decode()


class Output(logging.Handler):
    """Writes to standard output: a warning at once, all else soon; formats and writes many lines together."""

    def __init__(self, formatter: TextFormatter | JsonFormatter) -> None:
        super().__init__()
        self._formatter = formatter
        self._waiting: list[logging.LogRecord | tuple[float, MessageLine]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of `logging`."""
        self._take(record)
        if record.levelno >= logging.WARNING:
            self.flush()

    def tell(self, line: MessageLine) -> None:
        """Take the line of a message."""
        self._take((time.time(), line))

    def _take(self, what: logging.LogRecord | tuple[float, MessageLine]) -> None:
        self._waiting.append(what)
        if len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_later(SECONDS_TO_OUTPUT, self.flush)
            except RuntimeError:  # nothing runs that would write it later
                self.flush()

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        form = self._formatter
        lines = [
            form.format_told(*what) if isinstance(what, tuple) else form.format(what) for what in waiting
        ]
        if lines:
            sys.stdout.write("\n".join([*lines, ""]))
            sys.stdout.flush()


_output: Output | None = None


def tell(line: MessageLine) -> None:
    """Log the line of a message at INFO.

    Most lines are such lines; the shortest way to the output spares them what `logging` does with a record.
    """
    if _output:
        _output.tell(line)
    else:
        logger.info(line)


def configure(level: str, style: str) -> None:
    """Send the log to standard output, from ``level`` on, as "text" or "json"."""
    global _output  # noqa: PLW0603 - a process has one log
    _output = Output(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[_output], force=True)
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    logger.setLevel(level.upper())
