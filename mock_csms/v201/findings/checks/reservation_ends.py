"""Ends of reservations: used, cancelled, expired or removed (H01 to H04)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.reserving import SuspectAnswer, suspect
from mock_csms.v201.findings.clock import CLOCK_ERROR_S
from mock_csms.v201.findings.facts.certain_statuses import certain_statuses, statuses_of
from mock_csms.v201.findings.facts.connector_events import once_each_is, statuses_in
from mock_csms.v201.findings.facts.reservations import (
    BROKEN_STATUSES,
    RESERVED,
    USED,
    ActiveReservation,
    ReservationFacts,
    certainly_uses,
    may_stay_reserved,
)
from mock_csms.v201.findings.known import Known201

_WITHIN_S: Final = 60.0
_RELEASED: Final = frozenset({"Available", "Occupied"})
_UNNAMED: Final = -1
"""Stands for the reservation of an event that names none."""
_REQUIREMENTS: Final = {"Faulted": "H01.FR.16", "Unavailable": "H01.FR.17"}

BROKEN_RESERVATION_NOT_REMOVED: Final = CHECKS.kind(
    "broken-reservation-not-removed",
    "error",
    "the reservation of an EVSE that becomes Faulted or Unavailable is not reported as Removed",
    "an accepted ReserveNow for the EVSE, and the status of all connectors of the EVSE",
)
BROKEN_RESERVATION_NOT_REMOVED.names(*_REQUIREMENTS.values())
UNKNOWN_RESERVATION_CANCELLED: Final = CHECKS.kind(
    "unknown-reservation-cancelled",
    "error",
    "a CancelReservation for a reservation that has ended is accepted",
    "that the reservation had ended before the command",
)
RESERVATION_NOT_CANCELLED: Final = CHECKS.kind(
    "reservation-not-cancelled",
    "error",
    "a CancelReservation for an active reservation is rejected",
    "an accepted ReserveNow, and that all connectors of its EVSE were reported as Reserved since",
)
RESERVED_STATUS_KEPT: Final = CHECKS.kind(
    "reserved-status-kept",
    "error",
    "connectors stay Reserved after the reservation of their EVSE has ended",
    "an accepted ReserveNow for the EVSE, and that no other ReserveNow was sent since; if another "
    "EVSE is in use, also that ReservationCtrlr.NonEvseSpecific is false",
)
USED_RESERVATION_KEPT: Final = CHECKS.kind(
    "used-reservation-kept",
    "error",
    "a reservation that was used is later reported as expired or removed, or is cancelled",
    "a TransactionEvent with its reservationId that begins or authorizes a transaction",
)
RESERVATION_EXPIRED_EARLY: Final = CHECKS.kind(
    "reservation-expired-early",
    "error",
    "a reservation is reported as Expired before its expiryDateTime",
    "an accepted ReserveNow",
)


@CHECKS.learn_call(Action.status_notification, Action.notify_event)
def _expect_removal(call: StationCall, known: Known201) -> None:
    """Expect the removal of a reservation whose EVSE can no longer be used."""
    facts = known[ReservationFacts]
    if not facts.active:
        return
    for (evse_id, connector_id), status in statuses_in(call.action, call.payload):
        before = statuses_of(known, evse_id)
        after = {**before, (evse_id, connector_id): status}
        if status not in BROKEN_STATUSES or set(after.values()) != {status} or after == before:
            continue
        if not certain_statuses(known, evse_id):
            continue
        for reservation in facts.of_evse(evse_id):
            if not reservation.may_be_used:
                known.expectations.add(_removal(call, known, reservation, status))


def _removal(
    call: StationCall, known: Known201, reservation: ActiveReservation, status: str
) -> ExpectedMessage:
    def is_removed(_: str, update: JsonObject) -> bool:
        is_same: bool = update["reservationId"] == reservation.id
        return is_same and update["reservationUpdateStatus"] == "Removed"

    return ExpectedMessage(
        BROKEN_RESERVATION_NOT_REMOVED.id,
        (_REQUIREMENTS[status],),
        since=call.at,
        within_s=_WITHIN_S,
        actions=frozenset({Action.reservation_status_update}),
        is_fulfilled_by=is_removed,
        is_excused=lambda: known[ReservationFacts].active.get(reservation.id) is not reservation,
        sentence=f"EVSE {reservation.evse_id} became {status}, but no ReservationStatusUpdate Removed was "
        f"sent for its reservation {reservation.id} within {_WITHIN_S:g} s; the station must cancel it",
        frames=(reservation.frame, call.frame),
    )


@UNKNOWN_RESERVATION_CANCELLED.on_command("H02.FR.01", of=Action.cancel_reservation)
def _judge_cancellation_of_ended(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the cancellation of a reservation that has ended is rejected."""
    reservation_id = command.request["reservationId"]
    how = known[ReservationFacts].ended_before
    if how is None:
        return None
    if command.answer["status"] == "Rejected":
        return MET
    return Broken(
        f"a CancelReservation for the reservation {reservation_id} was accepted although this reservation "
        f"had ended before ({how.lower()}); the answer must be Rejected",
        (command.sent_frame,),
    )


