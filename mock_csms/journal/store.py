"""Every frame, kept within a bound and queried."""

import re
from collections import deque
from collections.abc import Callable, Container, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice
from time import time
from typing import Any, Final, Literal, NamedTuple, Protocol

import orjson

from mock_csms.log.guard import Guard
from mock_csms.messages import JsonObject

OVERHEAD: Final = 400
"""Bytes that an entry takes beside its frame, about."""
OVERHEAD_OF_EXCHANGE: Final = 256
"""Bytes that a CALL and its answer take beside their frames, kept as one."""
LONGEST_HEAD: Final = 2048
"""Bytes that an entry takes beside its frame, at most."""

Direction = Literal["received", "sent"]
EntryKind = Literal[
    "call", "result", "error", "malformed", "withheld", "connected", "disconnected", "refused"
]


class Entry(NamedTuple):
    """One frame, or one thing that became of a connection; what does not apply is None.

    ``time`` is in seconds since the epoch, ``elapsed`` in seconds since the CALL that this answers, whose
    number is ``partner``. ``raw`` is the frame as it came or went.
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
    raw: bytes | None = None

    def head(self) -> JsonObject:
        """All but the frame, by its names in JSON."""
        said = {
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
        }
        return {name: value for name, value in said.items() if value is not None}

    def line(self) -> bytes:
        """One object of JSON: a frame that is JSON stands in ``frame`` as it was, any other in ``text``."""
        head = orjson.dumps(self.head())
        if self.raw is None:
            return head
        if self.type == "malformed" or b"\n" in self.raw or b"\r" in self.raw:
            return head[:-1] + b',"text":' + orjson.dumps(self.raw.decode(errors="backslashreplace")) + b"}"
        return head[:-1] + b',"frame":' + self.raw + b"}"

    def as_json(self) -> JsonObject:
        """The same as an object; a frame nested too deeply to be read stands in ``text``."""
        said = self.head()
        if self.raw is not None:
            try:
                said["frame"] = orjson.loads(self.raw)
            except orjson.JSONDecodeError:
                said["text"] = self.raw.decode(errors="backslashreplace")
        return said


def format_seconds(seconds: float) -> str:
    """Write seconds since the epoch in UTC with milliseconds and Z (RFC 3339)."""
    return format_milliseconds(int(seconds * 1000)).decode()


@lru_cache(maxsize=64)
def format_milliseconds(milliseconds: int) -> bytes:
    """Write milliseconds since the epoch in the same way."""
    whole, rest = divmod(milliseconds, 1000)
    return b"%b.%03dZ" % (_date(whole), rest)


@lru_cache(maxsize=8)
def _date(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


class ConnectionRef(Protocol):
    """A connection of a station."""

    @property
    def station(self) -> str:
        """The station's identity."""

    @property
    def connection(self) -> int:
        """The number of the connection."""


type StoredExchange = tuple[ConnectionRef, float, str, float, bytes, bytes]
"""A CALL and the CALLRESULT that answered it at once, kept as one.

The time, the action, the seconds that the answer took, and both frames.
"""

type Kept = tuple[Any, ...]
"""The fields of an Entry, or an StoredExchange."""

RESULT_ID: Final = re.compile(rb'\[3,("(?:[^"\\]|\\.)*")')
"""Finds the message id in a CALLRESULT of ours."""
SIZE_OF_EXCHANGE: Final = 6
TYPES_OF_EXCHANGE: Final = frozenset({"call", "result"})


def entries_of(exchange: StoredExchange, number: int) -> tuple[Entry, Entry]:
    """Make of an exchange the CALL, which has this number, and the CALLRESULT."""
    where, at, action, elapsed, call, result = exchange
    found = RESULT_ID.match(result)
    message_id = orjson.loads(found[1]) if found else None
    place = where.station, where.connection
    received = Entry(number, at, *place, "received", "call", action, message_id, raw=call)
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


class EntrySink(Protocol):
    """Is told of every entry as it is kept, and its frame."""

    def take(self, entry: tuple[Any, ...], raw: bytes | None) -> None:
        """Take the fields of an Entry, the last of which is None if the frame is too long to be kept."""

    def take_exchange(self, number: int, exchange: StoredExchange, message_id: str) -> None:
        """Take a CALL with this number and the CALLRESULT that follows it."""


