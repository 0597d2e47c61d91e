"""EVSEs and connectors of a simulated station, and the status of a connector."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ocpp.v201.enums import ConnectorStatusEnumType as ConnectorStatus

from mock_csms.messages import JsonObject


@dataclass(eq=False)
class EvseConnector:
    """A connector and its state."""

    evse_id: int
    id: int
    is_operative: bool = True
    """Whether ChangeAvailability left the connector itself operative (G03). A reboot does not change this."""
    waits_for: str | None = None
    """Id of the transaction that delays the latest change of the connector to Inoperative (G03.FR.05)."""
    is_plugged: bool = False
    is_locked: bool = False
    is_faulted: bool = False
    is_lock_jammed: bool = False
    """Whether the lock is stuck, closed or open."""

    @property
    def is_lock_failed(self) -> bool:
        """Whether a plug is not locked because the lock is stuck open (G05)."""
        return self.is_plugged and self.is_lock_jammed and not self.is_locked


@dataclass(eq=False)
class Evse:
    """An EVSE, at which one vehicle can charge at a time."""

    id: int
    connectors: dict[int, EvseConnector]
    is_operative: bool = True
    """Whether ChangeAvailability left the EVSE itself operative (G03). A reboot does not change this."""
    transaction_id: str | None = None
    charging_since: datetime | None = None
    """Time when the power path of the transaction first closed. Relative charging profiles start at this
    time.
    """
    id_token: JsonObject | None = None
    """Token that authorized the current session."""
    reservation_id: int | None = None

    @property
    def plugged(self) -> EvseConnector | None:
        """Connector with a cable plugged in, or None."""
        return next((connector for connector in self.connectors.values() if connector.is_plugged), None)


@dataclass
class Evses:
    """All EVSEs of a station."""

    by_id: dict[int, Evse] = field(default_factory=dict)
    is_operative: bool = True
    """Whether ChangeAvailability left the whole station operative (G04). A reboot does not change this."""
    is_update_pending: bool = False
    """Whether idle EVSEs are unavailable until firmware is installed (L01.FR.07)."""

    @classmethod
    def build(cls, evses: int, connectors: int) -> "Evses":
        """Build this many EVSEs with this many connectors each, all numbered from 1."""
        return cls(
            {
                evse_id: Evse(
                    evse_id, {number: EvseConnector(evse_id, number) for number in range(1, connectors + 1)}
                )
                for evse_id in range(1, evses + 1)
            }
        )

    def __iter__(self) -> Iterator[Evse]:
        return iter(self.by_id.values())

    def get(self, evse_id: int) -> Evse | None:
        """EVSE with this id, or None."""
        return self.by_id.get(evse_id)

    def connectors(self, evse_id: int | None = None, connector_id: int | None = None) -> list[EvseConnector]:
        """Connectors with these ids; None matches all."""
        return [
            connector
            for evse in self
            if evse_id in {None, evse.id}
            for connector in evse.connectors.values()
            if connector_id in {None, connector.id}
        ]

    def is_set_operative(self, connector: EvseConnector) -> bool:
        """Whether ChangeAvailability left the station, the EVSE and the connector all operative."""
        evse = self.by_id[connector.evse_id]
        return self.is_operative and evse.is_operative and connector.is_operative

    def may_start_transaction(self, evse: Evse) -> bool:
        """Whether a transaction may start at an EVSE: at least one connector of the EVSE is operative, and no
        firmware update is pending.
        """
        is_operative = any(map(self.is_set_operative, evse.connectors.values()))
        return is_operative and not self.is_update_pending

    def is_usable(self, connector: EvseConnector) -> bool:
        """Whether a connector is operative and not faulted, and no firmware update is pending."""
        is_held_back = connector.is_faulted or self.is_update_pending
        return self.is_set_operative(connector) and not is_held_back

    def status(self, connector: EvseConnector) -> ConnectorStatus:
        """Status of a connector for StatusNotification (G01)."""
        evse = self.by_id[connector.evse_id]
        if connector.is_faulted:
            return ConnectorStatus.faulted
        if self._is_unavailable(evse, connector):
            return ConnectorStatus.unavailable
        if evse.reservation_id is not None:
            return ConnectorStatus.reserved  # also with a cable, until the token is presented (G03.FR.09)
        if connector.is_plugged:
            return ConnectorStatus.occupied
        return ConnectorStatus.available

    def _is_unavailable(self, evse: Evse, connector: EvseConnector) -> bool:
        """Whether a connector is Unavailable because of ChangeAvailability or a pending firmware update.

        A running transaction delays a ChangeAvailability of its EVSE or connector (G03.FR.05). For the
        other connectors of the EVSE, ChangeAvailability takes effect at once.
        """
        if evse.transaction_id is not None:
            is_delayed = connector is evse.plugged or connector.waits_for == evse.transaction_id
            return not connector.is_operative and not is_delayed
        is_held_back = self.is_update_pending and not connector.is_plugged  # L01.FR.07
        return is_held_back or not self.is_set_operative(connector)
