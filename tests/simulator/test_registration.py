"""Boot, Heartbeat and clock of a simulated station."""

from typing import Any

import pytest
from ocpp.v201 import call

from mock_csms.simulator.device_model import Key
from mock_csms.simulator.registration import FALLBACK_INTERVAL_S, StationRegistration
from tests.support.virtual_station import START, Wire

NOW = "2026-01-01T00:00:00Z"


@pytest.fixture
def wire() -> Wire:
    connected = Wire(StationRegistration, registration=None)
    connected.connect()
    return connected


def boots(wire: Wire) -> list[str]:
    return [payload["reason"] for action, payload in wire.calls if action == "BootNotification"]


def heartbeats(wire: Wire) -> int:
    return [action for action, _ in wire.calls].count("Heartbeat")


def answer_boot(wire: Wire, status: str, interval: int, time: str = NOW) -> None:
    wire.answer({"status": status, "interval": interval, "currentTime": time})


def test_first_message_is_a_boot_with_the_nameplate(wire: Wire) -> None:
    action, payload = wire.calls[0]

    assert (action, payload["reason"]) == ("BootNotification", "PowerUp")
    assert payload["chargingStation"] == {
        "model": "Station",
        "vendorName": "Mock",
        "serialNumber": "CS1",
        "firmwareVersion": "1.0.0",
    }


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_boot_is_retried_when_the_interval_is_over(wire: Wire, status: str) -> None:
    answer_boot(wire, status, 60)

    wire.advance(59)
    assert boots(wire) == ["PowerUp"]
    wire.advance(1)
    assert boots(wire) == ["PowerUp", "PowerUp"]


def test_interval_of_zero_leaves_the_pause_to_the_station(wire: Wire) -> None:
    answer_boot(wire, "Rejected", 0)

    wire.advance(FALLBACK_INTERVAL_S - 1)
    assert len(boots(wire)) == 1
    wire.advance(1)
    assert len(boots(wire)) == 2


def test_reconnect_does_not_shorten_the_retry_interval(wire: Wire) -> None:
    answer_boot(wire, "Rejected", 60)
    wire.advance(20)
    wire.endpoint.closed()
    wire.advance(20)
    wire.connect()

    wire.advance(19)
    assert len(boots(wire)) == 1
    wire.advance(1)
    assert len(boots(wire)) == 2


def test_unanswered_boot_is_retried(wire: Wire) -> None:
    timeout_s = wire.core.variables.integer("OCPPCommCtrlr", "MessageTimeout", "Default")

    wire.advance(timeout_s + FALLBACK_INTERVAL_S - 1)
    assert len(boots(wire)) == 1
    wire.advance(1)
    assert len(boots(wire)) == 2


def test_reconnect_of_a_registered_station_sends_no_boot(wire: Wire) -> None:
    answer_boot(wire, "Accepted", 300)
    wire.endpoint.closed()
    wire.connect()

    assert len(boots(wire)) == 1


def test_restart_boots_again_with_its_reason(wire: Wire) -> None:
    answer_boot(wire, "Accepted", 300)
    registration: StationRegistration = wire.blocks[0]
    wire.endpoint.closed()
    registration.restart("RemoteReset")
    wire.connect()

    assert boots(wire) == ["PowerUp", "RemoteReset"]


def test_heartbeat_comes_after_each_interval_of_the_boot(wire: Wire) -> None:
    answer_boot(wire, "Accepted", 10)

    wire.advance(10)
    wire.answer({"currentTime": NOW})
    wire.advance(10)

    assert heartbeats(wire) == 2
    assert wire.core.variables.integer("OCPPCommCtrlr", "HeartbeatInterval") == 10


