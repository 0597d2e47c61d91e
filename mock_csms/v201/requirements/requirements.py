"""The requirements of OCPP 2.0.1 edition 3 with the errata of 2025-09, and the test cases for a CSMS."""

from collections.abc import Iterator, Mapping
from csv import DictReader
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, cast

Binds = Literal["station", "csms", "both", "other"]
"""Party that a requirement binds; ``other`` is, for example, a vehicle or a manufacturer."""
Visibility = Literal["A", "B", "C", "N", ""]
"""When a central system can see a violation by a station: at once (A), once it knows related facts (B), only
in a scripted case (C), or never (N). N or empty for a requirement that binds no station.
"""


class Requirement(NamedTuple):
    """A numbered requirement."""

    id: str
    """Number of the requirement, such as ``B01.FR.05``."""
    binds: Binds
    visible: Visibility

    @property
    def binds_station(self) -> bool:
        """Whether a station has to meet the requirement."""
        return self.binds in {"station", "both"}

    @property
    def binds_csms(self) -> bool:
        """Whether a central system has to meet the requirement."""
        return self.binds in {"csms", "both"}

    @property
    def can_be_judged(self) -> bool:
        """Whether a finding could report a violation in normal operation."""
        return self.visible in {"A", "B"}


@cache
def requirements() -> Mapping[str, Requirement]:
    """Return all requirements by number, in the order of the specification."""
    return {row["requirement"]: _requirement(row) for row in _rows("requirements.tsv")}


@cache
def csms_cases() -> Mapping[str, tuple[str, ...]]:
    """Return the requirements of each test case for a CSMS in Part 6, by the id of the case."""
    return {row["case"]: tuple(row["requirements"].split()) for row in _rows("csms_cases.tsv")}


def _requirement(row: Mapping[str, str]) -> Requirement:
    return Requirement(row["requirement"], cast("Binds", row["binds"]), cast("Visibility", row["visible"]))


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("mock_csms.v201.requirements").joinpath(name).read_text(encoding="utf-8")
    return DictReader(text.splitlines(), delimiter="\t")
