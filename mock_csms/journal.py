"""Every frame, kept within a bound, queried, followed and written as NDJSON."""

import asyncio
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from time import time
from typing import Any, Final, Literal, NamedTuple

import orjson

from mock_csms.frames import JsonObject
from mock_csms.log import logger
from mock_csms.payloads import timestamp

OVERHEAD: Final = 400
"""Bytes that an entry takes beside its frame, about."""
LONGEST_HEAD: Final = 2048
"""Bytes that an entry takes beside its frame, at most."""
SECONDS_TO_WRITE: Final = 0.05
"""How long an entry may wait for others to be written with it; a kill loses no more."""
LONGEST_TAIL: Final = 8 * 2**20
"""Bytes that may wait for somebody who follows; past that he is cut off."""

Direction = Literal["received", "sent"]
Kind = Literal["call", "result", "error", "malformed", "withheld", "connected", "disconnected", "refused"]


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
    type: Kind
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
            "time": moment(self.time),
            "station": self.station,
            "connection": self.connection,
            "direction": self.direction,
            "type": self.type,
            "action": self.action,
            "messageId": self.message_id,
            "partner": self.partner,
            "elapsed": self.elapsed,
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


_second = 0
_date = ""


def moment(seconds: float) -> str:
    """Write seconds since the epoch in UTC with milliseconds and Z (RFC 3339)."""
    global _second, _date
    whole = int(seconds)
    if whole != _second:
        _second, _date = whole, datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{_date}.{int((seconds - whole) * 1000):03}Z"


