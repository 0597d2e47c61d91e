"""Reservations (H): EVSEs that are kept free for a token or its group."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action, ConnectorEnumType
from ocpp.v201.enums import CancelReservationStatusEnumType as CancelStatus
from ocpp.v201.enums import ConnectorStatusEnumType as ConnectorStatus
from ocpp.v201.enums import ReservationUpdateStatusEnumType as UpdateStatus
from ocpp.v201.enums import ReserveNowStatusEnumType as Status

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.evses import Evse, EvseConnector, Evses
from mock_csms.simulator.id_tokens import TokenKey, token_key
from mock_csms.simulator.instants import moment

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

RESERVATION_CTRLR: Final = "ReservationCtrlr"

BROKEN: Final = frozenset({ConnectorStatus.faulted, ConnectorStatus.unavailable})


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation of one EVSE, or of any EVSE."""

    id: int
    expiry: datetime
    token: TokenKey
    group: TokenKey | None
    evse_id: int | None
    """None if the reservation is for any EVSE, whichever is free."""

    def is_for(self, id_token: JsonObject, group_id_token: JsonObject | None) -> bool:
        """Whether the reservation is for a token or its group (H03.FR.01 to H03.FR.06)."""
        is_same_group = self.group is not None and optional_key(group_id_token) == self.group
        return token_key(id_token) == self.token or is_same_group


