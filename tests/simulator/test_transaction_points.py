"""Transactions start and stop at every TxStartPoint and TxStopPoint."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Final

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.metering import Vehicle
from tests.support.observed_station import TOKEN, ObservedStation

CABLE_FIRST: Final = ("park", "plug in", "token", "pause", "resume", "token", "unplug", "leave")
TOKEN_FIRST: Final = ("park", "token", "plug in", "pause", "resume", "token", "unplug", "leave")
STARTS: Final[Mapping[str, Mapping[tuple[str, ...], tuple[str, str]]]] = {
    "ParkingBayOccupancy": {CABLE_FIRST: ("park", "EVDetected"), TOKEN_FIRST: ("park", "EVDetected")},
    "EVConnected": {CABLE_FIRST: ("plug in", "CablePluggedIn"), TOKEN_FIRST: ("plug in", "CablePluggedIn")},
    "Authorized": {CABLE_FIRST: ("token", "Authorized"), TOKEN_FIRST: ("token", "Authorized")},
    "DataSigned": {CABLE_FIRST: ("token", "Authorized"), TOKEN_FIRST: ("plug in", "CablePluggedIn")},
    "PowerPathClosed": {CABLE_FIRST: ("token", "Authorized"), TOKEN_FIRST: ("plug in", "CablePluggedIn")},
    "EnergyTransfer": {
        CABLE_FIRST: ("token", "ChargingStateChanged"),
        TOKEN_FIRST: ("plug in", "ChargingStateChanged"),
    },
    "ParkingBayOccupancy,Authorized": {
        CABLE_FIRST: ("park", "EVDetected"),
        TOKEN_FIRST: ("park", "EVDetected"),
    },
    "EVConnected,Authorized": {
        CABLE_FIRST: ("plug in", "CablePluggedIn"),
        TOKEN_FIRST: ("token", "Authorized"),
    },
}
"""Step and trigger of the Started event, by TxStartPoint and order of all steps (E01.FR.01 to E01.FR.06)."""
STOPS: Final = {
    "ParkingBayOccupancy": ("leave", "EVDeparted", "Local"),
    "EVConnected": ("unplug", "EVCommunicationLost", "Local"),
    "Authorized": ("token", "StopAuthorized", "Local"),
    "PowerPathClosed": ("token", "StopAuthorized", "Local"),
    "EnergyTransfer": ("pause", "ChargingStateChanged", "StoppedByEV"),
    "EVConnected,Authorized": ("token", "StopAuthorized", "Local"),
    "ParkingBayOccupancy,EVConnected": ("unplug", "EVCommunicationLost", "Local"),
}
"""Step, trigger and stoppedReason of the Ended event, by TxStopPoint (E06.FR.01 to E06.FR.07)."""


class Visit:
    """A visit of one driver to EVSE 1 of an observed station."""

    def __init__(self, start_points: str, stop_points: str) -> None:
        self.observed = ObservedStation(seed=1)
        self.observed.start()
        self.observed.advance(5)
        self.station = self.observed.station
        self.set("TxCtrlr", "TxStartPoint", start_points)
        self.set("TxCtrlr", "TxStopPoint", stop_points)
        self.set("SampledDataCtrlr", "TxUpdatedInterval", "0")

    def set(self, component: str, variable: str, value: str) -> None:
        """Set a variable."""
        self.station.core.variables.put(Key(component, variable), value)

    def do(self, step: str) -> list[JsonObject]:
        """Do a step and return the events that follow within ten seconds."""
        charging = self.station.charging
        acts: dict[str, Callable[[], object]] = {
            "park": lambda: charging.park(1),
            "plug in": lambda: charging.plug_in(1, 1, Vehicle()),
            "token": lambda: charging.present(TOKEN, 1),
            "pause": lambda: charging.pause_vehicle(1, is_paused=True),
            "resume": lambda: charging.pause_vehicle(1, is_paused=False),
            "unplug": lambda: charging.unplug(1),
            "leave": lambda: charging.leave(1),
        }
        sent_before = len(self.events)
        acts[step]()
        self.observed.advance(10)
        return self.events[sent_before:]

    @property
    def events(self) -> list[JsonObject]:
        """Payloads of all TransactionEvents sent."""
        return self.observed.calls("TransactionEvent")


def live_until_end(visit: Visit, steps: tuple[str, ...]) -> list[tuple[str, JsonObject]]:
    """Do the steps until a transaction ends; return pairs of a step and an event that it caused."""
    events: list[tuple[str, JsonObject]] = []
    for step in steps:
        events += [(step, event) for event in visit.do(step)]
        if events and events[-1][1]["eventType"] == "Ended":
            break
    return events


@pytest.mark.parametrize("steps", [CABLE_FIRST, TOKEN_FIRST], ids=["cable first", "token first"])
@pytest.mark.parametrize(("start", "stop"), list(product(STARTS, STOPS)))
def test_transaction_starts_and_stops_at_its_points(start: str, stop: str, steps: tuple[str, ...]) -> None:
    visit = Visit(start, stop)

    events = live_until_end(visit, steps)

    first_step, first = events[0]
    last_step, last = events[-1]
    assert (first["eventType"], first_step, first["triggerReason"]) == ("Started", *STARTS[start][steps])
    assert (last_step, last["triggerReason"], last["transactionInfo"]["stoppedReason"]) == STOPS[stop]
    assert [event["seqNo"] for _, event in events] == list(range(len(events)))
    with_token = [event for _, event in events if "idToken" in event]
    is_token_presented_again = any(event["triggerReason"] == "StopAuthorized" for event in with_token)
    assert len(with_token) == 1 + is_token_presented_again
    assert [event["evse"] for _, event in events if "evse" in event][-1] == {"id": 1, "connectorId": 1}
    assert visit.observed.end() == []


def test_token_in_an_occupied_bay_authorizes_the_transaction() -> None:
    visit = Visit("ParkingBayOccupancy", "ParkingBayOccupancy")
    visit.do("park")

    (event,) = visit.do("token")

    assert (event["eventType"], event["triggerReason"]) == ("Updated", "Authorized")
    assert event["idToken"] == TOKEN


@pytest.mark.parametrize(("signs", "trigger"), [("true", "SignedDataReceived"), ("false", "CablePluggedIn")])
def test_transaction_that_starts_with_signed_data_says_so(signs: str, trigger: str) -> None:
    visit = Visit("DataSigned", "EVConnected")
    visit.set("SampledDataCtrlr", "SignReadings", signs)
    visit.do("token")

    started, charging = visit.do("plug in")

    assert (started["eventType"], started["triggerReason"]) == ("Started", trigger)
    assert charging["triggerReason"] == "ChargingStateChanged"


def test_stop_by_token_sends_one_event() -> None:
    visit = Visit("EVConnected", "EVConnected")
    visit.do("plug in")
    visit.do("token")

    (event,) = visit.do("token")

    assert event["triggerReason"] == "StopAuthorized"
    assert event["transactionInfo"]["chargingState"] == "EVConnected"


def test_transaction_stopped_before_the_cable_still_times_out() -> None:
    visit = Visit("Authorized", "EVConnected")
    visit.do("token")
    visit.do("token")

    visit.observed.advance(60)

    assert visit.events[-1]["eventType"] == "Ended"
    assert visit.events[-1]["triggerReason"] == "EVConnectTimeout"


def test_ended_event_names_the_suspension_that_ends_the_transaction() -> None:
    visit = Visit("EVConnected", "EnergyTransfer")
    visit.do("plug in")
    visit.do("token")

    (event,) = visit.do("pause")

    assert event["eventType"] == "Ended"
    assert event["transactionInfo"]["chargingState"] == "SuspendedEV"
