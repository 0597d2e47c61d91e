"""A driver at EVSE 1 of a simulated station, and one-line summaries of the TransactionEvents."""

from collections.abc import Callable, Iterable
from typing import Any

from mock_csms.messages import JsonObject
from tests.support.observed_station import TOKEN, ObservedStation


def observed(start: str = "", stop: str = "", **variables: object) -> ObservedStation:
    """Start a station with these TxStartPoint, TxStopPoint and variables, without regular meter values."""
    station = ObservedStation()
    station.start()
    points = {"TxCtrlr.TxStartPoint": start, "TxCtrlr.TxStopPoint": stop}
    quiet = {"SampledDataCtrlr.TxUpdatedInterval": 0, "AlignedDataCtrlr.Interval": 0}
    given = {name.replace("_", "."): value for name, value in variables.items()}
    for name, value in (quiet | {name: point for name, point in points.items() if point} | given).items():
        set_variable(station, name, value)
    return station


def set_variable(observed: ObservedStation, name: str, value: object) -> None:
    """Send a SetVariables with a variable named ``Component.Variable``, which the station must accept."""
    component, variable = name.split(".")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    names = {"component": {"name": component}, "variable": {"name": variable}}
    answer = observed.command("SetVariables", {"setVariableData": [{**names, "attributeValue": text}]})
    assert answer is not None
    assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"


def charge(observed: ObservedStation, evse_id: int = 1, token: JsonObject = TOKEN) -> None:
    """Plug in a vehicle and present a token, so that a transaction runs."""
    observed.station.plug_in(evse_id)
    observed.station.present(token, evse_id)
    observed.advance(1)
    assert observed.station.core.evses.by_id[evse_id].transaction_id is not None


def play(observed: ObservedStation, steps: Iterable[str], wait_s: float = 12) -> None:
    """Do these steps as a driver at EVSE 1, and advance the time after each."""
    station = observed.station
    acts: dict[str, Callable[[], object]] = {
        "park": lambda: station.park(1),
        "plug in": lambda: station.plug_in(1),
        "token": lambda: station.present(TOKEN, 1),
        "pause": lambda: station.charging.pause_vehicle(1, is_paused=True),
        "resume": lambda: station.charging.pause_vehicle(1, is_paused=False),
        "unplug": lambda: station.unplug(1),
        "leave": lambda: station.leave(1),
    }
    for step in steps:
        acts[step]()
        observed.advance(wait_s)


def shown(event: JsonObject) -> str:
    """Summarize a TransactionEvent in a line, such as ``Started CablePluggedIn EVConnected 1.1``."""
    info = event["transactionInfo"]
    evse = event.get("evse", {})
    place = f"{evse['id']}.{evse['connectorId']}" if "connectorId" in evse else str(evse.get("id", ""))
    parts = [
        event["eventType"],
        event["triggerReason"],
        info["chargingState"],
        info.get("stoppedReason", ""),
        "token" if "idToken" in event else "",
        place,
        "phases" if event.get("numberOfPhasesUsed") == 3 else "",
        "offline" if event.get("offline") else "",
    ]
    return " ".join(filter(None, parts))


def events(observed: ObservedStation) -> list[str]:
    """One-line summaries of all TransactionEvents, oldest first."""
    return [shown(event) for event in observed.calls("TransactionEvent")]


def samples(event: JsonObject, context: str) -> list[Any]:
    """Values of the energy register with this context in an event."""
    return [
        sample["value"]
        for value in event.get("meterValue", [])
        for sample in value["sampledValue"]
        if sample["context"] == context and sample["measurand"] == "Energy.Active.Import.Register"
    ]


def reject_tokens(payload: JsonObject) -> JsonObject:
    """Return the answer to a TransactionEvent, with the status Invalid if the event has an idToken."""
    return {"idTokenInfo": {"status": "Invalid"}} if "idToken" in payload else {}
