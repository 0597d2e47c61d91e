"""Checks of the publication of firmware."""

import pytest

from tests.support.talk import Script, Talk, case

CHECKSUM = "ABCDEF" + "0" * 26


def publish(talk: Talk, checksum: str = CHECKSUM, request_id: int = 5, **fields: object) -> None:
    """Send a PublishFirmware, and report the file as Published; ``fields`` change the report."""
    request = {"location": "http://x/f", "checksum": checksum, "requestId": request_id}
    talk.command("PublishFirmware", request)
    status: dict[str, object] = {
        "status": "Published",
        "requestId": request_id,
        "location": ["http://x/f"],
        **fields,
    }
    given = {name: value for name, value in status.items() if value is not None}
    talk.call("PublishFirmwareStatusNotification", given)


def finish_after_the_next_command(talk: Talk) -> None:
    """Send a PublishFirmware for another file, and only then report the first file as Published."""
    talk.command("PublishFirmware", {"location": "http://x/g", "checksum": "1" * 32, "requestId": 6})
    published = {"status": "Published", "requestId": 5, "location": ["http://x/f"]}
    talk.call("PublishFirmwareStatusNotification", published)


def unpublish(talk: Talk, status: str, checksum: str = CHECKSUM) -> None:
    talk.command("UnpublishFirmware", {"checksum": checksum}, status)


def test_published_file_without_location_is_found(talk: Talk) -> None:
    publish(talk, location=None)

    assert talk.ids == ["published-without-location"]
    assert talk.coverage("L03.FR.04") == "broken"


def test_published_file_with_location_is_accepted(talk: Talk) -> None:
    publish(talk)

    assert talk.ids == []
    assert talk.coverage("L03.FR.04") == "met"


def test_other_status_needs_no_location(talk: Talk) -> None:
    publish(talk, status="Downloading", location=None)

    assert talk.ids == []
    assert talk.coverage("L03.FR.04") == "not exercised"


def test_no_firmware_for_a_published_file_is_found(talk: Talk) -> None:
    publish(talk)
    unpublish(talk, "NoFirmware")

    assert talk.ids == ["unpublish-answer-wrong"]
    assert talk.coverage("L04.FR.02") == "broken"


@pytest.mark.parametrize("earlier", ["Unpublished", "NoFirmware"])
def test_file_that_is_unpublished_twice_is_found(talk: Talk, earlier: str) -> None:
    unpublish(talk, earlier)
    unpublish(talk, "Unpublished")

    assert talk.ids == ["unpublish-answer-wrong"]
    assert talk.coverage("L04.FR.03") == "broken"


def test_right_answers_are_accepted(talk: Talk) -> None:
    publish(talk)
    unpublish(talk, "Unpublished", CHECKSUM.lower())
    unpublish(talk, "NoFirmware")

    assert talk.ids == []
    assert talk.coverage("L04.FR.02") == "met"
    assert talk.coverage("L04.FR.03") == "met"


@pytest.mark.parametrize(
    "happen",
    [
        case("other file", lambda talk: publish(talk, "1" * 32, 6)),
        case("late status", finish_after_the_next_command),
        case("reconnect", lambda talk: talk.reconnect(1)),
        case("boot", Talk.boot),
        case("unreadable status", lambda talk: talk.observer.doubt("PublishFirmwareStatusNotification")),
        case("unanswered command", lambda talk: talk.time_out("UnpublishFirmware", {"checksum": CHECKSUM})),
    ],
)
def test_doubtful_publication_decides_nothing(talk: Talk, happen: Script) -> None:
    publish(talk)
    happen(talk)
    unpublish(talk, "NoFirmware")

    assert "unpublish-answer-wrong" not in talk.ids
    assert talk.coverage("L04.FR.02") == "not exercised"


def test_download_of_a_published_file_may_be_going_on(talk: Talk) -> None:
    publish(talk)
    unpublish(talk, "DownloadOngoing")

    assert talk.ids == []
    assert talk.coverage("L04.FR.02") == "not exercised"


def test_publication_without_request_id_may_be_of_any_file(talk: Talk) -> None:
    unpublish(talk, "NoFirmware")
    publish(talk, requestId=None)
    unpublish(talk, "Unpublished")

    assert talk.ids == []


def test_download_of_a_file_may_be_going_on_after_it_was_unpublished(talk: Talk) -> None:
    unpublish(talk, "Unpublished")
    unpublish(talk, "DownloadOngoing")

    assert talk.ids == []
    assert talk.coverage("L04.FR.03") == "not exercised"
