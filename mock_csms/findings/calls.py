"""Checks of CALLs in both directions: unique message ids, one CALL at a time, one answer each (OCPP-J
4.1).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict

IDS_REMEMBERED: Final = 32
"""Number of message ids to remember per station: this many of the first ids, and at least this many of the
latest.
"""
IN_PARALLEL_WITHIN_S: Final = 1.0
"""Age of an unanswered CALL below which the next CALL of the station is reported as parallel to it.

From this age on, the station may have given up waiting for the answer.
"""
MIN_TIMEOUT_S: Final = 0.1
"""Minimum seconds before a station is assumed to give up waiting for an answer."""
CROSSING_S: Final = 1.0
"""Maximum seconds between an answered CALL and a retry that may have been sent before the answer arrived."""
UNANSWERED_KEPT_S: Final = 60.0
"""Age at which an unanswered CALL is dropped."""
MAX_UNANSWERED: Final = 100

type SentCall = tuple[float, int, str, str, JsonObject]
"""A CALL of the station: seconds since the epoch, frame number, action, message id and payload."""


NO_IDS: Final[frozenset[str]] = frozenset()


class MessageIds:
    """First and latest message ids of a station's CALLs.

    The first ids reveal a station that numbers its CALLs and starts again from the first number. The sets are
    small so that the sets of a whole fleet stay in the CPU caches.
    """

    __slots__ = ("_earlier", "_first", "_last")

    def __init__(self) -> None:
        self._first = self._earlier = NO_IDS
        self._last: set[str] = set()

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._last or message_id in self._earlier

    def add(self, message_id: str) -> bool:
        """Remember an id and drop old ones to make room; return False for a known id."""
        last = self._last
        if message_id in last or message_id in self._earlier:
            return False
        last.add(message_id)
        if len(last) == IDS_REMEMBERED:
            self._first = self._first or frozenset(last)
            self._earlier, self._last = self._first | last, set()
        return True

    def forget(self, message_ids: Iterable[str]) -> None:
        """Drop ids, so that a CALL that uses one of them again is not reported."""
        released_ids = frozenset(message_ids)
        self._last -= released_ids
        self._earlier -= released_ids


class RetriableCalls(BoundedDict[str, SentCall]):
    """Latest CALLs whose answer may not have reached the station, by message id."""

    __slots__ = ()
    limit = 8


class StationCalls:
    """Checks that a station sends one CALL at a time, each with its own message id."""

    __slots__ = ("_latest", "_report", "_retriable", "_used", "_withheld", "unanswered")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._used = MessageIds()
        self._latest: SentCall | None = None
        self._retriable = RetriableCalls()
        self._withheld: set[str] = set()
        """Ids of unanswered CALLs whose answer is withheld, is late or is delayed by a fault."""
        self.unanswered: dict[str, SentCall] = {}
        """CALLs without an answer so far, by message id."""

    def identify(self, at: float, frame: int, message_id: str, action: str, payload: JsonObject) -> Findings:
        """Register a CALL; report its message id if an earlier CALL used it, unless this may be a retry."""
        previous, self._latest = self._latest, (at, frame, action, message_id, payload)
        if self._used.add(message_id) or self._is_retry(self._latest, previous):
            return NO_FINDINGS
        return self._reused(at, frame, message_id, action)

    def received(  # noqa: PLR0913 - all facts about a CALL
        self, at: float, frame: int, message_id: str, action: str, payload: JsonObject, *, together: bool
    ) -> Findings:
        """Register a CALL that this server has not answered yet, and report parallel CALLs and reused ids."""
        findings = NO_FINDINGS
        if self.unanswered or together:
            findings = self._in_parallel(at, frame, action, together=together)
        findings += self.identify(at, frame, message_id, action, payload)
        self.unanswered[message_id] = at, frame, action, message_id, payload
        return findings

    def answered(self, at: float, message_id: str, *, is_error: bool = False) -> SentCall | None:
        """Register the answer to a CALL, and return the CALL; None if no CALL waits for the answer.

        The CALL may be retried with its id after a CALLERROR, or if the station may have given up waiting.
        """
        call = self.unanswered.pop(message_id, None)
        if call is not None and (is_error or message_id in self._withheld or at - call[0] >= MIN_TIMEOUT_S):
            self._retriable[message_id] = call
        return call

    def _is_retry(self, call: SentCall, previous: SentCall | None) -> bool:
        """Return whether a CALL may be a retry, because an earlier answer did not arrive (OCPP-J 4.1.4,
        errata 4.6).
        """
        at, _, _, message_id, _ = call
        original = self.unanswered.get(message_id) or self._retriable.get(message_id)
        if original is None and previous and previous[3] == message_id:
            original = previous if MIN_TIMEOUT_S <= at - previous[0] <= CROSSING_S else None
        return original is not None and _content(original) == _content(call)

    def _reused(self, at: float, frame: int, message_id: str, action: str) -> Findings:
        return self._report(
            "message-id-reused",
            at,
            (frame,),
            f"{short(action)} reuses the message id {short(message_id)} of an earlier CALL; message ids "
            "must be unique across all connections of the station",
        )

    def _in_parallel(self, at: float, frame: int, action: str, *, together: bool) -> Findings:
        self._forget_old(at)
        earlier = [
            call
            for message_id, call in self.unanswered.items()
            if at - call[0] < IN_PARALLEL_WITHIN_S and message_id not in self._withheld
        ]
        if together and self._latest and not earlier:
            earlier = [self._latest]
        if not earlier:
            return NO_FINDINGS
        _, earlier_frame, earlier_action, *_ = earlier[-1]
        return self._report(
            "calls-in-parallel",
            at,
            (earlier_frame, frame),
            f"{short(action)} was sent before {short(earlier_action)} was answered; a station must "
            "wait for the answer before it sends the next CALL",
        )

    def _forget_old(self, at: float) -> None:
        for message_id, call in list(self.unanswered.items()):
            if at - call[0] >= UNANSWERED_KEPT_S or len(self.unanswered) >= MAX_UNANSWERED:
                self._retriable[message_id] = self.unanswered.pop(message_id)
        self._withheld &= self.unanswered.keys()

    def waited(self, at: float) -> float:
        """Return the seconds for which the latest CALL has been unanswered; 0 if it was answered."""
        latest = self._latest
        return at - latest[0] if latest and latest in self.unanswered.values() else 0.0

    def delay(self, message_id: str) -> None:
        """Register that a fault may delay the answer: the station may send the next CALL or a retry."""
        self._withheld &= self.unanswered.keys()
        self._withheld.add(message_id)

    def withhold(self, message_id: str) -> str | None:
        """Register that a CALL gets no usable answer yet: the station may send the next CALL or a retry.

        Return the action of the CALL; None if no CALL with this id is unanswered.
        """
        self._used.forget((message_id,))
        call = self.unanswered.get(message_id)
        if call is None:
            return None
        self._withheld.add(message_id)
        return call[2]

    def disconnected(self) -> None:
        """Drop the unanswered CALLs. The station may retry them and the latest CALL with the same ids."""
        if self._latest:
            self._retriable[self._latest[3]] = self._latest
        if self.unanswered:
            self._used.forget(self.unanswered)
            self.unanswered.clear()
            self._withheld.clear()

    def shift(self, seconds: float) -> None:
        """Add ``seconds`` to the times of the CALLs, because the clock of this machine was set."""
        if self._latest:
            moved = self._latest[0] + seconds, *self._latest[1:]
            for message_id, call in self.unanswered.items():
                self.unanswered[message_id] = (
                    moved if call == self._latest else (call[0] + seconds, *call[1:])
                )
            self._latest = moved

    def has_had(self, message_id: str) -> bool:
        """Return whether the station has sent a CALL with this id."""
        return message_id in self._used or message_id in self.unanswered


def _content(call: SentCall) -> tuple[str, JsonObject]:
    """Return the part of a CALL that a retry repeats: the action, and the payload without its offline
    flag.
    """
    _, _, action, _, payload = call
    return action, {name: value for name, value in payload.items() if name != "offline"}


class AnswerRequirements(NamedTuple):
    """Requirements about the answer to a CALL."""

    answered: tuple[str, ...] = ()
    """Requirements that demand an answer."""
    valid: tuple[str, ...] = ()
    """Requirements that demand a valid payload."""


NO_REQUIREMENTS: Final = AnswerRequirements()
type AnswerRequirementsOf = Callable[[str, JsonObject], AnswerRequirements]
"""Returns the requirements about the answer to a CALL with this action and payload."""
EVERY_CALL_ANSWERED: Final = "OCPP-J 4.1.1"
VALID_ANSWER: Final = "OCPP-J 4.1.7"


@dataclass(slots=True)
class OurCall:
    """A CALL to the station; its payload is dropped once the CALL is answered."""

    frames: tuple[int, ...]
    payload: JsonObject
    sent_at: float = 0.0
    is_answered: bool = False
    answer: int | None = None
    """Number of the first answer's journal entry; None if there is none yet."""
    is_spoilt: bool = False
    """Whether the CALL was sent with a fault; answers to it are then not checked."""


