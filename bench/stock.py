"""The contender *stock*: a minimal CSMS on `ocpp` and `websockets`, written as in their documentation."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ocpp.routing import on
from ocpp.v201 import ChargePoint as OcppChargePoint
from ocpp.v201 import call_result
from ocpp.v201.enums import Action
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.door import HOST, SUBPROTOCOLS, announce


def now() -> str:
    """Current UTC time as RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ChargePoint(OcppChargePoint):
    """Answers the messages of the benchmark's stations, as the shipped server does."""

    @on(Action.boot_notification)
    def on_boot_notification(self, **_: Any) -> call_result.BootNotification:
        return call_result.BootNotification(current_time=now(), interval=300, status="Accepted")

    @on(Action.heartbeat)
    def on_heartbeat(self, **_: Any) -> call_result.Heartbeat:
        return call_result.Heartbeat(current_time=now())

    @on(Action.status_notification)
    def on_status_notification(self, **_: Any) -> call_result.StatusNotification:
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(self, **_: Any) -> call_result.Authorize:
        return call_result.Authorize(id_token_info={"status": "Accepted"})

    @on(Action.transaction_event)
    def on_transaction_event(
        self, event_type: str, id_token: dict[str, Any] | None = None, **_: Any
    ) -> call_result.TransactionEvent:
        return call_result.TransactionEvent(
            total_cost=None if event_type == "Started" else 12.5,
            id_token_info={"status": "Accepted"} if id_token else None,
        )

    @on(Action.meter_values)
    def on_meter_values(self, **_: Any) -> call_result.MeterValues:
        return call_result.MeterValues()

    @on(Action.notify_report)
    def on_notify_report(self, **_: Any) -> call_result.NotifyReport:
        return call_result.NotifyReport()


async def on_connect(websocket: ServerConnection) -> None:
    """Serve one station until it disconnects."""
    assert websocket.request is not None
    try:
        await ChargePoint(websocket.request.path.strip("/"), websocket).start()
    except ConnectionClosed:
        return


async def main(ready_file: Path) -> None:
    """Serve until the process is terminated."""
    async with serve(on_connect, HOST, 0, subprotocols=SUBPROTOCOLS) as server:
        announce(server, ready_file)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
