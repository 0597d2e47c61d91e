"""The cases that are rehearsed: one function for each case, or for a family of cases with rows of values."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.verdicts import block_of

type CaseFunction = Callable[[CaseRun], Awaitable[None]]


class FamilyFunction(Protocol):
    """A function for a family of cases; after the CaseRun, it takes the values of the case's row."""

    def __call__(self, run: CaseRun, /, *row: Any) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Case:
    """A case that is rehearsed."""

    id: str
    title: str
    function: Callable[..., Awaitable[None]]
    row: tuple[Any, ...] = ()
    """Values that ``function`` takes after the CaseRun; empty unless the case is one of a family."""

    def carry_out(self, run: CaseRun) -> Awaitable[None]:
        """Carry out the case."""
        return self.function(run, *self.row)

    @property
    def source(self) -> str:
        """File and line of the function, such as ``b_provisioning.py:12``."""
        code = inspect.unwrap(self.function).__code__
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}"

    @property
    def block(self) -> str:
        """The letter of the functional block."""
        return block_of(self.id)


@dataclass(frozen=True, slots=True)
class Unrehearsed:
    """A case of Part 6 that is not rehearsed."""

    id: str
    title: str
    reason: str


@dataclass
class CaseList:
    """The cases of one module, registered by the decorators `case` and `family` and by `not_rehearsed`."""

    cases: dict[str, Case] = field(default_factory=dict)
    unrehearsed: dict[str, Unrehearsed] = field(default_factory=dict)

    def case(self, case_id: str, title: str) -> Callable[[CaseFunction], CaseFunction]:
        """Register a function as a case; the title says in the imperative what the station has to do."""

        def register(function: CaseFunction) -> CaseFunction:
            self._add(Case(case_id, title, function))
            return function

        return register

    def family(self, rows: Mapping[tuple[str, str], tuple[Any, ...]]) -> Callable[[Any], Any]:
        """Register a function as several cases; ``{(id, title): (value, ...)}`` has the row of each case."""

        def register(function: FamilyFunction) -> FamilyFunction:
            for (case_id, title), row in rows.items():
                self._add(Case(case_id, title, function, row))
            return function

        return register

    def not_rehearsed(self, case_id: str, title: str, reason: str) -> None:
        """Register a case that is not rehearsed, and why not."""
        self._check_new(case_id)
        self.unrehearsed[case_id] = Unrehearsed(case_id, title, reason)

    def _add(self, case: Case) -> None:
        self._check_new(case.id)
        self.cases[case.id] = case

    def _check_new(self, case_id: str) -> None:
        if case_id in self.cases or case_id in self.unrehearsed:
            raise ValueError(f"{case_id} is registered twice")
