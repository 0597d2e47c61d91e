"""The decision whether a value triggers a monitor (N04, N07, N08)."""

from datetime import UTC, datetime

import pytest
from ocpp.v201.enums import DataEnumType as DataType
from ocpp.v201.enums import EventTriggerEnumType as Trigger
from ocpp.v201.enums import MonitorEnumType as MonitorType
from ocpp.v201.enums import MutabilityEnumType as Mutability
from ocpp.v201.enums import SetMonitoringStatusEnumType as Status

from mock_csms.simulator.device_model import Key
from mock_csms.simulator.monitors import Event, Monitor, delay_s, event_of, problem
from mock_csms.simulator.variables import VariableDefinition

UPPER, LOWER = MonitorType.upper_threshold, MonitorType.lower_threshold
DELTA = MonitorType.delta
PERIODIC, ALIGNED = MonitorType.periodic, MonitorType.periodic_clock_aligned
ALERT, CLEARED = Event(Trigger.alerting), Event(Trigger.alerting, is_cleared=True)


def make(kind: MonitorType, value: float, *, exceeded: bool = False, reference: str = "0") -> Monitor:
    key = Key("EVSE", "Power", None, 1)
    return Monitor(
        id=1, key=key, type=kind, value=value, severity=5, is_exceeded=exceeded, reference=reference
    )


def variable(data_type: DataType, mutability: Mutability = Mutability.read_only) -> VariableDefinition:
    return VariableDefinition(
        component="EVSE",
        name="Power",
        data_type=data_type,
        default="0",
        mutability=mutability,
        min_limit=0,
        max_limit=100,
    )


@pytest.mark.parametrize(
    ("kind", "exceeded", "value", "event"),
    [
        (UPPER, False, "10.5", ALERT),
        (UPPER, False, "10", None),
        (UPPER, True, "11", None),
        (UPPER, True, "10", CLEARED),
        (UPPER, False, "", None),
        (LOWER, False, "9.5", ALERT),
        (LOWER, False, "10", None),
        (LOWER, True, "9", None),
        (LOWER, True, "10", CLEARED),
    ],
)
def test_threshold_is_reported_when_crossed(
    kind: MonitorType, exceeded: bool, value: str, event: Event | None
) -> None:
    assert event_of(make(kind, 10, exceeded=exceeded), DataType.decimal, value) == event


@pytest.mark.parametrize(
    ("data_type", "reference", "value", "is_triggered"),
    [
        (DataType.integer, "100", "110", False),
        (DataType.integer, "100", "111", True),
        (DataType.decimal, "100", "89.9", True),
        (DataType.option_list, "Available", "Occupied", True),
        (DataType.option_list, "Available", "Available", False),
        (DataType.string, "1", "2", True),
    ],
)
def test_delta_is_reported_when_value_differs_enough(
    data_type: DataType, reference: str, value: str, is_triggered: bool
) -> None:
    event = event_of(make(DELTA, 10, reference=reference), data_type, value)
    assert event == (Event(Trigger.delta) if is_triggered else None)


def test_periodic_monitor_ignores_changes() -> None:
    assert event_of(make(PERIODIC, 10), DataType.integer, "99") is None


@pytest.mark.parametrize(
    ("kind", "value", "data_type", "status"),
    [
        (UPPER, 100, DataType.decimal, None),
        (UPPER, 100.1, DataType.decimal, Status.rejected),
        (LOWER, -1, DataType.decimal, Status.rejected),
        (DELTA, -1, DataType.decimal, Status.rejected),
        (PERIODIC, 0, DataType.decimal, Status.rejected),
        (ALIGNED, 1e300, DataType.decimal, Status.rejected),
        (UPPER, 1, DataType.boolean, Status.unsupported_monitor_type),
        (DELTA, 1, DataType.boolean, None),
    ],
)
def test_monitor_is_checked_against_variable(
    kind: MonitorType, value: float, data_type: DataType, status: Status | None
) -> None:
    found = problem(make(kind, value), variable(data_type))
    assert (found and found[0]) == status


def test_write_only_variable_supports_monitor() -> None:
    assert problem(make(DELTA, 1), variable(DataType.string, Mutability.write_only)) is None


@pytest.mark.parametrize(
    ("kind", "second", "delay"), [(PERIODIC, 20.0, 60), (ALIGNED, 20.0, 40), (ALIGNED, 59.95, 60.05)]
)
def test_aligned_period_ends_with_the_minute(kind: MonitorType, second: float, delay: float) -> None:
    now = datetime.fromtimestamp(1_767_225_600 + second, UTC)
    assert delay_s(make(kind, 60), now) == pytest.approx(delay)


def test_negative_delta_has_its_own_reason() -> None:
    found = problem(make(DELTA, -1), variable(DataType.decimal))
    assert found is not None
    assert found[1].reason_code == "ValuePositiveOnly"
