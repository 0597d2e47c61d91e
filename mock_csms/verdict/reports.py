"""The verdict on a run: an exit code, a summary, and reports as JSON and JUnit."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import orjson

from mock_csms.errors import NO_STATION
from mock_csms.journal.output_files import write_file
from mock_csms.messages import JsonObject
from mock_csms.text import one_line
from mock_csms.verdict.expectations import ExpectationResult

if TYPE_CHECKING:
    from junitparser import TestCase

type FailOn = frozenset[Literal["findings", "errors"]]
"""Reasons besides unmet expectations that fail a run."""

NO_FAIL_ON: Final[FailOn] = frozenset()

type JUnitResult = Literal["passed", "failure", "error"]

MAX_FINDINGS_IN_SUMMARY: Final = 20
"""Maximum number of kinds of findings in a summary; further kinds are only counted."""

MAX_SENTENCES_IN_SUMMARY: Final = 3
"""Maximum number of different sentences of one kind of finding in a summary."""

PASSED: Final = 0
FAILED: Final = 1


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Counts of a run: stations that connected, and messages and commands by action."""

    stations: int = 0
    received: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    """Commands that stations refused."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Commands answered with a CALLERROR, or without a valid answer."""
    partly_refused: Mapping[str, int] = field(default_factory=dict)
    """Commands of which stations refused some items and accepted others."""
    disconnected: Mapping[str, int] = field(default_factory=dict)
    """Commands whose connection ended before the answer; this is not a failure."""


