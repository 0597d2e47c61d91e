"""Checks of transactions that a Reset Immediate ends."""

import pytest

from tests.support.talk import Talk, case

KIND = "reset-trigger-reason-wrong"
RESETS = pytest.mark.parametrize(
    ("scope", "requirement"), [case("station", {}, "B12.FR.04"), case("EVSE", {"evseId": 1}, "B12.FR.08")]
)


def begin(talk: Talk, scope: dict[str, int], status: str = "Accepted") -> None:
    """Start a transaction on EVSE 1, and send a Reset Immediate; the station answers with ``status``."""
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    talk.wait(1)
    talk.command("Reset", {"type": "Immediate", **scope}, status)


def end(talk: Talk, trigger: str, reason: str = "ImmediateReset", seq_no: int = 1) -> None:
    talk.send_event(seq_no, "Ended", triggerReason=trigger, info={"stoppedReason": reason})


@RESETS
def test_other_trigger_reason_is_found(talk: Talk, scope: dict[str, int], requirement: str) -> None:
    begin(talk, scope)
    end(talk, "AbnormalCondition")

    assert talk.ids == [KIND]
    assert talk.coverage(requirement) == "broken"


@RESETS
def test_reset_command_is_accepted(talk: Talk, scope: dict[str, int], requirement: str) -> None:
    begin(talk, scope)
    end(talk, "ResetCommand")

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


@pytest.mark.parametrize(
    ("status", "after_s", "reason"),
    [
        case("rejected", "Rejected", 0, "ImmediateReset"),
        case("later", "Accepted", 61, "ImmediateReset"),
        case("other reason", "Accepted", 0, "Other"),
    ],
)
def test_other_end_is_accepted(talk: Talk, status: str, after_s: float, reason: str) -> None:
    begin(talk, {}, status)
    talk.at += after_s
    end(talk, "AbnormalCondition", reason)

    assert KIND not in talk.ids


def test_transaction_may_have_been_stopped_before(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    talk.send_event(1, triggerReason="Deauthorized")
    talk.command("Reset", {"type": "Immediate"})
    end(talk, "EVCommunicationLost", seq_no=2)

    assert KIND not in talk.ids


@pytest.mark.parametrize(
    ("first", "last"), [case("joined midway", "Updated", 1), case("event missing", "Started", 2)]
)
def test_transaction_may_have_been_stopped_by_an_unknown_event(talk: Talk, first: str, last: int) -> None:
    talk.send_event(0, first, evse={"id": 1, "connectorId": 1})
    talk.command("Reset", {"type": "Immediate"})
    end(talk, "EVCommunicationLost", seq_no=last)

    assert KIND not in talk.ids
