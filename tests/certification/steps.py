"""Steps that the tests of several certification cases share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
from ocpp.v201 import call

from mock_csms.messages import JsonObject
from tests.support.control import send_command
from tests.support.station import ID_TOKEN, Station, now
from tests.support.station_case import StationCase

VALID_TOKEN = {"id_token": "VALID01", "type": "ISO14443"}
INVALID_TOKEN = {"id_token": "INVALID", "type": "ISO14443"}
ONLY_VALID_TOKEN: dict[str, Any] = {
    "tokens": {"VALID01": {"type": "ISO14443"}, "INVALID": {"status": "Invalid"}},
    "unknown_token": "Unknown",
}
"""Settings of a mock that knows the valid and the invalid idToken of the test system (Part 6)."""


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
    """Report the status of a connector in a StatusNotification and in a NotifyEvent."""
    await station.status(status, evse_id, connector_id)
    await station.availability(status, evse_id, connector_id)


class ChargingSession:
    """A transaction on one EVSE, with a method for each reusable state of Part 6.

    Each method first brings the station into the states that the reusable state requires, and returns the
    answer to the last TransactionEvent that it sends; ``fields`` are further fields of this event.
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
        """Reach the reusable state EVConnectedPreSession."""
        await report_connector(self.station, "Occupied", self.evse_id, self.connector_id)
        self.states.add("EVConnected")
        evse = {"id": self.evse_id, "connector_id": self.connector_id}
        return await self.event("CablePluggedIn", charging_state="EVConnected", evse=evse, **fields)

    async def present_token(self) -> None:
        """Send an Authorize with the idToken, which the mock has to accept."""
        answer = await self.station.send(call.Authorize(id_token=self.id_token))
        assert answer.id_token_info["status"] == "Accepted"

    async def authorize(self, **fields: Any) -> Any:
        """Reach the reusable state Authorized, with an idToken that the mock accepts."""
        await self.present_token()
        self.states.add("Authorized")
        answer = await self.event("Authorized", id_token=self.id_token, **fields)
        assert answer.id_token_info["status"] == "Accepted"
        return answer

    async def transfer_energy(self, **fields: Any) -> Any:
        """Reach the reusable state EnergyTransferStarted."""
        if "Authorized" not in self.states:
            await self.authorize()
        if "EVConnected" not in self.states:
            await self.connect_vehicle()
        self.states.add("Charging")
        return await self.event("ChargingStateChanged", charging_state="Charging", **fields)

    async def suspend_energy(self, **fields: Any) -> Any:
        """Reach the reusable state EnergyTransferSuspended."""
        if "Charging" not in self.states:
            await self.transfer_energy()
        return await self.event("ChargingStateChanged", charging_state="SuspendedEV", **fields)

    async def authorize_stop(self, **fields: Any) -> Any:
        """Reach the reusable state StopAuthorized, with the idToken that has started the transaction."""
        if "Charging" not in self.states:
            await self.transfer_energy()
        self.states.add("StopAuthorized")
        answer = await self.event("StopAuthorized", id_token=self.id_token, **fields)
        assert answer.id_token_info["status"] == "Accepted"
        return answer

    async def stop_energy(self, **fields: Any) -> Any:
        """Reach the reusable state EVConnectedPostSession."""
        if "StopAuthorized" not in self.states:
            await self.authorize_stop()
        self.states.add("EVConnectedPostSession")
        return await self.event("ChargingStateChanged", charging_state="EVConnected", **fields)

    async def disconnect_vehicle(self, **fields: Any) -> Any:
        """Reach the reusable state EVDisconnected, which ends the transaction."""
        if "EVConnectedPostSession" not in self.states:
            await self.stop_energy()
        await report_connector(self.station, "Available", self.evse_id, self.connector_id)
        return await self.end("EVCommunicationLost", "EVDisconnected", charging_state="Idle", **fields)

    async def end(self, trigger_reason: str, stopped_reason: str, **fields: Any) -> Any:
        """Send the event that ends the transaction."""
        return await self.event(trigger_reason, "Ended", stopped_reason=stopped_reason, **fields)

    def use_seq_no(self) -> int:
        """Reserve the next seqNo for a later ``event(seq_no=...)``, and return it."""
        return next(self._seq_nos)

    async def event(
        self,
        trigger_reason: str,
        event_type: str = "",
        *,
        seq_no: int | None = None,
        charging_state: str | None = None,
        stopped_reason: str | None = None,
        remote_start_id: int | None = None,
        **fields: Any,
    ) -> Any:
        """Send a TransactionEvent; without ``event_type``, Started for seqNo 0 and Updated for any other."""
        if seq_no is None:
            seq_no = self.use_seq_no()
        info = {
            "transaction_id": self.transaction_id,
            "charging_state": charging_state,
            "stopped_reason": stopped_reason,
            "remote_start_id": remote_start_id,
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


class SessionCase(ChargingSession):
    """A charging session at a station of the shared mock, with methods that use the control API."""

    def __init__(self, case: StationCase, station: Station) -> None:
        super().__init__(station, VALID_TOKEN)
        self.case = case
        self.expected_findings: set[str] = set()

    async def command(self, action: str, payload: JsonObject | None = None) -> dict[str, Any]:
        """Make the mock send a command, by default with its default payload; return the payload received."""
        await self.case.result_of(action, payload)
        return await self.station.next(action)

    @asynccontextmanager
    async def reconnected(self) -> AsyncIterator[None]:
        """Close the connection, and use a new one with the same ``answers`` while the context lasts."""
        await self.station.connection.close()
        async with self.case.connected() as station:
            station.answers = self.station.answers
            self.station = station
            yield

    def begin_again(self) -> None:
        """Begin a new transaction: reset the reached states and the seqNo, and change the transactionId."""
        self.transaction_id += "-next"
        self.states = set()
        self._seq_nos = count()

    async def stored(self) -> JsonObject:
        """Return the transaction as the mock shows it."""
        transactions = (await self.case.state())["transactions"]
        [stored] = (one for one in transactions if one["transactionId"] == self.transaction_id)
        return dict(stored)

    async def findings(self) -> set[str]:
        """Return the kinds of the findings about the station."""
        answer = await self.case.client.get("/v1/findings", params={"station": self.case.station_id})
        return {finding["id"] for finding in answer.json()}


def set_variable_item(component: str, variable: str, value: str) -> dict[str, Any]:
    """An item of a SetVariables."""
    return {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}


async def result_of(
    client: httpx.AsyncClient, action: str, payload: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Make the mock send CS1 a command, by default with its default payload; return the answer's payload."""
    members = {} if payload is None else {"payload": payload}
    answer = await send_command(client, "CS1", action, **members)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "result"
    payload_of_answer: dict[str, Any] = answer.json()["payload"]
    return payload_of_answer
