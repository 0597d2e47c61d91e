"""Checks of log uploads."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import LOG_UPLOAD, Script, Talk, case


def get_log(talk: Talk, request_id: int = 1, status: str = "Accepted", **answer: str) -> None:
    message_id = talk.send_command("GetLog", {**LOG_UPLOAD, "requestId": request_id})
    talk.answer_command(message_id, "GetLog", {"status": status, "filename": "log.txt", **answer})


def send_status(talk: Talk, status: str, request_id: int = 1) -> None:
    talk.call("LogStatusNotification", {"status": status, "requestId": request_id})


def start_upload(talk: Talk) -> None:
    get_log(talk)
    send_status(talk, "Uploading")


@pytest.mark.parametrize("answer", [{"status": "Accepted"}, {"status": "Accepted", "filename": ""}])
def test_accepted_log_must_have_a_file_name(talk: Talk, answer: JsonObject) -> None:
    get_log(talk, status="Rejected", filename="")
    assert (talk.ids, talk.coverage("N01.FR.01")) == ([], "not exercised")
    get_log(talk)
    assert (talk.ids, talk.coverage("N01.FR.01")) == ([], "met")

    talk.answer_command(talk.send_command("GetLog", LOG_UPLOAD), "GetLog", answer)

    assert talk.ids == ["log-filename-missing"]
    assert talk.coverage("N01.FR.01") == "broken"


def test_upload_in_progress_should_be_cancelled(talk: Talk) -> None:
    start_upload(talk)

    get_log(talk, 2)
    talk.wait(11)

    assert talk.ids == ["log-upload-not-cancelled"]
    assert talk.coverage("N01.FR.12") == "broken"


def cancel(talk: Talk) -> None:
    start_upload(talk)
    get_log(talk, 2, "AcceptedCanceled")


def end_while_answered(talk: Talk) -> None:
    start_upload(talk)
    get_log(talk, 2)
    send_status(talk, "Uploaded")


def test_upload_is_cancelled(talk: Talk) -> None:
    cancel(talk)

    assert (talk.ids, talk.coverage("N01.FR.12")) == ([], "met")


def reject_second(talk: Talk) -> None:
    start_upload(talk)
    get_log(talk, 2, "Rejected")


def end_before(talk: Talk) -> None:
    start_upload(talk)
    send_status(talk, "UploadFailure")
    get_log(talk, 2)


def reconnect_before(talk: Talk) -> None:
    start_upload(talk)
    talk.reconnect(after=1)
    get_log(talk, 2)


def use_id_again(talk: Talk) -> None:
    start_upload(talk)
    get_log(talk, 1)


def ask_before_upload(talk: Talk) -> None:
    get_log(talk)
    get_log(talk, 2)


@pytest.mark.parametrize(
    "play",
    [
        reject_second,
        end_before,
        end_while_answered,
        reconnect_before,
        use_id_again,
        ask_before_upload,
    ],
)
def test_upload_need_not_be_cancelled(talk: Talk, play: Script) -> None:
    play(talk)
    talk.wait(61)

    assert (talk.ids, talk.coverage("N01.FR.12")) == ([], "not exercised")


def reconnect_after(talk: Talk) -> None:
    cancel(talk)
    talk.reconnect(after=1)


def end_instead(talk: Talk) -> None:
    cancel(talk)
    send_status(talk, "Uploaded")


def cancel_older(talk: Talk) -> None:
    """Cancel the first of two uploads that run at the same time."""
    start_upload(talk)
    get_log(talk, 2)
    get_log(talk, 3, "AcceptedCanceled")
    send_status(talk, "AcceptedCanceled", 1)


def test_cancelled_upload_is_reported_before_the_answer(talk: Talk) -> None:
    start_upload(talk)
    message_id = talk.send_command("GetLog", {**LOG_UPLOAD, "requestId": 2})
    send_status(talk, "AcceptedCanceled")
    talk.answer_command(message_id, "GetLog", {"status": "AcceptedCanceled", "filename": "log.txt"})
    talk.wait(61)

    assert (talk.ids, talk.coverage("N01.FR.20")) == ([], "met")


def test_cancelled_upload_must_be_reported(talk: Talk) -> None:
    cancel(talk)
    send_status(talk, "AcceptedCanceled", 1)
    assert (talk.ids, talk.coverage("N01.FR.20")) == ([], "met")
    get_log(talk, 3, "AcceptedCanceled")
    send_status(talk, "Uploading", 3)

    talk.wait(61)

    assert talk.ids == ["log-cancel-not-reported"]
    assert talk.coverage("N01.FR.20") == "broken"


@pytest.mark.parametrize(
    "play",
    [
        case("first upload unknown", lambda talk: get_log(talk, 2, "AcceptedCanceled")),
        case("reconnect", reconnect_after),
        case("end of the upload", end_instead),
        case("older upload", cancel_older),
    ],
)
def test_cancelled_upload_need_not_be_reported(talk: Talk, play: Script) -> None:
    play(talk)

    talk.wait(61)

    assert (talk.ids, talk.coverage("N01.FR.20")) == ([], "not exercised")