class Reservations:
    """Reservations of EVSEs; they survive a reboot (B11.FR.05).

    All connectors of the station have the same type, so a reservation of a connector type is handled like a
    reservation without an EVSE id. Reservations without an EVSE id make no EVSE Reserved while more EVSEs are
    free than there are such reservations. Otherwise, they make all free EVSEs Reserved (H01.FR.20,
    H01.FR.24).
    """

    def __init__(self, core: Core, connector_type: str = ConnectorEnumType.c_type2) -> None:
        self._core = core
        self._connector_type = connector_type
        self._reservations: dict[int, Reservation] = {}
        self._timers: dict[int, Timer] = {}
        core.connector_changed.connect(self._connector_changed)

    @on(Action.reserve_now)
    def reserve_now(  # noqa: PLR0913, PLR0917 - the properties of the message
        self,
        id: int,  # noqa: A002 - name of the property
        expiry_date_time: str,
        id_token: JsonObject,
        connector_type: str | None,
        evse_id: int | None,
        group_id_token: JsonObject | None,
    ) -> call_result.ReserveNow:
        """Reserve an EVSE, or replace the reservation with the same id (H01)."""
        if reason := self._refusal(expiry_date_time, connector_type, evse_id):
            return call_result.ReserveNow(Status.rejected, {"reasonCode": reason})
        status = self._status_of_targets(evse_id, replaced_id=id)
        if status is Status.accepted:
            group = optional_key(group_id_token)
            self._add(Reservation(id, moment(expiry_date_time), token_key(id_token), group, evse_id))
        return call_result.ReserveNow(status)

    @on(Action.cancel_reservation)
    def cancel_reservation(self, reservation_id: int) -> call_result.CancelReservation:
        """Cancel a reservation (H02)."""
        if reservation_id not in self._reservations:
            return call_result.CancelReservation(CancelStatus.rejected)
        self._remove(reservation_id)
        return call_result.CancelReservation(CancelStatus.accepted)

    def allows(
        self, evse_id: int, connector_id: int | None, id_token: JsonObject, group_id_token: JsonObject | None
    ) -> bool:
        """Whether a token may charge at an EVSE: the EVSE is not reserved, or reserved for the token or its
        group.

        A reserved EVSE is reserved with all its connectors (H01.FR.23), so the connector makes no difference.
        """
        evse = self._core.evses.get(evse_id)
        is_reserved = evse is not None and evse.reservation_id is not None
        return not is_reserved or self._matching(evse_id, id_token, group_id_token) is not None

    def use(self, evse_id: int, id_token: JsonObject, group_id_token: JsonObject | None) -> int | None:
        """Remove the reservation that a token uses by charging at an EVSE (H03.FR.09). Return the id of the
        reservation; None if the token uses no reservation.

        Call this for every authorized session, after setting the ``id_token`` of the EVSE. A session without
        a reservation takes a free EVSE too, and the remaining free EVSEs may become Reserved.
        """
        reservation = self._matching(evse_id, id_token, group_id_token)
        if reservation is None:
            self._mark_free_evses()
            return None
        self._remove(reservation.id)
        return reservation.id

    def connector_unavailable(self, evse_id: int) -> None:
        """If all connectors of an EVSE are Faulted or Unavailable, remove the reservations that cannot be
        served any more (H01.FR.16, H01.FR.17).
        """
        evse = self._core.evses.get(evse_id)
        if evse is None or not is_broken(self._core.evses, evse):
            return
        while reservation := self._of_evse(evse_id) or self._unserved():
            self._end(reservation.id, UpdateStatus.removed)
        self._mark_free_evses()

    def _refusal(self, expiry: str, connector_type: str | None, evse_id: int | None) -> str | None:
        """Reason code for a request that is rejected whatever the state of the EVSEs; otherwise None."""
        variables = self._core.variables
        if not (
            variables.boolean(RESERVATION_CTRLR, "Available")
            and variables.boolean(RESERVATION_CTRLR, "Enabled")
        ):
            return "NotEnabled"  # H01.FR.01
        if evse_id is None and not variables.boolean(RESERVATION_CTRLR, "NonEvseSpecific"):
            return "UnsupportedParam"  # H01.FR.19
        if evse_id is not None and self._core.evses.get(evse_id) is None:
            return "UnknownEvse"
        if connector_type not in {None, self._connector_type}:
            return "InvalidValue"
        return None if self._is_in_future(expiry) else "InvalidValue"

    def _is_in_future(self, expiry: str) -> bool:
        try:
            return moment(expiry) > self._core.now()
        except ValueError:
            return False

    def _status_of_targets(self, evse_id: int | None, *, replaced_id: int) -> Status:
        """Status for the answer to a valid ReserveNow; the reservation ``replaced_id`` does not count."""
        evses = self._core.evses
        targets = [evse for evse in evses if evse_id in {None, evse.id}]
        others = [item for item in self._reservations.values() if item.id != replaced_id]
        taken = {item.evse_id for item in others}
        free = [evse for evse in evses if self._is_free(evse) and evse.id not in taken]
        is_enough = len(free) > sum(item.evse_id is None for item in others)
        if is_enough and any(evse in free for evse in targets):
            return Status.accepted
        return refusing_status(dominant_status(evses, evse) for evse in targets)

    def _is_free(self, evse: Evse) -> bool:
        """Whether an EVSE can serve a reservation.

        A Reserved EVSE can serve its reservation even with a vehicle plugged in, until the token of the
        reservation is presented (G03.FR.09).
        """
        if is_broken(self._core.evses, evse) or evse.id_token is not None:
            return False
        is_empty = evse.plugged is None and evse.transaction_id is None
        return is_empty or evse.reservation_id is not None

    def _free_evses(self) -> list[Evse]:
        """Free EVSEs that no reservation names by id; they can serve the reservations without an EVSE id."""
        reserved = {item.evse_id for item in self._reservations.values()}
        return [evse for evse in self._core.evses if evse.id not in reserved and self._is_free(evse)]

    def _of_evse(self, evse_id: int) -> Reservation | None:
        return next((item for item in self._reservations.values() if item.evse_id == evse_id), None)

    def _for_any_evse(self) -> list[Reservation]:
        return [item for item in self._reservations.values() if item.evse_id is None]

    def _unserved(self) -> Reservation | None:
        """Newest reservation without an EVSE id, if there are more of these reservations than free EVSEs;
        otherwise None.
        """
        anywhere = self._for_any_evse()
        return anywhere[-1] if anywhere and len(anywhere) > len(self._free_evses()) else None

    def _matching(
        self, evse_id: int, id_token: JsonObject, group_id_token: JsonObject | None
    ) -> Reservation | None:
        """Reservation that a token may use at an EVSE, or None.

        A reservation for the token comes before a reservation for its group.
        """
        of_evse = self._of_evse(evse_id)
        candidates = [of_evse] if of_evse else self._for_any_evse()
        matches = [item for item in candidates if item.is_for(id_token, group_id_token)]
        return min(matches, key=lambda item: item.token != token_key(id_token), default=None)

    def _add(self, reservation: Reservation) -> None:
        if reservation.id in self._reservations:
            self._forget(reservation.id)
        self._reservations[reservation.id] = reservation
        self._timers[reservation.id] = self._core.at(
            reservation.expiry, lambda: self._end(reservation.id, UpdateStatus.expired)
        )
        self._mark_evses()

    def _end(self, reservation_id: int, status: UpdateStatus) -> None:
        """Remove a reservation. Report the status of its EVSE, then send a ReservationStatusUpdate (H04)."""
        self._remove(reservation_id)
        self._core.send(
            call.ReservationStatusUpdate(reservation_id=reservation_id, reservation_update_status=status)
        )

    def _remove(self, reservation_id: int) -> None:
        self._forget(reservation_id)
        self._mark_evses()

    def _forget(self, reservation_id: int) -> None:
        del self._reservations[reservation_id]
        self._timers.pop(reservation_id).cancel()

    def _connector_changed(self, connector: EvseConnector) -> None:
        evse = self._core.evses.by_id[connector.evse_id]
        if is_broken(self._core.evses, evse):
            self.connector_unavailable(evse.id)
        else:
            self._mark_free_evses()

    def _mark_free_evses(self) -> None:
        """Call `_mark_evses` if there are reservations without an EVSE id.

        With such reservations, a change at one EVSE may decide whether other EVSEs are Reserved.
        """
        if self._for_any_evse():
            self._mark_evses()

    def _mark_evses(self) -> None:
        """Set the ``reservation_id`` of each EVSE.

        Report the connectors of each EVSE that becomes Reserved or stops being Reserved.
        """
        marks = self._marks()
        changed = [
            evse for evse in self._core.evses if (evse.reservation_id is None) != (evse.id not in marks)
        ]
        for evse in self._core.evses:
            evse.reservation_id = marks.get(evse.id)
        for evse in changed:
            for connector in evse.connectors.values():
                self._core.connector_changed.emit(connector)

    def _marks(self) -> dict[int, int]:
        """Ids of the reservations that make EVSEs Reserved, by EVSE id."""
        marks = {item.evse_id: item.id for item in self._reservations.values() if item.evse_id is not None}
        anywhere = self._for_any_evse()
        if anywhere and len(anywhere) >= len(free := self._free_evses()):
            marks |= {evse.id: item.id for evse, item in zip(free, anywhere, strict=False)}
        return marks


