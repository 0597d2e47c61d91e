"""A simulated station has no findings, whatever drivers, central system and network do at random."""

from typing import TYPE_CHECKING

import pytest

from mock_csms.simulator.device_model import Key
from tests.support.observed_station import ObservedStation, file_server
from tests.support.random_life import RandomLife

if TYPE_CHECKING:
    from mock_csms.messages import JsonObject

__all__ = ["file_server"]

HOURS = 6
TX_POINTS = (
    ("Authorized", "Authorized"),
    ("Authorized", "EVConnected"),
    ("EVConnected", "Authorized"),
    ("EnergyTransfer", "EVConnected"),
    ("ParkingBayOccupancy", "ParkingBayOccupancy"),
    ("PowerPathClosed", "PowerPathClosed"),
)
"""TxStartPoint and TxStopPoint."""


@pytest.mark.usefixtures("file_server")
@pytest.mark.parametrize("seed", range(10))
def test_station_has_no_findings_in_a_random_life(seed: int) -> None:
    observed = ObservedStation(seed=seed)
    RandomLife(observed, seed).live(HOURS)

    assert observed.end() == []


@pytest.mark.usefixtures("file_server")
@pytest.mark.parametrize("seed", range(len(TX_POINTS)))
def test_station_with_other_transaction_points_has_no_findings(seed: int) -> None:
    observed = ObservedStation(seed=seed, silenced=["start-not-carried-out"])
    variables, (start_point, stop_point) = observed.station.core.variables, TX_POINTS[seed]
    variables.put(Key("TxCtrlr", "TxStartPoint"), start_point)
    variables.put(Key("TxCtrlr", "TxStopPoint"), stop_point)
    variables.put(Key("AuthCtrlr", "AuthorizeRemoteStart"), "true")
    RandomLife(observed, seed).live(HOURS)

    assert observed.end() == []


@pytest.mark.usefixtures("file_server")
@pytest.mark.parametrize("seed", range(5))
def test_every_transaction_arrives_complete_and_in_order(seed: int) -> None:
    observed = ObservedStation(seed=seed)
    life = RandomLife(observed, seed)
    observed.refuse = observed.withhold = lambda _: False  # so that the station gives up no event
    ended: list[str] = []
    observed.station.transactions.ended.connect(lambda _, transaction: ended.append(transaction.id))

    life.live(HOURS)
    observed.advance(3600)
    observed.station.go_online()
    observed.advance(600)

    events: dict[str, list[JsonObject]] = {}
    for event in observed.calls("TransactionEvent"):
        events.setdefault(event["transactionInfo"]["transactionId"], []).append(event)
    assert ended
    for transaction_id in ended:
        arrived = events[transaction_id]
        seq_nos = list(dict.fromkeys(event["seqNo"] for event in arrived))
        assert seq_nos == list(range(len(seq_nos)))
        assert (arrived[0]["eventType"], arrived[-1]["eventType"]) == ("Started", "Ended")