class Journal:
    """The last entries, at most ``max_entries`` and about ``max_bytes`` of them with their frames."""

    def __init__(self, max_entries: int = 20_000, max_bytes: int = 16 * 2**20) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.size = 0
        """Bytes that the entries take, about."""
        self._entries: deque[tuple[Any, ...]] = deque()
        self._number = 0
        self._listeners: list[Callable[[Entry], None]] = []
        self.tap: Callable[[tuple[Any, ...], bytes | None], None] | None = None
        """Is called with every entry as it is kept, and its frame."""

    def note(  # noqa: PLR0913, PLR0917 - the fields of an Entry: this is on the way of every message
        self,
        station: str,
        connection: int,
        direction: Direction | None,
        kind: Kind,
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
        kept = raw if raw is None or len(raw) <= self.max_bytes - LONGEST_HEAD else None
        entry = (
            number,
            time(),
            station,
            connection,
            direction,
            kind,
            action,
            message_id,
            partner,
            elapsed,
            violation,
            rule,
            injected,
            note,
            kept,
        )
        entries = self._entries
        entries.append(entry)
        self.size += OVERHEAD + (len(kept) if kept else 0)
        while self.size > self.max_bytes or len(entries) > self.max_entries:
            self._forget_oldest()
        if self.tap is not None:
            self.tap(entry, raw)
        if self._listeners:
            made = Entry._make((*entry[:-1], raw))
            for listen in self._listeners:
                listen(made)
        return number

    def _forget_oldest(self) -> None:
        gone = self._entries.popleft()[-1]
        self.size -= OVERHEAD + (len(gone) if gone else 0)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return map(Entry._make, list(self._entries))

    def __reversed__(self) -> Iterator[Entry]:
        return map(Entry._make, reversed(list(self._entries)))

    @property
    def last_number(self) -> int:
        """The number of the newest entry there ever was."""
        return self._number

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self._entries.clear()
        self.size = 0

    def listen(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Have a function called with every entry from now on; the function returned ends that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def query(self, query: "Query") -> list[Entry]:
        """The newest entries that a query is about, the oldest of them first."""
        found: list[Entry] = []
        for entry in reversed(self):
            if query.since is not None and entry.number <= query.since:
                break
            if query.is_about(entry):
                found.append(entry)
                if len(found) >= query.limit:
                    break
        return found[::-1]


class Query(NamedTuple):
    """Which entries are asked for; None does not matter. ``since`` is a number: only what came after it."""

    station: str | None = None
    action: str | None = None
    direction: Direction | None = None
    type: Kind | None = None
    since: int | None = None
    limit: int = 100

    def is_about_station(self, station: str) -> bool:
        """Tell whether a station is asked for."""
        return self.station is None or fnmatchcase(station, self.station)

    def is_about(self, entry: Entry) -> bool:
        """Tell whether an entry is asked for, but for the limit."""
        return (
            self.is_about_station(entry.station)
            and (self.action is None or entry.action == self.action)
            and (self.direction is None or entry.direction == self.direction)
            and (self.type is None or entry.type == self.type)
            and (self.since is None or entry.number > self.since)
        )


# To a file, and to those who follow


class Tail:
    """What waits for one who follows; it is cut off if he is too slow."""

    def __init__(self) -> None:
        self.cut_off = False
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._ready = asyncio.Event()

    def put(self, chunk: bytes) -> None:
        """Let some more wait."""
        if self.cut_off:
            return
        self._waiting.append(chunk)
        self._size += len(chunk)
        self.cut_off = self._size > LONGEST_TAIL
        if self.cut_off:
            self._waiting.clear()
        self._ready.set()

    async def get(self) -> bytes | None:
        """Wait for more and take it all; None once it is cut off."""
        await self._ready.wait()
        self._ready.clear()
        if self.cut_off:
            return None
        chunk, self._size = b"".join(self._waiting), 0
        self._waiting.clear()
        return chunk


type Sink = Callable[[bytes], None]
"""Takes whole lines, each an entry."""


class Feed:
    """Hands over lines soon, each made once and at once, to a file and to those who follow.

    A line is made while its frame is still at hand: coming back to it later would cost more than making it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._sinks: list[Sink] = []
        self._waiting = bytearray()

    def add(self, sink: Sink) -> Callable[[], None]:
        """Hand every entry from now on to a sink, many at a time; the function returned ends that."""
        self.flush()
        self._sinks.append(sink)
        self._journal.tap = self._take

        def remove() -> None:
            self.flush()
            if sink in self._sinks:
                self._sinks.remove(sink)
            if not self._sinks:
                self._journal.tap = None

        return remove

    def follow(self, tail: Tail, query: "Query | None" = None) -> Callable[[], None]:
        """Hand entries from now on, those that are asked for, to one who follows, as server-sent events."""
        if query is None:
            return self.add(
                lambda lines: tail.put(EVENT + lines[:-1].replace(b"\n", b"\n\n" + EVENT) + b"\n\n")
            )

        def put(entry: Entry) -> None:
            if query.is_about(entry):
                tail.put(EVENT + entry.line() + b"\n\n")

        return self._journal.listen(put)

    def _take(self, entry: tuple[Any, ...], raw: bytes | None) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(SECONDS_TO_WRITE, self.flush)
        self._waiting += line_of(entry, raw)
        self._waiting += b"\n"

    def flush(self) -> None:
        """Hand over what waits."""
        waiting, self._waiting = bytes(self._waiting), bytearray()
        if waiting:
            for sink in list(self._sinks):
                sink(waiting)


EVENT: Final = b"event: entry\ndata: "


def line_of(entry: tuple[Any, ...], raw: bytes | None) -> bytes:
    """Make the line of an entry with this frame; that of a plain message in the shortest way."""
    (
        number,
        seconds,
        station,
        connection,
        direction,
        kind,
        action,
        message_id,
        partner,
        elapsed,
        violation,
        rule,
        _,
        note,
        *_,
    ) = entry
    is_plain = message_id is not None and action is not None and kind != "malformed"
    if raw is None or not is_plain or violation or rule or note or b"\n" in raw or b"\r" in raw:
        return Entry._make((*entry[:14], raw)).line()
    answers = "" if partner is None or elapsed is None else f',"partner":{partner},"elapsed":{elapsed:.6f}'
    head = (
        f'{{"number":{number},"time":"{moment(seconds)}","station":{_quoted(station)},"connection":{connection},'
        f'"direction":"{direction}","type":"{kind}","action":{_quoted(action)},'
        f'"messageId":{orjson.dumps(message_id).decode()}{answers},"frame":'
    )
    return b"%b%b}" % (head.encode(), raw)


@lru_cache(maxsize=65536)
def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


class JournalFile:
    """A file of lines; past ``max_bytes`` it is put aside as ``.1``, ``.2``, ... and begun anew.

    Raises OSError if it cannot be written at the start; later the log says so once.
    """

    def __init__(self, path: Path, max_bytes: int | None = None) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._failed = False
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, data: bytes) -> None:
        """Append lines, in one piece."""
        try:
            if self._max_bytes and self._size and self._size + len(data) > self._max_bytes:
                self._rotate()
            self._file.write(data)
            self._size += len(data)
        except OSError as error:
            if not self._failed:
                logger.error("the journal %s cannot be written: %s", self._path, error.strerror)
            self._failed = True

    def _rotate(self) -> None:
        self._file.close()
        number = 1
        while self._path.with_name(f"{self._path.name}.{number}").exists():
            number += 1
        self._path.replace(self._path.with_name(f"{self._path.name}.{number}"))
        self._file = self._path.open("ab", buffering=0)
        self._size = 0

    def close(self) -> None:
        """Have the system write what it still holds, and close."""
        if not self._file.closed:
            with suppress(OSError):  # a device has nothing to keep
                os.fsync(self._file.fileno())
            self._file.close()


# What nobody should read

SECRET_VARIABLES: Final = frozenset({"basicauthpassword"})
SECRET_FIELDS: Final = frozenset({"apnPassword", "password", "simPin"})
MASK: Final = "***"
USER_IN_URL: Final = re.compile(r"(\w+://)[^/\s]+@")


def masked(value: Any) -> Any:
    """Put stars where a payload of ours has a password: in variables, network profiles and URLs."""
    if isinstance(value, dict):
        variable = value.get("variable")
        if isinstance(variable, dict) and str(variable.get("name")).lower() in SECRET_VARIABLES:
            value = {**value, "attributeValue": MASK}
        return {
            name: MASK if name in SECRET_FIELDS or name == "key" else masked(it) for name, it in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return USER_IN_URL.sub(rf"\1{MASK}@", value) if isinstance(value, str) and "://" in value else value


HAVE_SECRETS: Final = frozenset(
    {"SetVariables", "SetNetworkProfile", "GetLog", "UpdateFirmware", "PublishFirmware", "DataTransfer"}
)
"""The commands that may carry a password."""


def utc_now() -> str:
    """The time in UTC with milliseconds and Z (RFC 3339)."""
    return timestamp(datetime.now(UTC))
