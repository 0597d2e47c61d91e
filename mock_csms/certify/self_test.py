"""Tests the cases themselves.

Each case has to pass on the simulated station, and to fail on mutants: stations with a misbehaviour that the
case has to catch.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mock_csms.certify.box import file_of_box
from mock_csms.certify.box_bench import BoxForEachCase
from mock_csms.certify.box_server import BoxServer
from mock_csms.certify.hopeless import HOPELESS
from mock_csms.certify.mutants import Mutants
from mock_csms.certify.registry import Case
from mock_csms.certify.runner import CaseOptions
from mock_csms.certify.variants import USUAL, BoxVariant, all_variants
from mock_csms.certify.verdicts import CaseResult, Verdict
from mock_csms.client import AsyncClient

AT_ONCE: Final = 6
"""Number of trials that run at once; a trial mostly waits."""


@dataclass(frozen=True, slots=True)
class CaseTrial:
    """One run of a case: on the conforming station, or on a mutant of it."""

    case: Case
    misbehaviour: str = ""
    caught_in: str = ""
    """Text of the step that has to catch the misbehaviour."""

    def problem(self, result: CaseResult) -> str:
        """Return how ``result`` differs from the result that this trial has to have; empty if it does not."""
        if self.misbehaviour in HOPELESS:
            return f"{self}: PASS" if result.verdict is Verdict.PASS else ""
        if not self.misbehaviour:
            is_passed = result.verdict is Verdict.PASS
            return "" if is_passed else f"{self}: {result.verdict}: {result.failed_step}: {result.reason}"
        if result.verdict is not Verdict.FAIL:
            return f"{self}: {result.verdict} instead of FAIL {result.reason}"
        if result.failed_step != self.caught_in:
            return f"{self}: caught in {result.failed_step!r}, not in {self.caught_in!r}"
        return ""

    @property
    def misbehaviours(self) -> Sequence[str]:
        """Misbehaviours of the station."""
        return HOPELESS.get(self.misbehaviour, [self.misbehaviour] if self.misbehaviour else [])

    @property
    def variant(self) -> BoxVariant:
        """The variant of the simulated station that the case needs."""
        return all_variants().get(self.case.id, USUAL)

    def __str__(self) -> str:
        return f"{self.case.id} {self.misbehaviour!r}" if self.misbehaviour else self.case.id


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """A trial with its result."""

    trial: CaseTrial
    result: CaseResult

    @property
    def problem(self) -> str:
        """How the result differs from the one that the trial has to have; empty if it does not."""
        return self.trial.problem(self.result)


def trials_of(cases: Iterable[Case], mutants: Mutants) -> list[CaseTrial]:
    """Return all trials: each case on the conforming station and on each of its mutants."""
    return [
        CaseTrial(case, misbehaviour, step)
        for case in cases
        for misbehaviour, step in [("", ""), *mutants.get(case.id, {}).items()]
    ]


async def carry_out_trials(
    trials: Sequence[CaseTrial],
    server: BoxServer,
    on_outcome: Callable[[TrialOutcome], object] = lambda _: None,
) -> list[TrialOutcome]:
    """Carry out trials, up to `AT_ONCE` at the same time, and return their outcomes in the same order.

    Trials that need the server for themselves run last, one after another.
    """
    limit = asyncio.Semaphore(AT_ONCE)
    outcomes: dict[int, TrialOutcome] = {}

    async def one(number: int, trial: CaseTrial) -> None:
        async with limit:
            outcomes[number] = TrialOutcome(trial, await carry_out_trial(trial, f"BOX{number:04}", server))
        on_outcome(outcomes[number])

    numbered = list(enumerate(trials))
    await asyncio.gather(*(one(number, trial) for number, trial in numbered if not trial.variant.is_alone))
    for number, trial in numbered:
        if trial.variant.is_alone:
            await one(number, trial)
    return [outcomes[number] for number, _ in numbered]


async def carry_out_trial(trial: CaseTrial, identity: str, server: BoxServer) -> CaseResult:
    """Run the case of a trial on a new simulated station with this identity."""
    async with AsyncClient(server.control) as client:
        boxes = BoxForEachCase(server, client, file_of_box(identity), trial.misbehaviours)
        async with boxes.bench(trial.case, CaseOptions()) as bench:
            return await bench.carry_out(trial.case)


def problems_of(outcomes: Iterable[TrialOutcome], cases: Iterable[Case], mutants: Mutants) -> list[str]:
    """Return the problems of trials, and the cases without a mutant."""
    without = [f"{case.id}: no mutant" for case in cases if not mutants.get(case.id)]
    return [*without, *filter(None, (outcome.problem for outcome in outcomes))]
