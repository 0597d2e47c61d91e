"""Answers to RequestStartTransaction (F01, F02).

An accepted start that the state of the EVSE forbids is reported later, unless messages that arrive after the
answer show that the state had changed before the answer.
"""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.stations.transactions import id_token_key
from mock_csms.v201.findings.charging_abilities import flaw_of_start_profile
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S
from mock_csms.v201.findings.facts.certain_statuses import certain_statuses
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.remote_starts import RemoteStartFacts
from mock_csms.v201.findings.facts.reservations import BROKEN_STATUSES
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.reservations import ObservedReservation
from mock_csms.v201.findings.running import CHARGING, Suspicion

_START: Final = Action.request_start_transaction
_CROSSING_S: Final = 5.0
"""Seconds to wait after an answer for a message that explains the answer by an earlier change of state."""
_WHILE_IN_USE: Final = ("F01.FR.24", "F02.FR.26")
_WHILE_UNUSABLE: Final = ("F01.FR.23", "F02.FR.25")
_RESERVED_FOR_TOKEN: Final = ("F01.FR.21", "F02.FR.23")
_RESERVED_FOR_GROUP: Final = ("F01.FR.22", "F02.FR.24")
_TRANSACTION_ID: Final = ("F01.FR.13",)

REMOTE_START_ACCEPTED_WHILE_IN_USE: Final = CHECKS.kind(
    "remote-start-accepted-while-in-use",
    "error",
    "a RequestStartTransaction is accepted for an EVSE with an authorized transaction",
    "the EVSE, idToken and charging state of the transaction, and an event of this transaction that "
    "happened after the answer",
)
REMOTE_START_ACCEPTED_WHILE_UNUSABLE: Final = CHECKS.kind(
    "remote-start-accepted-while-unusable",
    "error",
    "a RequestStartTransaction is accepted for an EVSE that is Unavailable or Faulted",
    "the status of all connectors of the EVSE, reported on the same connection",
)
REMOTE_START_ACCEPTED_WHILE_RESERVED: Final = CHECKS.kind(
    "remote-start-accepted-while-reserved",
    "error",
    "a RequestStartTransaction is accepted for an EVSE that is reserved for another idToken",
    "the accepted ReserveNow for the EVSE, and that all its connectors are Reserved",
)
REMOTE_START_PROFILE_ACCEPTED: Final = CHECKS.kind(
    "remote-start-profile-accepted",
    "error",
    "a RequestStartTransaction with an invalid charging profile is accepted",
    "SmartChargingCtrlr.Enabled",
)
REMOTE_START_TRANSACTION_NOT_NAMED: Final = CHECKS.kind(
    "remote-start-transaction-not-named",
    "error",
    "the answer to a RequestStartTransaction lacks the transactionId of the transaction that is "
    "already running on the EVSE",
    "the EVSE of the transaction, and an event of this transaction that happened after the answer",
)


