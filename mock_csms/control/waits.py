"""The open waits for entries of the journal."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self

from mock_csms.control.conditions import EntryCondition, EntryKey, common_query
from mock_csms.control.responses import in_slices
from mock_csms.journal.store import Entry, Journal
from mock_csms.messages import JsonObject
from mock_csms.schema.budget import Budget, OutOfBudget

MAX_WAITS: Final = 1000
"""Maximum number of waits at a time."""


class Tally:
    """Entries that count for a wait; complete with enough of them, or with one that must not come."""

    def __init__(self, times: int) -> None:
        self._times = times
        self.matching: list[Entry] = []
        self.unwanted: tuple[Entry, EntryCondition] | None = None
        """The entry that must not have come, and the condition that it meets."""

    @property
    def is_complete(self) -> bool:
        """Whether further entries make no difference."""
        return self.unwanted is not None or len(self.matching) == self._times

    def add(self, entry: Entry, unwanted_by: EntryCondition | None = None) -> None:
        """Add an entry that counts, or that meets a condition under which it must not come."""
        if self.is_complete:
            return
        if unwanted_by is None:
            self.matching.append(entry)
        else:
            self.unwanted = entry, unwanted_by

    def add_all(self, later: Self) -> None:
        """Add the entries of a tally that follows this one."""
        for entry in later.matching:
            self.add(entry)
        if later.unwanted is not None:
            self.add(*later.unwanted)


class PendingWait:
    """One wait: the entries so far."""

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
        self.tally = Tally(times)
        self.done = asyncio.Event()
        self._later: Tally | None = Tally(times)
        """Entries that are recorded during the search of past entries; None after the search."""
        self.not_compared = 0
        """Number of entries that were not compared, because the comparison would take too many steps."""

    @property
    def keys(self) -> set[EntryKey]:
        """Keys of the entries that may count."""
        return {key for condition in (*self.wanted, *self._unless) for key in condition.keys}

    def offer(self, entry: Entry, content: JsonObject, budget: Budget) -> None:
        """Add a new entry if it counts; ``content`` is the entry as JSON."""
        if self._later is not None:
            self._compare(self._later, entry, content, budget)
        else:
            self._compare(self.tally, entry, content, budget)
            self._end_if_complete()

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
        """Add the entries of the journal that count, then those that are recorded meanwhile."""
        query, last = common_query([*self.wanted, *self._unless]), journal.last_number
        if last > (query.since or 0):
            await self._search_until(last, journal.oldest_first(query))
        later, self._later = self._later, None
        if later is not None:
            self.tally.add_all(later)
        self._end_if_complete()

    async def _search_until(self, last: int, parts: Iterable[Sequence[Entry]]) -> None:
        async for entries in in_slices(parts):
            async for entry in in_slices(entries):
                if entry.number <= last:
                    self._compare(self.tally, entry, entry.as_json(), Budget())
                if self.tally.is_complete:
                    return

    def _end_if_complete(self) -> None:
        if self.tally.is_complete:
            self.done.set()


class Waits:
    """The open waits for entries of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_key: dict[EntryKey, list[PendingWait]] = {}
        self._number = 0
        self._stop_listening: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return self._number

    @contextmanager
    def waiting(self, wait: PendingWait) -> Iterator[None]:
        """Offer new entries to a wait while the context lasts."""
        if not self._number:
            self._stop_listening = self._journal.listen(self._offer)
        self._number += 1
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
            self._stop_listening()

    def _offer(self, entry: Entry) -> None:
        """Offer an entry to the waits for its station and action; its frame is parsed once for all.

        All waits share one budget of steps, so that many waits do not delay the station.
        """
        station, action = entry.station.lower(), entry.action
        keys = {(station, action), (station, None), (None, action), (None, None)}
        waits = dict.fromkeys(wait for key in keys for wait in self._by_key.get(key, ()))
        if waits:
            content, budget = entry.as_json(), Budget()
            for wait in waits:
                wait.offer(entry, content, budget)
