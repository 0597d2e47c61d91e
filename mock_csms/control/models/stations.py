"""Models of the state of stations."""

from typing import Any, Literal

from mock_csms.control.models.base import Model, OcppPayload, Root
from mock_csms.control.models.findings import FindingCounts
from mock_csms.control.models.offline import OfflineSummary


class ConnectorState(Model):
    """A connector and its status."""

    evse_id: int
    """Number of the EVSE."""
    connector_id: int
    """Number of the connector within the EVSE."""
    connector_status: str
    """Status in the last StatusNotification of the connector."""


class PendingCommand(Model):
    """A command that waits for its answer."""

    message_id: str
    """Message id of the CALL."""
    action: str
    """Action of the command."""


class TransactionSummary(Model):
    """A running transaction in short."""

    transaction_id: str
    """The transactionId that the station has chosen."""
    evse_id: int | None
    """Number of the EVSE; null if it is not known."""
    connector_id: int | None
    """Number of the connector; null if it is not known."""
    id_token: OcppPayload | None
    """idToken of the last event that has one; null before such an event."""
    charging_state: str | None
    """The last chargingState; null before the first one."""
    started_at: str | None
    """Time of its first event, in UTC; null if the station sent no valid time."""
    energy_wh: float
    """Energy between the first and the last reading in Wh."""
    total_cost: float
    """Cost so far: the setting `totalCost`, or if it is null, the energy times the setting `costPerKwh`."""


class StationSummary(Model):
    """The state of a station in short."""

    id: str
    """Identity of the station."""
    connected: bool
    """Whether the station is connected now."""
    connection: int | None
    """Number of its connection, counted over all stations; null if the station is not connected."""
    connected_since: str | None
    """Time of its opening handshake; null if the station is not connected."""
    ocpp_version: str | None
    """OCPP version of the connection; null if the station is not connected."""
    listener: str | None
    """Name of the listener of its connection; null if the station is not connected."""
    security_profile: Literal[0, 1, 2, 3] | None
    """Security profile that the credentials of its connection meet, 0 for none; null if the station is not
    connected.
    """
    remote: str | None
    """Its address and port; null if the station is not connected."""
    registration: Literal["Accepted", "Pending", "Rejected"] | None
    """Status in the answer to its last BootNotification; null before the first one."""
    boots: int
    """Number of its BootNotifications."""
    booted_at: str | None
    """Time of its last BootNotification; null before the first one."""
    vendor: str | None
    """The vendorName in its last BootNotification; null before the first one."""
    model: str | None
    """The model in its last BootNotification; null before the first one."""
    firmware: str | None
    """The firmwareVersion in its last BootNotification; null if it has none."""
    connectors: list[ConnectorState]
    """Status of the connectors."""
    transactions: int
    """Number of its running transactions."""
    running: list[TransactionSummary]
    """Its running transactions, the newest first, at most 20."""
    last_message: str | None
    """Time of the last frame from the station; null before the first one."""
    findings: FindingCounts
    """Numbers of the findings about the station, by severity."""
    offline: bool
    """Whether the mock is offline for the station now."""
    pending_call: PendingCommand | None
    """The command that waits for its answer; null if no command waits."""
    state: str
    """Rule state of the station: the last one that a rule has set with `set`; `start` if no rule has."""


class StationList(Root[list[StationSummary]]):
    """The known stations."""


class RegisterReading(Model):
    """A reading of the energy register."""

    timestamp: str
    """Time that the station names, in UTC."""
    wh: float
    """Reading in Wh."""


class TransactionView(Model):
    """A transaction, as its TransactionEvents describe it."""

    transaction_id: str
    """The transactionId that the station has chosen."""
    evse_id: int | None
    """Number of the EVSE; null if it is not known."""
    connector_id: int | None
    """Number of the connector; null if it is not known."""
    id_token: OcppPayload | None
    """idToken of the last event that has one; null before such an event."""
    charging_state: str | None
    """The last chargingState; null before the first one, and after the end of the transaction."""
    stopped_reason: str | None
    """The stoppedReason; null before the end."""
    remote_start_id: int | None
    """The remoteStartId of the RequestStartTransaction that started it; null for other starts."""
    reservation_id: int | None
    """Id of the reservation that the transaction used; null if it used none."""
    ended: bool
    """Whether the transaction has ended: its Ended event has arrived, or the station has said that no event
    follows.
    """
    stopped: bool
    """Whether the station has said that the transaction has stopped; events may still be queued (E14)."""
    events: int
    """Number of its events, including repeated ones."""
    last_seq_no: int
    """The highest seqNo of its events; -1 before the first one."""
    missing_seq_nos: list[int]
    """Missing seqNos between the lowest and the highest that have arrived, at most 100."""
    meter_start: RegisterReading | None
    """The first reading of the energy register; null before the first one."""
    meter_last: RegisterReading | None
    """The last reading of the energy register; null before the first one."""
    energy_wh: float
    """Energy between the first and the last reading in Wh."""
    total_cost: float
    """Cost so far: the setting `totalCost`, or if it is null, the energy times the setting `costPerKwh`."""
    started_at: str | None
    """Time of its first event, in UTC; null if the station sent no valid time."""
    ended_at: str | None
    """Time of its Ended event, in UTC; null before it, or if the station sent no valid time."""


