"""State of one station, kept across its connections."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import islice
from time import time
from typing import Any, Final, NamedTuple

import orjson

from mock_csms.behaviour.rules import FIRST_STATE
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import (
    ENTRY_BYTES,
    KIB,
    MAX_REMEMBERED,
    MIB,
    BoundedDict,
    BoundedJson,
    BoundedLog,
)
from mock_csms.stations.device_model import DeviceModel
from mock_csms.stations.transactions import MAX_MISSING, Transaction, parse_timestamp, started_at

MAX_REPORT_BYTES: Final = MIB
"""Maximum stored bytes of one station's reports, as received. Parts beyond it are counted, but not stored."""
STATION_BYTES: Final = 5_000
"""Approximate bytes of a booted station, without the data that `Station.size` counts in addition."""
TRANSACTION_BYTES: Final = 1_000
MAX_SUBJECTS: Final = 1_000

BULKY: Final = (
    "charging_needs",
    "charging_profiles",
    "charging_schedules",
    "device_model",
    "display_messages",
    "local_list",
    "monitors",
    "reports",
    "security_events",
    "start_profiles",
    "unknown_variables",
)
"""Attributes of `Station` that `trim` empties, because they may be large. Charging limits and reservations
stay, because profiles depend on them.
"""

type Connector = tuple[int, int]
"""An EVSE id and a connector id."""


@dataclass(slots=True)
class Report:
    """A report in parts for one requestId; the seqNos begin with 0 and come in any order."""

    items_name: str
    """Property that has the items in each part, such as reportData."""
    parts: set[int] = field(default_factory=set)
    last: int | None = None
    """seqNo of the last part, whose tbc is false or absent; None until that part arrives."""
    frames: list[bytes] = field(default_factory=list)
    """The parts as received, as far as there is room for them."""
    size: int = 0
    """Approximate bytes of the parts."""

    @property
    def items(self) -> list[Any]:
        """Reported items as JSON."""
        items: list[Any] = []
        for frame in self.frames:
            part = orjson.loads(frame)[3].get(self.items_name) or []
            items += part if isinstance(part, list) else [part]
        return items

    def add(self, seq_no: int, frame: bytes, *, more: bool) -> None:
        """Add the part ``seq_no`` unless it is already there; ``more`` is its tbc ("to be continued")."""
        if seq_no not in self.parts and len(self.parts) < MAX_REMEMBERED:
            self.parts.add(seq_no)
            size = len(frame) + ENTRY_BYTES
            if self.size + size <= MAX_REPORT_BYTES:
                self.frames.append(frame)
                self.size += size
        if not more:
            self.last = seq_no

    @property
    def missing(self) -> list[int]:
        """Missing seqNos below the highest known one, at most MAX_MISSING of them."""
        numbers = range(max((*self.parts, self.last or 0)) + 1)
        return list(islice((number for number in numbers if number not in self.parts), MAX_MISSING))

    @property
    def complete(self) -> bool:
        """Whether all parts have arrived."""
        return self.last is not None and not self.missing


class LogRequest(NamedTuple):
    """An accepted GetLog: its requestId, its URL, and how many uploads the mock had received before."""

    request_id: int
    location: str
    uploads: int


@dataclass(slots=True)
class Attempts:
    """Number of times that a message was received, and the latest time in ``last`` (monotonic clock)."""

    count: int
    last: float


@dataclass(slots=True)
class Solicitation:
    """Messages that a command requests: all parts of a report, or the message that a TriggerMessage names."""

    times: int | None
    """Number of messages still to come; None: any number."""
    subjects: set[str] = field(default_factory=set)
    """If `is_for_all`: EVSEs, connectors or transactions about which the message has arrived."""
    is_for_all: bool = False
    """Whether the station has to send the message once for each EVSE, connector or transaction."""

    def admits(self, subject: str) -> bool:
        """Return whether a message about ``subject`` (an EVSE, connector or transaction) is still to come."""
        return self.times is None or self.times > 0 or self._is_new(subject)

    def _is_new(self, subject: str) -> bool:
        return self.is_for_all and subject not in self.subjects and len(self.subjects) < MAX_SUBJECTS

    def use(self, subject: str) -> None:
        """Count a message about ``subject`` (an EVSE, connector or transaction)."""
        if self._is_new(subject):
            self.subjects.add(subject)
        elif self.times:
            self.times -= 1


class RecentIds(BoundedDict[Any, Any]):
    """Short values by id; above the limit, the oldest are dropped."""

    __slots__ = ()
    limit = 1_000


class RecentSolicitations(BoundedDict[tuple[str, int | None], Solicitation]):
    """The latest messages requested of a station whose boot is Pending."""

    __slots__ = ()
    limit = 200


