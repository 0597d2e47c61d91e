"""Checks of connector statuses after a boot."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, START, Talk, availability, device_report, stamp

# The status of connectors after a boot (B01)


def test_known_connector_without_status_is_found(talk: Talk) -> None:
    talk.status(evse_id=2, connector_id=1)
    talk.boot()
    talk.status(evse_id=1, connector_id=1)
    talk.wait(61)

    assert talk.ids == ["connector-status-missing"]
    assert "connector 1 of EVSE 2" in talk.findings[0].sentence


def test_missing_status_is_found_without_known_connectors(unbooted: Talk) -> None:
    unbooted.boot()
    unbooted.wait(61)

    assert unbooted.ids == ["connector-status-missing"]


def test_connector_from_device_report_without_status_is_found(talk: Talk) -> None:
    talk.call("NotifyReport", device_report((1, 1), (1, 2)))
    talk.wait(61)

    assert talk.ids == ["connector-status-missing"]
    assert "connector 2 of EVSE 1" in talk.findings[0].sentence


def test_connector_absent_in_device_model_needs_no_status(talk: Talk) -> None:
    talk.call("NotifyReport", device_report((1, 2), variable="Available", value="false"))
    talk.wait(61)

    assert not talk.findings


def test_status_in_notify_event_is_accepted(unbooted: Talk) -> None:
    unbooted.boot()
    unbooted.send_availability_state("Connector", "Available", EVSE)
    unbooted.wait(61)

    assert not unbooted.findings


def test_status_within_60_s_is_accepted(talk: Talk) -> None:
    talk.boot()
    talk.wait(60)
    talk.status()
    talk.wait(60)

    assert not talk.findings


def test_status_deadline_restarts_after_reconnect(talk: Talk) -> None:
    talk.boot()
    talk.reconnect(100)
    talk.wait(60)
    talk.status()
    talk.wait(60)

    assert not talk.findings


def test_status_deadline_is_extended_by_waiting_time(talk: Talk) -> None:
    talk.boot()
    talk.withhold(talk.send_call("Heartbeat", {}))
    talk.wait(70)
    talk.status()
    talk.wait(60)

    assert not talk.findings


def test_status_may_wait_behind_the_queue_of_an_offline_period(unbooted: Talk) -> None:
    unbooted.boot()
    for number in range(4):
        unbooted.wait(30)
        unbooted.send_event(number, timestamp=stamp(START - 600), offline=True)
    unbooted.wait(30)
    unbooted.status()

    assert "connector-status-missing" not in unbooted.ids


def test_persistence_of_evses_is_not_shown_by_a_connector(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", evse_id=1, connector_id=1))
    talk.status("Unavailable")
    talk.boot()
    talk.wait(61)
    talk.status("Unavailable")

    assert (talk.coverage("G03.FR.08"), talk.coverage("B01.FR.07")) == ("met", "not exercised")


def test_triggered_boot_of_accepted_station_needs_no_status(talk: Talk) -> None:
    talk.reconnect(1)
    talk.trigger("BootNotification")
    talk.boot(reason="Triggered")
    talk.wait(61)

    assert not talk.findings


def test_triggered_boot_of_unknown_station_needs_no_status(unbooted: Talk) -> None:
    unbooted.trigger("BootNotification")
    unbooted.boot(reason="Triggered")
    unbooted.wait(61)

    assert not unbooted.findings


def test_triggered_boot_of_pending_station_needs_status(unbooted: Talk) -> None:
    unbooted.boot("Pending", 60)
    unbooted.trigger("BootNotification")
    unbooted.boot(reason="Triggered")
    unbooted.wait(61)

    assert unbooted.ids == ["connector-status-missing"]


def test_pending_station_needs_no_status(unbooted: Talk) -> None:
    unbooted.boot("Pending", 600)
    unbooted.command("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    unbooted.call("NotifyReport", device_report((1, 1)))
    unbooted.wait(100)

    assert not unbooted.findings


# Connectors that are Available although they were made Inoperative (G01.FR.05, G03, G04)


def make_inoperative(talk: Talk, status: str = "Accepted", **scope: int) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", **scope), status)


def test_available_after_the_ended_transaction_is_found_if_scheduled(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.status("Occupied")
    make_inoperative(talk, "Scheduled")
    talk.wait(100)
    talk.send_event(1, "Ended")
    talk.status("Available")

    assert talk.ids == ["available-while-inoperative"]


def test_available_is_found_once(talk: Talk) -> None:
    make_inoperative(talk, evse_id=1)
    talk.status("Unavailable")
    talk.wait(61)
    talk.status("Available")
    talk.status("Available")

    assert talk.ids == ["available-while-inoperative"]


@pytest.mark.parametrize("scope", [{}, {"evse_id": 1}, {"evse_id": 1, "connector_id": 1}])
def test_available_after_an_operative_is_accepted(talk: Talk, scope: dict[str, int]) -> None:
    make_inoperative(talk)
    talk.status("Unavailable")
    talk.wait(61)
    talk.ask_in_vain("ChangeAvailability", availability("Operative", **scope))
    talk.status("Available")

    assert not talk.findings


def test_available_before_another_transaction_has_ended_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 2, "connectorId": 1})
    make_inoperative(talk, "Scheduled")
    talk.wait(100)
    talk.status("Available")

    assert not talk.findings


def test_available_on_another_evse_is_accepted(talk: Talk) -> None:
    make_inoperative(talk, evse_id=1)
    talk.status("Unavailable")
    talk.wait(61)
    talk.status("Available", evse_id=2)

    assert not talk.findings


def test_available_soon_after_the_answer_is_accepted(talk: Talk) -> None:
    make_inoperative(talk)
    talk.status("Available")
    talk.status("Unavailable")

    assert not talk.findings


def test_available_is_accepted_if_a_scheduled_change_waits_for_an_unknown_transaction(talk: Talk) -> None:
    make_inoperative(talk, "Scheduled")
    talk.wait(100)
    talk.status("Available")

    assert not talk.findings


def test_connector_zero_of_an_inoperative_station_is_found(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.status("Unavailable", 1, 1)
    talk.status("Unavailable", 1, 0)

    assert talk.ids == ["connector-id-invalid"]


def test_rejected_inoperative_is_ignored(talk: Talk) -> None:
    make_inoperative(talk, "Rejected")
    talk.wait(100)
    talk.status("Available")

    assert not talk.findings


# The status of connectors after a long offline period (B04)

THRESHOLD_S = 60
LONG_S = 2 * THRESHOLD_S + 300 + 61
"""Offline period that is certainly longer than the threshold, with a Heartbeat interval of 300 s."""


def return_after(talk: Talk, seconds: float, threshold: str = str(THRESHOLD_S)) -> None:
    """Reconnect without a boot after this many seconds offline; ``threshold`` is the OfflineThreshold."""
    talk.read_variables({"OCPPCommCtrlr.OfflineThreshold": threshold})
    talk.reconnect(seconds)
    talk.call("Heartbeat")


def test_missing_statuses_after_offline_are_found_once(talk: Talk) -> None:
    talk.status(evse_id=2)
    talk.status(evse_id=3)
    return_after(talk, LONG_S)
    talk.status(evse_id=2)
    talk.wait(200)

    assert talk.ids == ["status-missing-after-offline"]
    assert "connector 1 of EVSE 1, connector 1 of EVSE 3 within" in talk.findings[0].sentence
    assert "offline for 481 s" in talk.findings[0].sentence


def test_threshold_set_by_a_command_decides(talk: Talk) -> None:
    item = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
    data = {"setVariableData": [{**item, "attributeValue": "60"}]}
    message_id = talk.send_command("SetVariables", data)
    result = {**item, "attributeType": "Actual", "attributeStatus": "Accepted"}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})
    talk.reconnect(LONG_S)
    talk.call("Heartbeat")
    talk.wait(61)

    assert talk.ids == ["status-missing-after-offline"]


@pytest.mark.parametrize("threshold", ["61", "600", "-1", "nan", "inf", "long"])
def test_statuses_are_not_due_after_an_offline_period_that_may_be_short(talk: Talk, threshold: str) -> None:
    return_after(talk, LONG_S, threshold)
    talk.wait(100)

    assert not talk.findings


def test_statuses_are_not_due_after_offline_without_a_known_threshold(talk: Talk) -> None:
    talk.reconnect(10_000)
    talk.call("Heartbeat")
    talk.wait(100)

    assert not talk.findings


def test_statuses_are_not_due_after_offline_if_a_lost_connection_may_go_unnoticed(talk: Talk) -> None:
    talk.boot(interval=0)
    talk.status()
    return_after(talk, 10_000)
    talk.wait(100)

    assert not talk.findings


def test_availability_state_of_the_evse_after_offline_is_accepted(talk: Talk) -> None:
    return_after(talk, LONG_S)
    talk.send_availability_state("EVSE", "Available", {"id": 1})
    talk.wait(100)

    assert not talk.findings


def test_availability_state_of_the_connector_after_offline_is_accepted(talk: Talk) -> None:
    return_after(talk, LONG_S)
    talk.send_availability_state("Connector", "Available", EVSE)
    talk.wait(100)

    assert not talk.findings


def test_boot_after_offline_makes_other_statuses_due(talk: Talk) -> None:
    return_after(talk, LONG_S)
    talk.wait(30)
    talk.boot(reason="Unknown")
    talk.wait(31)
    assert not talk.findings

    talk.wait(31)
    assert talk.ids == ["connector-status-missing"]


def test_statuses_after_offline_are_not_due_before_the_station_has_sent_anything(talk: Talk) -> None:
    talk.read_variables({"OCPPCommCtrlr.OfflineThreshold": "60"})
    talk.reconnect(LONG_S)
    talk.wait(100)
    talk.boot()
    talk.status()
    talk.wait(100)

    assert not talk.findings


@pytest.mark.parametrize("fields", [{}, {"offline": True, "timestamp": "2030-01-01T00:00:00Z"}])
def test_each_queued_event_delays_the_statuses_after_offline(talk: Talk, fields: JsonObject) -> None:
    talk.send_event(0, "Started")
    events = [talk.event(seq_no, **fields) for seq_no in (1, 2, 3)]
    return_after(talk, LONG_S)
    for event in events:
        talk.wait(50)
        talk.call("TransactionEvent", event)
    talk.wait(59)
    talk.status()
    talk.wait(100)

    assert "status-missing-after-offline" not in talk.ids


def test_later_events_do_not_delay_the_statuses_after_offline(talk: Talk) -> None:
    talk.send_event(0, "Started")
    return_after(talk, LONG_S)
    for seq_no in range(1, 7):
        talk.wait(11)
        talk.send_event(seq_no)

    assert talk.ids == ["status-missing-after-offline"]


def test_statuses_after_offline_are_not_due_after_a_refused_message(talk: Talk) -> None:
    return_after(talk, LONG_S)
    talk.error(talk.send_call("TransactionEvent", talk.event(0, "Started")), "TransactionEvent")
    talk.wait(100)

    assert not talk.findings


def test_second_connection_loss_ends_the_wait_for_statuses_after_offline(talk: Talk) -> None:
    return_after(talk, LONG_S)
    talk.wait(30)
    talk.reconnect(5)
    talk.call("Heartbeat")
    talk.wait(100)

    assert not talk.findings


def test_offline_period_in_which_our_clock_was_set_is_ignored(talk: Talk) -> None:
    talk.read_variables({"OCPPCommCtrlr.OfflineThreshold": "60"})
    talk.disconnect()
    talk.at += 1000
    talk.observer.clock_set(talk.at, 1000)
    talk.connect()
    talk.call("Heartbeat")
    talk.wait(100)

    assert not talk.findings
