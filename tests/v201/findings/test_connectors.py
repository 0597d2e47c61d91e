"""Checks of connector statuses after a boot."""

import pytest

from tests.support.talk import EVSE, Talk, availability, device_report

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


def test_rejected_inoperative_is_ignored(talk: Talk) -> None:
    make_inoperative(talk, "Rejected")
    talk.wait(100)
    talk.status("Available")

    assert not talk.findings
