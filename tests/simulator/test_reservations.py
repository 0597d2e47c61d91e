"""Reservations of a simulated station."""

from typing import Any

import pytest

from mock_csms.simulator.device_model import Key
from mock_csms.simulator.reservations import Reservations
from tests.support.virtual_station import Workbench

CARD = {"idToken": "CARD", "type": "ISO14443"}
OTHER = {"idToken": "OTHER", "type": "ISO14443"}
GROUP = {"idToken": "GROUP", "type": "Central"}
IN_A_MINUTE = "2026-01-01T00:01:00Z"


class Station:
    """A `Workbench` with two EVSEs of two connectors each, and the functional block `Reservations`."""

    def __init__(self) -> None:
        self.bench = Workbench(Reservations, evses=2, connectors=2)
        for variable in ("Available", "Enabled", "NonEvseSpecific"):
            self.set(variable, "true")
        self.block: Reservations = self.bench.blocks[0]
        self.changed: list[Any] = []
        self.bench.core.connector_changed.connect(self.changed.append)

    def set(self, variable: str, value: str) -> None:
        self.bench.core.variables.put(Key("ReservationCtrlr", variable), value)

    def reserve(self, number: int, evse_id: int | None = None, **changes: Any) -> str:
        request = {"id": number, "expiryDateTime": IN_A_MINUTE, "idToken": CARD, **changes}
        if evse_id is not None:
            request["evseId"] = evse_id
        status: str = self.bench.command("ReserveNow", request)["status"]
        return status

    def cancel(self, number: int) -> str:
        status: str = self.bench.command("CancelReservation", {"reservationId": number})["status"]
        return status

    def change(self, evse_id: int, **state: bool) -> None:
        """Change the state of all connectors of an EVSE."""
        for connector in self.bench.core.evses.connectors(evse_id):
            for name, value in state.items():
                setattr(connector, name, value)
            self.bench.core.connector_changed.emit(connector)

    def plug_in(self, evse_id: int) -> None:
        connector = self.bench.core.evses.connectors(evse_id)[0]
        connector.is_plugged = True
        self.bench.core.connector_changed.emit(connector)

    def start(self, evse_id: int, id_token: dict[str, Any]) -> int | None:
        """Authorize a session at an EVSE; return the id of the reservation that it uses, or None."""
        self.bench.core.evses.by_id[evse_id].id_token = id_token
        return self.block.use(evse_id, id_token, None)

    @property
    def reserved(self) -> list[int]:
        """EVSEs whose connectors are all Reserved."""
        evses = self.bench.core.evses
        return [
            evse.id
            for evse in evses
            if {evses.status(item) for item in evse.connectors.values()} == {"Reserved"}
        ]

    @property
    def updates(self) -> list[tuple[int, str]]:
        """Id and status of each ReservationStatusUpdate."""
        sent = self.bench.payloads("ReservationStatusUpdate")
        return [(update["reservationId"], update["reservationUpdateStatus"]) for update in sent]


@pytest.fixture
def station() -> Station:
    return Station()


def test_reserve_evse_makes_all_its_connectors_reserved(station: Station) -> None:
    assert station.reserve(1, 2) == "Accepted"
    assert station.reserved == [2]
    assert [(connector.evse_id, connector.id) for connector in station.changed] == [(2, 1), (2, 2)]


def test_reserve_any_evse_keeps_all_available_while_there_are_enough(station: Station) -> None:
    assert station.reserve(1) == "Accepted"
    assert (station.reserved, station.changed) == ([], [])


def test_reserve_any_evse_as_often_as_there_are_evses_makes_all_reserved(station: Station) -> None:
    assert (station.reserve(1), station.reserve(2)) == ("Accepted", "Accepted")
    assert station.reserved == [1, 2]


def test_reserve_connector_type_of_station_is_accepted(station: Station) -> None:
    assert station.reserve(1, connectorType="cType2") == "Accepted"


@pytest.mark.parametrize("variable", ["Available", "Enabled"])
def test_reserve_while_disabled_is_rejected(station: Station, variable: str) -> None:
    station.set(variable, "false")
    assert station.reserve(1, 1) == "Rejected"


