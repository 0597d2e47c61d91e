"""A real `ocpp` station for the tests: it validates and answers every command, and stores the payloads."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import websockets
from ocpp.v201 import ChargePoint, call, call_result
from ocpp.v201.enums import Action
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from mock_csms.csms import Csms

type Answer = Callable[..., Any]

PATIENCE = 10.0
"""Seconds to wait for an event before the test fails."""

OCPP_2_0_1 = Subprotocol("ocpp2.0.1")
COMPRESSION: str | None = "deflate"
COMPONENT = {"name": "OCPPCommCtrlr"}
VARIABLE = {"name": "HeartbeatInterval"}
ID_TOKEN = {"id_token": "AABBCCDD", "type": "ISO14443"}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _get_variables(get_variable_data: list[dict[str, Any]], **_: Any) -> call_result.GetVariables:
    results = [
        {**item, "attribute_status": "Accepted", "attribute_value": "60"} for item in get_variable_data
    ]
    return call_result.GetVariables(get_variable_result=results)


def _set_variables(set_variable_data: list[dict[str, Any]], **_: Any) -> call_result.SetVariables:
    results = [
        {"component": item["component"], "variable": item["variable"], "attribute_status": "Accepted"}
        for item in set_variable_data
    ]
    return call_result.SetVariables(set_variable_result=results)


def _set_monitoring(set_monitoring_data: list[dict[str, Any]], **_: Any) -> call_result.SetVariableMonitoring:
    results = [
        {key: item[key] for key in ("type", "severity", "component", "variable")}
        | {"status": "Accepted", "id": 7}
        for item in set_monitoring_data
    ]
    return call_result.SetVariableMonitoring(set_monitoring_result=results)


def _clear_monitoring(id: list[int], **_: Any) -> call_result.ClearVariableMonitoring:  # noqa: A002
    results = [{"id": monitor, "status": "Accepted"} for monitor in id]
    return call_result.ClearVariableMonitoring(clear_monitoring_result=results)


def _accepting(action: Action) -> Answer:
    answer_type = getattr(call_result, action.value)
    return lambda **_: answer_type(status="Accepted")


OTHER_ANSWERS: dict[Action, Answer] = {
    Action.clear_variable_monitoring: _clear_monitoring,
    Action.cost_updated: lambda **_: call_result.CostUpdated(),
    Action.get_local_list_version: lambda **_: call_result.GetLocalListVersion(version_number=4),
    Action.get_transaction_status: lambda **_: call_result.GetTransactionStatus(messages_in_queue=False),
    Action.get_variables: _get_variables,
    Action.set_variable_monitoring: _set_monitoring,
    Action.set_variables: _set_variables,
    Action.unlock_connector: lambda **_: call_result.UnlockConnector(status="Unlocked"),
    Action.unpublish_firmware: lambda **_: call_result.UnpublishFirmware(status="Unpublished"),
}
"""Builders of accepting answers, by action, where the answer is not simply the status Accepted."""


class Station(ChargePoint):  # type: ignore[misc]  # `ocpp` has no types
    """A station that accepts commands unless ``answers`` says otherwise; ``received`` has their payloads."""

    def __init__(self, identity: str, connection: ClientConnection) -> None:
        super().__init__(identity, connection, response_timeout=PATIENCE)
        self.connection = connection
        self.answers: dict[str, Answer] = {}
        self.received: defaultdict[str, asyncio.Queue[dict[str, Any]]] = defaultdict(asyncio.Queue)
        self.order: list[str] = []
        for action in Action:
            self.route_map[action] = {"_on_action": self._handler(action), "_skip_schema_validation": False}

    def _handler(self, action: Action) -> Answer:
        def handle(**payload: Any) -> Any:
            self.order.append(action.value)
            self.received[action].put_nowait(payload)
            answer = self.answers.get(action) or OTHER_ANSWERS.get(action) or _accepting(action)
            return answer(**payload)

        return handle

    async def next(self, action: str) -> dict[str, Any]:
        """Wait for the next command of this action and return its payload."""
        async with asyncio.timeout(PATIENCE):
            return await self.received[action].get()

    async def boot(self, reason: str = "PowerUp", **station: str) -> Any:
        """Send a BootNotification."""
        return await self.send(
            call.BootNotification(
                charging_station={"model": "Model", "vendor_name": "Vendor", **station}, reason=reason
            )
        )

    async def status(self, status: str = "Available", evse_id: int = 1, connector_id: int = 1) -> Any:
        """Send a StatusNotification."""
        return await self.send(
            call.StatusNotification(
                timestamp=now(), connector_status=status, evse_id=evse_id, connector_id=connector_id
            )
        )

    async def availability(self, value: str = "Available", evse_id: int = 1, connector_id: int = 1) -> Any:
        """Send a NotifyEvent with the AvailabilityState of a connector."""
        evse = {"id": evse_id, "connector_id": connector_id}
        event = {
            "event_id": 1,
            "timestamp": now(),
            "trigger": "Delta",
            "actual_value": value,
            "event_notification_type": "HardWiredNotification",
            "component": {"name": "Connector", "evse": evse},
            "variable": {"name": "AvailabilityState"},
        }
        return await self.send(call.NotifyEvent(generated_at=now(), seq_no=0, event_data=[event]))

    async def transaction(self, event: str, seq_no: int, transaction_id: str = "tx-1", **fields: Any) -> Any:
        """Send a TransactionEvent."""
        return await self.send(
            call.TransactionEvent(
                event_type=event,
                timestamp=now(),
                seq_no=seq_no,
                transaction_info={"transaction_id": transaction_id},
                **{"trigger_reason": "Authorized", **fields},
            )
        )

    async def send(self, request: Any) -> Any:
        """Send a CALL and return the response; raise an exception if it is a CALLERROR."""
        return await self.call(request, suppress=False)


def connected(csms: Csms, identity: str = "CS1", **options: Any) -> AbstractAsyncContextManager[Station]:
    """Connect a station while the context lasts; options are those of websockets."""
    return connected_to(f"ws://{csms.address}", identity, **options)


@asynccontextmanager
async def connected_to(base_url: str, identity: str, **options: Any) -> AsyncIterator[Station]:
    """Connect a station to the server at a URL while the context lasts; options are those of websockets."""
    async with websockets.connect(
        f"{base_url}/{identity}", subprotocols=[OCPP_2_0_1], **options
    ) as connection:
        station = Station(identity, connection)
        serving = asyncio.create_task(_serve(station))
        try:
            yield station
        finally:
            await connection.close()
            serving.cancel()
            await asyncio.wait([serving])


async def _serve(station: Station) -> None:
    with suppress(websockets.ConnectionClosed):
        await station.start()


@asynccontextmanager
async def raw_connection(
    csms: Csms, identity: str = "CS1", **options: Any
) -> AsyncIterator[ClientConnection]:
    """Connect a bare WebSocket, to send frames that an `ocpp` station cannot send."""
    address = f"ws://{csms.address}/{identity}"
    options = {"compression": COMPRESSION, **options}
    async with websockets.connect(address, subprotocols=[OCPP_2_0_1], **options) as connection:
        yield connection


async def receive(connection: ClientConnection) -> Any:
    """Wait for the next frame and parse its JSON."""
    async with asyncio.timeout(PATIENCE):
        return json.loads(await connection.recv())


async def heartbeat_is_answered(connection: ClientConnection) -> bool:
    """Send a Heartbeat, and return whether the next frame is its answer."""
    await connection.send('[2, "still-there", "Heartbeat", {}]')
    kind, message_id, payload = await receive(connection)
    return (kind, message_id) == (3, "still-there") and "currentTime" in payload


async def no_command_follows(station: Station) -> bool:
    """Send a Heartbeat, and return whether no command arrives before its answer."""
    await station.send(call.Heartbeat())
    return not station.order
