"""Log output: one line per message, as text or as JSON, on standard output."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from time import perf_counter
from typing import Any, Final, Literal, NamedTuple

import msgspec
import orjson

from mock_csms.log.color import Color, color_level, color_station, color_stations, is_colored
from mock_csms.log.redact import masked_frame
from mock_csms.log.secret_text import PRIVATE_KEY, masked_lines, masked_text
from mock_csms.log.summary import each_on_one_line, summarize
from mock_csms.log.writer import LineWriter
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import ValidPayload, to_json
from mock_csms.text import one_line, truncate

FROM_STATION: Final = "<-"
TO_STATION: Final = "->"
MAX_ACTION_WIDTH: Final = 60
MAX_COLUMNS: Final = 256
"""Maximum number of actions with cached columns; OCPP has fewer."""
MAX_PENDING_LINES: Final = 256
"""Maximum number of CALLs that are collected before their lines are formatted together.

Formatting them together takes a quarter less time than one by one: the code stays in the CPU caches.
"""
TENTHS_PER_SECOND: Final = 10_000
"""Tenths of a millisecond per second."""
FLUSH_DELAY: Final = 0.005
"""Seconds that lines are collected before they are written together."""
MAX_CLOCK_GAP_S: Final = 0.000_02
"""Maximum seconds between the readings of two clocks; it is far less if nothing interrupts the process."""
MAX_CLOCK_READINGS: Final = 5

logger = logging.getLogger("mock_csms")

Arrow = Literal["<-", "->"]


class MessageLine(NamedTuple):
    """Log line of one message; formatted only if a handler writes it.

    ``outcome`` is empty for a CALL, else "result", "ERROR", "REFUSED", "INJECTED" or the like; ``elapsed`` is
    in seconds since the CALL that this message answers; ``rule`` describes the rule that applied, if any.
    """

    station: str
    direction: Arrow
    action: str
    content: Any
    outcome: str = ""
    elapsed: float | None = None
    rule: str = ""

    def __str__(self) -> str:
        line = f"{self.station}{_column(self.direction, self.action, self.outcome)}"
        if self.content:
            line += summarize(self.content)
        if self.elapsed is not None:
            line += _duration(int(self.elapsed * TENTHS_PER_SECOND + 0.5))
        if self.rule:
            line += f"  ({self.rule})"
        return one_line(line.rstrip())

    def fields(self) -> JsonObject:
        """Return the fields for a line of JSON; ``elapsed`` is in seconds."""
        return {
            "station": self.station,
            "direction": "received" if self.direction == FROM_STATION else "sent",
            "action": self.action,
            "outcome": self.outcome.lower() or "call",
            "content": self.content,
            "elapsed": self.elapsed,
            **({"rule": self.rule} if self.rule else {}),
        }


class PendingLine(msgspec.Struct, gc=False):
    """A CALL of a station and, once sent, its CALLRESULT: two log lines that are not formatted yet.

    ``time`` is the time of the CALL in seconds since the epoch, and ``elapsed`` the seconds until the answer.
    ``call`` is the content of the CALL as prepared by the formatter; None if the line of the CALL has already
    been formatted.
    """

    time: float
    station: str
    action: str
    call: Any
    answer: JsonObject | None = None
    elapsed: float = 0.0


def _column(direction: Arrow, action: str, outcome: str = "") -> str:
    return f"  {direction} {f'{truncate(action, MAX_ACTION_WIDTH)} {outcome}'.rstrip():<35} "


class _Columns(dict[str, tuple[str, str, str]]):
    """Columns of a log line (arrow, action, outcome) as text, by action.

    Each action has three texts: for a CALL with content, for a CALL without content, and for a CALLRESULT.

    Long actions are not cached, because a station may send any text. A full cache is emptied, so that
    invented actions do not keep OCPP actions out of it.
    """

    def __missing__(self, action: str) -> tuple[str, str, str]:
        call = _column(FROM_STATION, action)
        columns = call, call.rstrip(), _column(TO_STATION, action, "result")
        if len(action) <= MAX_ACTION_WIDTH:
            if len(self) >= MAX_COLUMNS:
                self.clear()
            self[action] = columns
        return columns


COLUMNS: Final = _Columns()


@lru_cache(maxsize=1024)
def _duration(tenths: int) -> str:
    """Format a duration given in tenths of a millisecond."""
    return f"  {tenths / 10:.1f} ms"


LEVELS: Final = {"INFO": "", "WARNING": "WARN"}

MAX_STATION_WIDTH: Final = 24
"""Maximum width for padding identities; a longer identity shifts its line."""

TEXT_COLUMN: Final = 21
"""Column of the text of a line, after the time and the level."""
ABOUT_STATION: Final = "%s  "
"""Start of the format of records about a station; the first argument is the identity."""


class TextFormatter(logging.Formatter):
    """Formats local time, level (except INFO) and message."""

    prepare = staticmethod(summarize)
    """Converts the content of a CALL to a summary when the CALL is logged.

    Storing the summary instead of the content lets the memory of the content be reused while it is still in
    the CPU caches. Together with one PendingLine for CALL and answer, this raised the message rate from 0.73
    to 0.81 of the rate without a log (bench/README.md, mix).
    """

    def __init__(self, *, color: bool = False) -> None:
        super().__init__()
        self._color = color
        self._width = 0
        """Width of the longest identity so far, within the maximum."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line, followed by its traceback, if any."""
        level = f"{LEVELS.get(record.levelname, record.levelname):5}"
        text = masked_text(one_line(self._text(record)), private_key=PRIVATE_KEY)
        if self._color and record.levelno <= logging.DEBUG:  # dim frames, which would hide other lines
            text = color_level(f"{level}  {text}", record.levelname)
        elif self._color:
            text = f"{color_level(level, record.levelname)}  {color_station(text, _station_of(record))}"
        else:
            text = f"{level}  {text}"
        line = f"{self._time(record.created)}  {text}"
        return f"{line}\n{masked_text(self.formatException(record.exc_info))}" if record.exc_info else line

    def _text(self, record: logging.LogRecord) -> str:
        """Return the text of a record, with the identity of its station padded."""
        station = _station_of(record)
        if not station:
            return _message(record)
        if isinstance(record.msg, MessageLine):
            return str(record.msg._replace(station=self._padded(station)))
        assert isinstance(record.args, tuple)
        return (record.msg % (self._padded(station), *record.args[1:])).rstrip("\r\n")

    def _padded(self, station: str) -> str:
        """Pad an identity to the width of the longest one so far."""
        width = len(station)
        if width < self._width:
            return station.ljust(self._width)
        self._width = min(width, MAX_STATION_WIDTH)
        return station

    def format_messages(self, messages: Sequence[PendingLine]) -> str:
        """Format the lines of messages.

        Fast path: the plain way is `format` for each MessageLine. Here clock and columns are formatted once
        for many lines, and `each_on_one_line` looks for unprintable characters in all of them together.
        """
        lines: list[str] = []
        stations: list[str] = []
        clock, clock_end = "", 0.0
        for message in messages:
            moment, station, summary, answer = message.time, message.station, message.call, message.answer
            if len(station) != self._width:
                station = self._padded(station)
            call, empty_call, result = COLUMNS[message.action]
            if moment >= clock_end:
                clock, clock_end = self._millisecond(moment)
            if summary is not None:
                lines.append(f"{clock}         {station}{call if summary else empty_call}{summary}")
            if answer is not None:
                elapsed = message.elapsed
                moment += elapsed
                if moment >= clock_end:
                    clock, clock_end = self._millisecond(moment)
                summary = summarize(answer) if answer else ""
                duration = _duration(int(elapsed * TENTHS_PER_SECOND + 0.5))
                lines.append(f"{clock}         {station}{result}{summary}{duration}")
            if self._color:
                stations += [message.station] * (len(lines) - len(stations))
        text = masked_lines(each_on_one_line(lines))
        return color_stations(text, stations, TEXT_COLUMN) if self._color else text

    def _millisecond(self, moment: float) -> tuple[str, float]:
        """Return the formatted time, and the next millisecond in seconds since the epoch."""
        return self._time(moment), (int(moment * 1000) + 1) / 1000

    def _time(self, created: float) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(created))
        return f"{clock}.{int(created * 1000) % 1000:03}"


