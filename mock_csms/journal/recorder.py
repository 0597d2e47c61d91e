"""What is noted of what goes on: the journal, the findings and the counts, each message in one step."""

import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any, Final, Literal

from mock_csms.behaviour.faults import Fault
from mock_csms.findings.kinds import Finding
from mock_csms.findings.observer import Observer
from mock_csms.journal.store import Direction, Journal, Kind
from mock_csms.journal.stream import Feed
from mock_csms.log.output import logger
from mock_csms.log.redact import HAVE_SECRETS, masked
from mock_csms.messages import Call, CallError, CallResult, JsonObject
from mock_csms.messages import call as call_frame
from mock_csms.schema.validation import Violation
from mock_csms.v201.version import OCPP_2_0_1

MOST_FINDINGS: Final = 10_000
"""How many findings are kept; then the oldest go."""

PAUSED: Final = "more than %d messages a second: findings pause until there are fewer; --findings keeps them"

Watch = Literal["auto", "always", "never"]
"""When findings are looked for."""

MOST_WATCHED: Final = 10_000
"""Frames a second, of both sides, past which nobody looks for findings unless it is always done."""

CALM_TICKS: Final = 10
"""For how many ticks in a row there have to be less than half of that before anybody does again."""

BOUNDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
"""Seconds by which the answers of stations are counted."""


