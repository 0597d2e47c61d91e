"""The table of mutants: misbehaviours of the simulated station by case, and the step that catches each.

A mutant is the simulated station with a misbehaviour that the case has to catch. One TOML file per block has
tables such as ``[TC_B_01_CS]`` with ``"misbehaviour" = "text of the step that fails"``.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import tomli_w

from mock_csms.certify.block_tables import read_block_tables
from mock_csms.certify.verdicts import block_of

MUTANTS_FOLDER: Final = "mutants"

type Mutants = Mapping[str, Mapping[str, str]]
"""Text of the step that catches a misbehaviour, by case id and misbehaviour."""


@cache
def all_mutants() -> Mutants:
    """Read the table of mutants."""
    return read_block_tables(MUTANTS_FOLDER)


def write_mutants(table: Mutants, folder: Path) -> None:
    """Write the table of mutants into one file per block."""
    for block in sorted({block_of(case_id) for case_id in table}):
        content = {case_id: dict(table[case_id]) for case_id in sorted(table) if block_of(case_id) == block}
        (folder / f"{block.lower()}.toml").write_text(tomli_w.dumps(content), encoding="utf-8")
