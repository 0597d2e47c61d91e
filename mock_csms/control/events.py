"""Event streams: journal entries and findings as server-sent events, live or starting at an earlier event."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from http import HTTPStatus
from time import monotonic, perf_counter
from typing import Annotated, Final
from weakref import WeakSet

import orjson
from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from mock_csms.control.models.events import StreamedEvent
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import Glob, StrictRoute, station_glob
from mock_csms.control.slices import SLICE_S, next_slice
from mock_csms.csms import Csms
from mock_csms.findings.kinds import Finding
from mock_csms.journal.catch_up import CatchUp, finding_event
from mock_csms.journal.event_ids import EventId
from mock_csms.journal.records import Records
from mock_csms.journal.stream import Subscriber
from mock_csms.verdict.rehearsal import Rehearsal

MAX_FOLLOWERS: Final = 100
"""Maximum number of event streams at a time."""
KEEP_ALIVE_S: Final = 15.0
"""Seconds without an event until a comment is sent as a sign of life."""
MAX_CHUNK_BYTES: Final = 2**16
"""Bytes of stored events that fill a chunk, which is then sent."""

# Comments with the id of the newest event, so that a client that has received no event can resume there.
FOLLOWING: Final = b": following\nid: %b\n\n"
NOTHING_NEW: Final = b": nothing new\nid: %b\n\n"
REHEARSAL: Final = b"event: rehearsal\ndata: %b\n\n"
CUT_OFF: Final = b"event: cut-off\ndata: {}\n\n"

EVENT_SCHEMA: Final = {"$ref": f"#/components/schemas/{StreamedEvent.__name__}"}

AfterEvent = Annotated[
    int | None,
    Query(description="begin after the journal entry with this number; 0 means all events", ge=0),
]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="begin after the event with this id; takes precedence over `since`",
    ),
]
WithinSeconds = Annotated[
    float | None,
    Query(ge=0, description="end the stream after this many seconds, once all earlier events have been sent"),
]


def router(csms: Csms) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/v1", tags=["journal"], route_class=StrictRoute)
    open_streams = WeakSet[_EventStream]()

    @routes.get(
        "/events",
        response_class=StreamingResponse,
        responses={
            **documented("too-many-streams", "unknown-event"),
            200: {
                "description": "Server-sent events",
                "content": {"text/event-stream": {"schema": EVENT_SCHEMA}},
            },
        },
    )
    async def follow_events(
        station: Glob = None,
        since: AfterEvent = None,
        last_event_id: LastEventId = None,
        within: WithinSeconds = None,
    ) -> StreamingResponse:
        """Stream journal entries (`event: entry`) and findings (`event: finding`) as they happen.

        The `data` of an event is the same JSON object as in the journal or in the list of findings. The `id`
        of an entry is its number; the findings made after entry 412 have the ids `412.1`, `412.2` and so on.
        With `since` or the header `Last-Event-ID`, the stream begins with the stored events after that event,
        and continues with the live ones; none is left out or repeated. If entries or findings are no longer
        stored, `event: missed` has the range of their entry numbers (`from`, `to`), for all stations.

        A client that reads too slowly gets an `event: cut-off` and is disconnected; it can resume with the
        last id that it has received.

        `event: rehearsal` has the number of the newest change of the certification rehearsal. It is sent at
        each change, and when the live events begin.
        """
        if len(open_streams) >= MAX_FOLLOWERS:
            raise _too_many_streams()
        after = _start(csms.records, last_event_id, since)
        stream = _EventStream(csms, station_glob(csms, station), after, open_streams)
        return StreamingResponse(stream.chunks(within), media_type="text/event-stream")

    def publish_finding(finding: Finding) -> None:
        if csms.records.feed.subscribers:
            csms.records.feed.publish(finding.station, finding_event(finding))

    def publish_rehearsal() -> None:
        if csms.records.feed.subscribers:
            station = csms.rehearsal.run.station if csms.rehearsal.run else ""
            csms.records.feed.publish(station, _rehearsal_event(csms.rehearsal))

    csms.records.on_finding.append(publish_finding)
    csms.rehearsal.on_change.append(publish_rehearsal)
    return routes


def _rehearsal_event(rehearsal: Rehearsal) -> bytes:
    run = rehearsal.run.id if rehearsal.run else None
    return REHEARSAL % orjson.dumps({"run": run, "version": rehearsal.version})


def _too_many_streams() -> Problem:
    detail = (
        f"{MAX_FOLLOWERS} event streams are open, the maximum; "
        "close one, or follow all stations with one stream (without 'station')"
    )
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-streams", detail)


def _start(records: Records, last_event_id: str | None, since: int | None) -> EventId:
    """Return the id of the event after which a stream begins; raises Problem for an unknown id."""
    newest = records.last_event
    try:
        after = newest if since is None else EventId(since)
        after = EventId.parse(last_event_id) if last_event_id else after
    except ValueError as error:
        detail = f"Last-Event-ID: {error}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail) from None
    if after > newest:
        detail = (
            f"there is no event {after} yet, the newest is {newest}; if the server has been restarted, "
            "begin with since=0"
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-event", detail)
    return after


class _EventStream:
    """The events of one stream: the stored ones after an event, then the live ones."""

    def __init__(
        self, csms: Csms, station: str | None, after: EventId, open_streams: "WeakSet[_EventStream]"
    ) -> None:
        """Add the stream to ``open_streams``, where it stays until it ends or its response is dropped."""
        self._open_streams = open_streams
        open_streams.add(self)
        self._records = csms.records
        self._rehearsal = csms.rehearsal
        self._station = station
        self._after = after
        self._subscriber = Subscriber()
        self._stop_following: Callable[[], None] = lambda: None

    async def chunks(self, within: float | None) -> AsyncIterator[bytes]:
        """Yield chunks of events: the stored ones, then live ones during the next ``within`` seconds."""
        end = math.inf if within is None else monotonic() + within
        try:
            async for chunk in _joined(self._past()):
                yield chunk
            while chunk := await self._next_chunk(end - monotonic()):
                yield chunk
            if self._subscriber.cut_off:
                yield CUT_OFF
        finally:
            self._stop_following()
            self._open_streams.discard(self)

    def _past(self) -> Iterator[bytes]:
        """Yield the stored events. Live events are collected as soon as the newest stored event has been
        read.
        """
        yield from CatchUp(self._records, self._station, self._after)
        self._stop_following = self._records.feed.follow(self._subscriber, self._station)
        yield FOLLOWING % self._newest
        if self._rehearsal.version:
            yield _rehearsal_event(self._rehearsal)

    async def _next_chunk(self, remaining: float) -> bytes:
        """Return live events, or a comment as a sign of life; empty when the stream ends."""
        if remaining <= 0:
            return b""
        try:
            async with asyncio.timeout(min(remaining, KEEP_ALIVE_S)):
                return await self._subscriber.get() or b""
        except TimeoutError:
            self._records.feed.flush()
            is_idle = not self._subscriber.has_chunk
            return NOTHING_NEW % self._newest if is_idle else await self._subscriber.get() or b""

    @property
    def _newest(self) -> bytes:
        """Id of the newest event of all stations; a client resumes after it."""
        return str(self._records.last_event).encode()


async def _joined(events: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Join events into chunks; other tasks of the event loop run after every `SLICE_S` seconds of work."""
    await next_slice()  # many clients may begin at once
    chunk, end = bytearray(), perf_counter() + SLICE_S
    for event in events:
        chunk += event
        if len(chunk) >= MAX_CHUNK_BYTES or perf_counter() > end:
            if chunk:
                yield bytes(chunk)
            await next_slice()
            chunk, end = bytearray(), perf_counter() + SLICE_S
    yield bytes(chunk)
