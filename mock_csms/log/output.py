"""The log that people watch: one line a message, as text or as JSON."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import msgspec
import orjson

from mock_csms.log.summary import each_on_one_line, summarize
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import ValidPayload, to_json
from mock_csms.text import one_line, truncate

FROM_STATION: Final = "<-"
TO_STATION: Final = "->"
MAX_ACTION_WIDTH: Final = 60
MOST_COLUMNS: Final = 256
"""Actions whose columns are kept; OCPP has fewer."""
MAX_PENDING_LINES: Final = 256
"""How many CALLs wait for their lines, which are made together: that takes a quarter less time."""
TENTHS_PER_SECOND: Final = 10_000
"""Of a millisecond, in a second."""
FLUSH_DELAY: Final = 0.005
"""How long a line may wait for others to be written with it."""

logger = logging.getLogger("mock_csms")

Arrow = Literal["<-", "->"]


class MessageLine(NamedTuple):
    """One message of a station's connection; it becomes text only if somebody reads it.

    ``outcome`` is empty for a CALL, else "result", "REFUSED" or "ERROR"; ``elapsed`` is in seconds since
    the CALL that this message answers.
    """

    station: str
    direction: Arrow
    action: str
    content: Any
    outcome: str = ""
    elapsed: float | None = None

    def __str__(self) -> str:
        line = f"{self.station}{_column(self.direction, self.action, self.outcome)}"
        if self.content:
            line += summarize(self.content)
        elapsed = self.elapsed
        return one_line(
            line.rstrip() if elapsed is None else f"{line}{_took(int(elapsed * TENTHS_PER_SECOND + 0.5))}"
        )

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


class PendingLine(msgspec.Struct, gc=False):
    """A CALL of a station and, once it has one, its CALLRESULT: two lines that are not written yet.

    ``moment`` is in seconds since the epoch, ``elapsed`` in seconds that the answer took. ``call`` is what a
    formatter keeps of the CALL's content, None where the line of the CALL is written already.
    """

    moment: float
    station: str
    action: str
    call: Any
    answer: JsonObject | None = None
    elapsed: float = 0.0


def _column(direction: Arrow, action: str, outcome: str = "") -> str:
    return f"  {direction} {f'{truncate(action, MAX_ACTION_WIDTH)} {outcome}'.rstrip():<35} "


class _Columns(dict[str, tuple[str, str, str]]):
    """What stands before what a CALL says, alone where it says nothing, and before what its answer says.

    Only so many are kept, and none of a long action: a station may send any text as one. When they are too
    many, all go, so that invented actions do not keep out those of OCPP.
    """

    def __missing__(self, action: str) -> tuple[str, str, str]:
        call = _column(FROM_STATION, action)
        columns = call, call.rstrip(), _column(TO_STATION, action, "result")
        if len(action) <= MAX_ACTION_WIDTH:
            if len(self) >= MOST_COLUMNS:
                self.clear()
            self[action] = columns
        return columns


COLUMNS: Final = _Columns()


@lru_cache(maxsize=1024)
def _took(tenths: int) -> str:
    """Say how long an answer took, in tenths of a millisecond."""
    return f"  {tenths / 10:.1f} ms"


LEVELS: Final = {"INFO": "", "WARNING": "WARN"}


class TextFormatter(logging.Formatter):
    """Local time, the level where it is not INFO, and the line."""

    keep = staticmethod(summarize)
    """What is kept of the content of a CALL, which goes back to the allocator while it is in the caches."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record on one line, to which only a traceback adds more."""
        level = LEVELS.get(record.levelname, record.levelname)
        line = f"{self._time(record.created)}  {level:5}  {one_line(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def format_told(self, many: Sequence[PendingLine]) -> str:
        """Write the lines of messages."""
        lines: list[str] = []
        clock, end = "", 0.0
        for told in many:
            moment, station, said, answer = told.moment, told.station, told.call, told.answer
            call, lone_call, result = COLUMNS[told.action]
            if moment >= end:
                clock, end = self._millisecond(moment)
            if said is not None:
                lines.append(f"{clock}         {station}{call if said else lone_call}{said}")
            if answer is not None:
                elapsed = told.elapsed
                moment += elapsed
                if moment >= end:
                    clock, end = self._millisecond(moment)
                said = summarize(answer) if answer else ""
                took = _took(int(elapsed * TENTHS_PER_SECOND + 0.5))
                lines.append(f"{clock}         {station}{result}{said}{took}")
        return each_on_one_line(lines)

    def _millisecond(self, moment: float) -> tuple[str, float]:
        """Say what the clock shows, and when that changes."""
        return self._time(moment), (int(moment * 1000) + 1) / 1000

    def _time(self, created: float) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(created))
        return f"{clock}.{int(created * 1000) % 1000:03}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, message, and the fields of a MessageLine."""

    @staticmethod
    def keep(content: Any) -> Any:
        """Keep all of the content of a CALL."""
        return content

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as JSON."""
        fields = record.msg.fields() if isinstance(record.msg, MessageLine) else {}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return self._json(record.created, record.levelname.lower(), record.getMessage(), fields)

    def format_told(self, many: Sequence[PendingLine]) -> str:
        """Write the lines of messages."""
        lines: list[str] = []
        for told in many:
            station, action = told.station, told.action
            if told.call is not None:
                line = MessageLine(station, FROM_STATION, action, told.call)
                lines.append(self._json(told.moment, "info", str(line), line.fields()))
            if told.answer is not None:
                line = MessageLine(station, TO_STATION, action, told.answer, "result", told.elapsed)
                lines.append(self._json(told.moment + told.elapsed, "info", str(line), line.fields()))
        return "\n".join(lines)

    def _json(self, created: float, level: str, message: str, fields: JsonObject) -> str:
        moment = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment.replace("+00:00", "Z"), "level": level, "message": message, **fields}
        try:
            return orjson.dumps(line, default=_as_json).decode()
        except orjson.JSONEncodeError:  # nested too deeply
            return orjson.dumps(line | {"content": None}, default=_as_json).decode()


def _as_json(value: Any) -> Any:
    return to_json(value) if isinstance(value, ValidPayload) else str(value)


class Output(logging.Handler):
    """Writes to standard output: a warning at once, all else soon and many lines together."""

    def __init__(self, formatter: TextFormatter | JsonFormatter) -> None:
        super().__init__()
        self._formatter = formatter
        self._keep = formatter.keep
        self._told: list[PendingLine] = []
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """Where the timer runs."""
        self._lost = 0
        """Lines that standard output could not take."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of `logging`."""
        try:
            self._write_down()
            self._lines.append(self._formatter.format(record))
            if record.levelno >= logging.WARNING:
                self.flush()
            else:
                self._flush_soon()
        except Exception:  # a line that cannot be made must not stop what it is about
            self.handleError(record)

    def tell_call(self, station: str, action: str, content: Any) -> PendingLine:
        """Take a CALL."""
        told = PendingLine(time.time(), station, action, self._keep(content))
        if len(self._told) >= MAX_PENDING_LINES:
            self._write_down()
            self._flush_soon()
        self._told.append(told)
        if self._timer is None:
            self._flush_soon()
        return told

    def tell_answer(self, told: PendingLine, answer: JsonObject, elapsed: float) -> None:
        """Take the CALLRESULT that answers a CALL."""
        if self._told and self._told[-1] is told:
            told.answer, told.elapsed = answer, elapsed
        else:
            self._told.append(PendingLine(told.moment, told.station, told.action, None, answer, elapsed))
            self._flush_soon()

    def _write_down(self) -> None:
        many, self._told = self._told, []
        if many:
            self._lines.append(self._formatter.format_told(many))

    def _flush_soon(self) -> None:
        if self._timer is not None and self._loop is not None and not self._loop.is_closed():
            return
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # nothing runs that would write it later
            self.flush()
        else:
            self._timer = self._loop.call_later(FLUSH_DELAY, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._write_down()
        lines, self._lines = self._lines, []
        if lines:
            self._print(lines)

    def _print(self, lines: Sequence[str]) -> None:
        """Write lines to standard output; those that it cannot take are counted, and reported later.

        Python's buffer may keep some of them and write them after all, so that the count is an upper bound.
        """
        if self._lost:
            lines = [f"up to {self._lost} lines of the log are missing here", *lines]
        text = "\n".join([*lines, ""])
        try:
            _write(text)
        except BrokenPipeError:  # the reader has gone, as after `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):  # a full disk, or a closed file
            self._lost += len(lines) - bool(self._lost)
        else:
            self._lost = 0


def _write(text: str) -> None:
    """Write to standard output, with escapes for characters that its encoding lacks."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


_output: Output | None = None


def log_call(station: str, action: str, content: Any) -> PendingLine:
    """Log a CALL of a station at INFO.

    Most lines are of these and their answers; the shortest way to the output spares them what `logging` does
    with a record.
    """
    if _output:
        return _output.tell_call(station, action, content)
    logger.info(MessageLine(station, FROM_STATION, action, content))
    return PendingLine(0.0, station, action, content)


def log_answer(told: PendingLine, answer: JsonObject, elapsed: float) -> None:
    """Log the CALLRESULT that answers a CALL after so many seconds."""
    if _output:
        _output.tell_answer(told, answer, elapsed)
    else:
        logger.info(MessageLine(told.station, TO_STATION, told.action, answer, "result", elapsed))


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
