"""Checks of the answers to ReserveNow, and of the statuses that follow."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, TOKEN, Script, Talk, availability, case, reservation, stamp
from tests.v201.findings.checks.inventory import item, take_inventory

ENABLED = {
    "AuthCtrlr.LocalPreAuthorize": "false",
    "ReservationCtrlr.Enabled": "true",
    "ReservationCtrlr.NonEvseSpecific": "true",
}
QUIET_S = 700
"""Seconds without an authorization, after which no authorized driver can be about to plug in."""
STATUS_WRONG = "reservation-status-wrong"
TYPED: JsonObject = {"connectorType": "sType2"}


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def reserve(talk: Talk, answer: str = "Accepted", reservation_id: int = 3, **fields: object) -> None:
    """Send a ReserveNow of EVSE 1."""
    talk.command("ReserveNow", reservation(talk, id=reservation_id, **fields), answer)


def reserve_any(talk: Talk, answer: str = "Accepted", reservation_id: int = 4, **fields: object) -> None:
    """Send a ReserveNow without an EVSE."""
    request = reservation(talk, id=reservation_id, **fields)
    del request["evseId"]
    talk.command("ReserveNow", request, answer)


@pytest.mark.parametrize(
    ("variable", "value", "answer", "findings", "state"),
    [
        case("disabled", "Enabled", "false", "Occupied", ["reservation-accepted-while-disabled"], "broken"),
        case("missing", "Available", "false", "Accepted", ["reservation-accepted-while-disabled"], "broken"),
        case("rejected", "Enabled", "false", "Rejected", [], "met"),
        case("enabled", "Enabled", "true", "Rejected", [], "not exercised"),
    ],
)
def test_reservation_must_be_rejected_while_disabled(
    talk: Talk, *, variable: str, value: str, answer: str, findings: list[str], state: str
) -> None:
    talk.read_variables({f"ReservationCtrlr.{variable}": value})
    reserve(talk, answer)

    assert talk.ids == findings
    assert states(talk, "H01.FR.01") == {state}


def test_station_without_variables_of_reservations_may_accept_one(talk: Talk) -> None:
    take_inventory(talk, [item({"name": "EVSE", "evse": {"id": 1}}, "Power")])
    reserve(talk)

    assert "reservation-accepted-while-disabled" not in talk.ids
    assert states(talk, "H01.FR.01") == {"not exercised"}


@pytest.mark.parametrize(
    ("value", "answer", "findings", "state"),
    [
        case("accepted", "false", "Accepted", ["unspecific-reservation-accepted"], "broken"),
        case("rejected", "false", "Rejected", [], "met"),
        case("possible", "true", "Accepted", [], "not exercised"),
    ],
)
def test_reservation_of_any_evse(
    talk: Talk, value: str, answer: str, findings: list[str], state: str
) -> None:
    talk.read_variables({"ReservationCtrlr.NonEvseSpecific": value})
    reserve_any(talk, answer)

    assert talk.ids == findings
    assert states(talk, "H01.FR.19") == {state}


TARGETS = [
    case("occupied", "Occupied", "Occupied", "H01.FR.11"),
    case("faulted", "Faulted", "Faulted", "H01.FR.12"),
    case("unavailable", "Unavailable", "Unavailable", "H01.FR.14"),
]


@pytest.mark.parametrize(("status", "required", "requirement"), TARGETS)
def test_wrong_answer_about_evse_is_found(talk: Talk, status: str, required: str, requirement: str) -> None:
    talk.read_variables(ENABLED)
    talk.status(status)
    reserve(talk)
    talk.wait(6)

    assert talk.ids == [STATUS_WRONG]
    assert states(talk, requirement) == {"broken"}


@pytest.mark.parametrize(("status", "required", "requirement"), TARGETS)
def test_right_answer_about_evse_is_accepted(
    talk: Talk, status: str, required: str, requirement: str
) -> None:
    talk.read_variables(ENABLED)
    talk.status(status)
    reserve(talk, required)
    talk.wait(6)

    assert talk.ids == []
    assert states(talk, requirement) == {"met"}


@pytest.mark.parametrize(
    ("status", "fields", "answer"),
    [
        case("rejected for another reason", "Occupied", {}, "Rejected"),
        case("too short", "Occupied", {"expiryDateTime": stamp(0)}, "Faulted"),
        case("replaced", "Occupied", {"reservation_id": 9}, "Accepted"),
        case("reserved by an unknown reservation", "Reserved", {}, "Accepted"),
        case("not known", "Available", {"evseId": 2}, "Faulted"),
    ],
)
def test_answer_about_evse_may_be_right(talk: Talk, status: str, fields: JsonObject, answer: str) -> None:
    talk.read_variables(ENABLED)
    reserve(talk, "Accepted", reservation_id=9, evseId=3)
    talk.status(status)
    reserve(talk, answer, **fields)
    talk.wait(6)

    assert talk.ids == []


def test_answer_about_evse_that_has_just_changed_is_accepted(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    talk.status("Occupied")
    reserve(talk)
    talk.status("Available")
    talk.wait(6)

    assert talk.ids == []


def test_second_reservation_of_reserved_evse_is_found(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    reserve(talk)
    talk.status("Reserved")
    reserve(talk, reservation_id=5)
    talk.wait(6)

    assert talk.ids == [STATUS_WRONG]
    assert states(talk, "H01.FR.11") == {"broken"}


def be_quiet(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    talk.call("Heartbeat")
    talk.at += QUIET_S


def test_refused_reservation_is_accepted_if_drivers_are_authorized_unseen(talk: Talk) -> None:
    talk.read_variables({**ENABLED, "AuthCtrlr.DisableRemoteAuthorization": "true"})
    be_quiet(talk)
    reserve(talk, "Occupied")
    talk.wait(6)

    assert STATUS_WRONG not in talk.ids


def test_refused_reservation_while_a_driver_may_plug_in_is_accepted(talk: Talk) -> None:
    be_quiet(talk)
    talk.exchange("Authorize", {"idToken": TOKEN}, {"idTokenInfo": {"status": "Accepted"}})
    reserve(talk, "Occupied")
    reserve_any(talk, "Occupied")
    talk.wait(6)

    assert STATUS_WRONG not in talk.ids
    assert "free-station-not-reserved" not in talk.ids


def test_refused_reservation_of_available_evse_is_found(talk: Talk) -> None:
    be_quiet(talk)
    reserve(talk, "Occupied")
    talk.wait(6)

    assert talk.ids == [STATUS_WRONG]
    assert states(talk, "H01.FR.23") == {"broken"}


def test_refused_reservation_beside_one_of_any_evse_is_accepted(talk: Talk) -> None:
    be_quiet(talk)
    reserve_any(talk)
    reserve(talk, "Occupied")
    talk.wait(6)

    assert talk.ids == []


FREE = [
    case("any EVSE", {}, ("H01.FR.04", "H01.FR.18")),
    case("any EVSE with a connector type", TYPED, ("H01.FR.06",)),
]


def report_connector_type(talk: Talk) -> None:
    item = {
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "ConnectorType"},
        "variableAttribute": [{"value": "sType2"}],
    }
    talk.call("NotifyReport", {"requestId": 7, "generatedAt": talk.now, "seqNo": 0, "reportData": [item]})


@pytest.mark.parametrize(("fields", "requirements"), FREE)
@pytest.mark.parametrize(
    ("answer", "findings", "state"),
    [
        case("refused", "Rejected", ["free-station-not-reserved"], "broken"),
        case("accepted", "Accepted", [], "met"),
    ],
)
def test_reservation_of_free_station_must_be_accepted(
    talk: Talk,
    *,
    fields: JsonObject,
    requirements: tuple[str, ...],
    answer: str,
    findings: list[str],
    state: str,
) -> None:
    be_quiet(talk)
    report_connector_type(talk)
    reserve_any(talk, answer, **fields)
    talk.wait(6)

    assert talk.ids == findings
    assert states(talk, *requirements) == {state}


@pytest.mark.parametrize(
    ("status", "fields"),
    [case("occupied", "Occupied", {}), case("other type", "Available", {"connectorType": "cCCS1"})],
)
def test_reservation_of_station_may_be_refused(talk: Talk, status: str, fields: JsonObject) -> None:
    be_quiet(talk)
    report_connector_type(talk)
    talk.status(status)
    reserve_any(talk, "Occupied", **fields)
    talk.wait(6)

    assert talk.ids == []


def test_connector_that_is_not_reported_as_reserved_is_found(talk: Talk) -> None:
    talk.status(connector_id=2)
    reserve(talk)
    talk.status("Reserved")
    talk.wait(61)

    assert talk.ids == ["reserved-status-not-sent"]
    assert states(talk, "H01.FR.23") == {"broken"}


def test_connectors_that_are_reported_as_reserved_are_accepted(talk: Talk) -> None:
    talk.status(connector_id=2)
    reserve(talk)
    talk.send_availability_state("Connector", "Reserved", {"id": 1, "connectorId": 1})
    talk.status("Reserved", connector_id=2)
    talk.wait(61)

    assert talk.ids == []
    assert states(talk, "H01.FR.23") == {"met"}


@pytest.mark.parametrize("status", ["Occupied", "Faulted"])
def test_reserved_connector_may_get_another_status(talk: Talk, status: str) -> None:
    reserve(talk)
    talk.status(status)
    talk.call("ReservationStatusUpdate", {"reservationId": 3, "reservationUpdateStatus": "Removed"})
    talk.wait(61)

    assert talk.ids == []


def test_reservation_that_is_used_at_once_needs_no_reserved_status(talk: Talk) -> None:
    reserve(talk)
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN, reservationId=3)
    talk.wait(61)

    assert talk.ids == []


def doubt_by_ignorance(talk: Talk) -> None:
    """Make the observer forget the station, as after a restart, and then report EVSE 1 as Faulted."""
    talk.observer.forget(*talk.next_entry())
    talk.read_variables(ENABLED)
    talk.status("Faulted")


def doubt_by_reconnect(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    talk.status("Faulted")
    talk.reconnect(5)


def doubt_by_command(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    talk.status("Unavailable")
    talk.at += 1
    talk.command("ChangeAvailability", availability("Operative"))


def doubt_by_unreadable_status(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    talk.status("Faulted")
    talk.call("StatusNotification", violation="evseId is missing")


def doubt_by_clock(talk: Talk) -> None:
    """Send the station a currentTime at which the reservation has expired."""
    talk.read_variables(ENABLED)
    talk.status("Faulted")
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 86_400)})


@pytest.mark.parametrize(
    "doubt",
    [
        doubt_by_ignorance,
        doubt_by_reconnect,
        doubt_by_command,
        doubt_by_unreadable_status,
        doubt_by_clock,
    ],
)
def test_answer_about_evse_in_doubt_is_not_judged(talk: Talk, doubt: Script) -> None:
    doubt(talk)
    reserve(talk)
    talk.wait(6)

    assert STATUS_WRONG not in talk.ids


def test_answer_about_evse_whose_status_changed_meanwhile_is_not_judged(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    message_id = talk.send_command("ReserveNow", reservation(talk))
    talk.status("Occupied")
    talk.answer_command(message_id, "ReserveNow", {"status": "Accepted"})
    talk.wait(6)

    assert STATUS_WRONG not in talk.ids


@pytest.mark.parametrize("value", ["Reserved", "reserved"])
def test_reserved_status_in_a_notify_event_is_accepted(talk: Talk, value: str) -> None:
    reserve(talk)
    talk.send_availability_state("connector", value, EVSE)
    talk.wait(61)

    assert "reserved-status-not-sent" not in talk.ids
    assert states(talk, "H01.FR.23") == {"met"}


def test_evse_with_a_transaction_may_be_occupied_before_the_plug(talk: Talk) -> None:
    """A driver who has pressed a start button needs no Authorize."""
    talk.read_variables(ENABLED)
    button = {"idToken": "", "type": "NoAuthorization"}
    talk.send_event(0, "Started", triggerReason="Authorized", evse={"id": 1}, idToken=button)
    talk.wait(QUIET_S, step=60)
    reserve(talk, "Occupied")
    talk.wait(6)

    assert STATUS_WRONG not in talk.ids