class RecentReports(BoundedDict[tuple[str, int], Report]):
    """The latest reports. Only a few are kept: each may be a whole device model and arrive every second."""

    __slots__ = ()
    limit = 20

    def make_room(self) -> None:
        """Drop the oldest reports until the remaining ones together have at most MAX_REPORT_BYTES."""
        total = sum(report.size for report in self.values())
        while total > MAX_REPORT_BYTES:
            total -= self.pop(next(iter(self))).size


class ConnectorStatuses(BoundedDict[Connector, str]):
    """The latest status of each connector."""

    __slots__ = ()
    limit = 1_000


class RecentAttempts(BoundedDict[tuple[str, int], Attempts]):
    """Attempts to send the latest TransactionEvents that had no successful answer."""

    __slots__ = ()
    limit = 1_000


class HeldRequests(BoundedLog):
    """Requests of a station whose follow-up command, such as CertificateSigned, the mock holds back."""

    __slots__ = ()
    max_bytes = 64 * KIB


class KnownReservations(BoundedJson[int]):
    """Accepted ReserveNow requests by reservation id. Each is kept until its expiryDateTime (H04.FR.01)."""

    __slots__ = ()

    def drop_expired(self, now: datetime) -> None:
        """Drop reservations whose expiryDateTime is over. Keep those with an invalid time."""
        for reservation_id, reservation in list(self.items()):
            expiry = parse_timestamp(str(reservation.get("expiryDateTime")))
            if expiry is not None and expiry <= now:
                del self[reservation_id]


class ManyJson(BoundedJson[int]):
    """JSON values of a kind, such as monitors, that a station may have in large numbers."""

    __slots__ = ()
    max_bytes = 128 * KIB


class KnownLocalList(BoundedJson[tuple[str, str]]):
    """IdTokens of a local authorization list."""

    __slots__ = ()
    max_bytes = 512 * KIB


class RecentTransactions(BoundedDict[str, Transaction]):
    """The latest transactions. Their number is limited: a soak test may run one a minute for days."""

    __slots__ = ()
    limit = 1_000


