"""Messages that a station must send in time, because of an earlier message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mock_csms.findings.coverage import Coverage
from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject

MAX_EXPECTATIONS: Final = 100


@dataclass(slots=True, eq=False)
class ExpectedMessage:
    """A message that must arrive in time; otherwise a finding with ``sentence`` is reported."""

    kind: str
    """Id of the kind of finding."""
    requirements: tuple[str, ...]
    since: float
    """Time of the earlier message that makes this message due, in seconds since the epoch."""
    within_s: float
    actions: frozenset[str]
    """Actions of the CALLs that may fulfil the expectation."""
    is_fulfilled_by: Callable[[str, JsonObject], bool]
    """Returns whether a CALL with this action and payload fulfils the expectation."""
    sentence: str
    frames: tuple[int, ...] = ()
    outlives_connection: bool = False
    """Whether the message is still due after a reconnect; otherwise it is dropped with the connection."""
    outlives_boot: bool = False
    is_fulfilled_by_disconnect: bool = False
    is_excused: Callable[[], bool] = field(default=lambda: False)
    """Whether the message need not arrive after all; called when it is overdue."""
    counts_as_met: bool = True
    """Whether the message marks the requirements as met; if not, it only prevents the finding."""
    waits_for_queue: bool = True
    """Whether earlier messages of the same action in the station's queue may delay this message."""
    due: float = field(init=False)
    """Deadline in seconds since the epoch; extended after the station had to wait for an answer."""

    def __post_init__(self) -> None:
        self.due = self.since + self.within_s

    def wait_until(self, at: float) -> None:
        """Move the deadline to ``within_s`` after ``at``, unless it is later already."""
        self.due = max(self.due, at + self.within_s)

    def wait_for_queue(self, until: float) -> None:
        """If `waits_for_queue`, move the deadline to ``within_s`` after ``until``, the end of the queue."""
        if self.waits_for_queue:
            self.wait_until(until)


class ExpectedMessages:
    """Open expectations of one station. If there are too many, the oldest is dropped."""

    __slots__ = ("_coverage", "_open", "_queued_until", "_report")

    def __init__(self, report: Reporter, coverage: Coverage) -> None:
        self._report = report
        self._coverage = coverage
        self._open: list[ExpectedMessage] = []
        self._queued_until: dict[str, float] = {}
        """By action: time until which the station may still send queued messages, which delay newer ones."""

    def add(self, expectation: ExpectedMessage) -> None:
        """Expect a message from now on. If there are too many expectations, drop the oldest."""
        if len(self._open) == MAX_EXPECTATIONS:
            del self._open[0]
        self._open.append(expectation)
        for action in expectation.actions & self._queued_until.keys():
            expectation.wait_for_queue(self._queued_until[action])

    def observe(self, action: str, payload: JsonObject) -> None:
        """Remove the expectations that a CALL fulfils; called before the learners receive the CALL."""
        if not self._open:
            return
        for expectation in list(self._open):
            if action in expectation.actions and expectation.is_fulfilled_by(action, payload):
                self._open.remove(expectation)
                if expectation.counts_as_met:
                    self._coverage.met(expectation.requirements)

    def overdue(self, at: float) -> Findings:
        """Remove the expectations whose deadline has passed, and report those that are not excused."""
        findings = NO_FINDINGS
        for expectation in [one for one in self._open if one.due <= at]:
            self._open.remove(expectation)
            if not expectation.is_excused():
                findings += self._report(
                    expectation.kind,
                    at,
                    expectation.frames,
                    expectation.sentence,
                    requirements=expectation.requirements,
                )
        return findings

    def drop(self, kind: str, should_drop: Callable[[ExpectedMessage], bool] = lambda _: True) -> None:
        """Drop expectations of a kind, because their message need no longer arrive."""
        self._open = [one for one in self._open if one.kind != kind or not should_drop(one)]

    def wait_for_queue(self, action: str, until: float) -> None:
        """Extend the deadlines for messages of an action.

        Until ``until``, the station may still send older messages of this action from its queue.
        """
        self._queued_until[action] = max(until, self._queued_until.get(action, until))
        for expectation in self._open:
            if action in expectation.actions:
                expectation.wait_for_queue(until)

    def limit_queue(self, action: str, until: float) -> None:
        """Assume that the station sends queued messages of an action no later than ``until``."""
        if action in self._queued_until:
            self._queued_until[action] = min(self._queued_until[action], until)

    def disconnected(self) -> None:
        """Drop the expectations that end with the connection.

        If a disconnect fulfils an expectation, mark its requirements as met.
        """
        for expectation in self._open:
            if expectation.is_fulfilled_by_disconnect:
                self._coverage.met(expectation.requirements)
        self._open = [one for one in self._open if one.outlives_connection]

    def booted(self) -> None:
        """Drop the expectations that end with a restart."""
        self._open = [one for one in self._open if one.outlives_boot]

    def resumed(self, at: float) -> None:
        """After a reconnect at ``at``, allow the station at least ``within_s`` again for each message."""
        for expectation in self._open:
            expectation.wait_until(at)

    def doubt(self, action: str | None) -> None:
        """Drop the expectations that an unreadable message may have fulfilled; all if ``action`` is None."""
        self._open = [one for one in self._open if action is not None and action not in one.actions]

    def shift(self, seconds: float) -> None:
        """Extend all deadlines by ``seconds``."""
        self._queued_until = {action: until + seconds for action, until in self._queued_until.items()}
        for expectation in self._open:
            expectation.due += seconds