@dataclass
class Latency:
    """How long answers took, in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    sum: float = 0.0
    count: int = 0

    def note(self, seconds: float) -> None:
        """Count an answer."""
        self.sum += seconds
        self.count += 1
        for number, bound in enumerate(BOUNDS):
            if seconds <= bound:
                self.buckets[number] += 1
                return


class Records:
    """All that is noted, across stations and connections."""

    def __init__(self, journal: Journal, silenced: Iterable[str] = (), watch: Watch = "auto") -> None:
        self.journal = journal
        self.observing = watch != "never"
        """Whether anybody looks for findings now."""
        self.unobserved = 0
        """How many frames went by while nobody did because there were too many."""
        self._adapts = watch == "auto"
        self._ticked = monotonic(), 0
        self._calm_ticks = 0
        self.feed = Feed(journal)
        self.findings: deque[Finding] = deque(maxlen=MOST_FINDINGS)
        self.found: Counter[str] = Counter()
        """How many findings there were of each id, those forgotten included."""
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.answered: defaultdict[str, int] = defaultdict(int)
        self.faults: Counter[str] = Counter()
        self.latencies: dict[str, Latency] = {}
        """How long stations took to answer, by command."""
        self.connections = 0
        """How many connections there ever were."""
        self._seen: set[str] = set()
        self.on_finding: list[Callable[[Finding], None]] = []
        self._silenced = frozenset(silenced)
        self._logged: set[tuple[str, str]] = set()
        self._observers: dict[str, Observer] = {}

    @property
    def messages(self) -> Counter[tuple[str, str, str]]:
        """How many messages there were of each direction, action and outcome."""
        return self.counts + Counter(
            {("received", it, "result"): count for it, count in self.answered.items()}
        )

    @property
    def stations(self) -> int:
        """How many stations ever connected."""
        return len(self._seen)

    def observer(self, station: str) -> Observer:
        """Who watches a station."""
        observer = self._observers.get(station)
        if observer is None:
            observer = self._observers[station] = Observer(station, self._silenced)
        return observer

    def recorder(self, station: str) -> "Recorder":
        """Begin to record a new connection of a station."""
        self.connections += 1
        self._seen.add(station)
        return Recorder(self, station, self.connections)

    def refused(self, station: str, why: str, rule: str | None = None) -> None:
        """Note that a connection was refused at the door."""
        self.journal.note(station, 0, None, "refused", rule=rule, injected=rule is not None, note=why)

    def find(self, findings: Sequence[Finding]) -> None:
        """Keep what was found."""
        for finding in findings:
            self.findings.append(finding)
            self.found[finding.id] += 1
            self._log(finding)
            for told in self.on_finding:
                told(finding)

    def _log(self, finding: Finding) -> None:
        """Warn of the first finding of a kind about a station; the others may be many."""
        kind = finding.station, finding.id
        level = logging.INFO if kind in self._logged else logging.WARNING
        self._logged.add(kind)
        logger.log(level, "%s  found %s: %s", finding.station, finding.id, finding.sentence)

    def tick(self) -> None:
        """Find what has become overdue, unless there is too much going on."""
        if self._adapts:
            self._adapt()
        if not self.observing:
            return
        now = time()
        for observer in self._observers.values():
            if found := observer.tick(now):
                self.find(found)

    def _adapt(self) -> None:
        """Stop looking for findings while they would take too much time, and begin anew afterwards."""
        now, last_number = monotonic(), self.journal.last_number
        (before, number), self._ticked = self._ticked, (now, last_number)
        frames = last_number - number
        rate = frames / max(now - before, 0.001)
        if self.observing and rate > MOST_WATCHED:
            self.observing = False
            logger.warning(PAUSED, MOST_WATCHED // 2)
        elif not self.observing:
            self.unobserved += frames
            self._calm_ticks = self._calm_ticks + 1 if rate < MOST_WATCHED / 2 else 0
            if self._calm_ticks == CALM_TICKS:
                self.observing, self._calm_ticks = True, 0
                self._forget_all()
                logger.info("there are fewer messages again: findings are looked for")

    def _forget_all(self, station: str | None = None) -> None:
        for name, observer in self._observers.items():
            if station in {None, name}:
                observer.forget(time(), self.journal.last_number)

    def end(self) -> None:
        """Find what is still missing now that the run is over."""
        if not self.observing:
            return
        now = time()
        for observer in self._observers.values():
            self.find(observer.end(now))

    def clear(self, station: str | None = None) -> None:
        """Forget the findings, those of one station or all, and what they would build on."""
        self.findings = deque(
            (it for it in self.findings if station not in {None, it.station}), maxlen=MOST_FINDINGS
        )
        self._logged = {kind for kind in self._logged if station not in {None, kind[0]}}
        self._forget_all(station)


def _outcome(answer: CallResult | CallError) -> str:
    if isinstance(answer, CallError):
        return "error"
    return "refused" if OCPP_2_0_1.is_refusal(answer.payload) else "result"


class Recorder:
    """Notes what goes on on one connection of a station."""

    __slots__ = ("_observer", "_records", "connection", "station")

    def __init__(self, records: Records, station: str, connection: int) -> None:
        self.station = station
        self.connection = connection
        self._records = records
        self._observer = records.observer(station)

    def _note(self, direction: Direction | None, kind: Kind, *about: Any, **more: Any) -> int:
        return self._records.journal.note(self.station, self.connection, direction, kind, *about, **more)

    def connected(self, peer: str) -> None:
        """Note that the connection is there."""
        number = self._note(None, "connected", note=f"from {peer}")
        self._find(self._observer.connected(time(), number))

    def disconnected(self, how: str) -> None:
        """Note that the connection has ended."""
        number = self._note(None, "disconnected", note=how)
        self._find(self._observer.disconnected(time(), number))

    def exchanged(
        self, call: Call, result: bytes, payload: JsonObject, elapsed: float, together: bool
    ) -> None:
        """Note a valid CALL and the CALLRESULT that answered it at once."""
        at, records = time() - elapsed, self._records
        message_id, action = call.message_id, call.action
        number = records.journal.note_exchange(self, at, message_id, action, elapsed, call.raw, result)
        records.answered[action] += 1
        if records.observing:
            found = self._observer.exchanged(at, number, message_id, action, call.payload, payload, together)
            if found:
                records.find(found)

    def received_call(self, call: Call, violation: Violation | None, together: bool, checked: bool) -> int:
        """Note a CALL of the station; ``checked`` tells whether its schema was asked."""
        broken = violation.description if violation else None
        message_id, action = call.message_id, call.action
        number = self._note("received", "call", action, message_id, violation=broken, raw=call.raw)
        if checked and self._records.observing:
            found = self._observer.received_call(
                time(), number, message_id, action, call.payload, violation=broken, together=together
            )
            if found:
                self._find(found)
        return number

    def sent_result(self, raw: bytes, call: Call, payload: JsonObject, partner: int, elapsed: float) -> None:
        """Note our answer."""
        message_id, action = call.message_id, call.action
        number = self._note("sent", "result", action, message_id, partner, elapsed, raw=raw)
        self._records.answered[action] += 1
        self._find(self._observer.sent_result(time(), number, message_id, action, payload))

    def sent_error(self, raw: bytes, call: Call, partner: int, elapsed: float) -> None:
        """Note our CALLERROR."""
        message_id, action = call.message_id, call.action
        number = self._note("sent", "error", action, message_id, partner, elapsed, raw=raw)
        self._records.counts["received", action, "error"] += 1
        self._find(self._observer.sent_error(time(), number, message_id, action))

    def injected(  # noqa: PLR0913 - what was done to which answer
        self,
        call: Call,
        partner: int,
        elapsed: float,
        *,
        rule: str,
        fault: Fault | None,
        raw: bytes | None,
        payload: JsonObject | None,
    ) -> None:
        """Note what a rule made of an answer: ``raw`` if it was sent, ``payload`` if it was a result."""
        message_id, action = call.message_id, call.action
        if fault:
            self._records.faults[fault.kind] += 1
        kind = "withheld" if raw is None else "error" if payload is None else "result"
        number = self._note(
            "sent",
            kind,  # type: ignore[arg-type]
            action,
            message_id,
            partner,
            elapsed,
            rule=rule,
            injected=True,
            note=str(fault) if fault else None,
            raw=raw,
        )
        self._records.counts["received", action, kind] += 1
        now, observer = time(), self._observer
        if raw is None or (fault and fault.withholds):
            self._find(observer.withheld(now, message_id))
        elif payload is None:
            self._find(observer.sent_error(now, number, message_id, action))
        else:
            self._find(observer.sent_result(now, number, message_id, action, payload))

    def fault(self, kind: str) -> None:
        """Count a fault."""
        self._records.faults[kind] += 1

    def malformed(self, raw: bytes, description: str) -> int:
        """Note a frame that is no message."""
        number = self._note("received", "malformed", violation=description, raw=raw)
        self._records.counts["received", "", "malformed"] += 1
        self._find(self._observer.malformed(time(), number, description))
        return number

    def answered_malformed(self, raw: bytes, message_id: str, partner: int) -> None:
        """Note the CALLERROR that answers a frame that is no message."""
        self._note("sent", "error", None, message_id, partner, raw=raw)

    def sent_call(self, raw: bytes, message_id: str, action: str, payload: Any, *, valid: bool) -> int:
        """Note a command; one that may be anything tells nothing of what the station has to do."""
        if action in HAVE_SECRETS:
            raw = call_frame(message_id, action, masked(payload))
        number = self._note("sent", "call", action, message_id, raw=raw)
        if valid:
            self._find(self._observer.sent_call(time(), number, message_id, action, payload))
        return number

    def received_answer(  # noqa: PLR0913 - what came, and what it answers
        self,
        raw: bytes,
        answer: CallResult | CallError,
        *,
        action: str | None,
        partner: int | None,
        elapsed: float | None,
        violation: Violation | None,
    ) -> None:
        """Note the station's answer to a command; ``action`` is None if it answers none that is out."""
        is_result = isinstance(answer, CallResult)
        broken = violation.description if violation else None
        number = self._note(
            "received",
            "result" if is_result else "error",
            action,
            answer.message_id,
            partner,
            elapsed,
            broken,
            raw=raw,
        )
        if action is not None and elapsed is not None:
            self._records.counts["sent", action, _outcome(answer)] += 1
            self._records.latencies.setdefault(action, Latency()).note(elapsed)
        payload = answer.payload if isinstance(answer, CallResult) else None
        self._find(
            self._observer.received_answer(
                time(), number, answer.message_id, action, payload, violation=broken
            )
        )

    def timed_out(self, message_id: str, action: str) -> None:
        """Note that a command had no answer in time."""
        self._records.counts["sent", action, "timeout"] += 1
        self._find(self._observer.timed_out(time(), message_id, action))

    def _find(self, found: Sequence[Finding]) -> None:
        if found and self._records.observing:
            self._records.find(found)
