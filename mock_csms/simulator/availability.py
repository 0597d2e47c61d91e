"""Status of connectors and availability (B04, G01, G03, G04)."""

from collections.abc import Callable
from functools import partial

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action
from ocpp.v201.enums import ChangeAvailabilityStatusEnumType as ChangeAvailabilityStatus
from ocpp.v201.enums import MessageTriggerEnumType as MessageTrigger
from ocpp.v201.enums import OperationalStatusEnumType as OperationalStatus

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.evses import Evse, EvseConnector, Evses


class Availability:
    """Reports the status of connectors when it changes, and changes the availability on command."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._reported: dict[tuple[int, int], str] = {}
        """Status last reported to the central system, by EVSE and connector id."""
        self._offline_since: float | None = None
        core.connector_changed.connect(self._connector_changed)
        core.boot_accepted.connect(self._report_all)
        core.disconnected.connect(self._disconnected)
        core.connected.connect(self._connected)
        core.triggers[MessageTrigger.status_notification] = self._trigger

    def _connector_changed(self, connector: EvseConnector) -> None:
        status = self._core.evses.status(connector)
        if self._core.is_online and self._reported.get((connector.evse_id, connector.id)) != status:
            self._report(connector)

    def _report(self, connector: EvseConnector) -> None:
        status = self._core.evses.status(connector)
        place = (connector.evse_id, connector.id)
        self._reported[place] = status
        request = call.StatusNotification(
            timestamp=self._core.timestamp(),
            connector_status=status,
            evse_id=connector.evse_id,
            connector_id=connector.id,
        )
        self._core.send(
            request, on_failure=partial(self._reported.pop, place, None), kept=False, solicited=True
        )

    def _report_all(self) -> None:
        """Send a StatusNotification for every connector (B01.FR.05)."""
        for connector in self._core.evses.connectors():
            self._report(connector)

    def _disconnected(self) -> None:
        self._offline_since = self._core.host.time()

    def _connected(self) -> None:
        """Report the connectors after an offline period (B04).

        After more than OfflineThreshold seconds offline, every connector is reported; otherwise, only the
        connectors with a new status.
        """
        if not self._core.is_online or self._offline_since is None:
            return
        threshold_s = self._core.variables.integer("OCPPCommCtrlr", "OfflineThreshold")
        if self._core.host.time() - self._offline_since > threshold_s:
            self._report_all()
            return
        for connector in self._core.evses.connectors():
            self._connector_changed(connector)

    def _trigger(self, request: JsonObject) -> Callable[[], None] | None:
        evse = request.get("evse", {})
        if "id" not in evse or "connectorId" not in evse:
            return None  # F06.FR.12
        connectors = self._core.evses.connectors(evse["id"], evse["connectorId"])
        return partial(self._report, connectors[0]) if connectors else None

    @on(Action.change_availability)
    def change_availability(
        self, operational_status: str, evse: JsonObject | None
    ) -> call_result.ChangeAvailability:
        """Change the availability of the station, an EVSE or a connector.

        A change to Inoperative waits for the end of a running transaction.
        """
        evse_id = (evse or {}).get("id") or None
        connector_id = (evse or {}).get("connectorId")
        connectors = self._core.evses.connectors(evse_id, connector_id)
        if not connectors:
            return call_result.ChangeAvailability(status=ChangeAvailabilityStatus.rejected)
        is_operative = operational_status == OperationalStatus.operative
        target = self._target(evse_id, connector_id)
        if target.is_operative != is_operative:  # otherwise there is nothing to change (G03.FR.03)
            target.is_operative = is_operative
            for connector in filter(self._is_in_transaction, connectors):
                connector.waits_for = self._core.evses.by_id[connector.evse_id].transaction_id
            self._core.after(0, partial(self._emit_changes, connectors))
        is_scheduled = not is_operative and any(map(self._is_in_transaction, connectors))
        return call_result.ChangeAvailability(
            status=ChangeAvailabilityStatus.scheduled  # G03.FR.05, G04.FR.06
            if is_scheduled
            else ChangeAvailabilityStatus.accepted
        )

    def _target(self, evse_id: int | None, connector_id: int | None) -> Evses | Evse | EvseConnector:
        if evse_id is None:
            return self._core.evses
        evse = self._core.evses.by_id[evse_id]
        return evse if connector_id is None else evse.connectors[connector_id]

    def _is_in_transaction(self, connector: EvseConnector) -> bool:
        evse = self._core.evses.by_id[connector.evse_id]
        return evse.transaction_id is not None and evse.plugged in {None, connector}

    def _emit_changes(self, connectors: list[EvseConnector]) -> None:
        for connector in connectors:
            self._core.connector_changed.emit(connector)
