"""Checks of the security events about firmware."""

import pytest

from tests.support.talk import Script, Talk, case
from tests.v201.findings.checks.firmware import (
    BEFORE_INSTALLATION,
    SIGNATURE,
    begin_update,
    send_security_event,
    send_statuses,
)

CERTIFICATE_EVENT = "InvalidFirmwareSigningCertificate"


def refuse(talk: Talk) -> None:
    begin_update(talk, status="InvalidCertificate")


def report_bad_signature(talk: Talk) -> None:
    begin_update(talk)
    send_statuses(talk, *BEFORE_INSTALLATION, "InvalidSignature")


def install(talk: Talk) -> None:
    begin_update(talk)
    send_statuses(talk, *BEFORE_INSTALLATION, "Installing", "Installed")


EVENTS = pytest.mark.parametrize(
    ("play", "event_type", "requirement"),
    [
        case("certificate", refuse, CERTIFICATE_EVENT, "L01.FR.02"),
        case("signature", report_bad_signature, "InvalidFirmwareSignature", "L01.FR.03"),
        case("new firmware", install, "FirmwareUpdated", "L01.FR.31"),
    ],
)


@EVENTS
def test_missing_security_event_is_found(talk: Talk, play: Script, event_type: str, requirement: str) -> None:
    play(talk)
    talk.wait(301, step=20)

    assert talk.ids == ["firmware-event-missing"]
    assert event_type in talk.findings[0].sentence
    assert talk.coverage(requirement) == "broken"


@EVENTS
def test_security_event_may_follow(talk: Talk, play: Script, event_type: str, requirement: str) -> None:
    play(talk)
    talk.wait(50, step=50)
    send_security_event(talk, event_type)
    talk.wait(250, step=50)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


@pytest.mark.parametrize(
    ("event_type", "statuses", "requirement"),
    [
        case("signature", "InvalidFirmwareSignature", ("InvalidSignature",), "L01.FR.03"),
        case("new firmware", "FirmwareUpdated", ("Installing", "Installed"), "L01.FR.31"),
    ],
)
def test_security_event_may_come_before_the_status(
    talk: Talk, event_type: str, statuses: tuple[str, ...], requirement: str
) -> None:
    begin_update(talk)
    send_statuses(talk, *BEFORE_INSTALLATION)
    send_security_event(talk, event_type)
    send_statuses(talk, *statuses)
    talk.wait(301, step=50)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


def test_security_event_about_a_certificate_may_come_before_the_answer(talk: Talk) -> None:
    send_security_event(talk, CERTIFICATE_EVENT)
    refuse(talk)
    talk.wait(70)

    assert talk.ids == []
    assert talk.coverage("L01.FR.02") == "met"


def test_event_of_an_earlier_update_does_not_count(talk: Talk) -> None:
    send_security_event(talk, "InvalidFirmwareSignature")
    talk.wait(1)
    report_bad_signature(talk)
    talk.wait(70)

    assert talk.ids == ["firmware-event-missing"]


@pytest.mark.parametrize("status", ["Rejected", "RevokedCertificate"])
def test_other_refusal_needs_no_event(talk: Talk, status: str) -> None:
    begin_update(talk, status=status)
    talk.wait(70)

    assert talk.ids == []
    assert talk.coverage("L01.FR.02") == "not exercised"


def test_unsigned_update_needs_no_event(talk: Talk) -> None:
    begin_update(talk, is_signed=False)
    send_statuses(talk, *BEFORE_INSTALLATION, "Installing", "Installed")
    talk.wait(301, step=50)

    assert talk.ids == []
    assert talk.coverage("L01.FR.31") == "not exercised"


def test_event_about_new_firmware_may_wait_for_transactions(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    install(talk)
    talk.wait(301, step=50)

    assert talk.ids == []


def test_event_may_be_lost_with_the_connection(talk: Talk) -> None:
    report_bad_signature(talk)
    talk.reconnect(5)
    talk.wait(70)

    assert talk.ids == []


def test_unreadable_event_may_be_the_expected_one(talk: Talk) -> None:
    begin_update(talk)
    send_statuses(talk, *BEFORE_INSTALLATION)
    talk.call("SecurityEventNotification", {"type": "X"}, violation="timestamp is missing")
    send_statuses(talk, "InvalidSignature")
    talk.wait(70)

    assert talk.ids == ["call-violates-schema"]


def test_station_that_is_not_accepted_sends_no_event(unbooted: Talk) -> None:
    unbooted.boot("Pending")
    firmware = {"location": "x", "retrieveDateTime": unbooted.now, **SIGNATURE}
    unbooted.command("UpdateFirmware", {"requestId": 5, "firmware": firmware}, "InvalidCertificate")
    unbooted.wait(70)

    assert unbooted.ids == []


def test_new_firmware_may_wait_for_a_transaction_that_begins_later(talk: Talk) -> None:
    begin_update(talk)
    send_statuses(talk, *BEFORE_INSTALLATION, "Installing", "Installed")
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    talk.wait(301, step=60)

    assert "firmware-event-missing" not in talk.ids


def test_event_about_new_firmware_may_come_late_after_a_transaction(talk: Talk) -> None:
    install(talk)
    talk.wait(10)
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    talk.wait(285, step=60)
    talk.send_event(1, "Ended", triggerReason="EVDeparted")
    talk.wait(10)

    assert "firmware-event-missing" not in talk.ids
