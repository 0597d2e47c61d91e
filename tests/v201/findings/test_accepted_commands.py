"""Checks that accepted commands are carried out."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.action_tables import CSMS_ACTIONS
from mock_csms.v201.findings.transaction_contents import STOPPING
from mock_csms.v201.solicited import REPORTED_BY
from tests.support.talk import (
    EVSE,
    FIRMWARE_STEPS,
    FIRMWARE_UPDATE,
    LOG_UPLOAD,
    PARTS,
    REMOTE_START,
    REPORT_COMMANDS,
    TOKEN,
    TRIGGERED,
    Script,
    Talk,
    availability,
    case,
    reading,
    stamp,
)

# Reset and TriggerMessage (B11, F06)


@pytest.mark.parametrize("status", ["Rejected", "Scheduled"])
def test_unaccepted_reset_is_not_expected(talk: Talk, status: str) -> None:
    talk.command("Reset", {"type": "OnIdle"}, status)
    talk.wait(200)

    assert not talk.findings


def test_reset_of_evse_needs_no_message(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate", "evseId": 1})
    talk.wait(200)

    assert not talk.findings


@pytest.mark.parametrize(
    "carry_out",
    [
        case("disconnect", lambda talk: talk.disconnect()),
        case("boot", lambda talk: (talk.boot(reason="RemoteReset"), talk.status())),
        case("new connection", lambda talk: talk.connect()),
    ],
)
def test_reset_is_carried_out(talk: Talk, carry_out: Script) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.wait(120)
    carry_out(talk)
    talk.wait(120)

    assert not talk.findings


@pytest.mark.parametrize("requested", TRIGGERED)
def test_triggered_message_within_30_s_is_accepted(talk: Talk, requested: str) -> None:
    action, payload = TRIGGERED[requested]
    talk.trigger(requested)
    talk.wait(30)
    talk.call(action, payload(talk))
    talk.wait(200)

    assert not talk.findings


@pytest.mark.parametrize("requested", TRIGGERED)
def test_missing_triggered_message_is_found(talk: Talk, requested: str) -> None:
    if requested == "TransactionEvent":
        talk.send_event(0, "Started")
    talk.trigger(requested)
    talk.wait(200)

    assert talk.ids == ["trigger-not-carried-out"]
    assert requested in talk.findings[0].sentence


@pytest.mark.parametrize("evse", [None, {"id": 1}, {"id": 2}])
def test_transaction_event_cannot_be_triggered_without_a_transaction(
    talk: Talk, evse: JsonObject | None
) -> None:
    talk.send_transaction(0, 1)
    if evse == {"id": 2}:
        talk.send_event(0, "Started", evse=EVSE, info={"transactionId": "T2"})
    talk.trigger("TransactionEvent", evse=evse)
    talk.wait(200)

    assert not talk.findings


def test_late_event_does_not_revive_an_ended_transaction(talk: Talk) -> None:
    talk.send_event(0, "Started")
    updated = talk.event(1)
    talk.wait(10)
    talk.send_event(2, "Ended")
    talk.call("TransactionEvent", updated)
    talk.send_event(0, "Started", info={"transactionId": "T2"})
    talk.trigger("TransactionEvent")
    talk.send_event(1, triggerReason="Trigger", info={"transactionId": "T2", "chargingState": "Charging"})
    talk.wait(31)

    assert not talk.findings


@pytest.mark.parametrize("action", ["TransactionEvent", None])
@pytest.mark.parametrize("running", [(), ("T2",)], ids=["alone", "with another"])
@pytest.mark.parametrize("requested", ["TransactionEvent", "MeterValues"])
def test_transaction_whose_end_may_be_lost_cannot_be_triggered(
    talk: Talk, action: str | None, running: tuple[str, ...], requested: str
) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.observer.doubt(action)
    for name in running:
        talk.send_event(0, "Started", info={"transactionId": name}, evse={"id": 2})
    talk.trigger(requested)
    if requested == "MeterValues":
        talk.call("MeterValues", {"evseId": 2, "meterValue": [reading(talk.now)]})
    for name in running:
        talk.send_event(1, triggerReason="Trigger", info={"transactionId": name, "chargingState": "Charging"})
    talk.wait(31)

    assert not talk.findings


def test_transaction_that_goes_on_after_a_lost_event_can_be_triggered(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.observer.doubt("TransactionEvent")
    talk.send_event(2)
    talk.trigger("TransactionEvent")
    talk.wait(31)

    assert talk.ids == ["trigger-not-carried-out"]


def test_triggered_message_before_the_answer_is_accepted(talk: Talk) -> None:
    message_id = talk.send_command("TriggerMessage", {"requestedMessage": "Heartbeat"})
    talk.call("Heartbeat")
    talk.answer_command(message_id, "TriggerMessage", {"status": "Accepted"})
    talk.wait(31)

    assert not talk.findings


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented"])
def test_refused_trigger_is_not_expected(talk: Talk, status: str) -> None:
    talk.trigger("Heartbeat", status)
    talk.wait(31)

    assert not talk.findings


def test_trigger_answered_with_call_error_is_not_expected(talk: Talk) -> None:
    message_id = talk.send_command("TriggerMessage", {"requestedMessage": "Heartbeat"})
    talk.answer_command(message_id, "TriggerMessage", None)
    talk.wait(31)

    assert not talk.findings


def test_trigger_is_dropped_at_disconnect(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.reconnect(1)
    talk.wait(100)

    assert not talk.findings


def test_triggered_status_of_other_connector_is_not_enough(talk: Talk) -> None:
    talk.trigger("StatusNotification", evse=EVSE)
    talk.status(evse_id=2)
    talk.wait(31)

    assert talk.ids == ["trigger-not-carried-out"]


def test_triggered_status_in_notify_event_is_accepted(talk: Talk) -> None:
    talk.trigger("StatusNotification", evse=EVSE)
    talk.send_availability_state("Connector", "Available", EVSE)
    talk.wait(31)

    assert not talk.findings


def test_trigger_deadline_is_extended_while_an_answer_is_pending(talk: Talk) -> None:
    talk.withhold(talk.send_call("Heartbeat", {}))
    talk.trigger("StatusNotification", evse=EVSE)
    talk.wait(100)
    talk.status()
    talk.wait(100)

    assert not talk.findings


# ChangeAvailability (G03, G04)


SCOPES = [
    case("station", {}),
    case("EVSE", {"evse_id": 1}),
    case("connector", {"evse_id": 1, "connector_id": 1}),
]


@pytest.mark.parametrize("scope", SCOPES)
def test_inoperative_connector_reports_unavailable(talk: Talk, scope: dict[str, int]) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", **scope))
    talk.wait(60)
    talk.status("Unavailable")
    talk.wait(60)

    assert not talk.findings


@pytest.mark.parametrize("scope", SCOPES)
def test_operative_connector_without_status_is_found(talk: Talk, scope: dict[str, int]) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", **scope))
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Operative", **scope))
    talk.wait(61)

    assert talk.ids == ["availability-not-carried-out"]


def test_connector_that_was_unavailable_before_stays_so(talk: Talk) -> None:
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.command("ChangeAvailability", availability("Operative"))
    talk.wait(61)

    assert not talk.findings


@pytest.mark.parametrize("scope", SCOPES)
def test_operative_connector_reports_available(talk: Talk, scope: dict[str, int]) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", **scope))
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Operative", **scope))
    talk.status()
    talk.wait(61)

    assert not talk.findings


@pytest.mark.parametrize(
    ("status", "operational_status"), [("Unavailable", "Inoperative"), ("Available", "Operative")]
)
def test_change_without_effect_needs_no_status(talk: Talk, status: str, operational_status: str) -> None:
    talk.status(status)
    talk.command("ChangeAvailability", availability(operational_status))
    talk.wait(61)

    assert not talk.findings


@pytest.mark.parametrize("status", ["Rejected", "Scheduled"])
def test_unaccepted_change_needs_no_status(talk: Talk, status: str) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"), status)
    talk.wait(61)

    assert not talk.findings


def test_other_evse_needs_no_status(talk: Talk) -> None:
    talk.status(evse_id=2)
    talk.command("ChangeAvailability", availability("Inoperative", evse_id=2))
    talk.status("Unavailable", evse_id=2)
    talk.wait(61)

    assert not talk.findings


def test_connector_made_inoperative_itself_stays_unavailable(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", evse_id=1, connector_id=1))
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.command("ChangeAvailability", availability("Operative"))
    talk.wait(61)

    assert not talk.findings


def test_connector_unavailable_for_other_reasons_may_stay_so(talk: Talk) -> None:
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Operative"))
    talk.wait(61)

    assert not talk.findings


@pytest.mark.parametrize(
    ("component", "evse"), [("Connector", EVSE), ("EVSE", {"id": 1}), ("ChargingStation", None)]
)
def test_availability_in_notify_event_is_accepted(
    talk: Talk, component: str, evse: JsonObject | None
) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.send_availability_state(component, "Unavailable", evse)
    talk.command("ChangeAvailability", availability("Operative"))
    talk.send_availability_state(component, "Available", evse)
    talk.wait(61)

    assert not talk.findings


# RequestStartTransaction and RequestStopTransaction (F01 to F03)


@pytest.mark.parametrize("kind", ["Started", "Updated"])
def test_remote_start_is_carried_out(talk: Talk, kind: str) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.wait(120)
    name = "T2" if kind == "Started" else "T1"
    talk.send_event(1, kind, info={"transactionId": name, "remoteStartId": 9})
    talk.wait(120)

    assert not talk.findings


def test_remote_start_with_other_id_is_not_enough(talk: Talk) -> None:
    talk.report_start_point("Authorized")
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.send_event(0, "Started", info={"remoteStartId": 8})
    talk.wait(121)

    assert talk.ids == ["start-not-carried-out"]


@pytest.mark.parametrize(
    "event",
    [
        ("Ended", {"triggerReason": "RemoteStop", "info": {"stoppedReason": "Remote"}}),
        ("Ended", {"triggerReason": "StopAuthorized", "idToken": TOKEN}),
        ("Ended", {"triggerReason": "ChargingStateChanged", "info": {"stoppedReason": "EVDisconnected"}}),
        ("Updated", {"triggerReason": "RemoteStop"}),
    ],
    ids=["ended", "stopped by the driver", "stopped for another reason", "stopped and plugged in"],
)
def test_remote_stop_is_carried_out(talk: Talk, event: tuple[str, JsonObject]) -> None:
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(120)
    talk.send_event(1, event[0], **event[1])
    talk.wait(120)

    assert not talk.findings


@pytest.mark.parametrize("trigger", sorted(STOPPING))
def test_transaction_that_ends_for_another_cause_is_stopped(talk: Talk, trigger: str) -> None:
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.send_event(1, "Ended", triggerReason=trigger)
    talk.wait(121)

    assert "stop-not-carried-out" not in talk.ids


def test_remote_stop_of_other_transaction_is_not_enough(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_transaction(0, 1, transaction_id="T2")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.send_event(0, "Started", info={"transactionId": "T3"})
    talk.send_event(1, "Ended", info={"transactionId": "T3"})
    talk.wait(121)

    assert talk.ids == ["stop-not-carried-out"]


def test_ended_transaction_need_not_stop(talk: Talk) -> None:
    talk.send_transaction(0, 1)
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(121)

    assert "stop-not-carried-out" not in talk.ids


def test_stop_deadline_restarts_after_reconnect(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(10)
    talk.reconnect(300)
    talk.wait(100)
    talk.send_event(1, "Ended")

    assert not talk.findings


def test_oldest_pending_commands_are_dropped(talk: Talk) -> None:
    talk.report_start_point("Authorized")
    for number in range(200):
        message_id = talk.send_command("RequestStartTransaction", {**REMOTE_START, "remoteStartId": number})
        talk.answer_command(message_id, "RequestStartTransaction", {"status": "Accepted"})
    talk.wait(121)

    assert talk.ids == ["start-not-carried-out"] * 100


@pytest.mark.parametrize("action", sorted(CSMS_ACTIONS))
@pytest.mark.parametrize("payload", [{}, {"requestId": [], "evse": 5}, {"evse": {"id": []}}])
def test_invalid_command_is_ignored(talk: Talk, action: str, payload: JsonObject) -> None:
    talk.collect(talk.observer.sent_call(*talk.next_entry(), "m", action, payload))
    talk.answer_command("m", action, {"status": "Accepted"})
    talk.status()

    assert set(talk.ids) <= {"answer-without-data", "log-filename-missing"}


@pytest.mark.parametrize("variables", [{}, {"TxCtrlr.TxStartPoint": "Authorized"}])
def test_remote_start_waits_until_the_start_point_is_known(talk: Talk, variables: dict[str, str]) -> None:
    if variables:
        talk.read_variables(variables)
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.wait(300)

    assert not talk.findings


@pytest.mark.parametrize("start_point", ["PowerPathClosed", "EVConnected", "EnergyTransfer", "DataSigned"])
def test_remote_start_without_a_vehicle_is_accepted(talk: Talk, start_point: str) -> None:
    talk.report_start_point(start_point)
    talk.command("RequestStartTransaction", {**REMOTE_START, "evseId": 1})
    talk.wait(300)

    assert not talk.findings


def test_remote_start_on_an_occupied_evse_is_found(talk: Talk) -> None:
    talk.report_start_point("PowerPathClosed")
    talk.status("Occupied")
    talk.command("RequestStartTransaction", {**REMOTE_START, "evseId": 1})
    talk.wait(121)

    assert talk.ids == ["start-not-carried-out"]


def test_status_trigger_for_connector_0_is_settled_by_any_status(talk: Talk) -> None:
    talk.trigger("StatusNotification", evse={"id": 0, "connectorId": 0})
    talk.status()
    talk.wait(31)

    assert not talk.findings


def test_transaction_event_does_not_replace_triggered_meter_values(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.trigger("MeterValues")
    talk.send_event(1, triggerReason="Trigger", info={"chargingState": "Charging"})
    talk.wait(31)

    assert talk.ids == ["trigger-not-carried-out"]


def test_trigger_without_evse_concerns_each_transaction(talk: Talk) -> None:
    for name in ("T1", "T2"):
        talk.send_event(0, "Started", info={"transactionId": name})
    talk.trigger("TransactionEvent")
    talk.send_event(1, triggerReason="Trigger", info={"chargingState": "Charging"})
    talk.wait(31)

    assert talk.ids == ["trigger-not-carried-out"]


def test_station_that_goes_on_without_a_boot_after_a_reset_is_found(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.reconnect(5)
    talk.call("Heartbeat")
    talk.wait(121)

    assert talk.ids == ["reset-not-carried-out"]


@pytest.mark.parametrize("trigger", ["ChargingStateChanged", "EVDetected"])
def test_transaction_that_ends_without_a_cause_is_not_stopped(talk: Talk, trigger: str) -> None:
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(10)
    talk.send_event(1, "Ended", triggerReason=trigger)
    talk.wait(121)

    assert talk.ids == ["stop-not-carried-out"]


def test_transaction_that_ends_while_its_stop_is_answered_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.send_event(1, "Ended", triggerReason="ChargingStateChanged")
    talk.wait(121)

    assert not talk.findings


def test_remote_stop_may_wait_behind_the_events_of_an_offline_period(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.reconnect(600)
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    for number in range(1, 5):
        talk.wait(60)
        talk.send_event(number, offline=True, timestamp=stamp(talk.at - 600))
    talk.wait(60)
    talk.send_event(5, triggerReason="RemoteStop")

    assert not talk.findings


@pytest.mark.parametrize("refuse", [Talk.error, lambda talk, message_id, _: talk.withhold(message_id)])
def test_triggered_event_may_wait_for_the_retry_of_an_earlier_one(
    talk: Talk, refuse: Callable[[Talk, str, str], None]
) -> None:
    talk.send_event(0, "Started")
    message_id = talk.send_call("TransactionEvent", talk.event(1))
    refuse(talk, message_id, "TransactionEvent")
    talk.trigger("TransactionEvent")
    talk.wait(60)
    talk.send_event(1)
    talk.send_event(2, triggerReason="Trigger", info={"chargingState": "EVConnected"})

    assert not talk.findings


def test_remote_stop_is_overdue_after_the_clock_was_set_back(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.error(talk.send_call("TransactionEvent", talk.event(1)), "TransactionEvent")
    talk.at -= 86_400
    talk.observer.clock_set(talk.at, -86_400)
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(421)

    assert talk.ids == ["stop-not-carried-out"]


def test_triggered_event_may_wait_for_a_retry_while_the_clock_is_set_forward(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.error(talk.send_call("TransactionEvent", talk.event(1)), "TransactionEvent")
    talk.at += 3600
    talk.observer.clock_set(talk.at, 3600)
    talk.send_event(2)
    talk.trigger("TransactionEvent")
    talk.wait(60)

    assert "trigger-not-carried-out" not in talk.ids


@pytest.mark.parametrize(
    ("command", "requirement", "fulfil"),
    [
        (("Reset", {"type": "Immediate"}), "B11.FR.03", lambda talk: talk.boot(reason="Triggered")),
        (
            ("GetLog", LOG_UPLOAD),
            "N01.FR.08",
            lambda talk: talk.call(
                "LogStatusNotification", {"requestId": LOG_UPLOAD["requestId"], "status": "UploadFailure"}
            ),
        ),
    ],
)
def test_message_for_another_reason_does_not_show_that_a_command_is_carried_out(
    talk: Talk, command: tuple[str, JsonObject], requirement: str, fulfil: Script
) -> None:
    talk.command(*command)
    fulfil(talk)
    talk.wait(700)

    assert talk.coverage(requirement) == "not exercised"


AUTHORIZED_STARTS = {"TxCtrlr.TxStartPoint": "Authorized"}


def start_with(talk: Talk, authorize_remote_start: str) -> None:
    """Send a remote start to a station with the TxStartPoint Authorized, which accepts it."""
    talk.read_variables({**AUTHORIZED_STARTS, "AuthCtrlr.AuthorizeRemoteStart": authorize_remote_start})
    talk.command("RequestStartTransaction", REMOTE_START)


def authorize(talk: Talk, status: str, **info: object) -> None:
    talk.exchange("Authorize", {"idToken": TOKEN}, {"idTokenInfo": {"status": status, **info}})


def test_remote_start_without_a_transaction_after_its_authorization_is_found(talk: Talk) -> None:
    start_with(talk, "true")
    authorize(talk, "Accepted")
    talk.wait(121)

    assert talk.ids == ["start-not-carried-out"]


@pytest.mark.parametrize("answer", [None, {"status": "Invalid"}, {"status": "Accepted", "evseId": [2]}])
def test_remote_start_without_authorization_is_accepted(talk: Talk, answer: JsonObject | None) -> None:
    start_with(talk, "true")
    if answer:
        authorize(talk, **answer)
    talk.wait(300)

    assert not talk.findings


def test_authorization_long_after_the_remote_start_is_of_another_start(talk: Talk) -> None:
    start_with(talk, "true")
    talk.wait(20)
    authorize(talk, "Accepted")
    talk.wait(300)

    assert not talk.findings


def test_refused_token_need_not_start(talk: Talk) -> None:
    start_with(talk, "false")
    authorize(talk, "Blocked")
    talk.wait(300)

    assert not talk.findings


def test_token_refused_before_the_remote_start_must_start(talk: Talk) -> None:
    authorize(talk, "Blocked")
    talk.at += 1
    start_with(talk, "false")
    talk.wait(121)

    assert talk.ids == ["start-not-carried-out"]


def test_vehicle_plugged_in_after_the_remote_start_timed_out_is_accepted(talk: Talk) -> None:
    talk.report_start_point("EVConnected")
    talk.command("RequestStartTransaction", {**REMOTE_START, "evseId": 1})
    talk.wait(90)
    talk.status("Occupied")
    talk.wait(300)

    assert not talk.findings


def test_start_point_set_after_the_remote_start_is_accepted(talk: Talk) -> None:
    talk.report_start_point("PowerPathClosed")
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.report_start_point("Authorized")
    talk.wait(300)

    assert not talk.findings


def test_remote_start_before_a_restart_is_accepted(talk: Talk) -> None:
    start_with(talk, "false")
    talk.reconnect(5)
    talk.boot()
    talk.status()
    talk.wait(300)

    assert not talk.findings


def make_operative(talk: Talk, *statuses: str) -> None:
    """Make a connector Inoperative, and Operative again after these firmware statuses."""
    talk.command("ChangeAvailability", availability("Inoperative", evse_id=1))
    talk.status("Unavailable")
    for status in statuses:
        talk.call("FirmwareStatusNotification", {"status": status, "requestId": 5})
    talk.command("ChangeAvailability", availability("Operative", evse_id=1))
    talk.wait(61)


@pytest.mark.parametrize("statuses", [(), ("Downloading", "Downloaded", "InstallScheduled")])
def test_connector_stays_unavailable_until_firmware_is_installed(talk: Talk, statuses: tuple[str]) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    make_operative(talk, *statuses)

    assert not talk.findings


def test_connector_that_stays_unavailable_after_an_update_is_found(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    make_operative(talk, *FIRMWARE_STEPS, "Installed")

    assert talk.ids == ["availability-not-carried-out"]


# Reports and statuses (B07, B08, K09, L01, L03, N01, N02, N09, O03)

REPORTS = {
    **{action: {"requestId": 7, **fields} for action, fields in REPORT_COMMANDS.items()},
    "GetReport": {"requestId": 7, "componentCriteria": ["Active"]},
}
RESULTS: dict[str, tuple[JsonObject, str]] = {
    "GetLog": (LOG_UPLOAD, "Uploading"),
    "PublishFirmware": ({"requestId": 5, "location": "http://x/f", "checksum": "0" * 32}, "Downloading"),
    "UpdateFirmware": (FIRMWARE_UPDATE, "Downloading"),
}


@pytest.mark.parametrize("action", REPORTS)
def test_accepted_command_without_a_report_is_found(talk: Talk, action: str) -> None:
    talk.command(action, REPORTS[action])
    talk.wait(181)

    assert talk.ids == ["report-not-sent"]


@pytest.mark.parametrize("action", REPORTS)
def test_report_settles_its_command(talk: Talk, action: str) -> None:
    talk.command(action, REPORTS[action])
    talk.wait(179)
    talk.call(REPORTED_BY[action], PARTS[REPORTED_BY[action]])
    talk.wait(10)

    assert not talk.findings


@pytest.mark.parametrize("action", RESULTS)
def test_accepted_command_without_a_status_is_found(talk: Talk, action: str) -> None:
    talk.boot(interval=0)
    talk.status()
    talk.command(action, RESULTS[action][0])
    talk.wait(601)

    assert talk.ids == ["log-status-not-sent" if action == "GetLog" else "firmware-status-not-sent"]


@pytest.mark.parametrize("action", RESULTS)
def test_status_settles_its_command(talk: Talk, action: str) -> None:
    request, status = RESULTS[action]
    talk.boot(interval=0)
    talk.status()
    talk.command(action, request)
    talk.wait(299)
    talk.call(REPORTED_BY[action], {"status": status, "requestId": request["requestId"]})
    talk.wait(601)

    assert not talk.findings
