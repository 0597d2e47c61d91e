"""The device model: validation of values, look-up, and values that wait for a reboot."""

from typing import Any

import pytest
from ocpp.v201.enums import DataEnumType as DataType
from ocpp.v201.enums import MutabilityEnumType as Mutability

from mock_csms.simulator.device_model import Key, LocalDeviceModel, Nameplate, ValueViolation, violation
from mock_csms.simulator.variables import VariableDefinition

PRIORITY = Key("OCPPCommCtrlr", "NetworkConfigurationPriority")
THRESHOLD = Key("OCPPCommCtrlr", "OfflineThreshold")
PASSWORD = Key("SecurityCtrlr", "BasicAuthPassword")


def of_type(data_type: DataType, **options: Any) -> VariableDefinition:
    return VariableDefinition(
        component="C", name="V", data_type=data_type, default="", mutability=Mutability.read_write, **options
    )


def reason(variable: VariableDefinition, value: str) -> str | None:
    found = violation(variable, value)
    return found.reason_code if found else None


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        (DataType.integer, "-7"),
        (DataType.integer, "2147483647"),
        (DataType.decimal, "0.5"),
        (DataType.boolean, "false"),
        (DataType.date_time, "2026-01-01T00:00:00Z"),
        (DataType.date_time, "2026-01-01T00:00:00.123+01:00"),
        (DataType.string, ""),
    ],
)
def test_valid_value_is_accepted(data_type: DataType, value: str) -> None:
    assert reason(of_type(data_type), value) is None


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        (DataType.integer, ""),
        (DataType.integer, "60.1"),
        (DataType.integer, "true"),
        (DataType.integer, "abc"),
        (DataType.integer, " 1"),
        (DataType.integer, "٣"),
        (DataType.integer, "1" * 1000),
        (DataType.decimal, "1e3"),
        (DataType.decimal, "nan"),
        (DataType.decimal, "2026-01-01T00:00:00Z"),
        (DataType.boolean, "True"),
        (DataType.boolean, "1"),
        (DataType.date_time, "2026-01-01"),
        (DataType.date_time, "2026-02-30T00:00:00Z"),
        (DataType.date_time, "60"),
    ],
)
def test_value_of_another_type_is_invalid(data_type: DataType, value: str) -> None:
    assert reason(of_type(data_type), value) == "InvalidValue"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (of_type(DataType.integer, min_limit=0), "-1"),
        (of_type(DataType.integer, max_limit=9), "10"),
        (of_type(DataType.integer), "2147483648"),
        (of_type(DataType.decimal, max_limit=100), "100.1"),
        (of_type(DataType.decimal), "9" * 1000),
        (of_type(DataType.string, max_limit=3), "abcd"),
        (of_type(DataType.member_list, values=("A", "W"), max_limit=2), "A,W"),
    ],
)
def test_value_beyond_limit_is_out_of_range(variable: VariableDefinition, value: str) -> None:
    assert reason(variable, value) == "ValueOutOfRange"


@pytest.mark.parametrize(
    ("data_type", "value", "expected"),
    [
        (DataType.option_list, "A", None),
        (DataType.option_list, "A,B", "InvalidValue"),
        (DataType.option_list, "", "InvalidValue"),
        (DataType.member_list, "B, A", None),
        (DataType.member_list, "", None),
        (DataType.member_list, "A,C", "InvalidValue"),
        (DataType.member_list, "A,A", "InvalidValue"),
        (DataType.member_list, "A,", "InvalidValue"),
        (DataType.sequence_list, "B,A", None),
        (DataType.sequence_list, "", "InvalidValue"),
    ],
)
def test_list_takes_only_its_values(data_type: DataType, value: str, expected: str | None) -> None:
    assert reason(of_type(data_type, values=("A", "B")), value) == expected


