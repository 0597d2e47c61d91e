"""docs/findings.md names every variable that a check reads."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

from mock_csms.v201.findings import checks, facts
from mock_csms.v201.findings.facts.device_model import VariableName
from tests.support.paths import ROOT

READERS = frozenset({"configured_measurands", "is_off", "is_true", "members", "number", "of_station"})
"""Functions whose arguments name a component and a variable."""
MODULES = [
    import_module(f"{package.__name__}.{module.name}")
    for package in (checks, facts)
    for module in iter_modules(package.__path__)
]


def names_read_in(module: ModuleType) -> Iterator[str]:
    """Yield the names of components and variables that a module reads, in lower case."""
    for value in vars(module).values():
        if isinstance(value, VariableName):
            yield from (value.component, value.variable)
    assert module.__file__ is not None
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name_of(node.func) in READERS:
            for argument in node.args:
                value = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(argument, ast.Name):
                    value = getattr(module, argument.id, None)
                if isinstance(value, str):
                    yield value.lower()


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_page_names_the_variables_that_checks_read(module: ModuleType) -> None:
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    named = {name.lower() for name in re.findall(r"`(\w+)`", page)}

    assert set(names_read_in(module)) - named == set()


def test_variables_are_read_in_many_modules() -> None:
    assert sum(bool(set(names_read_in(module))) for module in MODULES) >= 20
