"""The journal, the findings, what is waited for, and the events as they happen."""

import asyncio
import math
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from mock_csms.control import examples
from mock_csms.control import wait as waits
from mock_csms.control.problems import documented
from mock_csms.control.requests import Glob, StrictRoute
from mock_csms.csms import Csms
from mock_csms.findings.kinds import Finding
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.journal.store import Query as JournalQuery
from mock_csms.journal.stream import Subscriber
from mock_csms.messages import JsonObject
from mock_csms.versions import actions_from_csms, actions_from_station

MOST_ENTRIES: Final = 10_000
SECONDS_BETWEEN_SIGNS: Final = 15.0
"""How often somebody who follows is told that there is nothing new."""

Named = Annotated[str | None, Query(description="only entries about this action")]
Since = Annotated[int | None, Query(description="only entries after this number", ge=0)]
Limit = Annotated[int, Query(description="at most so many, the newest", ge=1, le=MOST_ENTRIES)]
Directed = Annotated[Direction | None, Query(description="only what came from stations, or went to them")]
Typed = Annotated[EntryKind | None, Query(description="only entries of this type")]


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", route_class=StrictRoute)
    records = csms.records
    actions = actions_from_station(csms.ocpp_versions) | actions_from_csms(csms.ocpp_versions)

    @routes.get("/journal", tags=["journal"], responses=documented() | examples.JOURNAL)
    async def query_journal(  # noqa: PLR0913, PLR0917 - each is one parameter of the request
        station: Glob = None,
        action: Named = None,
        direction: Directed = None,
        type: Typed = None,  # noqa: A002
        since: Since = None,
        limit: Limit = 100,
    ) -> Response:
        """List the newest entries that are asked for, the oldest of them first.

        `last` is the number of the newest entry there is: what to wait or to ask for `since` later on.
        """
        query = JournalQuery(station, action, direction, type, since, limit)
        lines = [entry.line() for entry in records.journal.query(query)]
        body = b'{"last":%d,"entries":[%b]}' % (records.journal.last_number, b",".join(lines))
        return Response(body, media_type="application/json")

    @routes.delete("/journal", tags=["journal"], status_code=HTTPStatus.NO_CONTENT, responses=documented())
    async def clear_journal() -> None:
        """Forget all entries, of every station; their numbers go on."""
        records.journal.clear()

    @routes.post("/wait", tags=["journal"], responses=documented(HTTPStatus.REQUEST_TIMEOUT) | examples.WAIT)
    async def wait(request: waits.WaitRequest) -> JSONResponse:
        """Wait for entries of the journal that match, and answer with them.

        If they do not come in time, the problem (408) has what was `expected`, what came of it (`actual`),
        and the entry that came `closest`, with its `differences` field by field.
        """
        return JSONResponse({"entries": await waits.found(records.journal, request, actions)})

    @routes.get("/findings", tags=["findings"], responses=documented() | examples.FINDINGS)
    async def list_findings(station: Glob = None) -> list[JsonObject]:
        """List what stations did against the specification; `frames` are numbers of the journal."""
        query = JournalQuery(station)
        return [finding.as_json() for finding in records.findings if query.is_about_station(finding.station)]

    @routes.get(
        "/events",
        tags=["journal"],
        response_class=StreamingResponse,
        responses={
            **documented(),
            200: {
                "description": "Server-sent events",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
        },
    )
    async def follow_events(
        station: Glob = None,
        within: Annotated[float | None, Query(ge=0, description="end after so many seconds")] = None,
    ) -> StreamingResponse:
        """Follow entries (`event: entry`) and findings (`event: finding`) as they come.

        The `data` of each is what the journal and the findings have. Who is too slow is cut off, and told so
        (`event: cut-off`).
        """
        return StreamingResponse(_events(csms, station, within), media_type="text/event-stream")

    return routes


async def _events(csms: Csms, station: str | None, within: float | None) -> AsyncIterator[bytes]:
    tail, query = Subscriber(), JournalQuery(station=station)
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
