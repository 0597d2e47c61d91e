"""The table of variables: completeness, uniqueness and valid defaults."""

from collections import Counter

import pytest
from ocpp.v201.enums import DataEnumType as DataType
from ocpp.v201.enums import MutabilityEnumType as Mutability

from mock_csms.simulator.device_model import violation
from mock_csms.simulator.variables import TABLE, Scope, VariableDefinition

REQUIRED = {
    "AlignedDataCtrlr": "Interval Measurands TxEndedInterval TxEndedMeasurands",
    "AuthCtrlr": "AuthorizeRemoteStart LocalAuthorizeOffline LocalPreAuthorize",
    "ChargingStation": "AvailabilityState Available SupplyPhases",
    "ClockCtrlr": "DateTime TimeSource",
    "Connector": "AvailabilityState Available ConnectorType SupplyPhases",
    "DeviceDataCtrlr": (
        "BytesPerMessage[GetReport] BytesPerMessage[GetVariables] BytesPerMessage[SetVariables] "
        "ItemsPerMessage[GetReport] ItemsPerMessage[GetVariables] ItemsPerMessage[SetVariables]"
    ),
    "DisplayMessageCtrlr": "DisplayMessages SupportedFormats SupportedPriorities",
    "EVSE": "AvailabilityState Available Power SupplyPhases",
    "ISO15118Ctrlr": "ContractValidationOffline",
    "LocalAuthListCtrlr": "BytesPerMessage Entries ItemsPerMessage",
    "MonitoringCtrlr": "BytesPerMessage[SetVariableMonitoring] ItemsPerMessage[SetVariableMonitoring]",
    "OCPPCommCtrlr": (
        "ActiveNetworkProfile FileTransferProtocols MessageAttemptInterval[TransactionEvent] "
        "MessageAttempts[TransactionEvent] MessageTimeout[Default] NetworkConfigurationPriority "
        "NetworkProfileConnectionAttempts OfflineThreshold ResetRetries RetryBackOffRandomRange "
        "RetryBackOffRepeatTimes RetryBackOffWaitMinimum UnlockOnEVSideDisconnect WebSocketPingInterval"
    ),
    "SampledDataCtrlr": (
        "TxEndedInterval TxEndedMeasurands TxStartedMeasurands TxUpdatedInterval TxUpdatedMeasurands"
    ),
    "SecurityCtrlr": "CertificateEntries OrganizationName SecurityProfile",
    "SmartChargingCtrlr": (
        "Entries[ChargingProfiles] LimitChangeSignificance PeriodsPerSchedule ProfileStackLevel RateUnit"
    ),
    "TariffCostCtrlr": "Currency TariffFallbackMessage TotalCostFallbackMessage",
    "TxCtrlr": "EVConnectionTimeOut StopTxOnEVSideDisconnect StopTxOnInvalidId TxStartPoint TxStopPoint",
}
"""Required variables of the appendices, of part 4 chapter 8 and of the errata, by component."""
READ_ONLY = {
    "ChargingStation": "AvailabilityState Available SupplyPhases",
    "DeviceDataCtrlr": "BytesPerMessage ItemsPerMessage",
    "OCPPCommCtrlr": "ActiveNetworkProfile FileTransferProtocols MessageTimeout",
    "SecurityCtrlr": "CertificateEntries SecurityProfile",
    "SmartChargingCtrlr": "Entries PeriodsPerSchedule ProfileStackLevel RateUnit",
}
LISTS = {DataType.option_list, DataType.member_list, DataType.sequence_list}
MEASURANDS = {
    "AlignedDataCtrlr": "Measurands TxEndedMeasurands",
    "SampledDataCtrlr": "TxStartedMeasurands TxUpdatedMeasurands TxEndedMeasurands",
}


def name(variable: VariableDefinition) -> str:
    instance = f"[{variable.instance}]" if variable.instance else ""
    return f"{variable.component}.{variable.name}{instance}"


def pairs(by_component: dict[str, str]) -> set[str]:
    return {f"{component}.{name}" for component, names in by_component.items() for name in names.split()}


def test_table_has_every_required_variable() -> None:
    assert pairs(REQUIRED) <= {name(variable) for variable in TABLE}


def test_table_has_every_variable_once() -> None:
    assert [key for key, count in Counter(map(name, TABLE)).items() if count > 1] == []


@pytest.mark.parametrize("component", READ_ONLY)
def test_variables_that_report_are_read_only(component: str) -> None:
    writable = {v.name for v in TABLE if v.component == component and v.is_writable}

    assert writable.isdisjoint(READ_ONLY[component].split())


@pytest.mark.parametrize("variable", [v for v in TABLE if v.data_type in LISTS], ids=name)
def test_list_names_its_allowed_values(variable: VariableDefinition) -> None:
    assert 0 < len(",".join(variable.values)) <= 1000
    assert violation(variable, variable.default) is None


@pytest.mark.parametrize(
    "variable", [v for v in TABLE if v.data_type in {DataType.integer, DataType.decimal}], ids=name
)
def test_default_of_number_is_within_its_limits(variable: VariableDefinition) -> None:
    assert violation(variable, variable.default) is None


def test_every_list_of_measurands_has_values() -> None:
    assert {name(v) for v in TABLE if "Energy.Active.Import.Register" in v.values} == pairs(MEASURANDS)


def test_only_password_is_write_only() -> None:
    secrets = [name(v) for v in TABLE if v.mutability is Mutability.write_only]

    assert secrets == ["SecurityCtrlr.BasicAuthPassword"]


def test_summary_covers_station_evses_and_connectors() -> None:
    summary = {(v.scope, v.name) for v in TABLE if v.in_summary}

    assert summary == {(scope, text) for scope in Scope for text in ("AvailabilityState", "Problem")}
