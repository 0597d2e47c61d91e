"""Journal in memory: the newest entries within limits, and queries over them."""

import re
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import batched, chain, islice
from time import time
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeGuard

import orjson

from mock_csms.journal.globs import matches_glob
from mock_csms.log.guard import Guard
from mock_csms.messages import JsonObject

OVERHEAD: Final = 400
"""Approximate bytes of an entry without its frame."""
OVERHEAD_OF_EXCHANGE: Final = 256
"""Approximate bytes of a CALL and its answer without their frames, stored as one row."""
ROWS_PER_PART: Final = 64
"""Number of rows searched at a time; building their entries takes less than a millisecond."""
MAX_HEAD_BYTES: Final = 2048
"""Upper bound in bytes for an entry without its frame."""

Direction = Literal["received", "sent"]
EntryKind = Literal[
    "call", "result", "error", "malformed", "withheld", "connected", "disconnected", "refused", "note"
]


class Entry(NamedTuple):
    """One frame or one event of a connection. Fields that do not apply have the value None.

    ``time`` is in seconds since the epoch. If the entry is an answer, ``partner`` is the number of its CALL,
    and ``elapsed`` is in seconds since that CALL. ``handshake`` has the facts of an opening handshake, and
    ``raw`` is the frame as received or sent.
    """

    number: int
    time: float
    station: str
    connection: int
    direction: Direction | None
    type: EntryKind
    action: str | None = None
    message_id: str | None = None
    partner: int | None = None
    elapsed: float | None = None
    violation: str | None = None
    rule: str | None = None
    injected: bool = False
    note: str | None = None
    handshake: JsonObject | None = None
    raw: bytes | None = None

    def head(self) -> JsonObject:
        """Return all fields but the frame, under their JSON names."""
        fields = {
            "number": self.number,
            "time": format_seconds(self.time),
            "station": self.station,
            "connection": self.connection,
            "direction": self.direction,
            "type": self.type,
            "action": self.action,
            "messageId": self.message_id,
            "partner": self.partner,
            "elapsed": None if self.elapsed is None else round(self.elapsed, 6),
            "violation": self.violation,
            "rule": self.rule,
            "injected": self.injected or None,
            "note": self.note,
            "handshake": self.handshake,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def json(self) -> bytes:
        """Return the entry as JSON. Unlike in `line`, a valid frame with line breaks is verbatim too."""
        if self.raw is None or self.type == "malformed":
            return self.line()
        return orjson.dumps(self.head())[:-1] + b',"frame":' + self.raw + b"}"

    def line(self) -> bytes:
        """Return the entry as one line of JSON.

        The frame is verbatim in ``frame``; a frame that is malformed or has line breaks is a string in
        ``text``.
        """
        head = orjson.dumps(self.head())
        if self.raw is None:
            return head
        if self.type == "malformed" or b"\n" in self.raw or b"\r" in self.raw:
            return head[:-1] + b',"text":' + orjson.dumps(self.raw.decode(errors="backslashreplace")) + b"}"
        return head[:-1] + b',"frame":' + self.raw + b"}"

    def as_json(self) -> JsonObject:
        """Return the entry as an object; a frame that cannot be parsed as JSON is a string in ``text``."""
        fields = self.head()
        if self.raw is not None:
            try:
                fields["frame"] = orjson.loads(self.raw)
            except orjson.JSONDecodeError:
                fields["text"] = self.raw.decode(errors="backslashreplace")
        return fields


def format_seconds(seconds: float) -> str:
    """Format seconds since the epoch as UTC with milliseconds and Z (RFC 3339)."""
    return format_milliseconds(int(seconds * 1000)).decode()


@lru_cache(maxsize=64)
def format_milliseconds(milliseconds: int) -> bytes:
    """Format milliseconds since the epoch as UTC with milliseconds and Z (RFC 3339)."""
    seconds, remainder = divmod(milliseconds, 1000)
    return b"%b.%03dZ" % (_date(seconds), remainder)


@lru_cache(maxsize=8)
def _date(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


class ConnectionRef(Protocol):
    """The connection that an entry belongs to, and its station."""

    @property
    def station(self) -> str:
        """Identity of the station."""

    @property
    def connection(self) -> int:
        """Number of the connection."""


# Fast path: rows are plain tuples, told apart by their length, because one is created for nearly every
# message. With classes and `isinstance` instead, `note_exchange` takes 7 to 9% longer (583 to 633 ns on
# Python 3.12) if an exchange is a `msgspec.Struct`; a class with `__slots__` or a NamedTuple takes 7 to 8
# times as long to create as a tuple. The bytes per row are nearly the same. An exchange is one row instead
# of two entries, which brought 10% more calls per second (bench/README.md).

type EntryRow = tuple[Any, ...]
"""Fields of an Entry, in their order."""

NUMBER_INDEX: Final = Entry._fields.index("number")
STATION_INDEX: Final = Entry._fields.index("station")
TYPE_INDEX: Final = Entry._fields.index("type")
ACTION_INDEX: Final = Entry._fields.index("action")
RAW_INDEX: Final = Entry._fields.index("raw")

type ExchangeRow = tuple[ConnectionRef, float, str, float, bytes, bytes]
"""A CALL and its immediate CALLRESULT: connection, time, action, elapsed seconds, both frames."""

ELAPSED_INDEX: Final = 3
CALL_INDEX: Final = 4
RESULT_INDEX: Final = 5

type Row = tuple[Any, ...]
"""An EntryRow or an ExchangeRow."""

type NumberedRow = tuple[int, Row]
"""A row and the number of its first entry."""

EXCHANGE_LENGTH: Final = 6
"""Length of an ExchangeRow; an EntryRow is longer."""

RESULT_ID: Final = re.compile(rb'\[3,("(?:[^"\\]|\\.)*")')
"""Matches the message id in a CALLRESULT built by this program."""
EXCHANGE_TYPES: Final = frozenset({"call", "result"})


def is_exchange(row: Row) -> TypeGuard[ExchangeRow]:
    """Return whether a row is an exchange, not a single entry."""
    return len(row) == EXCHANGE_LENGTH


def entries_of(exchange: ExchangeRow, number: int) -> tuple[Entry, Entry]:
    """Return the entries of an exchange: the CALL with this number, and the CALLRESULT."""
    connection, at, action, elapsed, call, result = exchange
    match = RESULT_ID.match(result)
    message_id = orjson.loads(match[1]) if match else None
    source = connection.station, connection.connection
    received = Entry(number, at, *source, "received", "call", action, message_id, raw=call)
    sent = received._replace(
        number=number + 1,
        time=at + elapsed,
        direction="sent",
        type="result",
        partner=number,
        elapsed=elapsed,
        raw=result,
    )
    return received, sent


class RowPlace(NamedTuple):
    """A place between two rows of a journal; it stays valid while rows are added and dropped."""

    rows: int
    """Number of rows stored before this place, including dropped ones."""
    number: int
    """Number of the first entry after this place."""


class EntrySink(Protocol):
    """Receives every entry and its frame when the entry is stored."""

    def take(self, entry: EntryRow, raw: bytes | None) -> None:
        """Receive an entry. ``raw`` is its frame, even if the frame is too long to be stored in ``entry``."""

    def take_exchange(self, number: int, exchange: ExchangeRow, message_id: str) -> None:
        """Receive a CALL with this number, and its CALLRESULT, which has the next number."""


class Journal:
    """The newest entries, at most ``max_entries`` of them and about ``max_bytes`` with their frames.

    Past a limit, the oldest entries are dropped until 1/64 of the limit is free, so that not every new entry
    causes a drop.
    """

    def __init__(self, max_entries: int = 20_000, max_bytes: int = 16 * 2**20) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.size = 0
        """Approximate bytes of all entries."""
        self._max_frame_bytes = _with_headroom(max_bytes) - MAX_HEAD_BYTES
        self._max_exchange_bytes = self._max_frame_bytes - MAX_HEAD_BYTES
        self._rows: deque[Row] = deque()
        self._last_number = 0
        self._last_dropped = 0
        """Number of the newest entry that was dropped."""
        self._dropped_rows = 0
        self._listeners: list[Callable[[Entry], None]] = []
        self.guard = Guard()
        """Logs exceptions of listeners."""
        self.sink: EntrySink | None = None

    def note(  # noqa: PLR0913, PLR0917 - the fields of an Entry
        self,
        station: str,
        connection: int,
        direction: Direction | None,
        kind: EntryKind,
        action: str | None = None,
        message_id: str | None = None,
        partner: int | None = None,
        elapsed: float | None = None,
        violation: str | None = None,
        rule: str | None = None,
        injected: bool = False,
        note: str | None = None,
        raw: bytes | None = None,
        handshake: JsonObject | None = None,
    ) -> int:
        """Store an entry, drop the oldest if there are too many, and return its number."""
        self._last_number = number = self._last_number + 1
        origin = number, time(), station, connection, direction, kind, action, message_id
        details = partner, elapsed, violation, rule, injected, note, handshake
        stored_raw = raw if raw is None or len(raw) <= self._max_frame_bytes else None
        row = (*origin, *details, stored_raw)
        self._rows.append(row)
        self.size += OVERHEAD + len(stored_raw or b"")
        self._drop_oldest()
        if self.sink is not None:
            self.sink.take(row, raw)
        if self._listeners:
            self._call_listeners(Entry._make((*origin, *details, raw)))
        return number

    def note_exchange(  # noqa: PLR0913, PLR0917 - called for every message
        self,
        connection: ConnectionRef,
        at: float,
        message_id: str,
        action: str,
        elapsed: float,
        raw: bytes,
        result: bytes,
    ) -> int:
        """Store a CALL and its immediate CALLRESULT. Return the number of the CALL."""
        size = len(raw) + len(result) + OVERHEAD_OF_EXCHANGE
        if size > self._max_exchange_bytes:
            return self._note_long_exchange(connection, message_id, action, elapsed, raw, result)
        number = self._last_number + 1
        self._last_number = number + 1
        exchange = connection, at, action, elapsed, raw, result
        self._rows.append(exchange)
        self.size = size = self.size + size
        if size > self.max_bytes or number - self._last_dropped >= self.max_entries:
            self._drop_oldest()
        if self.sink is not None:
            self.sink.take_exchange(number, exchange, message_id)
        if self._listeners:
            for entry in entries_of(exchange, number):
                self._call_listeners(entry)
        return number

    def _note_long_exchange(  # noqa: PLR0913, PLR0917 - as above
        self,
        connection: ConnectionRef,
        message_id: str,
        action: str,
        elapsed: float,
        raw: bytes,
        result: bytes,
    ) -> int:
        source = connection.station, connection.connection
        number = self.note(*source, "received", "call", action, message_id, raw=raw)
        self.note(*source, "sent", "result", action, message_id, number, elapsed, raw=result)
        return number

    def _call_listeners(self, entry: Entry) -> None:
        for listener in list(self._listeners):
            with self.guard.guarding(entry.station, "a listener of the journal"):
                listener(entry)

    def _drop_oldest(self) -> None:
        size, last_dropped = self.size, self._last_dropped
        if size <= self.max_bytes and self._last_number - last_dropped <= self.max_entries:
            return
        max_size = _with_headroom(self.max_bytes)
        min_last_dropped = self._last_number - _with_headroom(self.max_entries)
        rows_before = len(self._rows)
        while size > max_size or last_dropped < min_last_dropped:
            row = self._rows.popleft()
            if len(row) == EXCHANGE_LENGTH:  # is_exchange inlined: a function call per message is measurable
                last_dropped += 2
                size -= OVERHEAD_OF_EXCHANGE + len(row[CALL_INDEX]) + len(row[RESULT_INDEX])
            else:
                last_dropped += 1
                size -= OVERHEAD + len(row[RAW_INDEX] or b"")
        self.size, self._last_dropped = size, last_dropped
        self._dropped_rows += rows_before - len(self._rows)

    def __len__(self) -> int:
        return self._last_number - self._last_dropped

    def __iter__(self) -> Iterator[Entry]:
        return reversed(list(reversed(self)))

    def __reversed__(self) -> Iterator[Entry]:
        return chain.from_iterable(self.newest_first(Query()))

    def newest_first(self, query: "Query") -> Iterator[Sequence[Entry]]:
        """Yield the entries that match a query, in one sequence per part of the journal. The limit of the
        query is ignored.

        A sequence may be empty. The parts are small, so that the caller can do other work in between.
        """
        number = self._last_number + 1
        for rows in batched(reversed(list(self._rows)), ROWS_PER_PART):
            matching: list[Entry] = []
            for row in rows:
                number -= 2 if is_exchange(row) else 1
                matching += reversed(query.entries_in(row, number))
            yield matching
            if query.since is not None and number <= query.since:
                return

    def oldest_first(self, query: "Query") -> Iterator[Sequence[Entry]]:
        """Yield the entries that match a query, as `newest_first` does, but in the order of their numbers.

        Entries that are recorded while the caller iterates are left out.
        """
        number = self._last_dropped + 1
        for rows in batched(list(self._rows), ROWS_PER_PART):
            matching: list[Entry] = []
            for row in rows:
                matching += query.entries_in(row, number)
                number += 2 if is_exchange(row) else 1
            yield matching

    @property
    def start(self) -> RowPlace:
        """The place before the oldest entry that is still stored."""
        return RowPlace(self._dropped_rows, self._last_dropped + 1)

    def rows_after(self, place: RowPlace) -> tuple[list[NumberedRow], RowPlace]:
        """Return the next rows after a place, at most `ROWS_PER_PART`, and the place after them.

        If the place is before `start`, the rows begin at `start`.
        """
        place = max(place, self.start)
        first = place.rows - self._dropped_rows
        number, rows = place.number, []
        for index in range(first, min(first + ROWS_PER_PART, len(self._rows))):
            row = self._rows[index]
            rows.append((number, row))
            number += 2 if is_exchange(row) else 1
        return rows, RowPlace(place.rows + len(rows), number)

    def newest_answer_times(self, since: int) -> list[float]:
        """Seconds between CALL and CALLRESULT of each exchange after the entry ``since``, among the newest
        `ROWS_PER_PART` rows.
        """
        number, times = self._last_number, list[float]()
        for row in islice(reversed(self._rows), ROWS_PER_PART):
            if number <= since:
                break
            if is_exchange(row):
                times.append(row[ELAPSED_INDEX])
            number -= 2 if is_exchange(row) else 1
        return times

    @property
    def last_number(self) -> int:
        """Number of the newest entry, also after `clear`."""
        return self._last_number

    def clear(self) -> None:
        """Drop all entries; numbering continues."""
        self._dropped_rows += len(self._rows)
        self._rows.clear()
        self._last_dropped, self.size = self._last_number, 0

    def listen(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Call ``listener`` with every new entry, until the returned function is called."""
        self._listeners.append(listener)

        def remove() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return remove

    def query(self, query: "Query") -> list[Entry]:
        """Return the newest entries that match a query, oldest first."""
        entries = chain.from_iterable(self.newest_first(query))
        return list(islice(entries, query.limit))[::-1]


def _with_headroom(limit: int) -> int:
    return limit - limit // 64


class Query(NamedTuple):
    """Filter for entries; None matches everything.

    ``since`` and ``before`` are entry numbers: only entries between them match, without these two. ``limit``
    is the maximum number of entries; the newest are returned.
    """

    station: str | None = None
    action: str | None = None
    direction: Direction | None = None
    type: EntryKind | None = None
    since: int | None = None
    limit: int = 100
    before: int | None = None

    def is_about_station(self, station: str) -> bool:
        """Return whether the filter for stations matches a station."""
        return self.station is None or matches_glob(station, self.station)

    def may_match(self, row: Row) -> bool:
        """Return whether a row may contain a matching entry. Called before the entries of the row are
        made.
        """
        types: Container[str] = EXCHANGE_TYPES
        if is_exchange(row):
            connection, _, action, _, _, _ = row
            station = connection.station
        else:
            station, action, types = row[STATION_INDEX], row[ACTION_INDEX], (row[TYPE_INDEX],)
        return (
            (self.action is None or action == self.action)
            and (self.type is None or self.type in types)
            and (self.station is None or matches_glob(station, self.station))
        )

    def entries_in(self, row: Row, number: int) -> Sequence[Entry]:
        """Return the matching entries of a row whose first entry has this number."""
        is_too_old = self.since is not None and number + 1 <= self.since
        is_too_new = self.before is not None and number >= self.before
        if is_too_old or is_too_new or not self.may_match(row):
            return ()
        entries = entries_of(row, number) if is_exchange(row) else (Entry._make(row),)
        return [entry for entry in entries if self.is_about(entry)]

    def is_about(self, entry: Entry) -> bool:
        """Return whether an entry matches, ignoring the limit."""
        return (
            self.is_about_station(entry.station)
            and (self.action is None or entry.action == self.action)
            and (self.direction is None or entry.direction == self.direction)
            and (self.type is None or entry.type == self.type)
            and (self.since is None or entry.number > self.since)
            and (self.before is None or entry.number < self.before)
        )
