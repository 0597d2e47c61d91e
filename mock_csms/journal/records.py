"""Journal, statistics and findings of all stations; findings pause under load."""

import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Container, Mapping, Sequence, Set
from dataclasses import dataclass
from time import monotonic, time
from typing import Final

from mock_csms.findings.coverage import RequirementState
from mock_csms.findings.kinds import Finding, FindingKind, Watch
from mock_csms.findings.observer import Observer
from mock_csms.findings.silences import Silences
from mock_csms.journal.activity import Activities
from mock_csms.journal.event_ids import EventId
from mock_csms.journal.history import History
from mock_csms.journal.statistics import Statistics
from mock_csms.journal.store import Entry, Journal, Query
from mock_csms.journal.stream import EntryStream
from mock_csms.log.output import logger
from mock_csms.log.secret_text import masked_text
from mock_csms.messages import JsonObject
from mock_csms.schema.repeats import RepeatCheck
from mock_csms.text import one_line
from mock_csms.versions import OcppVersion

MAX_FINDINGS: Final = 10_000
"""Maximum number of stored findings; the oldest are dropped."""

PAUSED: Final = (
    "more than %d calls per second: findings are paused until the load drops; use --findings always to "
    "keep them on"
)

MAX_WATCHED_RATE: Final = 5_000
"""Frames per second in both directions at which findings pause, unless they are always on."""

CLOCK_SET_S: Final = 2.0
"""Seconds by which the wall clock has to move against the monotonic clock to count as set."""

CALM_TICKS: Final = 10
"""Consecutive ticks with less than half of `MAX_WATCHED_RATE` before findings resume."""

type MakeObserver = Callable[[str, Container[str], Mapping[str, FindingKind], str | None], Observer]
"""Creates an observer from a station, the silenced finding ids, all kinds of findings, and the message id of
CALLERRORs about unreadable frames.
"""


LINE_INTERVAL_S: Final = 1.0
"""Minimum seconds between two log lines about findings of one kind and station."""

MAX_FINDING_LINES: Final = 20_000
"""Maximum pairs of station and finding id in `FindingLog`. Above it, the oldest pair is dropped, and the
number of its findings that were not logged is logged.
"""


@dataclass(slots=True)
class _Lines:
    quiet_until: float
    unlogged: int = 0
    last_sentence: str = ""


