"""Checks of boots, CALLs before acceptance and Heartbeats."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, VENDOR, Script, Talk, case, report

# Before the boot is accepted (B02, B03)


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize("action", ["Heartbeat", "StatusNotification"])
def test_call_before_accepted_boot_is_found(unbooted: Talk, status: str, action: str) -> None:
    unbooted.boot(status)
    unbooted.call(action, unbooted.status_payload() if action == "StatusNotification" else {})

    assert unbooted.ids == ["call-before-boot-accepted"]


def test_call_before_answered_boot_is_found(unbooted: Talk) -> None:
    unbooted.withhold(
        unbooted.send_call("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    )
    unbooted.wait(30)
    unbooted.call("Heartbeat")

    assert unbooted.ids == ["call-before-boot-accepted"]


def test_call_after_refused_boot_is_found(unbooted: Talk) -> None:
    boot = unbooted.send_call("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    unbooted.error(boot, "BootNotification")
    unbooted.call("Heartbeat")

    assert unbooted.ids == ["call-before-boot-accepted"]


def test_call_without_known_boot_is_accepted(unbooted: Talk) -> None:
    unbooted.call("Heartbeat")
    unbooted.status()

    assert not unbooted.findings


def test_unanswered_triggered_boot_keeps_registration(unbooted: Talk) -> None:
    boot = {"reason": "Triggered", "chargingStation": VENDOR}
    unbooted.withhold(unbooted.send_call("BootNotification", boot))
    unbooted.wait(30)
    unbooted.call("Heartbeat")

    assert not unbooted.findings


def test_reconnect_needs_no_boot(talk: Talk) -> None:
    talk.reconnect(60)
    talk.call("Heartbeat")

    assert not talk.findings


def test_pending_station_may_send_requested_report(unbooted: Talk) -> None:
    unbooted.boot("Pending")
    unbooted.command("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    unbooted.call("NotifyReport", report(0))

    assert not unbooted.findings


def test_pending_station_may_send_triggered_message(unbooted: Talk) -> None:
    unbooted.boot("Pending")
    unbooted.trigger("StatusNotification", evse=EVSE)
    unbooted.status()

    assert not unbooted.findings


def test_pending_station_may_not_send_report_with_other_request_id(unbooted: Talk) -> None:
    unbooted.boot("Pending")
    unbooted.command("GetBaseReport", {"requestId": 8, "reportBase": "FullInventory"})
    unbooted.call("NotifyReport", report(0))

    assert unbooted.ids == ["call-before-boot-accepted"]


def test_pending_station_may_not_send_refused_message(unbooted: Talk) -> None:
    unbooted.boot("Pending")
    unbooted.trigger("Heartbeat", "Rejected")
    unbooted.call("Heartbeat")

    assert unbooted.ids == ["call-before-boot-accepted"]


def test_late_boot_answer_leaves_registration_unknown(unbooted: Talk) -> None:
    boot = unbooted.send_call("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    unbooted.wait(35)
    unbooted.result(boot, "BootNotification", unbooted.registration())
    unbooted.wait(1000)

    assert not unbooted.findings


def test_second_boot_answer_is_ignored(unbooted: Talk) -> None:
    boot = unbooted.send_call("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    unbooted.result(boot, "BootNotification", unbooted.registration("Pending"))
    unbooted.result(boot, "BootNotification", unbooted.registration("Accepted"))
    unbooted.call("Heartbeat")

    assert unbooted.ids == ["call-before-boot-accepted"]


# Retries of a boot


def test_boot_retry_after_interval_is_accepted(unbooted: Talk) -> None:
    unbooted.boot("Rejected", 60)
    unbooted.wait(59)
    unbooted.boot("Pending", 60)
    unbooted.wait(60)
    unbooted.boot()
    unbooted.status()

    assert not unbooted.findings


@pytest.mark.parametrize("status", ["Rejected", "Pending"])
def test_boot_on_new_connection_is_not_too_early(unbooted: Talk, status: str) -> None:
    unbooted.boot(status, 60)
    unbooted.reconnect(30)
    unbooted.boot(status, 60)

    assert not unbooted.findings


@pytest.mark.parametrize("status", ["Accepted", None])
def test_triggered_boot_is_not_too_early(unbooted: Talk, status: str | None) -> None:
    unbooted.boot("Pending", 60)
    message_id = unbooted.send_command("TriggerMessage", {"requestedMessage": "BootNotification"})
    if status:
        unbooted.answer_command(message_id, "TriggerMessage", {"status": status})
    unbooted.boot(reason="Triggered")
    unbooted.status()

    assert not unbooted.findings


def test_early_boot_after_refused_trigger_is_found(unbooted: Talk) -> None:
    unbooted.boot("Pending", 60)
    unbooted.trigger("BootNotification", "Rejected")
    unbooted.boot()

    assert unbooted.ids == ["boot-retried-too-early"]


def test_second_early_boot_after_trigger_is_found(unbooted: Talk) -> None:
    unbooted.boot("Pending", 60)
    unbooted.trigger("BootNotification")
    unbooted.boot("Pending", 60, "Triggered")
    unbooted.boot("Pending", 60)

    assert unbooted.ids == ["boot-retried-too-early"]


def test_boot_after_reset_is_not_too_early(unbooted: Talk) -> None:
    unbooted.boot("Pending", 60)
    unbooted.command("Reset", {"type": "Immediate"})
    unbooted.reconnect(10)
    unbooted.boot(reason="RemoteReset")

    assert not unbooted.findings


@pytest.mark.parametrize("interval", [0, -1])
def test_boot_retry_without_interval_is_never_too_early(unbooted: Talk, interval: int) -> None:
    unbooted.boot("Rejected", interval)
    unbooted.boot()

    assert not unbooted.findings


def test_boot_retry_after_unanswered_boot_is_not_too_early(unbooted: Talk) -> None:
    unbooted.boot("Rejected", 60)
    unbooted.wait(60)
    boot = {"reason": "PowerUp", "chargingStation": VENDOR}
    unbooted.withhold(unbooted.send_call("BootNotification", boot))
    unbooted.wait(10)
    unbooted.boot()

    assert not unbooted.findings


# Heartbeats (G02)


def test_each_silence_is_reported_once(talk: Talk) -> None:
    talk.wait(1000)
    talk.call("Heartbeat")
    talk.wait(1000)

    assert talk.ids == ["heartbeat-missing"] * 2


@pytest.mark.parametrize(("interval", "longest"), [(4, 9), (10, 15), (300, 450)])
def test_heartbeat_may_be_late_by_half_an_interval_or_5_s(
    unbooted: Talk, interval: int, longest: int
) -> None:
    unbooted.boot(interval=interval)
    unbooted.status()
    unbooted.wait(longest)
    unbooted.call("Heartbeat")
    unbooted.wait(longest)

    assert not unbooted.findings
    unbooted.wait(1)
    assert unbooted.ids == ["heartbeat-missing"]


@pytest.mark.parametrize(
    "send",
    [
        case("another message", lambda talk: talk.status()),
        case("an answer", lambda talk: talk.command("ClearCache", {})),
        case(
            "a refused answer",
            lambda talk: talk.answer_command(talk.send_command("ClearCache", {}), "ClearCache", None),
        ),
        case("a new connection", lambda talk: talk.reconnect(0)),
    ],
)
def test_any_message_ends_the_silence(talk: Talk, send: Script) -> None:
    talk.wait(400)
    send(talk)
    talk.wait(400)

    assert not talk.findings


def test_disconnected_station_needs_no_heartbeat(talk: Talk) -> None:
    talk.disconnect()
    talk.wait(1000)

    assert not talk.findings


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_unaccepted_station_needs_no_heartbeat(unbooted: Talk, status: str) -> None:
    unbooted.boot(status, 0)
    unbooted.wait(1000)

    assert not unbooted.findings


def test_station_without_interval_needs_no_heartbeat(unbooted: Talk) -> None:
    unbooted.boot(interval=0)
    unbooted.status()
    unbooted.wait(1000)

    assert not unbooted.findings


def test_waiting_station_needs_no_heartbeat(talk: Talk) -> None:
    talk.send_call("Heartbeat", {}, message_id="slow")
    talk.wait(1000)
    talk.result("slow", "Heartbeat")
    talk.wait(400)

    assert not talk.findings


@pytest.mark.parametrize(("status", "findings"), [("Accepted", True), ("Rejected", False)])
def test_accepted_heartbeat_interval_is_applied(talk: Talk, status: str, *, findings: bool) -> None:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    message_id = talk.send_command(
        "SetVariables", {"setVariableData": [{**variable, "attributeValue": "20"}]}
    )
    result = {**variable, "attributeType": "Actual", "attributeStatus": status}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})
    talk.wait(31)

    assert bool(talk.findings) is findings


@pytest.mark.parametrize(
    "part", [{"evse": {"id": 1}}, {"instance": "1"}], ids=["of an EVSE", "of an instance"]
)
def test_interval_of_a_part_is_not_the_heartbeat_interval(talk: Talk, part: JsonObject) -> None:
    component = {"name": "OCPPCommCtrlr", **part}
    variable = {"component": component, "variable": {"name": "HeartbeatInterval"}}
    message_id = talk.send_command(
        "SetVariables", {"setVariableData": [{**variable, "attributeValue": "20"}]}
    )
    result = {**variable, "attributeType": "Actual", "attributeStatus": "Accepted"}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})
    talk.wait(31)

    assert not talk.findings


def test_longer_heartbeat_interval_is_applied(talk: Talk) -> None:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    message_id = talk.send_command(
        "SetVariables", {"setVariableData": [{**variable, "attributeValue": "3600"}]}
    )
    result = {**variable, "attributeType": "Actual", "attributeStatus": "Accepted"}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})
    talk.wait(3600)

    assert not talk.findings


# Retries, reasons and the order of messages after a restart


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_boot_retried_late_is_accepted(unbooted: Talk, status: str) -> None:
    unbooted.boot(status, 60)
    unbooted.wait(179)
    unbooted.boot()

    assert not unbooted.findings


def test_boot_need_not_be_retried_while_disconnected(unbooted: Talk) -> None:
    unbooted.boot("Rejected", 60)
    unbooted.reconnect(1000)
    unbooted.wait(100)
    unbooted.boot()

    assert not unbooted.findings


def test_call_before_the_boot_after_a_restart_is_found(talk: Talk) -> None:
    talk.reconnect(60)
    talk.call("Heartbeat")
    talk.boot(reason="PowerUp")
    talk.status()

    assert talk.ids == ["call-before-boot-accepted"]


@pytest.mark.parametrize("reason", ["Triggered", "Unknown"])
def test_call_before_a_boot_without_a_restart_is_accepted(talk: Talk, reason: str) -> None:
    talk.reconnect(60)
    talk.call("Heartbeat")
    talk.boot(reason=reason)
    talk.status()

    assert not talk.findings


def test_call_long_before_a_boot_is_accepted(talk: Talk) -> None:
    talk.reconnect(60)
    talk.call("Heartbeat")
    talk.wait(61)
    talk.boot(reason="PowerUp")
    talk.status()

    assert not talk.findings


@pytest.mark.parametrize("reason", ["RemoteReset", "ScheduledReset", "Watchdog", "Unknown"])
def test_other_reasons_after_a_reset_are_accepted(talk: Talk, reason: str) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.reconnect(5)
    talk.boot(reason=reason)
    talk.status()

    assert not talk.findings


def schedule_reset(talk: Talk) -> None:
    """Send a Reset that the station schedules for the end of its transaction."""
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "OnIdle"}, "Scheduled")
    talk.wait(200)


def test_scheduled_reset_with_reason_power_up_is_found(talk: Talk) -> None:
    schedule_reset(talk)
    talk.send_event(1, "Ended")
    talk.reconnect(5)
    talk.boot(reason="PowerUp")
    talk.status()

    assert talk.ids == ["boot-reason-wrong"]
    assert "must be ScheduledReset" in talk.findings[-1].sentence


@pytest.mark.parametrize("reason", ["ScheduledReset", "RemoteReset", "Watchdog"])
def test_other_reasons_after_a_scheduled_reset_are_accepted(talk: Talk, reason: str) -> None:
    talk.command("Reset", {"type": "OnIdle"}, "Scheduled")
    talk.reconnect(5)
    talk.boot(reason=reason)
    talk.status()

    assert not talk.findings


def test_power_cut_during_the_transaction_before_a_scheduled_reset_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "OnIdle"}, "Scheduled")
    talk.reconnect(5)
    talk.boot(reason="PowerUp")
    talk.status()

    assert not talk.findings


@pytest.mark.parametrize(("fields", "after"), [({"evseId": 1}, 5), ({}, 301)])
def test_power_cut_long_after_a_scheduled_reset_or_one_of_an_evse_is_accepted(
    talk: Talk, fields: JsonObject, after: float
) -> None:
    talk.command("Reset", {"type": "OnIdle", **fields}, "Scheduled")
    talk.reconnect(after)
    talk.boot(reason="PowerUp")
    talk.status()

    assert not talk.findings


def test_power_cut_long_after_a_reset_is_accepted(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate", "evseId": 1})
    talk.reconnect(5)
    talk.boot(reason="PowerUp")
    talk.status()

    assert not talk.findings


def test_triggered_boot_with_reason_power_up_is_found(unbooted: Talk) -> None:
    unbooted.boot("Pending", 600)
    unbooted.trigger("BootNotification")
    unbooted.boot(reason="PowerUp")
    unbooted.status()

    assert unbooted.ids == ["boot-reason-wrong"]


def test_boot_due_by_its_interval_after_a_trigger_is_accepted(unbooted: Talk) -> None:
    unbooted.boot("Pending", 60)
    unbooted.wait(60)
    unbooted.trigger("BootNotification")
    unbooted.boot(reason="PowerUp")
    unbooted.status()

    assert not unbooted.findings


def test_refused_boot_is_named_in_the_sentence(unbooted: Talk) -> None:
    message_id = unbooted.send_call("BootNotification", {}, violation="payload: reason is missing (required)")
    unbooted.error(message_id, "BootNotification")
    unbooted.call("Heartbeat")

    assert unbooted.ids == ["call-violates-schema", "call-before-boot-accepted"]
    assert "while the boot is refused with a CALLERROR" in unbooted.findings[1].sentence


# The mock's own clock


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_clock_that_was_set_does_not_make_the_station_silent(talk: Talk, seconds: float) -> None:
    talk.wait(10)
    talk.at += seconds
    talk.observer.clock_set(talk.at, seconds)
    talk.wait(10)

    assert not talk.findings


def test_silence_after_the_clock_was_set_is_found(talk: Talk) -> None:
    talk.at += 3600
    talk.observer.clock_set(talk.at, 3600)
    talk.wait(451)

    assert talk.ids == ["heartbeat-missing"]
