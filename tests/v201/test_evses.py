"""EVSEs and connectors as a station has reported them."""

import pytest

from mock_csms.errors import NothingToDo
from mock_csms.stations.station import Connector, Station
from mock_csms.stations.transactions import Transaction
from mock_csms.v201.evses import connectors, evse_ids, evses_to_start_on, free_evse, known_evses


def station_with(connectors_by_id: dict[Connector, str], **transactions: Transaction) -> Station:
    station = Station("CS1", transactions=dict(transactions))
    station.connectors.update(connectors_by_id)
    return station


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({}, [(1, 1)]),
        ({(0, 0): "Available"}, [(1, 1)]),
        ({(0, 1): "Available", (2, 0): "Available"}, [(1, 1)]),
        ({(3, 2): "Available", (0, 0): "Available", (2, 1): "Faulted"}, [(2, 1), (3, 2)]),
    ],
)
def test_connectors_are_those_with_ids_from_1(
    reported: dict[Connector, str], expected: list[Connector]
) -> None:
    assert connectors(station_with(reported)) == expected


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([("EVSE", {"id": 2})], [(2, 1)]),
        ([("EVSE", {"id": 2}), ("Connector", {"id": 2, "connectorId": 3})], [(2, 3)]),
        ([("EVSE", {"id": 0}), ("Connector", {"id": 1, "connectorId": 0})], [(1, 1)]),
        ([("Meter", {"id": 5}), ("EVSE", None)], [(1, 1)]),
    ],
)
def test_connectors_without_status_are_those_of_device_model(
    components: list[tuple[str, dict[str, int] | None]], expected: list[Connector]
) -> None:
    station = Station("CS1")
    for name, evse in components:
        station.device_model.set({"name": name, **({"evse": evse} if evse else {})}, {"name": "Power"}, "1")

    assert connectors(station) == expected


def test_free_evse_has_no_transaction() -> None:
    both = {(1, 1): "Available", (2, 1): "Available"}

    assert free_evse(station_with(both, A=Transaction("A", evse_id=1))) == 2
    assert free_evse(station_with({(1, 1): "Occupied", (2, 1): "Occupied"})) == 1


def test_transaction_without_evse_is_on_the_only_one() -> None:
    transaction = Transaction("A", id_token={"idToken": "A", "type": "Central"})

    [only] = known_evses(station_with({(4, 1): "Occupied", (4, 2): "Available"}, A=transaction))
    assert (only.has_transaction, only.is_authorized) == (True, True)
    several = known_evses(station_with({(1, 1): "Available", (2, 1): "Available"}, A=transaction))
    assert not any(evse.has_transaction for evse in several)


def test_ended_transaction_leaves_evse_free() -> None:
    station = station_with({(1, 1): "Available"}, A=Transaction("A", evse_id=1, ended=True))

    assert [evse.is_free for evse in known_evses(station)] == [True]


def test_evses_to_start_on_are_sorted_free_first_and_reserved_last() -> None:
    station = station_with(
        {(1, 1): "Reserved", (2, 1): "Occupied", (3, 1): "Available", (4, 1): "Faulted", (5, 1): "Available"}
    )

    assert [evse.id for evse in evses_to_start_on(station)] == [3, 5, 2, 1]


def test_reasons_against_starting_are_limited() -> None:
    station = station_with({(evse_id, 1): "Faulted" for evse_id in range(1, 10_001)})

    with pytest.raises(NothingToDo) as caught:
        evses_to_start_on(station)

    assert str(caught.value).count("Faulted") == 5
    assert len(evse_ids(station)) == 10_000
