"""Everything known about a station, across its connections."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from mock_csms.behaviour.rules import FIRST_STATE
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import to_json
from mock_csms.stations.bounded import MAX_REMEMBERED, BoundedDict
from mock_csms.stations.device_model import DeviceModel
from mock_csms.stations.transactions import Transaction

type Connector = tuple[int, int]
"""An EVSE id and the id of a connector on it."""


@dataclass(slots=True)
class Report:
    """What a station sends in parts for one requestId; parts may start anywhere, skip and repeat."""

    parts: set[int] = field(default_factory=set)
    complete: bool = False
    _items: list[Any] = field(default_factory=list)

    @property
    def items(self) -> list[Any]:
        """What was reported, as JSON."""
        return [to_json(item) for item in self._items]

    def add(self, seq_no: int, items: list[Any], *, more: bool) -> None:
        """Take in the part ``seq_no`` once; ``more`` is its tbc ("to be continued")."""
        if seq_no not in self.parts and len(self._items) < MAX_REMEMBERED:
            self.parts.add(seq_no)
            self._items += items
        self.complete = self.complete or not more


@dataclass(slots=True)
class Attempts:
    """How often a message came, and when the last time, in seconds of the monotonic clock."""

    count: int
    last: float


class RecentReports(BoundedDict[tuple[str, int], Report]):
    """The last reports; each may be a whole device model, and one may be asked for every second."""

    __slots__ = ()
    limit = 20


class RecentTransactions(BoundedDict[str, Transaction]):
    """The last transactions; a soak test may bring one a minute and station, for days."""

    __slots__ = ()
    limit = 1_000


@dataclass(slots=True)
class Station:
    """One station by its identity, whatever connection it comes on."""

    id: str
    registration: str | None = None
    boots: int = 0
    boot: JsonObject | None = None
    connectors: dict[Connector, str] = field(default_factory=BoundedDict)
    transactions: dict[str, Transaction] = field(default_factory=RecentTransactions)
    latest: Transaction | None = None
    """The transaction that the last TransactionEvent was about."""
    device_model: DeviceModel = field(default_factory=DeviceModel)
    reports: dict[tuple[str, int], Report] = field(default_factory=RecentReports)
    monitors: dict[int, JsonObject] = field(default_factory=BoundedDict)
    charging_profiles: dict[int, JsonObject] = field(default_factory=BoundedDict)
    """By the profile's id, each as SetChargingProfile has it: evseId and chargingProfile."""
    charging_limits: dict[tuple[str, int | None], JsonObject] = field(default_factory=BoundedDict)
    """By source and EVSE id."""
    negotiated: dict[tuple[int, str | None], tuple[int, int]] = field(default_factory=BoundedDict)
    """By EVSE id and transactionId, the ids of the charging profile and schedule that EVs' needs led to."""
    charging_needs: dict[int, JsonObject] = field(default_factory=BoundedDict)
    charging_schedules: dict[int, JsonObject] = field(default_factory=BoundedDict)
    reservations: dict[int, JsonObject] = field(default_factory=BoundedDict)
    display_messages: dict[int, JsonObject] = field(default_factory=BoundedDict)
    certificates: list[JsonObject] = field(default_factory=list)
    security_events: list[JsonObject] = field(default_factory=list)
    local_list_version: int | None = None
    firmware_status: str | None = None
    published_firmware_status: str | None = None
    log_status: str | None = None
    csr: str | None = None
    solicited: set[tuple[str, int | None]] = field(default_factory=set)
    steps_done: int = 0
    state: str = FIRST_STATE
    """What rules have set; they may ask for it."""
    attempts: dict[tuple[str, int], Attempts] = field(default_factory=BoundedDict)
    """By transactionId and seqNo, the TransactionEvents that were left without a good answer."""

    @property
    def running_transactions(self) -> Iterator[Transaction]:
        """The transactions that have not ended, the newest first."""
        return (transaction for transaction in reversed(self.transactions.values()) if not transaction.ended)

    def forget(self) -> None:
        """Know nothing any more, as of a station that comes for the first time."""
        fresh = Station(self.id)
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def register(self, status: str) -> None:
        """Note how the station's boot is answered; what was asked for lasts for as long as it is Pending."""
        self.registration = status
        if status != "Pending":
            self.solicited.clear()

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Find a transaction; it is mostly the one that was spoken of last."""
        latest = self.latest
        if latest is not None and latest.id == transaction_id:
            return latest
        return self.transactions.get(transaction_id)

    def transaction_on(self, evse_id: int) -> Transaction | None:
        """The newest transaction that runs on an EVSE."""
        return next((it for it in self.running_transactions if it.evse_id == evse_id), None)