@REMOTE_START_ACCEPTED_WHILE_IN_USE.on_command(*_WHILE_IN_USE, of=_START)
def _judge_use(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a remote start for an EVSE whose transaction charges is rejected."""
    evse_id, is_rejected = _evse_of(command, known), _is_rejected(command)
    sent = known[RemoteStartFacts].answered_by(command)
    if evse_id is None or sent is None:
        return None
    for transaction_id, transaction in known.running.certain_on_evse(evse_id):
        if not transaction.is_authorized or transaction_id not in sent.authorized:
            continue
        if is_rejected:
            return MET
        sentence = (
            f"a RequestStartTransaction for EVSE {evse_id} was accepted although the authorized transaction "
            f"{short(transaction_id)} was running there; it must be Rejected"
        )
        transaction.suspicions.append(
            Suspicion(
                REMOTE_START_ACCEPTED_WHILE_IN_USE.id,
                command.at,
                (command.frame,),
                sentence,
                CHARGING,
                requirements=_WHILE_IN_USE,
            )
        )
    return None


@REMOTE_START_ACCEPTED_WHILE_UNUSABLE.on_command(*_WHILE_UNUSABLE, of=_START)
def _judge_status(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a remote start for an EVSE without a usable connector is rejected."""
    evse_id, sent = _evse_of(command, known), known[RemoteStartFacts].answered_by(command)
    statuses = certain_statuses(known, evse_id) if evse_id else {}
    is_changed = sent is None or sent.statuses != statuses
    if not statuses or is_changed or not BROKEN_STATUSES.issuperset(statuses.values()):
        return None
    if _is_rejected(command):
        return MET
    sentence = (
        f"a RequestStartTransaction for EVSE {evse_id} was accepted although each of its connectors is "
        f"{' or '.join(sorted(set(statuses.values())))}; it must be Rejected"
    )
    _suspect(command, known, REMOTE_START_ACCEPTED_WHILE_UNUSABLE.id, _WHILE_UNUSABLE, sentence)
    return None


@REMOTE_START_ACCEPTED_WHILE_RESERVED.on_command(*_RESERVED_FOR_TOKEN, of=_START)
def _judge_reserved_token(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a remote start for an EVSE that is reserved for another idToken is rejected."""
    reservation = _reservation_for_others(command, known)
    if reservation is None or reservation.group is not None:
        return None
    return _judge_reservation(command, known, reservation, _RESERVED_FOR_TOKEN)


@REMOTE_START_ACCEPTED_WHILE_RESERVED.on_command(*_RESERVED_FOR_GROUP, of=_START)
def _judge_reserved_group(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a remote start for an EVSE that is reserved for another idToken and group is rejected."""
    reservation, group = _reservation_for_others(command, known), command.request.get("groupIdToken")
    if reservation is None or group is None or reservation.group in {None, id_token_key(group)}:
        return None
    return _judge_reservation(command, known, reservation, _RESERVED_FOR_GROUP)


@REMOTE_START_PROFILE_ACCEPTED.on_command("F01.FR.26", "F02.FR.27", "K05.FR.05", of=_START)
def _judge_profile(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a remote start with a charging profile that no remote start may have is rejected."""
    profile = command.request.get("chargingProfile")
    if profile is None or known.registration.is_unsettled:
        return None
    if not known[DeviceModelFacts].is_true("SmartChargingCtrlr", "Enabled"):
        return None
    flaw = flaw_of_start_profile(profile, known)
    if flaw is None:
        return None
    if _is_rejected(command):
        return None if _may_be_rejected_anyway(command, known) else MET
    return Broken(
        f"a RequestStartTransaction was accepted although its charging profile {flaw}; it must be Rejected",
        (command.sent_frame,),
    )


@REMOTE_START_TRANSACTION_NOT_NAMED.on_command(*_TRANSACTION_ID, of=_START)
def _judge_transaction_id(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the answer to a remote start has the id of the transaction that is running on the EVSE
    without an idToken.
    """
    evse_id = _evse_of(command, known)
    running = known.running.certain_on_evse(evse_id) if evse_id else []
    if len(running) != 1 or running[0][1].has_id_token or _is_rejected(command):
        return None
    transaction_id, transaction = running[0]
    sent = known[RemoteStartFacts].answered_by(command)
    if sent is None or transaction_id not in sent.transactions:
        return None
    if command.answer.get("transactionId") == transaction_id:
        return MET
    sentence = (
        f"a RequestStartTransaction for EVSE {evse_id} was accepted, but the answer does not have the "
        f"transactionId {short(transaction_id)} of the transaction that was running there without an "
        "authorization; it must name this transaction"
    )
    transaction.suspicions.append(
        Suspicion(
            REMOTE_START_TRANSACTION_NOT_NAMED.id,
            command.at,
            (command.frame,),
            sentence,
            requirements=_TRANSACTION_ID,
        )
    )
    return None


def _evse_of(command: AnsweredCommand, known: Known201) -> int | None:
    """Return the EVSE that a remote start names; None if it names none, or if the last boot was not
    Accepted.
    """
    evse_id: int | None = command.request.get("evseId")
    return None if known.registration.is_unsettled else evse_id


def _may_be_rejected_anyway(command: AnsweredCommand, known: Known201) -> bool:
    """Return whether the state of the EVSE is a reason to reject any remote start."""
    evse_id = command.request.get("evseId")
    statuses = known.connectors.statuses_of_evse(evse_id)
    return not statuses.isdisjoint(BROKEN_STATUSES | {"Reserved"}) or bool(known.running.on_evse(evse_id))


def _is_rejected(command: AnsweredCommand) -> bool:
    return bool(command.answer["status"] == "Rejected")


def _reservation_for_others(command: AnsweredCommand, known: Known201) -> ObservedReservation | None:
    """Return the reservation of the EVSE, if it is certainly for another idToken."""
    evse_id = _evse_of(command, known)
    reservations = [one for one in known.transactions.reservations.open.values() if one.evse_id == evse_id]
    sent, statuses = known[RemoteStartFacts].answered_by(command), certain_statuses(known, evse_id)
    is_reserved = set(statuses.values()) == {"Reserved"} and sent is not None and sent.statuses == statuses
    if len(reservations) != 1 or evse_id is None or not is_reserved:
        return None
    (reservation,) = reservations
    is_over = known.clock.is_skewed or command.at > reservation.expires_at - CLOCK_ERROR_S
    is_same = reservation.token == id_token_key(command.request["idToken"])
    return None if is_over or reservation.may_be_used or is_same else reservation


def _judge_reservation(
    command: AnsweredCommand,
    known: Known201,
    reservation: ObservedReservation,
    requirements: tuple[str, ...],
) -> Outcome:
    if _is_rejected(command):
        return MET
    sentence = (
        f"a RequestStartTransaction for EVSE {reservation.evse_id} was accepted although the EVSE is "
        "reserved for another idToken; it must be Rejected"
    )
    _suspect(
        command, known, REMOTE_START_ACCEPTED_WHILE_RESERVED.id, requirements, sentence, reservation.frame
    )
    return None


def _suspect(
    command: AnsweredCommand,
    known: Known201,
    kind_id: str,
    requirements: tuple[str, ...],
    sentence: str,
    *frames: int,
) -> None:
    """Report an answer unless the next messages show that the state of the EVSE had changed before the
    answer.
    """
    evse_id = command.request["evseId"]
    known.expectations.add(
        ExpectedMessage(
            kind_id,
            requirements,
            command.at,
            _CROSSING_S,
            frozenset({Action.notify_event, Action.reservation_status_update, Action.status_notification}),
            lambda _, payload: payload.get("evseId", evse_id) == evse_id,
            sentence,
            (*frames, command.sent_frame, command.frame),
            counts_as_met=False,
        )
    )
