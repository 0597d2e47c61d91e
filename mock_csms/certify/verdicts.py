"""Verdicts of a certification rehearsal as plain data, and the exceptions that lead to them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal, Self

from mock_csms.client.failures import StationFailure


class Verdict(StrEnum):
    """The outcome of a case."""

    PASS = "PASS"
    """The station did what the case is about."""
    FAIL = "FAIL"
    """The station did something else."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """The station did not reach the situation in which the case begins."""
    SKIPPED = "SKIPPED"
    """The case does not apply to the station, or needs an action at it that no person or rig can do."""
    ERROR = "ERROR"
    """The rehearsal itself failed."""


type StepOutcome = Literal["running", "ok", "failed", "note"]


@dataclass(frozen=True, slots=True)
class TakenStep:
    """One step of a case that was carried out."""

    text: str
    """Sentence about the server, the station or the rig: ``the station sends BootNotification``."""
    outcome: StepOutcome
    frame: int | None = None
    """Number of the journal entry that decided the step."""
    seconds: float = 0.0
    """Seconds since the case began."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The verdict about one case, with its reason."""

    id: str
    title: str
    verdict: Verdict
    reason: str = ""
    """Why the verdict is not PASS, in one or more lines."""
    steps: tuple[TakenStep, ...] = ()
    frame: int | None = None
    """Number of the journal entry that decided the verdict."""
    seconds: float = 0.0
    known: str | None = None
    """Reason why the station file expects the case to fail."""
    not_restored: tuple[str, ...] = ()
    """Changes of the station that could not be undone."""

    @property
    def block(self) -> str:
        """The letter of the functional block."""
        return block_of(self.id)

    @property
    def failed_step(self) -> str:
        """Text of the step that failed; empty if none did."""
        return next((step.text for step in self.steps if step.outcome == "failed"), "")

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {**asdict(self), "verdict": self.verdict.value}

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make a result from its JSON; raises KeyError, TypeError or ValueError."""
        members = dict(content)
        members["verdict"] = Verdict(members["verdict"])
        members["steps"] = tuple(TakenStep(**step) for step in members.get("steps", ()))
        members["not_restored"] = tuple(members.get("not_restored", ()))
        return cls(**members)


def block_of(case_id: str) -> str:
    """Return the letter of the functional block of a case, such as B for TC_B_01_CS."""
    return case_id.split("_")[1]


def counts(results: Sequence[CaseResult]) -> dict[Verdict, int]:
    """Count the results by verdict."""
    return {verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict}


class CaseFailed(StationFailure):
    """A check of a case does not hold."""


class Inconclusive(Exception):
    """The station did not reach the situation in which a case begins."""

    def __init__(self, reason: str, frame: int | None = None) -> None:
        super().__init__(reason)
        self.frame = frame
        """Number of the journal entry that decided the verdict."""


@contextmanager
def preparing(about: str, failed: str = "the station could not be prepared") -> Iterator[None]:
    """Turn a StationFailure in the context into Inconclusive; ``about`` is the case that tests the steps."""
    try:
        yield
    except StationFailure as failure:
        reason = f"{failed} (the case {about} tests these steps): {failure}"
        raise Inconclusive(reason, failure.frame) from None


class Skipped(Exception):
    """A case cannot be carried out with this station and this rig."""
