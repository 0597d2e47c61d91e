"""The local authorization list of a simulated station."""

from typing import Any

import pytest

from mock_csms.simulator.local_list import LocalList

FULL, DIFFERENTIAL = "Full", "Differential"


def card(name: str) -> dict[str, Any]:
    return {"idToken": name, "type": "ISO14443"}


def entry(name: str, status: str = "Accepted") -> dict[str, Any]:
    return {"idToken": card(name), "idTokenInfo": {"status": status}}


@pytest.fixture
def filled() -> LocalList:
    """A list of version 5 with the token A."""
    local_list = LocalList(max_entries=2)
    local_list.update(FULL, 5, [entry("A")])
    return local_list


def test_full_update_replaces_list(filled: LocalList) -> None:
    assert filled.update(FULL, 6, [entry("B")]).status == "Accepted"
    assert (filled.find(card("A")), filled.find(card("B"))) == (None, {"status": "Accepted"})


def test_full_update_with_lower_version_is_accepted(filled: LocalList) -> None:
    assert filled.update(FULL, 1, [entry("B")]).status == "Accepted"
    assert filled.version == 1


def test_full_update_without_entries_empties_list(filled: LocalList) -> None:
    filled.update(FULL, 6, [])
    assert (len(filled), filled.version) == (0, 6)


def test_differential_update_adds_and_changes_entries(filled: LocalList) -> None:
    filled.update(DIFFERENTIAL, 6, [entry("A", "Blocked"), entry("B")])
    assert (filled.find(card("A")), filled.find(card("B"))) == ({"status": "Blocked"}, {"status": "Accepted"})


def test_differential_entry_without_info_removes_token(filled: LocalList) -> None:
    assert filled.update(DIFFERENTIAL, 6, [{"idToken": card("A")}]).status == "Accepted"
    assert (len(filled), filled.version) == (0, 6)


def test_differential_update_without_entries_changes_only_version(filled: LocalList) -> None:
    filled.update(DIFFERENTIAL, 6, [])
    assert (len(filled), filled.version) == (1, 6)


@pytest.mark.parametrize("version", [4, 5])
def test_differential_update_with_old_version_is_mismatch(filled: LocalList, version: int) -> None:
    assert filled.update(DIFFERENTIAL, version, [entry("B")]).status == "VersionMismatch"
    assert (filled.version, filled.find(card("B"))) == (5, None)


@pytest.mark.parametrize(
    ("version", "entries"),
    [
        (0, [entry("B")]),
        (-1, [entry("B")]),
        (6, [entry("B"), entry("b")]),
        (6, [{"idToken": card("B")}]),
        (6, [entry("B"), entry("C"), entry("D")]),
    ],
    ids=["version-0", "negative-version", "duplicates", "no-info", "too-many"],
)
def test_invalid_full_update_fails_and_changes_nothing(
    filled: LocalList, version: int, entries: list[dict[str, Any]]
) -> None:
    assert filled.update(FULL, version, entries).status == "Failed"
    assert (len(filled), filled.version) == (1, 5)


def test_differential_update_beyond_capacity_fails(filled: LocalList) -> None:
    assert filled.update(DIFFERENTIAL, 6, [entry("B"), entry("C")]).status == "Failed"
    assert (len(filled), filled.version) == (1, 5)


def test_old_version_is_a_mismatch_even_if_the_update_is_invalid(filled: LocalList) -> None:
    assert filled.update(DIFFERENTIAL, 5, [entry("B"), entry("B")]).status == "VersionMismatch"
    assert filled.find(card("B")) is None


def test_update_beyond_the_storage_changes_nothing() -> None:
    small = LocalList(max_bytes=200)
    assert small.update(FULL, 1, [entry("A")]).status == "Accepted"

    assert small.update(DIFFERENTIAL, 2, [entry(f"B{number}") for number in range(9)]) == (
        "Failed",
        "OutOfStorage",
    )
    assert (len(small), small.version) == (1, 1)
    assert 0 < small.size <= 200
