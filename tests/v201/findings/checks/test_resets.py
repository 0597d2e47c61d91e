"""Resets of single EVSEs, and transactions during a scheduled reset."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case
from tests.v201.findings.checks.inventory import item, take_inventory

EVSE_1: JsonObject = {"name": "EVSE", "evse": {"id": 1}}
POWER = item(EVSE_1, "Power")


def allow_reset(value: str) -> JsonObject:
    return item(EVSE_1, "AllowReset", attributes=[{"value": value}])


ALLOWED_INSTANCE = item({**EVSE_1, "instance": "Left"}, "AllowReset", attributes=[{"value": "true"}])


def reset(talk: Talk, status: str, evse_id: int | None = 1, kind: str = "OnIdle") -> None:
    evse = {} if evse_id is None else {"evseId": evse_id}
    talk.command("Reset", {"type": kind, **evse}, status)


@pytest.mark.parametrize(("is_charging", "requirement"), [(False, "B11.FR.09"), (True, "B12.FR.09")])
@pytest.mark.parametrize(
    ("value", "status", "state"),
    [
        case("accepted", "false", "Accepted", "broken"),
        case("scheduled", "False", "Scheduled", "broken"),
        case("rejected", "false", "Rejected", "met"),
        case("supported", "true", "Scheduled", "not exercised"),
    ],
)
def test_reset_of_an_evse_that_does_not_support_it_must_be_rejected(  # noqa: PLR0917 - two tables
    talk: Talk, is_charging: bool, requirement: str, value: str, status: str, state: str
) -> None:
    take_inventory(talk, [allow_reset(value)])
    if is_charging:
        talk.send_event(0, "Started", evse=EVSE)
    reset(talk, status)

    assert talk.ids == (["evse-reset-accepted"] if state == "broken" else [])
    assert talk.coverage(requirement) == state
    other = {"B11.FR.09", "B12.FR.09"} - {requirement}
    assert {talk.coverage(name) for name in other} == {"not exercised"}


@pytest.mark.parametrize(
    ("items", "status", "state"),
    [
        case("missing", [POWER], "Accepted", "broken"),
        case("missing, rejected", [POWER], "Rejected", "not exercised"),
        case("announced", [POWER, allow_reset("true")], "Accepted", "met"),
        case("announced for an instance", [POWER, ALLOWED_INSTANCE], "Accepted", "met"),
    ],
)
def test_reset_of_an_evse_should_be_announced(
    talk: Talk, items: list[JsonObject], status: str, state: str
) -> None:
    take_inventory(talk, items)
    reset(talk, status)

    assert talk.ids == (["evse-reset-not-announced"] if state == "broken" else [])
    assert talk.coverage("B11.FR.10") == state


def test_reset_of_an_evse_may_be_accepted_without_inventory(talk: Talk) -> None:
    reset(talk, "Accepted")

    assert not talk.findings
    assert talk.coverage("B11.FR.10") == "not exercised"


FORCED = [
    case("reason", {"info": {"stoppedReason": "ImmediateReset"}}),
    case("trigger", {"triggerReason": "ResetCommand"}),
]


@pytest.mark.parametrize(("evse_id", "requirement"), [(None, "B12.FR.03"), (1, "B12.FR.07")])
@pytest.mark.parametrize("fields", FORCED)
def test_transaction_ended_by_scheduled_reset_is_found(
    talk: Talk, evse_id: int | None, requirement: str, fields: JsonObject
) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    reset(talk, "Scheduled", evse_id)
    talk.send_event(1, "Ended", **fields)

    assert "transaction-ended-by-scheduled-reset" in talk.ids
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(("evse_id", "requirement"), [(None, "B12.FR.03"), (1, "B12.FR.07")])
def test_transaction_that_ends_normally_before_the_reset_is_accepted(
    talk: Talk, evse_id: int | None, requirement: str
) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    reset(talk, "Scheduled", evse_id)
    talk.send_event(1, "Ended")

    assert not talk.findings
    assert talk.coverage(requirement) == "met"


def test_transaction_may_have_been_ended_by_a_reset_before_the_boot(talk: Talk) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    reset(talk, "Accepted", None, "Immediate")
    queued = talk.event(1, "Ended", triggerReason="ResetCommand", info={"stoppedReason": "ImmediateReset"})
    talk.at += 60
    talk.boot(reason="RemoteReset")
    reset(talk, "Scheduled", None)
    talk.call("TransactionEvent", queued)

    assert "transaction-ended-by-scheduled-reset" not in talk.ids
    assert talk.coverage("B12.FR.03") == "not exercised"


@pytest.mark.parametrize("excuse", ["immediate", "spoilt", "other EVSE", "offline", "booted"])
def test_transaction_may_be_ended_by_another_reset(talk: Talk, excuse: str) -> None:
    talk.send_event(0, "Started", evse=EVSE)
    if excuse == "spoilt":
        talk.observer.sent_spoilt_call("spoilt")
    reset(talk, "Scheduled", 2 if excuse == "other EVSE" else None)
    if excuse == "immediate":
        talk.send_command("Reset", {"type": "Immediate"})
    if excuse == "booted":
        talk.boot(reason="LocalReset")
    offline = {"offline": True} if excuse == "offline" else {}
    talk.send_event(
        1, "Ended", triggerReason="ResetCommand", info={"stoppedReason": "ImmediateReset"}, **offline
    )

    assert "transaction-ended-by-scheduled-reset" not in talk.ids
    assert talk.coverage("B12.FR.03") == "not exercised"
