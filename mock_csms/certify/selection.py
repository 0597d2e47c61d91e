"""Which cases are run against a station, and why the others are skipped."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from mock_csms.certify.catalogue import CATALOGUE, CatalogueEntry
from mock_csms.certify.registry import Case, Unrehearsed
from mock_csms.certify.station_file import StationFile

FILE_OF_VENDOR: Final = "firmware"
"""Word in `CatalogueEntry.hands` that stands for a firmware file of the vendor; the others are actions."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Selection of cases by the user."""

    globs: Sequence[str] = ()
    """Ids or globs of cases to run; empty for all cases."""
    profiles: Sequence[str] = ()
    """Certification profiles to run; empty for those of the station file."""
    is_mandatory_only: bool = False
    has_hands: bool = True
    """Whether a person or a rig carries out actions at the station, such as plugging in."""

    def names(self, case_id: str) -> bool:
        """Whether the globs select a case."""
        return not self.globs or any(fnmatchcase(case_id, glob) for glob in self.globs)


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A case of a run."""

    entry: CatalogueEntry
    title: str
    is_mandatory: bool
    applies: bool = True
    """Whether the case applies to the station, according to the features and profiles that it claims."""
    skipped: str = ""
    """Why the case is not carried out; empty if it is."""


def plan(
    file: StationFile,
    selection: Selection,
    cases: Mapping[str, Case],
    unrehearsed: Mapping[str, Unrehearsed],
) -> list[PlannedCase]:
    """Return the selected cases in the order of the catalogue.

    Cases outside the certification profiles of ``selection``, or by default of ``file``, are left out.
    They are kept if ``selection`` has globs and no profiles.
    """
    profiles = selection.profiles or file.station.profiles
    claims = file.claims
    return [
        PlannedCase(
            entry,
            _title(entry.id, cases, unrehearsed),
            entry.is_mandatory(profiles),
            not entry.obstacle(claims),
            _reason(entry, claims, selection, cases, unrehearsed),
        )
        for entry in CATALOGUE.values()
        if selection.names(entry.id)
        and (profiles_of(entry) & set(profiles) or (selection.globs and not selection.profiles))
        and (entry.is_mandatory(profiles) or not selection.is_mandatory_only)
    ]


def count_left_out(planned: Sequence[PlannedCase], applying: Sequence[PlannedCase]) -> int:
    """Count the cases that apply to a station and can be carried out, but are not planned."""
    ids = {each.entry.id for each in planned}
    return sum(not each.skipped and each.entry.id not in ids for each in applying)


def profiles_of(entry: CatalogueEntry) -> set[str]:
    """Return the certification profiles of a case."""
    return set(entry.profiles)


def _title(case_id: str, cases: Mapping[str, Case], unrehearsed: Mapping[str, Unrehearsed]) -> str:
    named = cases.get(case_id) or unrehearsed.get(case_id)
    return named.title if named else ""


def _reason(
    entry: CatalogueEntry,
    claims: Collection[str],
    selection: Selection,
    cases: Mapping[str, Case],
    unrehearsed: Mapping[str, Unrehearsed],
) -> str:
    if obstacle := entry.obstacle(claims):
        return f"does not apply: {obstacle}"
    if entry.id not in cases:
        why = unrehearsed[entry.id].reason if entry.id in unrehearsed else "it has not been written yet"
        return f"not rehearsed: {why}"
    hands = [each for each in entry.hands if each != FILE_OF_VENDOR]
    if hands and not selection.has_hands:
        return f"needs a person at the station: {', '.join(hands)}"
    return ""
