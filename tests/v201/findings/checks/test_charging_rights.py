"""Checks of whether a transaction may charge."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, REMOTE_START, TOKEN, Talk, case, stamp
from tests.v201.findings.checks.authorizing import OTHER, ask, use
from tests.v201.findings.checks.inventory import set_values

AUTHORIZATION = ("C01.FR.01", "C06.FR.01")
MASTER_PASS = ("C12.FR.09", "C16.FR.03")
GROUP = {"idToken": "MASTER", "type": "Central"}


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def charge(talk: Talk, seq_no: int) -> None:
    """Report that energy flows."""
    talk.send_event(seq_no, triggerReason="ChargingStateChanged", info={"chargingState": "Charging"})


def plug_in(talk: Talk, **fields: Any) -> None:
    """Start a transaction because the cable is plugged in."""
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE, **fields)


@pytest.mark.parametrize(
    ("token", "findings", "state"),
    [
        case("without", {}, ["charging-without-authorization"], "broken"),
        case("with", {"idToken": TOKEN}, [], "met"),
    ],
)
def test_charging_must_be_authorized(talk: Talk, token: JsonObject, findings: list[str], state: str) -> None:
    talk.read_variables({"AuthCtrlr.Enabled": "true"})
    talk.wait(150)
    plug_in(talk, **token)
    charge(talk, 1)
    charge(talk, 2)

    assert talk.ids == findings
    assert states(talk, *AUTHORIZATION) == {state}


@pytest.mark.parametrize(
    ("enabled", "seq_no"), [case("free charging", "false", 1), case("with missing event", "true", 2)]
)
def test_charging_that_may_be_authorized_is_accepted(talk: Talk, enabled: str, seq_no: int) -> None:
    talk.read_variables({"AuthCtrlr.Enabled": enabled})
    talk.wait(150)
    plug_in(talk)
    charge(talk, seq_no)

    assert talk.ids == []
    assert states(talk, *AUTHORIZATION) == {"not exercised"}


def start_remotely(talk: Talk) -> None:
    talk.command("RequestStartTransaction", REMOTE_START)


@pytest.mark.parametrize("authorize", [ask, start_remotely])
def test_charging_may_be_authorized_by_a_token_that_no_event_has(
    talk: Talk, authorize: Callable[[Talk], None]
) -> None:
    talk.read_variables({"AuthCtrlr.Enabled": "true"})
    talk.wait(150)
    authorize(talk)
    plug_in(talk)
    charge(talk, 1)

    assert "charging-without-authorization" not in talk.ids


@pytest.mark.parametrize("kind", ["wrong clock", "just set"])
def test_charging_before_the_authorization_was_certainly_enabled_is_accepted(talk: Talk, kind: str) -> None:
    item = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "Enabled"}, "attributeType": "Actual"}
    set_values(talk, [{**item, "attributeValue": "true"}], "Accepted")
    talk.wait(50 if kind == "just set" else 150)
    if kind == "wrong clock":
        talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 3600)})
    plug_in(talk)
    charge(talk, 1)

    assert "charging-without-authorization" not in talk.ids


@pytest.mark.parametrize(
    ("evse_ids", "findings", "state"),
    [
        case("other EVSE", [2], ["charging-at-wrong-evse"], "broken"),
        case("this EVSE", [1, 2], [], "met"),
    ],
)
def test_charging_must_be_at_a_permitted_evse(
    talk: Talk, evse_ids: list[int], findings: list[str], state: str
) -> None:
    ask(talk, evseId=evse_ids)
    use(talk, evse=EVSE)
    charge(talk, 1)
    charge(talk, 2)

    assert talk.ids == findings
    assert states(talk, "C01.FR.21") == {state}


def test_charging_at_any_evse_is_accepted(talk: Talk) -> None:
    ask(talk)
    use(talk, evse=EVSE)
    charge(talk, 1)

    assert talk.ids == []
    assert states(talk, "C01.FR.21") == {"not exercised"}


def test_transaction_of_master_pass_is_found(talk: Talk) -> None:
    talk.read_variables({"AuthCtrlr.MasterPassGroupId": "Master"})
    ask(talk, groupIdToken=GROUP)
    use(talk)

    assert talk.ids == ["master-pass-started-transaction"]
    assert states(talk, *MASTER_PASS) == {"broken"}


def test_transaction_stopped_by_master_pass_is_accepted(talk: Talk) -> None:
    talk.read_variables({"AuthCtrlr.MasterPassGroupId": "Master"})
    use(talk)
    ask(talk, OTHER, groupIdToken=GROUP)
    use(talk, OTHER, trigger="StopAuthorized", seq_no=1)

    assert talk.ids == []
    assert states(talk, *MASTER_PASS) == {"met"}


def test_token_of_other_group_starts_transaction(talk: Talk) -> None:
    talk.read_variables({"AuthCtrlr.MasterPassGroupId": "OTHER"})
    ask(talk, groupIdToken=GROUP)
    use(talk)

    assert talk.ids == []
    assert states(talk, *MASTER_PASS) == {"not exercised"}


@pytest.mark.parametrize(
    ("token", "findings", "state"),
    [case("other", OTHER, ["second-token-authorized"], "broken"), case("same", TOKEN, [], "met")],
)
def test_second_authorization_must_be_with_the_same_token(
    talk: Talk, token: JsonObject, findings: list[str], state: str
) -> None:
    use(talk)
    use(talk, trigger="StopAuthorized", seq_no=1)
    use(talk, token, seq_no=2)

    assert talk.ids == findings
    assert states(talk, "C01.FR.23") == {state}


@pytest.mark.parametrize("stop", [None, "EVCommunicationLost"])
def test_second_token_in_authorized_transaction_is_not_judged(talk: Talk, stop: str | None) -> None:
    use(talk)
    if stop:
        talk.send_event(1, triggerReason=stop, info={"chargingState": "Idle"})
    use(talk, OTHER, seq_no=2 if stop else 1)

    assert "second-token-authorized" not in talk.ids
    assert states(talk, "C01.FR.23") == {"not exercised"}
