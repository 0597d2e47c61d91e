"""Follows the event stream of the server, and offers each journal entry to the waits for its station."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

from mock_csms.client.entries import TranscriptEntry
from mock_csms.client.failures import ApiError, ClientError, StreamLost
from mock_csms.client.http import ControlApi, Reconnects
from mock_csms.client.operations import newest_number
from mock_csms.client.server_events import EventParser, ServerEvent
from mock_csms.client.transcript import Transcript
from mock_csms.client.waits import MessageWait

__tracebackhide__ = True

CATCH_UP_S: Final = 5.0
"""Maximum seconds to wait for events that the server has recorded already."""
PASSING_STATUSES: Final = frozenset({500, 502, 503, 504})
"""HTTP statuses after which the client requests the event stream again."""
UNKNOWN_EVENT: Final = "unknown-event"
"""Kind of the problem for a Last-Event-ID that the server does not know, as after its restart."""


class OfferedWait:
    """A wait to which the follower offers new entries; ``error``, if set, is raised instead of its result."""

    def __init__(self, wait: MessageWait[Any]) -> None:
        self.wait = wait
        self.ended = asyncio.Event()
        self.error: Exception | None = None

    def offer(self, entry: TranscriptEntry) -> None:
        """Offer a new entry to the wait; an exception in a condition of the test ends the wait."""
        if entry.number > self.wait.after and not self.ended.is_set():
            try:
                if self.wait.offer(entry):
                    self.ended.set()
            except Exception as error:
                self.fail(error)

    def fail(self, error: Exception) -> None:
        """End the wait, which then raises ``error``."""
        self.error = error
        self.ended.set()


class Milestone(NamedTuple):
    """Number of a journal entry, and an event that is set when the transcript has reached this number."""

    number: int
    reached: asyncio.Event


class Follower:
    """Reads the event stream in a background task, reconnects if it breaks, and offers entries to waits."""

    def __init__(
        self, api: ControlApi, start: int, reconnect_within: float, *, station_url: str = ""
    ) -> None:
        self.transcript = Transcript(start, station_url=station_url)
        self.opened = asyncio.Event()
        """Set when the stream is open for the first time, or lost."""
        self._api = api
        self._last_id = str(start)
        self._reconnect_within = reconnect_within
        self._reconnects = Reconnects(reconnect_within)
        self._pending: dict[str, set[OfferedWait]] = {}
        self._milestones: list[Milestone] = []
        self._lost: StreamLost | None = None
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop reading the event stream; waits that have not ended raise StreamLost."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._lose("the client is closed")

    # Waiting

    async def perform[Result](self, wait: MessageWait[Result]) -> Result:
        """Offer past and new entries to a wait until it ends or times out, and return its result."""
        self.check()
        if wait.needs_all and wait.after + 1 < self.transcript.first_complete:
            raise self._incomplete(wait)
        if not any(map(wait.offer, self.transcript.after(wait.station, wait.after))):
            with self._offering(wait) as pending:
                await self._until_ended(pending)
                if pending.error is not None:
                    raise pending.error
        return wait.conclude(self.transcript)

    def check(self) -> None:
        """Raise StreamLost if the event stream is lost or the follower is closed."""
        if self._lost is not None:
            raise self._lost

    def _incomplete(self, wait: MessageWait[Any]) -> StreamLost:
        return StreamLost(
            f"entries after #{wait.after} and before #{self.transcript.first_complete} were dropped before "
            "they could be compared; wait closer to the messages, or move the cursor with skip_to_now()"
        )

    @contextmanager
    def _offering(self, wait: MessageWait[Any]) -> Iterator[OfferedWait]:
        pending, key = OfferedWait(wait), wait.station.lower()
        self._pending.setdefault(key, set()).add(pending)
        try:
            yield pending
        finally:
            self._pending[key].remove(pending)
            if not self._pending[key]:
                del self._pending[key]

    async def _until_ended(self, pending: OfferedWait) -> None:
        try:
            async with asyncio.timeout(pending.wait.seconds):
                await pending.ended.wait()
        except TimeoutError:
            await self._offer_newest(pending)

    async def _offer_newest(self, pending: OfferedWait) -> None:
        """Wait until the entries that the server has already recorded have been offered to ``pending``.

        Raises ClientError if they do not come and ``pending`` has not ended: a match may be missing.
        """
        try:
            await self.catch_up()
        except ClientError:
            if not pending.ended.is_set():
                raise

    async def catch_up(self) -> None:
        """Wait until the transcript has all entries that the server has already recorded; raises ClientError
        if they do not come.
        """
        number = await self._api.send_patiently(newest_number(), self._reconnect_within)
        milestone = Milestone(number, asyncio.Event())
        self._milestones.append(milestone)
        self._check_milestones()
        try:
            async with asyncio.timeout(CATCH_UP_S):
                await milestone.reached.wait()
        except TimeoutError:
            raise StreamLost(f"entries up to #{number} did not come within {CATCH_UP_S:g} s") from None
        self.check()

    def _check_milestones(self) -> None:
        reached = [each for each in self._milestones if each.number <= self.transcript.last or self._lost]
        for milestone in reached:
            milestone.reached.set()
            self._milestones.remove(milestone)

    # Following

    async def _follow(self) -> None:
        while self._lost is None:
            reason = await self._follow_once()
            pause = self._reconnects.next_pause()
            if pause is None:
                self._lose(f"the event stream of {self._api.url} is lost: {reason}")
            elif pause:
                await asyncio.sleep(pause)

    async def _follow_once(self) -> str:
        """Read events until the stream ends, and return the reason."""
        parser = EventParser()
        try:
            async with self._api.events(self._last_id) as chunks:
                async for chunk in chunks:
                    self._reconnects.end()
                    self.opened.set()
                    for event in parser.feed(chunk):
                        self._take(event)
                    self._check_milestones()
        except ApiError as error:
            if error.status not in PASSING_STATUSES:
                self._lose(_reason(error))
            return str(error)
        except ClientError as error:
            return str(error)
        except (ValueError, LookupError) as error:
            self._lose(f"the server sent an event that cannot be read: {error!r}")
        return "the server ended the event stream"

    def _take(self, event: ServerEvent) -> None:
        """Add the journal entry that an event contains, if any, to the transcript.

        A comment in the event stream has an id, too; entries up to this id that have not come are marked as
        missing.
        """
        self._last_id = event.id or self._last_id
        if event.name == "entry":
            entry = TranscriptEntry.of_json(json.loads(event.data))
            self._skip(entry.number - 1)
            self._add(entry, len(event.data))
        elif not event.name:
            self._skip(int(self._last_id.partition(".")[0]))

    def _add(self, entry: TranscriptEntry, size: int) -> None:
        if self.transcript.add(entry, size):
            for pending in list(self._pending.get(entry.station.lower(), ())):
                pending.offer(entry)

    def _skip(self, number: int) -> None:
        """Mark the entries up to ``number`` that have not come as missing; waits that need them fail."""
        if number > self.transcript.last:
            self.transcript.skip(number)
            for pending in self._all_pending():
                if pending.wait.needs_all:
                    pending.fail(self._incomplete(pending.wait))

    def _lose(self, reason: str) -> None:
        if self._lost is None:
            self._lost = StreamLost(reason)
        for pending in self._all_pending():
            pending.fail(self._lost)
        self._check_milestones()
        self.opened.set()

    def _all_pending(self) -> list[OfferedWait]:
        return [
            pending for group in self._pending.values() for pending in group if not pending.ended.is_set()
        ]


def _reason(error: ApiError) -> str:
    if error.kind == UNKNOWN_EVENT:
        return "the server has been restarted and has a new journal; make a new client"
    return str(error)
