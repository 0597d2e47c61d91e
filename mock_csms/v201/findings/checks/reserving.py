"""Answers to ReserveNow, and the statuses that follow (H01)."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.certain_statuses import certain_statuses, statuses_of
from mock_csms.v201.findings.facts.connector_events import once_each_is
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.facts.id_tokens import IdTokenFacts
from mock_csms.v201.findings.facts.reservations import RESERVED, ReservationFacts
from mock_csms.v201.findings.known import Known201

_CONTROLLER: Final = "ReservationCtrlr"
_CROSSING_S: Final = 5.0
"""Seconds to wait after an answer for a connector status that explains it."""
_STATUS_WITHIN_S: Final = 60.0
_DRIVER_WAITS_S: Final = 600.0
"""Time in which an authorized driver may still plug in."""
_MIN_VALIDITY_S: Final = 60.0
"""Minimum time until the expiry of a reservation that a station must accept."""

RESERVATION_ACCEPTED_WHILE_DISABLED: Final = CHECKS.kind(
    "reservation-accepted-while-disabled",
    "error",
    "a ReserveNow is not rejected although reservations are disabled",
    "that ReservationCtrlr.Enabled or ReservationCtrlr.Available is false",
)
UNSPECIFIC_RESERVATION_ACCEPTED: Final = CHECKS.kind(
    "unspecific-reservation-accepted",
    "error",
    "a ReserveNow without an EVSE is accepted by a station that reserves only specific EVSEs",
    "that ReservationCtrlr.NonEvseSpecific is false or missing in a complete FullInventory since the "
    "last boot",
)
RESERVATION_STATUS_WRONG: Final = CHECKS.kind(
    "reservation-status-wrong",
    "error",
    "the answer to a ReserveNow does not fit the status of the EVSE",
    "that ReservationCtrlr.Enabled is true, and the status of all connectors of the EVSE; for "
    "Available connectors also that AuthCtrlr.LocalPreAuthorize is false and that no idToken was "
    "authorized in the last ten minutes",
)
FREE_STATION_NOT_RESERVED: Final = CHECKS.kind(
    "free-station-not-reserved",
    "error",
    "a ReserveNow without an EVSE is refused although all connectors are Available",
    "that ReservationCtrlr.Enabled and ReservationCtrlr.NonEvseSpecific are true and "
    "AuthCtrlr.LocalPreAuthorize is false, the status of all connectors, that no idToken was "
    "authorized in the last ten minutes, and Connector.ConnectorType if the ReserveNow names a connector "
    "type",
)
RESERVED_STATUS_NOT_SENT: Final = CHECKS.kind(
    "reserved-status-not-sent",
    "error",
    "a connector is not reported as Reserved after a ReserveNow for its EVSE is accepted",
    "the status of all connectors of the EVSE",
)
RESERVED_STATUS_NOT_SENT.names("H01.FR.23")


@RESERVATION_ACCEPTED_WHILE_DISABLED.on_command("H01.FR.01", of=Action.reserve_now)
def _judge_disabled(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow is rejected while reservations are disabled. Enabled and Available are optional
    variables, so a station without them may accept the ReserveNow.
    """
    model = known[DeviceModelFacts]
    if False not in {model.is_true(_CONTROLLER, "Enabled"), model.is_true(_CONTROLLER, "Available")}:
        return None
    status = command.answer["status"]
    if status == "Rejected":
        return MET
    return Broken(
        f"a ReserveNow was answered with {status} although ReservationCtrlr is disabled; the answer must be "
        "Rejected",
        (command.sent_frame,),
    )


