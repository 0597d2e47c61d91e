"""Components and variables of the simulated station, from "Referenced Components and Variables" of part 2."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ocpp.v201.enums import DataEnumType as DataType
from ocpp.v201.enums import MutabilityEnumType as Mutability

MAX_CACHE_BYTES: Final = 100_000
"""Maximum bytes in the authorization cache: maxLimit of AuthCacheCtrlr.Storage."""
MAX_LOCAL_LIST_ENTRIES: Final = 1000
"""Maximum entries of the local authorization list: maxLimit of LocalAuthListCtrlr.Entries."""
MAX_LOCAL_LIST_BYTES: Final = 1_000_000
"""Maximum bytes of the local authorization list: maxLimit of LocalAuthListCtrlr.Storage."""
MAX_CHARGING_PROFILES: Final = 32
"""Maximum number of installed charging profiles: maxLimit of SmartChargingCtrlr.Entries."""
MAX_CERTIFICATES: Final = 20
"""Maximum number of installed certificates: maxLimit of SecurityCtrlr.CertificateEntries."""


class Scope(Enum):
    """Whether a variable exists once per station, once per EVSE or once per connector."""

    STATION = 0
    EVSE = 1
    CONNECTOR = 2


@dataclass(frozen=True, kw_only=True)
class VariableDefinition:
    """A variable of a component and its characteristics."""

    component: str
    name: str
    instance: str | None = None
    scope: Scope = Scope.STATION
    data_type: DataType
    default: str
    mutability: Mutability
    unit: str | None = None
    values: tuple[str, ...] = ()
    """Allowed values of an OptionList; for a MemberList or SequenceList, the allowed members."""
    min_limit: float | None = None
    """Minimum of a number."""
    max_limit: float | None = None
    """Maximum of a number, or the maximum length of a string or list."""
    needs_reboot: bool = False
    """Whether a new value takes effect only at the next reboot."""
    is_constant: bool = False
    in_summary: bool = False
    """Whether the SummaryInventory includes the variable (B07.FR.09)."""

    @property
    def is_writable(self) -> bool:
        """Whether the central system can set the variable.

        ConfigurationInventory lists exactly the writable variables (B07.FR.07).
        """
        return self.mutability is not Mutability.read_only

    @property
    def is_persistent(self) -> bool:
        """Whether the value survives a reboot: the variable is writable or constant."""
        return self.is_writable or self.is_constant

    @property
    def supports_monitoring(self) -> bool:
        """Whether the variable can have monitors: the value is not constant."""
        return not self.is_constant


STRING: Final = DataType.string
DECIMAL: Final = DataType.decimal
INTEGER: Final = DataType.integer
DATE_TIME: Final = DataType.date_time
BOOLEAN: Final = DataType.boolean
OPTION_LIST: Final = DataType.option_list
SEQUENCE_LIST: Final = DataType.sequence_list
MEMBER_LIST: Final = DataType.member_list


def writable(
    component: str, name: str, data_type: DataType, default: object, **options: Any
) -> VariableDefinition:
    """Make a variable that the central system can set. Numbers have a minimum of 0 by default."""
    if data_type in {INTEGER, DECIMAL}:
        options.setdefault("min_limit", 0)
    options.setdefault("mutability", Mutability.read_write)
    return VariableDefinition(
        component=component, name=name, data_type=data_type, default=value_text(default), **options
    )


def reading(
    component: str, name: str, data_type: DataType, default: object, **options: Any
) -> VariableDefinition:
    """Make a read-only variable: the station changes its value, the central system cannot."""
    return VariableDefinition(
        component=component,
        name=name,
        data_type=data_type,
        default=value_text(default),
        mutability=Mutability.read_only,
        **options,
    )


def constant(
    component: str, name: str, data_type: DataType, default: object, **options: Any
) -> VariableDefinition:
    """Make a variable that never changes while the station runs."""
    return reading(component, name, data_type, default, is_constant=True, **options)


def value_text(value: object) -> str:
    """Format a value of a variable as OCPP spells it, for example true instead of True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def available(component: str, **options: Any) -> VariableDefinition:
    """Make the constant Available of a component; it is always true."""
    return constant(component, "Available", BOOLEAN, True, **options)


def enabled(component: str, **options: Any) -> VariableDefinition:
    """Make the writable variable Enabled of a component; it is true by default."""
    return writable(component, "Enabled", BOOLEAN, True, **options)


def measurands(component: str, name: str, default: str) -> VariableDefinition:
    """Make a writable list of measurands, such as SampledDataCtrlr.TxStartedMeasurands."""
    return writable(component, name, MEMBER_LIST, default, values=MEASURANDS, max_limit=200)


