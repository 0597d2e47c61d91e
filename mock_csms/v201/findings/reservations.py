"""Reservations: their use and their expiry must be reported (E01.FR.13, H01.FR.15, H04.FR.01)."""

from dataclasses import dataclass
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.clock import TIMESTAMP_ROUNDING_S, Clock, seconds_of
from mock_csms.v201.findings.transaction_contents import DEAUTHORIZING
from mock_csms.v201.findings.transaction_state import TransactionState

MAX_RESERVATIONS: Final = 100
EXPIRY_MARGIN_S: Final = 10.0
"""Seconds before the expiry in which a reservation may already have expired by the station's clock."""
ENDED_BY: Final = frozenset({"Available", "Faulted", "Unavailable"})
"""Statuses of a connector whose reservation has ended (H01.FR.16, H01.FR.17, H03.FR.10)."""
EXPIRY_TIMEOUT_S: Final = 60.0


@dataclass(slots=True)
class ObservedReservation:
    """An accepted reservation of one EVSE."""

    evse_id: int
    token: IdTokenKey
    expires_at: float
    frame: int
    due: float
    """Time at which the report of the expiry is overdue."""
    accepted_at: float
    may_be_used: bool = False
    group: IdTokenKey | None = None
    """groupIdToken of the reservation."""


class ObservedReservations:
    """Reservations that are certainly active. In doubt, a reservation is dropped."""

    __slots__ = ("_clock", "_report", "open")

    def __init__(self, report: Reporter, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self.open: dict[int, ObservedReservation] = {}

    def end(self, reservation_id: int) -> None:
        """Drop a reservation: it ended, or a command was sent that may end or replace it."""
        self.open.pop(reservation_id, None)

    def accepted(self, at: float, frame: int, request: JsonObject) -> None:
        """Register an accepted ReserveNow. A ReserveNow without an EVSE is ignored."""
        expires_at = seconds_of(request["expiryDateTime"])
        if "evseId" in request and expires_at is not None and len(self.open) < MAX_RESERVATIONS:
            group = request.get("groupIdToken")
            self.open[request["id"]] = ObservedReservation(
                request["evseId"],
                id_token_key(request["idToken"]),
                expires_at,
                frame,
                expires_at + EXPIRY_TIMEOUT_S,
                at,
                group=id_token_key(group) if group else None,
            )

    def token_presented(self, id_token: JsonObject) -> None:
        """Register a token: a reservation for this token may be used up, even if no transaction starts."""
        token = id_token_key(id_token)
        for one in self.open.values():
            one.may_be_used = one.may_be_used or bool(one.group) or one.token == token

    def disconnected(self) -> None:
        """Drop all reservations: one may be used while the station is offline."""
        self.open.clear()

    def set_status(self, at: float, evse_id: int | None, status: str) -> None:
        """Register the status of a connector or an EVSE; None stands for all EVSEs."""
        for number, one in list(self.open.items()):
            if evse_id not in {None, one.evse_id}:
                continue
            is_expired = status == "Available" and at >= one.expires_at - EXPIRY_MARGIN_S
            if status in ENDED_BY and not is_expired:
                del self.open[number]
            one.may_be_used = one.may_be_used or status not in {"Available", "Reserved"}

    def shift(self, seconds: float) -> None:
        """Extend the deadlines for the reports that reservations have expired."""
        for one in self.open.values():
            one.due += seconds

    def overdue(self, at: float) -> Findings:
        """Report the reservations whose expiry was not reported in time (H04.FR.01)."""
        findings = NO_FINDINGS
        for number, one in list(self.open.items()):
            if at > one.due:
                del self.open[number]
                is_certain = self._clock.is_right and not one.may_be_used
                findings += self._not_reported(at, number, one) if is_certain else NO_FINDINGS
        return findings

    def _not_reported(self, at: float, number: int, reservation: ObservedReservation) -> Findings:
        return self._report(
            "reservation-expiry-not-reported",
            at,
            (reservation.frame,),
            f"the reservation {number} expired but no ReservationStatusUpdate with Expired was sent within "
            f"{EXPIRY_TIMEOUT_S:g} s",
        )

    def apply_event(self, at: float, event: JsonObject) -> None:
        """Register an AvailabilityState in a NotifyEvent."""
        if self.open and event["variable"]["name"].lower() == "availabilitystate":
            evse = event["component"].get("evse")
            self.set_status(at, evse["id"] if evse else None, event["actualValue"].capitalize())

    def judge(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Report an event that uses a reservation but does not name its reservationId. Called before the
        event is added to the contents of its transaction.
        """
        if "reservationId" in event:
            if event["reservationId"] in self.open:
                self._report.met(*self._requirements(event))
            self.end(event["reservationId"])
            return NO_FINDINGS
        id_token, contents = event.get("idToken"), tracked.contents
        is_start = contents.token is None and contents.reservation_id is None
        if (
            id_token is None
            or not is_start
            or event.get("offline")
            or event["triggerReason"] in DEAUTHORIZING
        ):
            return NO_FINDINGS
        evse_id = event.get("evse", {}).get("id") or (contents.evse or (None, None))[0]
        for number, reservation in list(self.open.items()):
            if evse_id in {None, reservation.evse_id}:
                reservation.may_be_used = True
            if (reservation.evse_id, reservation.token) == (evse_id, id_token_key(id_token)):
                del self.open[number]
                if self._was_active(reservation, at, event):
                    return self._missing(
                        at, (reservation.frame, frame), tracked, number, self._requirements(event)
                    )
        return NO_FINDINGS

    def _was_active(self, reservation: ObservedReservation, at: float, event: JsonObject) -> bool:
        """Return whether a reservation was certainly active when an event happened. The station may have
        queued the event before it sent it.
        """
        happened_at = seconds_of(event["timestamp"])
        return (
            not self._clock.is_skewed
            and at < reservation.expires_at - EXPIRY_MARGIN_S
            and happened_at is not None
            and happened_at >= reservation.accepted_at - TIMESTAMP_ROUNDING_S
        )

    @staticmethod
    def _requirements(event: JsonObject) -> tuple[str, ...]:
        is_remote = event["triggerReason"] == "RemoteStart"
        return (*(("F02.FR.06",) if is_remote else ("E01.FR.13",)), "H01.FR.15")

    def _missing(
        self,
        at: float,
        frames: tuple[int, ...],
        tracked: TransactionState,
        number: int,
        requirements: tuple[str, ...],
    ) -> Findings:
        return self._report(
            "reservation-id-missing",
            at,
            frames,
            f"the transaction {short(tracked.id)} has the idToken and the EVSE of the reservation {number} "
            "but no reservationId in any event up to the event with the idToken",
            requirements=requirements,
        )
