"""What is waited for until it comes, or what came closest to it."""

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

MOST_TIMES: Final = 10_000
MOST_CANDIDATES: Final = 1000
"""How many entries are looked at for what came closest."""


class WaitRequest(BaseModel):
    """What to wait for."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [examples.WAIT_REQUEST]},
    )

    match: Match
    """Which entries of the journal are meant; what is not said does not matter."""
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)] = 1
    """How many of them."""
    within: Annotated[FiniteFloat, Field(ge=0, le=3600)] = 30.0
    """How long to wait, in seconds."""
    since: Annotated[int, Field(ge=0)] | None = None
    """Entries after this number count, those that came already too: 0 for all, `last` of the journal for
    what came since it was asked. Without it only what comes from now on."""


async def found(entries: Journal, request: WaitRequest, actions: Collection[str]) -> list[JsonObject]:
    """Wait for matching entries; raises Problem with the closest entry if they do not come in time.

    ``actions`` are those of OCPP: the problem suggests one for a misspelt action.
    """
    first = entries.last_number if request.since is None else request.since
    query = _query_for(request.match, since=first)
    came: list[JsonObject] = []
    done = asyncio.Event()

    def look(entry: Entry) -> None:
        if len(came) < request.times and query.is_about(entry) and request.match.holds(entry.as_json()):
            came.append(entry.as_json())
            if len(came) == request.times:
                done.set()

    for entry in entries.query(query):
        look(entry)
    stop = entries.listen(look)
    try:
        async with asyncio.timeout(request.within):
            await done.wait()
    except TimeoutError:
        sentence = _misspelt(request.match.action, actions)
        raise _missed(entries, request, came, first, sentence) from None
    finally:
        stop()
    return came


def _query_for(match: Match, since: int | None = None, limit: int = sys.maxsize) -> Query:
    """Ask for what may match, but for its payload."""
    return Query(match.station, match.action, match.direction, match.type, since, limit)


def _missed(
    entries: Journal, request: WaitRequest, came: list[JsonObject], first: int, misspelt: str
) -> Problem:
    recent = entries.query(Query(since=first, limit=MOST_CANDIDATES))
    near = closest(request.match, [entry.as_json() for entry in recent])
    number = f"{len(came)} of {request.times} came within {request.within:g} s"
    return Problem(
        HTTPStatus.REQUEST_TIMEOUT,
        "wait-timeout",
        f"{number}{_earlier(entries, request.match, first)}{misspelt}",
        expected={
            "match": request.match.model_dump(mode="json", exclude_unset=True),
            "times": request.times,
        },
        actual=came,
        closest={"entry": near[0], "differences": near[1]} if near else None,
    )


def _earlier(entries: Journal, match: Match, first: int) -> str:
    """Say that one came too early to count."""
    likely = entries.query(_query_for(match, limit=MOST_CANDIDATES))
    numbers = [entry.number for entry in likely if entry.number <= first and match.holds(entry.as_json())]
    return f"; one came before, number {numbers[-1]}, and counts with a lower since" if numbers else ""


def _misspelt(action: str | None, actions: Collection[str]) -> str:
    """Say that an action is none of OCPP's, and which may be meant."""
    if action is None or action in actions:
        return ""
    return f"; OCPP has no action {action!r}{suggest(action, actions)}"
