"""Waiting for journal entries, with the closest entry in the problem after a time-out."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Final, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from mock_csms.control import examples
from mock_csms.control.problems import Problem
from mock_csms.control.responses import in_slices
from mock_csms.journal.store import Entry, Journal, Query, is_glob
from mock_csms.messages import JsonObject
from mock_csms.schema.budget import Budget, OutOfBudget
from mock_csms.text import suggest
from mock_csms.verdict.expectations import Match, NearestMiss, size_of

MAX_TIMES: Final = 10_000
MAX_WAITS: Final = 1000
"""Maximum number of waits at a time."""
MAX_MATCH_VALUES: Final = 1000
"""Maximum number of values in a match's payload; each may be compared with many values of an entry."""
MAX_CANDIDATES: Final = 1000
"""Number of newest entries searched for the closest one."""


class WaitRequest(BaseModel):
    """Entries to wait for."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [examples.WAIT_REQUEST]},
    )

    match: Match
    """Conditions on entries of the journal; an omitted key matches any value."""
    times: Annotated[int, Field(ge=1, le=MAX_TIMES)] = 1
    """Number of matching entries to wait for."""
    within: Annotated[FiniteFloat, Field(ge=0, le=3600)] = 30.0
    """Maximum number of seconds to wait."""
    since: Annotated[int, Field(ge=0)] | None = None
    """Only entries with a number above this one count, including past entries. With 0, all entries count.
    With the `last` of an earlier journal query, the entries after that query count. If omitted, only future
    entries count."""

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if size_of(self.match.payload) > MAX_MATCH_VALUES:
            raise ValueError(f"match.payload must not have more than {MAX_MATCH_VALUES} values")
        return self


class PendingWait:
    """One wait: the matching entries so far."""

    def __init__(self, request: WaitRequest, query: Query) -> None:
        self.request = request
        self.query = query
        self.matching: list[Entry] = []
        self.done = asyncio.Event()
        self.later: list[Entry] | None = []
        """Matching entries that are recorded during the search of past entries; None after the search."""
        self.not_compared = 0
        """Number of entries that were not compared, because the comparison would take too many steps."""

    def offer(self, entry: Entry, content: JsonObject, budget: Budget) -> None:
        """Add a new entry if it matches; ``content`` is the entry as JSON."""
        if self.query.is_about(entry) and self._holds(content, budget):
            if self.later is None:
                self._add(entry)
            elif len(self.later) < self.request.times:
                self.later.append(entry)

    def _holds(self, content: JsonObject, budget: Budget) -> bool:
        try:
            return self.request.match.holds(content, budget)
        except OutOfBudget:
            self.not_compared += 1
            return False

    async def search_past(self, journal: Journal) -> None:
        """Add the matching entries of the journal, then the matching entries recorded meanwhile."""
        last = journal.last_number
        if last > (self.query.since or 0):
            await self._search_up_to(last, journal)
        later, self.later = self.later or [], None
        for entry in later:
            self._add(entry)

    async def _search_up_to(self, last: int, journal: Journal) -> None:
        async for entries in in_slices(journal.oldest_first(self.query)):
            async for entry in in_slices(entries):
                if not self.done.is_set() and entry.number <= last and self._holds(entry.as_json(), Budget()):
                    self._add(entry)
            if self.done.is_set():
                return

    def _add(self, entry: Entry) -> None:
        if not self.done.is_set():
            self.matching.append(entry)
            if len(self.matching) == self.request.times:
                self.done.set()


type _Key = tuple[str | None, str | None]
"""Station, in lower case, and action of entries; None stands for any."""


class Waits:
    """The open waits for entries of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_key: dict[_Key, list[PendingWait]] = {}
        self._stop_listening: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return sum(map(len, self._by_key.values()))

    @contextmanager
    def waiting(self, wait: PendingWait) -> Iterator[None]:
        """Offer new entries to a wait while the context lasts."""
        station, action = wait.query.station, wait.query.action
        key = (None if station is None or is_glob(station) else station.lower()), action
        if not self._by_key:
            self._stop_listening = self._journal.listen(self._offer)
        self._by_key.setdefault(key, []).append(wait)
        try:
            yield
        finally:
            self._by_key[key].remove(wait)
            if not self._by_key[key]:
                del self._by_key[key]
            if not self._by_key:
                self._stop_listening()

    def _offer(self, entry: Entry) -> None:
        """Offer an entry to the waits for its station and action; its frame is parsed once for all.

        All waits share one budget of steps, so that many waits do not delay the station.
        """
        station, action = entry.station.lower(), entry.action
        content: JsonObject | None = None
        budget = Budget()
        for key in {(station, action), (station, None), (None, action), (None, None)}:
            for wait in self._by_key.get(key, ()):
                content = entry.as_json() if content is None else content
                wait.offer(entry, content, budget)


