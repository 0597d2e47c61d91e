"""Monitors of variables, and the decision whether a value triggers a monitor (N04, N07)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ocpp.v201.enums import DataEnumType as DataType
from ocpp.v201.enums import EventNotificationEnumType as Notification
from ocpp.v201.enums import EventTriggerEnumType as Trigger
from ocpp.v201.enums import MonitorEnumType as MonitorType
from ocpp.v201.enums import SetMonitoringStatusEnumType as Status

from mock_csms.messages import JsonObject
from mock_csms.simulator.device_model import MAX_INTEGER, OUT_OF_RANGE, Key, ValueViolation
from mock_csms.simulator.variables import VariableDefinition

NUMERIC: Final = frozenset({DataType.integer, DataType.decimal})
THRESHOLDS: Final = frozenset({MonitorType.upper_threshold, MonitorType.lower_threshold})
PERIODIC: Final = frozenset({MonitorType.periodic, MonitorType.periodic_clock_aligned})
SEVERITIES: Final = range(10)
SHORTEST_PERIOD_S: Final = 1
EARLY_S: Final = 0.1
"""Maximum seconds by which a timer may fire before the aligned time that it was set for. The next event is
then due one period after this aligned time.
"""


@dataclass(kw_only=True, slots=True)
class Monitor:
    """A monitor of one variable."""

    id: int
    key: Key
    type: MonitorType
    value: float
    severity: int
    is_for_transactions: bool = False
    """Whether the monitor is active only during a transaction."""
    origin: Notification = Notification.custom_monitor
    is_exceeded: bool = False
    """Whether the threshold was exceeded when the value was last seen."""
    reference: str = ""
    """Value when the monitor was set or last sent an event. Deltas are measured from this value."""

    @property
    def is_hard_wired(self) -> bool:
        """Whether the monitor is fixed: the central system cannot change or clear it."""
        return self.origin is Notification.hard_wired_monitor

    @property
    def as_json(self) -> JsonObject:
        """The monitor as VariableMonitoringType."""
        return {
            "id": self.id,
            "transaction": self.is_for_transactions,
            "value": self.value,
            "type": self.type,
            "severity": self.severity,
        }

    def doubles(self, other: "Monitor") -> bool:
        """Whether two monitors with different ids have equal variable, type and severity (N04.FR.10)."""
        return self.id != other.id and (self.key, self.type, self.severity) == (
            other.key,
            other.type,
            other.severity,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """An event that a monitor reports."""

    trigger: Trigger
    is_cleared: bool = False


def number(text: str) -> float | None:
    """Parse a number; None if the text is not a number."""
    try:
        return float(text)
    except ValueError:
        return None


def is_beyond(monitor: Monitor, value: str) -> bool:
    """Whether a value is beyond the threshold; an equal value is not (N07.FR.16, N07.FR.17)."""
    actual = number(value)
    if actual is None or monitor.type not in THRESHOLDS:
        return False
    if monitor.type is MonitorType.upper_threshold:
        return actual > monitor.value
    return actual < monitor.value


def event_of(monitor: Monitor, data_type: DataType, value: str) -> Event | None:
    """Event that a new value triggers at a threshold or Delta monitor; None if it triggers none (N07)."""
    if monitor.type in THRESHOLDS:
        beyond = is_beyond(monitor, value)
        if beyond == monitor.is_exceeded:
            return None
        return Event(Trigger.alerting, is_cleared=not beyond)  # N07.FR.02
    if monitor.type is MonitorType.delta and differs(monitor, data_type, value):
        return Event(Trigger.delta)
    return None


def differs(monitor: Monitor, data_type: DataType, value: str) -> bool:
    """Whether a value differs from the reference; a number must differ by more than the Delta (N07.FR.18,
    N07.FR.19).
    """
    old, new = number(monitor.reference), number(value)
    if data_type not in NUMERIC or old is None or new is None:
        return value != monitor.reference
    return abs(new - old) > monitor.value


def problem(monitor: Monitor, variable: VariableDefinition) -> tuple[Status, ValueViolation] | None:
    """Return the status and reason that reject a monitor; None if the variable can have this monitor."""
    if not variable.supports_monitoring:
        return Status.unsupported_monitor_type, ValueViolation(
            "UnsupportedParam", "variable does not support monitoring"
        )
    if monitor.type in THRESHOLDS and variable.data_type not in NUMERIC:  # N04.FR.05
        return Status.unsupported_monitor_type, ValueViolation("UnsupportedParam", "variable is not a number")
    if violation := _range_violation(monitor, variable):
        return Status.rejected, violation
    return None


def _range_violation(monitor: Monitor, variable: VariableDefinition) -> ValueViolation | None:
    value = monitor.value
    if monitor.severity not in SEVERITIES:
        return ValueViolation(OUT_OF_RANGE, "severity is not 0 to 9")
    if monitor.type in THRESHOLDS:  # N04.FR.06
        if variable.min_limit is not None and value < variable.min_limit:
            return ValueViolation(OUT_OF_RANGE, f"less than {variable.min_limit:g}")
        if variable.max_limit is not None and value > variable.max_limit:
            return ValueViolation(OUT_OF_RANGE, f"more than {variable.max_limit:g}")
    if monitor.type is MonitorType.delta and value < 0:  # N04.FR.14
        return ValueViolation("ValuePositiveOnly", "value is negative")
    if monitor.type in PERIODIC and not SHORTEST_PERIOD_S <= value <= MAX_INTEGER:
        return ValueViolation(OUT_OF_RANGE, f"period is less than {SHORTEST_PERIOD_S} s or too long")
    return None


def delay_s(monitor: Monitor, now: datetime) -> float:
    """Seconds until the next event of a periodic monitor (N08.FR.06, N08.FR.07)."""
    if monitor.type is MonitorType.periodic:
        return monitor.value
    rest = monitor.value - now.timestamp() % monitor.value
    return rest if rest >= EARLY_S else rest + monitor.value
