"""Writes docs/certify-cases.md from the catalogue and the cases."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mock_csms.certify.catalogue import CATALOGUE, CatalogueEntry
from mock_csms.certify.registry import Case, Unrehearsed
from mock_csms.v201.blocks import BLOCK_NAMES

CASES_INTRODUCTION: Final = """\
# Certification cases

This page is generated from the catalogue of cases in `mock_csms/certify/`; `task certify-cases` writes it.

It lists the 424 test cases for charging stations in Part 6 of OCPP 2.0.1 edition 3, with the errata of
2025-09. The rehearsal is a separate implementation of the cases; it does not certify a station.

- **Profiles**: the certification profiles of Part 5 that list the case as mandatory (M) or conditional (C).
  A case without a profile is not part of the certification.
- **Condition**: the features that a station must claim, by their ids in Part 5, as an expression.
  `Mode12Only` is a station that charges in modes 1 and 2 only, and `HFS-8>1` is a station with several EVSEs.
  The condition of a case without a profile follows from its prerequisites in Part 6.
- **Needs**: the stimuli that the case needs from a person or a rig besides the connection. Parking is only
  listed where the case is about it. `firmware` is a file of the vendor that the station can install.
- **Rehearsed**: `yes`, or why the rehearsal does not have the case.
"""


def cases_page(cases: Mapping[str, Case], unrehearsed: Mapping[str, Unrehearsed]) -> str:
    """Return the page of all cases in Markdown: one table per functional block."""
    return "\n".join([CASES_INTRODUCTION, *_case_lines(cases, unrehearsed)])


def _case_lines(cases: Mapping[str, Case], unrehearsed: Mapping[str, Unrehearsed]) -> Iterator[str]:
    for letter, name in BLOCK_NAMES.items():
        yield f"## {letter} {name}\n"
        yield "| Case | Title | Profiles | Condition | Needs | Rehearsed |"
        yield "|---|---|---|---|---|---|"
        for entry in CATALOGUE.values():
            if entry.block == letter:
                yield _case_row(entry, cases.get(entry.id), unrehearsed.get(entry.id))
        yield ""


def _case_row(entry: CatalogueEntry, case: Case | None, reasoned: Unrehearsed | None) -> str:
    registered = case or reasoned
    title = registered.title if registered else ""
    profiles = ", ".join(f"{profile} ({mark})" for profile, mark in entry.profiles.items())
    condition = f"`{entry.condition_text}`" if entry.condition_text else ""
    missing = f"; missing: {entry.missing}" if entry.missing else ""
    rehearsed = "yes" if case else f"no: {reasoned.reason}" if reasoned else f"not yet{missing}"
    return _row([entry.id, title, profiles, condition, ", ".join(entry.hands), rehearsed])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"
