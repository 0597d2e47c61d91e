"""Catalogue of the 424 test cases for stations in Part 6 of OCPP 2.0.1, with the profiles of Part 5."""

from collections.abc import Container, Mapping
from csv import QUOTE_NONE, DictReader
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from mock_csms.certify.conditions import CaseCondition, Not, evaluate, explain, parse_condition


@dataclass(frozen=True)
class CatalogueEntry:
    """A test case for stations as Parts 5 and 6 of the specification list it."""

    id: str
    use_cases: tuple[str, ...]
    requirements: tuple[str, ...]
    profiles: Mapping[str, str]
    """``M`` (mandatory) or ``C`` (conditional) by certification profile; empty outside all profiles."""
    condition_text: str
    hands: tuple[str, ...]
    """Stimuli that the case needs from a person or rig; ``firmware`` means a firmware file of the vendor."""
    missing: str
    """Abilities that the server or the simulated station lacks for the case, or an empty text."""

    @property
    def block(self) -> str:
        """Letter of the functional block."""
        return self.id.split("_")[1]

    @property
    def condition(self) -> CaseCondition:
        """Condition that a station with one of the case's profiles has to meet for the case to apply."""
        return parse_condition(self.condition_text)

    def is_mandatory(self, profiles: Container[str]) -> bool:
        """Whether one of these certification profiles lists the case as mandatory."""
        return any(mark == "M" and profile in profiles for profile, mark in self.profiles.items())

    def obstacle(self, claims: Container[str]) -> str:
        """Return the reason why the case does not apply to a station, or an empty text if it does.

        The claims are the profiles and features of the station.
        """
        if self.profiles and not any(profile in claims for profile in self.profiles):
            return f"it is only for stations with the profile {' or '.join(self.profiles)}"
        if not evaluate(self.condition, claims):
            return f"its condition is {self.condition_text}, but {explain(self.condition, claims)}"
        return ""

    def caveat(self, claims: Container[str]) -> str:
        """Return a warning if the case is only for stations without a certain feature, else an empty text.

        If the station has the feature but its station file does not claim it, the case applies and may fail
        although the station is right.
        """
        if not isinstance(self.condition, Not):
            return ""
        reason = explain(self.condition, claims)
        return f"the case applies because {reason}; claim every feature that the station has"


def _entry(row: Mapping[str, str]) -> CatalogueEntry:
    return CatalogueEntry(
        id=row["id"],
        use_cases=tuple(row["use_cases"].split()),
        requirements=tuple(row["requirements"].split()),
        profiles=MappingProxyType(dict(word.split(":") for word in row["profiles"].split())),
        condition_text=row["condition"],
        hands=tuple(row["hands"].split()),
        missing=row["missing"],
    )


def _read() -> Mapping[str, CatalogueEntry]:
    text = files("mock_csms.certify").joinpath("catalogue.tsv").read_text(encoding="utf-8")
    rows = DictReader(text.splitlines(), delimiter="\t", quoting=QUOTE_NONE)
    return MappingProxyType({row["id"]: _entry(row) for row in rows})


CATALOGUE: Final = _read()
"""Every case by its id, in the order of the blocks and numbers."""
