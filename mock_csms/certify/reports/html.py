"""The report of a run as one HTML file that needs no internet and no script."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Final

from mock_csms.certify.features import PROFILES
from mock_csms.certify.run_report import CaseReport, RunReport, is_failed
from mock_csms.certify.verdicts import CaseResult, Verdict, counts

LETTERS: Final = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.SKIPPED: "-",
    Verdict.ERROR: "!",
}
"""Mark of each verdict in the matrix."""
OUTCOME_MARKS: Final = {"ok": "✓", "failed": "✗", "note": "·", "running": "…"}


def html_of(report: RunReport) -> str:
    """Return the report as HTML."""
    style = files("mock_csms.certify.reports").joinpath("report.css").read_text(encoding="utf-8")
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n',
            f"<title>{escape(report.station)}: certification rehearsal</title>\n",
            f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n",
            *_head(report),
            *_matrix(report.cases),
            *_profiles(report.cases),
            *_mandatory(report.cases),
            *(_case(case) for case in report.cases),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _head(report: RunReport) -> Iterable[str]:
    facts = " · ".join(f"{escape(name)} {escape(value)}" for name, value in report.facts.items())
    began = report.started.strftime("%Y-%m-%d %H:%M UTC")
    end = "" if report.finished else " · <strong>aborted</strong>"
    yield f"<h1>{escape(report.station)}</h1>\n"
    program = f"ocpp2-mock-server {escape(report.version)}"
    yield f"<p>{' · '.join(filter(None, (facts, began, program)))}{end}</p>\n"
    yield "<p>Rehearsal of the test cases for stations of OCPP 2.0.1; it does not certify the station.</p>\n"
    yield '<ul class="counts">\n'
    for verdict, number in counts(report.results).items():
        if number:
            yield f'<li class="{_style(verdict)}"><b>{number}</b> {verdict}</li>\n'
    yield "</ul>\n"
    if report.left_out:
        yield (
            f"<p>{report.left_out} other cases that apply to the station were not selected; "
            "the numbers count only the selected cases.</p>\n"
        )


def _profiles(cases: Sequence[CaseReport]) -> Iterable[str]:
    yield '<h2>Profiles</h2>\n<table class="profiles">\n'
    yield "<tr><th>Profile</th><th>Mandatory cases passed</th><th>Other cases passed</th></tr>\n"
    for profile in PROFILES:
        of_profile = [case for case in cases if profile in case.profiles]
        if of_profile:
            mandatory = [case for case in of_profile if case.is_mandatory]
            others = [case for case in of_profile if not case.is_mandatory]
            yield f"<tr><th>{profile}</th><td>{_passed(mandatory)}</td><td>{_passed(others)}</td></tr>\n"
    yield "</table>\n"


def _passed(cases: Sequence[CaseReport]) -> str:
    passed = sum(case.result.verdict is Verdict.PASS for case in cases)
    return f"{passed} of {len(cases)}"


def _mandatory(cases: Sequence[CaseReport]) -> Iterable[str]:
    left = [case for case in cases if case.is_mandatory and case.result.verdict is not Verdict.PASS]
    if left:
        yield "<h2>Mandatory cases that have not passed</h2>\n<ul>\n"
        yield from (f"<li>{_link(case.result)} {escape(case.result.title)}</li>\n" for case in left)
        yield "</ul>\n"


def _matrix(cases: Sequence[CaseReport]) -> Iterable[str]:
    yield '<h2>All cases</h2>\n<table class="matrix">\n'
    for block, of_block in groupby(cases, key=lambda case: case.result.block):
        cells = "".join(_cell(case) for case in of_block)
        yield f'<tr><th scope="row">{escape(block)}</th><td>{cells}</td></tr>\n'
    yield "</table>\n"


def _cell(case: CaseReport) -> str:
    result = case.result
    text = escape(f"{result.id} {result.verdict}: {result.title}", quote=True)
    mark = " mandatory" if case.is_mandatory else ""
    return (
        f'<a class="{_style(result.verdict)}{mark}" href="#{result.id}" title="{text}" aria-label="{text}">'
        f"{LETTERS[result.verdict]}</a>"
    )


def _case(case: CaseReport) -> str:
    result = case.result
    is_open = " open" if is_failed(result) else ""
    return "".join(
        [
            f'<details id="{result.id}" class="case"{is_open}>\n<summary>',
            f'<span class="verdict {_style(result.verdict)}">{result.verdict}</span> <b>{result.id}</b> ',
            f"{escape(result.title)} <small>{result.seconds:.1f} s</small></summary>\n",
            f"<p><small>{escape(_facts(case))}</small></p>\n",
            *_reason(result),
            *_steps(result),
            *_frames(case),
            "</details>\n",
        ]
    )


def _facts(case: CaseReport) -> str:
    profiles = ", ".join(case.profiles) or "no profile"
    mandatory = "mandatory" if case.is_mandatory else "conditional"
    return f"{profiles}, {mandatory} · {' '.join(case.requirements)}"


def _reason(result: CaseResult) -> Iterable[str]:
    if result.reason:
        yield f"<pre>{escape(result.reason)}</pre>\n"
    if result.known is not None:
        yield f"<p>Known to fail: {escape(result.known)}</p>\n"
    for change in result.not_restored:
        yield f"<p>Not put back: {escape(change)}</p>\n"


def _steps(result: CaseResult) -> Iterable[str]:
    if result.steps:
        yield '<ol class="steps">\n'
        for step in result.steps:
            frame = f' <a href="#{result.id}-{step.frame}">#{step.frame}</a>' if step.frame else ""
            mark = OUTCOME_MARKS[step.outcome]
            yield f'<li class="{step.outcome}">{mark} {escape(step.text)}{frame}</li>\n'
        yield "</ol>\n"


def _frames(case: CaseReport) -> Iterable[str]:
    if case.frames:
        yield '<ul class="frames">\n'
        for line in case.frames:
            number = line.partition(" ")[0].removeprefix("#")
            decides = ' class="decisive"' if number == str(case.result.frame) else ""
            yield f'<li id="{case.result.id}-{escape(number, quote=True)}"{decides}>{escape(line)}</li>\n'
        yield "</ul>\n"


def _link(result: CaseResult) -> str:
    return f'<a href="#{result.id}">{result.id}</a> ({result.verdict})'


def _style(verdict: Verdict) -> str:
    return verdict.lower()
