"""Open requests of the control API that wait for journal entries."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self

from mock_csms.control.conditions import EntryCondition, EntryKey, common_query
from mock_csms.control.responses import in_slices
from mock_csms.control.slices import next_slice
from mock_csms.journal.store import OVERHEAD, Entry, Journal
from mock_csms.messages import JsonObject
from mock_csms.schema.budget import Budget, OutOfBudget

MAX_WAITS: Final = 1000
"""Maximum number of waits that are open at the same time."""
MAX_QUEUE_BYTES: Final = 16 * 2**20
"""Maximum bytes of the entries queued for comparison with the waits; further entries are never compared."""


class Tally:
    """Entries that count for a wait: at most ``times`` matching entries, and an unwanted entry, if any."""

    def __init__(self, times: int) -> None:
        self._times = times
        self.matching: list[Entry] = []
        self.unwanted: tuple[Entry, EntryCondition] | None = None
        """The unwanted entry, and the condition that it meets."""

    @property
    def is_complete(self) -> bool:
        """Whether the wait is over: ``times`` matching entries or an unwanted entry have been added."""
        return self.unwanted is not None or len(self.matching) == self._times

    def add(self, entry: Entry, unwanted_by: EntryCondition | None = None) -> None:
        """Add a matching entry, or an unwanted entry with the condition that it meets.

        Do nothing if the wait is over.
        """
        if self.is_complete:
            return
        if unwanted_by is None:
            self.matching.append(entry)
        else:
            self.unwanted = entry, unwanted_by

    def add_all(self, later: Self) -> None:
        """Add the entries of ``later``, which were recorded after all entries of this tally."""
        for entry in later.matching:
            self.add(entry)
        if later.unwanted is not None:
            self.add(*later.unwanted)


class PendingWait:
    """One wait: its conditions, and the entries that count for it so far."""

    def __init__(
        self,
        wanted: Sequence[EntryCondition],
        unless: Sequence[EntryCondition] = (),
        *,
        times: int = 1,
        skip: frozenset[int] = frozenset(),
    ) -> None:
        self.wanted = wanted
        self._unless = unless
        self._skip = skip
        self.keys: frozenset[EntryKey] = frozenset(
            key for condition in (*wanted, *unless) for key in condition.keys
        )
        """Keys of the entries that may meet one of the conditions."""
        self.tally = Tally(times)
        self.done = asyncio.Event()
        self._later: Tally | None = Tally(times)
        """Entries that were recorded during `search_past` and count for the wait; None after the search."""
        self.last_offered = 0
        """Number of the newest entry that has been offered; entries up to this number are ignored."""
        self.not_compared = 0
        """Number of entries not fully compared: the queue was full, or the comparison took too many steps."""

    @property
    def has_searched(self) -> bool:
        """Whether the search of past entries is complete."""
        return self._later is None

    def offer(self, entry: Entry, content: JsonObject, budget: Budget) -> None:
        """Compare a new entry with the conditions, unless it was offered before; add it if it meets one.

        ``content`` is the entry as JSON.
        """
        if entry.number <= self.last_offered:
            return
        self.last_offered = entry.number
        if self._later is not None:
            self._compare(self._later, entry, content, budget)
        else:
            self._compare(self.tally, entry, content, budget)
            self._end_if_complete()

    async def offer_all(self, entries: Iterable[Entry]) -> None:
        """Offer new entries in order until the wait is complete."""
        async for entry in in_slices(entries):
            if self.tally.is_complete:
                return
            self.offer(entry, entry.as_json(), Budget())

    def _compare(self, tally: Tally, entry: Entry, content: JsonObject, budget: Budget) -> None:
        if tally.is_complete or entry.number in self._skip:
            return
        try:
            if any(condition.holds(entry, content, budget) for condition in self.wanted):
                tally.add(entry)
                return
            for condition in self._unless:
                if condition.holds(entry, content, budget):
                    tally.add(entry, condition)
                    return
        except OutOfBudget:
            self.not_compared += 1

    async def search_past(self, journal: Journal) -> None:
        """Add the stored entries that meet a condition, then those that were recorded during this search."""
        query = common_query([*self.wanted, *self._unless])
        if journal.last_number > (query.since or 0):
            await self._search(journal.oldest_first(query))
        later, self._later = self._later, None
        if later is not None:
            self.tally.add_all(later)
        self._end_if_complete()

    async def _search(self, parts: Iterable[Sequence[Entry]]) -> None:
        async for entries in in_slices(parts):
            async for entry in in_slices(entries):
                self._compare(self.tally, entry, entry.as_json(), Budget())
                if self.tally.is_complete:
                    return

    def _end_if_complete(self) -> None:
        if self.tally.is_complete:
            self.done.set()


class Waits:
    """The open waits for entries of a journal.

    New entries are queued, and compared with the waits in slices, so that no number of waits delays a
    station. The plain way would be to compare an entry when it is recorded. If 1,000 waits were for messages
    of one station, each answer to this station would then take 30 ms longer.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_key: dict[EntryKey, list[PendingWait]] = {}
        self._number = 0
        self._stop_listening: Callable[[], None] = lambda: None
        self._queue: deque[Entry] = deque()
        """Entries to compare; the first one is being compared."""
        self._queue_bytes = 0
        self._comparing: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return self._number

    @contextmanager
    def waiting(self, wait: PendingWait) -> Iterator[None]:
        """Offer each new journal entry to ``wait`` inside the ``with`` block."""
        if not self._number:
            self._stop_listening = self._journal.listen(self._add)
        self._number += 1
        wait.last_offered = self._journal.last_number
        for key in wait.keys:
            self._by_key.setdefault(key, []).append(wait)
        try:
            yield
        finally:
            self._remove(wait)

    def _remove(self, wait: PendingWait) -> None:
        for key in wait.keys:
            self._by_key[key].remove(wait)
            if not self._by_key[key]:
                del self._by_key[key]
        self._number -= 1
        if not self._number:
            self._stop()

    def _stop(self) -> None:
        self._stop_listening()
        self._queue.clear()
        self._queue_bytes = 0
        if self._comparing is not None:
            self._comparing.cancel()
            self._comparing = None

    def not_offered_to(self, wait: PendingWait) -> list[Entry]:
        """Return the queued entries that may meet a condition of ``wait`` and have not been offered to it."""
        return [
            entry
            for entry in self._queue
            if entry.number > wait.last_offered and not wait.keys.isdisjoint(_keys_of(entry))
        ]

    def _add(self, entry: Entry) -> None:
        """Queue a new entry if a wait is for its station and action; count it as not compared if the queue is
        full.
        """
        if not any(key in self._by_key for key in _keys_of(entry)):
            return
        size = _size_of(entry)
        if self._queue_bytes + size > MAX_QUEUE_BYTES:
            for wait in self._waits_for(entry):
                wait.not_compared += 1
            return
        self._queue.append(entry)
        self._queue_bytes += size
        if self._comparing is None:
            self._comparing = asyncio.create_task(self._compare_all())

    async def _compare_all(self) -> None:
        await next_slice()
        async for _ in in_slices(self._comparisons()):
            pass
        self._comparing = None

    def _comparisons(self) -> Iterator[None]:
        """Compare the queued entries in order. Yields after each comparison with a wait."""
        while self._queue:
            entry = self._queue[0]
            with self._journal.guard.guarding(entry.station, "comparing an entry with the open waits"):
                yield from self._offers_of(entry)
            self._queue_bytes -= _size_of(self._queue.popleft())

    def _offers_of(self, entry: Entry) -> Iterator[None]:
        """Offer an entry to the waits for its station and action. Its frame is parsed once for all waits.

        All waits share one budget of steps, so that costly conditions do not delay the next entry.
        """
        content, budget = entry.as_json(), Budget()
        for wait in self._waits_for(entry):
            wait.offer(entry, content, budget)
            yield

    def _waits_for(self, entry: Entry) -> Iterable[PendingWait]:
        return dict.fromkeys(wait for key in _keys_of(entry) for wait in self._by_key.get(key, ()))


def _keys_of(entry: Entry) -> tuple[EntryKey, ...]:
    station, action = entry.station.lower(), entry.action
    if action is None:
        return (station, None), (None, None)
    return (station, action), (station, None), (None, action), (None, None)


def _size_of(entry: Entry) -> int:
    """Approximate bytes of an entry."""
    return OVERHEAD + len(entry.raw or b"")
