"""The verdict on a run: its exit code, its summary, and its reports."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml, TestSuite

from mock_csms.messages import JsonObject
from mock_csms.verdict.expectations import Outcome
from mock_csms.verdict.reports import FailOn, RunCounts, Verdict

FINDINGS: FailOn = frozenset({"findings"})
ERRORS: FailOn = frozenset({"errors"})
BOTH = FINDINGS | ERRORS


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


MET = Outcome("Heartbeat>=1", ">=1", 3, met=True)
UNMET = Outcome("CS1/TransactionEvent[eventType=Ended]==1", "==1", 0, met=False)
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
)
NOTHING: FailOn = frozenset()


@pytest.mark.parametrize(
    ("verdict", "fail_on", "code"),
    [
        case("nothing expected", Verdict(), NOTHING, 0),
        case("nothing expected, nothing came", Verdict(), BOTH, 0),
        case("met", Verdict(outcomes=[MET], counts=ONE), NOTHING, 0),
        case("not met", Verdict(outcomes=[MET, UNMET], counts=ONE), NOTHING, 1),
        case("no station", Verdict(outcomes=[UNMET]), NOTHING, 5),
        case("no station, though met", Verdict(outcomes=[MET]), NOTHING, 5),
        case("no station, and a finding", Verdict(outcomes=[MET], findings=[ERROR]), BOTH, 5),
        case("finding that does not matter", Verdict(findings=[ERROR], counts=ONE), NOTHING, 0),
        case("warning on findings", Verdict(findings=[WARNING], counts=ONE), FINDINGS, 1),
        case("warning on errors", Verdict(findings=[WARNING], counts=ONE), ERRORS, 0),
        case("error on errors", Verdict(findings=[WARNING, ERROR], counts=ONE), ERRORS, 1),
        case("error on findings", Verdict(findings=[ERROR], counts=ONE), FINDINGS, 1),
        case("refused on nothing", Verdict(counts=RunCounts(1, refused={"Reset": 1})), NOTHING, 0),
        case("refused on findings", Verdict(counts=RunCounts(1, refused={"Reset": 1})), FINDINGS, 0),
        case("refused on errors", Verdict(counts=RunCounts(1, refused={"Reset": 1})), ERRORS, 1),
        case("failed on errors", Verdict(counts=RunCounts(1, failed={"Reset": 1})), ERRORS, 1),
        case("met, but an error", Verdict(outcomes=[MET], findings=[ERROR], counts=ONE), ERRORS, 1),
    ],
)
def test_the_exit_code(verdict: Verdict, fail_on: FailOn, code: int) -> None:
    assert verdict.exit_code(fail_on) == code


@pytest.mark.parametrize(
    ("verdict", "fail_on", "line"),
    [
        case("nothing expected", Verdict(), NOTHING, "passed: nothing was expected"),
        case("met", Verdict(outcomes=[MET, MET], counts=ONE), NOTHING, "passed: 2 expectations met"),
        case("one met", Verdict(outcomes=[MET], counts=ONE), NOTHING, "passed: 1 expectation met"),
        case("not met", Verdict(outcomes=[MET, UNMET], counts=ONE), NOTHING,
             "failed: 1 of 2 expectations not met"),
        case("no station", Verdict(outcomes=[UNMET]), NOTHING,
             "failed: no station ever connected, 1 expectation set"),
        case("finding", Verdict(findings=[WARNING], counts=ONE), FINDINGS, "failed: 1 finding"),
        case("all at once", Verdict(outcomes=[UNMET], findings=[WARNING, ERROR], counts=BUSY), BOTH,
             "failed: 1 of 1 expectation not met, 2 findings, 2 commands refused, 1 command failed"),
    ],
)  # fmt: skip
def test_the_first_line_of_the_summary_says_it_all(verdict: Verdict, fail_on: FailOn, line: str) -> None:
    assert verdict.summary(fail_on).splitlines()[0] == line


def test_the_summary_tells_of_all_that_happened() -> None:
    verdict = Verdict(
        outcomes=[MET, UNMET],
        findings=[ERROR, WARNING, WARNING],
        counts=BUSY,
        duration=12.34,
        ended="time is up",
    )

    assert verdict.summary().splitlines()[1:] == [
        "  ended after 12.3 s: time is up",
        "  met      Heartbeat>=1: expected >=1, came 3",
        "  NOT MET  CS1/TransactionEvent[eventType=Ended]==1: expected ==1, came 0",
        "  error    CS2  no-boot: It did not boot.",
        "  warning  CS1  early-heartbeat: It was early. (2 times)",
        "  2 stations connected",
        "  7 messages received: BootNotification 2, Heartbeat 5",
        "  3 messages sent: Reset 3",
        "  2 commands refused: Reset 2",
        "  1 command failed: GetLog 1",
    ]


def test_the_summary_of_a_quiet_run_is_short() -> None:
    assert Verdict(counts=ONE).summary().splitlines() == [
        "passed: nothing was expected",
        "  ended after 0.0 s",
        "  1 station connected",
    ]


def test_the_summary_names_no_more_findings_than_can_be_read() -> None:
    findings = [{**WARNING, "id": f"kind-{number}"} for number in range(23)]

    lines = Verdict(findings=findings).summary().splitlines()

    assert lines.count("  and 3 more kinds of findings") == 1
    assert sum("kind-" in line for line in lines) == 20


def test_the_summary_says_what_was_not_looked_at() -> None:
    assert "12345 frames went by unseen" in Verdict(unobserved=12_345).summary()
    assert Verdict(unobserved=12_345).as_json()["unobserved"] == 12_345


def test_a_station_cannot_break_the_summary() -> None:
    findings = [{**ERROR, "sentence": "one\n\x1b[31mtwo", "station": "CS\u2028"}]

    lines = Verdict(findings=findings).summary().split("\n")

    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)


def test_a_finding_that_lacks_something_is_told_all_the_same() -> None:
    assert "no-boot" in Verdict(findings=[{"id": "no-boot"}]).summary()


def test_the_verdict_as_json() -> None:
    verdict = Verdict(outcomes=[UNMET], findings=[ERROR], counts=BUSY, duration=2.5, ended="time is up")

    found = verdict.as_json(ERRORS)

    assert json.loads(json.dumps(found)) == {
        "exitCode": 1,
        "verdict": "failed: 1 of 1 expectation not met, 1 finding, 2 commands refused, 1 command failed",
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
        "counts": {
            "stations": 2,
            "received": {"Heartbeat": 5, "BootNotification": 2},
            "sent": {"Reset": 3},
            "refused": {"Reset": 2},
            "failed": {"GetLog": 1},
        },
    }


def test_a_counter_is_written_as_what_it_counts() -> None:
    verdict = Verdict(counts=RunCounts(1, received=Counter(["Heartbeat", "Heartbeat"])))

    assert verdict.as_json()["counts"]["received"] == {"Heartbeat": 2}


# JUnit


def suite_of(verdict: Verdict, path: Path, fail_on: FailOn = NOTHING) -> TestSuite:
    """Write the report and read it again."""
    verdict.write_junit(path / "report.xml", fail_on)
    (suite,) = JUnitXml.fromfile(str(path / "report.xml"))
    return suite


def results(suite: TestSuite) -> dict[str, str]:
    """The result of each case by its name."""
    return {
        f"{it.classname}/{it.name}": "error" if it.is_error else "failure" if it.is_failure else "passed"
        for it in suite
    }


def test_the_report_is_one_suite_with_the_numbers_of_its_cases(tmp_path: Path) -> None:
    suite = suite_of(Verdict(outcomes=[MET, UNMET], counts=ONE, duration=12.3456), tmp_path)

    assert (suite.name, suite.tests, suite.failures, suite.errors) == ("ocpp2-mock-server", 2, 1, 0)
    assert suite.time == pytest.approx(12.346)


def test_the_report_says_why_the_run_ended(tmp_path: Path) -> None:
    suite_of(Verdict(counts=BUSY, ended="time is up"), tmp_path)

    properties = ElementTree.parse(tmp_path / "report.xml").iter("property")
    assert {it.get("name"): it.get("value") for it in properties} == {"ended": "time is up", "stations": "2"}


def test_an_expectation_is_a_case(tmp_path: Path) -> None:
    suite = suite_of(Verdict(outcomes=[MET, UNMET], counts=ONE), tmp_path)

    assert results(suite) == {
        "expectations/Heartbeat>=1": "passed",
        "expectations/CS1/TransactionEvent[eventType=Ended]==1": "failure",
    }


def test_a_failure_says_what_came_instead(tmp_path: Path) -> None:
    (found,) = suite_of(Verdict(outcomes=[UNMET], counts=ONE), tmp_path)

    assert found.result[0].message == "CS1/TransactionEvent[eventType=Ended]==1: expected ==1, came 0"


def test_without_any_station_no_expectation_could_be_judged(tmp_path: Path) -> None:
    assert set(results(suite_of(Verdict(outcomes=[MET, UNMET]), tmp_path)).values()) == {"error"}


@pytest.mark.parametrize(
    ("fail_on", "warning", "error"),
    [
        (NOTHING, "passed", "passed"),
        (ERRORS, "passed", "failure"),
        (FINDINGS, "failure", "failure"),
        (BOTH, "failure", "failure"),
    ],
    ids=lambda it: "+".join(it) if isinstance(it, frozenset) else it,
)
def test_a_finding_is_a_failure_where_it_fails_the_run(
    tmp_path: Path, fail_on: FailOn, warning: str, error: str
) -> None:
    suite = suite_of(Verdict(findings=[WARNING, ERROR], counts=ONE), tmp_path, fail_on)

    assert results(suite) == {
        "findings.CS1/early-heartbeat": warning,
        "findings.CS2/no-boot": error,
    }


def test_a_finding_that_does_not_matter_is_in_the_output(tmp_path: Path) -> None:
    (found,) = suite_of(Verdict(findings=[ERROR, ERROR], counts=ONE), tmp_path)

    assert found.system_out == "error: It did not boot. (2 times)"


def test_findings_of_one_kind_and_station_are_one_case(tmp_path: Path) -> None:
    findings = [ERROR, {**ERROR, "sentence": "Nor later."}, {**ERROR, "station": "CS3"}]

    assert list(results(suite_of(Verdict(findings=findings, counts=ONE), tmp_path))) == [
        "findings.CS2/no-boot",
        "findings.CS3/no-boot",
    ]


@pytest.mark.parametrize(("fail_on", "expected"), [(NOTHING, "passed"), (ERRORS, "failure")])
def test_refused_and_failed_commands_are_cases(tmp_path: Path, fail_on: FailOn, expected: str) -> None:
    assert results(suite_of(Verdict(counts=BUSY), tmp_path, fail_on)) == {
        "commands/Reset refused": expected,
        "commands/GetLog failed": expected,
    }


def test_a_station_cannot_break_the_report(tmp_path: Path) -> None:
    findings = [{**ERROR, "station": "<&\"'\x00>", "sentence": "]]>\x1b\ufffe\n<x/>"}]

    (found,) = suite_of(Verdict(findings=findings, counts=ONE), tmp_path, ERRORS)

    assert found.classname == "findings.<&\"'\\x00>"
    assert found.result[0].message == "error: ]]>\\x1b\\ufffe\\n<x/>"
