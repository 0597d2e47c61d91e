"""Requirements of F and G that count as met or broken by what a station does after a command."""

from collections.abc import Callable, Iterable

import pytest

from mock_csms.findings.coverage import RequirementState
from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, REMOTE_START, TOKEN, TRIGGERED, Talk, availability, case, stamp

type Play = Callable[[Talk], object]


def states(talk: Talk, requirements: Iterable[str]) -> set[RequirementState]:
    return {talk.coverage(requirement) for requirement in requirements}


def trigger(requested: str, evse: JsonObject | None = None) -> Play:
    return lambda talk: talk.trigger(requested, evse=evse)


TRIGGERS = [
    case("Heartbeat with EVSE", "Heartbeat", {"id": 1}, {"F06.FR.03", "F06.FR.10"}),
    case("MeterValues", "MeterValues", None, {"F06.FR.06", "F06.FR.10", "F06.FR.11"}),
    case("MeterValues of EVSE", "MeterValues", {"id": 1}, {"F06.FR.06", "F06.FR.10"}),
    case("StatusNotification", "StatusNotification", EVSE, {"F06.FR.10"}),
]
ALL_TRIGGER = {"F06.FR.03", "F06.FR.06", "F06.FR.10", "F06.FR.11"}


@pytest.mark.parametrize(("requested", "evse", "requirements"), TRIGGERS)
@pytest.mark.parametrize("state", ["met", "broken"])
def test_triggered_message_covers_the_requirements_of_the_trigger(
    talk: Talk, requested: str, evse: JsonObject | None, requirements: set[str], state: str
) -> None:
    talk.trigger(requested, evse=evse)
    if state == "met":
        action, build = TRIGGERED[requested]
        talk.call(action, build(talk))
    talk.wait(31)

    assert states(talk, requirements) == {state}
    assert states(talk, ALL_TRIGGER - requirements) <= {"not exercised"}


def change(talk: Talk, status: str, **scope: int) -> None:
    talk.command("ChangeAvailability", availability(status, **scope))


STATION: dict[str, int] = {}
EVSE_1 = {"evse_id": 1}
CONNECTOR_1 = {"evse_id": 1, "connector_id": 1}
CHANGES = [
    case("station", STATION, "Inoperative", {"G01.FR.07", "G04.FR.01", "G04.FR.05", "G04.FR.07"}),
    case("station again", STATION, "Operative", {"G01.FR.07", "G04.FR.01", "G04.FR.05", "G04.FR.08"}),
    case("EVSE", EVSE_1, "Inoperative", {"G01.FR.07", "G03.FR.04", "G03.FR.06"}),
    case("EVSE again", EVSE_1, "Operative", {"G01.FR.07", "G03.FR.04", "G03.FR.07"}),
    case("connector", CONNECTOR_1, "Inoperative", {"G01.FR.07", "G03.FR.04"}),
]
TOLD = {"Inoperative": "Unavailable", "Operative": "Available"}


@pytest.mark.parametrize(("scope", "operational_status", "requirements"), CHANGES)
@pytest.mark.parametrize("state", ["met", "broken"])
def test_change_of_availability_covers_the_requirements_of_its_scope(
    talk: Talk, scope: dict[str, int], operational_status: str, requirements: set[str], state: str
) -> None:
    if operational_status == "Operative":
        change(talk, "Inoperative", **scope)
        talk.status("Unavailable")
        talk.wait(61)
        talk.observer.coverage.clear()
    change(talk, operational_status, **scope)
    if state == "met":
        talk.status(TOLD[operational_status])
    talk.wait(61)

    assert states(talk, requirements) == {state}


STOPS = [
    case("transaction ends", "Authorized", "F03.FR.03", "F03.FR.02"),
    case("transaction goes on", "EVConnected", "F03.FR.02", "F03.FR.03"),
]


@pytest.mark.parametrize(("stop_point", "requirement", "other"), STOPS)
@pytest.mark.parametrize("state", ["met", "broken"])
def test_remote_stop_covers_the_requirement_of_the_stop_point(
    talk: Talk, stop_point: str, requirement: str, other: str, state: str
) -> None:
    talk.read_variables({"TxCtrlr.TxStopPoint": stop_point})
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    if state == "met":
        talk.send_event(1, triggerReason="RemoteStop")
    talk.wait(121)

    assert talk.coverage(requirement) == state
    assert talk.coverage(other) == "not exercised"


@pytest.mark.parametrize(("status", "requirement"), [("Occupied", "F01.FR.03"), ("Available", "F02.FR.11")])
@pytest.mark.parametrize("state", ["met", "broken"])
def test_remote_start_covers_the_requirement_of_the_connector(
    talk: Talk, status: str, requirement: str, state: str
) -> None:
    talk.report_start_point("Authorized")
    talk.status(status)
    talk.command("RequestStartTransaction", {**REMOTE_START, "evseId": 1})
    if state == "met":
        talk.send_event(0, "Started", triggerReason="RemoteStart", idToken=TOKEN, info={"remoteStartId": 9})
    talk.wait(121)

    assert talk.coverage(requirement) == state


