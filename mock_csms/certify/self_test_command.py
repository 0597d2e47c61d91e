"""``certify --self-test``: tests cases, and keeps the table of mutants up to date."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from mock_csms.certify.all_cases import ALL_CASES
from mock_csms.certify.box_server import server_for_boxes
from mock_csms.certify.hopeless import HOPELESS
from mock_csms.certify.mutants import MUTANTS_FOLDER, Mutants, all_mutants, write_mutants
from mock_csms.certify.reports.terminal import VERDICT_WIDTH
from mock_csms.certify.self_test import (
    CaseTrial,
    TrialOutcome,
    carry_out_trials,
    problems_of,
    trials_of,
)
from mock_csms.certify.verdicts import Verdict
from mock_csms.errors import UsageError

type Write = Callable[[str], object]


async def try_cases(
    globs: Sequence[str], misbehaviours: Sequence[str], write: Write, writes_table: bool, is_verbose: bool
) -> int:
    """Test the cases that match the globs, and return the exit code; raises UsageError if none matches.

    ``misbehaviours`` are tried in place of those in the table of `mock_csms.certify.mutants`; "mute" and
    "refusing" stand for stations that must pass no case. With ``writes_table``, the step in which each
    misbehaviour was caught is written into the table.
    """
    cases = [
        case for case in ALL_CASES.values() if not globs or any(fnmatchcase(case.id, each) for each in globs)
    ]
    if not cases:
        raise UsageError(f"no case matches {' '.join(globs)}; certify --list shows all ids")
    mutants = all_mutants()
    trials = [CaseTrial(case, each) for case in cases for each in misbehaviours] or trials_of(cases, mutants)
    async with server_for_boxes() as server:
        outcomes = await carry_out_trials(trials, server, lambda each: write(_text(each, is_verbose)))
    if misbehaviours or writes_table:
        outcomes, mutants = _learnt(outcomes, mutants)
    if writes_table:
        write_mutants(mutants, Path(__file__).parent / MUTANTS_FOLDER)
    problems = problems_of(outcomes, cases, mutants)
    write("".join(f"{problem}\n" for problem in problems))
    write(f"{len(outcomes)} trials of {len(cases)} cases, {len(problems)} problems\n")
    return 1 if problems else 0


def _learnt(outcomes: Sequence[TrialOutcome], mutants: Mutants) -> tuple[list[TrialOutcome], Mutants]:
    """Return copies of both arguments with the step in which each misbehaviour was caught."""
    table = {case: dict(steps) for case, steps in mutants.items()}
    for each in outcomes:
        is_mutant = each.trial.misbehaviour and each.trial.misbehaviour not in HOPELESS
        if is_mutant and each.result.verdict is Verdict.FAIL:
            table.setdefault(each.trial.case.id, {})[each.trial.misbehaviour] = each.result.failed_step
    return [_as_caught(each) for each in outcomes], table


def _as_caught(outcome: TrialOutcome) -> TrialOutcome:
    return replace(outcome, trial=replace(outcome.trial, caught_in=outcome.result.failed_step))


def _text(outcome: TrialOutcome, is_verbose: bool) -> str:
    result = outcome.result
    step = f": {result.failed_step}" if result.failed_step else ""
    lines = [f"{result.verdict:{VERDICT_WIDTH}} {result.seconds:6.1f} s  {outcome.trial}{step}"]
    if is_verbose:
        lines += [f"    {line}" for line in result.reason.splitlines()]
        lines += [
            f"      {each.outcome:6} {each.seconds:6.2f} #{each.frame} {each.text}" for each in result.steps
        ]
    return "".join(f"{line}\n" for line in lines)