class RecentCalls(BoundedDict[str, OurCall]):
    """Latest CALLs to a station, by message id."""

    __slots__ = ()
    limit = 1_000


class OurCalls:
    """Checks the answers of a station to the CALLs of this server."""

    __slots__ = ("_report", "_requirements", "_sent")

    def __init__(self, report: Reporter, requirements: AnswerRequirementsOf) -> None:
        self._report = report
        self._requirements = requirements
        self._sent = RecentCalls()

    def sent(self, at: float, frame: int, message_id: str, payload: JsonObject) -> None:
        """Register a CALL to the station."""
        self._sent[message_id] = OurCall((frame,), payload, at)

    def sent_spoilt(self, message_id: str) -> None:
        """Register a CALL that was sent with a fault."""
        self._sent[message_id] = OurCall((), {}, is_spoilt=True)

    def answered(self, message_id: str, frame: int | None = None) -> OurCall:
        """Mark the CALL with this id as answered by a frame, and return it. For an unknown id, add a CALL
        without a payload.
        """
        call = self._sent.get(message_id)
        if call is None:
            call = self._sent[message_id] = OurCall((), {})
        call.is_answered = True
        call.answer = frame
        return call

    def stray_answer(self, at: float, frame: int, message_id: str) -> Findings:
        """Check an answer that matches no pending CALL; a late answer is accepted."""
        call = self._sent.get(message_id)
        if call is None:
            return self._report(
                "answer-to-unknown-call",
                at,
                (frame,),
                f"an answer has the message id {short(message_id)}, but no CALL with that id was sent to the "
                "station; an answer must repeat the message id of its CALL",
            )
        if not call.is_answered or call.is_spoilt:
            call.is_answered = True
            call.answer = frame
            return NO_FINDINGS
        first = () if call.answer is None else (call.answer,)
        return self._report(
            "answer-repeated",
            at,
            (*call.frames, *first, frame),
            f"the CALL {short(message_id)} was answered more than once; a CALL must be answered exactly once",
        )

    def timed_out(self, at: float, message_id: str, action: str, timeout_s: float | None = None) -> Findings:
        """Report a CALL to the station that was not answered in time, unless it was sent with a fault."""
        call = self.answered(message_id)
        call.is_answered = False
        if call.is_spoilt:
            return NO_FINDINGS
        late = "in time" if timeout_s is None else f"within {timeout_s:g} s"
        requirements = self._requirements(action, call.payload).answered
        return self._report(
            "call-unanswered",
            at,
            call.frames,
            f"{short(action)} was not answered {late}; a station must answer every CALL, if necessary with "
            "a CALLERROR",
            requirements=(EVERY_CALL_ANSWERED, *requirements),
        )
