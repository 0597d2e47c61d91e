"""The catalogue of test cases for stations."""

import re
from collections import Counter

import pytest

from mock_csms.certify.catalogue import CATALOGUE, CatalogueEntry
from mock_csms.certify.conditions import evaluate
from mock_csms.certify.features import FEATURES, PROFILES

STIMULI = {
    "plug-in", "unplug", "present", "park", "leave", "pause", "resume", "fault", "power-cycle",
    "offline-by-hand", "display", "watch", "choose", "firmware", "iso15118", "other",
}  # fmt: skip


def listed_in(profile: str) -> list[CatalogueEntry]:
    return [entry for entry in CATALOGUE.values() if profile in entry.profiles]


def test_catalogue_has_every_case_for_stations_in_order() -> None:
    keys = [(entry.block, int(entry.id.split("_")[2])) for entry in CATALOGUE.values()]

    assert len(CATALOGUE) == 424
    assert keys == sorted(keys)
    assert all(re.fullmatch(r"TC_[A-P]_\d\d_CS", id_) and entry.id == id_ for id_, entry in CATALOGUE.items())


def test_catalogue_words_have_their_form() -> None:
    for entry in CATALOGUE.values():
        assert all(re.fullmatch(r"[A-P]\d\d", use_case) for use_case in entry.use_cases), entry
        assert all(re.fullmatch(r"[A-P]\d\d\.FR\.\d+", id_) for id_ in entry.requirements), entry
        assert set(entry.profiles) <= set(PROFILES), entry
        assert set(entry.profiles.values()) <= {"M", "C"}, entry
        assert set(entry.hands) <= STIMULI, entry


def test_conditional_case_has_a_condition_and_mandatory_one_has_none() -> None:
    """TC_B_14_CS is conditional for Core and mandatory for DeviceManagement."""
    listed = [entry for entry in CATALOGUE.values() if entry.profiles]

    assert [
        entry.id for entry in listed if ("C" in entry.profiles.values()) != bool(entry.condition_text)
    ] == []
    assert all(
        evaluate(entry.condition, set(entry.profiles)) for entry in listed if "M" in entry.profiles.values()
    )


@pytest.mark.parametrize(
    ("profile", "mandatory", "conditional"),
    [
        ("Core", 104, 119),
        ("AdvancedSecurity", 5, 2),
        ("LocalAuthList", 14, 8),
        ("SmartCharging", 33, 3),
        ("DeviceManagement", 36, 5),
        ("UserInterface", 25, 7),
        ("Reservation", 12, 10),
        ("ISO15118", 54, 6),
    ],
)
def test_profile_lists_its_cases(profile: str, mandatory: int, conditional: int) -> None:
    marks = Counter(entry.profiles[profile] for entry in listed_in(profile))

    assert (marks["M"], marks["C"]) == (mandatory, conditional)


def test_case_is_mandatory_for_the_profiles_that_list_it_so() -> None:
    summary = CATALOGUE["TC_B_14_CS"]

    assert not summary.is_mandatory({"Core"})
    assert summary.is_mandatory({"Core", "DeviceManagement"})


@pytest.mark.parametrize(
    ("case", "claims", "obstacle"),
    [
        ("TC_B_01_CS", "Core", ""),
        ("TC_K_01_CS", "Core", "it is only for stations with the profile SmartCharging or ISO15118"),
        ("TC_K_01_CS", "Core ISO15118", ""),
        (
            "TC_C_26_CS",
            "Core C-30",
            "its condition is C-02 and (C-30 or C-31 or C-32), but C-02 is not claimed",
        ),
        ("TC_C_26_CS", "Core C-30 C-02", ""),
        ("TC_K_52_CS", "Core", "its condition is SmartCharging, but SmartCharging is not claimed"),
    ],
)
def test_obstacle_says_why_a_case_does_not_apply(case: str, claims: str, obstacle: str) -> None:
    assert CATALOGUE[case].obstacle(set(claims.split())) == obstacle


@pytest.mark.parametrize(
    ("case", "caveat"),
    [
        (
            "TC_B_28_CS",
            "the case applies because C-13 is not claimed; claim every feature that the station has",
        ),
        ("TC_B_20_CS", ""),
        ("TC_E_03_CS", ""),
    ],
)
def test_case_about_what_a_station_lacks_has_a_caveat(case: str, caveat: str) -> None:
    assert CATALOGUE[case].caveat({"Core", "C-30"}) == caveat


def test_every_profile_is_a_feature() -> None:
    assert set(PROFILES) <= set(FEATURES)
