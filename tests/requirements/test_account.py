"""Every requirement is accounted for, and everything that names a requirement names one that exists."""

import pytest

from mock_csms.v201.requirements.account import Account
from mock_csms.v201.requirements.coverage_page import reason_phrase
from mock_csms.v201.requirements.reasons import CATEGORIES, Reason, Side, reasons
from mock_csms.v201.requirements.requirements import csms_cases, requirements
from tests.requirements.page import account

ACCOUNT = account()


def test_lists_have_every_requirement_and_every_case_for_a_csms() -> None:
    assert len(requirements()) == 1290
    assert len(csms_cases()) == 252


def test_every_requirement_is_shown_or_has_a_reason() -> None:
    assert ACCOUNT.missing == []


def test_every_case_for_a_csms_has_a_test_or_a_reason() -> None:
    assert ACCOUNT.missing_cases == []


def test_findings_tests_and_reasons_name_existing_requirements() -> None:
    assert ACCOUNT.unknown == []


def test_requirement_without_anything_is_missing_from_the_account() -> None:
    empty = Account({}, {})

    assert "G02.FR.02" in empty.missing
    assert "B01.FR.02" in empty.missing
    assert "TC_B_01_CSMS" in empty.missing_cases


def test_unknown_names_are_listed() -> None:
    wrong = Account({"B01.FR.99": ["boot-wrong"]}, {"TC_B_99_CSMS": ["test_block_b"]})

    assert wrong.unknown == ["B01.FR.99", "TC_B_99_CSMS"]


def test_case_is_no_substitute_for_a_finding_that_is_possible() -> None:
    entry = Account({}, {}).entries["B01.FR.05"]

    assert entry.cases
    assert entry.requirement.can_be_judged
    assert not entry.is_shown_for_station


@pytest.mark.parametrize("side", CATEGORIES)
def test_reason_for_a_missing_check_or_test_is_not_stale(side: Side) -> None:
    """A requirement with a finding or test may have a reason for having none only where the mock deviates."""
    shown = {
        name
        for name, entry in ACCOUNT.entries.items()
        if (entry.findings if side == "station" else entry.tests)
    }
    given = {name for name, reason in reasons(side).items() if reason.category != "deviates"}

    assert sorted(shown & given) == []


@pytest.mark.parametrize("side", CATEGORIES)
def test_covering_requirement_is_shown_itself(side: Side) -> None:
    covering = {reason.detail for reason in reasons(side).values() if reason.category == "covered"}

    assert [
        name
        for name in sorted(covering)
        if not (ACCOUNT.entries[name].findings if side == "station" else ACCOUNT.entries[name].tests)
    ] == []


def test_reason_is_given_in_words() -> None:
    assert reason_phrase("station", Reason("covered", "E01.FR.07")) == "covered by E01.FR.07"
    assert reason_phrase("station", Reason("inside", "")) == "hidden inside the station"
    assert reason_phrase("csms", Reason("deviates", "--ocsp ask")) == "not met by default: --ocsp ask"
