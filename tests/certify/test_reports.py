"""Reports of a run: JSON, JUnit, HTML and text."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mock_csms.certify.reports.html import html_of
from mock_csms.certify.reports.junit import junit_of
from mock_csms.certify.reports.terminal import lines_of_case, summary_of
from mock_csms.certify.run_report import CaseReport, RunReport, differences_between, exit_code
from mock_csms.certify.verdicts import CaseResult, TakenStep, Verdict
from mock_csms.errors import UsageError

PASSED = CaseResult("TC_B_01_CS", "The station boots", Verdict.PASS, seconds=1.5)
FAILED = CaseResult(
    "TC_C_02_CS",
    "A <b>wrong</b> token starts nothing",
    Verdict.FAIL,
    reason="it started\n  #12 <- TransactionEvent",
    steps=(
        TakenStep("the station sends Authorize", "ok", 11),
        TakenStep("no TransactionEvent", "failed", 12),
    ),
    frame=12,
)
SKIPPED = CaseResult("TC_C_05_CS", "", Verdict.SKIPPED, reason="not rehearsed")


def report(*results: CaseResult) -> RunReport:
    frames = ("#11 12:00:00.000 <- Authorize {}", '#12 12:00:00.100 <- TransactionEvent {"<": 1}')
    cases = [CaseReport(each, ("Core",), True, ("B01.FR.01",), frames) for each in results]
    start = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    return RunReport("CS001", start, cases, start, {"vendor": "Mock & Co"})


def test_json_report_is_read_back_unchanged(tmp_path: Path) -> None:
    written = report(PASSED, FAILED, SKIPPED)
    path = tmp_path / "report.json"
    path.write_text(written.as_json(), encoding="utf-8")

    assert RunReport.of_file(path) == written


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000, '{"format": "other"}'])
def test_other_file_is_no_report(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match="is not a report of a rehearsal; --json writes one"):
        RunReport.of_file(path)


@pytest.mark.parametrize(
    ("member", "value"), [("id", 5), ("id", "X"), ("seconds", "long"), ("steps", [5]), ("frames", [None])]
)
def test_report_with_a_wrong_member_is_refused(tmp_path: Path, member: str, value: object) -> None:
    content = json.loads(report(FAILED).as_json())
    content["cases"][0][member] = value
    path = tmp_path / "report.json"
    path.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(UsageError, match="is not a report of a rehearsal"):
        RunReport.of_file(path)


def test_json_report_has_the_deciding_frame_and_requirements() -> None:
    (case,) = json.loads(report(FAILED).as_json())["cases"]

    assert (case["verdict"], case["frame"], case["requirements"]) == ("FAIL", 12, ["B01.FR.01"])


def test_junit_report_has_a_suite_for_each_block() -> None:
    document = ElementTree.fromstring(junit_of(report(PASSED, FAILED, SKIPPED)))

    counts = [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in document]
    assert counts == [("block B", "1", "0"), ("block C", "2", "1")]
    assert document.findall(".//failure")[0].get("message") == FAILED.reason


def test_html_report_escapes_texts_and_marks_the_deciding_frame() -> None:
    page = html_of(report(PASSED, FAILED, SKIPPED))

    assert "Mock &amp; Co" in page
    assert "A &lt;b&gt;wrong&lt;/b&gt; token" in page
    assert '<li id="TC_C_02_CS-12" class="decisive">' in page
    assert "<script" not in page
    assert "http" not in page.replace("ocpp2-mock-server", "")


def test_html_report_counts_mandatory_cases_by_profile() -> None:
    assert "<th>Core</th><td>1 of 3</td>" in html_of(report(PASSED, FAILED, SKIPPED))


def test_failed_case_is_shown_with_step_reason_and_frame() -> None:
    assert lines_of_case(FAILED) == [
        "FAIL         TC_C_02_CS     0.0 s  A <b>wrong</b> token starts nothing",
        "    step: no TransactionEvent",
        "    it started",
        "      #12 <- TransactionEvent",
        "    decided by frame #12",
    ]


def test_verbose_case_is_shown_with_its_steps() -> None:
    lines = lines_of_case(FAILED, is_verbose=True)

    assert any(line.startswith("    failed ") and "no TransactionEvent" in line for line in lines)


def test_report_says_how_many_cases_were_not_selected() -> None:
    partial = replace(report(PASSED), left_out=7)

    sentence = "7 other cases that apply to the station were not selected"
    assert sentence in summary_of(partial)
    assert sentence in html_of(partial)


def test_summary_names_mandatory_cases_that_have_not_passed() -> None:
    assert summary_of(report(PASSED, FAILED)) == [
        "CS001: 2 cases: 1 PASS, 1 FAIL",
        "1 of 2 mandatory cases have passed; left: TC_C_02_CS",
    ]


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (PASSED, 0),
        (SKIPPED, 0),
        (FAILED, 1),
        (replace(FAILED, known="issue 12"), 0),
        (replace(PASSED, known="issue 12"), 1),
        (replace(PASSED, verdict=Verdict.INCONCLUSIVE), 1),
        (replace(PASSED, verdict=Verdict.ERROR, known="issue 12"), 1),
    ],
)
def test_exit_code_follows_unexpected_results(result: CaseResult, code: int) -> None:
    assert exit_code([result]) == code


def test_comparison_names_changed_verdicts_only() -> None:
    earlier = report(PASSED, FAILED, SKIPPED)
    later = report(PASSED, replace(FAILED, verdict=Verdict.PASS))

    assert differences_between(earlier, later) == [
        "TC_C_02_CS: FAIL -> PASS",
        "TC_C_05_CS: SKIPPED -> not run",
    ]