NEW, RUNNING = {"F02.FR.01", "F02.FR.21"}, {"F01.FR.25", "F02.FR.21"}


def report_remote_start(talk: Talk, *, is_new: bool, **fields: object) -> None:
    talk.command("RequestStartTransaction", {**REMOTE_START, "evseId": 1})
    talk.at += 1
    if not is_new:
        talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE)
    talk.send_event(
        0 if is_new else 1, "Started" if is_new else "Updated", idToken=TOKEN, evse=EVSE, **fields
    )


@pytest.mark.parametrize(("is_new", "requirements"), [(True, NEW), (False, RUNNING)])
def test_report_of_remote_start_meets_its_requirements(
    talk: Talk, *, is_new: bool, requirements: set[str]
) -> None:
    report_remote_start(talk, is_new=is_new, triggerReason="RemoteStart", info={"remoteStartId": 9})

    assert states(talk, {"F01.FR.19", *requirements}) == {"met"}


@pytest.mark.parametrize(("is_new", "requirements"), [(True, NEW), (False, RUNNING)])
def test_remote_start_without_its_id_breaks_the_requirement_of_the_transaction(
    talk: Talk, *, is_new: bool, requirements: set[str]
) -> None:
    report_remote_start(talk, is_new=is_new, triggerReason="Authorized")

    assert states(talk, requirements) == {"broken"}
    assert talk.coverage("F01.FR.19") == "not exercised"


def test_remote_start_with_other_trigger_breaks_only_the_requirement_of_the_trigger(talk: Talk) -> None:
    report_remote_start(talk, is_new=True, triggerReason="Authorized", info={"remoteStartId": 9})

    assert states(talk, {"F01.FR.19", "F02.FR.21"}) == {"broken"}
    assert talk.coverage("F02.FR.01") == "not exercised"


def charge(talk: Talk) -> None:
    talk.send_event(
        0, "Started", evse=EVSE, idToken=TOKEN, info={"chargingState": "Charging"}, triggerReason="Authorized"
    )


def unlock(status: str) -> Play:
    return lambda talk: talk.command("UnlockConnector", {"evseId": 1, "connectorId": 1}, status)


def make_inoperative(status: str, **scope: int) -> Play:
    return lambda talk: talk.command("ChangeAvailability", availability("Inoperative", **scope), status)


CAUTIOUS_ANSWERS = [
    case("unlock", unlock("OngoingAuthorizedTransaction"), unlock("Unlocked"), "F05.FR.02"),
    case(
        "EVSE", make_inoperative("Scheduled", evse_id=1), make_inoperative("Accepted", evse_id=1), "G03.FR.05"
    ),
    case("station", make_inoperative("Scheduled"), make_inoperative("Accepted"), "G04.FR.06"),
]


@pytest.mark.parametrize(("cautious", "rash", "requirement"), CAUTIOUS_ANSWERS)
@pytest.mark.parametrize("state", ["met", "broken"])
def test_answer_during_transaction_covers_its_requirement(
    talk: Talk, cautious: Play, rash: Play, requirement: str, state: str
) -> None:
    charge(talk)
    (cautious if state == "met" else rash)(talk)
    talk.at += 10
    talk.send_event(1, info={"chargingState": "Charging"})

    assert talk.coverage(requirement) == state


def test_cautious_answer_without_transaction_covers_nothing(talk: Talk) -> None:
    unlock("OngoingAuthorizedTransaction")(talk)
    make_inoperative("Scheduled")(talk)

    assert states(talk, {"F05.FR.02", "G04.FR.06"}) == {"not exercised"}


@pytest.mark.parametrize(("status", "state"), [("Rejected", "met"), ("Accepted", "broken")])
def test_trigger_of_boot_covers_its_requirement(talk: Talk, status: str, state: str) -> None:
    talk.trigger("BootNotification", status)

    assert talk.coverage("F06.FR.17") == state


INOPERATIVE_SCOPES = [
    case("EVSE", EVSE_1, False, {"G03.FR.06"}),
    case("connector", CONNECTOR_1, False, {"G01.FR.07"}),
    case("station", STATION, False, {"G04.FR.07"}),
    case("EVSE after boot", EVSE_1, True, {"G01.FR.02", "G03.FR.08"}),
    case("connector after boot", CONNECTOR_1, True, {"G03.FR.08"}),
    case("station after boot", STATION, True, {"G04.FR.09"}),
]


@pytest.mark.parametrize(("scope", "is_rebooted", "requirements"), INOPERATIVE_SCOPES)
@pytest.mark.parametrize(("status", "state"), [("Unavailable", "met"), ("Available", "broken")])
def test_status_of_inoperative_connector_covers_the_requirements_of_its_scope(  # noqa: PLR0917 - a table
    talk: Talk, scope: dict[str, int], is_rebooted: bool, requirements: set[str], status: str, state: str
) -> None:
    change(talk, "Inoperative", **scope)
    talk.status("Unavailable")
    talk.wait(61)
    if is_rebooted:
        talk.boot()
    talk.observer.coverage.clear()
    talk.status(status)

    assert states(talk, requirements) == {state}


