"""Steps that several cases share."""

from itertools import count
from typing import Any

import httpx
from ocpp.v201 import call

from tests.support.control import send_command
from tests.support.station import ID_TOKEN, Station, now


async def boots_and_reports_connectors(station: Station) -> bool:
    """Boot a station and report its connectors; return whether the boot is accepted.

    A CALLERROR to any of these messages raises.
    """
    boot = await station.boot()
    await report_connector(station)
    return bool(boot.status == "Accepted")


async def report_connector(
    station: Station, status: str = "Available", evse_id: int = 1, connector_id: int = 1
) -> None:
    """Report the status of a connector by both messages."""
    await station.status(status, evse_id, connector_id)
    await station.availability(status, evse_id, connector_id)


class ChargingSession:
    """A transaction on one EVSE, with a method for each reusable state of Part 6.

    A method first brings the station into the states that its own state needs. It returns the answer to its
    last TransactionEvent; further fields are those of this event.
    """

    def __init__(
        self,
        station: Station,
        id_token: dict[str, Any] = ID_TOKEN,
        *,
        transaction_id: str = "tx-1",
        evse_id: int = 1,
        connector_id: int = 1,
    ) -> None:
        self.station = station
        self.id_token = id_token
        self.transaction_id = transaction_id
        self.evse_id = evse_id
        self.connector_id = connector_id
        self.states: set[str] = set()
        self._seq_nos = count()

    async def connect_vehicle(self, **fields: Any) -> Any:
        """EVConnectedPreSession."""
        await report_connector(self.station, "Occupied", self.evse_id, self.connector_id)
        self.states.add("EVConnected")
        evse = {"id": self.evse_id, "connector_id": self.connector_id}
        return await self.event("CablePluggedIn", charging_state="EVConnected", evse=evse, **fields)

    async def authorize(self, **fields: Any) -> Any:
        """Authorized, with an idToken that the mock accepts."""
        answer = await self.station.send(call.Authorize(id_token=self.id_token))
        assert answer.id_token_info["status"] == "Accepted"
        self.states.add("Authorized")
        answer = await self.event("Authorized", id_token=self.id_token, **fields)
        assert answer.id_token_info["status"] == "Accepted"
        return answer

    async def transfer_energy(self, **fields: Any) -> Any:
        """EnergyTransferStarted."""
        if "Authorized" not in self.states:
            await self.authorize()
        if "EVConnected" not in self.states:
            await self.connect_vehicle()
        self.states.add("Charging")
        return await self.event("ChargingStateChanged", charging_state="Charging", **fields)

    async def suspend_energy(self, **fields: Any) -> Any:
        """EnergyTransferSuspended."""
        if "Charging" not in self.states:
            await self.transfer_energy()
        return await self.event("ChargingStateChanged", charging_state="SuspendedEV", **fields)

    async def authorize_stop(self, **fields: Any) -> Any:
        """StopAuthorized, with the idToken that has started the transaction."""
        if "Charging" not in self.states:
            await self.transfer_energy()
        self.states.add("StopAuthorized")
        answer = await self.event("StopAuthorized", id_token=self.id_token, **fields)
        assert answer.id_token_info["status"] == "Accepted"
        return answer

    async def stop_energy(self, **fields: Any) -> Any:
        """EVConnectedPostSession."""
        if "StopAuthorized" not in self.states:
            await self.authorize_stop()
        self.states.add("EVConnectedPostSession")
        return await self.event("ChargingStateChanged", charging_state="EVConnected", **fields)

    async def disconnect_vehicle(self, **fields: Any) -> Any:
        """EVDisconnected, which ends the transaction."""
        if "EVConnectedPostSession" not in self.states:
            await self.stop_energy()
        await report_connector(self.station, "Available", self.evse_id, self.connector_id)
        return await self.end("EVCommunicationLost", "EVDisconnected", charging_state="Idle", **fields)

    async def end(self, trigger_reason: str, stopped_reason: str, **fields: Any) -> Any:
        """Send the event that ends the transaction."""
        return await self.event(trigger_reason, "Ended", stopped_reason=stopped_reason, **fields)

    async def event(
        self,
        trigger_reason: str,
        event_type: str = "",
        *,
        charging_state: str | None = None,
        stopped_reason: str | None = None,
        **fields: Any,
    ) -> Any:
        """Send the next TransactionEvent; without a type it is Started for the first one, else Updated."""
        seq_no = next(self._seq_nos)
        info = {
            "transaction_id": self.transaction_id,
            "charging_state": charging_state,
            "stopped_reason": stopped_reason,
        }
        return await self.station.send(
            call.TransactionEvent(
                event_type=event_type or ("Updated" if seq_no else "Started"),
                timestamp=now(),
                trigger_reason=trigger_reason,
                seq_no=seq_no,
                transaction_info={name: value for name, value in info.items() if value is not None},
                **fields,
            )
        )


def set_variable_item(component: str, variable: str, value: str) -> dict[str, Any]:
    """An item of a SetVariables."""
    return {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}


async def result_of(
    client: httpx.AsyncClient, action: str, payload: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Send CS1 a command, by default with the payload that fits it; return the payload of the answer."""
    members = {} if payload is None else {"payload": payload}
    answer = await send_command(client, "CS1", action, **members)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "result"
    payload_of_answer: dict[str, Any] = answer.json()["payload"]
    return payload_of_answer
