"""The report of a run as text for a terminal."""

from collections.abc import Sequence
from typing import Final

from mock_csms.certify.run_report import CaseReport, RunReport, is_failed
from mock_csms.certify.verdicts import CaseResult, Verdict, counts

VERDICT_WIDTH: Final = 12
MAX_REASON_LINES: Final = 12
INDENT: Final = "    "


def lines_of_case(result: CaseResult, *, is_verbose: bool = False) -> list[str]:
    """Return the lines about a case: one for its verdict, and the reason if it has not passed."""
    head = f"{result.verdict:{VERDICT_WIDTH}} {result.id:11} {result.seconds:6.1f} s  {result.title}".rstrip()
    lines = [head]
    if is_verbose:
        lines += [f"{INDENT}{step.outcome:7} {step.seconds:7.2f} s  {step.text}" for step in result.steps]
    if result.verdict is Verdict.PASS and result.known is None:
        return lines + _left(result)
    if result.failed_step:
        lines.append(f"{INDENT}step: {result.failed_step}")
    lines += [f"{INDENT}{line}" for line in result.reason.splitlines()[:MAX_REASON_LINES]]
    if result.frame is not None:
        lines.append(f"{INDENT}decided by frame #{result.frame}")
    if result.known is not None:
        word = "passed, although it is" if result.verdict is Verdict.PASS else "is"
        lines.append(f"{INDENT}{word} known to fail: {result.known}")
    return lines + _left(result)


def _left(result: CaseResult) -> list[str]:
    return [f"{INDENT}not put back: {change}" for change in result.not_restored]


def summary_of(report: RunReport) -> list[str]:
    """Return the last lines of a run: the number of cases by verdict, and mandatory cases without a PASS."""
    numbers = counts(report.results)
    shown = ", ".join(f"{number} {verdict}" for verdict, number in numbers.items() if number)
    lines = [f"{report.station}: {len(report.results)} cases: {shown or 'none'}"]
    known = sum(result.known is not None and not is_failed(result) for result in report.results)
    if known:
        lines.append(f"{known} known to fail")
    lines += _mandatory(report.cases)
    if report.left_out:
        lines.append(f"{report.left_out} other cases that apply to the station were not selected")
    return lines


def _mandatory(cases: Sequence[CaseReport]) -> list[str]:
    mandatory = [case for case in cases if case.is_mandatory]
    missing = [case.result.id for case in mandatory if case.result.verdict is not Verdict.PASS]
    if not mandatory:
        return []
    passed = f"{len(mandatory) - len(missing)} of {len(mandatory)} mandatory cases have passed"
    return [f"{passed}; left: {' '.join(missing)}" if missing else passed]
