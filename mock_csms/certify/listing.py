"""``certify --list`` and ``certify explain``: the cases, and how each is carried out."""

import inspect
from collections.abc import Mapping
from typing import Final

from mock_csms.certify.catalogue import CATALOGUE, CatalogueEntry
from mock_csms.certify.conditions import features_of
from mock_csms.certify.features import FEATURES
from mock_csms.certify.mutants import all_mutants
from mock_csms.certify.reading import DEVIATIONS
from mock_csms.certify.registry import Case, Unrehearsed
from mock_csms.certify.selection import PlannedCase
from mock_csms.errors import UsageError
from mock_csms.text import suggest

ID_WIDTH: Final = 12


def list_of(planned: list[PlannedCase]) -> list[str]:
    """Return one line for each case: its id, M if it is mandatory, its title, and why it is skipped."""
    return [
        f"{each.entry.id:{ID_WIDTH}} {'M' if each.is_mandatory else ' '}  {each.title or '-'}"
        + (f"  [{each.skipped}]" if each.skipped else "")
        for each in planned
    ]


def explanation_of(
    case_id: str, cases: Mapping[str, Case], unrehearsed: Mapping[str, Unrehearsed]
) -> list[str]:
    """Return the catalogue entry and the source of a case as lines; raises UsageError for an unknown id."""
    entry = CATALOGUE.get(case_id)
    if entry is None:
        hint = suggest(case_id, CATALOGUE) or "; certify --list shows all ids"
        raise UsageError(f"unknown case {case_id!r}{hint}")
    lines = [*_of_catalogue(entry), ""]
    if case_id in cases:
        return [*lines, *_of_case(cases[case_id])]
    missing = unrehearsed.get(case_id)
    reason = f"{missing.title}. Not rehearsed: {missing.reason}" if missing else "It is not rehearsed."
    return [*lines, reason]


def _of_catalogue(entry: CatalogueEntry) -> list[str]:
    profiles = ", ".join(
        f"{profile} ({'mandatory' if mark == 'M' else 'conditional'})"
        for profile, mark in entry.profiles.items()
    )
    lines = [
        entry.id,
        f"  profiles:      {profiles or 'none'}",
        f"  use cases:     {' '.join(entry.use_cases) or 'none'}",
        f"  requirements:  {' '.join(entry.requirements) or 'none'}",
        f"  stimuli:       {' '.join(entry.hands) or 'none'}",
    ]
    if entry.condition_text:
        lines.append(f"  applies if:    {entry.condition_text}")
        lines += [
            f"    {id_:18} {FEATURES[id_].description}" for id_ in dict.fromkeys(features_of(entry.condition))
        ]
    return lines


def _of_case(case: Case) -> list[str]:
    lines = [case.title, ""]
    if case.id in DEVIATIONS:
        lines += [f"Deviates from Part 6: {DEVIATIONS[case.id]}", ""]
    lines += [f"Source ({case.source}):", *inspect.getsource(case.function).rstrip().splitlines(), ""]
    if case.row:
        lines += [f"With {', '.join(map(repr, case.row))}.", ""]
    mutants = all_mutants().get(case.id, {})
    return lines + [
        f"Caught by the self-test: {name!r} in the step {step!r}" for name, step in mutants.items()
    ]
