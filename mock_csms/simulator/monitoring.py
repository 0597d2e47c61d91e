"""Monitoring of variables: set, clear and report monitors, and notify events (N02 to N08)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import batched, count, groupby
from typing import TYPE_CHECKING, Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action, ClearMonitoringStatusEnumType
from ocpp.v201.enums import EventNotificationEnumType as Notification
from ocpp.v201.enums import EventTriggerEnumType as Trigger
from ocpp.v201.enums import GenericDeviceModelStatusEnumType as ModelStatus
from ocpp.v201.enums import GenericStatusEnumType as GenericStatus
from ocpp.v201.enums import MonitorBaseEnumType as Base
from ocpp.v201.enums import MonitorEnumType as MonitorType
from ocpp.v201.enums import MonitoringCriterionEnumType as Criterion
from ocpp.v201.enums import MutabilityEnumType as Mutability
from ocpp.v201.enums import SetMonitoringStatusEnumType as Status

from mock_csms.messages import JsonObject
from mock_csms.simulator.configuration import matching
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import OUT_OF_RANGE, Key, LocalDeviceModel, ValueViolation
from mock_csms.simulator.list_limits import check_size
from mock_csms.simulator.monitors import (
    PERIODIC,
    SEVERITIES,
    THRESHOLDS,
    Event,
    Monitor,
    delay_s,
    event_of,
    is_beyond,
    problem,
)
from mock_csms.simulator.reports import Reports
from mock_csms.simulator.variables import PLUG_LOCK

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

MONITORING_CTRLR: Final = "MonitoringCtrlr"
MAX_MONITORS: Final = 100
MAX_WAITING_EVENTS: Final = 200
"""Maximum number of unsent events. Further events are dropped, to keep room in the outbox."""
MAX_VALUE: Final = 2500
"""Maximum characters of actualValue (EventDataType)."""
SEVERITY_HARDWARE: Final = 1
SEVERITY_ERROR: Final = 4

TYPES: Final = {
    Criterion.threshold_monitoring: THRESHOLDS,
    Criterion.delta_monitoring: frozenset({MonitorType.delta}),
    Criterion.periodic_monitoring: PERIODIC,
}
"""Types of the monitors that meet each criterion of GetMonitoringReport (N02.FR.12 to N02.FR.14)."""


class Monitoring:
    """Monitors of variables, and the events of these monitors (N02 to N08)."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._factory = factory_monitors(core.variables)
        self._monitors: dict[int, Monitor] = {}
        self._timers: dict[int, Timer] = {}
        self._ids = count(len(self._factory) + 1)
        self._event_ids = count(1)
        self._waiting_events = 0
        self._reports = Reports(core)
        self._restore(self._factory)
        core.variables.changed.connect(self._value_changed)
        core.variables.changed.connect(self._report_fault)
        core.boot_accepted.connect(self._check_thresholds)

    @on(Action.set_variable_monitoring)
    def set_variable_monitoring(
        self, set_monitoring_data: list[JsonObject]
    ) -> call_result.SetVariableMonitoring:
        """Set or replace monitors one by one (N04)."""
        check_size(
            self._core.variables,
            MONITORING_CTRLR,
            "SetVariableMonitoring",
            set_monitoring_data,
        )
        return call_result.SetVariableMonitoring([self._set(item) for item in set_monitoring_data])

    @on(Action.clear_variable_monitoring)
    def clear_variable_monitoring(
        self,
        id: list[int],  # noqa: A002 - the name in OCPP
    ) -> call_result.ClearVariableMonitoring:
        """Clear monitors one by one (N06)."""
        check_size(self._core.variables, MONITORING_CTRLR, "ClearVariableMonitoring", id)
        return call_result.ClearVariableMonitoring(
            [{"status": self._clear(number), "id": number} for number in id]
        )

    @on(Action.set_monitoring_base)
    def set_monitoring_base(self, monitoring_base: str) -> call_result.SetMonitoringBase:
        """Restore the factory monitors, remove monitors, or both, as the monitoring base requires (N03)."""
        if monitoring_base != Base.all:
            for monitor in [m for m in self._monitors.values() if not m.is_hard_wired]:
                self._remove(monitor)  # N03.FR.04, N03.FR.05
        if monitoring_base != Base.hard_wired_only:
            self._restore(self._factory)
        self._core.variables.put(Key(MONITORING_CTRLR, "ActiveMonitoringBase"), monitoring_base)
        return call_result.SetMonitoringBase(ModelStatus.accepted)

    @on(Action.set_monitoring_level)
    def set_monitoring_level(self, severity: int) -> call_result.SetMonitoringLevel:
        """Limit the events to monitors with at most this severity number (N05)."""
        if severity not in SEVERITIES:  # N05.FR.02
            reason = ValueViolation(OUT_OF_RANGE, "severity is not 0 to 9")
            return call_result.SetMonitoringLevel(GenericStatus.rejected, reason.as_json)
        self._core.variables.put(Key(MONITORING_CTRLR, "ActiveMonitoringLevel"), str(severity))
        return call_result.SetMonitoringLevel(GenericStatus.accepted)

    @on(Action.get_monitoring_report)
    def get_monitoring_report(
        self,
        request_id: int,
        component_variable: list[JsonObject] | None,
        monitoring_criteria: list[str] | None,
    ) -> call_result.GetMonitoringReport:
        """Report the monitors that match a query (N02)."""
        check_size(
            self._core.variables,
            "DeviceDataCtrlr",
            "GetReport",
            component_variable,
        )
        keys = set(matching(self._core.variables, component_variable, None))
        monitors = [
            monitor
            for monitor in self._monitors.values()
            if monitor.key in keys and meets(monitor, monitoring_criteria)
        ]
        return call_result.GetMonitoringReport(self._report(request_id, monitors))

    def _set(self, item: JsonObject) -> JsonObject:
        result = {name: item[name] for name in ("type", "severity", "component", "variable")}
        found = self._make(item)
        if not isinstance(found, Monitor):
            status, reason = found
            info = {} if reason is None else {"statusInfo": reason.as_json}
            return {**result, "status": status, **info}
        self._install(found)
        return {**result, "status": Status.accepted, "id": found.id}  # N04.FR.08, N04.FR.11

    def _make(self, item: JsonObject) -> Monitor | tuple[Status, ValueViolation | None]:
        """Return the monitor to install, or the status and reason that reject it."""
        variables = self._core.variables
        key = variables.find(item["component"], item["variable"])
        old = self._monitors.get(item.get("id", 0))
        if old is not None and old.key != key:  # N04.FR.16
            return Status.rejected, ValueViolation(
                "InvalidValue", "the monitor with this ID monitors another variable"
            )
        if key is None:
            is_known = variables.has_component(item["component"])
            return Status.unknown_variable if is_known else Status.unknown_component, None
        if reason := self._refusal(item, old):
            return Status.rejected, reason
        monitor = Monitor(
            id=old.id if old else 0,
            key=key,
            type=MonitorType(item["type"]),
            value=item["value"],
            severity=item["severity"],
            is_for_transactions=item.get("transaction", False),
        )
        if found := problem(monitor, variables.variable(key)):
            return found
        if any(monitor.doubles(other) for other in self._monitors.values()):
            return Status.duplicate, None
        return monitor if old else replace(monitor, id=next(self._ids))

    def _refusal(self, item: JsonObject, old: Monitor | None) -> ValueViolation | None:
        """Return why a SetMonitoringDataType cannot add or replace a monitor; None if it can."""
        if old is None and "id" in item:  # N04.FR.13
            return ValueViolation("InvalidValue", "no monitor with this ID")
        if old is None and len(self._monitors) >= MAX_MONITORS:
            return ValueViolation("TooManyElements", f"more than {MAX_MONITORS} monitors")
        if old is not None and old.is_hard_wired:  # N04.FR.18
            return ValueViolation("ReadOnly", "monitor is hard-wired")
        return None

    def _install(self, monitor: Monitor) -> None:
        """Install a monitor in place of any monitor with the same ID.

        Send an event if the value is beyond the new threshold or was beyond the old one (N07.FR.11).
        """
        old = self._monitors.get(monitor.id)
        if old is not None:
            self._remove(old)
        self._activate(monitor)
        was_exceeded = old is not None and old.is_exceeded
        is_exceeded = self._is_active(monitor) and is_beyond(monitor, monitor.reference)
        monitor.is_exceeded = is_exceeded
        if is_exceeded or was_exceeded:
            self._notify(monitor, Event(Trigger.alerting, is_cleared=not is_exceeded), monitor.reference)

    def _activate(self, monitor: Monitor) -> None:
        monitor.reference = self._core.variables.value(monitor.key)
        self._monitors[monitor.id] = monitor
        self._schedule(monitor)

    def _restore(self, monitors: Iterable[Monitor]) -> None:
        """Activate each factory monitor, unless it or a monitor that it `doubles` is active (N03.FR.03)."""
        for monitor in monitors:
            is_doubled = any(monitor.doubles(other) for other in self._monitors.values())
            if monitor.id not in self._monitors and not is_doubled:
                self._activate(replace(monitor))

    def _clear(self, number: int) -> ClearMonitoringStatusEnumType:
        monitor = self._monitors.get(number)
        if monitor is None:
            return ClearMonitoringStatusEnumType.not_found
        if monitor.is_hard_wired:  # N06.FR.03
            return ClearMonitoringStatusEnumType.rejected
        self._remove(monitor)
        return ClearMonitoringStatusEnumType.accepted

    def _remove(self, monitor: Monitor) -> None:
        """Remove a monitor without sending an event (N07.FR.12)."""
        del self._monitors[monitor.id]
        if (timer := self._timers.pop(monitor.id, None)) is not None:
            timer.cancel()

    def align(self) -> None:
        """Restart the timers of clock-aligned monitors after a correction of the clock (N08.FR.07)."""
        for monitor in self._monitors.values():
            if monitor.type is MonitorType.periodic_clock_aligned:
                self._timers[monitor.id].cancel()
                self._schedule(monitor)

    def _schedule(self, monitor: Monitor) -> None:
        if monitor.type in PERIODIC:
            self._timers[monitor.id] = self._core.after(
                delay_s(monitor, self._core.now()), partial(self._period_over, monitor)
            )

    def _period_over(self, monitor: Monitor) -> None:
        self._schedule(monitor)
        if self._is_active(monitor):
            self._notify(monitor, Event(Trigger.periodic), self._core.variables.value(monitor.key))

    def _value_changed(self, key: Key, _old: str, new: str) -> None:
        for monitor in list(self._monitors.values()):
            if monitor.key == key:
                self._check_value(monitor, new)

    def _check_thresholds(self) -> None:
        """After a boot, send events of threshold monitors whose values crossed the threshold (N07.FR.14)."""
        for monitor in list(self._monitors.values()):
            if monitor.type in THRESHOLDS:
                self._check_value(monitor, self._core.variables.value(monitor.key))

    def _transactions(self, monitor: Monitor) -> list[str]:
        """Ids of the running transactions at the EVSE of a monitor, or at all EVSEs if it has no EVSE."""
        return [
            evse.transaction_id
            for evse in self._core.evses
            if evse.transaction_id is not None and monitor.key.evse_id in {None, evse.id}
        ]

    def _is_active(self, monitor: Monitor) -> bool:
        """Whether a monitor is active.

        The station must have power. If the monitor is limited to transactions, a transaction must be running.
        """
        is_wanted = not monitor.is_for_transactions or bool(self._transactions(monitor))
        return is_wanted and self._core.is_powered

    def _check_value(self, monitor: Monitor, value: str) -> None:
        if not self._is_active(monitor):
            return
        event = event_of(monitor, self._core.variables.variable(monitor.key).data_type, value)
        if event is None:
            return
        monitor.is_exceeded = event.trigger is Trigger.alerting and not event.is_cleared
        if self._notify(monitor, event, value):
            monitor.reference = value

    def _notify(self, monitor: Monitor, event: Event, value: str) -> bool:
        """Queue an event and return whether it was queued.

        The event is not queued if `_is_reported` is false, nor if the station is offline and the severity
        number of the monitor is higher than OfflineQueuingSeverity.
        """
        is_kept = monitor.severity <= self._level("OfflineQueuingSeverity")  # N07.FR.04, N08.FR.03
        if not self._is_reported(monitor) or not (is_kept or self._core.is_online):
            return False
        origin = {"variableMonitoringId": monitor.id, "eventNotificationType": monitor.origin}
        self._send_event({**self._event_data(monitor.key, event, value), **origin}, is_kept=is_kept)
        return True

    def _report_fault(self, key: Key, _old: str, new: str) -> None:
        """Queue an event if a connector becomes faulty or is repaired, even without a monitor for it."""
        is_enabled = self._core.variables.boolean(MONITORING_CTRLR, "Enabled") and self._core.is_powered
        is_of_connector = (key.component, key.variable) == ("Connector", "Problem")
        if not (is_enabled and is_of_connector) or self._waiting_events >= MAX_WAITING_EVENTS:
            return
        event = Event(Trigger.alerting, is_cleared=new == "false")
        origin = {"eventNotificationType": Notification.hard_wired_notification}
        self._send_event({**self._event_data(key, event, new), **origin}, is_kept=True)

    def _send_event(self, data: JsonObject, *, is_kept: bool) -> None:
        self._waiting_events += 1
        request = call.NotifyEvent(generated_at=data["timestamp"], seq_no=0, event_data=[data])
        self._core.send(request, self._event_finished, self._event_finished, kept=is_kept)

    def _is_reported(self, monitor: Monitor) -> bool:
        """Whether events of a monitor may be queued: monitoring is enabled, the severity number is low enough
        and fewer than MAX_WAITING_EVENTS events are unsent (N05.FR.03, N07.FR.15).
        """
        return (
            self._core.variables.boolean(MONITORING_CTRLR, "Enabled")
            and monitor.severity <= self._level("ActiveMonitoringLevel")
            and self._waiting_events < MAX_WAITING_EVENTS
        )

    def _level(self, variable: str) -> int:
        return self._core.variables.integer(MONITORING_CTRLR, variable)

    def _event_finished(self, _: object = None) -> None:
        self._waiting_events -= 1

    def _event_data(self, key: Key, event: Event, value: str) -> JsonObject:
        """EventDataType without variableMonitoringId and eventNotificationType (N07.FR.06)."""
        is_secret = self._core.variables.variable(key).mutability is Mutability.write_only
        return {
            "eventId": next(self._event_ids),
            "timestamp": self._core.timestamp(),
            "trigger": event.trigger,
            "actualValue": "" if is_secret else value[:MAX_VALUE],  # N07.FR.10
            **({"cleared": True} if event.is_cleared else {}),
            **self._transaction_at(key),
            "component": key.component_json,
            "variable": key.variable_json,
        }

    def _transaction_at(self, key: Key) -> JsonObject:
        """Object with the transactionId at the EVSE of a variable; empty if no transaction runs there."""
        for evse in self._core.evses:
            if evse.id == key.evse_id and evse.transaction_id is not None:
                return {"transactionId": evse.transaction_id}
        return {}

    def _report(self, request_id: int, monitors: list[Monitor]) -> ModelStatus:
        """Queue a report of these monitors and return the status for the answer to the command."""
        if not monitors:
            return ModelStatus.empty_result_set  # N02.FR.10
        if self._reports.is_full:
            return ModelStatus.rejected
        self._reports.send(self._parts(request_id, monitors))
        return ModelStatus.accepted

    def _parts(self, request_id: int, monitors: list[Monitor]) -> Iterator[call.NotifyMonitoringReport]:
        size = self._core.variables.integer("DeviceDataCtrlr", "ItemsPerMessage", "GetReport")
        parts = list(batched(monitoring_data(monitors), size))
        generated_at = self._core.timestamp()
        for number, part in enumerate(parts):
            yield call.NotifyMonitoringReport(
                request_id=request_id,
                seq_no=number,  # N02.FR.09
                generated_at=generated_at,
                monitor=list(part),
                tbc=number < len(parts) - 1,
            )


