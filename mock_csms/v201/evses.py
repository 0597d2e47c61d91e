"""EVSEs and connectors that a station has reported; the first EVSE and connector are 1 (Part 1, 7)."""

import re
from collections.abc import Iterator
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector, Station
from mock_csms.stations.transactions import Transaction

FIRST_CONNECTOR: Final = (1, 1)
"""EVSE 1 connector 1, which every station has."""
IN_DEVICE_MODEL: Final = re.compile(r"(?:EVSE|Connector)#([1-9]\d*)(?:\.([1-9]\d*))?/")
CAN_START: Final = frozenset({"Available", "Occupied"})
"""Statuses of a connector with which its EVSE may accept a RequestStartTransaction (F01.FR.23)."""


def connectors(station: Station) -> list[Connector]:
    """Return the known connectors in order: by their statuses, else by the device model, else 1/1."""
    known = {connector for connector in station.connectors if min(connector) > 0}
    return sorted(known or set(_in_device_model(station)) or {FIRST_CONNECTOR})


def _in_device_model(station: Station) -> Iterator[Connector]:
    """Yield the connectors in the device model; an EVSE without one has connector 1."""
    found = [(int(match[1]), match[2]) for match in map(IN_DEVICE_MODEL.match, station.device_model) if match]
    with_connector = {evse_id for evse_id, connector_id in found if connector_id}
    for evse_id, connector_id in found:
        if connector_id or evse_id not in with_connector:
            yield evse_id, int(connector_id or 1)


def evse_ids(station: Station) -> list[int]:
    """Return the ids of the known EVSEs in order."""
    return sorted({evse_id for evse_id, _ in connectors(station)})


def free_evse(station: Station) -> int:
    """Return the first EVSE with an Available connector and no transaction, else the first known EVSE."""
    evses = evse_ids(station)
    free = (evse for evse in evses if _is_free(station, evse))
    return next(free, evses[0])


def evses_to_start_on(station: Station, id_token: JsonObject) -> list[int]:
    """Return the EVSEs that may accept a RequestStartTransaction for an idToken, the free ones first.

    Left out are EVSEs that are Unavailable, Faulted or Reserved for another idToken, and those with an
    authorized transaction (F01.FR.21 to F01.FR.24).
    """
    evses = [evse for evse in evse_ids(station) if why_not_startable(station, evse, id_token) is None]
    return sorted(evses, key=lambda evse: not _is_free(station, evse))


def why_not_startable(station: Station, evse_id: int, id_token: JsonObject) -> str | None:
    """Return why an EVSE must reject a RequestStartTransaction for an idToken, or None if it need not."""
    if any(transaction.id_token for transaction in running_on(station, evse_id)):
        return f"EVSE {evse_id} has an authorized transaction"
    statuses = _statuses(station, evse_id)
    if not statuses or CAN_START & statuses:
        return None
    if "Reserved" in statuses and _is_reserved_for(station, evse_id, id_token):
        return None
    return f"EVSE {evse_id} is {min(statuses)}"


def running_on(station: Station, evse_id: int) -> list[Transaction]:
    """Return the running transactions on an EVSE; on a single EVSE, also those that name no EVSE."""
    places = {evse_id, None} if evse_ids(station) == [evse_id] else {evse_id}
    return [transaction for transaction in station.running_transactions if transaction.evse_id in places]


def _is_free(station: Station, evse_id: int) -> bool:
    return "Available" in _statuses(station, evse_id) and not running_on(station, evse_id)


def _statuses(station: Station, evse_id: int) -> set[str]:
    return {
        status
        for (evse, connector_id), status in station.connectors.items()
        if evse == evse_id and connector_id > 0
    }


def _is_reserved_for(station: Station, evse_id: int, id_token: JsonObject) -> bool:
    """Whether a known reservation of this EVSE, or of any EVSE, is for the idToken."""
    return any(
        reservation.get("evseId") in {evse_id, None} and _same_token(reservation["idToken"], id_token)
        for reservation in station.reservations.values()
    )


def _same_token(one: JsonObject, other: JsonObject) -> bool:
    """Compare idTokens, without regard to case (C01.FR.25)."""
    return bool(one["idToken"].lower() == other["idToken"].lower() and one["type"] == other["type"])
