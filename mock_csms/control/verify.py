"""Verifies that the journal has the requested number of matching entries."""

from collections import deque
from http import HTTPStatus
from typing import Final

from mock_csms.control.conditions import EntryCondition, hints
from mock_csms.control.models.waits import VerifyRequest
from mock_csms.control.near_misses import budget_hint, closest_entry, earlier_hint
from mock_csms.control.problems import Problem
from mock_csms.control.responses import as_raw, in_slices
from mock_csms.csms import Csms
from mock_csms.journal.store import Entry, Journal
from mock_csms.messages import JsonObject
from mock_csms.schema.budget import Budget, OutOfBudget

MAX_SHOWN_ENTRIES: Final = 100
"""Maximum number of matching entries that a response contains."""


class EntryCount:
    """Counts the entries of a journal that meet a condition, up to the newest entry at its creation."""

    def __init__(self, journal: Journal, condition: EntryCondition) -> None:
        self._journal = journal
        self._condition = condition
        self.last = journal.last_number
        """Number of the newest entry that is compared."""
        self.number = 0
        self.newest: deque[Entry] = deque(maxlen=MAX_SHOWN_ENTRIES)
        self.not_compared = 0
        """Number of entries that were not compared, because the comparison would take too many steps."""
        since = condition.query.since or 0
        self.dropped = max(0, journal.start.number - 1 - since) if since else 0
        """Number of entries after ``since`` that are no longer stored, and might have met the condition."""

    async def run(self) -> None:
        """Count the entries, in slices."""
        async for entries in in_slices(self._journal.oldest_first(self._condition.query)):
            async for entry in in_slices(entries):
                if self._is_met_by(entry):
                    self.number += 1
                    self.newest.append(entry)

    def _is_met_by(self, entry: Entry) -> bool:
        try:
            return self._condition.holds(entry, entry.as_json(), Budget())
        except OutOfBudget:
            self.not_compared += 1
            return False

    def verifies(self, request: VerifyRequest) -> bool:
        """Whether the number is as requested, even if all entries not compared or no longer stored match."""
        highest = self.number + self.not_compared + self.dropped
        return request.minimum <= self.number and (request.maximum is None or highest <= request.maximum)

    def as_json(self) -> JsonObject:
        """Return the count and the newest matching entries as JSON for the response."""
        return {"count": self.number, "entries": as_raw(self.newest), "last": self.last}


async def verify(csms: Csms, request: VerifyRequest) -> JsonObject:
    """Count the matching entries and return them; raises Problem if their number is not as requested."""
    condition = EntryCondition.of(csms, request.match, request.since)
    count = EntryCount(csms.records.journal, condition)
    await count.run()
    if count.verifies(request):
        found = hints(csms, [request.match])
        return count.as_json() | ({"hint": "; ".join(found)} if found else {})
    closest, hint = None, ""
    if count.number < request.minimum:
        closest = await closest_entry(csms.records.journal, [condition])
        earlier = await earlier_hint(csms.records.journal, [condition])
        hint = "; ".join([earlier, *hints(csms, [request.match])])
    raise Problem(
        HTTPStatus.CONFLICT,
        "not-verified",
        f"{count.number} matching entries, expected {request}{_dropped_hint(request, count)}{hint}"
        f"{budget_hint(count.not_compared)}",
        expected=request.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"since"}),
        actual=count.as_json(),
        closest=closest,
    )


def _dropped_hint(request: VerifyRequest, count: EntryCount) -> str:
    if not count.dropped:
        return ""
    first, last = request.since + 1, request.since + count.dropped
    return (
        f"; the entries {first} to {last} are no longer stored, and matches among them are not counted: use "
        f"a later "
        "'since', or a higher --journal-max and --journal-max-bytes"
    )
