"""The cases that are rehearsed: one function each, or one function with rows for a family of cases."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.verdicts import block_of

type CaseFunction = Callable[[CaseRun], Awaitable[None]]


class FamilyFunction(Protocol):
    """A function for a family of cases; the values of a row are its further arguments."""

    def __call__(self, run: CaseRun, /, *row: Any) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Case:
    """A case that is rehearsed."""

    id: str
    title: str
    carry_out: CaseFunction
    source: str
    """File and line of the function, such as ``b_provisioning.py:12``."""

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
    """The cases of one functional block, filled by its decorators."""

    cases: dict[str, Case] = field(default_factory=dict)
    unrehearsed: dict[str, Unrehearsed] = field(default_factory=dict)

    def case(self, case_id: str, title: str) -> Callable[[CaseFunction], CaseFunction]:
        """Register a function as a case; the title says what the station has to do."""

        def register(function: CaseFunction) -> CaseFunction:
            self._add(case_id, title, function, _source(function))
            return function

        return register

    def family(self, rows: Mapping[tuple[str, str], tuple[Any, ...]]) -> Callable[[Any], Any]:
        """Register a function as several cases: ``{(id, title): (argument, ...)}``."""

        def register(function: FamilyFunction) -> FamilyFunction:
            for (case_id, title), row in rows.items():
                self._add(case_id, title, partial(_with_row, function, row), _source(function))
            return function

        return register

    def not_rehearsed(self, case_id: str, title: str, reason: str) -> None:
        """Register a case that is not rehearsed, and why not."""
        self._check_new(case_id)
        self.unrehearsed[case_id] = Unrehearsed(case_id, title, reason)

    def _add(self, case_id: str, title: str, function: CaseFunction, source: str) -> None:
        self._check_new(case_id)
        self.cases[case_id] = Case(case_id, title, function, source)

    def _check_new(self, case_id: str) -> None:
        if case_id in self.cases or case_id in self.unrehearsed:
            raise ValueError(f"{case_id} is registered twice")


def _with_row(function: FamilyFunction, row: tuple[Any, ...], run: CaseRun) -> Awaitable[None]:
    return function(run, *row)


def _source(function: Callable[..., object]) -> str:
    code = inspect.unwrap(function).__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"