class FindingGroup(NamedTuple):
    """Severity, station and kind (``id``) that all findings of a group have in common."""

    severity: str
    station: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """Result of a run; ``duration`` is in seconds, ``ended`` is the reason for its end."""

    outcomes: Sequence[ExpectationResult] = ()
    findings: Sequence[JsonObject] = ()
    counts: RunCounts = field(default_factory=RunCounts)
    unobserved: int = 0
    """Frames that were not checked for findings because of load."""
    lost: int = 0
    """Entries missing in the journal file because they could not be written."""
    unwritten: Sequence[str] = ()
    """Reasons why reports could not be written."""
    duration: float = 0.0
    ended: str = ""

    def exit_code(self, fail_on: FailOn = NO_FAIL_ON) -> int:
        """0 passed, 1 failed, 5 if messages were expected and no station connected."""
        if self._is_without_stations:
            return NO_STATION
        return FAILED if self._reasons(fail_on) else PASSED

    @property
    def _is_without_stations(self) -> bool:
        return bool(self.outcomes) and self.counts.stations == 0

    def _reasons(self, fail_on: FailOn) -> list[str]:
        """Reasons why the run failed; empty if it passed."""
        unmet = sum(not outcome.met for outcome in self.outcomes)
        findings = sum(_fails(finding, fail_on) for finding in self.findings)
        reasons = [f"{unmet} of {_number(len(self.outcomes), 'expectation')} not met"] if unmet else []
        if findings:
            reasons.append(_number(findings, "finding"))
        if self.lost:
            reasons.append(f"{_entries(self.lost)} missing from the journal file")
        reasons += self.unwritten
        if "errors" in fail_on:
            reasons += [_total("command", result, counts) for result, counts in self._commands() if counts]
        return reasons

    def summary(self, fail_on: FailOn = NO_FAIL_ON) -> str:
        """Summary in a few lines. The first line is the verdict, if anything was expected or failed."""
        end = f"ended after {self.duration:.1f} s" + (f": {self.ended}" if self.ended else "")
        verdict = self._verdict(fail_on)
        lines = [
            *([verdict, f"  {end}"] if verdict else [end]),
            *(f"  {'met' if outcome.met else 'NOT MET':7}  {outcome}" for outcome in self.outcomes),
            *self._findings_in_lines(),
            f"  {_number(self.counts.stations, 'station')} connected",
            *(
                f"  {_total(thing, result, counts)}: {_by_action(counts)}"
                for thing, result, counts in self._counts_by_result()
                if counts
            ),
        ]
        return "\n".join(map(one_line, lines))

    def _verdict(self, fail_on: FailOn) -> str:
        if self._is_without_stations:
            return f"failed: no station ever connected; {_number(len(self.outcomes), 'expectation')} set"
        if reasons := self._reasons(fail_on):
            return f"failed: {', '.join(reasons)}"
        met = [f"{_number(len(self.outcomes), 'expectation')} met"] if self.outcomes else []
        without = [f"no {' or '.join(sorted(fail_on))}"] if fail_on else []
        return f"passed: {', '.join(met + without)}" if met or without else ""

    def _findings_in_lines(self) -> Iterator[str]:
        kinds = self._kinds()
        for kind, sentences in list(kinds.items())[:MAX_FINDINGS_IN_SUMMARY]:
            counts = list(Counter(sentences).items())
            for sentence, count in counts[:MAX_SENTENCES_IN_SUMMARY]:
                yield f"  {kind.severity:7}  {kind.station}  {kind.id}: {_times(sentence, count)}"
            if more := sum(count for _, count in counts[MAX_SENTENCES_IN_SUMMARY:]):
                yield f"  {'':7}  {kind.station}  {kind.id}: {more} more, which --report lists"
        if len(kinds) > MAX_FINDINGS_IN_SUMMARY:
            yield f"  and {len(kinds) - MAX_FINDINGS_IN_SUMMARY} more kinds of findings"
        if self.unobserved:
            yield f"  findings were paused under load: {self.unobserved} frames were not checked"

    def _kinds(self) -> Mapping[FindingGroup, Sequence[str]]:
        """Sentences of the findings, by kind and station."""
        kinds: dict[FindingGroup, list[str]] = {}
        for finding in self.findings:
            kind = FindingGroup(*(str(finding.get(name, "")) for name in FindingGroup._fields))
            kinds.setdefault(kind, []).append(str(finding.get("sentence", "")))
        return kinds

    def _counts_by_result(self) -> Iterator[tuple[str, str, Mapping[str, int]]]:
        yield "message", "received", self.counts.received
        yield "command", "sent", self.counts.sent
        for result, counts in self._commands():
            yield "command", result, counts
        yield "command", "disconnected", self.counts.disconnected

    def _commands(self) -> Iterator[tuple[str, Mapping[str, int]]]:
        yield "refused", self.counts.refused
        yield "partly refused", self.counts.partly_refused
        yield "failed", self.counts.failed

    def as_json(self, fail_on: FailOn = NO_FAIL_ON) -> JsonObject:
        """Return the verdict, expectations, findings and counts as JSON."""
        return {
            "exitCode": self.exit_code(fail_on),
            "verdict": self._verdict(fail_on) or None,
            "ended": self.ended,
            "duration": self.duration,
            "expectations": [outcome._asdict() for outcome in self.outcomes],
            "findings": [dict(finding) for finding in self.findings],
            "unobserved": self.unobserved,
            "lost": self.lost,
            "counts": {
                "stations": self.counts.stations,
                "received": dict(self.counts.received),
                "sent": dict(self.counts.sent),
                "refused": dict(self.counts.refused),
                "partlyRefused": dict(self.counts.partly_refused),
                "failed": dict(self.counts.failed),
                "disconnected": dict(self.counts.disconnected),
            },
        }

    def write_json(self, path: Path, fail_on: FailOn = NO_FAIL_ON) -> None:
        """Write a JSON report."""
        write_file(path, orjson.dumps(self.as_json(fail_on), option=orjson.OPT_INDENT_2))

    def write_junit(self, path: Path, fail_on: FailOn = NO_FAIL_ON) -> None:
        """Write a JUnit report. Findings and commands that do not fail the run are passed cases."""
        from junitparser import JUnitXml, TestSuite  # noqa: PLC0415 - slow to import, rarely needed

        suite = TestSuite("ocpp2-mock-server")
        suite.add_property("ended", one_line(self.ended))
        suite.add_property("stations", str(self.counts.stations))
        suite.add_testcases([*self._expectation_cases(), *self._finding_cases(fail_on)])
        suite.add_testcases(list(self._command_cases(fail_on)))
        suite.time = round(self.duration, 3)
        report = JUnitXml(suite.name)
        report.add_testsuite(suite)
        content = io.BytesIO()
        report.write(content, pretty=True)
        write_file(path, content.getvalue())

    def _expectation_cases(self) -> Iterator["TestCase"]:
        for outcome in self.outcomes:
            if self._is_without_stations:
                yield _case("expectations", outcome.text, "error", "no station ever connected")
            else:
                yield _case(
                    "expectations", outcome.text, "passed" if outcome.met else "failure", str(outcome)
                )

    def _finding_cases(self, fail_on: FailOn) -> Iterator["TestCase"]:
        for kind, sentences in self._kinds().items():
            result: JUnitResult = "failure" if _fails({"severity": kind.severity}, fail_on) else "passed"
            details = "; ".join(_times(sentence, count) for sentence, count in Counter(sentences).items())
            yield _case(f"findings.{kind.station}", kind.id, result, f"{kind.severity}: {details}")

    def _command_cases(self, fail_on: FailOn) -> Iterator["TestCase"]:
        case_result: JUnitResult = "failure" if "errors" in fail_on else "passed"
        for result, counts in self._commands():
            for action, count in counts.items():
                name = f"{action} {result}"
                yield _case("commands", name, case_result, _times(name, count))


def _fails(finding: JsonObject, fail_on: FailOn) -> bool:
    severity = finding.get("severity")
    return ("findings" in fail_on and severity != "hint") or ("errors" in fail_on and severity == "error")


def _case(group: str, name: str, result: JUnitResult, text: str) -> "TestCase":
    from junitparser import Error, Failure, TestCase  # noqa: PLC0415 - slow to import, rarely needed

    case = TestCase(one_line(name), one_line(group), 0.0)
    if result == "passed":
        case.system_out = one_line(text)
    else:
        case.result = [(Failure if result == "failure" else Error)(one_line(text))]
    return case


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _entries(count: int) -> str:
    return f"{count} entry is" if count == 1 else f"{count} entries are"


def _total(thing: str, result: str, counts: Mapping[str, int]) -> str:
    return f"{_number(sum(counts.values()), thing)} {result}"


def _times(sentence: str, count: int) -> str:
    return f"{sentence} ({count} times)" if count > 1 else sentence


def _by_action(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{action} {count}" for action, count in sorted(counts.items()))
