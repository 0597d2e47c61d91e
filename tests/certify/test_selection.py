"""Selection of the cases to run, and the reasons why a case is skipped."""

from mock_csms.certify.all_cases import ALL_CASES, UNREHEARSED
from mock_csms.certify.catalogue import CATALOGUE
from mock_csms.certify.live_view import listed_case
from mock_csms.certify.registry import Unrehearsed
from mock_csms.certify.selection import PlannedCase, Selection, plan
from mock_csms.certify.station_file import StationFile, StationTable

CORE = StationFile(station=StationTable(profiles=("Core",)))


def ids(file: StationFile, selection: Selection) -> list[str]:
    return [each.entry.id for each in plan(file, selection, ALL_CASES, UNREHEARSED)]


def planned_case(file: StationFile, case_id: str, *, has_hands: bool = True) -> PlannedCase:
    return plan(file, Selection((case_id,), has_hands=has_hands), ALL_CASES, UNREHEARSED)[0]


def reason(file: StationFile, case_id: str, *, has_hands: bool = True) -> str:
    return planned_case(file, case_id, has_hands=has_hands).skipped


def test_selection_without_globs_has_the_cases_of_the_stations_profiles() -> None:
    selected = ids(CORE, Selection())

    assert selected == [entry.id for entry in CATALOGUE.values() if "Core" in entry.profiles]


def test_glob_selects_cases_beyond_the_profiles() -> None:
    assert ids(CORE, Selection(("TC_K_01_CS", "TC_B_0[13]_CS"))) == ["TC_B_01_CS", "TC_B_03_CS", "TC_K_01_CS"]


def test_profile_selects_its_cases_only() -> None:
    selected = ids(CORE, Selection(profiles=("Reservation",)))

    assert selected != []
    assert all("Reservation" in CATALOGUE[each].profiles for each in selected)


def test_mandatory_selects_mandatory_cases_only() -> None:
    selected = ids(CORE, Selection(is_mandatory_only=True))

    assert selected != []
    assert all(CATALOGUE[each].profiles["Core"] == "M" for each in selected)


def test_case_whose_condition_does_not_hold_is_skipped_with_the_claim() -> None:
    assert "C-56 and DeviceManagement are not claimed" in reason(CORE, "TC_B_14_CS")


def test_case_of_another_profile_is_skipped_with_the_profile() -> None:
    assert "it is only for stations with the profile SmartCharging or ISO15118" in reason(CORE, "TC_K_01_CS")


def test_case_with_stimuli_is_skipped_without_hands() -> None:
    assert "needs a person at the station" in reason(CORE, "TC_B_21_CS", has_hands=False)
    assert reason(CORE, "TC_B_01_CS", has_hands=False) == ""


def test_case_that_is_not_rehearsed_is_skipped_with_the_reason() -> None:
    unrehearsed = {"TC_B_01_CS": Unrehearsed("TC_B_01_CS", "A boot", "it needs an oscilloscope")}

    (planned,) = plan(CORE, Selection(("TC_B_01_CS",)), {}, unrehearsed)

    assert (planned.title, planned.skipped) == ("A boot", "not rehearsed: it needs an oscilloscope")


def test_skipped_case_is_listed_as_applying_unless_the_station_lacks_a_feature() -> None:
    needs_a_person = listed_case(planned_case(CORE, "TC_B_21_CS", has_hands=False))
    lacks_a_feature = listed_case(planned_case(CORE, "TC_B_14_CS"))

    assert (needs_a_person["applies"], "skipped" in needs_a_person) == (True, True)
    assert (lacks_a_feature["applies"], "skipped" in lacks_a_feature) == (False, True)
