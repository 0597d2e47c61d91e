"""Display messages of a simulated station."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.display import COUNT, MESSAGES_PER_PART, Displays
from tests.support.virtual_station import Workbench

TEXT: JsonObject = {"format": "UTF8", "content": "Hello"}
IN_ONE_MINUTE = "2026-01-01T00:01:00Z"


class Station:
    """A `Workbench` with the display messages of a station, and a transaction T1 on EVSE 1."""

    def __init__(self) -> None:
        self.bench = Workbench(Displays)
        self.displays: Displays = self.bench.blocks[0]
        self.core = self.bench.core
        self.core.evses.by_id[1].transaction_id = "T1"

    def show(self, number: int = 1, **fields: Any) -> str:
        """Send a SetDisplayMessage, and return the status of the answer."""
        message = {"id": number, "priority": "NormalCycle", "message": TEXT, **fields}
        return str(self.bench.command("SetDisplayMessage", {"message": message})["status"])

    def request_report(self, **criteria: Any) -> str:
        """Send a GetDisplayMessages, and return the status of the answer."""
        return str(self.bench.command("GetDisplayMessages", {"requestId": 5, **criteria})["status"])

    def shown(self, **criteria: Any) -> list[int]:
        """Send a GetDisplayMessages, and return the ids of the messages that the station reports."""
        known = len(self.bench.sent)
        self.request_report(**criteria)
        return [message["id"] for _, payload in self.bench.sent[known:] for message in payload["messageInfo"]]


@pytest.fixture
def station() -> Station:
    return Station()


def test_message_is_reported_as_it_was_set(station: Station) -> None:
    assert station.show(state="Idle", startDateTime="2026-01-01T00:00:00Z") == "Accepted"
    assert station.request_report() == "Accepted"

    expected = {
        "id": 1,
        "priority": "NormalCycle",
        "message": TEXT,
        "state": "Idle",
        "startDateTime": "2026-01-01T00:00:00Z",
    }
    assert station.bench.sent == [("NotifyDisplayMessages", {"requestId": 5, "messageInfo": [expected]})]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"transactionId": "T2"}, "UnknownTransaction", id="O02.FR.01"),
        pytest.param({"display": {"name": "Billboard"}}, "Rejected", id="O01.FR.22"),
        pytest.param({"endDateTime": "2025-12-31T23:59:59Z"}, "Rejected", id="over"),
    ],
)
def test_message_that_cannot_be_shown_is_refused(station: Station, fields: JsonObject, status: str) -> None:
    assert station.show(**fields) == status
    assert station.request_report() == "Unknown"


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [
        pytest.param("SupportedPriorities", "InFront", "NotSupportedPriority", id="O01.FR.01"),
        pytest.param("SupportedFormats", "ASCII", "NotSupportedMessageFormat", id="O01.FR.03"),
    ],
)
def test_message_beyond_supported_values_is_refused(
    station: Station, variable: str, value: str, status: str
) -> None:
    station.core.variables.put(Key("DisplayMessageCtrlr", variable), value)

    assert station.show() == status


def test_messages_beyond_the_maximum_are_rejected(station: Station) -> None:
    limit = station.core.variables.variable(COUNT).max_limit
    assert limit is not None
    answers = [station.show(number) for number in range(int(limit) + 1)]

    assert answers == ["Accepted"] * int(limit) + ["Rejected"]
    assert station.core.variables.value(COUNT) == str(int(limit))


def test_known_message_is_replaced_even_if_there_are_no_more_places(station: Station) -> None:
    limit = station.core.variables.variable(COUNT).max_limit
    assert limit is not None
    for number in range(int(limit)):
        station.show(number)

    assert station.show(3, priority="InFront") == "Accepted"
    assert station.shown(priority="InFront") == [3]


def test_refused_replacement_keeps_the_message(station: Station) -> None:
    station.show(1)

    assert station.show(1, transactionId="T2") == "UnknownTransaction"
    assert station.shown() == [1]


def test_newer_message_replaces_the_one_always_in_front(station: Station) -> None:
    station.show(1, priority="AlwaysFront")
    station.show(2)
    station.show(3, priority="AlwaysFront")

    assert station.shown() == [2, 3]


def test_message_is_removed_when_its_time_is_over(station: Station) -> None:
    station.show(1, endDateTime=IN_ONE_MINUTE)
    station.bench.advance(59)
    assert station.shown() == [1]
    station.bench.advance(2)

    assert station.request_report() == "Unknown"


def test_message_whose_time_is_over_is_not_counted(station: Station) -> None:
    station.show(1, endDateTime="2026-01-01T00:02:00Z")
    station.show(2, endDateTime=IN_ONE_MINUTE)
    station.show(3)
    counts = []
    for seconds in (59, 1, 60):
        station.bench.advance(seconds)
        counts.append(station.core.variables.value(COUNT))
    assert counts == ["3", "2", "1"]


def test_message_is_removed_by_the_corrected_clock(station: Station) -> None:
    station.show(1, endDateTime=IN_ONE_MINUTE)
    station.core.correct_clock(60)
    station.bench.advance()
    assert station.core.variables.value(COUNT) == "0"


def test_message_is_removed_with_its_transaction(station: Station) -> None:
    station.show(1, transactionId="T1")
    station.show(2)
    station.displays.transaction_ended("T1")

    assert station.shown() == [2]
    assert station.core.variables.value(COUNT) == "1"


def test_messages_survive_a_power_cut(station: Station) -> None:
    station.show(1)
    station.core.powered_off.emit()
    station.core.boot_accepted.emit()

    assert station.shown() == [1]


@pytest.mark.parametrize(
    ("criteria", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"id": [1, 3, 9]}, [1, 3]),
        ({"priority": "InFront"}, [2, 3]),
        ({"state": "Charging"}, [3]),
        ({"id": [1, 2], "priority": "InFront"}, [2]),
    ],
    ids=str,
)
def test_report_has_the_messages_that_meet_all_criteria(
    station: Station, criteria: JsonObject, numbers: list[int]
) -> None:
    station.show(1)
    station.show(2, priority="InFront", state="Idle")
    station.show(3, priority="InFront", state="Charging")

    assert station.shown(**criteria) == numbers


def test_report_without_matching_messages_is_unknown(station: Station) -> None:
    station.show(1)

    assert station.request_report(id=[2]) == "Unknown"
    assert station.bench.sent == []


def test_long_report_comes_in_parts(station: Station) -> None:
    for number in range(MESSAGES_PER_PART + 1):
        station.show(number)
    station.request_report()

    parts = station.bench.payloads("NotifyDisplayMessages")
    assert [len(part["messageInfo"]) for part in parts] == [MESSAGES_PER_PART, 1]
    assert [part.get("tbc", False) for part in parts] == [True, False]


def test_cleared_message_is_gone(station: Station) -> None:
    station.show(1)

    assert station.bench.command("ClearDisplayMessage", {"id": 1}) == {"status": "Accepted"}
    assert station.bench.command("ClearDisplayMessage", {"id": 1}) == {"status": "Unknown"}
    assert station.request_report() == "Unknown"


def test_full_display_replaces_the_message_that_is_always_in_front(station: Station) -> None:
    limit = int(station.core.variables.variable(COUNT).max_limit or 0)
    station.show(1, priority="AlwaysFront")
    for number in range(2, limit + 1):
        station.show(number)

    assert station.show(limit + 1, priority="AlwaysFront") == "Accepted"
    assert station.show(limit + 2) == "Rejected"
    assert limit + 1 in station.shown()
    assert 1 not in station.shown()
