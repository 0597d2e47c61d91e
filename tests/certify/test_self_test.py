"""The self-test of the cases, on samples; the whole one is a command of its own."""

from pathlib import Path

import pytest

from mock_csms.certify.all_cases import CASES, UNREHEARSED
from mock_csms.certify.box_server import BoxServer
from mock_csms.certify.catalogue import CATALOGUE
from mock_csms.certify.mutants import all_mutants
from mock_csms.certify.reading import DEVIATIONS
from mock_csms.certify.self_test import Trial, carry_out_trials, problems_of, trials_of
from mock_csms.certify.server_process import Addresses
from mock_csms.certify.verdicts import CaseResult, Verdict
from mock_csms.pki import Pki

BOOT = CASES["TC_B_01_CS"]


def test_rehearsed_and_unrehearsed_cases_are_in_the_catalogue() -> None:
    assert (CASES.keys() | UNREHEARSED.keys()) - CATALOGUE.keys() == set()
    assert CASES.keys() & UNREHEARSED.keys() == set()


def test_mutants_and_deviations_name_rehearsed_cases() -> None:
    assert all_mutants().keys() - CASES.keys() == set()
    assert DEVIATIONS.keys() - CASES.keys() == set()


def test_each_case_has_a_mutant() -> None:
    assert [case_id for case_id in CASES if not all_mutants().get(case_id)] == []


async def test_conforming_station_passes_and_mutant_is_caught(addresses: Addresses, tmp_path: Path) -> None:
    trials = trials_of([BOOT], all_mutants())
    server = BoxServer(addresses.control, {0: str(addresses.ws)}, Pki.open(tmp_path))

    outcomes = await carry_out_trials(trials, server)

    assert len(outcomes) >= 2
    assert problems_of(outcomes, [BOOT], all_mutants()) == []


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [
        (Verdict.PASS, "TC_B_01_CS 'omit it': PASS in place of FAIL "),
        (Verdict.INCONCLUSIVE, "TC_B_01_CS 'omit it': INCONCLUSIVE in place of FAIL "),
        (Verdict.FAIL, "TC_B_01_CS 'omit it': caught in '', not in 'the last step'"),
    ],
)
def test_mutant_that_is_not_caught_in_its_step_is_a_problem(verdict: Verdict, problem: str) -> None:
    trial = Trial(BOOT, "omit it", "the last step")

    assert trial.problem(CaseResult(BOOT.id, BOOT.title, verdict)) == problem


def test_case_without_mutant_is_a_problem() -> None:
    assert problems_of([], [BOOT], {}) == ["TC_B_01_CS: no mutant"]