AVAILABILITY: Final = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
MEASURANDS: Final = (
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Import.Register",
    "Frequency",
    "Power.Active.Import",
    "Power.Offered",
    "SoC",
    "Voltage",
)
STOP_POINTS: Final = ("Authorized", "EVConnected", "EnergyTransfer", "ParkingBayOccupancy", "PowerPathClosed")
START_POINTS: Final = (*STOP_POINTS, "DataSigned")
TOKEN_TYPES: Final = (
    "Central",
    "eMAID",
    "ISO14443",
    "ISO15693",
    "KeyCode",
    "Local",
    "MacAddress",
    "NoAuthorization",
)
FORMATS: Final = ("ASCII", "HTML", "URI", "UTF8")
PRIORITIES: Final = ("AlwaysFront", "InFront", "NormalCycle")
NETWORK_SLOTS: Final = ("1", "2", "3")
MAX_BYTES: Final = 65536
ENERGY: Final = "Energy.Active.Import.Register"
ENERGY_AND_POWER: Final = "Energy.Active.Import.Register,Power.Active.Import"
PER_EVSE: Final = {"scope": Scope.EVSE}
PER_CONNECTOR: Final = {"scope": Scope.CONNECTOR}

PLUG_LOCK: Final = "ConnectorPlugRetentionLock"

INFRASTRUCTURE: Final = (
    available("ChargingStation"),
    reading(
        "ChargingStation", "AvailabilityState", OPTION_LIST, "Available", values=AVAILABILITY, in_summary=True
    ),
    reading("ChargingStation", "Problem", BOOLEAN, False, in_summary=True),
    constant("ChargingStation", "SupplyPhases", INTEGER, 3),
    constant("ChargingStation", "Model", STRING, "", max_limit=20),
    constant("ChargingStation", "SerialNumber", STRING, "", max_limit=25),
    constant("ChargingStation", "VendorName", STRING, "", max_limit=50),
    reading("ChargingStation", "FirmwareVersion", STRING, "", max_limit=50),
    writable("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate", BOOLEAN, False),
    available("EVSE", **PER_EVSE),
    constant("EVSE", "AllowReset", BOOLEAN, True, **PER_EVSE),
    reading(
        "EVSE",
        "AvailabilityState",
        OPTION_LIST,
        "Available",
        values=AVAILABILITY,
        in_summary=True,
        **PER_EVSE,
    ),
    writable("EVSE", "ISO15118EvseId", STRING, "", max_limit=37, **PER_EVSE),
    reading("EVSE", "Power", DECIMAL, 0, unit="W", **PER_EVSE),
    reading("EVSE", "Problem", BOOLEAN, False, in_summary=True, **PER_EVSE),
    constant("EVSE", "SupplyPhases", INTEGER, 3, **PER_EVSE),
    available("Connector", **PER_CONNECTOR),
    reading(
        "Connector",
        "AvailabilityState",
        OPTION_LIST,
        "Available",
        values=AVAILABILITY,
        in_summary=True,
        **PER_CONNECTOR,
    ),
    constant("Connector", "ConnectorType", STRING, "sType2", max_limit=20, **PER_CONNECTOR),
    reading("Connector", "Problem", BOOLEAN, False, in_summary=True, **PER_CONNECTOR),
    constant("Connector", "SupplyPhases", INTEGER, 3, **PER_CONNECTOR),
    available(PLUG_LOCK, **PER_CONNECTOR),
    reading(PLUG_LOCK, "Problem", BOOLEAN, False, **PER_CONNECTOR),
    available("Controller"),
    reading("Controller", "FirmwareVersion", STRING, "", max_limit=50),
    available("Display"),
    available("TokenReader"),
)

