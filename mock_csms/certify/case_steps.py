"""The steps of a running case: recorded one by one, and marked when they fail."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Final

from mock_csms.certify.verdicts import CaseFailed, StepOutcome, TakenStep
from mock_csms.client.entries import TranscriptEntry
from mock_csms.client.failures import StationFailure

MAX_EXCEPTIONS: Final = 20
"""Maximum number of exceptions that the failure of `CaseSteps.check_each` lists."""

type OnStep = Callable[[TakenStep], object]
"""Called with each step twice: when it begins, with the outcome ``running``, and when it has ended."""


class OpenStep:
    """A step that is being carried out."""

    def __init__(self) -> None:
        self.frame: int | None = None
        """Number of the journal entry that the step is about."""

    def is_about(self, entry: TranscriptEntry | None) -> None:
        """Store the number of the journal entry that the step is about; ignore None."""
        self.frame = self.frame if entry is None else entry.number


class CaseSteps:
    """The steps that a case has taken."""

    def __init__(self, on_step: OnStep = lambda _: None) -> None:
        self.taken: list[TakenStep] = []
        self._on_step = on_step
        self._began = monotonic()

    @contextmanager
    def step(self, text: str) -> Iterator[OpenStep]:
        """Record a step; it has failed if the body of the context raises StationFailure."""
        current = OpenStep()
        self._on_step(TakenStep(text, "running", None, self._rounded))
        try:
            yield current
        except StationFailure as failure:
            self._record(text, "failed", current.frame if failure.frame is None else failure.frame)
            raise
        self._record(text, "ok", current.frame)

    def note(self, text: str, frame: int | None = None) -> None:
        """Record a remark between the steps."""
        self._record(text, "note", frame)

    def check(self, holds: bool, sentence: str, about: TranscriptEntry | None = None) -> None:
        """Check a condition as a separate step; ``sentence`` says what has to hold. Raises CaseFailed."""
        with self.step(sentence) as step:
            step.is_about(about)
            if not holds:
                raise CaseFailed(f"this does not hold: {sentence}", step.frame)

    def check_each(self, sentence: str, exceptions: Sequence[str]) -> None:
        """Check as a separate step that ``sentence`` holds; raises CaseFailed if there are ``exceptions``."""
        with self.step(sentence):
            if exceptions:
                shown = ", ".join(exceptions[:MAX_EXCEPTIONS])
                rest = f" and {len(exceptions) - MAX_EXCEPTIONS} more" if exceptions[MAX_EXCEPTIONS:] else ""
                raise CaseFailed(f"this does not hold: {sentence}: not {shown}{rest}")

    @property
    def seconds(self) -> float:
        """Seconds since the case began."""
        return monotonic() - self._began

    @property
    def _rounded(self) -> float:
        return round(self.seconds, 3)

    def _record(self, text: str, outcome: StepOutcome, frame: int | None) -> None:
        step = TakenStep(text, outcome, frame, self._rounded)
        self.taken.append(step)
        self._on_step(step)
