"""The log that people watch: one line a message, as text or as JSON."""

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson

from mock_csms.frames import JsonObject

FROM_STATION: Final = "<-"
TO_STATION: Final = "->"
WIDEST_SUMMARY: Final = 160

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
        super().__init__("%(asctime)s.%(msecs)03d  %(level)-5s  %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Write the record, so that only what is not INFO catches the eye."""
        record.level = LEVELS.get(record.levelname, record.levelname)
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - `logging` calls it so
        """Keep the message to one line; only a traceback has more."""
        return one_line(super().formatMessage(record))


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


def configure(level: str, style: str) -> None:
    """Send the log to standard output, from ``level`` on, as "text" or "json"."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    logger.setLevel(level.upper())