def factory_monitors(variables: LocalDeviceModel) -> list[Monitor]:
    """Monitors of a new station.

    The monitor of the station's Problem is hard-wired; the monitors of EVSEs and locks are preconfigured.
    """
    ids = count(1)
    return [
        Monitor(
            id=next(ids),
            key=key,
            type=MonitorType.delta,
            value=1,
            severity=SEVERITY_HARDWARE if key.evse_id is None else SEVERITY_ERROR,
            origin=Notification.hard_wired_monitor
            if key.evse_id is None
            else Notification.preconfigured_monitor,
        )
        for key in variables
        if key.variable == "Problem" and key.component in {"ChargingStation", "EVSE", PLUG_LOCK}
    ]


def meets(monitor: Monitor, criteria: list[str] | None) -> bool:
    """Whether a monitor meets one of the criteria. Without criteria, any monitor does (N02.FR.08,
    N02.FR.11).
    """
    return not criteria or any(monitor.type in TYPES[Criterion(name)] for name in criteria)


def monitoring_data(monitors: list[Monitor]) -> Iterator[JsonObject]:
    """One MonitoringDataType for each variable of ``monitors``, with all monitors of the variable."""

    def order(monitor: Monitor) -> str:
        return repr(monitor.key)

    for _, group in groupby(sorted(monitors, key=order), order):
        of_variable = list(group)
        key = of_variable[0].key
        yield {
            "component": key.component_json,
            "variable": key.variable_json,
            "variableMonitoring": [monitor.as_json for monitor in of_variable],
        }
