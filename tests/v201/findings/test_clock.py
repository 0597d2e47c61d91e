"""Checks of timestamps."""

from collections.abc import Callable

import pytest

from tests.support.talk import (
    START,
    VENDOR,
    Talk,
    case,
    reading,
    report,
    stamp,
)

# Timestamps


@pytest.mark.parametrize(
    "text",
    [
        case("no zone", "2026-01-01T00:00:00"),
        case("no zone, with milliseconds", "2026-01-01T00:00:00.000"),
        case("no time", "2026-01-01"),
        case("not a timestamp", "yesterday"),
        case("empty", ""),
        case("only a zone", "Z"),
        case("month 13", "2026-13-01T00:00:00Z"),
    ],
)
def test_timestamp_that_is_not_rfc_3339_with_zone_is_found(talk: Talk, text: str) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": text})

    assert talk.ids == ["timestamp-invalid"]


@pytest.mark.parametrize(
    "text",
    [
        case("UTC", "2026-01-01T00:00:00Z"),
        case("milliseconds", "2026-01-01T00:00:00.123Z"),
        case("lower case", "2026-01-01t00:00:00z"),
        case("offset", "2026-01-01T02:00:00+02:00"),
        case("negative offset", "2025-12-31T19:00:00-05:00"),
        case("zero offset", "2026-01-01T00:00:00+00:00"),
        case("leap second", "2025-12-31T23:59:60Z"),
        case("far in the past", "2000-01-01T00:00:00Z"),
        case("a minute ahead", "2026-01-01T00:01:00Z"),
    ],
)
def test_valid_timestamp_is_accepted(talk: Talk, text: str) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": text})

    assert not talk.findings


def in_status(talk: Talk, text: str) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": text})


def in_security_event(talk: Talk, text: str) -> None:
    talk.call("SecurityEventNotification", {"type": "FirmwareUpdated", "timestamp": text})


def in_report(talk: Talk, text: str) -> None:
    talk.call("NotifyReport", {**report(0), "generatedAt": text})


def in_monitoring_report(talk: Talk, text: str) -> None:
    talk.call("NotifyMonitoringReport", {**report(0), "generatedAt": text})


def in_customer_information(talk: Talk, text: str) -> None:
    talk.call("NotifyCustomerInformation", {**report(0), "data": "", "generatedAt": text})


def in_notify_event(talk: Talk, text: str) -> None:
    event = {
        "eventId": 1,
        "timestamp": text,
        "trigger": "Delta",
        "actualValue": "1",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "EVSE"},
        "variable": {"name": "Power"},
    }
    talk.call("NotifyEvent", {"generatedAt": talk.now, "seqNo": 0, "eventData": [event]})


def in_transaction(talk: Talk, text: str) -> None:
    talk.send_event(0, "Started", timestamp=text)


def in_reading_of_transaction(talk: Talk, text: str) -> None:
    talk.send_event(0, "Started", meterValue=[reading(text)])


@pytest.mark.parametrize(
    "send",
    [
        in_status,
        in_security_event,
        in_report,
        in_monitoring_report,
        in_customer_information,
        in_notify_event,
        in_transaction,
        in_reading_of_transaction,
    ],
)
@pytest.mark.parametrize(
    ("text", "kind"),
    [("2026-01-01T00:00:00", "timestamp-invalid"), ("2026-01-01T00:01:01Z", "timestamp-in-future")],
)
def test_timestamp_is_checked_in_every_message(
    talk: Talk, send: Callable[[Talk, str], None], text: str, kind: str
) -> None:
    send(talk, text)

    assert talk.ids == [kind]


def test_message_with_many_bad_timestamps_has_one_finding(talk: Talk) -> None:
    text = "2026-01-01T00:00:00"
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading(text)] * 5})
    talk.send_event(0, "Started", timestamp=text, meterValue=[reading(text)] * 5)

    assert talk.ids == ["timestamp-invalid"] * 2


def test_future_timestamp_before_first_current_time_is_accepted(unbooted: Talk) -> None:
    in_status(unbooted, "2030-01-01T00:00:00Z")

    assert not unbooted.findings


def test_future_timestamp_after_heartbeat_is_found(unbooted: Talk) -> None:
    unbooted.call("Heartbeat")
    in_status(unbooted, "2030-01-01T00:00:00Z")

    assert unbooted.ids == ["timestamp-in-future"]


def test_current_timestamps_stay_valid_over_time(talk: Talk) -> None:
    for _ in range(20):
        talk.wait(200)
        talk.status()

    assert not talk.findings


def test_timestamps_are_compared_with_the_time_sent_to_the_station(unbooted: Talk) -> None:
    ahead = {"status": "Accepted", "interval": 300, "currentTime": stamp(START + 3600)}
    boot = unbooted.send_call("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    unbooted.result(boot, "BootNotification", ahead)
    in_status(unbooted, stamp(START + 3660))
    assert not unbooted.findings

    in_status(unbooted, stamp(START + 3662))
    assert unbooted.ids == ["timestamp-in-future"]


def test_future_timestamp_with_offline_flag_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", offline=True, timestamp="2036-01-01T00:00:00Z")

    assert not talk.findings


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00+00",
        "2026-01-01T00:00:00+0000",
        "2026-01-01T00:00:00.1234Z",
        "2026-01-01T00:00Z",
        "20260101T000000Z",
    ],
)
def test_form_of_iso_8601_that_rfc_3339_lacks_is_found(talk: Talk, text: str) -> None:
    talk.call("Heartbeat")
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": text})

    assert talk.ids == ["timestamp-invalid"]