class JsonFormatter(logging.Formatter):
    """Formats one JSON object per line: time, level, message, and the fields of a MessageLine."""

    @staticmethod
    def prepare(content: Any) -> Any:
        """Return the content of a CALL unchanged; all of it is shown."""
        return content

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line of JSON."""
        fields = record.msg.fields() if isinstance(record.msg, MessageLine) else {}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return self._json(record.created, record.levelname.lower(), _message(record), fields)

    def format_messages(self, messages: Sequence[PendingLine]) -> str:
        """Format the lines of messages."""
        lines: list[str] = []
        for message in messages:
            station, action = message.station, message.action
            if message.call is not None:
                line = MessageLine(station, FROM_STATION, action, message.call)
                lines.append(self._json(message.time, "info", str(line), line.fields()))
            if message.answer is not None:
                line = MessageLine(station, TO_STATION, action, message.answer, "result", message.elapsed)
                lines.append(self._json(message.time + message.elapsed, "info", str(line), line.fields()))
        return "\n".join(lines)

    def _json(self, created: float, level: str, message: str, fields: JsonObject) -> str:
        moment = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment.replace("+00:00", "Z"), "level": level, "message": message, **fields}
        try:
            text = orjson.dumps(line, default=_as_json)
        except orjson.JSONEncodeError:  # nested too deeply
            text = orjson.dumps(line | {"content": None}, default=_as_json)
        return masked_frame(text).decode()


def _station_of(record: logging.LogRecord) -> str:
    """Identity of the station that a record is about; empty without a station."""
    if isinstance(record.msg, MessageLine):
        return record.msg.station
    is_about_station = isinstance(record.msg, str) and record.msg.startswith(ABOUT_STATION)
    return str(record.args[0]) if is_about_station and isinstance(record.args, tuple) else ""


def _message(record: logging.LogRecord) -> str:
    """Return the text of a record. A line break at the end, which some libraries add, is removed."""
    return record.getMessage().rstrip("\r\n")


def _as_json(value: Any) -> Any:
    return to_json(value) if isinstance(value, ValidPayload) else str(value)


def clock_offset() -> float:
    """Return the difference between seconds since the epoch and `perf_counter`.

    If the process is interrupted between the readings of the two clocks, both are read again: otherwise, the
    lines of messages would have earlier times than the lines before them.
    """
    for _ in range(MAX_CLOCK_READINGS):
        before, now, after = perf_counter(), time.time(), perf_counter()
        if after - before < MAX_CLOCK_GAP_S:
            break
    return now - after


class Output(logging.Handler):
    """Passes lines to the writer of standard output: a warning at once, others together after
    `FLUSH_DELAY`.

    Fast path: messages bypass `logging` (see `log_call`). A CALL and its CALLRESULT are one PendingLine; up
    to `MAX_PENDING_LINES` of them are formatted together and written with one call. The plain way is a
    LogRecord for each message. The first version of the fast path reached 0.5 to 0.66 of the message rate
    without a log; this one reaches 0.81 (bench/README.md, mix).
    """

    def __init__(self, formatter: TextFormatter | JsonFormatter) -> None:
        super().__init__()
        self._formatter = formatter
        self._prepare = formatter.prepare
        self._pending: list[PendingLine] = []
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """Event loop of the timer."""
        self._clock_offset: float | None = None
        """`clock_offset` for the lines until the next flush; then None, because the clock may be set."""
        self._writer = LineWriter(self._missing)

    def emit(self, record: logging.LogRecord) -> None:
        """Format a record of `logging`; write its line at once from WARNING on, otherwise soon."""
        self._format_pending()
        try:
            self._lines.append(self._formatter.format(record))
        except Exception as error:  # a log line that cannot be formatted must not stop the caller
            self._lines.append(self._failed(error))
        if record.levelno >= logging.WARNING:
            self.flush()
        else:
            self._flush_soon()

    def add_call(self, station: str, action: str, content: Any, arrival: float) -> PendingLine:
        """Add the line of a CALL. ``arrival`` is the `perf_counter` at its arrival."""
        offset = self._clock_offset
        if offset is None:
            offset = self._clock_offset = clock_offset()
        line = PendingLine(offset + arrival, station, action, self._prepare(content))
        if len(self._pending) >= MAX_PENDING_LINES:
            self._format_pending()
            self._flush_soon()
        self._pending.append(line)
        if self._timer is None:
            self._flush_soon()
        return line

    def add_answer(self, call: PendingLine, answer: JsonObject, elapsed: float) -> None:
        """Add the line of a CALLRESULT; ``elapsed`` is in seconds since the CALL."""
        if self._pending and self._pending[-1] is call:
            call.answer, call.elapsed = answer, elapsed
        else:
            self._pending.append(PendingLine(call.time, call.station, call.action, None, answer, elapsed))
            self._flush_soon()

    def _format_pending(self) -> None:
        pending, self._pending = self._pending, []
        if not pending:
            return
        try:
            self._lines.append(self._formatter.format_messages(pending))
        except Exception:
            self._lines += map(self._format_alone, pending)

    def _format_alone(self, message: PendingLine) -> str:
        """Format the lines of one message. A failure does not affect the lines of other messages."""
        try:
            return self._formatter.format_messages([message])
        except Exception as error:
            return self._failed(error)

    def _failed(self, error: Exception) -> str:
        """Format the replacement for a line that cannot be formatted."""
        return self._format_warning(f"a line of the log cannot be formatted: {type(error).__name__}")

    def _flush_soon(self) -> None:
        if self._timer is not None and self._loop is not None and not self._loop.is_closed():
            return
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # without a running loop, write now
            self.flush()
        else:
            self._timer = self._loop.call_later(FLUSH_DELAY, self.flush)

    def flush(self) -> None:
        """Pass all pending lines to the writer, which does not block."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._format_pending()
        self._clock_offset = None
        lines, self._lines = self._lines, []
        if lines:
            self._writer.put("\n".join(lines))

    def wait_written(self) -> None:
        """Wait until all lines are written, for a bounded time."""
        self.flush()
        self._writer.wait_written()

    def close(self) -> None:
        """Write the remaining lines, for a bounded time, and stop writing."""
        self.flush()
        self._writer.close()
        super().close()

    @property
    def missing(self) -> int:
        """Number of lines that were dropped or could not be written."""
        return self._writer.missing

    def _missing(self, lines: int) -> str:
        """Format the line that stands for missing lines."""
        subject = "1 line of the log is" if lines == 1 else f"{lines} lines of the log are"
        return self._format_warning(f"{subject} missing here, because standard output was too slow or failed")

    def _format_warning(self, text: str) -> str:
        return self._formatter.format(
            logging.LogRecord(logger.name, logging.WARNING, __file__, 0, text, (), None)
        )


