"""Writes docs/finding-kinds.md from the kinds of findings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mock_csms.findings.kinds import FindingKind
from mock_csms.findings.requirements import block_of_requirements
from mock_csms.v201.blocks import BLOCK_NAMES

_INTRODUCTION: Final = """\
# Kinds of findings

This page is generated from the checks; `task finding-kinds` writes it. [Findings](findings.md) explains how
the mock reports findings. `--silence` with a name from the first column turns that kind of finding off.

Each kind is listed in the block of its first requirement. A violation of a SHALL is an error, of a SHOULD a
warning, and of a recommendation a hint; hints are off by default. The column "Needs to know" has what the
mock must first learn from the messages to and from the station; without it, the finding is not reported.
There, the name of a variable, such as TxCtrlr.TxStopPoint, stands for its value.

The last column has the misbehaviours of a [simulated station](station.md) that cause the finding:
`mock-csms station --misbehave list` describes those that are a single name, and the others are
[mutations](station.md#mutations). For example, with `hear ACTION FIELD=VALUE` the station acts as if the
command, or the answer to its message, had this value.
"""
_COLUMNS: Final = ("Finding", "Severity", "Requirement", "Meaning", "Needs to know", "`--misbehave`")
_GENERAL: Final = "OCPP-J and general rules"


def kinds_page(kinds: Mapping[str, FindingKind], misbehaviours: Mapping[str, Sequence[str]]) -> str:
    """Return the page in Markdown; ``misbehaviours``: by kind, the simulated misbehaviours that cause it."""
    return "\n".join([_INTRODUCTION, *_lines(kinds, misbehaviours)])


def _lines(kinds: Mapping[str, FindingKind], misbehaviours: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for letter, name in {"": _GENERAL, **BLOCK_NAMES}.items():
        rows = [
            _row(kind_id, kind, misbehaviours.get(kind_id, ()))
            for kind_id, kind in kinds.items()
            if block_of_requirements(kind.section) == letter
        ]
        if rows:
            yield f"## {letter} {name}\n" if letter else f"## {name}\n"
            yield f"| {' | '.join(_COLUMNS)} |"
            yield f"|{'---|' * len(_COLUMNS)}"
            yield from rows
            yield ""


def _row(kind_id: str, kind: FindingKind, misbehaviours: Sequence[str]) -> str:
    causes = ", ".join(f"`{name}`" for name in misbehaviours)
    cells = (f"`{kind_id}`", kind.severity, kind.section, kind.description, kind.condition, causes)
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"
