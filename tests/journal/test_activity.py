"""The newest journal entry about each station, and changes of a station that no journal entry records."""

import pytest

from mock_csms.journal.activity import Activities
from mock_csms.journal.records import Records
from mock_csms.journal.store import Journal
from tests.support.journal import beat, recorder_of


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def activities(journal: Journal) -> Activities:
    """Activities that follow CS1 and CS2, in a journal whose only entries are about CS3."""
    activities = Activities(journal)
    activities.of("CS1")
    activities.of("CS2")
    beat(journal, "CS3")
    return activities


def changed_since(activities: Activities, since: int) -> list[str]:
    return [station for station in ("CS1", "CS2") if activities.has_changed(station, since)]


def test_station_is_new_to_a_client_that_has_seen_the_entries_before_it(journal: Journal) -> None:
    activities = Activities(journal)
    beat(journal)
    activities.of("CS1")
    assert activities.has_changed("CS1", since=1)
    assert not activities.has_changed("CS1", since=2)


def test_entry_changes_its_station_only(activities: Activities) -> None:
    activities.noted("CS1", 2)
    assert changed_since(activities, 1) == ["CS1"]
    assert changed_since(activities, 2) == []


def test_change_without_an_entry_is_older_than_the_next_entry(
    activities: Activities, journal: Journal
) -> None:
    activities.changed("CS2")
    assert changed_since(activities, journal.last_number) == ["CS2"]
    beat(journal, "CS3")
    assert changed_since(activities, journal.last_number) == []


def test_change_of_all_stations_includes_each(activities: Activities) -> None:
    assert changed_since(activities, 1) == []
    activities.changed()
    assert changed_since(activities, 1) == ["CS1", "CS2"]


def test_entry_about_an_unknown_station_is_not_stored(activities: Activities) -> None:
    activities.noted("stranger", 2)
    activities.changed("stranger")
    assert len(activities._by_station) == 2


def test_forgotten_station_is_not_stored(activities: Activities) -> None:
    activities.forget("CS1")
    activities.clear()
    assert list(activities._by_station) == ["CS2"]


def test_recorder_notes_the_newest_of_its_entries() -> None:
    records = Records(Journal())
    recorder = recorder_of(records, "CS1")
    recorder.connected("127.0.0.1:1")
    activity = records.activities.of("CS1")
    assert (activity.last_entry, activity.last_message) == (1, None)
    recorder.sent_call(b"[2]", "1", "Reset", {}, valid=False)
    assert (activity.last_entry, activity.last_message) == (2, None)
