"""Connector statuses and availability of a simulated station."""

from typing import TYPE_CHECKING

import pytest

from mock_csms.simulator.device_model import Key
from tests.support.driving import charge
from tests.support.observed_station import TOKEN, ObservedStation

if TYPE_CHECKING:
    from mock_csms.messages import JsonObject

type Statuses = list[tuple[int, int, str]]

ALL_AVAILABLE: Statuses = [(1, 1, "Available"), (2, 1, "Available")]


@pytest.fixture
def observed() -> ObservedStation:
    started = ObservedStation()
    started.start()
    return started


def statuses(observed: ObservedStation, since: int = 0) -> Statuses:
    return [
        (payload["evseId"], payload["connectorId"], payload["connectorStatus"])
        for payload in observed.calls("StatusNotification")[since:]
    ]


def reported(observed: ObservedStation) -> int:
    return len(observed.calls("StatusNotification"))


def change(observed: ObservedStation, status: str, **evse: int) -> str:
    payload: JsonObject = {"operationalStatus": status} | ({"evse": evse} if evse else {})
    answer = observed.command("ChangeAvailability", payload)
    assert answer is not None
    observed.advance(1)
    return str(answer["status"])


def test_every_connector_is_reported_after_the_boot(observed: ObservedStation) -> None:
    assert statuses(observed) == ALL_AVAILABLE


def test_connector_is_occupied_while_a_cable_is_plugged_in(observed: ObservedStation) -> None:
    observed.station.plug_in(2)
    observed.advance(1)
    observed.station.unplug(2)
    observed.advance(1)

    assert statuses(observed, 2) == [(2, 1, "Occupied"), (2, 1, "Available")]


@pytest.mark.parametrize(
    ("evse", "changed"),
    [
        ({}, [(1, 1), (2, 1)]),
        ({"id": 0}, [(1, 1), (2, 1)]),
        ({"id": 2}, [(2, 1)]),
        ({"id": 1, "connectorId": 1}, [(1, 1)]),
    ],
)
def test_idle_target_becomes_unavailable_and_available_again(
    observed: ObservedStation, evse: dict[str, int], changed: list[tuple[int, int]]
) -> None:
    before = reported(observed)

    assert change(observed, "Inoperative", **evse) == "Accepted"
    assert statuses(observed, before) == [(*place, "Unavailable") for place in changed]
    assert change(observed, "Operative", **evse) == "Accepted"
    assert statuses(observed, before + len(changed)) == [(*place, "Available") for place in changed]


@pytest.mark.parametrize("evse", [{"id": 3}, {"id": 1, "connectorId": 2}])
def test_change_of_unknown_target_is_rejected(observed: ObservedStation, evse: dict[str, int]) -> None:
    assert change(observed, "Inoperative", **evse) == "Rejected"


@pytest.mark.parametrize("status", ["Operative", "Inoperative"])
def test_change_to_the_same_availability_is_accepted_without_a_report(
    observed: ObservedStation, status: str
) -> None:
    change(observed, status)
    before = reported(observed)

    assert change(observed, status) == "Accepted"
    assert reported(observed) == before


@pytest.mark.parametrize("evse", [{}, {"id": 1}, {"id": 1, "connectorId": 1}])
def test_change_during_a_transaction_takes_effect_when_it_ends(
    observed: ObservedStation, evse: dict[str, int]
) -> None:
    charge(observed)
    before = reported(observed)

    assert change(observed, "Inoperative", **evse) == "Scheduled"
    assert change(observed, "Inoperative", **evse) == "Scheduled"
    assert (1, 1, "Unavailable") not in statuses(observed, before)
    observed.station.present(TOKEN, 1)
    observed.advance(1)
    assert statuses(observed, before)[-1] == (1, 1, "Unavailable")


def test_scheduled_change_of_the_station_affects_idle_evses_at_once(observed: ObservedStation) -> None:
    charge(observed)
    before = reported(observed)

    change(observed, "Inoperative")

    assert statuses(observed, before) == [(2, 1, "Unavailable")]


def test_connector_set_inoperative_stays_unavailable_when_its_evse_becomes_operative(
    observed: ObservedStation,
) -> None:
    change(observed, "Inoperative", id=1, connectorId=1)
    change(observed, "Inoperative", id=1)
    before = reported(observed)

    assert change(observed, "Operative", id=1) == "Accepted"
    assert statuses(observed, before) == []


def test_inoperative_evse_takes_no_driver(observed: ObservedStation) -> None:
    change(observed, "Inoperative", id=1)

    observed.station.plug_in(1)
    observed.station.present(TOKEN, 1)
    observed.advance(1)

    assert observed.calls("TransactionEvent") == []


def test_faulted_connector_is_reported_and_repaired(observed: ObservedStation) -> None:
    observed.station.charging.fault(1)
    observed.advance(1)
    observed.station.charging.fault(1, is_faulted=False)
    observed.advance(1)

    assert statuses(observed, 2) == [(1, 1, "Faulted"), (1, 1, "Available")]