class Journal:
    """The last entries, at most ``max_entries`` and about ``max_bytes`` of them with their frames.

    When there are too many, the oldest go, a few more of them than have to, so that they need not each time.
    """

    def __init__(self, max_entries: int = 20_000, max_bytes: int = 16 * 2**20) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.size = 0
        """Bytes that the entries take, about."""
        self._longest = _all_but_a_few(max_bytes) - LONGEST_HEAD
        self._longest_exchange = self._longest - LONGEST_HEAD
        self._kept: deque[Kept] = deque()
        self._number = 0
        self._forgotten = 0
        """The number of the newest entry that is not kept any more."""
        self._listeners: list[Callable[[Entry], None]] = []
        self.guard = Guard()
        """Logs failures of listeners."""
        self.tap: EntrySink | None = None

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
    ) -> int:
        """Take an entry in, forget the oldest for it, and return its number."""
        self._number = number = self._number + 1
        said = number, time(), station, connection, direction, kind, action, message_id
        more = partner, elapsed, violation, rule, injected, note
        kept = raw if raw is None or len(raw) <= self._longest else None
        entry = (*said, *more, kept)
        self._kept.append(entry)
        self.size += OVERHEAD + len(kept or b"")
        self._make_room()
        if self.tap is not None:
            self.tap.take(entry, raw)
        if self._listeners:
            self._tell(Entry._make((*said, *more, raw)))
        return number

    def note_exchange(  # noqa: PLR0913, PLR0917 - this is on the way of every message
        self,
        where: ConnectionRef,
        at: float,
        message_id: str,
        action: str,
        elapsed: float,
        raw: bytes,
        result: bytes,
    ) -> int:
        """Take in a CALL and the CALLRESULT that answered it at once, and return the number of the CALL."""
        size = len(raw) + len(result) + OVERHEAD_OF_EXCHANGE
        if size > self._longest_exchange:
            return self._note_long_exchange(where, message_id, action, elapsed, raw, result)
        number = self._number + 1
        self._number = number + 1
        exchange = where, at, action, elapsed, raw, result
        self._kept.append(exchange)
        self.size = size = self.size + size
        if size > self.max_bytes or number - self._forgotten >= self.max_entries:
            self._make_room()
        if self.tap is not None:
            self.tap.take_exchange(number, exchange, message_id)
        if self._listeners:
            for entry in entries_of(exchange, number):
                self._tell(entry)
        return number

    def _note_long_exchange(  # noqa: PLR0913, PLR0917 - as above
        self, where: ConnectionRef, message_id: str, action: str, elapsed: float, raw: bytes, result: bytes
    ) -> int:
        place = where.station, where.connection
        number = self.note(*place, "received", "call", action, message_id, raw=raw)
        self.note(*place, "sent", "result", action, message_id, number, elapsed, raw=result)
        return number

    def _tell(self, entry: Entry) -> None:
        for listen in list(self._listeners):
            with self.guard.guarding(entry.station, "a listener of the journal"):
                listen(entry)

    def _make_room(self) -> None:
        size, forgotten = self.size, self._forgotten
        if size <= self.max_bytes and self._number - forgotten <= self.max_entries:
            return
        most, first = _all_but_a_few(self.max_bytes), self._number - _all_but_a_few(self.max_entries)
        while size > most or forgotten < first:
            gone = self._kept.popleft()
            if len(gone) == SIZE_OF_EXCHANGE:
                forgotten += 2
                size -= OVERHEAD_OF_EXCHANGE + len(gone[4]) + len(gone[5])
            else:
                forgotten += 1
                size -= OVERHEAD + len(gone[-1] or b"")
        self.size, self._forgotten = size, forgotten

    def __len__(self) -> int:
        return self._number - self._forgotten

    def __iter__(self) -> Iterator[Entry]:
        return reversed(list(reversed(self)))

    def __reversed__(self) -> Iterator[Entry]:
        return self._newest_first(Query())

    def _newest_first(self, query: "Query") -> Iterator[Entry]:
        """Find the entries that a query is about, but for its limit."""
        number = self._number + 1
        for kept in reversed(list(self._kept)):
            number -= 2 if len(kept) == SIZE_OF_EXCHANGE else 1
            if query.since is not None and number + 1 < query.since:
                return
            if query.may_be_about(kept):
                entries = entries_of(kept, number) if len(kept) == SIZE_OF_EXCHANGE else (Entry._make(kept),)
                yield from filter(query.is_about, reversed(entries))

    @property
    def last_number(self) -> int:
        """The number of the newest entry there ever was."""
        return self._number

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self._kept.clear()
        self._forgotten, self.size = self._number, 0

    def listen(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Have a function called with every entry from now on; the function returned ends that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def query(self, query: "Query") -> list[Entry]:
        """The newest entries that a query is about, the oldest of them first."""
        return list(islice(self._newest_first(query), query.limit))[::-1]


def _all_but_a_few(most: int) -> int:
    return most - most // 64


@lru_cache(maxsize=65536)
def _is_like(station: str, glob: str) -> bool:
    return fnmatchcase(station, glob)


class Query(NamedTuple):
    """Which entries are asked for; None does not matter. ``since`` is a number: only what came after it."""

    station: str | None = None
    action: str | None = None
    direction: Direction | None = None
    type: EntryKind | None = None
    since: int | None = None
    limit: int = 100

    def is_about_station(self, station: str) -> bool:
        """Tell whether a station is asked for."""
        return self.station is None or _is_like(station, self.station)

    def may_be_about(self, kept: Kept) -> bool:
        """Tell whether it pays to take a closer look: most of what is not asked for is passed over here."""
        types: Container[str] = TYPES_OF_EXCHANGE
        if len(kept) == SIZE_OF_EXCHANGE:
            where, _, action, *_ = kept
            station = where.station
        else:
            station, action, types = kept[2], kept[6], (kept[5],)
        return (
            (self.action is None or action == self.action)
            and (self.type is None or self.type in types)
            and (self.station is None or _is_like(station, self.station))
        )

    def is_about(self, entry: Entry) -> bool:
        """Tell whether an entry is asked for, but for the limit."""
        return (
            self.is_about_station(entry.station)
            and (self.action is None or entry.action == self.action)
            and (self.direction is None or entry.direction == self.direction)
            and (self.type is None or entry.type == self.type)
            and (self.since is None or entry.number > self.since)
        )
