"""Checks of the status of connectors, and of their locks."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, TOKEN, Talk, availability, case, device_report, reservation, stamp

type Play = Callable[[Talk], object]


def plug_in(talk: Talk, *, seq_no: int = 0, trigger: str = "CablePluggedIn", **fields: Any) -> None:
    event_type = "Updated" if seq_no else "Started"
    info = {"chargingState": "EVConnected"}
    talk.send_event(seq_no, event_type, **{"evse": EVSE, "triggerReason": trigger, "info": info, **fields})


def unplug(talk: Talk) -> None:
    talk.send_event(1, "Ended", triggerReason="EVDeparted", info={"chargingState": "Idle"})


@pytest.mark.parametrize(
    ("value", "ids", "state"),
    [
        case("unknown", "Charging", ["connector-status-invalid"], "broken"),
        case("status", "Occupied", [], "met"),
    ],
)
def test_availability_state_of_connector_must_be_a_status(
    talk: Talk, value: str, ids: list[str], state: str
) -> None:
    talk.send_availability_state("Connector", value, EVSE)

    assert talk.ids == ids
    assert talk.coverage("G01.FR.01") == state


def test_availability_state_of_station_is_no_connector_status(talk: Talk) -> None:
    talk.send_availability_state("ChargingStation", "Charging")

    assert talk.ids == []
    assert talk.coverage("G01.FR.01") == "not exercised"


def disconnect_vehicle(talk: Talk, connector_type: str = "cType2", **fields: Any) -> None:
    """Charge at a connector of this type, whose status is Occupied, and unplug the vehicle."""
    report = device_report((1, 1), variable="ConnectorType", value=connector_type)
    talk.call("NotifyReport", report)
    talk.status("Occupied")
    plug_in(talk)
    talk.wait(fields.pop("wait_s", 60))
    info = {"chargingState": "Idle"}
    event_type = fields.pop("eventType", "Ended")
    talk.send_event(1, event_type, **{"triggerReason": "EVDeparted", "info": info, **fields})


@pytest.mark.parametrize(
    ("status", "ids", "state"),
    [
        case("no status", None, ["available-status-missing"], "broken"),
        case("status", "Available", [], "met"),
        case("other status", "Unavailable", [], "not exercised"),
    ],
)
def test_connector_without_vehicle_must_be_available(
    talk: Talk, status: str | None, ids: list[str], state: str
) -> None:
    disconnect_vehicle(talk)
    if status:
        talk.status(status)
    talk.wait(61)

    assert talk.ids == ids
    assert talk.coverage("G01.FR.04") == state


@pytest.mark.parametrize(
    ("connector_type", "fields"),
    [
        case("socket", "sType2", {}),
        case("still connected", "cType2", {"info": {"chargingState": "EVConnected"}}),
        case("queued", "cType2", {"timestamp": stamp(0), "offline": True}),
        case("perhaps the next vehicle", "cType2", {"wait_s": 20}),
        case("suspended", "cType2", {"eventType": "Updated", "triggerReason": "EVCommunicationLost"}),
    ],
)
def test_connector_may_stay_occupied(talk: Talk, connector_type: str, fields: JsonObject) -> None:
    disconnect_vehicle(talk, connector_type, **fields)
    talk.wait(61)

    assert "available-status-missing" not in talk.ids
    assert talk.coverage("G01.FR.04") == "not exercised"


def reserve(talk: Talk, *, start_point: str = "EVConnected") -> None:
    talk.read_variables({"TxCtrlr.TxStartPoint": start_point})
    talk.command("ReserveNow", reservation(talk))
    talk.status("Reserved")
    talk.wait(121)


def use_reservation(talk: Talk) -> None:
    plug_in(talk, trigger="Authorized", idToken=TOKEN, reservationId=3)


@pytest.mark.parametrize(
    "report",
    [
        case("status", lambda talk: talk.status("Occupied")),
        case("event", lambda talk: talk.send_availability_state("Connector", "Occupied", EVSE)),
    ],
)
def test_reserved_connector_without_token_may_not_become_occupied(talk: Talk, report: Play) -> None:
    reserve(talk)
    report(talk)
    talk.wait(121)

    assert talk.ids == ["reserved-connector-occupied"]
    assert talk.coverage("G01.FR.09") == talk.coverage("G03.FR.09") == "broken"


def authorize(talk: Talk) -> None:
    talk.exchange("Authorize", {"idToken": TOKEN}, {"idTokenInfo": {"status": "Accepted"}})


@pytest.mark.parametrize(
    ("start_point", "before", "after"),
    [
        case("token before", "EVConnected", authorize, lambda _: None),
        case("token after", "EVConnected", lambda _: None, authorize),
        case("event with token", "EVConnected", lambda _: None, use_reservation),
        case("start with energy", "EnergyTransfer", lambda _: None, lambda _: None),
        case("mistake", "EVConnected", lambda _: None, lambda talk: talk.status("Reserved")),
    ],
)
def test_reserved_connector_may_become_occupied_for_a_token(
    talk: Talk, start_point: str, before: Play, after: Play
) -> None:
    reserve(talk, start_point=start_point)
    before(talk)
    talk.status("Occupied")
    after(talk)
    talk.wait(121)

    assert talk.ids == []
    assert talk.coverage("G01.FR.09") == talk.coverage("G03.FR.09") == "not exercised"


def test_plug_at_reserved_connector_without_change_meets_the_requirement(talk: Talk) -> None:
    reserve(talk)
    plug_in(talk)

    assert talk.ids == []
    assert talk.coverage("G01.FR.09") == talk.coverage("G03.FR.09") == "met"


def occupy_one_of_two(talk: Talk) -> None:
    talk.status("Available", 1, 2)
    talk.status("Occupied", 1, 1)


def test_status_of_other_connector_is_found(talk: Talk) -> None:
    talk.wait(61)
    occupy_one_of_two(talk)
    talk.status("Unavailable", 1, 2)

    assert talk.ids == ["other-connector-reported"]
    assert talk.coverage("G01.FR.08") == "broken"


def make_inoperative(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", evse_id=1, connector_id=2), "Scheduled")


def reset(talk: Talk) -> None:
    talk.wait(61)
    talk.command("Reset", {"type": "OnIdle"}, "Scheduled")


@pytest.mark.parametrize(
    ("before", "pause_s", "status"),
    [
        case("cable at both", lambda _: None, 0, "Occupied"),
        case("later", lambda _: None, 6, "Unavailable"),
        case("made inoperative", make_inoperative, 0, "Unavailable"),
        case("reset", reset, 0, "Unavailable"),
    ],
)
def test_status_of_other_connector_may_have_another_cause(
    talk: Talk, before: Play, pause_s: float, status: str
) -> None:
    before(talk)
    occupy_one_of_two(talk)
    talk.at += pause_s
    talk.status(status, 1, 2)

    assert talk.ids == []
    assert talk.coverage("G01.FR.08") == "not exercised"


def test_plug_without_status_of_other_connector_meets_the_requirement(talk: Talk) -> None:
    occupy_one_of_two(talk)
    talk.status("Available", 1, 1)

    assert talk.ids == []
    assert talk.coverage("G01.FR.08") == "met"


def report_lock(talk: Talk, value: str = "true", evse: JsonObject = EVSE) -> None:
    event = {
        "eventId": 1,
        "timestamp": talk.now,
        "trigger": "Delta",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "ConnectorPlugRetentionLock", "evse": evse},
        "variable": {"name": "Problem"},
    }
    talk.call("NotifyEvent", {"generatedAt": talk.now, "seqNo": 0, "eventData": [event]})


def charge(talk: Talk, seq_no: int = 1) -> None:
    talk.send_event(seq_no, triggerReason="ChargingStateChanged", info={"chargingState": "Charging"})


def test_charging_with_open_lock_is_found(talk: Talk) -> None:
    talk.status("Occupied")
    plug_in(talk)
    report_lock(talk)
    charge(talk)

    assert talk.ids == ["charging-with-lock-problem"]
    assert talk.coverage("G05.FR.01") == "broken"


def free_lock(talk: Talk) -> None:
    report_lock(talk)
    report_lock(talk, "false")


def plug_in_again(talk: Talk) -> None:
    report_lock(talk)
    talk.send_event(1, triggerReason="CablePluggedIn", info={"chargingState": "EVConnected"})


def fail_to_unlock(talk: Talk) -> None:
    charge(talk, 1)
    talk.send_event(2, triggerReason="StopAuthorized", idToken=TOKEN, info={"chargingState": "EVConnected"})
    report_lock(talk)


@pytest.mark.parametrize(
    "before",
    [
        case("solved", free_lock),
        case("other connector", lambda talk: report_lock(talk, evse={"id": 1, "connectorId": 2})),
        case("after charging", fail_to_unlock),
        case("plugged in again", plug_in_again),
    ],
)
def test_charging_is_accepted_if_the_lock_may_be_closed(talk: Talk, before: Play) -> None:
    talk.status("Occupied")
    plug_in(talk)
    before(talk)
    charge(talk, 3)

    assert talk.ids == []
    assert talk.coverage("G05.FR.01") == "not exercised"


def test_charging_before_the_problem_of_the_lock_is_accepted_in_any_time_zone(talk: Talk) -> None:
    talk.status("Occupied")
    plug_in(talk)
    report_lock(talk)
    earlier = datetime.fromtimestamp(talk.at - 5, timezone(timedelta(hours=2))).isoformat()
    talk.send_event(
        1, triggerReason="ChargingStateChanged", timestamp=earlier, info={"chargingState": "Charging"}
    )

    assert "charging-with-lock-problem" not in talk.ids


def test_end_without_charging_meets_the_requirement_of_the_lock(talk: Talk) -> None:
    talk.status("Occupied")
    plug_in(talk)
    report_lock(talk)
    unplug(talk)

    assert talk.ids == []
    assert talk.coverage("G05.FR.01") == "met"