def test_lost_heartbeat_is_followed_by_one_after_the_interval(wire: Wire) -> None:
    unanswered: list[tuple[str, int]] = []
    wire.core.unanswered.connect(lambda action, timeout_s: unanswered.append((action, timeout_s)))
    answer_boot(wire, "Accepted", 1)

    wire.advance(1)
    timeout_s = wire.core.variables.integer("OCPPCommCtrlr", "MessageTimeout", "Default")
    wire.advance(timeout_s - 1)
    assert (heartbeats(wire), unanswered) == (1, [])
    wire.advance(2)
    assert unanswered == [("Heartbeat", timeout_s)]
    assert heartbeats(wire) == 2
    wire.answer({"currentTime": NOW})
    assert heartbeats(wire) == 2


def test_changed_heartbeat_interval_counts_at_once(wire: Wire) -> None:
    answer_boot(wire, "Accepted", 300)
    wire.core.variables.put(Key("OCPPCommCtrlr", "HeartbeatInterval"), "5")

    wire.advance(5)

    assert heartbeats(wire) == 1


def test_no_heartbeat_while_disconnected(wire: Wire) -> None:
    answer_boot(wire, "Accepted", 10)
    wire.endpoint.closed()
    wire.advance(100)
    wire.connect()

    assert heartbeats(wire) == 0


@pytest.mark.parametrize(
    ("time", "offset_s", "is_reported"),
    [
        ("2026-01-01T01:00:00Z", 3600, True),
        ("2025-12-31T23:00:00Z", -3600, True),
        ("2026-01-01T00:00:01.5Z", 0, False),
        ("nonsense", 0, False),
        ("2026-01-01T05:00:00", 0, False),
    ],
)
def test_clock_follows_the_central_system(wire: Wire, time: str, offset_s: float, is_reported: bool) -> None:
    changes: list[Any] = []
    wire.blocks[0].clock_set.connect(changes.append)

    answer_boot(wire, "Accepted", 300, time)

    assert wire.core.now().timestamp() - START == offset_s
    assert bool(changes) == is_reported


def test_triggered_boot_has_the_reason_triggered(wire: Wire) -> None:
    answer_boot(wire, "Pending", 600)
    send = wire.core.triggers["BootNotification"]({})
    assert send is not None
    send()
    wire.advance()

    assert boots(wire) == ["PowerUp", "Triggered"]


def test_trigger_of_a_boot_is_rejected_after_an_accepted_one(wire: Wire) -> None:
    answer_boot(wire, "Accepted", 300)

    assert wire.core.triggers["BootNotification"]({}) is None


def test_boots_that_wait_are_sent_once(wire: Wire) -> None:
    answer_boot(wire, "Pending", 600)
    wire.core.send(
        call.SecurityEventNotification(type="TamperDetectionActivated", timestamp=NOW), solicited=True
    )
    wire.advance()
    for _ in range(2):
        send = wire.core.triggers["BootNotification"]({})
        assert send is not None
        send()
    wire.answer()
    answer_boot(wire, "Pending", 600)

    assert boots(wire) == ["PowerUp", "Triggered"]


def test_failed_triggered_boot_does_not_shorten_the_retry_interval(wire: Wire) -> None:
    answer_boot(wire, "Pending", 600)
    send = wire.core.triggers["BootNotification"]({})
    assert send is not None
    send()
    wire.advance(1)
    wire.refuse()

    wire.advance(590)
    assert boots(wire) == ["PowerUp", "Triggered"]
    wire.advance(10)
    assert boots(wire) == ["PowerUp", "Triggered", "PowerUp"]


@pytest.mark.parametrize(("source", "offset"), [("Heartbeat", 3600), ("GPS", 0), ("NTP,Heartbeat", 3600)])
def test_clock_follows_the_central_system_only_if_it_is_a_time_source(
    wire: Wire, source: str, offset: int
) -> None:
    wire.core.variables.put(Key("ClockCtrlr", "TimeSource"), source)

    answer_boot(wire, "Accepted", 300, "2026-01-01T01:00:00Z")

    assert wire.core.clock_offset_s == offset
