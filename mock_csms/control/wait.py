"""Waiting for journal entries, with the closest entry in the problem after a time-out."""

import asyncio
import sys
from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from mock_csms.control import examples
from mock_csms.control.problems import Problem
from mock_csms.journal.store import Entry, Journal, Query
from mock_csms.messages import JsonObject
from mock_csms.text import suggest
from mock_csms.verdict.expectations import Match, closest

MAX_TIMES: Final = 10_000
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
    """Only entries with a number above this one count, including past entries. 0 counts all entries; `last`
    of an earlier journal query counts the entries recorded after that query. If omitted, only future entries
    count."""


async def wait_for(journal: Journal, request: WaitRequest, actions: Collection[str]) -> list[JsonObject]:
    """Wait for matching entries; raises Problem with the closest entry on a time-out.

    ``actions`` are the actions of OCPP; for a misspelt action, the problem suggests one of them.
    """
    since = journal.last_number if request.since is None else request.since
    query = _query_for(request.match, since=since)
    matching: list[JsonObject] = []
    done = asyncio.Event()

    def collect(entry: Entry) -> None:
        if len(matching) < request.times and query.is_about(entry) and request.match.holds(entry.as_json()):
            matching.append(entry.as_json())
            if len(matching) == request.times:
                done.set()

    for entry in journal.query(query):
        collect(entry)
    stop_listening = journal.listen(collect)
    try:
        async with asyncio.timeout(request.within):
            await done.wait()
    except TimeoutError:
        hint = _action_hint(request.match.action, actions)
        raise _timeout_problem(journal, request, matching, since, hint) from None
    finally:
        stop_listening()
    return matching


def _query_for(match: Match, since: int | None = None, limit: int = sys.maxsize) -> Query:
    """Query for entries that meet all conditions of a match except those on the payload."""
    return Query(match.station, match.action, match.direction, match.type, since, limit)


def _timeout_problem(
    journal: Journal, request: WaitRequest, matching: list[JsonObject], since: int, action_hint: str
) -> Problem:
    candidates = journal.query(Query(since=since, limit=MAX_CANDIDATES))
    near_miss = closest(request.match, [entry.as_json() for entry in candidates])
    count = f"{len(matching)} of {request.times} matching entries within {request.within:g} s"
    return Problem(
        HTTPStatus.REQUEST_TIMEOUT,
        "wait-timeout",
        f"{count}{_earlier_hint(journal, request.match, since)}{action_hint}",
        expected={
            "match": request.match.model_dump(mode="json", exclude_unset=True),
            "times": request.times,
        },
        actual=matching,
        closest={"entry": near_miss[0], "differences": near_miss[1]} if near_miss else None,
    )


def _earlier_hint(journal: Journal, match: Match, since: int) -> str:
    """Hint at a matching entry that was too early to count."""
    candidates = journal.query(_query_for(match, limit=MAX_CANDIDATES))
    numbers = [entry.number for entry in candidates if entry.number <= since and match.holds(entry.as_json())]
    return f"; an earlier entry, number {numbers[-1]}, matches: use a lower since" if numbers else ""


def _action_hint(action: str | None, actions: Collection[str]) -> str:
    """Hint at a misspelt action, with the closest one of OCPP."""
    if action is None or action in actions:
        return ""
    return f"; OCPP has no action {action!r}{suggest(action, actions)}"
