"""Ends a run once its expectations are decided or its time is over, and returns the verdict on it."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Final, Literal

from mock_csms.journal.records import Records
from mock_csms.journal.store import Entry
from mock_csms.log.output import logger
from mock_csms.verdict.expectations import Expectation, Expectations
from mock_csms.verdict.reports import RunCounts, RunVerdict

STOPPED: Final = "stopped"

COMMAND_RESULTS: Final = frozenset({"result", "refused", "partly refused", "disconnected"})
"""Outcomes of commands that are counted under their own names; all others are counted as failed."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Conditions that end or fail a run, and the reports to write."""

    expectations: Sequence[Expectation] = ()
    in_order: bool = False
    """Whether an expectation begins to count only after all earlier ones are met."""
    deadline_s: float | None = None
    exit_after_s: float | None = None
    fail_on: Sequence[Literal["findings", "errors"]] = ()
    junit: Path | None = None
    report: Path | None = None


class Judge:
    """Watches the journal of a run, and calls ``stop`` once the run has to end."""

    def __init__(self, records: Records, terms: Terms, stop: Callable[[], None]) -> None:
        self._records = records
        self._terms = terms
        self._stop = stop
        self._started = monotonic()
        self._end_reason = STOPPED
        self._expectations = Expectations(terms.expectations, in_order=terms.in_order)
        self.lost_entries: Callable[[], int] = lambda: 0
        """Returns the number of entries missing from the journal file."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While the context lasts, call ``stop`` once the expectations are decided or the time is over."""
        terms, loop = self._terms, asyncio.get_running_loop()
        timers = [
            loop.call_later(seconds, self._end, reason)
            for seconds, reason in (
                (terms.deadline_s, "the deadline passed"),
                (terms.exit_after_s, "the time is up"),
            )
            if seconds is not None
        ]
        stop_listening = self._records.journal.listen(self._note) if len(self._expectations) else lambda: None
        try:
            yield
        finally:
            stop_listening()
            for timer in timers:
                timer.cancel()

    def _note(self, entry: Entry) -> None:
        if not self._expectations.note(entry.as_json()):
            return
        if self._expectations.failed:
            self._end("an expectation can no longer be met")
        elif self._expectations.final:
            self._end("all expectations are met")

    def _end(self, reason: str) -> None:
        self._end_reason = reason
        logger.info("%s", reason)
        self._stop()

    def verdict(self) -> RunVerdict:
        """Return the verdict on the run so far."""
        records = self._records
        return RunVerdict(
            outcomes=self._expectations.outcomes(),
            findings=[finding.as_json() for finding in records.findings],
            counts=_counts(records.statistics.stations, records.statistics.messages),
            unobserved=records.unobserved,
            lost=self.lost_entries(),
            duration=monotonic() - self._started,
            ended=self._end_reason,
        )

    def pronounce(self) -> tuple[int, str]:
        """Write the configured reports; return the exit code and the summary.

        A report that cannot be written fails the run.
        """
        terms, verdict = self._terms, self.verdict()
        fail_on = frozenset(terms.fail_on)
        if terms.junit and (reason := _write(terms.junit, lambda path: verdict.write_junit(path, fail_on))):
            verdict = replace(verdict, unwritten=[*verdict.unwritten, reason])
        if terms.report and (reason := _write(terms.report, lambda path: verdict.write_json(path, fail_on))):
            verdict = replace(verdict, unwritten=[*verdict.unwritten, reason])
        return verdict.exit_code(fail_on), verdict.summary(fail_on)


def _write(path: Path, write: Callable[[Path], object]) -> str | None:
    """Write a report; log and return the reason if that fails."""
    try:
        write(path)
    except OSError as error:
        reason = f"cannot write {path}: {error.strerror}"
        logger.error("%s", reason)
        return reason
    return None


def _counts(stations: int, messages: Counter[tuple[str, str, str]]) -> RunCounts:
    received: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    commands: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (direction, action, outcome), count in messages.items():
        (received if direction == "received" else sent)[str(action) or "malformed"] += count
        if direction == "sent":
            result = outcome if outcome in COMMAND_RESULTS else "failed"
            commands[result][str(action)] += count
    return RunCounts(
        stations,
        received,
        sent,
        refused=commands["refused"],
        partly_refused=commands["partly refused"],
        failed=commands["failed"],
        disconnected=commands["disconnected"],
    )