@USED_RESERVATION_KEPT.on_command("H03.FR.09", of=Action.cancel_reservation)
def _judge_cancellation_of_used(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the CancelReservation for a used reservation is rejected."""
    reservation_id = command.request["reservationId"]
    if known[ReservationFacts].ended_before != USED:
        return None
    if command.answer["status"] == "Rejected":
        return MET
    return Broken(
        f"a CancelReservation for the reservation {reservation_id} was accepted although a TransactionEvent "
        "had named this reservation before; a reservation ends when it is used, so the answer must be "
        "Rejected",
        (command.sent_frame,),
    )


@USED_RESERVATION_KEPT.on_call("H03.FR.09", of=Action.reservation_status_update)
def _judge_update_of_used(call: StationCall, known: Known201) -> Outcome:
    """Check that a used reservation is not reported as Expired or Removed."""
    reservation_id = call.payload["reservationId"]
    if known[ReservationFacts].ended.get(reservation_id) != USED:
        return None
    return Broken(
        f"the reservation {reservation_id} was reported as {call.payload['reservationUpdateStatus']} "
        "although a TransactionEvent had named it before; a reservation ends when it is used, and must not "
        "be reported after that"
    )


@RESERVATION_EXPIRED_EARLY.on_call("H04.FR.01", of=Action.reservation_status_update)
def _judge_expiry(call: StationCall, known: Known201) -> Outcome:
    """Check that a reservation is not reported as Expired before its expiryDateTime."""
    reservation = known[ReservationFacts].active.get(call.payload["reservationId"])
    if reservation is None or call.payload["reservationUpdateStatus"] != "Expired" or known.clock.is_skewed:
        return None
    if reservation.may_be_confused(call.at):
        return None
    early_s = reservation.expires_at - call.at
    if early_s <= CLOCK_ERROR_S:
        return MET
    return Broken(
        f"the reservation {reservation.id} was reported as Expired {early_s:.0f} s before its "
        "expiryDateTime; it must be kept until then",
        (reservation.frame,),
    )


@RESERVATION_NOT_CANCELLED.on_command("H02.FR.02", of=Action.cancel_reservation)
def _judge_cancellation(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the CancelReservation for an active reservation is accepted."""
    facts = known[ReservationFacts]
    reservation = facts.active.get(command.request["reservationId"])
    if reservation is None or reservation.evse_id is None or reservation.may_be_used:
        return None
    is_reserved = set(certain_statuses(known, reservation.evse_id).values()) == {RESERVED}
    is_over = known.clock.is_skewed or command.at > reservation.expires_at - CLOCK_ERROR_S
    if not is_reserved or is_over:
        return None
    if command.answer["status"] == "Accepted":
        return MET
    sentence = (
        f"a CancelReservation for the active reservation {reservation.id} of EVSE {reservation.evse_id} was "
        "rejected; the station must cancel it"
    )
    suspect(
        command,
        known,
        SuspectAnswer(RESERVATION_NOT_CANCELLED.id, ("H02.FR.02",), sentence, reservation.evse_id),
        is_excused=lambda: facts.active.get(reservation.id) is not reservation,
    )
    return None


@RESERVED_STATUS_KEPT.on_command("H02.FR.04", of=Action.cancel_reservation)
def _judge_release_by_cancellation(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the connectors of a cancelled reservation become free."""
    reservation = known[ReservationFacts].active.get(command.request["reservationId"])
    if reservation is None or command.answer["status"] != "Accepted":
        return None
    is_old = reservation.freed_at is not None and reservation.freed_at < command.sent_at
    return None if is_old else _expect_release(command, known, reservation, "H02.FR.04", "was cancelled")


@RESERVED_STATUS_KEPT.on_event("H03.FR.10", types=("Started",))
@RESERVED_STATUS_KEPT.on_event("H03.FR.10", types=("Updated",), triggers=("Authorized", "RemoteStart"))
def _judge_release_by_use(call: StationCall, known: Known201) -> Outcome:
    """Check that the connectors of a used reservation become free."""
    reservation = known[ReservationFacts].active.get(call.payload.get("reservationId", _UNNAMED))
    if reservation is None or call.payload.get("offline") or not certainly_uses(call, known):
        return None
    return _expect_release(call, known, reservation, "H03.FR.10", "was used")


@RESERVED_STATUS_KEPT.on_call("H04.FR.03", of=Action.reservation_status_update)
def _judge_release_by_expiry(call: StationCall, known: Known201) -> Outcome:
    """Check that the connectors of an expired reservation become free."""
    reservation = known[ReservationFacts].active.get(call.payload["reservationId"])
    if reservation is None or call.payload["reservationUpdateStatus"] != "Expired":
        return None
    if reservation.may_be_confused(call.at):
        return None
    return _expect_release(call, known, reservation, "H04.FR.03", "has expired")


def _expect_release(
    message: StationCall | AnsweredCommand,
    known: Known201,
    reservation: ActiveReservation,
    requirement: str,
    how: str,
) -> Outcome:
    """Expect another status of each connector that is still Reserved; return MET if all are released."""
    evse_id, facts = reservation.evse_id, known[ReservationFacts]
    if evse_id is None or not reservation.was_reserved or len(facts.active) > 1:
        return None
    statuses = statuses_of(known, evse_id)
    reserved = {connector for connector, status in statuses.items() if status == RESERVED}
    if not reserved:
        return MET if _RELEASED.issuperset(statuses.values()) else None
    sent = facts.sent

    def is_excused() -> bool:
        is_any_reserved = RESERVED in statuses_of(known, evse_id).values()
        return facts.sent > sent or not is_any_reserved or may_stay_reserved(reservation, known)

    known.expectations.add(
        ExpectedMessage(
            RESERVED_STATUS_KEPT.id,
            (requirement,),
            since=message.at,
            within_s=_WITHIN_S,
            actions=frozenset({Action.status_notification, Action.notify_event}),
            is_fulfilled_by=once_each_is(reserved, lambda status: status in _RELEASED),
            is_excused=is_excused,
            sentence=f"the reservation {reservation.id} {how}, but not every Reserved connector of "
            f"EVSE {evse_id} was reported as Available or Occupied within {_WITHIN_S:g} s; the station must "
            "report each one",
            frames=(reservation.frame, message.frame),
        )
    )
    return None