def test_reserve_any_evse_without_support_is_rejected(station: Station) -> None:
    station.set("NonEvseSpecific", "false")
    assert station.reserve(1) == "Rejected"
    assert station.reserve(1, 1) == "Accepted"


@pytest.mark.parametrize(
    "request_",
    [
        {"evseId": 3},
        {"connectorType": "cCCS1"},
        {"evseId": 1, "expiryDateTime": "2025-12-31T23:59:59Z"},
    ],
    ids=["unknown-evse", "other-connector-type", "expired"],
)
def test_reserve_that_cannot_be_kept_is_rejected(station: Station, request_: dict[str, Any]) -> None:
    assert station.reserve(1, **request_) == "Rejected"


def test_reserve_reserved_evse_is_occupied(station: Station) -> None:
    station.reserve(1, 1)
    assert station.reserve(2, 1) == "Occupied"


def test_reserve_plugged_evse_is_occupied(station: Station) -> None:
    station.plug_in(1)
    assert station.reserve(1, 1) == "Occupied"


def test_reserve_evse_with_a_session_is_occupied(station: Station) -> None:
    station.start(1, OTHER)
    assert station.reserve(1, 1) == "Occupied"


def test_reserve_more_than_free_evses_is_occupied(station: Station) -> None:
    station.reserve(1)
    station.reserve(2)
    assert (station.reserve(3), station.reserve(4, 1)) == ("Occupied", "Occupied")


def test_reserve_faulted_evse_is_faulted(station: Station) -> None:
    station.change(1, is_faulted=True)
    assert station.reserve(1, 1) == "Faulted"


def test_reserve_unavailable_evse_is_unavailable(station: Station) -> None:
    station.change(1, is_operative=False)
    assert station.reserve(1, 1) == "Unavailable"


def test_reserve_evse_with_one_faulted_connector_is_accepted(station: Station) -> None:
    station.bench.core.evses.connectors(1)[0].is_faulted = True
    assert station.reserve(1, 1) == "Accepted"


def test_reserve_with_known_id_replaces_reservation(station: Station) -> None:
    station.reserve(1, 1)
    assert station.reserve(1, 2, idToken=OTHER) == "Accepted"
    assert station.reserved == [2]
    assert station.block.allows(2, 1, OTHER, None)
    station.bench.advance(60)
    assert station.updates == [(1, "Expired")]


def test_refused_replacement_keeps_reservation(station: Station) -> None:
    station.reserve(1, 1)
    station.plug_in(2)
    assert station.reserve(1, 2) == "Occupied"
    assert station.reserved == [1]


def test_cancel_makes_evse_available_without_an_update(station: Station) -> None:
    station.reserve(1, 1)
    assert station.cancel(1) == "Accepted"
    station.bench.advance(60)
    assert (station.reserved, len(station.changed), station.updates) == ([], 4, [])


def test_cancel_reservation_of_any_evse_makes_the_others_available(station: Station) -> None:
    station.reserve(1)
    station.reserve(2)
    station.cancel(1)
    assert station.reserved == []


def test_cancel_unknown_id_is_rejected(station: Station) -> None:
    assert station.cancel(1) == "Rejected"


def test_expiry_frees_evse_and_is_reported(station: Station) -> None:
    station.reserve(1, 1)
    station.bench.advance(59)
    assert station.reserved == [1]
    station.bench.advance(1)
    assert (station.reserved, station.updates) == ([], [(1, "Expired")])


def test_expiry_follows_a_clock_that_is_set_back(station: Station) -> None:
    station.reserve(1, 1)
    station.bench.core.correct_clock(-30)
    station.bench.advance(60)
    assert station.updates == []
    station.bench.advance(30)
    assert station.updates == [(1, "Expired")]


def test_expiry_follows_a_clock_that_is_set_forward(station: Station) -> None:
    station.reserve(1, 1)
    station.bench.core.correct_clock(60)
    station.bench.advance()
    assert station.updates == [(1, "Expired")]


