"""CALLs in both directions: their ids, and that each is answered before the next (OCPP-J 4.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict

IDS_REMEMBERED: Final = 32
"""How many of the last ids of a station are remembered at least, and just as many of its first."""
IN_PARALLEL: Final = 1.0
"""Seconds; a station that sends the next CALL later may have given up waiting for the answer."""
UNANSWERED_KEPT: Final = 60.0
MOST_UNANSWERED: Final = 100

type Sent = tuple[float, int, str]
"""When the station sent a CALL, in which frame, and its action."""


NO_IDS: Final[frozenset[str]] = frozenset()


class MessageIds:
    """The ids of the CALLs of a station: its first, with which one that counts begins again, and its last.

    They are few, so that those of a whole fleet stay in the processor's cache.
    """

    __slots__ = ("_earlier", "_first", "_last")

    def __init__(self) -> None:
        self._first = self._earlier = NO_IDS
        self._last: set[str] = set()

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._last or message_id in self._earlier

    def add(self, message_id: str) -> bool:
        """Remember an id, and forget old ones for it; False if it is known."""
        last = self._last
        if message_id in last or message_id in self._earlier:
            return False
        last.add(message_id)
        if len(last) == IDS_REMEMBERED:
            self._first = self._first or frozenset(last)
            self._earlier, self._last = self._first | last, set()
        return True

    def forget(self, message_ids: Iterable[str]) -> None:
        """Let ids be used again."""
        free = frozenset(message_ids)
        self._last -= free
        self._earlier -= free


class StationCalls:
    """The CALLs of a station: one at a time, each with an id of its own."""

    __slots__ = ("_latest", "_report", "_used", "unanswered")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._used = MessageIds()
        self._latest: Sent | None = None
        self.unanswered: dict[str, Sent] = {}
        """By message id."""

    def identify(self, at: float, frame: int, message_id: str, action: str) -> Findings:
        """Take note of a CALL and its id."""
        self._latest = at, frame, action
        return NO_FINDINGS if self._used.add(message_id) else self._reused(at, frame, message_id, action)

    def received(self, at: float, frame: int, message_id: str, action: str, *, together: bool) -> Findings:
        """Take note of a CALL that is to be answered."""
        found = NO_FINDINGS
        if self.unanswered or together:
            found = self._in_parallel(at, frame, action, together=together)
        found += self.identify(at, frame, message_id, action)
        self.unanswered[message_id] = at, frame, action
        return found

    def _reused(self, at: float, frame: int, message_id: str, action: str) -> Findings:
        return self._report(
            "message-id-reused",
            at,
            (frame,),
            f"{short(action)} has the message id {short(message_id)} of an earlier CALL; each CALL has an id "
            "of its own, across all connections of the station",
        )

    def _in_parallel(self, at: float, frame: int, action: str, *, together: bool) -> Findings:
        self._forget_old(at)
        earlier = [call for call in self.unanswered.values() if at - call[0] < IN_PARALLEL]
        if together and self._latest and not earlier:
            earlier = [self._latest]
        if not earlier:
            return NO_FINDINGS
        _, earlier_frame, earlier_action = earlier[-1]
        return self._report(
            "calls-in-parallel",
            at,
            (earlier_frame, frame),
            f"{short(action)} was sent before {short(earlier_action)} was answered; at most one CALL is out "
            "at a time",
        )

    def _forget_old(self, at: float) -> None:
        for message_id, call in list(self.unanswered.items()):
            if at - call[0] >= UNANSWERED_KEPT or len(self.unanswered) >= MOST_UNANSWERED:
                del self.unanswered[message_id]

    def waited(self, at: float) -> float:
        """The seconds that the station has been waiting for the answer to its latest CALL; 0 if it is not."""
        latest = self._latest
        return at - latest[0] if latest and latest in self.unanswered.values() else 0.0

    def withhold(self, message_id: str) -> str | None:
        """Let an id that got no answer be used for a retry; returns the action that it was about."""
        self._used.forget((message_id,))
        call = self.unanswered.get(message_id)
        return call[2] if call else None

    def disconnected(self) -> None:
        """Forget what was to be answered; it may all be retried, with the same ids."""
        if self.unanswered:
            self._used.forget(self.unanswered)
            self.unanswered.clear()

    def has_had(self, message_id: str) -> bool:
        """Tell whether the station has sent a CALL with this id."""
        return message_id in self._used or message_id in self.unanswered


@dataclass(slots=True)
class OurCall:
    """A CALL to the station, with its payload until it is answered."""

    frames: tuple[int, ...]
    payload: JsonObject
    is_answered: bool = False


class RecentCalls(BoundedDict[str, OurCall]):
    """The last CALLs to a station by message id."""

    __slots__ = ()
    limit = 1_000


class OurCalls:
    """The CALLs to a station, and its answers to them."""

    __slots__ = ("_report", "_sent")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._sent = RecentCalls()

    def sent(self, frame: int, message_id: str, payload: JsonObject) -> None:
        """Take note of a CALL to the station."""
        self._sent[message_id] = OurCall((frame,), payload)

    def answered(self, message_id: str) -> OurCall:
        """Find the CALL that an answer is to, one without a payload if it was not told of."""
        call = self._sent.get(message_id)
        if call is None:
            call = self._sent[message_id] = OurCall((), {})
        call.is_answered = True
        return call

    def stray_answer(self, at: float, frame: int, message_id: str) -> Findings:
        """Judge an answer to no CALL that is out now; one that is late is nothing to complain of."""
        call = self._sent.get(message_id)
        if call is None:
            return self._report(
                "answer-to-unknown-call",
                at,
                (frame,),
                f"an answer has the message id {short(message_id)}, which no CALL to the station had; an "
                "answer has the id of its CALL",
            )
        if not call.is_answered:
            call.is_answered = True
            return NO_FINDINGS
        return self._report(
            "answer-repeated",
            at,
            (*call.frames, frame),
            f"the CALL {short(message_id)} was answered again; each CALL is answered once",
        )

    def timed_out(self, at: float, message_id: str, action: str) -> Findings:
        """Judge that a CALL to the station had no answer in time."""
        call = self.answered(message_id)
        call.is_answered = False
        return self._report(
            "call-unanswered",
            at,
            call.frames,
            f"{short(action)} was not answered in time; each CALL is answered, if only with a CALLERROR",
        )
