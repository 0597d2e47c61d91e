"""Writes docs/coverage.md from the account of the requirements."""

from collections.abc import Iterator, Sequence
from typing import Final

from mock_csms.findings.requirements import block_of_requirements
from mock_csms.v201.blocks import BLOCK_NAMES
from mock_csms.v201.requirements.account import Account, AccountEntry
from mock_csms.v201.requirements.reasons import CATEGORIES, Reason, Side
from mock_csms.v201.requirements.requirements import csms_cases

_INTRODUCTION: Final = """\
# Coverage of requirements

This page is generated from the checks, the certification cases and the tests; `task coverage-page` writes it.

It lists every requirement of Part 2 of OCPP 2.0.1 edition 3, with the errata of 2025-09, and what checks it:

- **Binds**: whom the requirement binds. A requirement that binds neither a station nor a central system
  (CSMS) is about a vehicle, another system or a manufacturer.
- **Seen**: when a central system can see that a station breaks it: at once (A), once it knows related facts
  (B), only in a scripted case (C), or never (N).
- **Findings**: the [kinds of findings](finding-kinds.md) that report a violation in normal operation.
- **Cases**: the [certification cases](certify-cases.md) for stations that Part 6 assigns to the requirement.
- **Tests**: the tests of this project that show that the mock itself meets the requirement, by file in
  `tests/`; the tests in `certification/` play the cases for a central system in Part 6.
- **Reason**: why no finding, case or test covers it, or how the mock deviates from it by default.
"""
_GENERAL: Final = "General rules"


def coverage_page(account: Account) -> str:
    """Return the page in Markdown."""
    return "\n".join([_INTRODUCTION, *_summary(account), *_tables(account), *_csms_cases(account)])


def _summary(account: Account) -> Iterator[str]:
    entries = account.entries.values()
    for_findings = [
        entry for entry in entries if entry.requirement.binds_station and entry.requirement.can_be_judged
    ]
    for_csms = [entry for entry in entries if entry.requirement.binds_csms]
    yield "| | All | Covered | With a reason only |"
    yield "|---|---|---|---|"
    yield _counts("Stations (A and B): findings", [bool(e.findings) for e in for_findings])
    yield _counts("Central system: tests", [bool(entry.tests) for entry in for_csms])
    yield _counts("Cases for a central system: tests", [case in account.tests for case in csms_cases()])
    yield ""


def _counts(what: str, shown: Sequence[bool]) -> str:
    return _cells(what, str(len(shown)), str(sum(shown)), str(len(shown) - sum(shown)))


def _tables(account: Account) -> Iterator[str]:
    for letter, name in {"": _GENERAL, **BLOCK_NAMES}.items():
        yield f"## {letter} {name}\n" if letter else f"## {name}\n"
        yield "| Requirement | Binds | Seen | Findings | Cases | Tests | Reason |"
        yield "|---|---|---|---|---|---|---|"
        for requirement, entry in account.entries.items():
            if block_of_requirements(requirement) == letter:
                yield _row(entry)
        yield ""


def _row(entry: AccountEntry) -> str:
    requirement = entry.requirement
    return _cells(
        requirement.id,
        {"csms": "CSMS", "both": "both", "station": "station", "other": "other"}[requirement.binds],
        requirement.visible,
        ", ".join(f"`{kind}`" for kind in entry.findings),
        ", ".join(entry.cases),
        ", ".join(entry.tests),
        "; ".join(_reasons(entry)),
    )


def _reasons(entry: AccountEntry) -> Iterator[str]:
    if entry.reason:
        yield reason_phrase("station", entry.reason)
    if entry.csms_reason:
        yield reason_phrase("csms", entry.csms_reason)


def reason_phrase(side: Side, reason: Reason) -> str:
    """Return a reason as a phrase, such as ``covered by E01.FR.07``."""
    category = CATEGORIES[side][reason.category]
    if reason.category == "covered":
        return f"covered by {reason.detail}"
    return f"{category}: {reason.detail}" if reason.detail else category


def _csms_cases(account: Account) -> Iterator[str]:
    yield "## Cases for a central system\n"
    yield "| Case | Requirements | Test |"
    yield "|---|---|---|"
    for case, named in csms_cases().items():
        yield _cells(case, ", ".join(named), ", ".join(account.tests.get(case, ())))
    yield ""


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"