GENERAL_VARIABLES: Final = (
    reading("OCPPCommCtrlr", "ActiveNetworkProfile", INTEGER, 1),
    constant("OCPPCommCtrlr", "FileTransferProtocols", MEMBER_LIST, "HTTP,HTTPS", values=("HTTP", "HTTPS")),
    writable("OCPPCommCtrlr", "HeartbeatInterval", INTEGER, 300, unit="s", min_limit=1),
    writable("OCPPCommCtrlr", "MessageAttemptInterval", INTEGER, 5, instance="TransactionEvent", unit="s"),
    writable("OCPPCommCtrlr", "MessageAttempts", INTEGER, 3, instance="TransactionEvent", min_limit=1),
    reading("OCPPCommCtrlr", "MessageTimeout", INTEGER, 30, instance="Default", unit="s"),
    writable(
        "OCPPCommCtrlr",
        "NetworkConfigurationPriority",
        SEQUENCE_LIST,
        "1",
        values=NETWORK_SLOTS,
        needs_reboot=True,
    ),
    writable("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", INTEGER, 3, min_limit=1),
    writable("OCPPCommCtrlr", "OfflineThreshold", INTEGER, 60, unit="s"),
    writable(
        "OCPPCommCtrlr",
        "PublicKeyWithSignedMeterValue",
        OPTION_LIST,
        "OncePerTransaction",
        values=("Never", "OncePerTransaction", "EveryMeterValue"),
    ),
    writable("OCPPCommCtrlr", "QueueAllMessages", BOOLEAN, False),
    writable("OCPPCommCtrlr", "ResetRetries", INTEGER, 1),
    writable("OCPPCommCtrlr", "RetryBackOffRandomRange", INTEGER, 2, unit="s"),
    writable("OCPPCommCtrlr", "RetryBackOffRepeatTimes", INTEGER, 3, max_limit=16),
    writable("OCPPCommCtrlr", "RetryBackOffWaitMinimum", INTEGER, 2, unit="s"),
    writable("OCPPCommCtrlr", "UnlockOnEVSideDisconnect", BOOLEAN, True),
    writable("OCPPCommCtrlr", "WebSocketPingInterval", INTEGER, 30, unit="s"),
    constant("DeviceDataCtrlr", "BytesPerMessage", INTEGER, MAX_BYTES, instance="GetReport"),
    constant("DeviceDataCtrlr", "BytesPerMessage", INTEGER, MAX_BYTES, instance="GetVariables"),
    constant("DeviceDataCtrlr", "BytesPerMessage", INTEGER, MAX_BYTES, instance="SetVariables"),
    constant("DeviceDataCtrlr", "ConfigurationValueSize", INTEGER, 1000, max_limit=1000),
    constant("DeviceDataCtrlr", "ItemsPerMessage", INTEGER, 50, instance="GetReport"),
    constant("DeviceDataCtrlr", "ItemsPerMessage", INTEGER, 50, instance="GetVariables"),
    constant("DeviceDataCtrlr", "ItemsPerMessage", INTEGER, 50, instance="SetVariables"),
    constant("DeviceDataCtrlr", "ReportingValueSize", INTEGER, 2500, max_limit=2500),
    reading("ClockCtrlr", "DateTime", DATE_TIME, ""),
    writable("ClockCtrlr", "NextTimeOffsetTransitionDateTime", DATE_TIME, "2100-01-01T00:00:00Z"),
    writable("ClockCtrlr", "TimeOffset", STRING, "+00:00", max_limit=6),
    writable("ClockCtrlr", "TimeOffset", STRING, "+00:00", instance="NextTransition", max_limit=6),
    writable("ClockCtrlr", "TimeAdjustmentReportingThreshold", INTEGER, 20, unit="s"),
    writable("ClockCtrlr", "TimeSource", SEQUENCE_LIST, "Heartbeat", values=("Heartbeat", "RealTimeClock")),
    writable("ClockCtrlr", "TimeZone", STRING, "", max_limit=50),
    writable("CustomizationCtrlr", "CustomImplementationEnabled", BOOLEAN, True, instance="mock"),
)

SECURITY: Final = (
    constant("SecurityCtrlr", "AdditionalRootCertificateCheck", BOOLEAN, False),
    writable("SecurityCtrlr", "AllowSecurityProfileDowngrade", BOOLEAN, False),
    writable(
        "SecurityCtrlr", "BasicAuthPassword", STRING, "", mutability=Mutability.write_only, max_limit=40
    ),
    reading("SecurityCtrlr", "CertificateEntries", INTEGER, 0, max_limit=MAX_CERTIFICATES),
    writable("SecurityCtrlr", "CertSigningRepeatTimes", INTEGER, 2, max_limit=16),
    writable("SecurityCtrlr", "CertSigningWaitMinimum", INTEGER, 30, unit="s"),
    constant("SecurityCtrlr", "Identity", STRING, "", max_limit=48),
    constant("SecurityCtrlr", "MaxCertificateChainSize", INTEGER, 10000, max_limit=10000),
    writable("SecurityCtrlr", "OrganizationName", STRING, "Mock CSO", max_limit=64),
    reading("SecurityCtrlr", "SecurityProfile", INTEGER, 0, min_limit=0, max_limit=3),
    available("ISO15118Ctrlr"),
    enabled("ISO15118Ctrlr"),
    writable("ISO15118Ctrlr", "CentralContractValidationAllowed", BOOLEAN, True),
    writable("ISO15118Ctrlr", "ContractCertificateInstallationEnabled", BOOLEAN, True),
    writable("ISO15118Ctrlr", "ContractValidationOffline", BOOLEAN, True),
    writable("ISO15118Ctrlr", "CountryName", STRING, "DE", max_limit=2),
    writable("ISO15118Ctrlr", "OrganizationName", STRING, "Mock CSO", max_limit=64),
    writable("ISO15118Ctrlr", "PnCEnabled", BOOLEAN, False),
    writable("ISO15118Ctrlr", "RequestMeteringReceipt", BOOLEAN, False),
    writable("ISO15118Ctrlr", "SeccId", STRING, "DE-MCK-S-0001", max_limit=50),
    writable("ISO15118Ctrlr", "V2GCertificateInstallationEnabled", BOOLEAN, True),
)

