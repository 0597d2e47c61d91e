"""The verdict on a run: its exit code, its summary, and its reports."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml, TestSuite

from mock_csms.messages import JsonObject
from mock_csms.verdict.expectations import ExpectationResult
from mock_csms.verdict.reports import FailOn, RunCounts, RunVerdict

FINDINGS: FailOn = frozenset({"findings"})
ERRORS: FailOn = frozenset({"errors"})
BOTH = FINDINGS | ERRORS


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


MET = ExpectationResult("Heartbeat>=1", ">=1", 3, met=True)
UNMET = ExpectationResult("CS1/TransactionEvent[eventType=Ended]==1", "==1", 0, met=False)
WARNING: JsonObject = {
    "id": "early-heartbeat", "severity": "warning", "station": "CS1", "sentence": "It was early.",
}  # fmt: skip
ERROR: JsonObject = {
    "id": "no-boot", "severity": "error", "station": "CS2", "sentence": "It did not boot.",
}  # fmt: skip
ONE = RunCounts(stations=1)
BUSY = RunCounts(
    stations=2,
    received={"Heartbeat": 5, "BootNotification": 2},
    sent={"Reset": 3},
    refused={"Reset": 2},
    failed={"GetLog": 1},
    partly_refused={"GetVariables": 1},
    disconnected={"Reset": 4},
)
NOTHING: FailOn = frozenset()


@pytest.mark.parametrize(
    ("verdict", "fail_on", "code"),
    [
        case("nothing expected", RunVerdict(), NOTHING, 0),
        case("no expectation, no station", RunVerdict(), BOTH, 0),
        case("met", RunVerdict(outcomes=[MET], counts=ONE), NOTHING, 0),
        case("not met", RunVerdict(outcomes=[MET, UNMET], counts=ONE), NOTHING, 1),
        case("no station", RunVerdict(outcomes=[UNMET]), NOTHING, 5),
        case("no station, expectation met", RunVerdict(outcomes=[MET]), NOTHING, 5),
        case("no station, and a finding", RunVerdict(outcomes=[MET], findings=[ERROR]), BOTH, 5),
        case("finding without fail-on", RunVerdict(findings=[ERROR], counts=ONE), NOTHING, 0),
        case("warning on findings", RunVerdict(findings=[WARNING], counts=ONE), FINDINGS, 1),
        case("hint on findings", RunVerdict(findings=[{**WARNING, "severity": "hint"}], counts=ONE), BOTH, 0),
        case("warning on errors", RunVerdict(findings=[WARNING], counts=ONE), ERRORS, 0),
        case("error on errors", RunVerdict(findings=[WARNING, ERROR], counts=ONE), ERRORS, 1),
        case("error on findings", RunVerdict(findings=[ERROR], counts=ONE), FINDINGS, 1),
        case("disconnected on errors", RunVerdict(counts=RunCounts(1, disconnected={"Reset": 1})), ERRORS, 0),
        case("partly refused on errors", RunVerdict(counts=RunCounts(1, partly_refused={"X": 1})), ERRORS, 1),
        case("refused on nothing", RunVerdict(counts=RunCounts(1, refused={"Reset": 1})), NOTHING, 0),
        case("refused on findings", RunVerdict(counts=RunCounts(1, refused={"Reset": 1})), FINDINGS, 0),
        case("refused on errors", RunVerdict(counts=RunCounts(1, refused={"Reset": 1})), ERRORS, 1),
        case("failed on errors", RunVerdict(counts=RunCounts(1, failed={"Reset": 1})), ERRORS, 1),
        case("incomplete journal", RunVerdict(lost=1), NOTHING, 1),
        case("report not written", RunVerdict(unwritten=["cannot write a report"]), NOTHING, 1),
        case("met, but an error", RunVerdict(outcomes=[MET], findings=[ERROR], counts=ONE), ERRORS, 1),
    ],
)
def test_exit_code(verdict: RunVerdict, fail_on: FailOn, code: int) -> None:
    assert verdict.exit_code(fail_on) == code


@pytest.mark.parametrize(
    ("verdict", "fail_on", "line"),
    [
        case("nothing expected", RunVerdict(), NOTHING, "ended after 0.0 s"),
        case("nothing expected, findings, none of which fails", RunVerdict(findings=[ERROR]), NOTHING,
             "ended after 0.0 s"),
        case("nothing found", RunVerdict(), BOTH, "passed: no errors or findings"),
        case("met, and nothing found", RunVerdict(outcomes=[MET], counts=ONE), FINDINGS,
             "passed: 1 expectation met, no findings"),
        case("incomplete journal", RunVerdict(lost=1), NOTHING,
             "failed: 1 entry is missing from the journal file"),
        case("report not written", RunVerdict(unwritten=["cannot write out.xml: No space left"]), NOTHING,
             "failed: cannot write out.xml: No space left"),
        case("met", RunVerdict(outcomes=[MET, MET], counts=ONE), NOTHING, "passed: 2 expectations met"),
        case("one met", RunVerdict(outcomes=[MET], counts=ONE), NOTHING, "passed: 1 expectation met"),
        case("not met", RunVerdict(outcomes=[MET, UNMET], counts=ONE), NOTHING,
             "failed: 1 of 2 expectations not met"),
        case("no station", RunVerdict(outcomes=[UNMET]), NOTHING,
             "failed: no station ever connected; 1 expectation set"),
        case("finding", RunVerdict(findings=[WARNING], counts=ONE), FINDINGS, "failed: 1 finding"),
        case("all reasons", RunVerdict(outcomes=[UNMET], findings=[WARNING, ERROR], counts=BUSY), BOTH,
             "failed: 1 of 1 expectation not met, 2 findings, 2 commands refused, "
             "1 command partly refused, 1 command failed"),
    ],
)  # fmt: skip
def test_first_line_of_summary_is_the_verdict(verdict: RunVerdict, fail_on: FailOn, line: str) -> None:
    assert verdict.summary(fail_on).splitlines()[0] == line


def test_summary_lists_outcomes_findings_and_counts() -> None:
    verdict = RunVerdict(
        outcomes=[MET, UNMET],
        findings=[ERROR, WARNING, WARNING],
        counts=BUSY,
        duration=12.34,
        ended="time is up",
    )

    assert verdict.summary().splitlines()[1:] == [
        "  ended after 12.3 s: time is up",
        "  met      Heartbeat>=1: expected >=1, got 3",
        "  NOT MET  CS1/TransactionEvent[eventType=Ended]==1: expected ==1, got 0",
        "  error    CS2  no-boot: It did not boot.",
        "  warning  CS1  early-heartbeat: It was early. (2 times)",
        "  2 stations connected",
        "  7 messages received: BootNotification 2, Heartbeat 5",
        "  3 commands sent: Reset 3",
        "  2 commands refused: Reset 2",
        "  1 command partly refused: GetVariables 1",
        "  1 command failed: GetLog 1",
        "  4 commands disconnected: Reset 4",
    ]


def test_summary_of_quiet_run_is_short() -> None:
    assert RunVerdict(counts=ONE).summary().splitlines() == [
        "ended after 0.0 s",
        "  1 station connected",
    ]


def test_summary_limits_the_number_of_findings() -> None:
    findings = [{**WARNING, "id": f"kind-{number}"} for number in range(23)]

    lines = RunVerdict(findings=findings).summary().splitlines()

    assert lines.count("  and 3 more kinds of findings") == 1
    assert sum("kind-" in line for line in lines) == 20


def test_summary_has_different_sentences_of_a_kind() -> None:
    sentences = [
        "It was early.",
        "It was late.",
        "It was early.",
        "It was odd.",
        "It was new.",
        "It was old.",
    ]
    findings = [{**WARNING, "sentence": sentence} for sentence in sentences]

    assert RunVerdict(findings=findings).summary().splitlines()[1:-1] == [
        "  warning  CS1  early-heartbeat: It was early. (2 times)",
        "  warning  CS1  early-heartbeat: It was late.",
        "  warning  CS1  early-heartbeat: It was odd.",
        "           CS1  early-heartbeat: 2 more, which --report lists",
    ]


def test_verdict_of_a_run_without_expectations_is_null() -> None:
    assert RunVerdict().as_json()["verdict"] is None


def test_summary_counts_unchecked_frames() -> None:
    assert "12345 frames were not checked" in RunVerdict(unobserved=12_345).summary()
    assert RunVerdict(unobserved=12_345).as_json()["unobserved"] == 12_345


def test_summary_escapes_text_of_stations() -> None:
    findings = [{**ERROR, "sentence": "one\n\x1b[31mtwo", "station": "CS\u2028"}]

    lines = RunVerdict(findings=findings).summary().split("\n")

    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_incomplete_finding_is_in_summary() -> None:
    assert "no-boot" in RunVerdict(findings=[{"id": "no-boot"}]).summary()


def test_verdict_as_json() -> None:
    verdict = RunVerdict(outcomes=[UNMET], findings=[ERROR], counts=BUSY, duration=2.5, ended="time is up")

    report = verdict.as_json(ERRORS)

    assert json.loads(json.dumps(report)) == {
        "exitCode": 1,
        "verdict": "failed: 1 of 1 expectation not met, 1 finding, 2 commands refused, "
        "1 command partly refused, 1 command failed",
        "ended": "time is up",
        "duration": 2.5,
        "expectations": [
            {
                "text": "CS1/TransactionEvent[eventType=Ended]==1",
                "expected": "==1",
                "actual": 0,
                "met": False,
            }
        ],
        "findings": [ERROR],
        "unobserved": 0,
        "lost": 0,
        "counts": {
            "stations": 2,
            "received": {"Heartbeat": 5, "BootNotification": 2},
            "sent": {"Reset": 3},
            "refused": {"Reset": 2},
            "partlyRefused": {"GetVariables": 1},
            "failed": {"GetLog": 1},
            "disconnected": {"Reset": 4},
        },
    }


def test_counter_becomes_json_object() -> None:
    verdict = RunVerdict(counts=RunCounts(1, received=Counter(["Heartbeat", "Heartbeat"])))

    assert verdict.as_json()["counts"]["received"] == {"Heartbeat": 2}


# JUnit


def suite_of(verdict: RunVerdict, path: Path, fail_on: FailOn = NOTHING) -> TestSuite:
    """Write the JUnit report of a verdict, and parse it."""
    verdict.write_junit(path / "report.xml", fail_on)
    (suite,) = JUnitXml.fromfile(str(path / "report.xml"))
    return suite


def results(suite: TestSuite) -> dict[str, str]:
    """Return the result of each case, by name."""
    return {
        f"{junit_case.classname}/{junit_case.name}": "error"
        if junit_case.is_error
        else "failure"
        if junit_case.is_failure
        else "passed"
        for junit_case in suite
    }


def test_junit_report_is_one_suite_with_totals(tmp_path: Path) -> None:
    suite = suite_of(RunVerdict(outcomes=[MET, UNMET], counts=ONE, duration=12.3456), tmp_path)

    assert (suite.name, suite.tests, suite.failures, suite.errors) == ("ocpp2-mock-server", 2, 1, 0)
    assert suite.time == pytest.approx(12.346)


def test_junit_report_contains_the_reason_for_the_end(tmp_path: Path) -> None:
    suite_of(RunVerdict(counts=BUSY, ended="time is up"), tmp_path)

    properties = ElementTree.parse(tmp_path / "report.xml").iter("property")
    assert {entry.get("name"): entry.get("value") for entry in properties} == {
        "ended": "time is up",
        "stations": "2",
    }


def test_expectation_is_a_junit_case(tmp_path: Path) -> None:
    suite = suite_of(RunVerdict(outcomes=[MET, UNMET], counts=ONE), tmp_path)

    assert results(suite) == {
        "expectations/Heartbeat>=1": "passed",
        "expectations/CS1/TransactionEvent[eventType=Ended]==1": "failure",
    }


def test_junit_failure_contains_the_actual_count(tmp_path: Path) -> None:
    (junit_case,) = suite_of(RunVerdict(outcomes=[UNMET], counts=ONE), tmp_path)

    assert junit_case.result[0].message == "CS1/TransactionEvent[eventType=Ended]==1: expected ==1, got 0"


def test_expectations_without_station_are_junit_errors(tmp_path: Path) -> None:
    assert set(results(suite_of(RunVerdict(outcomes=[MET, UNMET]), tmp_path)).values()) == {"error"}


@pytest.mark.parametrize(
    ("fail_on", "warning", "error"),
    [
        (NOTHING, "passed", "passed"),
        (ERRORS, "passed", "failure"),
        (FINDINGS, "failure", "failure"),
        (BOTH, "failure", "failure"),
    ],
    ids=lambda value: "+".join(sorted(value)) if isinstance(value, frozenset) else value,
)
def test_finding_is_a_junit_failure_if_it_fails_the_run(
    tmp_path: Path, fail_on: FailOn, warning: str, error: str
) -> None:
    suite = suite_of(RunVerdict(findings=[WARNING, ERROR], counts=ONE), tmp_path, fail_on)

    assert results(suite) == {
        "findings.CS1/early-heartbeat": warning,
        "findings.CS2/no-boot": error,
    }


def test_finding_that_does_not_fail_the_run_is_junit_output(tmp_path: Path) -> None:
    (junit_case,) = suite_of(RunVerdict(findings=[ERROR, ERROR], counts=ONE), tmp_path)

    assert junit_case.system_out == "error: It did not boot. (2 times)"


def test_findings_of_one_kind_and_station_are_one_junit_case(tmp_path: Path) -> None:
    findings = [ERROR, {**ERROR, "sentence": "Nor later."}, {**ERROR, "station": "CS3"}]

    assert list(results(suite_of(RunVerdict(findings=findings, counts=ONE), tmp_path))) == [
        "findings.CS2/no-boot",
        "findings.CS3/no-boot",
    ]


@pytest.mark.parametrize(("fail_on", "expected"), [(NOTHING, "passed"), (ERRORS, "failure")])
def test_refused_and_failed_commands_are_junit_cases(tmp_path: Path, fail_on: FailOn, expected: str) -> None:
    assert results(suite_of(RunVerdict(counts=BUSY), tmp_path, fail_on)) == {
        "commands/Reset refused": expected,
        "commands/GetLog failed": expected,
        "commands/GetVariables partly refused": expected,
    }


def test_junit_report_escapes_text_of_stations(tmp_path: Path) -> None:
    findings = [{**ERROR, "station": "<&\"'\x00>", "sentence": "]]>\x1b\ufffe\n<x/>"}]

    (junit_case,) = suite_of(RunVerdict(findings=findings, counts=ONE), tmp_path, ERRORS)

    assert junit_case.classname == "findings.<&\"'\\x00>"
    assert junit_case.result[0].message == "error: ]]>\\x1b\\ufffe\\n<x/>"
