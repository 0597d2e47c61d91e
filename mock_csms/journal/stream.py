"""What hands the journal on as it grows: to a file of NDJSON, and to those who follow."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import orjson

from mock_csms.journal.store import Entry, Journal, Query, StoredExchange, entries_of, format_milliseconds

MAX_SUBSCRIBER_BYTES: Final = 8 * 2**20
"""Bytes that may wait for somebody who follows; past that he is cut off."""
WRITE_DELAY: Final = 0.05
"""How long an entry may wait for others to be written with it; a kill loses no more."""


class Subscriber:
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
        self.cut_off = self._size > MAX_SUBSCRIBER_BYTES
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


type LineSink = Callable[[bytes], None]
"""Takes whole lines, each an entry."""


class EntryStream:
    """Hands over lines soon, each made once and at once, to a file and to those who follow.

    A line is made while its frame is still at hand: coming back to it later would cost more than making it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._sinks: list[LineSink] = []
        self._waiting: list[bytes] = []

    def add(self, sink: LineSink) -> Callable[[], None]:
        """Hand every entry from now on to a sink, many at a time; the function returned ends that."""
        self.flush()
        self._sinks.append(sink)
        self._journal.tap = self

        def remove() -> None:
            self.flush()
            if sink in self._sinks:
                self._sinks.remove(sink)
            if not self._sinks:
                self._journal.tap = None

        return remove

    def follow(self, tail: Subscriber, query: Query | None = None) -> Callable[[], None]:
        """Hand entries from now on, those that are asked for, to one who follows, as server-sent events."""
        if query is None:
            return self.add(
                lambda lines: tail.put(EVENT + lines[:-1].replace(b"\n", b"\n\n" + EVENT) + b"\n\n")
            )

        def put(entry: Entry) -> None:
            if query.is_about(entry):
                tail.put(EVENT + entry.line() + b"\n\n")

        return self._journal.listen(put)

    def take(self, entry: tuple[Any, ...], raw: bytes | None) -> None:
        """Make the line of an entry."""
        self._write(Entry._make((*entry[:-1], raw)).line() + b"\n")

    def take_exchange(self, number: int, exchange: StoredExchange, message_id: str) -> None:
        """Make the lines of a CALL and its CALLRESULT."""
        self._write(lines_of(number, exchange, message_id))

    def _write(self, lines: bytes) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(WRITE_DELAY, self.flush)
        self._waiting.append(lines)

    def flush(self) -> None:
        """Hand over what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            lines = b"".join(waiting)
            for sink in list(self._sinks):
                sink(lines)


EVENT: Final = b"event: entry\ndata: "


def lines_of(number: int, exchange: StoredExchange, message_id: str) -> bytes:
    """Make the lines of a CALL and of the CALLRESULT that answered it, in the shortest way."""
    where, at, action, elapsed, call, result = exchange
    if b"\n" in call or b"\r" in call:
        return b"".join(b"%b\n" % entry.line() for entry in entries_of(exchange, number))
    place = _place(where.station, where.connection)
    about = b'%b,"messageId":%b' % (_quoted(action), orjson.dumps(message_id))
    received, sent = format_milliseconds(int(at * 1000)), format_milliseconds(int((at + elapsed) * 1000))
    told = (number, received, place, about, call), (number + 1, sent, place, about, number, elapsed, result)
    return LINE_OF_CALL % told[0] + LINE_OF_RESULT % told[1]


LINE_OF_CALL: Final = (
    b'{"number":%d,"time":"%b",%b,"direction":"received","type":"call","action":%b,"frame":%b}\n'
)
LINE_OF_RESULT: Final = (
    b'{"number":%d,"time":"%b",%b,"direction":"sent","type":"result","action":%b,"partner":%d,'
    b'"elapsed":%.6f,"frame":%b}\n'
)


@lru_cache(maxsize=65536)
def _place(station: str, connection: int) -> bytes:
    return b'"station":%b,"connection":%d' % (orjson.dumps(station), connection)


@lru_cache(maxsize=256)
def _quoted(action: str) -> bytes:
    return orjson.dumps(action)