@dataclass(slots=True)
class Station:
    """State of the station with one identity, kept when it reconnects."""

    id: str
    registration: str | None = None
    """Status in the answer to the last boot; Rejected if the answer was a CALLERROR, None before the first
    boot.
    """
    has_boot_error: bool = False
    """Whether the answer to the last boot was a CALLERROR."""
    boots: int = 0
    booted_at: float | None = None
    """Time of the last boot in seconds since the epoch."""
    boot: JsonObject | None = None
    boot_sequence: tuple[str, ...] | None = None
    """Configured statuses for the answers to successive boots, as they were at the last boot."""
    boots_before_sequence: int = 0
    connectors: dict[Connector, str] = field(default_factory=ConnectorStatuses)
    transactions: dict[str, Transaction] = field(default_factory=RecentTransactions)
    latest: Transaction | None = None
    """Transaction of the last TransactionEvent."""
    device_model: DeviceModel = field(default_factory=DeviceModel)
    reports: RecentReports = field(default_factory=RecentReports)
    monitors: BoundedJson[int] = field(default_factory=ManyJson)
    custom_monitors: dict[int, None] = field(default_factory=RecentIds)
    """Ids of the monitors that a SetVariableMonitoring has set."""
    charging_profiles: BoundedJson[int] = field(default_factory=ManyJson)
    """Charging profiles by id, each with evseId and chargingProfile as in SetChargingProfile."""
    start_profiles: BoundedJson[int] = field(default_factory=BoundedJson)
    """Profiles of accepted RequestStartTransactions, by remoteStartId; kept until the transaction starts."""
    charging_limits: BoundedJson[tuple[str, int | None]] = field(default_factory=BoundedJson)
    """NotifyChargingLimit requests, by chargingLimitSource and EVSE id."""
    negotiated: dict[tuple[int, str | None], tuple[int, int]] = field(default_factory=RecentIds)
    """Ids of the charging profile, and of its schedule, that the mock sends for the charging needs of an EV.

    They are stored by EVSE id and transactionId.
    """
    charging_needs: BoundedJson[int] = field(default_factory=BoundedJson)
    due_profiles: dict[int, None] = field(default_factory=RecentIds)
    """EVSEs with charging needs but without a transaction. Each gets a profile as soon as its transaction
    is known.
    """
    charging_schedules: BoundedJson[int] = field(default_factory=BoundedJson)
    reservations: KnownReservations = field(default_factory=KnownReservations)
    display_messages: BoundedJson[int] = field(default_factory=ManyJson)
    unknown_variables: BoundedJson[str] = field(default_factory=BoundedJson)
    """Names, as in the device model, of variables for which the station has answered UnknownComponent or
    UnknownVariable.
    """
    certificates: list[JsonObject] = field(default_factory=list)
    """Installed certificates, as the station has listed them."""
    has_complete_list: bool = False
    """Whether ``certificates`` are all of the station's certificates, not only those of some types."""
    installed: dict[str, bool] = field(default_factory=RecentIds)
    """Whether a certificate is installed, by serial number, from the station's last answer about it."""
    security_events: BoundedLog = field(default_factory=BoundedLog)
    local_list_version: int | None = None
    local_list: BoundedJson[tuple[str, str]] = field(default_factory=KnownLocalList)
    """IdTokens in the local authorization list that the mock has sent."""
    firmware_status: str | None = None
    published_firmware_status: str | None = None
    log_status: str | None = None
    log_request: LogRequest | None = None
    csr: str | None = None
    """CSR of the last SignCertificate."""
    csr_type: str | None = None
    """certificateType of the last CSR."""
    held_requests: HeldRequests = field(default_factory=HeldRequests)
    """Accepted SignCertificate requests for which the mock holds back the CertificateSigned."""
    solicited: dict[tuple[str, int | None], Solicitation] = field(default_factory=RecentSolicitations)
    """Messages that a Pending station may send, by action and requestId (None for a TriggerMessage)."""
    steps_done: int = 0
    state: str = FIRST_STATE
    """Rule state (see `When.state`): a word that the last hit of a rule with ``set`` gave the station."""
    attempts: dict[tuple[str, int], Attempts] = field(default_factory=RecentAttempts)
    """TransactionEvents without a successful answer, by transactionId and seqNo."""

    @property
    def size(self) -> int:
        """Approximate bytes of the state."""
        stores = (self.monitors, self.charging_profiles, self.charging_limits, self.charging_needs)
        others = (self.charging_schedules, self.reservations, self.display_messages, self.security_events)
        lists = (self.held_requests, self.local_list, self.start_profiles, self.unknown_variables)
        counted = sum(store.size for store in (*stores, *others, *lists)) + self.device_model.size
        reports = sum(report.size for report in self.reports.values())
        return counted + reports + STATION_BYTES + len(self.transactions) * TRANSACTION_BYTES

    @property
    def open_transactions(self) -> list[Transaction]:
        """Transactions that have not ended; those with the latest first event come first."""
        known = reversed(self.transactions.values())
        running = [transaction for transaction in known if transaction.is_running]
        return sorted(running, key=started_at, reverse=True) if len(running) > 1 else running

    @property
    def running_transactions(self) -> Iterator[Transaction]:
        """Transactions that have not ended, the newest first; of each EVSE, only the newest one.

        An EVSE has one transaction at a time (E01.FR.14), so an older one has ended; its end may have been
        lost in a reboot.
        """
        evses: set[int] = set()
        for transaction in self.open_transactions:
            if transaction.evse_id not in evses:
                yield transaction
            if transaction.evse_id is not None:
                evses.add(transaction.evse_id)

    def forget(self) -> None:
        """Reset everything except the identity to the state before the first connection."""
        fresh = Station(self.id)
        for attribute in fields(self):
            setattr(self, attribute.name, getattr(fresh, attribute.name))

    def trim(self) -> None:
        """Empty the attributes in BULKY, and drop the transactions that have ended, except `latest`."""
        fresh = Station(self.id)
        for name in BULKY:
            setattr(self, name, getattr(fresh, name))
        for transaction_id, transaction in list(self.transactions.items()):
            if transaction is not self.latest and not transaction.is_running:
                del self.transactions[transaction_id]

    def note_boot(self, payload: JsonObject | None) -> None:
        """Count a boot, and store its time and payload; None stands for a payload that is too long."""
        self.boot, self.booted_at = payload, time()
        self.boots += 1

    def boot_in(self, sequence: tuple[str, ...]) -> int:
        """Number of the current boot in ``sequence``: 1 for the first boot since the sequence was changed."""
        if sequence != self.boot_sequence:
            self.boots_before_sequence = max(0, self.boots - 1)
            self.boot_sequence = sequence
        return self.boots - self.boots_before_sequence

    def register(self, status: str, *, is_error: bool = False) -> None:
        """Store the status in the answer to a boot. Unless it is Pending, clear `solicited`."""
        self.registration, self.has_boot_error = status, is_error
        if status != "Pending":
            self.solicited.clear()

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Find a transaction by id. The one of the last TransactionEvent is tried first, as the likeliest
        match.
        """
        latest = self.latest
        if latest is not None and latest.id == transaction_id:
            return latest
        return self.transactions.get(transaction_id)

    def transaction_on(self, evse_id: int) -> Transaction | None:
        """Newest running transaction on an EVSE, or None."""
        return next((running for running in self.running_transactions if running.evse_id == evse_id), None)