class FindingLog:
    """Logs findings. The first of each kind about a station is a warning; later ones and hints are at
    INFO.

    Of many findings of one kind, it logs one a second, and the number of findings not logged.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[tuple[str, str], _Lines] = OrderedDict()
        self._floods: set[tuple[str, str]] = set()
        """Pairs of station and finding id with findings that were not logged."""

    def log(self, finding: Finding, now: float) -> None:
        """Log or count a finding; ``now`` is in seconds of a monotonic clock."""
        kind = finding.station, finding.id
        lines = self._lines.get(kind)
        if lines is not None and now < lines.quiet_until:
            lines.unlogged += 1
            lines.last_sentence = finding.sentence
            self._floods.add(kind)
            return
        if lines is None:
            if len(self._lines) >= MAX_FINDING_LINES:
                self._drop_oldest()
            lines = self._lines[kind] = _Lines(0.0)
            level = logging.INFO if finding.severity == "hint" else logging.WARNING
        else:
            level = logging.INFO
            self._report(kind)
        lines.quiet_until = now + LINE_INTERVAL_S
        logger.log(level, "%s  finding %s: %s", finding.station, finding.id, finding.sentence)

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._lines))
        self._report(oldest)
        del self._lines[oldest]

    def report(self, now: float | None = None) -> None:
        """Log the number of findings that had no log line.

        With ``now=None``, log it for all kinds; otherwise for the kinds whose `LINE_INTERVAL_S` is over.
        """
        for kind in sorted(self._floods):
            if now is None or now >= self._lines[kind].quiet_until:
                self._report(kind)

    def _report(self, kind: tuple[str, str]) -> None:
        lines = self._lines[kind]
        if lines.unlogged:
            more = f"{lines.unlogged} more findings; the last one: " if lines.unlogged > 1 else ""
            logger.info("%s  finding %s: %s%s", *kind, more, lines.last_sentence)
        lines.unlogged = 0
        self._floods.discard(kind)

    def forget(self, station: str, finding_id: str) -> None:
        """Forget which findings of one kind about a station were logged or counted."""
        self._lines.pop((station, finding_id), None)
        self._floods.discard((station, finding_id))

    def clear(self, stations: Set[str] | None = None) -> None:
        """Forget which findings about some stations, or about all (None), were logged or counted."""
        self._lines = OrderedDict(
            (kind, lines)
            for kind, lines in self._lines.items()
            if not (stations is None or kind[0] in stations)
        )
        self._floods &= self._lines.keys()


class Records:
    """Journal, statistics and findings of all stations."""

    def __init__(self, journal: Journal, watch: Watch = "auto", *, silences: Silences | None = None) -> None:
        self.journal = journal
        self.feed = EntryStream(journal)
        self.statistics = Statistics()
        self.activities = Activities(journal)
        self.history = History(self.statistics, journal)
        self.guard = journal.guard
        self.repeats = RepeatCheck()
        self.observing = watch != "never"
        """Whether events are passed to observers now."""
        self.unobserved = 0
        """Number of frames that were received or sent while findings were paused."""
        self.findings: deque[Finding] = deque(maxlen=MAX_FINDINGS)
        """The newest findings, in the order of their events."""
        self.last_dropped_finding = EventId(0)
        """Event of the newest finding that was dropped for lack of room."""
        self._last_finding = EventId(0)
        self.found: Counter[str] = Counter()
        """Number of findings by id, including dropped ones."""
        self.on_finding: list[Callable[[Finding], None]] = []
        self._adapts = watch == "auto"
        self._last_tick = monotonic(), 0
        self._clock_offset = time() - monotonic()
        self._calm_ticks = 0
        self.silences = Silences() if silences is None else silences
        self._logged = FindingLog()
        self._observers: dict[tuple[str, str], Observer] = {}
        """Observers by station and name of the OCPP version."""
        self._observed_versions: set[str] = set()

    def observer(self, station: str, version: OcppVersion, make: MakeObserver) -> Observer:
        """Return the observer for a station's connections that use one version, created at its first use."""
        key = station, version.name
        self._observed_versions.add(version.name)
        observer = self._observers.get(key)
        if observer is None:
            observer = self._observers[key] = make(
                station, self.silences, version.finding_kinds, version.dialect.unreadable_id
            )
        return observer

    def coverage(self, station: str, version: str) -> Mapping[str, RequirementState]:
        """Return the states of the checked requirements for a station; empty before its first connection
        with this version.
        """
        observer = self._observers.get((station, version))
        return {} if observer is None else observer.coverage.states()

    def refused(
        self,
        station: str,
        reason: str,
        rule: str | None = None,
        handshake: JsonObject | None = None,
        *,
        injected: bool = False,
    ) -> None:
        """Record that a connection was refused at the opening handshake, and the rule that refused it, if
        any.
        """
        number = self.journal.note(
            station,
            0,
            None,
            "refused",
            rule=rule,
            injected=injected or rule is not None,
            note=reason,
            handshake=handshake,
        )
        self.activities.noted(station, number)

    def add_note(self, station: str, text: str) -> Entry:
        """Record and log a note from a client of the control API, and return its entry.

        ``station`` is empty for a note about no station.
        """
        text = masked_text(text)
        number = self.journal.note(station, 0, None, "note", note=text)
        self.activities.noted(station, number)
        logger.info("%s", one_line(f"{station}  note: {text}" if station else f"note: {text}"))
        (entry,) = self.journal.query(Query(since=number - 1, limit=1))
        return entry

    @property
    def last_event(self) -> EventId:
        """Id of the newest entry or finding, whichever is later."""
        return max(EventId(self.journal.last_number), self._last_finding)

    def find(self, findings: Sequence[Finding]) -> None:
        """Store and log findings, and call the functions in ``on_finding`` with each of them."""
        for found in findings:
            self._last_finding = event = self.last_event.next_finding
            finding = found._replace(sentence=masked_text(found.sentence), event=event)
            if len(self.findings) == MAX_FINDINGS:
                self.last_dropped_finding = self.findings[0].event
            self.findings.append(finding)
            self.found[finding.id] += 1
            self.activities.found(finding)
            self._logged.log(finding, monotonic())
            for listener in list(self.on_finding):
                with self.guard.guarding(finding.station, "a listener for findings"):
                    listener(finding)

    def tick(self) -> None:
        """Look for overdue messages, unless findings are paused. Call this every second."""
        self.guard.tick()
        self._logged.report(monotonic())
        if self._adapts:
            self._adapt()
        self._notice_clock_set()
        if self.observing:
            now = time()
            self._find_in_all("looking for overdue messages", lambda observer: observer.tick(now))

    def _notice_clock_set(self) -> None:
        """Report a jump of the wall clock to the observers; suspending the machine counts as a jump."""
        now = time()
        offset = now - monotonic()
        seconds, self._clock_offset = offset - self._clock_offset, offset
        if abs(seconds) >= CLOCK_SET_S:
            for observer in self._observers.values():
                observer.clock_set(now, seconds)

    def end(self) -> None:
        """Look for messages still missing at the end of the run."""
        if self.observing:
            now = time()
            self._find_in_all("looking for missing messages", lambda observer: observer.end(now))
        self._logged.report()
        self.guard.report()

    def _find_in_all(self, activity: str, find: Callable[[Observer], Sequence[Finding]]) -> None:
        for (station, _), observer in list(self._observers.items()):
            try:
                if findings := find(observer):
                    self.find(findings)
            except Exception as error:
                self.guard.failed(station, activity, error)

    def _adapt(self) -> None:
        """Pause findings under high load; resume them once the load has dropped, with reset observers."""
        now, last_number = monotonic(), self.journal.last_number
        (previous_tick, previous_number), self._last_tick = self._last_tick, (now, last_number)
        frames = last_number - previous_number
        rate = frames / max(now - previous_tick, 0.001)
        if self.observing and rate > MAX_WATCHED_RATE:
            self.observing = False
            logger.warning(PAUSED, MAX_WATCHED_RATE // 2)
        elif not self.observing:
            self.unobserved += frames
            self._calm_ticks = self._calm_ticks + 1 if rate < MAX_WATCHED_RATE / 2 else 0
            if self._calm_ticks == CALM_TICKS:
                self.observing, self._calm_ticks = True, 0
                self._forget_observed()
                logger.info("the load has dropped; findings are reported again")

    def _forget_observed(self, stations: Set[str] | None = None) -> None:
        for (station, _), observer in self._observers.items():
            if stations is None or station in stations:
                observer.forget(time(), self.journal.last_number)

    def forget(self, station: str) -> None:
        """Drop the observers and the `Activity` object of a disconnected station; its findings stay."""
        for key in [(station, version) for version in self._observed_versions]:
            self._observers.pop(key, None)
        for finding_id in self.found:
            self._logged.forget(station, finding_id)
        self.activities.forget(station)

    @property
    def observed(self) -> int:
        """Number of observers."""
        return len(self._observers)

    def clear(self, stations: Set[str] | None = None) -> None:
        """Drop the findings of some stations, or of all (None); reset their observers and `Activity`."""
        kept = (finding for finding in self.findings if not (stations is None or finding.station in stations))
        self.findings = deque(kept, maxlen=MAX_FINDINGS)
        self.activities.clear(stations)
        self._logged.clear(stations)
        self._forget_observed(stations)
        for (station, _), observer in self._observers.items():
            if stations is None or station in stations:
                observer.coverage.clear()
