"""Checks of a firmware update that replaces another one."""

import pytest

from tests.support.talk import Talk, case
from tests.v201.findings.checks.firmware import begin_update, send_statuses

UPDATES = pytest.mark.parametrize(
    ("is_signed", "requirement"), [case("signed", True, "L01.FR.24"), case("unsigned", False, "L02.FR.15")]
)


@UPDATES
def test_update_accepted_during_another_is_found(talk: Talk, is_signed: bool, requirement: str) -> None:
    begin_update(talk)
    send_statuses(talk, "Downloading")
    begin_update(talk, 6, is_signed=is_signed)
    send_statuses(talk, "Downloading", request_id=6)

    assert talk.ids == ["firmware-update-not-cancelled"]
    assert talk.coverage(requirement) == "broken"


@UPDATES
def test_cancelled_update_is_accepted(talk: Talk, is_signed: bool, requirement: str) -> None:
    begin_update(talk)
    send_statuses(talk, "Downloading")
    begin_update(talk, 6, "AcceptedCanceled", is_signed=is_signed)
    send_statuses(talk, "DownloadFailed")
    send_statuses(talk, "Downloading", request_id=6)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


@UPDATES
def test_cancelled_update_that_goes_on_is_found(talk: Talk, is_signed: bool, requirement: str) -> None:
    begin_update(talk, is_signed=is_signed)
    send_statuses(talk, "Downloading")
    begin_update(talk, 6, "AcceptedCanceled")
    send_statuses(talk, "Downloading", request_id=6)
    send_statuses(talk, "Downloaded")

    assert talk.ids == ["firmware-update-not-cancelled"]
    assert talk.coverage(requirement) == "broken"


def test_status_of_cancelled_update_may_have_been_on_its_way(talk: Talk) -> None:
    begin_update(talk)
    send_statuses(talk, "Downloading")
    begin_update(talk, 6, "AcceptedCanceled")
    send_statuses(talk, "Downloaded")
    send_statuses(talk, "Downloading", request_id=6)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        case("no status", (), ()),
        case("over", ("Downloading", "DownloadFailed"), ()),
        case("just over", ("Downloading",), ("DownloadFailed",)),
    ],
)
def test_update_may_be_accepted_after_another(
    talk: Talk, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    begin_update(talk)
    send_statuses(talk, *before)
    begin_update(talk, 6)
    send_statuses(talk, *after)
    send_statuses(talk, "Downloading", request_id=6)

    assert talk.ids == []
    assert talk.coverage("L01.FR.24") == "not exercised"


def test_update_may_end_while_the_station_is_offline(talk: Talk) -> None:
    begin_update(talk)
    send_statuses(talk, "Downloading")
    talk.reconnect(5)
    begin_update(talk, 6)
    send_statuses(talk, "Downloading", request_id=6)

    assert talk.ids == []
