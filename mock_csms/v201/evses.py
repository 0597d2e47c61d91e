"""EVSEs and connectors that a station has reported, numbered from 1 (Part 1, 7)."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector, Station
from mock_csms.stations.transactions import matches_token

FIRST_CONNECTOR: Final = (1, 1)
"""EVSE 1 connector 1, which every station has."""
IN_DEVICE_MODEL: Final = re.compile(r"(?:EVSE|Connector)#([1-9]\d*)(?:\.([1-9]\d*))?/")
WITHOUT_RESERVATION: Final = frozenset({"Available", "Occupied"})
MAY_START: Final = WITHOUT_RESERVATION | {"Reserved"}
"""Connector statuses with which an EVSE may accept a RequestStartTransaction."""
MAX_REASONS: Final = 5


def connectors(station: Station) -> list[Connector]:
    """Return the connectors with a reported status, in order. If there are none, return the connectors in the
    device model; if it has none, return connector 1 of EVSE 1.
    """
    known = {connector for connector in station.connectors if min(connector) > 0}
    return sorted(known or set(_in_device_model(station)) or {FIRST_CONNECTOR})


def _in_device_model(station: Station) -> Iterator[Connector]:
    """Yield the connectors in the device model; an EVSE without a connector there has connector 1."""
    found = [(int(match[1]), match[2]) for match in map(IN_DEVICE_MODEL.match, station.device_model) if match]
    with_connector = {evse_id for evse_id, connector_id in found if connector_id}
    for evse_id, connector_id in found:
        if connector_id or evse_id not in with_connector:
            yield evse_id, int(connector_id or 1)


def evse_ids(station: Station) -> list[int]:
    """Return the ids of the known EVSEs in order."""
    return sorted({evse_id for evse_id, _ in connectors(station)})


class KnownEvse(NamedTuple):
    """A known EVSE: the statuses of its connectors, and whether it has transactions."""

    id: int
    statuses: set[str]
    has_transaction: bool
    is_authorized: bool
    """Whether one of its transactions has an idToken."""

    @property
    def is_free(self) -> bool:
        """Whether a connector is Available and no transaction is running."""
        return "Available" in self.statuses and not self.has_transaction

    @property
    def obstacle(self) -> str | None:
        """Reason why the EVSE must reject a RequestStartTransaction (F01.FR.23, F01.FR.24); None if it
        need not.
        """
        if self.is_authorized:
            return f"EVSE {self.id} has an authorized transaction"
        if self.statuses and MAY_START.isdisjoint(self.statuses):
            return f"EVSE {self.id} is {min(self.statuses)}"
        return None

    @property
    def is_reserved(self) -> bool:
        """Whether only the idToken of a reservation may start a transaction on the EVSE (F01.FR.21)."""
        return "Reserved" in self.statuses and WITHOUT_RESERVATION.isdisjoint(self.statuses)


def known_evses(station: Station) -> list[KnownEvse]:
    """Return the known EVSEs in order.

    A transaction without an EVSE belongs to the only EVSE, if the station has just one.
    """
    ids = evse_ids(station)
    statuses: dict[int, set[str]] = {evse_id: set() for evse_id in ids}
    for (evse_id, connector_id), status in station.connectors.items():
        if evse_id in statuses and connector_id > 0:
            statuses[evse_id].add(status)
    running = list(station.running_transactions)
    only = ids[0] if len(ids) == 1 else None
    occupied = {transaction.evse_id or only for transaction in running}
    authorized = {transaction.evse_id or only for transaction in running if transaction.id_token}
    return [KnownEvse(evse, statuses[evse], evse in occupied, evse in authorized) for evse in ids]


def free_evse(station: Station) -> int:
    """Return the id of the first free EVSE, or of the first known one if none is free."""
    evses = known_evses(station)
    return next((evse.id for evse in evses if evse.is_free), evses[0].id)


def evses_to_start_on(station: Station) -> list[KnownEvse]:
    """Return the EVSEs that may accept a RequestStartTransaction; free ones come first, reserved ones
    last.

    Raises NothingToDo, with the reasons, if every EVSE must reject it.
    """
    evses = known_evses(station)
    able = [evse for evse in evses if evse.obstacle is None]
    if not able:
        reasons = [evse.obstacle for evse in evses[:MAX_REASONS] if evse.obstacle]
        raise NothingToDo(f"no transaction can be started: {', '.join(reasons)}")
    return sorted(able, key=lambda evse: (evse.is_reserved, not evse.is_free))


def may_use(station: Station, evse: KnownEvse, id_token: JsonObject) -> bool:
    """Whether an idToken may use an EVSE: the EVSE is not reserved, or is reserved for this idToken."""
    return not evse.is_reserved or any(
        reservation.get("evseId") in {evse.id, None} and matches_token(reservation["idToken"], id_token)
        for reservation in station.reservations.values()
    )
