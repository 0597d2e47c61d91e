"""Reasons why a requirement has no check or no test."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

Side = Literal["station", "csms"]

CATEGORIES: Final[Mapping[Side, Mapping[str, str]]] = {
    "station": {
        "covered": "covered by the check of another requirement",
        "uncertain": "a violation is never certain",
        "costly": "a check would take too long",
        "scripted": "only visible in a situation that no case of Part 6 creates",
        "inside": "hidden inside the station",
        "display": "only visible at the station",
        "vehicle": "only visible between station and vehicle",
        "choice": "leaves the station a choice",
        "definition": "needs no check of its own",
        "other": "binds another party",
        "removed": "removed by the errata",
    },
    "csms": {
        "deviates": "not met by default",
        "recommendation": "a recommendation that the mock does not follow",
        "permission": "leaves the central system a choice",
        "operator": "a duty of the operator",
        "covered": "covered by the test of another requirement",
        "not_played": "a case that no test plays",
    },
}
"""Phrase for each category of reasons, by the side that a requirement binds."""


class Reason(NamedTuple):
    """Why a requirement has no check or no test."""

    category: str
    detail: str
    """A short phrase, or for ``covered`` the number of the covering requirement; may be empty."""


@cache
def reasons(side: Side) -> Mapping[str, Reason]:
    """Return the reasons of one side by requirement; raises ValueError for an unknown category
    or two reasons for one requirement.
    """
    found: dict[str, Reason] = {}
    folder = files("mock_csms.v201.requirements").joinpath("reasons")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.startswith(f"{side}-"):
            for category, by_requirement in tomllib.loads(file.read_text(encoding="utf-8")).items():
                if category not in CATEGORIES[side]:
                    raise ValueError(f"{file.name} has an unknown category {category}")
                for requirement, detail in by_requirement.items():
                    if requirement in found:
                        raise ValueError(f"{file.name} gives {requirement} a second reason")
                    found[requirement] = Reason(category, detail)
    return found