AUTHORIZATION: Final = (
    constant("AuthCtrlr", "AdditionalInfoItemsPerMessage", INTEGER, 10),
    writable("AuthCtrlr", "AuthorizeRemoteStart", BOOLEAN, True),
    writable("AuthCtrlr", "DisableRemoteAuthorization", BOOLEAN, False),
    enabled("AuthCtrlr"),
    writable("AuthCtrlr", "LocalAuthorizeOffline", BOOLEAN, True),
    writable("AuthCtrlr", "LocalPreAuthorize", BOOLEAN, False),
    writable("AuthCtrlr", "MasterPassGroupId", STRING, "", max_limit=36),
    writable("AuthCtrlr", "OfflineTxForUnknownIdEnabled", BOOLEAN, False),
    constant("AuthCtrlr", "SupportedIdTokenTypes", MEMBER_LIST, ",".join(TOKEN_TYPES), values=TOKEN_TYPES),
    available("AuthCacheCtrlr"),
    writable("AuthCacheCtrlr", "DisablePostAuthorize", BOOLEAN, False),
    enabled("AuthCacheCtrlr"),
    writable("AuthCacheCtrlr", "LifeTime", INTEGER, 86400, unit="s"),
    writable("AuthCacheCtrlr", "Policy", OPTION_LIST, "LRU", values=("LRU", "LFU", "FIFO")),
    reading("AuthCacheCtrlr", "Storage", INTEGER, 0, unit="B", max_limit=MAX_CACHE_BYTES),
    available("LocalAuthListCtrlr"),
    constant("LocalAuthListCtrlr", "BytesPerMessage", INTEGER, MAX_BYTES),
    writable("LocalAuthListCtrlr", "DisablePostAuthorize", BOOLEAN, False),
    enabled("LocalAuthListCtrlr"),
    reading("LocalAuthListCtrlr", "Entries", INTEGER, 0, max_limit=MAX_LOCAL_LIST_ENTRIES),
    constant("LocalAuthListCtrlr", "ItemsPerMessage", INTEGER, 100),
    reading("LocalAuthListCtrlr", "Storage", INTEGER, 0, unit="B", max_limit=MAX_LOCAL_LIST_BYTES),
    constant("LocalAuthListCtrlr", "SupportsExpiryDateTime", BOOLEAN, True),
    available("ReservationCtrlr"),
    enabled("ReservationCtrlr"),
    constant("ReservationCtrlr", "NonEvseSpecific", BOOLEAN, True),
)

