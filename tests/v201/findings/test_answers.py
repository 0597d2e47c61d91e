"""Checks that a station's answer to a command fits the state of the station."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, REMOTE_START, TOKEN, Talk, availability, stamp


def test_remote_start_accepted_after_the_boot_is_allowed(unbooted: Talk) -> None:
    unbooted.boot("Pending", 0)
    message_id = unbooted.send_command("RequestStartTransaction", REMOTE_START)
    unbooted.boot()
    unbooted.status()
    unbooted.answer_command(message_id, "RequestStartTransaction", {"status": "Accepted"})

    assert not unbooted.findings


def test_remote_start_accepted_before_the_boot_is_pending_is_allowed(unbooted: Talk) -> None:
    message_id = unbooted.send_command("RequestStartTransaction", REMOTE_START)
    unbooted.boot("Pending", 0)
    unbooted.answer_command(message_id, "RequestStartTransaction", {"status": "Accepted"})

    assert not unbooted.findings


def test_boot_trigger_that_crosses_an_accepted_boot_may_be_accepted(unbooted: Talk) -> None:
    unbooted.boot("Pending", 0)
    message_id = unbooted.send_command("TriggerMessage", {"requestedMessage": "BootNotification"})
    unbooted.boot()
    unbooted.answer_command(message_id, "TriggerMessage", {"status": "Accepted"})

    assert not unbooted.findings


@pytest.mark.parametrize(
    ("change", "state"),
    [(availability("Inoperative"), "met"), (availability("Operative"), "not exercised")],
)
def test_scheduled_change_meets_the_requirement_if_it_is_inoperative(
    talk: Talk, change: JsonObject, state: str
) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.command("ChangeAvailability", change, "Scheduled")

    assert talk.coverage("G04.FR.06") == state


def test_boot_trigger_on_new_connection_may_be_accepted(talk: Talk) -> None:
    talk.reconnect(1)
    talk.trigger("BootNotification")
    talk.boot(reason="Triggered")

    assert not talk.findings


def test_reset_accepted_while_the_last_event_is_on_its_way_is_allowed(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "OnIdle"})
    talk.wait(10)
    talk.send_event(1, timestamp=stamp(talk.at - 11))
    talk.send_event(2, "Ended")

    assert not talk.findings


def test_reset_of_another_evse_may_be_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.command("Reset", {"type": "OnIdle", "evseId": 2})
    talk.wait(10)
    talk.send_event(1)

    assert not talk.findings


def test_connector_may_be_unlocked_after_the_authorization_ended(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE, idToken=TOKEN, info={"chargingState": "Charging"})
    stopped = {"chargingState": "EVConnected"}
    talk.send_event(1, triggerReason="StopAuthorized", idToken=TOKEN, info=stopped)
    talk.command("UnlockConnector", {"evseId": 1, "connectorId": 1}, "Unlocked")
    talk.wait(10)
    talk.send_event(2)

    assert not talk.findings


# ChangeAvailability to Inoperative during a transaction (G03.FR.05, G04.FR.06)


def accept_inoperative(talk: Talk, **scope: int) -> None:
    """Make the station accept a ChangeAvailability to Inoperative, and then continue its transaction."""
    talk.command("ChangeAvailability", availability("Inoperative", **scope))
    talk.wait(10)
    talk.send_event(1)


@pytest.mark.parametrize("scope", [{}, {"evse_id": 1}, {"evse_id": 1, "connector_id": 1}])
def test_inoperative_accepted_during_transaction_is_found(talk: Talk, scope: dict[str, int]) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.status("Occupied")
    accept_inoperative(talk, **scope)

    assert talk.ids == ["availability-not-scheduled"]


@pytest.mark.parametrize("scope", [{"evse_id": 2}, {"evse_id": 1, "connector_id": 2}])
def test_inoperative_of_another_connector_may_be_accepted(talk: Talk, scope: dict[str, int]) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    accept_inoperative(talk, **scope)

    assert not talk.findings


def test_inoperative_during_transaction_with_unknown_evse_may_be_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.status("Occupied")
    accept_inoperative(talk)

    assert not talk.findings


def test_operative_during_transaction_may_be_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.command("ChangeAvailability", availability("Operative"))
    talk.wait(10)
    talk.send_event(1)

    assert not talk.findings


def test_inoperative_as_the_transaction_ends_may_be_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    talk.status("Occupied")
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.wait(10)
    talk.send_event(1, "Ended")

    assert not talk.findings


@pytest.mark.parametrize("status", ["Scheduled", "Accepted", None])
def test_inoperative_may_be_accepted_if_an_earlier_one_may_be_in_effect(
    talk: Talk, status: str | None
) -> None:
    if status == "Accepted":
        talk.command("ChangeAvailability", availability("Inoperative", evse_id=1), status)
        talk.status("Unavailable")
    talk.send_event(0, "Started", evse=EVSE)
    talk.status("Occupied")
    if status == "Scheduled":
        talk.command("ChangeAvailability", availability("Inoperative", evse_id=1), status)
    elif status is None:
        talk.send_command("ChangeAvailability", availability("Inoperative", evse_id=1))
    accept_inoperative(talk)

    assert not talk.findings


def test_inoperative_may_be_accepted_if_the_connector_was_never_available(unbooted: Talk) -> None:
    unbooted.boot()
    unbooted.status("Occupied")
    unbooted.send_event(0, "Started", evse=EVSE)
    accept_inoperative(unbooted)

    assert not unbooted.findings


def test_inoperative_accepted_after_an_operative_is_found_again(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Operative"))
    talk.status("Available")
    talk.send_event(0, "Started", evse=EVSE)
    talk.status("Occupied")
    accept_inoperative(talk)

    assert talk.ids == ["availability-not-scheduled"]


# Events that prove that a transaction was running

ENDINGS = [
    ("ResetCommand", "ImmediateReset"),
    ("ResetCommand", None),
    ("AbnormalCondition", "ImmediateReset"),
]


@pytest.mark.parametrize(("trigger", "stopped_reason"), ENDINGS)
def test_reset_on_idle_that_ends_a_transaction_at_once_is_found(
    talk: Talk, trigger: str, stopped_reason: str | None
) -> None:
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "OnIdle"})
    info = {"stoppedReason": stopped_reason} if stopped_reason else {}
    talk.send_event(1, "Ended", triggerReason=trigger, info=info)

    assert "reset-not-scheduled" in talk.ids


def test_transaction_that_ends_normally_before_an_accepted_reset_is_allowed(talk: Talk) -> None:
    talk.send_event(0, "Started", idToken=TOKEN)
    talk.command("Reset", {"type": "OnIdle"})
    talk.send_event(1, "Ended", triggerReason="StopAuthorized", idToken=TOKEN)

    assert not talk.findings


def test_reset_immediate_before_a_reset_on_idle_may_end_the_transaction(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "Immediate"})
    talk.command("Reset", {"type": "OnIdle"})
    talk.send_event(1, "Ended", triggerReason="ResetCommand", info={"stoppedReason": "ImmediateReset"})

    assert not talk.findings


def unlock_while_charging(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE, idToken=TOKEN, info={"chargingState": "Charging"})
    talk.command("UnlockConnector", {"evseId": 1, "connectorId": 1}, "Unlocked")


@pytest.mark.parametrize("event_type", ["Updated", "Ended"])
def test_unlock_that_stops_a_transaction_is_found(talk: Talk, event_type: str) -> None:
    unlock_while_charging(talk)
    info = {"chargingState": "EVConnected"}
    talk.send_event(1, event_type, triggerReason="UnlockCommand", info=info)

    assert "unlocked-during-transaction" in talk.ids


def test_connector_may_be_unlocked_if_the_token_was_refused(talk: Talk) -> None:
    event = talk.event(0, "Started", evse=EVSE, idToken=TOKEN, info={"chargingState": "Charging"})
    talk.exchange("TransactionEvent", event, {"idTokenInfo": {"status": "Invalid"}})
    talk.command("UnlockConnector", {"evseId": 1, "connectorId": 1}, "Unlocked")
    talk.wait(10)
    talk.send_event(1)

    assert "unlocked-during-transaction" not in talk.ids


def test_events_of_a_clock_set_wrong_do_not_confirm_that_a_transaction_went_on(talk: Talk) -> None:
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 3600)})
    talk.send_event(0, "Started")
    talk.command("Reset", {"type": "OnIdle"})
    talk.wait(10)
    talk.send_event(1, timestamp=stamp(talk.at + 3589))
    talk.send_event(2, "Ended", timestamp=stamp(talk.at + 3589))

    assert not talk.findings


def test_unlock_that_crosses_the_end_of_the_authorization_is_allowed(talk: Talk) -> None:
    unlock_while_charging(talk)
    talk.send_event(1, triggerReason="StopAuthorized", idToken=TOKEN)
    talk.send_event(2, "Ended", triggerReason="UnlockCommand", info={"stoppedReason": "Local"})

    assert "unlocked-during-transaction" not in talk.ids
