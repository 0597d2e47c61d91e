"""Features of a station that the conditions of test cases name, and the variables that show them."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

PROFILES: Final = (
    "Core",
    "AdvancedSecurity",
    "LocalAuthList",
    "SmartCharging",
    "DeviceManagement",
    "UserInterface",
    "Reservation",
    "ISO15118",
)


class Sign(Enum):
    """Kind of evidence: how a variable of the device model shows a feature."""

    IMPLEMENTED = auto()
    WRITABLE = auto()
    CAN_BE = auto()
    """The variable has the value, or is writable."""
    OFFERS = auto()
    """The variable is a list with the value, or is writable and its valuesList has the value."""
    STARTS_WITH = auto()
    SEVERAL_EVSES = auto()


@dataclass(frozen=True)
class Evidence:
    """A variable of the device model that shows a feature."""

    variable: str
    """Component and variable, such as TxCtrlr.TxStartPoint; a variable alone may belong to any component."""
    sign: Sign = Sign.IMPLEMENTED
    value: str = ""
    instance: str | None = None

    @property
    def component(self) -> str:
        return self.variable.rpartition(".")[0]

    @property
    def variable_name(self) -> str:
        return self.variable.rpartition(".")[2]


@dataclass(frozen=True)
class Feature:
    """A property of a station that decides which test cases apply to it."""

    id: str
    profile: str
    """Certification profile; empty for the hardware, additional questions and product subtypes of Part 5."""
    description: str
    evidence: tuple[Evidence, ...] = ()
    """Variables, any of which shows the feature; empty if only a person knows."""
    is_hint: bool = False
    """Whether the evidence is necessary but not sufficient, so that a person has to be asked."""


def _implemented(variable: str) -> tuple[Evidence, ...]:
    return (Evidence(variable),)


def _writable(variable: str) -> tuple[Evidence, ...]:
    return (Evidence(variable, Sign.WRITABLE),)


def _can_be(value: str, *variables: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(variable, Sign.CAN_BE, value) for variable in variables)


def _offers(value: str, variable: str) -> tuple[Evidence, ...]:
    return (Evidence(variable, Sign.OFFERS, value),)


def _starts_with(variable: str, *prefixes: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(variable, Sign.STARTS_WITH, prefix) for prefix in prefixes)


def _numbered(prefix: str, descriptions: Mapping[str, str], variable: str) -> tuple[Feature, ...]:
    """Make a feature for each value in ``descriptions``, with the ids ``prefix.1``, ``prefix.2``, ..."""
    return tuple(
        Feature(f"{prefix}.{number}", "", description, _offers(value, variable))
        for number, (value, description) in enumerate(descriptions.items(), start=1)
    )


def _available(component: str) -> tuple[Evidence, ...]:
    return _can_be("true", f"{component}.Available", f"{component}.Enabled")


def _of(profile: str, *features: Feature) -> tuple[Feature, ...]:
    return tuple(
        Feature(feature.id, profile, feature.description, feature.evidence, feature.is_hint)
        for feature in features
    )


def _core(id_: str, description: str, evidence: tuple[Evidence, ...] = (), *, hint: bool = False) -> Feature:
    return Feature(id_, "Core", description, evidence, hint)


_PROFILE_FEATURES: Final = (
    Feature("Core", "Core", "the profile Core", _implemented("OCPPCommCtrlr.OfflineThreshold")),
    Feature(
        "AdvancedSecurity",
        "AdvancedSecurity",
        "the profile Advanced Security: client certificates",
        _implemented("SecurityCtrlr.SecurityProfile"),
        is_hint=True,
    ),
    Feature(
        "LocalAuthList",
        "LocalAuthList",
        "the profile Local Authorization List Management",
        _available("LocalAuthListCtrlr"),
    ),
    Feature("SmartCharging", "SmartCharging", "the profile Smart Charging", _available("SmartChargingCtrlr")),
    Feature(
        "DeviceManagement",
        "DeviceManagement",
        "the profile Advanced Device Management: custom reports and monitors",
        _available("MonitoringCtrlr"),
    ),
    Feature(
        "UserInterface",
        "UserInterface",
        "the profile Advanced User Interface: messages and costs on a display",
        _available("DisplayMessageCtrlr"),
    ),
    Feature("Reservation", "Reservation", "the profile Reservation", _available("ReservationCtrlr")),
    Feature(
        "ISO15118",
        "ISO15118",
        "the profile ISO 15118 Support: contract certificates and schedules of vehicles",
        _available("ISO15118Ctrlr"),
    ),
)

_START_POINTS: Final = {
    "EVConnected": "a transaction can start when the cable is plugged in",
    "Authorized": "a transaction can start when a token is authorized",
    "DataSigned": "a transaction can start with a signed meter value",
    "PowerPathClosed": "a transaction can start when the vehicle is both connected and authorized",
    "EnergyTransfer": "a transaction can start when energy begins to flow",
    "ParkingBayOccupancy": "a transaction can start when a vehicle arrives in the parking bay",
}
_STOP_POINTS: Final = {
    "EVConnected": "a transaction can end when the cable is unplugged",
    "Authorized": "a transaction can end when the authorization ends",
    "PowerPathClosed": "a transaction can end when the cable is unplugged or the authorization ends",
    "EnergyTransfer": "a transaction can end when energy stops flowing",
    "ParkingBayOccupancy": "a transaction can end when the vehicle leaves the parking bay",
}

_OFFLINE: Final = (
    _core(
        "C-01", "tokens are authorized offline", _can_be("true", "AuthCtrlr.LocalAuthorizeOffline"), hint=True
    ),
    _core(
        "C-02",
        "unknown tokens can be accepted offline",
        _can_be("true", "AuthCtrlr.OfflineTxForUnknownIdEnabled"),
    ),
    _core(
        "C-03",
        "the energy for a token that turns out invalid can be limited",
        _implemented("TxCtrlr.MaxEnergyOnInvalidId"),
    ),
    _core("C-04", "short changes of status can be left out", _implemented("MinimumStatusDuration")),
)

_TRANSACTIONS: Final = (
    _core(
        "C-06",
        "authorization after unplugging at the vehicle (StopTxOnEVSideDisconnect)",
        _implemented("TxCtrlr.StopTxOnEVSideDisconnect"),
    ),
    _core(
        "C-06.1",
        "unplugging at the vehicle can leave the transaction authorized",
        _can_be("false", "TxCtrlr.StopTxOnEVSideDisconnect"),
    ),
    _core(
        "C-06.2",
        "unplugging at the vehicle can end the authorization",
        _can_be("true", "TxCtrlr.StopTxOnEVSideDisconnect"),
    ),
    _core(
        "C-07",
        "master passes, with a choice of transactions on a display",
        _implemented("AuthCtrlr.MasterPassGroupId"),
        hint=True,
    ),
    _core(
        "C-08",
        "master passes, without a display to choose on",
        _implemented("AuthCtrlr.MasterPassGroupId"),
        hint=True,
    ),
    _core("C-09", "start points of transactions (TxStartPoint)", _implemented("TxCtrlr.TxStartPoint")),
    *_of("Core", *_numbered("C-09", _START_POINTS, "TxCtrlr.TxStartPoint")),
    _core("C-10", "stop points of transactions (TxStopPoint)", _implemented("TxCtrlr.TxStopPoint")),
    *_of("Core", *_numbered("C-10", _STOP_POINTS, "TxCtrlr.TxStopPoint")),
    _core("C-51", "TxStartPoint can be changed", _writable("TxCtrlr.TxStartPoint")),
    _core("C-52", "TxStopPoint can be changed", _writable("TxCtrlr.TxStopPoint")),
    _core(
        "C-12",
        "cable lock after unplugging at the vehicle (UnlockOnEVSideDisconnect)",
        _implemented("OCPPCommCtrlr.UnlockOnEVSideDisconnect"),
    ),
    _core(
        "C-12.1",
        "unplugging at the vehicle can release the cable at the station",
        _can_be("true", "OCPPCommCtrlr.UnlockOnEVSideDisconnect"),
    ),
    _core(
        "C-12.2",
        "unplugging at the vehicle can leave the cable locked at the station",
        _can_be("false", "OCPPCommCtrlr.UnlockOnEVSideDisconnect"),
    ),
)

_MAINTENANCE: Final = (
    _core("C-13", "a single EVSE can be reset", _can_be("true", "EVSE.AllowReset")),
    _core("C-14", "customer information can be requested by a customer identifier"),
    _core(
        "C-20",
        "new sessions can be allowed while a firmware update waits",
        _can_be("true", "ChargingStation.AllowNewSessionsPendingFirmwareUpdate"),
    ),
    _core("C-21", "all messages can be queued while offline", _implemented("OCPPCommCtrlr.QueueAllMessages")),
    _core("C-23", "sources of the time (TimeSource)", _implemented("ClockCtrlr.TimeSource")),
    _core("C-25", "the time offset can be set", _writable("ClockCtrlr.TimeOffset")),
    _core("C-26", "the time zone can be set", _writable("ClockCtrlr.TimeZone")),
    _core("C-43", "firmware is installed while transactions go on"),
    _core("C-47", "after the last network profile has failed, the first one is tried again"),
    _core("C-56", "summary reports are supported"),
    _core("C-57", "a running upload of a log can be cancelled"),
    _core("C-60", "a running firmware update can be cancelled"),
    _core("C-61", "security profile 1: a password without TLS"),
)

_TRIGGERS: Final = (
    _core("C-29", "messages can be triggered"),
    _core("C-29.1", "MeterValues can be triggered"),
    _core("C-29.2", "TransactionEvent can be triggered"),
    _core("C-29.3", "LogStatusNotification can be triggered"),
    _core("C-29.4", "FirmwareStatusNotification can be triggered"),
    _core("C-29.5", "StatusNotification can be triggered"),
    _core("C-29.6", "BootNotification can be triggered"),
)

_AUTHORIZATION: Final = (
    _core("C-30", "local start with a card of ISO 14443"),
    _core("C-31", "local start with a card of ISO 15693"),
    _core("C-32", "local start with a code typed on a keypad"),
    _core("C-33", "local start with an id that the station generates"),
    _core("C-34", "local start with the MAC address of the vehicle"),
    _core("C-35", "local start without authorization, such as by a button"),
    _core("C-36", "remote start with a card of ISO 14443"),
    _core("C-37", "remote start with a card of ISO 15693"),
    _core("C-38", "remote start with an id that the central system generates"),
    _core("C-39", "remote start without authorization"),
    _core("C-70", "local stop with a card of ISO 14443"),
    _core("C-71", "local stop with a card of ISO 15693"),
    _core("C-72", "local stop with a code typed on a keypad"),
    _core("C-75", "local stop without authorization, such as by a button"),
    _core(
        "C-48",
        "authorization of remote starts (AuthorizeRemoteStart)",
        _implemented("AuthCtrlr.AuthorizeRemoteStart"),
    ),
    _core(
        "C-48.1",
        "remote starts can be authorized like local ones",
        _can_be("true", "AuthCtrlr.AuthorizeRemoteStart"),
    ),
    _core(
        "C-48.2",
        "remote starts can charge without a further authorization",
        _can_be("false", "AuthCtrlr.AuthorizeRemoteStart"),
    ),
    _core(
        "C-49",
        "an authorization cache",
        _can_be("true", "AuthCacheCtrlr.Enabled", "AuthCacheCtrlr.Available"),
    ),
    _core("C-53", "cached tokens expire", _implemented("AuthCacheCtrlr.LifeTime")),
    _core("C-54", "replacement of cached tokens (Policy)", _implemented("AuthCacheCtrlr.Policy")),
    _core(
        "C-58",
        "the authorization by the central system can be switched off",
        _can_be("true", "AuthCtrlr.DisableRemoteAuthorization"),
    ),
    _core(
        "C-59",
        "the Authorize for cached tokens that are not Accepted can be switched off",
        _can_be("true", "AuthCacheCtrlr.DisablePostAuthorize"),
    ),
)

_METERING: Final = (
    _core(
        "C-28",
        "clock-aligned values can be limited to times without a transaction",
        _can_be("true", "AlignedDataCtrlr.SendDuringIdle"),
    ),
    _core("C-40", "meter values", _implemented("SampledDataCtrlr.TxUpdatedMeasurands")),
    _core("C-40.1", "sampled values in Started events", _implemented("SampledDataCtrlr.TxStartedMeasurands")),
    _core("C-40.2", "sampled values in Updated events", _implemented("SampledDataCtrlr.TxUpdatedMeasurands")),
    _core("C-40.3", "sampled values in Ended events", _implemented("SampledDataCtrlr.TxEndedMeasurands")),
    _core("C-40.4", "clock-aligned values", _implemented("AlignedDataCtrlr.Measurands")),
    _core(
        "C-40.5", "clock-aligned values in Ended events", _implemented("AlignedDataCtrlr.TxEndedMeasurands")
    ),
    _core("C-41", "TLS with a pair of the required cipher suites"),
    _core(
        "C-42",
        "meter values can be signed",
        _can_be("true", "SampledDataCtrlr.SignReadings", "AlignedDataCtrlr.SignReadings"),
    ),
)

_OTHER_PROFILES: Final = (
    *_of(
        "AdvancedSecurity",
        Feature(
            "AS-2",
            "",
            "a new root certificate of the central system must be signed by the old one",
            _can_be("true", "SecurityCtrlr.AdditionalRootCertificateCheck"),
        ),
        Feature(
            "AS-3",
            "",
            "a certificate signing request without an answer is repeated",
            _implemented("SecurityCtrlr.CertSigningWaitMinimum"),
        ),
    ),
    *_of(
        "SmartCharging",
        Feature("SC-2", "", "units of limits (RateUnit)", _implemented("SmartChargingCtrlr.RateUnit")),
        *_numbered("SC-2", {"A": "limits in amperes", "W": "limits in watts"}, "SmartChargingCtrlr.RateUnit"),
    ),
    *_of(
        "Reservation",
        Feature(
            "R-1",
            "",
            "a connector can be reserved by its type",
            _implemented("Connector.ConnectorType"),
            is_hint=True,
        ),
        Feature(
            "R-2",
            "",
            "an unspecified EVSE can be reserved",
            _can_be("true", "ReservationCtrlr.NonEvseSpecific"),
        ),
        Feature("R-3", "", "reservations can be switched off", _can_be("false", "ReservationCtrlr.Enabled")),
    ),
    *_of(
        "DeviceManagement",
        Feature(
            "DM-3",
            "",
            "events are queued while offline, depending on their severity",
            _implemented("MonitoringCtrlr.OfflineQueuingSeverity"),
        ),
    ),
    *_of(
        "ISO15118",
        Feature("ISO-4", "", "customer information can be requested by a customer certificate"),
        Feature(
            "ISO-5",
            "",
            "the central system can check contract certificates that the station cannot check",
            _can_be("true", "ISO15118Ctrlr.CentralContractValidationAllowed"),
        ),
    ),
    *_of(
        "LocalAuthList",
        Feature(
            "LA-1",
            "",
            "the local list can be switched on and off",
            _implemented("LocalAuthListCtrlr.Enabled"),
        ),
        Feature(
            "LA-3",
            "",
            "the Authorize for listed tokens that are not Accepted can be switched off",
            _can_be("true", "LocalAuthListCtrlr.DisablePostAuthorize"),
        ),
    ),
    *_of(
        "UserInterface",
        Feature(
            "UI-1",
            "",
            "priorities of display messages (SupportedPriorities)",
            _implemented("DisplayMessageCtrlr.SupportedPriorities"),
        ),
        *_numbered(
            "UI-1",
            {
                "AlwaysFront": "display messages with the priority AlwaysFront",
                "InFront": "display messages with the priority InFront",
                "NormalCycle": "display messages with the priority NormalCycle",
            },
            "DisplayMessageCtrlr.SupportedPriorities",
        ),
        Feature(
            "UI-2",
            "",
            "formats of display messages (SupportedFormats)",
            _implemented("DisplayMessageCtrlr.SupportedFormats"),
        ),
        *_numbered(
            "UI-2",
            {
                "ASCII": "display messages in ASCII",
                "HTML": "display messages in HTML",
                "URI": "display messages that a URI leads to",
                "UTF8": "display messages in UTF-8",
            },
            "DisplayMessageCtrlr.SupportedFormats",
        ),
    ),
)

_HARDWARE: Final = (
    Feature("HFS-1", "", "a socket for a detachable cable", _starts_with("Connector.ConnectorType", "s")),
    Feature("HFS-2", "", "a cable fixed to the station", _starts_with("Connector.ConnectorType", "c")),
    Feature("HFS-3", "", "charging with alternating current"),
    Feature(
        "HFS-4",
        "",
        "charging with direct current",
        _starts_with("Connector.ConnectorType", "cCCS", "cChaoJi", "cG105"),
    ),
    Feature("HFS-5", "", "charging with one phase"),
    Feature("HFS-6", "", "charging with two phases"),
    Feature("HFS-7", "", "charging with three phases"),
    Feature("HFS-8>1", "", "more than one EVSE", (Evidence("EVSE.AvailabilityState", Sign.SEVERAL_EVSES),)),
    Feature("HFS-10", "", "a card reader"),
)

_QUESTIONS: Final = (
    Feature("AQ-1", "", "the last root certificate of the central system can be removed"),
    Feature("AQ-2", "", "a lock prevents plugging in before a token is authorized"),
    Feature("AQ-3", "", "the last certificate of the station can be removed, other than by OCPP"),
    Feature("AQ-4", "", "not every number of phases (1, 2, 3) is supported"),
    Feature("AQ-5", "", "a hard-wired monitor"),
    Feature("AQ-6", "", "a preconfigured monitor"),
    Feature("AQ-7", "", "firmware is downloaded while transactions go on"),
    Feature("AQ-8", "", "the EVSE is always chosen before the authorization"),
    Feature("AQ-9", "", "vehicles can charge by IEC 61851-1, mode 3"),
    Feature("AQ-10", "", "a delta monitor can be set on BasicAuthPassword, which is write-only"),
    Feature("AQ-11", "", "one certificate serves both OCPP and ISO 15118"),
    Feature("AQ-18", "", "an automatic lock for the plug at the station"),
    Feature("Mode12Only", "", "the station charges in modes 1 and 2 only"),
    Feature("Wireless", "", "the station charges without a cable"),
)

FEATURES: Final[Mapping[str, Feature]] = MappingProxyType(
    {
        feature.id: feature
        for feature in (
            *_PROFILE_FEATURES,
            *_OFFLINE,
            *_TRANSACTIONS,
            *_MAINTENANCE,
            *_TRIGGERS,
            *_AUTHORIZATION,
            *_METERING,
            *_OTHER_PROFILES,
            *_HARDWARE,
            *_QUESTIONS,
        )
    }
)
"""Every feature by its id: an id of Part 5, a certification profile, or a subtype of products."""


def claimed_values(claims: Container[str], prefix: str) -> list[str]:
    """Return the values that the claimed features ``prefix.N`` stand for, such as EVConnected for C-09.1."""
    numbered = [feature for feature in FEATURES.values() if feature.id.startswith(f"{prefix}.")]
    return [feature.evidence[0].value for feature in numbered if feature.id in claims]
