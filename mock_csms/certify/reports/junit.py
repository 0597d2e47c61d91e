"""The report of a run as JUnit XML: a suite for each block."""

import io
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from mock_csms.certify.run_report import CaseReport, RunReport, is_failed
from mock_csms.certify.verdicts import Verdict

if TYPE_CHECKING:
    from junitparser import TestCase, TestSuite


def junit_of(report: RunReport) -> bytes:
    """Return the report as JUnit XML."""
    # The import is late because the package takes a quarter of a second to load.
    from junitparser import JUnitXml  # noqa: PLC0415

    document = JUnitXml("certification rehearsal")
    for block, cases in groupby(report.cases, key=lambda case: case.result.block):
        document.add_testsuite(_suite(block, list(cases)))
    text = io.BytesIO()
    document.write(text)
    return text.getvalue()


def _suite(block: str, cases: Sequence[CaseReport]) -> "TestSuite":
    from junitparser import TestSuite  # noqa: PLC0415

    suite = TestSuite(f"block {block}")
    for case in cases:
        suite.add_testcase(_case(case))
    return suite


def _case(case: CaseReport) -> "TestCase":
    from junitparser import Error, Failure, Skipped, TestCase  # noqa: PLC0415

    result = case.result
    test = TestCase(f"{result.id} {result.title}", f"certify.{result.block}", result.seconds)
    test.system_out = _text("\n".join([*_steps(case), "", *case.frames]))
    reason = _text(result.reason)
    if result.verdict is Verdict.ERROR:
        test.result = [Error(reason)]
    elif is_failed(result):
        test.result = [Failure(reason or f"known to fail ({result.known}), but it passed", result.verdict)]
    elif result.verdict is not Verdict.PASS:
        test.result = [Skipped(_text(result.known or "") or reason)]
    return test


def _steps(case: CaseReport) -> list[str]:
    return [f"{step.outcome:6} {step.seconds:7.2f} s  {step.text}" for step in case.result.steps]


def _text(text: str) -> str:
    """Return a text without the characters that XML cannot have."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
