"""The `certify` command: reads its arguments and runs cases."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from mock_csms.certify.all_cases import CASES
from mock_csms.certify.mutants import FOLDER, all_mutants, write_mutants
from mock_csms.certify.registry import Case
from mock_csms.certify.self_test import (
    SERVER_FLAGS,
    Outcome,
    Trial,
    carry_out_trials,
    problems_of,
    trials_of,
)
from mock_csms.certify.server_process import running_server
from mock_csms.certify.verdicts import Verdict


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(prog="mock-csms certify", allow_abbrev=False)
    parser.add_argument("globs", nargs="*")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--mutant", action="append", default=[])
    parser.add_argument("--write-mutants", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args(arguments)
    cases = [case for case in CASES.values() if _is_selected(case.id, given.globs)]
    return asyncio.run(_self_test(cases, given))


def _is_selected(case_id: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(case_id, glob) for glob in globs)


async def _self_test(cases: Sequence[Case], given: argparse.Namespace) -> int:
    mutants = all_mutants()
    trials = [Trial(case, each) for case in cases for each in given.mutant] or trials_of(cases, mutants)

    def show(outcome: Outcome) -> None:
        step = f": {outcome.result.failed_step}" if outcome.result.failed_step else ""
        sys.stdout.write(
            f"{outcome.result.verdict:12} {outcome.result.seconds:6.1f} s  {outcome.trial}{step}\n"
        )
        if given.verbose:
            sys.stdout.write("".join(f"    {line}\n" for line in outcome.result.reason.splitlines()))
            for each in outcome.result.steps:
                sys.stdout.write(f"      {each.outcome:6} {each.seconds:6.2f} #{each.frame} {each.text}\n")
        sys.stdout.flush()

    async with running_server(SERVER_FLAGS) as addresses:
        outcomes = await carry_out_trials(trials, addresses, show)
    if given.write_mutants:
        caught = [
            each for each in outcomes if each.trial.misbehaviour and each.result.verdict is Verdict.FAIL
        ]
        table = {case: dict(steps) for case, steps in mutants.items()}
        for each in caught:
            table.setdefault(each.trial.case.id, {})[each.trial.misbehaviour] = each.result.failed_step
        write_mutants(table, Path(__file__).parent / FOLDER)
        outcomes = [
            replace(each, trial=replace(each.trial, caught_in=each.result.failed_step)) for each in outcomes
        ]
        mutants = table
    problems = problems_of(outcomes, cases, mutants)
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.stdout.write(f"{len(outcomes)} trials of {len(cases)} cases, {len(problems)} problems\n")
    return 1 if problems else 0
