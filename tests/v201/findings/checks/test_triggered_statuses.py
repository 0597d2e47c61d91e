"""Checks of triggered statuses of firmware updates and publications."""

import pytest

from tests.support.talk import Script, Talk, case
from tests.v201.findings.checks.firmware import BEFORE_INSTALLATION, begin_update, send_statuses

FIRMWARE = "FirmwareStatusNotification"
PUBLICATION = "PublishFirmwareStatusNotification"
KIND = "triggered-firmware-status-wrong"


def begin_publication(talk: Talk) -> None:
    request = {"location": "http://x/f", "checksum": "0" * 32, "requestId": 5}
    talk.command("PublishFirmware", request)


def begin(talk: Talk, action: str, is_signed: bool) -> None:
    if action == FIRMWARE:
        begin_update(talk, is_signed=is_signed)
    else:
        begin_publication(talk)


def send(talk: Talk, action: str, *statuses: str) -> None:
    for status in statuses:
        fields: dict[str, object] = {} if status == "Idle" else {"requestId": 5}
        if status == "Published":
            fields["location"] = ["http://x/f"]
        talk.call(action, {"status": status, **fields})
    talk.wait(1)


AFTER_END = pytest.mark.parametrize(
    ("action", "is_signed", "statuses", "requirement"),
    [
        case("signed", FIRMWARE, True, (*BEFORE_INSTALLATION, "Installing", "Installed"), "L01.FR.25"),
        case("unsigned", FIRMWARE, False, (*BEFORE_INSTALLATION, "Installing", "Installed"), "L02.FR.16"),
        case("publication", PUBLICATION, False, ("Downloading", "Published"), "L03.FR.10"),
    ],
)
BEFORE_END = pytest.mark.parametrize(
    ("action", "is_signed", "requirement"),
    [
        case("signed", FIRMWARE, True, "L01.FR.26"),
        case("unsigned", FIRMWARE, False, "L02.FR.17"),
        case("publication", PUBLICATION, False, "L03.FR.11"),
    ],
)


@AFTER_END
def test_last_status_instead_of_idle_is_found(
    talk: Talk, action: str, is_signed: bool, statuses: tuple[str, ...], requirement: str
) -> None:
    begin(talk, action, is_signed)
    send(talk, action, *statuses)
    talk.trigger(action)
    send(talk, action, statuses[-1])

    assert talk.ids == [KIND]
    assert talk.coverage(requirement) == "broken"


@AFTER_END
def test_idle_after_the_end_is_accepted(
    talk: Talk, action: str, is_signed: bool, statuses: tuple[str, ...], requirement: str
) -> None:
    begin(talk, action, is_signed)
    send(talk, action, *statuses)
    talk.trigger(action)
    send(talk, action, "Idle")

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


@BEFORE_END
def test_idle_before_the_end_is_found(talk: Talk, action: str, is_signed: bool, requirement: str) -> None:
    begin(talk, action, is_signed)
    send(talk, action, "Downloading")
    talk.trigger(action)
    send(talk, action, "Idle")

    assert talk.ids == [KIND]
    assert talk.coverage(requirement) == "broken"


@BEFORE_END
def test_last_status_before_the_end_is_accepted(
    talk: Talk, action: str, is_signed: bool, requirement: str
) -> None:
    begin(talk, action, is_signed)
    send(talk, action, "Downloading")
    talk.trigger(action)
    send(talk, action, "Downloading")

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


@BEFORE_END
def test_update_may_go_on_after_a_trigger(talk: Talk, action: str, is_signed: bool, requirement: str) -> None:
    begin(talk, action, is_signed)
    send(talk, action, "Downloading")
    talk.trigger(action)
    send(talk, action, "Downloaded")

    assert talk.ids == []
    assert talk.coverage(requirement) == "not exercised"


def test_idle_after_a_failure_is_accepted(talk: Talk) -> None:
    begin_update(talk)
    send(talk, FIRMWARE, "Downloading", "DownloadFailed")
    talk.trigger(FIRMWARE)
    send(talk, FIRMWARE, "Idle")

    assert talk.ids == []


def test_idle_after_idle_is_accepted(talk: Talk) -> None:
    for _ in range(2):
        talk.trigger(FIRMWARE)
        send(talk, FIRMWARE, "Idle")

    assert talk.ids == []


@pytest.mark.parametrize(
    "happen",
    [
        case("reconnect", lambda talk: talk.reconnect(1)),
        case("new update", lambda talk: begin_update(talk, 6)),
        case("late", lambda talk: talk.wait(40)),
    ],
)
def test_doubtful_last_status_is_not_compared(talk: Talk, happen: Script) -> None:
    begin_update(talk)
    send(talk, FIRMWARE, *BEFORE_INSTALLATION, "Installing", "Installed")
    talk.trigger(FIRMWARE)
    happen(talk)
    send_statuses(talk, "Installed")

    assert KIND not in talk.ids


def test_status_may_be_about_a_publication_that_a_faulty_command_began(talk: Talk) -> None:
    begin_publication(talk)
    send(talk, PUBLICATION, "Downloading", "Published")
    talk.trigger(PUBLICATION)
    talk.observer.sent_spoilt_call("spoilt")
    send(talk, PUBLICATION, "Published")

    assert KIND not in talk.ids


def test_rejected_trigger_decides_nothing(talk: Talk) -> None:
    begin_update(talk)
    send(talk, FIRMWARE, *BEFORE_INSTALLATION, "Installing", "Installed")
    talk.trigger(FIRMWARE, "Rejected")
    send_statuses(talk, "Installed")

    assert talk.ids == []


def test_unanswered_status_may_be_repeated(talk: Talk) -> None:
    begin_update(talk)
    send(talk, FIRMWARE, *BEFORE_INSTALLATION, "Installing")
    message_id = talk.send_call(FIRMWARE, {"status": "Installed", "requestId": 5})
    talk.error(message_id, FIRMWARE)
    talk.wait(1)
    talk.trigger(FIRMWARE)
    send(talk, FIRMWARE, "Installed")

    assert talk.ids == []