@pytest.mark.parametrize(("status", "state"), [("Unavailable", "met"), ("Available", "broken")])
def test_status_after_scheduled_change_covers_its_requirement(talk: Talk, status: str, state: str) -> None:
    charge(talk)
    make_inoperative("Scheduled", evse_id=1)(talk)
    talk.at += 61
    talk.send_event(1, "Ended", triggerReason="EVDeparted")
    talk.status(status)

    assert talk.coverage("G01.FR.05") == state


@pytest.mark.parametrize("is_set_later", [False, True])
def test_heartbeats_cover_the_requirement_of_their_interval(talk: Talk, *, is_set_later: bool) -> None:
    if is_set_later:
        item = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        message_id = talk.send_command(
            "SetVariables", {"setVariableData": [{**item, "attributeValue": "300"}]}
        )
        result = {**item, "attributeStatus": "Accepted"}
        talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})
    for _ in range(2):
        talk.at += 300
        talk.call("Heartbeat")
    assert talk.coverage("G02.FR.02") == "met"
    assert talk.coverage("G02.FR.01") == ("not exercised" if is_set_later else "met")

    talk.wait(460, step=10)
    assert talk.coverage("G02.FR.02") == "broken"
    assert talk.coverage("G02.FR.01") == ("not exercised" if is_set_later else "broken")


@pytest.mark.parametrize(("ahead_s", "state"), [(0, "met"), (120, "broken"), (-120, "not exercised")])
@pytest.mark.parametrize("has_heartbeat", [False, True])
def test_timestamp_covers_the_requirement_of_the_clock(
    talk: Talk, ahead_s: float, state: str, *, has_heartbeat: bool
) -> None:
    if has_heartbeat:
        talk.call("Heartbeat")
    talk.observer.coverage.clear()
    talk.at += 61
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": stamp(talk.at + ahead_s)})

    assert talk.coverage("B01.FR.06") == state
    assert talk.coverage("G02.FR.06") == (state if has_heartbeat else "not exercised")


ANSWERED = [
    case("unlock", "UnlockConnector", {"evseId": 1, "connectorId": 1}, "Unlocked", "F05.FR.01"),
    case("EVSE", "ChangeAvailability", availability("Operative", evse_id=1), "Accepted", "G03.FR.01"),
    case("station", "ChangeAvailability", availability("Operative"), "Accepted", "G04.FR.02"),
]
ALL_ANSWERED = ("F05.FR.01", "G03.FR.01", "G04.FR.02")
VALID = [
    case("trigger", "TriggerMessage", {"requestedMessage": "Heartbeat"}, "Accepted", "F06.FR.05"),
    case("EVSE", "ChangeAvailability", availability("Operative", evse_id=1), "Accepted", "G03.FR.02"),
    case("station", "ChangeAvailability", availability("Operative"), "Accepted", "G04.FR.03"),
]


@pytest.mark.parametrize(("action", "request_", "status", "requirement"), [*ANSWERED, *VALID])
def test_valid_answer_meets_its_requirement(
    talk: Talk, action: str, request_: JsonObject, status: str, requirement: str
) -> None:
    talk.command(action, request_, status)

    assert talk.coverage(requirement) == "met"


@pytest.mark.parametrize(("action", "request_", "_", "requirement"), ANSWERED)
def test_missing_answer_breaks_its_requirement(
    talk: Talk, action: str, request_: JsonObject, _: str, requirement: str
) -> None:
    talk.time_out(action, request_)

    assert talk.ids == ["call-unanswered"]
    assert states(talk, {"FR.02", requirement}) == {"broken"}
    assert states(talk, {*ALL_ANSWERED} - {requirement}) == {"not exercised"}


@pytest.mark.parametrize(("action", "request_", "_", "requirement"), VALID)
def test_invalid_answer_breaks_its_requirement(
    talk: Talk, action: str, request_: JsonObject, _: str, requirement: str
) -> None:
    talk.answer_command(talk.send_command(action, request_), action, {}, violation="no status")

    assert [finding.section for finding in talk.findings] == [f"OCPP-J 4.1.7, {requirement}"]
    assert talk.coverage(requirement) == "broken"


def test_missing_answer_to_another_command_breaks_only_the_general_requirement(talk: Talk) -> None:
    talk.time_out("ClearCache", {})

    assert [finding.section for finding in talk.findings] == ["OCPP-J 4.1.1, FR.02"]
    assert states(talk, ALL_ANSWERED) == {"not exercised"}


def test_error_as_answer_covers_nothing(talk: Talk) -> None:
    talk.ask_in_vain("UnlockConnector", {"evseId": 1, "connectorId": 1})

    assert talk.coverage("F05.FR.01") == "not exercised"
