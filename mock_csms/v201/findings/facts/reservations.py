"""Reservations that a station has accepted, and how they ended (H)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import TIMESTAMP_ROUNDING_S, seconds_of
from mock_csms.v201.findings.connectors import FREE, UNKNOWN_STATUS
from mock_csms.v201.findings.facts.connector_events import statuses_in
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_contents import AUTHORIZING

_MAX_RESERVATIONS: Final = 50
RESERVED: Final = "Reserved"
BROKEN_STATUSES: Final = frozenset({"Faulted", "Unavailable"})
_DOUBTED: Final = frozenset(
    {
        None,
        Action.notify_event,
        Action.reservation_status_update,
        Action.status_notification,
        Action.transaction_event,
    }
)
"""Actions of messages that may have ended a reservation if they cannot be read; None: an unknown action."""
_UPDATE_DELAY_S: Final = 60.0
USED: Final = "used"
_CANCELLED: Final = "cancelled"


@dataclass(slots=True, eq=False)
class ActiveReservation:
    """An accepted reservation whose end has not been reported."""

    id: int
    evse_id: int | None
    """EVSE of the reservation; None: any EVSE."""
    expires_at: float
    frame: int
    sent_at: float = 0.0
    has_used_id: bool = False
    """Whether an earlier ReserveNow had the id of this reservation."""
    statuses_before: Mapping[Connector, str] = field(default_factory=dict)
    """Statuses of all connectors when the ReserveNow was sent."""
    freed_at: float | None = None
    """Time at which a connector of the EVSE last reported a status other than Reserved, after a connector of
    the EVSE had been Reserved.
    """
    was_reserved: bool = False
    """Whether a connector of the EVSE was reported as Reserved after the ReserveNow was accepted."""
    may_be_used: bool = False
    """Whether a status of the EVSE suggests that the reservation has been used."""

    def may_be_confused(self, at: float) -> bool:
        """Return whether a ReservationStatusUpdate may be about an earlier reservation with the same id: the
        station may have had to wait before it could send the update.
        """
        return self.has_used_id and at - self.sent_at <= _UPDATE_DELAY_S


class _Active(BoundedDict[int, ActiveReservation]):
    __slots__ = ()
    limit = _MAX_RESERVATIONS


class _SentTimes(BoundedDict[int, float]):
    __slots__ = ()
    limit = _MAX_RESERVATIONS


class _Ended(BoundedDict[int, str]):
    __slots__ = ()
    limit = _MAX_RESERVATIONS


class ReservationFacts(Facts):
    """Active reservations, and the latest ones that have certainly ended."""

    __slots__ = (
        "active",
        "ended",
        "ended_before",
        "has_used_id",
        "replaced_id",
        "sent",
        "sent_at",
        "statuses_before",
    )

    def __init__(self) -> None:
        self.active: dict[int, ActiveReservation] = _Active()
        self.ended: dict[int, str] = _Ended()
        """How each reservation ended, by reservation id."""
        self.ended_before: str | None = None
        """How the reservation in the latest CancelReservation ended, if it had ended before the command;
        otherwise None.
        """
        self.sent = 0
        """Number of ReserveNows that may have reached the station."""
        self.sent_at: dict[int, float] = _SentTimes()
        """Time of the latest ReserveNow with each id."""
        self.has_used_id = False
        """Whether the id of the latest ReserveNow had been sent before."""
        self.statuses_before: Mapping[Connector, str] = {}
        """Statuses of all connectors when the latest ReserveNow was sent."""
        self.replaced_id: int | None = None
        """Id of the active reservation that the latest ReserveNow replaces."""

    def of_evse(self, evse_id: int) -> Iterator[ActiveReservation]:
        """Return the active reservations of an EVSE."""
        return (one for one in self.active.values() if one.evse_id == evse_id)

    @property
    def has_unspecific(self) -> bool:
        """Whether a reservation that names no EVSE is active."""
        return any(one.evse_id is None for one in self.active.values())

    def end(self, reservation_id: int, how: str) -> None:
        """Remove a reservation from `active`, and store in `ended` how it ended."""
        self.active.pop(reservation_id, None)
        self.ended[reservation_id] = how

    def set_status(self, connector: Connector, status: str, at: float) -> None:
        """Apply a reported connector status to the active reservations that it may concern."""
        for one in self.active.values():
            if one.evse_id not in {None, connector[0]}:
                continue
            is_over = status == "Available" and one.was_reserved and at < one.expires_at
            one.may_be_used = one.may_be_used or status == "Occupied" or is_over
            if one.was_reserved and status != RESERVED:
                one.freed_at = at
            one.was_reserved = one.was_reserved or (status == RESERVED and one.evse_id is not None)

    def booted(self, reason: str) -> None:
        self.active.clear()

    def disconnected(self) -> None:
        self.active.clear()

    def doubt(self, action: str | None) -> None:
        if action in _DOUBTED:
            self.active.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.cancel_reservation, Action.reserve_now}:
            self.active.clear()
            self.sent += 1
        if action is None:  # it may have been a ReserveNow with any id
            self.ended.clear()
            self.ended_before = None


@CHECKS.learn_sent(Action.reserve_now)
def _sent(command: CommandCall, known: Known201) -> None:
    facts, reservation_id = known[ReservationFacts], command.request["id"]
    facts.ended.pop(reservation_id, None)
    is_active = facts.active.pop(reservation_id, None) is not None
    facts.sent += 1
    facts.has_used_id = reservation_id in facts.sent_at
    facts.sent_at[reservation_id] = command.at
    facts.statuses_before = dict(known.connectors.status)
    facts.replaced_id = reservation_id if is_active else None


@CHECKS.learn_command(Action.reserve_now)
def _answered(command: AnsweredCommand, known: Known201) -> None:
    request, expires_at = command.request, seconds_of(command.request["expiryDateTime"])
    if command.answer["status"] != "Accepted":
        return
    facts = known[ReservationFacts]
    facts.ended.pop(request["id"], None)  # an end reported since it was sent is that of an earlier one
    if expires_at is not None:
        facts.active[request["id"]] = ActiveReservation(
            request["id"],
            request.get("evseId"),
            expires_at,
            command.sent_frame,
            sent_at=command.sent_at,
            has_used_id=facts.has_used_id,
            statuses_before=facts.statuses_before,
        )


@CHECKS.learn_sent(Action.cancel_reservation)
def _cancel_sent(command: CommandCall, known: Known201) -> None:
    facts = known[ReservationFacts]
    facts.ended_before = facts.ended.get(command.request["reservationId"])


@CHECKS.learn_command(Action.cancel_reservation)
def _cancelled(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted":
        known[ReservationFacts].end(command.request["reservationId"], _CANCELLED)


@CHECKS.learn_call(Action.reservation_status_update)
def _updated(call: StationCall, known: Known201) -> None:
    facts, reservation_id = known[ReservationFacts], call.payload["reservationId"]
    reservation = facts.active.pop(reservation_id, None)
    if reservation is None or not reservation.may_be_confused(call.at):
        facts.ended[reservation_id] = call.payload["reservationUpdateStatus"]


def certainly_uses(call: StationCall, known: Known201) -> bool:
    """Return whether an event certainly uses the latest reservation with its reservationId, not an earlier
    one with the same id.

    An event that only repeats the reservationId of its transaction does not use a reservation.
    """
    event, facts = call.payload, known[ReservationFacts]
    reservation_id, happened_at = event.get("reservationId"), seconds_of(event["timestamp"])
    is_use = event["eventType"] == "Started" or event["triggerReason"] in AUTHORIZING
    if reservation_id is None or happened_at is None or not is_use or known.clock.is_skewed:
        return False
    tracked = known.transactions.find(event["transactionInfo"]["transactionId"])
    is_repeated = tracked is not None and tracked.contents.reservation_id == reservation_id
    return not is_repeated and happened_at + TIMESTAMP_ROUNDING_S >= facts.sent_at.get(reservation_id, 0.0)


@CHECKS.learn_call(Action.transaction_event)
def _used(call: StationCall, known: Known201) -> None:
    """Remove the reservation that an event names from `active`; store it as used if that is certain."""
    if "reservationId" not in call.payload:
        return
    facts, reservation_id = known[ReservationFacts], call.payload["reservationId"]
    facts.active.pop(reservation_id, None)
    if certainly_uses(call, known):
        facts.ended[reservation_id] = USED


def may_stay_reserved(reservation: ActiveReservation, known: Known201) -> bool:
    """Return whether the station may have to keep the EVSE of ``reservation`` Reserved for another
    reservation, one that names no EVSE.

    The station may have such a reservation from before the mock was started or the connection was lost. It
    keeps an EVSE Reserved as soon as too few others are free (H01.FR.20).
    """
    model = known[DeviceModelFacts]
    if model.is_true("ReservationCtrlr", "NonEvseSpecific") is False:
        return False
    for connector, before in reservation.statuses_before.items():
        now = known.connectors.status.get(connector, UNKNOWN_STATUS)
        is_own = connector[0] == reservation.evse_id
        may_have_been_reserved = is_own and before != "Available"
        is_newly_taken = not is_own and now not in {before, *FREE}
        if may_have_been_reserved or is_newly_taken:
            return True
    return False


@CHECKS.learn_call(Action.status_notification, Action.notify_event)
def _status_reported(call: StationCall, known: Known201) -> None:
    facts = known[ReservationFacts]
    if facts.active:
        for connector, status in statuses_in(call.action, call.payload):
            facts.set_status(connector, status, call.at)
