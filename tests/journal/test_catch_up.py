"""Past events in their order; an event ``missed`` stands for events that are no longer stored."""

from collections.abc import Iterable

import pytest

from mock_csms.findings.kinds import Finding
from mock_csms.journal import records as records_module
from mock_csms.journal.catch_up import CatchUp
from mock_csms.journal.event_ids import EventId
from mock_csms.journal.records import Records
from mock_csms.journal.store import ROWS_PER_PART, Journal
from tests.support.journal import beat, exchange


def find(records: Records, station: str = "CS1") -> None:
    """Record a finding."""
    records.find([Finding("call-unanswered", "error", "B01", station, 0.0, (), "no")])


def shown(events: Iterable[bytes]) -> list[str]:
    """Return the id of each event; for an event ``missed``, return the range of entries instead."""
    texts = [event.decode().split("\n") for event in events if event]
    return [
        lines[2].removeprefix("data: ") if lines[1] == "event: missed" else lines[0].removeprefix("id: ")
        for lines in texts
    ]


def ids_after(records: Records, after: str, station: str | None = None) -> list[str]:
    return shown(CatchUp(records, station, EventId.parse(after)))


@pytest.mark.parametrize(
    ("after", "ids"),
    [
        ("0", ["0.1", "1", "2", "2.1", "2.2", "3", "4", "4.1"]),
        ("1", ["2", "2.1", "2.2", "3", "4", "4.1"]),
        ("2.1", ["2.2", "3", "4", "4.1"]),
        ("3", ["4", "4.1"]),
        ("4", ["4.1"]),
        ("4.1", []),
    ],
)
def test_entries_and_findings_come_in_their_order(after: str, ids: list[str]) -> None:
    records = Records(Journal())
    find(records)
    exchange(records.journal)
    find(records)
    find(records)
    beat(records.journal)
    beat(records.journal)
    find(records)
    assert ids_after(records, after) == ids
    assert str(records.last_event) == "4.1"


def test_station_filters_entries_and_findings() -> None:
    records = Records(Journal())
    for station in ("CS1", "CS2"):
        beat(records.journal, station)
        find(records, station)
    assert ids_after(records, "0", "CS2") == ["2", "2.1"]


def test_all_rows_are_read_in_parts() -> None:
    records = Records(Journal())
    numbers = [exchange(records.journal) for _ in range(3 * ROWS_PER_PART)]
    expected = [str(number) for number in range(1, numbers[-1] + 2)]
    assert ids_after(records, "0") == expected
    assert ids_after(records, "151") == expected[151:]


def test_entries_recorded_meanwhile_are_read() -> None:
    records = Records(Journal())
    beat(records.journal)
    events = iter(CatchUp(records, None, EventId(0)))
    first = [next(events), next(events)]
    beat(records.journal)
    find(records)
    assert shown([*first, *events]) == ["1", "2", "2.1"]


def test_dropped_entries_are_reported_as_missed() -> None:
    records = Records(Journal(max_entries=4))
    for _ in range(3):
        exchange(records.journal)
    assert ids_after(records, "1") == ['{"from":2,"to":2}', "3", "4", "5", "6"]
    assert ids_after(records, "2") == ["3", "4", "5", "6"]


def test_entries_dropped_during_the_reading_are_reported_as_missed() -> None:
    records = Records(Journal(max_entries=100))
    for _ in range(100):
        beat(records.journal)
    events = iter(CatchUp(records, None, EventId(0)))
    first = [next(events) for _ in range(ROWS_PER_PART + 1)]
    for _ in range(100):
        beat(records.journal)
    ids = shown([*first, *events])
    assert ids == [*map(str, range(1, 65)), '{"from":65,"to":100}', *map(str, range(101, 201))]


def test_cleared_entries_are_reported_as_missed() -> None:
    records = Records(Journal())
    beat(records.journal)
    events = iter(CatchUp(records, None, EventId(0)))
    first = [next(events), next(events)]
    beat(records.journal)
    records.journal.clear()
    beat(records.journal)
    assert shown([*first, *events]) == ["1", '{"from":2,"to":2}', "3"]


def test_missed_event_has_the_id_of_the_event_before_it() -> None:
    records = Records(Journal(max_entries=2))
    for _ in range(3):
        beat(records.journal)
    missed, *_ = CatchUp(records, None, EventId(0, 1))
    assert missed == b'id: 0.1\nevent: missed\ndata: {"from":1,"to":1}\n\n'


def test_dropped_findings_are_reported_as_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "MAX_FINDINGS", 2)
    records = Records(Journal())
    for _ in range(4):
        beat(records.journal)
        find(records)
    assert ids_after(records, "1") == ['{"from":1,"to":2}', "2", "3", "3.1", "4", "4.1"]
    assert ids_after(records, "2.1") == ["3", "3.1", "4", "4.1"]


def test_deleted_findings_do_not_keep_the_reading_from_ending() -> None:
    records = Records(Journal())
    beat(records.journal)
    find(records)
    records.clear()
    assert ids_after(records, "0") == ["1"]
