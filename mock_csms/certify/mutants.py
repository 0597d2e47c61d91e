"""The table of mutants: misbehaviours of the station in the box by case, and the step that catches each.

One TOML file a block: ``[TC_B_01_CS]`` with ``"misbehaviour" = "text of the step that fails"``.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import tomli_w

from mock_csms.certify.verdicts import block_of

FOLDER: Final = "mutants"

type Mutants = Mapping[str, Mapping[str, str]]
"""The step that catches each misbehaviour, by case."""


@cache
def all_mutants() -> Mutants:
    """Read the table."""
    table: dict[str, Mapping[str, str]] = {}
    for file in sorted(files("mock_csms.certify").joinpath(FOLDER).iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            table |= tomllib.loads(file.read_text(encoding="utf-8"))
    return table


def write_mutants(table: Mutants, folder: Path) -> None:
    """Write the table into one file a block."""
    for block in sorted({block_of(case_id) for case_id in table}):
        content = {case_id: dict(table[case_id]) for case_id in sorted(table) if block_of(case_id) == block}
        (folder / f"{block.lower()}.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
