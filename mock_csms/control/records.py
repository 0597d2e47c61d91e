"""The journal, the findings, what is waited for, and the events as they happen."""

import asyncio
import math
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from mock_csms import journal
from mock_csms.control.problems import Problem, documented
from mock_csms.csms import Csms
from mock_csms.expectations import Match, closest
from mock_csms.findings import Finding
from mock_csms.frames import JsonObject
from mock_csms.journal import Entry, Tail

MOST_ENTRIES: Final = 10_000
SECONDS_BETWEEN_SIGNS: Final = 15.0
"""How often somebody who follows is told that there is nothing new."""

Glob = Annotated[str | None, Query(description="a glob over the station's identity", max_length=48)]
Since = Annotated[int | None, Query(description="only entries after this number", ge=0)]
Direction = Literal["received", "sent"]
Type = Literal["call", "result", "error", "malformed", "withheld", "connected", "disconnected", "refused"]


class WaitRequest(BaseModel):
    """What to wait for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"match": {"action": "Heartbeat", "direction": "received"}, "within": 0.1}]
        },
    )

    match: Match
    times: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = 1
    within: Annotated[FiniteFloat, Field(ge=0, le=3600)] = 30.0
    """Seconds."""
    since: Annotated[int, Field(ge=0)] | None = None
    """Entries after this number count as well, even if they came already."""


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1")
    records = csms.records

    @routes.get("/journal", tags=["journal"], responses=documented())
    async def query_journal(  # noqa: PLR0913, PLR0917 - each is one parameter of the request
        station: Glob = None,
        action: str | None = None,
        direction: Direction | None = None,
        type: Type | None = None,  # noqa: A002
        since: Since = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
    ) -> Response:
        """List the newest entries that are asked for, the oldest of them first."""
        query = journal.Query(station, action, direction, type, since, limit)
        lines = [entry.line() for entry in records.journal.query(query)]
        body = b'{"last":%d,"entries":[%b]}' % (records.journal.last_number, b",".join(lines))
        return Response(body, media_type="application/json")

    @routes.delete("/journal", tags=["journal"], status_code=HTTPStatus.NO_CONTENT, responses=documented())
    async def clear_journal() -> None:
        """Forget all entries."""
        records.journal.clear()

    @routes.post("/wait", tags=["journal"], responses=documented(HTTPStatus.REQUEST_TIMEOUT))
    async def wait(request: WaitRequest) -> JSONResponse:
        """Wait for frames that match, and answer with them; on time-out with what came closest."""
        found = await _found(csms, request)
        return JSONResponse({"entries": found})

    @routes.get("/findings", tags=["findings"], responses=documented())
    async def list_findings(station: Glob = None) -> list[JsonObject]:
        """List what stations did against the specification."""
        return [finding.as_json() for finding in records.findings if station in {None, finding.station}]

    @routes.get(
        "/events",
        tags=["journal"],
        response_class=StreamingResponse,
        responses={
            **documented(),
            200: {"description": "server-sent events", "content": {"text/event-stream": {}}},
        },
    )
    async def follow_events(
        station: Glob = None,
        within: Annotated[float | None, Query(ge=0, description="end after so many seconds")] = None,
    ) -> StreamingResponse:
        """Follow entries (`event: entry`) and findings (`event: finding`); who is too slow is cut off."""
        return StreamingResponse(_events(csms, station, within), media_type="text/event-stream")

    @routes.post("/reset", tags=["behaviour"], status_code=HTTPStatus.NO_CONTENT, responses=documented())
    async def reset(station: Annotated[str | None, Query(max_length=48)] = None) -> None:
        """Go back to the start, for one station or all; connections are kept."""
        csms.reset(station)

    return routes


async def _found(csms: Csms, request: WaitRequest) -> list[JsonObject]:
    entries = csms.records.journal
    found: list[JsonObject] = []
    done = asyncio.Event()

    def look(entry: Entry) -> None:
        plain = entry.as_json()
        if len(found) < request.times and request.match.holds(plain):
            found.append(plain)
            if len(found) == request.times:
                done.set()

    first = entries.last_number if request.since is None else request.since
    for entry in entries:
        if entry.number > first:
            look(entry)
    stop = entries.listen(look)
    try:
        async with asyncio.timeout(request.within):
            await done.wait()
    except TimeoutError:
        raise _missed(entries, request, found, first) from None
    finally:
        stop()
    return found


def _missed(entries: journal.Journal, request: WaitRequest, found: list[JsonObject], first: int) -> Problem:
    candidates = [entry.as_json() for entry in entries if entry.number > first][-1000:]
    near = closest(request.match, [it for it in candidates if it not in found])
    return Problem(
        HTTPStatus.REQUEST_TIMEOUT,
        "wait-timeout",
        f"{len(found)} of {request.times} came within {request.within:g} s",
        expected={
            "match": request.match.model_dump(mode="json", exclude_unset=True),
            "times": request.times,
        },
        actual=found,
        closest={"entry": near[0], "differences": near[1]} if near else None,
    )


async def _events(csms: Csms, station: str | None, within: float | None) -> AsyncIterator[bytes]:
    tail, query = Tail(), journal.Query(station=station)
    stop = csms.records.feed.follow(tail, query if station else None)

    def tell(finding: Finding) -> None:
        if query.is_about_station(finding.station):
            tail.put(b"event: finding\ndata: " + orjson.dumps(finding.as_json()) + b"\n\n")

    csms.records.on_finding.append(tell)
    loop = asyncio.get_running_loop()
    end = math.inf if within is None else loop.time() + within
    try:
        yield b": following\n\n"
        while (left := end - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, SECONDS_BETWEEN_SIGNS)):
                    chunk = await tail.get()
            except TimeoutError:
                chunk = b": nothing new\n\n"
            yield chunk or b"event: cut-off\ndata: {}\n\n"
            if chunk is None:
                return
    finally:
        stop()
        csms.records.on_finding.remove(tell)
