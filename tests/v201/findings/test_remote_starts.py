"""Checks of how a transaction reports the remote start that it follows (F01, F02)."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.remote_starts import MAX_REMOTE_STARTS
from tests.support.talk import EVSE, REMOTE_START, TOKEN, Talk

CENTRAL: JsonObject = {"idToken": "app-user", "type": "Central"}
START_ID = {"remoteStartId": 9}


def start_remotely(talk: Talk, status: str = "Accepted", id_token: JsonObject = TOKEN, **fields: Any) -> None:
    talk.command("RequestStartTransaction", {**START_ID, "idToken": id_token, **fields}, status)
    talk.at += 1


def send_started(talk: Talk, trigger: str, id_token: JsonObject = TOKEN, **fields: Any) -> None:
    talk.send_event(0, "Started", triggerReason=trigger, idToken=id_token, **fields)


@pytest.mark.parametrize("trigger", ["Authorized", "CablePluggedIn"])
def test_other_trigger_with_remote_start_id_is_found(talk: Talk, trigger: str) -> None:
    start_remotely(talk)
    talk.wait(100)
    send_started(talk, trigger, info=START_ID)

    assert talk.ids == ["remote-start-not-reported"]


@pytest.mark.parametrize("trigger", ["RemoteStart", "CablePluggedIn"])
def test_remote_start_id_that_was_never_sent_is_found(talk: Talk, trigger: str) -> None:
    start_remotely(talk)
    send_started(talk, trigger, info={"remoteStartId": 8})
    talk.send_event(1, info={"remoteStartId": 8})

    assert talk.ids == ["remote-start-not-reported"]
    assert "remoteStartId 8, which was never sent, instead of 9" in talk.findings[0].sentence


def test_remote_start_id_that_was_never_sent_is_found_in_running_transaction(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE)
    start_remotely(talk)
    talk.send_event(1, triggerReason="RemoteStart", idToken=TOKEN, info={"remoteStartId": 8})

    assert talk.ids == ["remote-start-not-reported"]


def test_id_of_an_earlier_remote_start_is_accepted(talk: Talk) -> None:
    for start_id in (8, 9):
        talk.command("RequestStartTransaction", {"remoteStartId": start_id, "idToken": TOKEN}, "Accepted")
    send_started(talk, "RemoteStart", info={"remoteStartId": 8})

    assert not talk.findings


@pytest.mark.parametrize(
    ("id_token", "fields"), [(CENTRAL, {}), (TOKEN, {"offline": True}), (CENTRAL, {"offline": True})]
)
def test_unknown_remote_start_id_of_another_token_or_from_offline_is_accepted(
    talk: Talk, id_token: JsonObject, fields: JsonObject
) -> None:
    start_remotely(talk)
    talk.reconnect(5)
    send_started(talk, "RemoteStart", id_token, info={"remoteStartId": 8}, **fields)

    assert "remote-start-not-reported" not in talk.ids


def test_unknown_remote_start_id_without_a_remote_start_is_accepted(talk: Talk) -> None:
    send_started(talk, "RemoteStart", info={"remoteStartId": 8})

    assert not talk.findings


def test_other_trigger_in_running_transaction_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE)
    start_remotely(talk)
    talk.send_event(1, triggerReason="Authorized", idToken=TOKEN, info=START_ID)

    assert talk.ids == ["remote-start-not-reported"]


@pytest.mark.parametrize("id_token", [TOKEN, CENTRAL])
def test_missing_remote_start_id_is_found(talk: Talk, id_token: JsonObject) -> None:
    start_remotely(talk, id_token=id_token)
    send_started(talk, "Authorized", id_token)

    assert talk.ids == ["remote-start-not-reported"]


def test_remote_start_id_in_later_event_only_is_found_once(talk: Talk) -> None:
    start_remotely(talk)
    talk.wait(20)
    send_started(talk, "RemoteStart")
    talk.send_event(1, info=START_ID)

    assert talk.ids == ["remote-start-not-reported"]


def test_missing_id_for_token_of_the_central_system_is_found_later_too(talk: Talk) -> None:
    start_remotely(talk, id_token=CENTRAL)
    talk.wait(100)
    send_started(talk, "CablePluggedIn", CENTRAL)

    assert talk.ids == ["remote-start-not-reported"]


@pytest.mark.parametrize("trigger", ["RemoteStart", "SignedDataReceived"])
def test_reported_remote_start_is_accepted(talk: Talk, trigger: str) -> None:
    start_remotely(talk)
    send_started(talk, trigger, info=START_ID)
    talk.send_event(1, triggerReason="CablePluggedIn", evse=EVSE, info=START_ID)

    assert not talk.findings


def test_report_before_the_answer_is_accepted(talk: Talk) -> None:
    message_id = talk.send_command("RequestStartTransaction", {**START_ID, "idToken": TOKEN})
    send_started(talk, "RemoteStart", info=START_ID)
    talk.answer_command(message_id, "RequestStartTransaction", {"status": "Accepted"})
    talk.send_event(1, triggerReason="Authorized", idToken=TOKEN)

    assert not talk.findings


def test_driver_after_rejected_remote_start_is_accepted(talk: Talk) -> None:
    start_remotely(talk, "Rejected")
    send_started(talk, "Authorized")

    assert not talk.findings


@pytest.mark.parametrize("id_token", [{**TOKEN, "type": "eMAID"}, {**TOKEN, "idToken": "OTHER"}])
def test_driver_with_another_token_is_accepted(talk: Talk, id_token: JsonObject) -> None:
    start_remotely(talk)
    send_started(talk, "Authorized", id_token)

    assert not talk.findings


def test_driver_at_another_evse_is_accepted(talk: Talk) -> None:
    start_remotely(talk, evseId=2)
    send_started(talk, "Authorized", evse=EVSE)

    assert not talk.findings


def test_driver_with_the_same_token_later_is_accepted(talk: Talk) -> None:
    start_remotely(talk)
    talk.wait(30)
    send_started(talk, "Authorized")

    assert not talk.findings


def test_driver_who_stops_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    start_remotely(talk, evseId=1)
    talk.send_event(1, triggerReason="StopAuthorized", idToken=TOKEN)

    assert not talk.findings


def test_queued_event_is_accepted(talk: Talk) -> None:
    start_remotely(talk)
    talk.reconnect(130)
    send_started(talk, "Authorized", info=START_ID, offline=True)

    assert not talk.findings


def test_start_after_a_connection_loss_is_accepted(talk: Talk) -> None:
    start_remotely(talk, id_token=CENTRAL)
    talk.reconnect(5)
    send_started(talk, "Authorized", CENTRAL)

    assert not talk.findings


def test_id_used_for_a_second_command_is_accepted(talk: Talk) -> None:
    start_remotely(talk)
    send_started(talk, "RemoteStart", info=START_ID)
    start_remotely(talk, "Rejected")
    talk.send_event(1, triggerReason="ChargingStateChanged", info=START_ID)

    assert not talk.findings


def test_number_of_open_remote_starts_is_limited(talk: Talk) -> None:
    for number in range(2 * MAX_REMOTE_STARTS):
        talk.command("RequestStartTransaction", {"remoteStartId": number, "idToken": TOKEN})

    assert len(talk.observer._transactions.remote_starts.open) == MAX_REMOTE_STARTS


def test_driver_who_authorized_before_the_remote_start_is_accepted(talk: Talk) -> None:
    talk.exchange("Authorize", {"idToken": TOKEN}, {"idTokenInfo": {"status": "Accepted"}})
    talk.at += 30
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.at += 5
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE, idToken=TOKEN)

    assert not talk.findings


def test_id_named_before_another_remote_start_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE)
    talk.send_event(1, triggerReason="ChargingStateChanged", info={"remoteStartId": 8})
    start_remotely(talk)
    talk.send_event(2, triggerReason="RemoteStart", idToken=TOKEN, info={"remoteStartId": 8})

    assert not talk.findings