def is_broken(evses: Evses, evse: Evse) -> bool:
    """Whether all connectors of an EVSE are Faulted or Unavailable."""
    return all(evses.status(connector) in BROKEN for connector in evse.connectors.values())


def dominant_status(evses: Evses, evse: Evse) -> ConnectorStatus:
    """Status that explains why an EVSE cannot be reserved.

    It is Occupied if any connector is neither Faulted nor Unavailable, for example Reserved. Otherwise, it is
    Unavailable if any connector is Unavailable, or else Faulted.
    """
    statuses = {evses.status(connector) for connector in evse.connectors.values()}
    if statuses - BROKEN:
        return ConnectorStatus.occupied
    return ConnectorStatus.unavailable if ConnectorStatus.unavailable in statuses else ConnectorStatus.faulted


def refusing_status(statuses: Iterable[ConnectorStatus]) -> Status:
    """Status of a ReserveNow answer if no EVSE can be reserved (H01.FR.11, H01.FR.12, H01.FR.14)."""
    found = set(statuses)
    if ConnectorStatus.occupied in found:
        return Status.occupied
    return Status.unavailable if ConnectorStatus.unavailable in found else Status.faulted


def optional_key(id_token: JsonObject | None) -> TokenKey | None:
    """Key of a group token; None if the group token is missing or empty."""
    return token_key(id_token) if id_token and id_token["idToken"] else None
