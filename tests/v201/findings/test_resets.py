"""Reboots before the answer to a Reset (B11.FR.01, B11.FR.03)."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk

RESET: JsonObject = {"type": "Immediate"}


def reboot(talk: Talk, reason: str = "RemoteReset") -> None:
    talk.boot(reason=reason)
    talk.status()


def test_reboot_before_the_answer_is_found_with_both_frames(talk: Talk) -> None:
    talk.send_command("Reset", RESET)
    reset_frame = talk.frame
    reboot(talk)

    assert talk.ids == ["reset-answered-late"]
    assert talk.findings[0].frames == (reset_frame, reset_frame + 1)


@pytest.mark.parametrize("reason", ["PowerUp", "ScheduledReset", "Triggered", "Watchdog"])
def test_boot_for_another_reason_before_the_answer_is_accepted(talk: Talk, reason: str) -> None:
    talk.send_command("Reset", RESET)
    reboot(talk, reason)

    assert not talk.findings


def test_reboot_after_a_lost_connection_is_accepted(talk: Talk) -> None:
    talk.send_command("Reset", RESET)
    talk.reconnect(5)
    reboot(talk)

    assert not talk.findings


def test_reboot_for_a_reset_of_an_evse_is_ignored(talk: Talk) -> None:
    talk.send_command("Reset", {**RESET, "evseId": 1})
    reboot(talk)

    assert not talk.findings


@pytest.mark.parametrize("status", ["Accepted", "Scheduled"])
def test_reboot_for_an_earlier_reset_is_accepted(talk: Talk, status: str) -> None:
    talk.command("Reset", RESET, status)
    talk.send_command("Reset", RESET)
    reboot(talk)

    assert not talk.findings


def test_reboot_for_an_earlier_reset_without_an_answer_is_accepted(talk: Talk) -> None:
    talk.send_command("Reset", RESET)
    talk.send_command("Reset", RESET)
    reboot(talk)

    assert not talk.findings


def test_reboot_for_an_earlier_reset_sent_with_a_fault_is_accepted(talk: Talk) -> None:
    talk.observer.sent_spoilt_call("spoilt")
    talk.send_command("Reset", RESET)
    reboot(talk)

    assert not talk.findings


def test_boot_of_an_earlier_reset_on_the_new_connection_is_accepted(talk: Talk) -> None:
    talk.command("Reset", RESET)
    talk.reconnect(5)
    talk.send_command("Reset", RESET)
    reboot(talk)

    assert not talk.findings


def test_reset_of_a_station_that_was_not_seen_booting_is_ignored(unbooted: Talk) -> None:
    unbooted.send_command("Reset", RESET)
    reboot(unbooted)

    assert not unbooted.findings


def test_retried_boot_with_the_reason_of_an_earlier_reset_is_accepted(talk: Talk) -> None:
    talk.command("Reset", RESET)
    talk.reconnect(5)
    talk.boot("Pending", 10, reason="RemoteReset")
    talk.send_command("Reset", RESET)
    talk.wait(10)
    reboot(talk)

    assert not talk.findings


def test_reboot_after_a_reset_that_got_no_answer_in_time_is_accepted(talk: Talk) -> None:
    talk.time_out("Reset", RESET)
    reboot(talk)

    assert talk.ids == ["call-unanswered"]


def test_reset_after_a_rejected_one_is_judged(talk: Talk) -> None:
    talk.command("Reset", RESET, "Rejected")
    talk.send_command("Reset", RESET)
    reboot(talk)

    assert talk.ids == ["reset-answered-late"]


def test_unreadable_frame_may_be_the_answer(talk: Talk) -> None:
    talk.send_command("Reset", RESET)
    talk.collect(talk.observer.malformed(*talk.next_entry(), "too long", may_be_valid=True))
    reboot(talk)

    assert not talk.findings
