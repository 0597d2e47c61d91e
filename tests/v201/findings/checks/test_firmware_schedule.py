"""Checks of the times of a firmware update."""

import pytest

from tests.support.talk import Talk, case
from tests.v201.findings.checks.firmware import BEFORE_INSTALLATION, begin_update, send_statuses

DOWNLOAD = pytest.mark.parametrize(
    ("is_signed", "requirement"), [case("signed", True, "L01.FR.13"), case("unsigned", False, "L02.FR.07")]
)
INSTALLATION = pytest.mark.parametrize(
    ("is_signed", "requirement"), [case("signed", True, "L01.FR.16"), case("unsigned", False, "L02.FR.10")]
)


@DOWNLOAD
def test_later_download_without_scheduled_status_is_found(
    talk: Talk, is_signed: bool, requirement: str
) -> None:
    begin_update(talk, is_signed=is_signed, retrieve_s=100)
    send_statuses(talk, "Downloading")

    assert talk.ids == ["firmware-download-not-scheduled"]
    assert talk.coverage(requirement) == "broken"


@DOWNLOAD
def test_later_download_with_scheduled_status_is_accepted(
    talk: Talk, is_signed: bool, requirement: str
) -> None:
    begin_update(talk, is_signed=is_signed, retrieve_s=100)
    send_statuses(talk, "DownloadScheduled")
    talk.wait(100)
    send_statuses(talk, "Downloading")

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


@pytest.mark.parametrize("retrieve_s", [-1, 50])
def test_download_that_may_be_due_needs_no_scheduled_status(talk: Talk, retrieve_s: int) -> None:
    begin_update(talk, retrieve_s=retrieve_s)
    send_statuses(talk, "Downloading")

    assert talk.ids == []
    assert talk.coverage("L01.FR.13") == "not exercised"


def test_scheduled_status_may_be_lost_with_the_connection(talk: Talk) -> None:
    begin_update(talk, retrieve_s=100)
    talk.reconnect(200)
    send_statuses(talk, "Downloading")

    assert talk.ids == []


@INSTALLATION
def test_installation_before_its_time_is_found(talk: Talk, is_signed: bool, requirement: str) -> None:
    begin_update(talk, is_signed=is_signed, install_s=100)
    send_statuses(talk, *BEFORE_INSTALLATION, "InstallScheduled", "Installing")

    assert talk.ids == ["firmware-installation-not-scheduled"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize("status", ["Installing", "InstallRebooting"])
def test_later_installation_without_scheduled_status_is_found(talk: Talk, status: str) -> None:
    begin_update(talk, install_s=100)
    send_statuses(talk, *BEFORE_INSTALLATION)
    talk.wait(100)
    send_statuses(talk, status)

    assert talk.ids == ["firmware-installation-not-scheduled"]
    assert talk.coverage("L01.FR.16") == "broken"


@INSTALLATION
def test_later_installation_with_scheduled_status_is_accepted(
    talk: Talk, is_signed: bool, requirement: str
) -> None:
    begin_update(talk, is_signed=is_signed, install_s=100)
    send_statuses(talk, *BEFORE_INSTALLATION, "InstallScheduled")
    talk.wait(60)
    send_statuses(talk, "Installing", "Installed")

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


def test_installation_needs_no_scheduled_status_if_the_download_took_long(talk: Talk) -> None:
    begin_update(talk, install_s=100)
    send_statuses(talk, "Downloading")
    talk.wait(100)
    send_statuses(talk, "Downloaded", "Installing")

    assert talk.ids == []
    assert talk.coverage("L01.FR.16") == "not exercised"


def test_installation_is_not_early_by_a_clock_that_was_set_wrong(talk: Talk) -> None:
    talk.exchange("Heartbeat", {}, {"currentTime": "2027-01-01T00:00:00Z"})
    begin_update(talk, install_s=100)
    send_statuses(talk, *BEFORE_INSTALLATION, "Installing")

    assert talk.ids == []


def test_scheduled_status_without_its_request_id_decides_nothing(talk: Talk) -> None:
    begin_update(talk, retrieve_s=100)
    send_statuses(talk, "DownloadScheduled", request_id=None)
    talk.wait(100)
    send_statuses(talk, "Downloading")

    assert "firmware-download-not-scheduled" not in talk.ids


def test_status_with_an_id_that_is_used_again_may_be_of_the_earlier_update(talk: Talk) -> None:
    begin_update(talk)
    begin_update(talk, retrieve_s=100)
    send_statuses(talk, "Downloading")

    assert talk.ids == []
