"""Certification cases by requirement."""

from collections.abc import Mapping, Sequence
from functools import cache

from mock_csms.certify.catalogue import CATALOGUE


def station_cases_of(requirement: str) -> Sequence[str]:
    """Return the ids of the cases for stations that Part 6 assigns to a requirement."""
    return _station_cases().get(requirement, ())


@cache
def _station_cases() -> Mapping[str, Sequence[str]]:
    cases: dict[str, list[str]] = {}
    for entry in CATALOGUE.values():
        for requirement in entry.requirements:
            cases.setdefault(requirement, []).append(entry.id)
    return cases
