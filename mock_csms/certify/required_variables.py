"""Variables that a station must have, by certification profile (Part 2, referenced variables)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RequiredVariable:
    """A variable that a station must have."""

    component: str
    name: str
    instance: str | None
    is_writable: bool
    """Whether the variable must be writable."""


def _parsed(text: str) -> Iterator[RequiredVariable]:
    """Yield the variables of a line like ``DeviceDataCtrlr: ItemsPerMessage/GetReport OrganizationName*``."""
    component, _, variables = text.partition(": ")
    for each in variables.split():
        name, _, instance = each.removesuffix("*").partition("/")
        yield RequiredVariable(component, name, instance or None, each.endswith("*"))


_LINES: Final = {
    "Core": (
        "AlignedDataCtrlr: Interval* Measurands* TxEndedInterval* TxEndedMeasurands*",
        "AuthCtrlr: AuthorizeRemoteStart LocalAuthorizeOffline* LocalPreAuthorize*",
        "ChargingStation: AvailabilityState Available SupplyPhases",
        "ClockCtrlr: DateTime TimeSource*",
        "Connector: AvailabilityState Available ConnectorType SupplyPhases",
        "DeviceDataCtrlr: BytesPerMessage/GetReport BytesPerMessage/GetVariables",
        "DeviceDataCtrlr: BytesPerMessage/SetVariables",
        "DeviceDataCtrlr: ItemsPerMessage/GetReport ItemsPerMessage/GetVariables",
        "DeviceDataCtrlr: ItemsPerMessage/SetVariables",
        "EVSE: AvailabilityState Available Power SupplyPhases",
        "OCPPCommCtrlr: ActiveNetworkProfile FileTransferProtocols MessageTimeout/Default",
        "OCPPCommCtrlr: MessageAttemptInterval/TransactionEvent* MessageAttempts/TransactionEvent*",
        "OCPPCommCtrlr: NetworkConfigurationPriority* NetworkProfileConnectionAttempts*",
        "OCPPCommCtrlr: OfflineThreshold* ResetRetries* UnlockOnEVSideDisconnect",
        "SampledDataCtrlr: TxEndedInterval* TxEndedMeasurands* TxStartedMeasurands*",
        "SampledDataCtrlr: TxUpdatedInterval* TxUpdatedMeasurands*",
        "SecurityCtrlr: CertificateEntries OrganizationName* SecurityProfile",
        "TxCtrlr: EVConnectionTimeOut* StopTxOnEVSideDisconnect StopTxOnInvalidId* TxStartPoint TxStopPoint",
    ),
    "LocalAuthList": ("LocalAuthListCtrlr: BytesPerMessage Entries ItemsPerMessage",),
    "SmartCharging": (
        "SmartChargingCtrlr: Entries/ChargingProfiles LimitChangeSignificance*",
        "SmartChargingCtrlr: PeriodsPerSchedule ProfileStackLevel RateUnit",
    ),
    "DeviceManagement": (
        "MonitoringCtrlr: BytesPerMessage/SetVariableMonitoring ItemsPerMessage/SetVariableMonitoring",
    ),
    "UserInterface": (
        "DisplayMessageCtrlr: DisplayMessages SupportedFormats SupportedPriorities",
        "TariffCostCtrlr: Currency* TariffFallbackMessage* TotalCostFallbackMessage*",
    ),
    "ISO15118": ("ISO15118Ctrlr: ContractValidationOffline*",),
}
"""Required variables by profile, in the format of `_parsed`; an asterisk marks one that must be writable."""

_BY_PROFILE: Final = {
    profile: tuple(variable for line in lines for variable in _parsed(line))
    for profile, lines in _LINES.items()
}


def required_variables(profiles: Iterable[str]) -> list[RequiredVariable]:
    """Return the variables that a station with these profiles must have."""
    return [variable for profile in profiles for variable in _BY_PROFILE.get(profile, ())]
