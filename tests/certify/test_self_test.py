"""The self-test of a sample of the cases; ``certify --self-test`` runs that of all cases."""

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from mock_csms.certify.all_cases import ALL_CASES, UNREHEARSED
from mock_csms.certify.box_server import BoxServer, server_for_boxes
from mock_csms.certify.catalogue import CATALOGUE
from mock_csms.certify.hopeless import HOPELESS
from mock_csms.certify.mutants import all_mutants
from mock_csms.certify.reading import DEVIATIONS
from mock_csms.certify.self_test import CaseTrial, carry_out_trials, problems_of, trials_of
from mock_csms.certify.verdicts import CaseResult, Verdict, block_of

BOOT: Final = ALL_CASES["TC_B_01_CS"]
SAMPLE: Final = (
    "TC_A_15_CS",
    "TC_B_14_CS",
    "TC_C_38_CS",
    "TC_D_01_CS",
    "TC_E_28_CS",
    "TC_F_05_CS",
    "TC_G_03_CS",
    "TC_H_22_CS",
    "TC_I_02_CS",
    "TC_J_07_CS",
    "TC_K_52_CS",
    "TC_L_01_CS",
    "TC_M_16_CS",
    "TC_N_12_CS",
    "TC_O_05_CS",
    "TC_P_01_CS",
)
"""Quick cases, one of each block."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[BoxServer]:
    """A server for simulated stations."""
    async with server_for_boxes() as server:
        yield server


def test_each_case_of_the_catalogue_is_rehearsed_or_has_a_reason() -> None:
    assert ALL_CASES.keys() | UNREHEARSED.keys() == CATALOGUE.keys()
    assert ALL_CASES.keys() & UNREHEARSED.keys() == set()


def test_mutants_and_deviations_name_rehearsed_cases() -> None:
    assert all_mutants().keys() - ALL_CASES.keys() == set()
    assert DEVIATIONS.keys() - ALL_CASES.keys() == set()


def test_each_case_has_a_mutant() -> None:
    assert [case_id for case_id in ALL_CASES if not all_mutants().get(case_id)] == []


def test_sample_has_a_case_of_each_block() -> None:
    assert {block_of(case_id) for case_id in SAMPLE} == {case.block for case in ALL_CASES.values()}


@pytest.mark.asyncio(loop_scope="module")
async def test_cases_of_the_sample_pass_and_their_mutants_are_caught(server: BoxServer) -> None:
    cases = [ALL_CASES[case_id] for case_id in SAMPLE]

    outcomes = await carry_out_trials(trials_of(cases, all_mutants()), server)

    assert len(outcomes) >= 2 * len(cases)
    assert problems_of(outcomes, cases, all_mutants()) == []


@pytest.mark.asyncio(loop_scope="module")
async def test_mute_and_refusing_stations_do_not_pass(server: BoxServer) -> None:
    outcomes = await carry_out_trials([CaseTrial(BOOT, name) for name in HOPELESS], server)

    assert len(outcomes) == len(HOPELESS)
    assert Verdict.PASS not in {outcome.result.verdict for outcome in outcomes}


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [
        (Verdict.PASS, "TC_B_01_CS 'omit it': PASS instead of FAIL "),
        (Verdict.INCONCLUSIVE, "TC_B_01_CS 'omit it': INCONCLUSIVE instead of FAIL "),
        (Verdict.FAIL, "TC_B_01_CS 'omit it': caught in '', not in 'the last step'"),
    ],
)
def test_mutant_that_is_not_caught_in_its_step_is_a_problem(verdict: Verdict, problem: str) -> None:
    trial = CaseTrial(BOOT, "omit it", "the last step")

    assert trial.problem(CaseResult(BOOT.id, BOOT.title, verdict)) == problem


def test_case_without_mutant_is_a_problem() -> None:
    assert problems_of([], [BOOT], {}) == ["TC_B_01_CS: no mutant"]
