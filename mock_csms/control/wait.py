"""Waits for journal entries. A wait that times out is a problem that contains the closest entry."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import msgspec

from mock_csms.control.conditions import EntryCondition, hints
from mock_csms.control.models.waits import WaitRequest
from mock_csms.control.near_misses import budget_hint, closest_entry, earlier_hint
from mock_csms.control.problems import Problem
from mock_csms.control.responses import as_raw
from mock_csms.control.waits import MAX_WAITS, PendingWait, Waits
from mock_csms.csms import Csms
from mock_csms.journal.store import Entry, Journal
from mock_csms.messages import JsonObject

MIN_SEARCH_S: Final = 2.0
"""Seconds that the search of past entries may always take, even if the wait is shorter."""
SEARCH_NOT_COMPLETE: Final = (
    "; the search of past entries was not complete: use simpler conditions, or a higher 'since' or 'within'"
)


async def wait_for(waits: Waits, csms: Csms, request: WaitRequest) -> list[Entry]:
    """Wait for matching entries, and return them; raises Problem after a time-out or an unwanted entry."""
    if len(waits) >= MAX_WAITS:
        detail = f"{MAX_WAITS} waits are open, the maximum; try again later"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-waits", detail)
    wait = _pending(csms, request)
    with waits.waiting(wait):
        await _search_and_wait(wait, csms.records.journal, request.within)
        in_time = waits.not_offered_to(wait)
    if wait.has_searched:
        await wait.offer_all(in_time)
    if wait.tally.unwanted is not None:
        raise _unless_problem(request, wait.tally.matching, *wait.tally.unwanted)
    if not wait.tally.is_complete:
        raise await _timeout_problem(csms, request, wait)
    return wait.tally.matching


async def _search_and_wait(wait: PendingWait, journal: Journal, within: float) -> None:
    """Search the past entries, then wait for new ones; both together take at most ``within`` seconds.

    However, the search may always take MIN_SEARCH_S, so that a wait within 0 s finds past entries.
    """
    end = asyncio.get_running_loop().time() + within
    with suppress(TimeoutError):
        async with asyncio.timeout(max(within, MIN_SEARCH_S)):
            await wait.search_past(journal)
        async with asyncio.timeout_at(end):
            await wait.done.wait()


def _pending(csms: Csms, request: WaitRequest) -> PendingWait:
    since = csms.records.journal.last_number if request.since is None else request.since
    return PendingWait(
        [EntryCondition.of(csms, match, since) for match in request.wanted],
        [EntryCondition.of(csms, match, since) for match in request.unless],
        times=request.times,
        skip=frozenset(request.skip),
    )


async def _timeout_problem(csms: Csms, request: WaitRequest, wait: PendingWait) -> Problem:
    journal, skip = csms.records.journal, frozenset(request.skip)
    closest, earlier = None, SEARCH_NOT_COMPLETE
    if wait.has_searched:
        closest = await closest_entry(journal, wait.wanted, skip)
        earlier = await earlier_hint(journal, wait.wanted, skip)
    found = f"{len(wait.tally.matching)} of {request.times} matching entries within {request.within:g} s"
    return Problem(
        HTTPStatus.REQUEST_TIMEOUT,
        "wait-timeout",
        f"{'; '.join([found + earlier, *hints(csms, request.wanted)])}{budget_hint(wait.not_compared)}",
        expected=_expected(request),
        actual=as_raw(wait.tally.matching),
        closest=closest,
    )


def _unless_problem(
    request: WaitRequest, matching: Sequence[Entry], entry: Entry, condition: EntryCondition
) -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "wait-unless",
        f'entry {entry.number} meets "unless" after {len(matching)} of {request.times} matching entries',
        expected=_expected(request),
        actual=as_raw(matching),
        entry=msgspec.Raw(entry.json()),
        unless=condition.match.model_dump(mode="json", exclude_unset=True),
    )


def _expected(request: WaitRequest) -> JsonObject:
    matches = request.model_dump(mode="json", by_alias=True, exclude_unset=True, include={"match", "any_of"})
    return {**matches, "times": request.times}