TRANSACTIONS: Final = (
    writable("TxCtrlr", "EVConnectionTimeOut", INTEGER, 60, unit="s"),
    writable("TxCtrlr", "MaxEnergyOnInvalidId", INTEGER, 0, unit="Wh"),
    writable("TxCtrlr", "StopTxOnEVSideDisconnect", BOOLEAN, True),
    writable("TxCtrlr", "StopTxOnInvalidId", BOOLEAN, True),
    writable("TxCtrlr", "TxBeforeAcceptedEnabled", BOOLEAN, False),
    writable("TxCtrlr", "TxStartPoint", MEMBER_LIST, "EVConnected,Authorized", values=START_POINTS),
    writable("TxCtrlr", "TxStopPoint", MEMBER_LIST, "EVConnected,Authorized", values=STOP_POINTS),
    available("SampledDataCtrlr"),
    enabled("SampledDataCtrlr"),
    writable("SampledDataCtrlr", "RegisterValuesWithoutPhases", BOOLEAN, True),
    writable("SampledDataCtrlr", "SignReadings", BOOLEAN, False),
    writable("SampledDataCtrlr", "TxEndedInterval", INTEGER, 0, unit="s"),
    measurands("SampledDataCtrlr", "TxEndedMeasurands", ENERGY),
    measurands("SampledDataCtrlr", "TxStartedMeasurands", ENERGY),
    writable("SampledDataCtrlr", "TxUpdatedInterval", INTEGER, 30, unit="s"),
    measurands("SampledDataCtrlr", "TxUpdatedMeasurands", ENERGY_AND_POWER),
    available("AlignedDataCtrlr"),
    enabled("AlignedDataCtrlr"),
    writable("AlignedDataCtrlr", "Interval", INTEGER, 900, unit="s", max_limit=86400),
    measurands("AlignedDataCtrlr", "Measurands", ENERGY_AND_POWER),
    writable("AlignedDataCtrlr", "SendDuringIdle", BOOLEAN, False),
    writable("AlignedDataCtrlr", "SignReadings", BOOLEAN, False),
    writable("AlignedDataCtrlr", "TxEndedInterval", INTEGER, 0, unit="s", max_limit=86400),
    measurands("AlignedDataCtrlr", "TxEndedMeasurands", ""),
    constant("SmartChargingCtrlr", "ACPhaseSwitchingSupported", BOOLEAN, False),
    available("SmartChargingCtrlr"),
    enabled("SmartChargingCtrlr"),
    reading(
        "SmartChargingCtrlr",
        "Entries",
        INTEGER,
        0,
        instance="ChargingProfiles",
        max_limit=MAX_CHARGING_PROFILES,
    ),
    writable("SmartChargingCtrlr", "ExternalControlSignalsEnabled", BOOLEAN, True),
    writable("SmartChargingCtrlr", "LimitChangeSignificance", DECIMAL, 1, unit="Percent", max_limit=100),
    writable("SmartChargingCtrlr", "NotifyChargingLimitWithSchedules", BOOLEAN, True),
    constant("SmartChargingCtrlr", "PeriodsPerSchedule", INTEGER, 24),
    constant("SmartChargingCtrlr", "Phases3to1", BOOLEAN, False),
    constant("SmartChargingCtrlr", "ProfileStackLevel", INTEGER, 10),
    constant("SmartChargingCtrlr", "RateUnit", MEMBER_LIST, "A,W", values=("A", "W")),
)

INFORMATION: Final = (
    available("TariffCostCtrlr", instance="Cost"),
    available("TariffCostCtrlr", instance="Tariff"),
    writable("TariffCostCtrlr", "Currency", STRING, "EUR", max_limit=3),
    enabled("TariffCostCtrlr", instance="Cost"),
    enabled("TariffCostCtrlr", instance="Tariff"),
    writable("TariffCostCtrlr", "TariffFallbackMessage", STRING, "Tariff not available", max_limit=255),
    writable("TariffCostCtrlr", "TotalCostFallbackMessage", STRING, "Cost not available", max_limit=255),
    available("MonitoringCtrlr"),
    reading(
        "MonitoringCtrlr",
        "ActiveMonitoringBase",
        OPTION_LIST,
        "All",
        values=("All", "FactoryDefault", "HardWiredOnly"),
    ),
    reading("MonitoringCtrlr", "ActiveMonitoringLevel", INTEGER, 9, min_limit=0, max_limit=9),
    constant("MonitoringCtrlr", "BytesPerMessage", INTEGER, MAX_BYTES, instance="ClearVariableMonitoring"),
    constant("MonitoringCtrlr", "BytesPerMessage", INTEGER, MAX_BYTES, instance="SetVariableMonitoring"),
    enabled("MonitoringCtrlr"),
    constant("MonitoringCtrlr", "ItemsPerMessage", INTEGER, 50, instance="ClearVariableMonitoring"),
    constant("MonitoringCtrlr", "ItemsPerMessage", INTEGER, 50, instance="SetVariableMonitoring"),
    writable("MonitoringCtrlr", "OfflineQueuingSeverity", INTEGER, 4, max_limit=9),
    available("DisplayMessageCtrlr"),
    reading("DisplayMessageCtrlr", "DisplayMessages", INTEGER, 0, max_limit=20),
    enabled("DisplayMessageCtrlr"),
    constant("DisplayMessageCtrlr", "PersonalMessageSize", INTEGER, 512),
    constant("DisplayMessageCtrlr", "SupportedFormats", MEMBER_LIST, ",".join(FORMATS), values=FORMATS),
    constant(
        "DisplayMessageCtrlr", "SupportedPriorities", MEMBER_LIST, ",".join(PRIORITIES), values=PRIORITIES
    ),
)

TABLE: Final = (*INFRASTRUCTURE, *GENERAL_VARIABLES, *SECURITY, *AUTHORIZATION, *TRANSACTIONS, *INFORMATION)
