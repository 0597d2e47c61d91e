"""A minimal central system on the unmodified `ocpp` library, which validates sent and received messages."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from ocpp.routing import on
from ocpp.v201 import ChargePoint, call_result
from ocpp.v201.enums import Action
from websockets import ConnectionClosed
from websockets.asyncio.server import ServerConnection, serve

from tests.support.station import OCPP_2_0_1

ACCEPTED = {"status": "Accepted"}


def now() -> str:
    """Current time in RFC 3339."""
    return datetime.now(UTC).isoformat()


ANSWERS: Mapping[Action, Any] = {
    Action.authorize: lambda: call_result.Authorize(id_token_info=ACCEPTED),
    Action.boot_notification: lambda: call_result.BootNotification(
        current_time=now(), interval=10, status="Accepted"
    ),
    Action.cleared_charging_limit: call_result.ClearedChargingLimit,
    Action.data_transfer: lambda: call_result.DataTransfer(status="Accepted"),
    Action.firmware_status_notification: call_result.FirmwareStatusNotification,
    Action.get_15118_ev_certificate: lambda: call_result.Get15118EVCertificate(
        status="Accepted", exi_response=""
    ),
    Action.get_certificate_status: lambda: call_result.GetCertificateStatus(status="Failed"),
    Action.heartbeat: lambda: call_result.Heartbeat(current_time=now()),
    Action.log_status_notification: call_result.LogStatusNotification,
    Action.meter_values: call_result.MeterValues,
    Action.notify_charging_limit: call_result.NotifyChargingLimit,
    Action.notify_customer_information: call_result.NotifyCustomerInformation,
    Action.notify_display_messages: call_result.NotifyDisplayMessages,
    Action.notify_ev_charging_needs: lambda: call_result.NotifyEVChargingNeeds(status="Accepted"),
    Action.notify_ev_charging_schedule: lambda: call_result.NotifyEVChargingSchedule(status="Accepted"),
    Action.notify_event: call_result.NotifyEvent,
    Action.notify_monitoring_report: call_result.NotifyMonitoringReport,
    Action.notify_report: call_result.NotifyReport,
    Action.publish_firmware_status_notification: call_result.PublishFirmwareStatusNotification,
    Action.report_charging_profiles: call_result.ReportChargingProfiles,
    Action.reservation_status_update: call_result.ReservationStatusUpdate,
    Action.security_event_notification: call_result.SecurityEventNotification,
    Action.sign_certificate: lambda: call_result.SignCertificate(status="Accepted"),
    Action.status_notification: call_result.StatusNotification,
    Action.transaction_event: lambda: call_result.TransactionEvent(id_token_info=ACCEPTED),
}
"""Builders of the answers to the 25 messages of a station."""


def handler(action: Action) -> Any:
    """Make the handler of an action, named like the action: `ocpp` finds a handler by its function name."""

    def handle(self: ChargePoint, **_: Any) -> Any:
        return ANSWERS[action]()

    handle.__name__ = action.name
    return on(action)(handle)


StockChargePoint = type(
    "StockChargePoint", (ChargePoint,), {action.name: handler(action) for action in ANSWERS}
)


class RecordedConnection:
    """A connection that passes every frame, sent or received, to `StockCsms.record`."""

    def __init__(self, connection: ServerConnection, csms: "StockCsms") -> None:
        self._connection = connection
        self._csms = csms

    async def recv(self) -> Any:
        """Receive a frame."""
        frame = await self._connection.recv()
        self._csms.record(json.loads(frame))
        return frame

    async def send(self, frame: str) -> None:
        """Send a frame."""
        self._csms.record(json.loads(frame))
        await self._connection.send(frame)


class StockCsms:
    """A server with an unmodified `ocpp` charge point for each connection."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._stack = AsyncExitStack()
        self.stations: dict[str, Any] = {}
        """Connected charge points, by identity."""
        self.received: list[str] = []
        """Actions of the CALLs received."""
        self.errors: list[Any] = []
        """CALLERRORs of either side."""
        self.url = ""

    def record(self, frame: Any) -> None:
        """Record the action of a CALL from a station, or a CALLERROR."""
        if frame[0] == 4:
            self.errors.append(frame)
        elif frame[0] == 2 and frame[2] in set(map(str, ANSWERS)):
            self.received.append(frame[2])

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        identity = connection.request.path.rsplit("/", 1)[-1]
        station = StockChargePoint(identity, RecordedConnection(connection, self))
        self.stations[identity] = station
        with suppress(ConnectionClosed):
            await station.start()

    async def __aenter__(self) -> Self:
        server = await self._stack.enter_async_context(
            serve(self._serve, "127.0.0.1", self._port, subprotocols=[OCPP_2_0_1])
        )
        port = next(iter(server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