class DeviceVariable(Model):
    """A variable of the device model."""

    component: OcppPayload
    """The component (ComponentType)."""
    variable: OcppPayload
    """The variable (VariableType)."""
    attributes: dict[Literal["Actual", "Target", "MinSet", "MaxSet"], str | None]
    """Values by attribute type; null for a value that the station does not reveal."""


class ReportState(Model):
    """A report that the station sends in parts, such as NotifyReports."""

    action: str
    """Action of its parts, such as NotifyReport."""
    request_id: int
    """The requestId of the command that requested the report."""
    complete: bool
    """Whether all parts have arrived."""
    parts: list[int]
    """seqNos of the parts that have arrived."""
    missing: list[int]
    """Missing seqNos below the highest known one, at most 100."""
    items: list[Any]
    """The items of all parts, such as the reportData of NotifyReports; of a long report, only the first
    parts.
    """


class ChargingNeedsOfEvse(Model):
    """Charging needs that an electric vehicle has reported at an EVSE."""

    evse_id: int
    """Number of the EVSE."""
    charging_needs: OcppPayload
    """The needs (ChargingNeedsType)."""


class ChargingScheduleOfEvse(Model):
    """Charging schedule that an electric vehicle has reported at an EVSE."""

    evse_id: int
    """Number of the EVSE."""
    charging_schedule: OcppPayload
    """The schedule (ChargingScheduleType)."""


class HeldAnswerState(Model):
    """An answer to the station that the fault `hold` holds back."""

    action: str
    """Action of the CALL from the station."""
    message_id: str
    """Message id of the CALL."""
    since: str
    """Time of the CALL."""


class StationState(StationSummary):
    """The full state of a station."""

    boot: OcppPayload | None
    """Payload of the last BootNotification; null before the first one, or if it is too long."""
    transactions: list[TransactionView]  # type: ignore[assignment]
    """Transactions, running and ended ones, the oldest first."""
    device_model: dict[str, DeviceVariable]
    """Variables of the device model by name, as in `EVSE#1.2/AvailabilityState`."""
    reports: list[ReportState]
    """The latest reports."""
    monitors: list[OcppPayload]
    """Variable monitors that the mock knows of, each with its component and variable."""
    charging_profiles: list[OcppPayload]
    """Charging profiles, each with evseId and chargingProfile as in SetChargingProfile."""
    charging_limits: list[OcppPayload]
    """Charging limits that other systems have set: the last NotifyChargingLimit for each source and EVSE."""
    charging_needs: list[ChargingNeedsOfEvse]
    """The last NotifyEVChargingNeeds of each EVSE."""
    charging_schedules: list[ChargingScheduleOfEvse]
    """The last NotifyEVChargingSchedule of each EVSE."""
    reservations: list[OcppPayload]
    """Accepted ReserveNow requests that have not expired."""
    display_messages: list[OcppPayload]
    """Messages on the display (MessageInfoType)."""
    certificates: list[OcppPayload]
    """Certificates that the station has listed (CertificateHashDataChainType)."""
    held_requests: list[OcppPayload]
    """SignCertificate requests whose certificate is held back; `release` sends the certificates."""
    held_answers: list[HeldAnswerState]
    """Answers to the station that the fault `hold` holds back; `release` sends them."""
    security_events: list[OcppPayload]
    """The latest SecurityEventNotifications."""
    local_list_version: int | None
    """Version of the local authorization list; null if it is not known."""
    firmware_status: str | None
    """Status in the last FirmwareStatusNotification; null before the first one."""
    published_firmware_status: str | None
    """Status in the last PublishFirmwareStatusNotification; null before the first one."""
    log_status: str | None
    """Status in the last LogStatusNotification; null before the first one."""
    offline: OfflineSummary | None  # type: ignore[assignment]
    """The current or last period in which the mock is offline for the station; null if there was none."""
