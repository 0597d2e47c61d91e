"""Limit of the evaluation steps that the conditions of rules and waits may take on one message."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

MAX_TOTAL_STEPS: Final = 200_000
"""Maximum steps of all conditions on one message, which take about 80 ms."""


class OutOfBudget(ValueError):
    """The conditions on a message take too many steps in all."""

    def __init__(self) -> None:
        super().__init__(
            f"the conditions on this message take more than {MAX_TOTAL_STEPS} steps in all; "
            "write fewer or simpler conditions"
        )


@dataclass(slots=True)
class Budget:
    """Steps left for the conditions on one message."""

    steps_left: int = MAX_TOTAL_STEPS
    is_exceeded: bool = False

    def take(self, steps: int) -> None:
        """Subtract ``steps`` from the steps left; raises OutOfBudget if too few are left."""
        self.steps_left -= steps
        if self.steps_left < 0:
            self.steps_left, self.is_exceeded = 0, True
            raise OutOfBudget


class SearchBudget:
    """Steps left for a search through many messages, each of which may take at most MAX_TOTAL_STEPS."""

    def __init__(self, steps: int) -> None:
        self.steps_left = steps

    @contextmanager
    def for_one(self) -> Iterator[Budget]:
        """Yield a budget for the conditions on one message, then subtract the steps that they have taken."""
        budget = Budget(min(MAX_TOTAL_STEPS, self.steps_left))
        steps = budget.steps_left
        try:
            yield budget
        finally:
            self.steps_left -= steps - budget.steps_left