@pytest.mark.parametrize(
    "state", [{"is_faulted": True}, {"is_operative": False}], ids=["faulted", "unavailable"]
)
def test_evse_that_cannot_charge_removes_its_reservation(station: Station, state: dict[str, bool]) -> None:
    station.reserve(1, 1)
    station.change(1, **state)
    assert station.updates == [(1, "Removed")]
    station.bench.advance(60)
    assert len(station.updates) == 1


def test_evse_that_cannot_charge_removes_newest_reservation_of_any_evse(station: Station) -> None:
    station.reserve(1)
    station.reserve(2)
    station.change(1, is_faulted=True)
    assert (station.updates, station.reserved) == ([(2, "Removed")], [2])


def test_fault_of_station_removes_all_reservations(station: Station) -> None:
    station.reserve(1)
    station.reserve(2)
    for evse in station.bench.core.evses:
        evse.is_operative = False
    station.block.connector_unavailable(1)
    assert sorted(station.updates) == [(1, "Removed"), (2, "Removed")]


def test_connector_unavailable_of_evse_that_charges_keeps_reservation(station: Station) -> None:
    station.reserve(1, 1)
    station.block.connector_unavailable(1)
    assert (station.reserved, station.updates) == ([1], [])


def test_reserved_evse_allows_only_its_token(station: Station) -> None:
    station.reserve(1, 1)
    assert station.block.allows(1, 1, CARD, None)
    assert not station.block.allows(1, 1, OTHER, None)
    assert station.block.allows(2, 1, OTHER, None)


def test_reserved_evse_allows_the_group(station: Station) -> None:
    station.reserve(1, 1, groupIdToken=GROUP)
    assert station.block.allows(1, 1, OTHER, GROUP)
    assert not station.block.allows(1, 1, OTHER, {**GROUP, "idToken": "G2"})


def test_reservation_without_group_allows_no_group(station: Station) -> None:
    station.reserve(1, 1)
    assert not station.block.allows(1, 1, OTHER, GROUP)


def test_reservation_of_any_evse_allows_its_token_on_each_reserved_evse(station: Station) -> None:
    station.reserve(1)
    station.reserve(2, idToken=OTHER)
    assert all(station.block.allows(evse_id, None, CARD, None) for evse_id in (1, 2))
    assert not station.block.allows(1, None, {**CARD, "idToken": "X"}, None)


def test_use_consumes_reservation(station: Station) -> None:
    station.reserve(1, 1)
    assert station.start(1, CARD) == 1
    assert station.reserved == []
    assert station.cancel(1) == "Rejected"
    station.bench.advance(60)
    assert station.updates == []


def test_use_by_other_token_consumes_nothing(station: Station) -> None:
    station.reserve(1, 1)
    assert station.block.use(1, OTHER, None) is None
    assert station.reserved == [1]


def test_use_prefers_the_reservation_of_the_token_to_one_of_its_group(station: Station) -> None:
    station.reserve(1, idToken=OTHER, groupIdToken=GROUP)
    station.reserve(2)
    assert station.block.use(1, CARD, GROUP) == 2


def test_session_on_another_evse_makes_the_last_free_one_reserved(station: Station) -> None:
    station.reserve(1)
    assert station.start(1, OTHER) is None
    assert station.reserved == [2]


def test_use_of_one_of_two_reservations_keeps_the_other_evse_reserved(station: Station) -> None:
    station.reserve(1)
    station.reserve(2, idToken=OTHER)
    station.changed.clear()
    assert station.start(2, OTHER) == 2
    assert station.reserved == [1]
    assert {connector.evse_id for connector in station.changed} == {2}


def test_plugging_in_elsewhere_makes_the_last_free_evse_reserved(station: Station) -> None:
    station.reserve(1)
    station.plug_in(1)
    assert station.reserved == [2]


def test_plugging_in_at_reserved_evse_keeps_reservation(station: Station) -> None:
    station.reserve(1, 1)
    station.plug_in(1)
    assert not station.block.allows(1, 1, OTHER, None)
    assert station.block.use(1, CARD, None) == 1


def test_reservation_survives_a_power_cut(station: Station) -> None:
    station.reserve(1, 1)
    station.bench.core.powered_off.emit()
    assert station.reserved == [1]
