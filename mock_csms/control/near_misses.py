"""Searches of the journal for entries that explain why a wait or a verification of a count has failed."""

from collections.abc import Container, Sequence
from typing import Final

import msgspec

from mock_csms.control.conditions import EntryCondition, common_query
from mock_csms.control.queries import newest
from mock_csms.control.responses import in_slices
from mock_csms.journal.store import Entry, Journal, Query
from mock_csms.messages import JsonObject
from mock_csms.schema.budget import OutOfBudget, SearchBudget
from mock_csms.verdict.matches import NearestMiss

MAX_CANDIDATES: Final = 1000
"""Maximum number of entries that a search compares, the newest first."""
MAX_SEARCH_STEPS: Final = 500_000
"""Maximum steps of a search, which take about half a second. At the limit, the search returns its result so
far.
"""


async def closest_entry(
    journal: Journal, conditions: Sequence[EntryCondition], skip: Container[int] = ()
) -> JsonObject | None:
    """Return the entry closest to one of the conditions, with its differences.

    Returns None if there is no entry to compare. Entries with numbers in ``skip`` do not count. If the
    conditions name one station, only entries of this station count. Notes count only if a condition is
    about notes.
    """
    stations = {condition.station for condition in conditions}
    station, since = stations.pop() if len(stations) == 1 else None, common_query(conditions).since
    nearest = NearestMiss(*(condition.match for condition in conditions))
    steps = SearchBudget(MAX_SEARCH_STEPS)
    closest: Entry | None = None
    with_notes = any(condition.match.type == "note" for condition in conditions)
    candidates = await newest(journal, Query(station, since=since, limit=MAX_CANDIDATES))
    async for entry in in_slices(reversed(candidates)):
        if entry.type == "note" and not with_notes:
            continue
        with steps.for_one() as budget:
            if entry.number not in skip and nearest.is_nearer(entry.as_json(), budget):
                closest = entry
        if not steps.steps_left:
            break
    if closest is None or nearest.match is None:
        return None
    return {
        "entry": msgspec.Raw(closest.json()),
        "match": nearest.match.model_dump(mode="json", exclude_unset=True),
        "differences": [difference._asdict() for difference in nearest.differences],
    }


async def earlier_hint(
    journal: Journal, conditions: Sequence[EntryCondition], skip: Container[int] = ()
) -> str:
    """Return a hint at an entry that meets a condition but is too early to count; empty if there is none."""
    since = common_query(conditions).since or 0
    all_entries = [condition._replace(query=condition.query._replace(since=None)) for condition in conditions]
    steps = SearchBudget(MAX_SEARCH_STEPS)
    candidates = await newest(journal, common_query(all_entries)._replace(limit=MAX_CANDIDATES))
    async for entry in in_slices(reversed(candidates)):
        if entry.number > since or entry.number in skip:
            continue
        if _is_met_by(all_entries, entry, steps):
            return f"; entry {entry.number} matches, but only entries after {since} count ('since')"
    return ""


def _is_met_by(conditions: Sequence[EntryCondition], entry: Entry, steps: SearchBudget) -> bool:
    try:
        with steps.for_one() as budget:
            content = entry.as_json()
            return any(condition.holds(entry, content, budget) for condition in conditions)
    except OutOfBudget:
        return False


def budget_hint(not_compared: int) -> str:
    """Return a hint that this many entries were not compared, because it would take too long; empty for 0."""
    if not_compared == 0:
        return ""
    entries = "1 entry was" if not_compared == 1 else f"{not_compared} entries were"
    return (
        f"; {entries} not compared, because the comparisons take too long: use simpler conditions, or fewer "
        "waits at a time"
    )