@pytest.mark.parametrize(
    ("key", "value", "is_valid"),
    [
        (PASSWORD, "0123456789abcdef", True),
        (PASSWORD, "0123456789äöü ! €", True),
        (PASSWORD, "0123456789abcde", False),
        (PASSWORD, "x" * 41, False),
        (PASSWORD, "0123456789abcdef\n", False),
        (Key("OCPPCommCtrlr", "WebSocketPingInterval"), "-1", False),
        (Key("OCPPCommCtrlr", "HeartbeatInterval"), "0", False),
        (Key("TxCtrlr", "TxStartPoint"), "Authorized,EVConnected", True),
        (Key("TxCtrlr", "TxStartPoint"), "", False),
        (Key("TxCtrlr", "TxStopPoint"), "DataSigned", False),
        (Key("ClockCtrlr", "TimeOffset"), "-02:00", True),
        (Key("ClockCtrlr", "TimeOffset"), "2h", False),
        (Key("TariffCostCtrlr", "Currency"), "euro", False),
    ],
)
def test_variable_with_format_checks_it(key: Key, value: str, is_valid: bool) -> None:
    assert (LocalDeviceModel().violation(key, value) is None) is is_valid


def test_nameplate_is_reported() -> None:
    model = LocalDeviceModel(nameplate=Nameplate(model="M1", identity="CS1", max_power_w=11000))

    assert model.text("ChargingStation", "Model") == "M1"
    assert model.text("SecurityCtrlr", "Identity") == "CS1"
    assert model.variable(Key("EVSE", "Power", None, 2)).max_limit == 11000


def test_evse_and_connector_variables_exist_in_every_place() -> None:
    keys = {key for key in LocalDeviceModel(2, 2) if key.variable == "SupplyPhases"}

    assert {(key.component, key.evse_id, key.connector_id) for key in keys} == {
        ("ChargingStation", None, None),
        *{("EVSE", evse, None) for evse in (1, 2)},
        *{("Connector", evse, connector) for evse in (1, 2) for connector in (1, 2)},
    }


def test_names_are_found_in_any_case() -> None:
    found = LocalDeviceModel().find(
        {"name": "ocppcommctrlr"}, {"name": "MESSAGETIMEOUT", "instance": "default"}
    )

    assert found == Key("OCPPCommCtrlr", "MessageTimeout", "Default")


def test_variable_with_instances_only_is_not_found_without() -> None:
    assert (
        LocalDeviceModel().find({"name": "OCPPCommCtrlr"}, {"name": "MessageTimeout", "instance": ""}) is None
    )


def test_component_of_unknown_evse_does_not_exist() -> None:
    model = LocalDeviceModel(evses=2)

    assert model.has_component({"name": "EVSE", "evse": {"id": 2}})
    assert not model.has_component({"name": "EVSE", "evse": {"id": 3}})
    assert not model.has_component({"name": "EVSE"})


def test_list_is_read_as_its_members() -> None:
    model = LocalDeviceModel()
    model.put(Key("TxCtrlr", "TxStopPoint"), "EVConnected, Authorized")

    assert model.members("TxCtrlr", "TxStopPoint") == ["EVConnected", "Authorized"]


def test_put_of_new_value_emits_change_once() -> None:
    model = LocalDeviceModel()
    changes: list[tuple[Key, str, str]] = []
    model.changed.connect(lambda *change: changes.append(change))

    model.put(THRESHOLD, "61")
    model.put(THRESHOLD, "61")

    assert changes == [(THRESHOLD, "60", "61")]


def test_put_of_unknown_variable_fails() -> None:
    with pytest.raises(KeyError):
        LocalDeviceModel().put(Key("OCPPCommCtrlr", "Treshold"), "1")


def test_value_that_needs_reboot_waits_for_it() -> None:
    model = LocalDeviceModel()

    assert model.assign(PRIORITY, "2,1")
    assert (model.value(PRIORITY), model.configured(PRIORITY)) == ("1", "2,1")
    model.apply_pending()
    assert model.value(PRIORITY) == "2,1"


def test_current_value_cancels_pending_one() -> None:
    model = LocalDeviceModel()
    model.assign(PRIORITY, "2,1")

    assert not model.assign(PRIORITY, "1")
    model.apply_pending()

    assert model.value(PRIORITY) == "1"


def test_other_value_is_set_at_once() -> None:
    model = LocalDeviceModel()

    assert not model.assign(THRESHOLD, "61")
    assert model.integer("OCPPCommCtrlr", "OfflineThreshold") == 61


def test_rule_rejects_value() -> None:
    model = LocalDeviceModel()
    model.add_rule(THRESHOLD, lambda value: ValueViolation("InvalidValue", "odd") if value == "61" else None)

    assert model.violation(THRESHOLD, "61") == ValueViolation("InvalidValue", "odd")
    assert model.violation(THRESHOLD, "62") is None