async def wait_for(
    waits: Waits, journal: Journal, request: WaitRequest, station: str, actions: Collection[str]
) -> list[Entry]:
    """Wait for matching entries; raises Problem with the closest entry on a time-out.

    ``station`` is the glob that the match stands for (`requests.station_glob`). ``actions`` are the actions
    of OCPP; for a misspelt action, the problem suggests one of them.
    """
    if len(waits) >= MAX_WAITS:
        detail = f"{MAX_WAITS} waits are open, the maximum; try again later"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-waits", detail)
    since = journal.last_number if request.since is None else request.since
    wait = PendingWait(request, _query_for(request.match, station, since))
    with waits.waiting(wait):
        await wait.search_past(journal)
        try:
            async with asyncio.timeout(request.within):
                await wait.done.wait()
        except TimeoutError:
            hint = _action_hint(request.match.action, actions)
            raise await _timeout_problem(journal, wait, hint) from None
    return wait.matching


def _query_for(match: Match, station: str, since: int) -> Query:
    """Query for entries that meet all conditions of a match except the conditions on the payload."""
    return Query(station, match.action, match.direction, match.type, since)


def as_raw(entries: Iterable[Entry]) -> list[msgspec.Raw]:
    """Return entries as JSON, for a response."""
    return [msgspec.Raw(entry.json()) for entry in entries]


async def _timeout_problem(journal: Journal, wait: PendingWait, action_hint: str) -> Problem:
    request, match = wait.request, wait.request.match
    near_miss = await _nearest_miss(journal, match, wait.query)
    count = f"{len(wait.matching)} of {request.times} matching entries within {request.within:g} s"
    return Problem(
        HTTPStatus.REQUEST_TIMEOUT,
        "wait-timeout",
        f"{count}{await _earlier_hint(journal, match, wait.query)}{action_hint}{_budget_hint(wait)}",
        expected={
            "match": match.model_dump(mode="json", exclude_unset=True),
            "times": request.times,
        },
        actual=as_raw(wait.matching),
        closest=near_miss,
    )


async def _nearest_miss(journal: Journal, match: Match, query: Query) -> JsonObject | None:
    """Return the closest entry and its differences.

    If the match names one station, only entries of this station count.
    """
    names_one = not is_glob(match.station) or query.station != match.station
    candidates = Query(query.station if names_one else None, since=query.since, limit=MAX_CANDIDATES)
    nearest = NearestMiss(match)
    entry = None
    async for candidate in in_slices(await newest(journal, candidates)):
        if nearest.is_nearer(candidate.as_json()):
            entry = candidate
    differences = [difference._asdict() for difference in nearest.differences]
    return {"entry": msgspec.Raw(entry.json()), "differences": differences} if entry else None


async def newest(journal: Journal, query: Query) -> list[Entry]:
    """Return the newest entries that match a query, oldest first, like `Journal.query`, but in slices."""
    entries: list[Entry] = []
    async for part in in_slices(journal.newest_first(query)):
        entries += part
        if len(entries) >= query.limit:
            break
    return entries[: query.limit][::-1]


async def _earlier_hint(journal: Journal, match: Match, query: Query) -> str:
    """Hint at a matching entry that was too early to count."""
    candidates = await newest(journal, query._replace(since=None, limit=MAX_CANDIDATES))
    async for entry in in_slices(reversed(candidates)):
        if entry.number <= (query.since or 0) and _is_match(match, entry):
            return f"; an earlier entry, number {entry.number}, matches: use a lower value of 'since'"
    return ""


def _budget_hint(wait: PendingWait) -> str:
    """Hint at entries that were not compared, because the steps were used up."""
    if wait.not_compared == 0:
        return ""
    return (
        f"; {wait.not_compared} entries were not compared, because the conditions of the open waits take "
        "too many steps: use simpler conditions or fewer waits at a time"
    )


def _is_match(match: Match, entry: Entry) -> bool:
    """Return whether an entry matches; false if the comparison takes too many steps."""
    try:
        return match.holds(entry.as_json(), Budget())
    except OutOfBudget:
        return False


def _action_hint(action: str | None, actions: Collection[str]) -> str:
    """Hint at a misspelt action, with the closest one of OCPP."""
    if action is None or action in actions:
        return ""
    return f"; OCPP has no action {action!r}{suggest(action, actions)}"
