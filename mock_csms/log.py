"""The log that people watch: one line a message, as text or as JSON."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson

from mock_csms.frames import JsonObject

FROM_STATION: Final = "<-"
TO_STATION: Final = "->"
WIDEST_SUMMARY: Final = 160
SECONDS_TO_OUTPUT: Final = 0.02
"""How long a line may wait for others to be written with it."""

logger = logging.getLogger("mock_csms")

Direction = Literal["<-", "->"]


@dataclass(frozen=True, slots=True)
class MessageLine:
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
        name = f"{self.action} {self.outcome}".rstrip()
        took = "" if self.elapsed is None else f"  {self.elapsed * 1000:.1f} ms"
        line = f"{self.station}  {self.direction} {_cut(name, 60):<34}  {summary(self.content)}{took}"
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


def summary(content: Any) -> str:
    """Say the fields of a payload that matter in one line; anything but an object stands for itself."""
    if not isinstance(content, dict):
        return _shown(content, WIDEST_SUMMARY)
    said = [(name, _said(name, value)) for name, value in content.items() if name not in LEFT_OUT]
    said.sort(key=lambda it: it[0] not in SPEAKS_FOR_ITSELF)
    line = " ".join(text for _, text in said if text)
    return one_line(_cut(line, WIDEST_SUMMARY))


LEFT_OUT: Final = frozenset({"customData", "timestamp", "generatedAt", "currentTime", "meterValue"})

SHORT: Final[Mapping[str, Callable[[JsonObject], str]]] = {
    "chargingStation": lambda it: f"{_shown(it.get('vendorName'))} {_shown(it.get('model'))}",
    "evse": lambda it: f"evse={it.get('id')}" + (f"/{it['connectorId']}" if "connectorId" in it else ""),
    "idToken": lambda it: f"idToken={_shown(it.get('idToken'))}",
    "idTokenInfo": lambda it: f"idTokenInfo={_shown(it.get('status'))}",
    "statusInfo": lambda it: f"reasonCode={_shown(it.get('reasonCode'))}",
    "transactionInfo": lambda it: " ".join(
        f"{name}={_shown(it[name])}" for name in ("transactionId", "chargingState") if name in it
    ),
}
"""Objects of which one or two fields say enough."""

SPEAKS_FOR_ITSELF: Final = frozenset({"status", "eventType", "connectorStatus"})
RESULTS: Final = frozenset(
    {"getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"}
)


def _said(name: str, value: Any) -> str:
    if name in SPEAKS_FOR_ITSELF:
        return _shown(value)
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
    text = _cut(str(value), widest)
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
        second = int(record.created)
        if second != self._second:
            self._second, self._clock = second, time.strftime("%H:%M:%S", time.localtime(second))
        level = LEVELS.get(record.levelname, record.levelname)
        line = f"{self._clock}.{int(record.msecs):03}  {level:5}  {one_line(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, message, and the fields of a MessageLine."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as JSON."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: JsonObject = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if isinstance(record.msg, MessageLine):
            line |= record.msg.fields()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str).decode()
        except orjson.JSONEncodeError:  # nested too deeply
            return orjson.dumps(line | {"content": None}, default=str).decode()


class Output(logging.Handler):
    """Writes to standard output: a warning at once, all else soon and many lines together."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; what nothing will write later is written at once."""
        try:
            self._lines.append(self.format(record))
            if record.levelno >= logging.WARNING or not self._is_written_later():
                self.flush()
        except Exception:
            self.handleError(record)

    def _is_written_later(self) -> bool:
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_later(SECONDS_TO_OUTPUT, self.flush)
            except RuntimeError:
                return False
        return True

    def flush(self) -> None:
        """Write what there is."""
        lines, self._lines = self._lines, []
        if lines:
            sys.stdout.write("\n".join([*lines, ""]))
            sys.stdout.flush()


def configure(level: str, style: str) -> None:
    """Send the log to standard output, from ``level`` on, as "text" or "json"."""
    handler = Output()
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    logger.setLevel(level.upper())
    _leave_out_what_no_line_shows()


def _leave_out_what_no_line_shows() -> None:
    """Spare `logging` what it finds out about every record: file and line, thread, process and task."""
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.logAsyncioTasks = False  # type: ignore[attr-defined]
