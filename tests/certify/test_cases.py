"""The source of the test cases: short functions that send no requests of their own and never sleep."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from mock_csms.certify.all_cases import ALL_CASES, UNREHEARSED
from mock_csms.certify.catalogue import CATALOGUE
from tests.support.paths import ROOT

FOLDER: Final = ROOT / "mock_csms" / "certify" / "cases"
MODULES: Final = sorted(FOLDER.glob("*.py"))
MAX_LINES: Final = 25
MAX_MEDIAN_LINES: Final = 8
NO_IMPERATIVES: Final = {
    "A",
    "After",
    "An",
    "Each",
    "For",
    "If",
    "In",
    "The",
    "When",
    "While",
    "With",
    "Without",
}
"""Words that may not begin a title: the first word is what the station has to do, such as `Report`."""
HTTP: Final = {"httpx", "urllib", "http", "aiohttp", "requests", "socket"}


def case_functions() -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef) and any(
                "CASES" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                yield f"{module.stem}.{node.name}", node


def test_case_functions_are_short() -> None:
    lengths = {name: (node.end_lineno or 0) - node.lineno for name, node in case_functions()}

    assert len(lengths) > 200
    assert [name for name, lines in lengths.items() if lines > MAX_LINES] == []
    assert median(lengths.values()) <= MAX_MEDIAN_LINES


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_cases_make_no_request_and_do_not_sleep(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        )
    }

    assert imported & HTTP == set()
    assert "asyncio" not in imported


def test_each_case_of_the_catalogue_is_rehearsed_or_has_a_reason() -> None:
    assert [case_id for case_id in CATALOGUE if case_id not in ALL_CASES and case_id not in UNREHEARSED] == []


@pytest.mark.parametrize("profile", ["Core", "AdvancedSecurity"])
def test_each_mandatory_case_is_rehearsed(profile: str) -> None:
    mandatory = [entry.id for entry in CATALOGUE.values() if entry.profiles.get(profile) == "M"]

    assert mandatory != []
    assert [case_id for case_id in mandatory if case_id not in ALL_CASES] == []


def test_titles_say_what_the_station_has_to_do() -> None:
    titles = {case_id: case.title for case_id, case in ALL_CASES.items()}
    words = {case_id: title.split()[0] for case_id, title in titles.items()}

    assert [case_id for case_id, word in words.items() if word in NO_IMPERATIVES or word.endswith("s")] == []
    assert len(set(titles.values())) == len(titles)
