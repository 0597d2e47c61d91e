"""Start and end of transactions by TxStartPoint and TxStopPoint."""

import pytest

from mock_csms.simulator.evses import Evse, EvseConnector
from mock_csms.simulator.metering import Meter, Vehicle
from mock_csms.simulator.sessions import ChargingSession, EvseFacts, RunningTransaction, starts, stops

NOTHING = EvseFacts()
PARKED = EvseFacts(is_occupied=True)
CONNECTED = EvseFacts(is_occupied=True, is_connected=True)
AUTHORIZED = EvseFacts(is_authorized=True)
CLOSED = EvseFacts(is_occupied=True, is_connected=True, is_authorized=True)
CHARGING = EvseFacts(is_occupied=True, is_connected=True, is_authorized=True, is_transferring=True)


@pytest.mark.parametrize(
    ("point", "before", "after"),
    [
        ("ParkingBayOccupancy", NOTHING, PARKED),
        ("EVConnected", PARKED, CONNECTED),
        ("Authorized", NOTHING, AUTHORIZED),
        ("DataSigned", CONNECTED, CLOSED),
        ("PowerPathClosed", CONNECTED, CLOSED),
        ("PowerPathClosed", AUTHORIZED, CLOSED),
        ("EnergyTransfer", CLOSED, CHARGING),
    ],
)
def test_transaction_starts_when_condition_of_start_point_is_met(
    point: str, before: EvseFacts, after: EvseFacts
) -> None:
    assert starts([point], before, after)
    assert not starts([point], before, before)
    assert not starts([point], after, after)


@pytest.mark.parametrize(
    ("point", "before", "after"),
    [
        ("ParkingBayOccupancy", PARKED, NOTHING),
        ("EVConnected", CHARGING, AUTHORIZED),
        ("Authorized", CHARGING, CONNECTED),
        ("PowerPathClosed", CHARGING, CONNECTED),
        ("PowerPathClosed", CHARGING, AUTHORIZED),
        ("EnergyTransfer", CHARGING, CLOSED),
    ],
)
def test_transaction_ends_when_condition_of_stop_point_is_no_longer_met(
    point: str, before: EvseFacts, after: EvseFacts
) -> None:
    assert stops([point], before, after)
    assert not stops([point], before, before)
    assert not stops([point], NOTHING, after)


def test_data_signed_ends_no_transaction() -> None:
    assert not stops(["DataSigned"], CHARGING, NOTHING)


def session(**changes: object) -> ChargingSession:
    connector = EvseConnector(1, 1)
    charging = ChargingSession(
        Evse(1, {1: connector}), connector=connector, vehicle=Vehicle(), is_authorized=True
    )
    for name, value in changes.items():
        setattr(charging, name, value)
    return charging


@pytest.mark.parametrize(
    ("changes", "limit_w", "state"),
    [
        ({}, 1000, "Charging"),
        ({}, 0, "SuspendedEVSE"),
        ({"is_authorized": False}, 1000, "EVConnected"),
        ({"connector": None}, 1000, "Idle"),
        ({"vehicle": Vehicle(is_paused=True)}, 1000, "SuspendedEV"),
        ({"vehicle": Vehicle(demand_wh=10, taken_wh=10)}, 1000, "SuspendedEV"),
    ],
)
def test_charging_state_follows_from_vehicle_and_limit(
    changes: dict[str, object], limit_w: float, state: str
) -> None:
    assert session(**changes).charging_state(limit_w) == state


def test_energy_above_limit_for_rejected_token_suspends_charging() -> None:
    limited = session(transaction=RunningTransaction("T", 100.0), max_energy_wh=50.0, meter=Meter(149.9))

    assert limited.charging_state(1000) == "Charging"
    limited.meter.register_wh = 150.0
    assert limited.charging_state(1000) == "SuspendedEVSE"


def test_forgotten_driver_leaves_no_token_at_the_evse() -> None:
    driven = session(id_token={"idToken": "A", "type": "Central"}, remote_start_id=1, reservation_id=2)
    driven.evse.id_token = driven.id_token

    driven.forget_driver()

    assert (driven.id_token, driven.evse.id_token, driven.reservation_id) == (None, None, None)
    assert not driven.is_authorized
