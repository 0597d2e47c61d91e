"""Which cases are run against a station, and why the others are skipped."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mock_csms.certify.catalogue import CATALOGUE, CatalogueEntry
from mock_csms.certify.conditions import evaluate, explain
from mock_csms.certify.registry import Case, Unrehearsed
from mock_csms.certify.station_file import StationFile


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user wants to run."""

    globs: Sequence[str] = ()
    """Ids of cases or globs of them; none for all."""
    profiles: Sequence[str] = ()
    """Certification profiles; none for those of the station file."""
    is_mandatory_only: bool = False
    has_hands: bool = True
    """Whether somebody or a rig gives stimuli."""

    def names(self, case_id: str) -> bool:
        """Whether a case is one that the user wants."""
        return not self.globs or any(fnmatchcase(case_id, glob) for glob in self.globs)


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A case of a run."""

    entry: CatalogueEntry
    title: str
    is_mandatory: bool
    skipped: str = ""
    """Why the case is not carried out; empty if it is."""


def plan(
    file: StationFile,
    selection: Selection,
    cases: Mapping[str, Case],
    unrehearsed: Mapping[str, Unrehearsed],
) -> list[PlannedCase]:
    """Return the selected cases in the order of the catalogue.

    A case that no certification profile of the station has is left out, unless it is named.
    """
    profiles = selection.profiles or file.station.profiles
    claims = {*file.station.features, *file.station.profiles}
    return [
        PlannedCase(
            entry,
            _title(entry.id, cases, unrehearsed),
            entry.is_mandatory(profiles),
            _reason(entry, claims, selection, cases, unrehearsed),
        )
        for entry in CATALOGUE.values()
        if selection.names(entry.id)
        and (profiles_of(entry) & set(profiles) or (selection.globs and not selection.profiles))
        and (entry.is_mandatory(profiles) or not selection.is_mandatory_only)
    ]


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
    if entry.id not in cases:
        why = unrehearsed[entry.id].reason if entry.id in unrehearsed else "it has not been written yet"
        return f"not rehearsed: {why}"
    if not evaluate(entry.condition, claims):
        return f"does not apply: {explain(entry.condition, claims)} ({entry.condition_text})"
    if entry.hands and not selection.has_hands:
        return f"needs somebody at the station: {', '.join(entry.hands)}"
    return ""