_output: Output | None = None


def log_call(station: str, action: str, content: Any, arrival: float | None = None) -> PendingLine:
    """Log a CALL at INFO; pass the line returned to `log_answer`.

    ``arrival`` is the value of `perf_counter` when the CALL arrived; None stands for now.

    Most log lines are CALLs and their answers. They go straight to the output set by `configure`, without a
    LogRecord, so handlers added to the logger elsewhere do not receive them; see `Output` for the gain.
    """
    if _output:
        return _output.add_call(station, action, content, perf_counter() if arrival is None else arrival)
    logger.info(MessageLine(station, FROM_STATION, action, content))
    return PendingLine(0.0, station, action, content)


def log_answer(call: PendingLine, answer: JsonObject, elapsed: float) -> None:
    """Log a CALLRESULT at INFO; ``elapsed`` is in seconds since the CALL."""
    if _output:
        _output.add_answer(call, answer, elapsed)
    else:
        logger.info(MessageLine(call.station, TO_STATION, call.action, answer, "result", elapsed))


def log_frame(station: str, direction: Arrow, raw: bytes) -> None:
    """Log a whole frame at DEBUG."""
    if logger.isEnabledFor(logging.DEBUG):
        shown = masked_frame(raw, is_malformed=True).decode(errors="backslashreplace")
        logger.debug("%s  %s frame %s", station, direction, shown)


def flush() -> None:
    """Write all pending log lines. The wait for standard output is limited."""
    if _output:
        _output.wait_written()


def close() -> int:
    """Write all pending log lines like `flush`, and end the log. Return the number of missing lines."""
    if _output is None:
        return 0
    _output.close()
    return _output.missing


def configure(level: str, style: str, color: Color = "never") -> None:
    """Send log lines of at least ``level`` to standard output; ``style`` is "text" or "json"."""
    global _output  # noqa: PLW0603 - a process has one log
    formatter = JsonFormatter() if style == "json" else TextFormatter(color=is_colored(color))
    _output = Output(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[_output], force=True)
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    logger.setLevel(level.upper())