def test_only_changed_connectors_are_reported_after_a_short_time_offline(observed: ObservedStation) -> None:
    observed.link.close()
    observed.advance(1)
    observed.station.plug_in(2)
    observed.advance(30)
    observed.link.open()
    observed.advance(5)

    assert statuses(observed, 2) == [(2, 1, "Occupied")]


def test_connector_that_changed_and_changed_back_offline_is_not_reported(observed: ObservedStation) -> None:
    observed.link.close()
    observed.advance(1)
    observed.station.plug_in(2)
    observed.station.unplug(2)
    observed.link.open()
    observed.advance(5)

    assert statuses(observed, 2) == []


@pytest.mark.parametrize(("offline_s", "expected"), [(298, []), (302, ALL_AVAILABLE)])
def test_all_connectors_are_reported_after_the_offline_threshold(
    observed: ObservedStation, offline_s: int, expected: Statuses
) -> None:
    observed.station.core.variables.put(Key("OCPPCommCtrlr", "OfflineThreshold"), "300")
    observed.link.close()
    observed.advance(offline_s)
    observed.link.open()
    observed.advance(5)

    assert statuses(observed, 2) == expected


def test_availability_state_is_in_the_device_model(observed: ObservedStation) -> None:
    observed.station.plug_in(1)
    observed.advance(1)

    values = [
        observed.station.core.variables.value(Key("Connector", "AvailabilityState", None, evse_id, 1))
        for evse_id in (1, 2)
    ]
    assert values == ["Occupied", "Available"]


def test_status_that_was_refused_is_reported_on_the_next_connection(observed: ObservedStation) -> None:
    observed.refuse = lambda action: action == "StatusNotification"
    observed.station.plug_in(2)
    observed.advance(1)
    observed.refuse = lambda _: False

    observed.link.lose()
    observed.advance(5)

    assert statuses(observed, 2) == [(2, 1, "Occupied"), (2, 1, "Occupied")]


def test_fault_of_another_connector_does_not_end_the_transaction() -> None:
    observed = ObservedStation(connectors=2)
    observed.start()
    charge(observed)

    observed.station.charging.fault(1, 2)
    observed.advance(1)

    assert observed.station.core.evses.by_id[1].transaction_id is not None


def test_idle_connector_beside_a_transaction_changes_at_once() -> None:
    observed = ObservedStation(connectors=2)
    observed.start()
    charge(observed)
    before = reported(observed)

    assert change(observed, "Inoperative", id=1, connectorId=2) == "Accepted"
    assert statuses(observed, before) == [(1, 2, "Unavailable")]


def test_inoperative_connector_stays_unavailable_when_a_transaction_starts_beside_it() -> None:
    observed = ObservedStation(connectors=2)
    observed.start()
    assert change(observed, "Inoperative", id=1, connectorId=1) == "Accepted"
    observed.advance(1)
    before = reported(observed)

    observed.station.present(TOKEN, 1)
    observed.advance(1)

    assert observed.station.core.evses.by_id[1].transaction_id is not None
    assert statuses(observed, before) == []


def test_connector_in_a_transaction_changes_when_the_transaction_has_ended() -> None:
    observed = ObservedStation(connectors=2)
    observed.start()
    charge(observed)
    before = reported(observed)

    assert change(observed, "Inoperative", id=1, connectorId=1) == "Scheduled"
    assert statuses(observed, before) == []
    observed.station.present(TOKEN, 1)
    observed.station.unplug(1)
    observed.advance(1)
    assert (1, 1, "Unavailable") in statuses(observed, before)


def test_pending_firmware_update_makes_a_reserved_evse_unavailable(observed: ObservedStation) -> None:
    expiry = "2026-01-01T01:00:00Z"
    reservation = {"id": 1, "expiryDateTime": expiry, "idToken": TOKEN, "evseId": 2}
    assert observed.command("ReserveNow", reservation) == {"status": "Accepted"}
    observed.advance(1)
    before = reported(observed)

    observed.station.core.evses.is_update_pending = True
    for connector in observed.station.core.evses.connectors():
        observed.station.core.connector_changed.emit(connector)
    observed.advance(1)

    assert statuses(observed, before) == [(1, 1, "Unavailable"), (2, 1, "Unavailable")]
    (update,) = observed.calls("ReservationStatusUpdate")
    assert update == {"reservationId": 1, "reservationUpdateStatus": "Removed"}


def test_vehicle_that_parks_at_an_inoperative_evse_starts_no_transaction(observed: ObservedStation) -> None:
    observed.station.core.variables.put(Key("TxCtrlr", "TxStartPoint"), "ParkingBayOccupancy")
    change(observed, "Inoperative", id=1)
    before = reported(observed)

    observed.station.park(1)
    observed.advance(1)

    assert observed.calls("TransactionEvent") == []
    assert statuses(observed, before) == []
