"""Requirements that kinds of findings name in their sections."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mock_csms.findings.kinds import FindingKind

_IN_BLOCK: Final = re.compile(r"([A-Z])\d\d\.FR\.")
_NUMBER: Final = re.compile(r"(?:[A-Z]\d\d\.)?FR\.\d+")


def block_of_requirements(requirements: str) -> str:
    """Return the letter of the first requirement's functional block: C for C01.FR.01, empty for FR.01."""
    match = _IN_BLOCK.match(requirements)
    return match[1] if match else ""


def requirements_of(kinds: Mapping[str, FindingKind]) -> dict[str, Sequence[str]]:
    """Return, by requirement, the ids of the kinds whose section names it; OCPP-J sections are left out."""
    named: dict[str, list[str]] = {}
    for kind_id, kind in kinds.items():
        for requirement in _NUMBER.findall(kind.section):
            named.setdefault(requirement, []).append(kind_id)
    return {requirement: named[requirement] for requirement in sorted(named)}


def requirement_indexes(kinds: Mapping[str, FindingKind]) -> dict[str, int]:
    """Return a position for each requirement that the sections of kinds name."""
    return {requirement: index for index, requirement in enumerate(requirements_of(kinds))}