@UNSPECIFIC_RESERVATION_ACCEPTED.on_command("H01.FR.19", of=Action.reserve_now)
def _judge_unspecific(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow without an EVSE is rejected by a station that only reserves specific EVSEs."""
    model, status = known[DeviceModelFacts], command.answer["status"]
    value = model.is_true(_CONTROLLER, "NonEvseSpecific")
    is_possible = value if value is not None or not model.is_complete else False
    if "evseId" in command.request or is_possible is not False:
        return None
    if status != "Accepted":
        return MET if status == "Rejected" else None
    return Broken(
        "a ReserveNow without evseId was accepted although ReservationCtrlr.NonEvseSpecific is not true; the "
        "answer must be Rejected",
        (command.sent_frame,),
    )


def _is_usual(command: AnsweredCommand, known: Known201) -> bool:
    """Return whether a ReserveNow is valid and replaces no reservation, reservations are enabled, and no
    connector status has changed since it was sent.
    """
    expires_at = seconds_of(command.request["expiryDateTime"])
    is_enabled = known[DeviceModelFacts].is_true(_CONTROLLER, "Enabled") is True
    is_valid = expires_at is not None and expires_at > command.at + _MIN_VALIDITY_S
    is_changed = known.connectors.status != known[ReservationFacts].statuses_before
    return (
        is_enabled
        and is_valid
        and not is_changed
        and not known.clock.is_skewed
        and known[ReservationFacts].replaced_id is None
    )


def _has_no_waiting_driver(at: float, known: Known201, evse_id: int | None = None) -> bool:
    """Return whether no authorized driver can be about to plug in at an Available connector of an EVSE; None:
    of any EVSE.
    """
    since, model = at - _DRIVER_WAITS_S, known[DeviceModelFacts]
    places = {transaction.evse_id for transaction in known.running.by_id.values()}
    if any(evse_id is None or place in {evse_id, None} for place in places):
        return False
    return (
        model.is_true("AuthCtrlr", "LocalPreAuthorize") is False
        and model.is_true("AuthCtrlr", "DisableRemoteAuthorization") is not True
        and known[IdTokenFacts].latest_at < since
        and known.online.has_been_online_since(since, at)
    )


class SuspectAnswer(NamedTuple):
    """An answer that is wrong unless a connector status changed just before the answer."""

    kind: str
    requirements: tuple[str, ...]
    sentence: str
    evse_id: int | None = None
    """EVSE whose statuses matter; None: any."""


def suspect(
    command: AnsweredCommand,
    known: Known201,
    answer: SuspectAnswer,
    is_excused: Callable[[], bool] = lambda: False,
) -> None:
    """Report an answer, unless a connector reports another status soon afterwards: the connector may have had
    this status already when the station answered.
    """
    statuses = statuses_of(known, answer.evse_id)
    known.expectations.add(
        ExpectedMessage(
            answer.kind,
            answer.requirements,
            since=command.at,
            within_s=_CROSSING_S,
            actions=frozenset(),
            is_fulfilled_by=lambda _action, _payload: False,
            is_excused=lambda: statuses_of(known, answer.evse_id) != statuses or is_excused(),
            sentence=answer.sentence,
            frames=(command.sent_frame, command.frame),
        )
    )


def _judge_target(
    command: AnsweredCommand, known: Known201, requirement: str, found: frozenset[str], required: str
) -> Outcome:
    """Check that a ReserveNow for an EVSE whose connectors all have one of the statuses in ``found`` is
    answered with ``required``.
    """
    evse_id, status = command.request.get("evseId"), command.answer["status"]
    if evse_id is None or status == "Rejected" or not _is_usual(command, known):
        return None
    statuses = set(certain_statuses(known, evse_id).values())
    if not statuses or not statuses <= found:
        return None
    if RESERVED in statuses and not any(known[ReservationFacts].of_evse(evse_id)):
        return None
    if status == required:
        return MET
    sentence = (
        f"a ReserveNow for EVSE {evse_id} was answered with {status} although each of its connectors is "
        f"{' or '.join(sorted(statuses))}; the answer must be {required}"
    )
    suspect(command, known, SuspectAnswer(RESERVATION_STATUS_WRONG.id, (requirement,), sentence, evse_id))
    return None


@RESERVATION_STATUS_WRONG.on_command("H01.FR.11", of=Action.reserve_now)
def _judge_occupied(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow for an EVSE that is in use or reserved is answered with Occupied."""
    return _judge_target(command, known, "H01.FR.11", frozenset({"Occupied", RESERVED}), "Occupied")


@RESERVATION_STATUS_WRONG.on_command("H01.FR.12", of=Action.reserve_now)
def _judge_faulted(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow for a faulted EVSE is answered with Faulted."""
    return _judge_target(command, known, "H01.FR.12", frozenset({"Faulted"}), "Faulted")


@RESERVATION_STATUS_WRONG.on_command("H01.FR.14", of=Action.reserve_now)
def _judge_unavailable(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow for an unavailable EVSE is answered with Unavailable."""
    return _judge_target(command, known, "H01.FR.14", frozenset({"Unavailable"}), "Unavailable")


@RESERVATION_STATUS_WRONG.on_command("H01.FR.23", of=Action.reserve_now)
def _judge_available(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow for an available EVSE is answered with Accepted. The check never returns MET:
    the requirement is met only when the connectors are reported as Reserved.
    """
    evse_id = command.request.get("evseId")
    if not known[ReservationFacts].has_unspecific and _has_no_waiting_driver(command.at, known, evse_id):
        _judge_target(command, known, "H01.FR.23", frozenset({"Available"}), "Accepted")
    return None


def _judge_free(command: AnsweredCommand, known: Known201, requirements: tuple[str, ...]) -> Outcome:
    """Check that a ReserveNow without an EVSE is accepted while all connectors are Available."""
    is_possible = known[DeviceModelFacts].is_true(_CONTROLLER, "NonEvseSpecific") is True
    statuses = statuses_of(known, None)
    if not is_possible or not _is_usual(command, known) or known[ReservationFacts].active:
        return None
    if set(statuses.values()) != {"Available"}:
        return None
    status = command.answer["status"]
    if status != "Accepted" and not _has_no_waiting_driver(command.at, known):
        return None
    if status == "Accepted":
        return MET
    sentence = (
        f"a ReserveNow without evseId was answered with {status} although all connectors are Available and "
        "ReservationCtrlr.NonEvseSpecific is true; it must be Accepted"
    )
    suspect(command, known, SuspectAnswer(FREE_STATION_NOT_RESERVED.id, requirements, sentence))
    return None


@FREE_STATION_NOT_RESERVED.on_command("H01.FR.04", "H01.FR.18", of=Action.reserve_now)
def _judge_any_evse(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow with neither an EVSE nor a connectorType is accepted."""
    if "evseId" in command.request or "connectorType" in command.request:
        return None
    return _judge_free(command, known, ("H01.FR.04", "H01.FR.18"))


@FREE_STATION_NOT_RESERVED.on_command("H01.FR.06", of=Action.reserve_now)
def _judge_connector_type(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ReserveNow without an EVSE for a connectorType that the station has is accepted."""
    connector_type = command.request.get("connectorType")
    if "evseId" in command.request or connector_type not in _types_of_connectors(known):
        return None
    return _judge_free(command, known, ("H01.FR.06",))


def _types_of_connectors(known: Known201) -> set[str | None]:
    """Return the types of the connectors that have a status, as far as they are known."""
    model = known[DeviceModelFacts]
    names = [
        VariableName("connector", "connectortype", evse_id=evse_id, connector_id=connector_id)
        for evse_id, connector_id in known.connectors.status
    ]
    return {model.value(name) for name in names} - {None}


@CHECKS.learn_command(Action.reserve_now)
def _expect_reserved(command: AnsweredCommand, known: Known201) -> None:
    """Expect the status Reserved of each connector of an available EVSE that was reserved."""
    evse_id = command.request.get("evseId")
    reservation = known[ReservationFacts].active.get(command.request["id"])
    statuses = statuses_of(known, evse_id)
    if evse_id is None or command.answer["status"] != "Accepted" or reservation is None:
        return
    if set(statuses.values()) != {"Available"} or reservation.expires_at < command.at + 2 * _STATUS_WITHIN_S:
        return

    def is_excused() -> bool:
        is_active = known[ReservationFacts].active.get(reservation.id) is reservation
        is_free = set(statuses_of(known, evse_id).values()) <= {"Available", RESERVED}
        return not is_active or reservation.may_be_used or not is_free

    known.expectations.add(
        ExpectedMessage(
            RESERVED_STATUS_NOT_SENT.id,
            ("H01.FR.23",),
            since=command.at,
            within_s=_STATUS_WITHIN_S,
            actions=frozenset({Action.status_notification, Action.notify_event}),
            is_fulfilled_by=once_each_is(statuses, lambda status: status == RESERVED),
            is_excused=is_excused,
            sentence=f"a ReserveNow for EVSE {evse_id} was accepted, but not all of its connectors were "
            f"reported as Reserved within {_STATUS_WITHIN_S:g} s; the station must report each one",
            frames=(command.sent_frame, command.frame),
        )
    )
