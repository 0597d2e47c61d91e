"""Finds the tests of each requirement for a CSMS and of each test case for a CSMS (Part 6)."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.support.paths import ROOT

TESTS: Final = ROOT / "tests"
NAMED_REQUIREMENT: Final = re.compile(r"test_((?:[a-p]\d\d_)?fr_\d+)_")
NAMED_CASE: Final = re.compile(r"test_(tc_[a-p]_\d+_csms)_")
MARKER: Final = "also_covers"


@cache
def tests_by_requirement() -> Mapping[str, tuple[str, ...]]:
    """Test files by the requirement or test case that a test's name or `also_covers` marker refers to."""
    found: dict[str, dict[str, None]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if MARKER in text or "def test_tc_" in text or "_fr_" in text:
            for name in _named_in(ast.parse(text)):
                found.setdefault(name, {})[_short(path)] = None
    return {name: tuple(files) for name, files in found.items()}


def _short(path: Path) -> str:
    return path.relative_to(TESTS).with_suffix("").as_posix()


def _named_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _named_by(node.name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == MARKER:
            for argument in node.args:
                if isinstance(argument, ast.Starred):
                    yield from ast.literal_eval(argument.value)
                else:
                    yield ast.literal_eval(argument)


def _named_by(name: str) -> Iterator[str]:
    if match := NAMED_REQUIREMENT.match(name):
        yield match[1].upper().replace("_", ".")
    elif match := NAMED_CASE.match(name):
        yield match[1].upper()
