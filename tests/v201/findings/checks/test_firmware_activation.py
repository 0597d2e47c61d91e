"""Checks of the activation of new firmware."""

import pytest

from tests.support.talk import Talk, case, stamp
from tests.v201.findings.checks.firmware import BEFORE_INSTALLATION, begin_update, reboot, send_statuses

NOT_REPORTED = "firmware-installed-not-reported"
DURING_TRANSACTION = "firmware-activated-during-transaction"


def requirements(signed: str, unsigned: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("is_signed", "requirement"), [case("signed", True, signed), case("unsigned", False, unsigned)]
    )


def install(talk: Talk, *statuses: str, is_signed: bool = True) -> None:
    """Boot the station with version 1, and let it report an update: the download, then ``statuses``."""
    reboot(talk, "PowerUp", "1")
    begin_update(talk, is_signed=is_signed)
    send_statuses(talk, *BEFORE_INSTALLATION, *statuses)


@requirements("L01.FR.28", "L02.FR.20")
def test_new_version_without_a_status_is_found(talk: Talk, is_signed: bool, requirement: str) -> None:
    install(talk, "Installing", is_signed=is_signed)
    reboot(talk)
    talk.wait(301, step=60)

    assert NOT_REPORTED in talk.ids
    assert talk.coverage(requirement) == "broken"


@requirements("L01.FR.32", "L02.FR.21")
def test_reboot_after_installation_without_a_status_is_found(
    talk: Talk, is_signed: bool, requirement: str
) -> None:
    install(talk, "Installing", "InstallRebooting", is_signed=is_signed)
    reboot(talk, "FirmwareUpdate", "1")
    talk.wait(301, step=60)

    assert talk.ids == [NOT_REPORTED]
    assert talk.coverage(requirement) == "broken"


@requirements("L01.FR.32", "L02.FR.21")
def test_installation_reported_after_the_reboot_is_accepted(
    talk: Talk, is_signed: bool, requirement: str
) -> None:
    install(talk, "Installing", "InstallRebooting", is_signed=is_signed)
    reboot(talk)
    send_statuses(talk, "Installed")

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


@requirements("L01.FR.28", "L02.FR.20")
def test_installation_reported_without_a_reboot_is_accepted(
    talk: Talk, is_signed: bool, requirement: str
) -> None:
    install(talk, "Installing", "Installed", is_signed=is_signed)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"
    assert talk.coverage("L01.FR.32") == "not exercised"


@pytest.mark.parametrize(
    ("statuses", "reason", "version", "after"),
    [
        case("failure", ("Installing", "InstallRebooting"), "FirmwareUpdate", "1", ("InstallationFailed",)),
        case("goes on", ("InstallRebooting",), "FirmwareUpdate", "1", ("Installing",)),
        case("reboot before installation", ("InstallRebooting",), "FirmwareUpdate", "1", ()),
        case("same version", ("Installing",), "FirmwareUpdate", "1", ()),
        case("other boot", ("Installing",), "PowerUp", "2", ()),
        case("power loss", ("Installing", "InstallRebooting"), "PowerUp", "1", ()),
        case("reported before", ("Installing", "Installed"), "FirmwareUpdate", "2", ()),
    ],
)
def test_boot_that_needs_no_status_is_accepted(
    talk: Talk, statuses: tuple[str, ...], reason: str, version: str, after: tuple[str, ...]
) -> None:
    install(talk, *statuses, is_signed=False)
    reboot(talk, reason, version)
    send_statuses(talk, *after)
    talk.wait(301, step=60)

    assert NOT_REPORTED not in talk.ids


def test_status_is_not_due_while_the_boot_is_pending(talk: Talk) -> None:
    install(talk, "Installing", "InstallRebooting")
    reboot(talk, status="Pending")
    talk.wait(301, step=60)

    assert NOT_REPORTED not in talk.ids


@requirements("L01.FR.33", "L02.FR.22")
@pytest.mark.parametrize(
    ("ended_after_s", "info"),
    [case("ended later", 100, {}), case("ended by reboot", 0, {"stoppedReason": "Reboot"})],
)
def test_reboot_during_transaction_is_found(
    talk: Talk, is_signed: bool, requirement: str, ended_after_s: float, info: dict[str, str]
) -> None:
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    begin_update(talk, is_signed=is_signed)
    send_statuses(talk, *BEFORE_INSTALLATION, "Installing")
    reboot(talk)
    talk.at += ended_after_s
    talk.send_event(1, "Ended", info=info)

    assert DURING_TRANSACTION in talk.ids
    assert talk.coverage(requirement) == "broken"


def test_transaction_that_ended_before_the_reboot_may_be_reported_later(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    begin_update(talk)
    send_statuses(talk, *BEFORE_INSTALLATION, "Installing")
    ended_at = stamp(talk.at)
    reboot(talk)
    talk.at += 100
    talk.send_event(1, "Ended", timestamp=ended_at)

    assert DURING_TRANSACTION not in talk.ids


@pytest.mark.parametrize(
    ("status", "reason"), [("Installing", "PowerUp"), ("SignatureVerified", "FirmwareUpdate")]
)
def test_other_reboot_during_transaction_is_accepted(talk: Talk, status: str, reason: str) -> None:
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    begin_update(talk)
    send_statuses(talk, *BEFORE_INSTALLATION, status)
    reboot(talk, reason)
    talk.at += 100
    talk.send_event(1, "Ended")

    assert DURING_TRANSACTION not in talk.ids


def test_second_reboot_may_be_about_other_firmware(talk: Talk) -> None:
    install(talk, "Installing")
    reboot(talk)
    send_statuses(talk, "Installed")
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    reboot(talk, version="3")
    talk.at += 100
    talk.send_event(1, "Ended")

    assert DURING_TRANSACTION not in talk.ids


@requirements("L01.FR.33", "L02.FR.22")
def test_reboot_after_the_end_of_a_transaction_is_accepted(
    talk: Talk, is_signed: bool, requirement: str
) -> None:
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    begin_update(talk, is_signed=is_signed)
    send_statuses(talk, *BEFORE_INSTALLATION, "Installing")
    talk.send_event(1, "Ended")
    reboot(talk)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"
