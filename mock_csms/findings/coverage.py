"""Coverage of one station: which requirements it has been seen to meet, and which it broke."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

RequirementState = Literal["broken", "met", "not exercised"]
"""Broken: there was a violation. Met: a check applied and found none. Not exercised: no check applied."""
REQUIREMENT_STATES: Final[tuple[RequirementState, ...]] = get_args(RequirementState)

_MET: Final = 1
_BROKEN: Final = 2


class Coverage:
    """Stores a mark (broken, met or none) in one byte for each requirement that kinds of findings name."""

    __slots__ = ("_indexes", "_marks")

    def __init__(self, indexes: Mapping[str, int]) -> None:
        """``indexes``: position of each requirement in the marks."""
        self._indexes = indexes
        self._marks = bytearray(len(indexes))

    def met(self, requirements: Iterable[str]) -> None:
        """Mark requirements as met; unknown ones are ignored."""
        self._mark(requirements, _MET)

    def broken(self, requirements: Iterable[str]) -> None:
        """Mark requirements as broken; unknown ones are ignored."""
        self._mark(requirements, _BROKEN)

    def _mark(self, requirements: Iterable[str], mark: int) -> None:
        marks, indexes = self._marks, self._indexes
        for requirement in requirements:
            if (index := indexes.get(requirement)) is not None:
                marks[index] |= mark

    def state(self, requirement: str) -> RequirementState:
        """Return the state of a requirement; raises KeyError if no kind of finding names it."""
        mark = self._marks[self._indexes[requirement]]
        return "broken" if mark & _BROKEN else "met" if mark else "not exercised"

    def states(self) -> dict[str, RequirementState]:
        """Return the states of all requirements that kinds of findings name."""
        return {requirement: self.state(requirement) for requirement in self._indexes}

    def clear(self) -> None:
        """Drop all marks."""
        self._marks = bytearray(len(self._indexes))
