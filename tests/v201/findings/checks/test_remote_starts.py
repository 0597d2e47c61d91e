"""Checks of remote starts."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, TOKEN, Talk, case, stamp

CENTRAL = {"idToken": "APP-USER-1", "type": "Central"}
ASK_SERVER = {"AuthCtrlr.AuthorizeRemoteStart": "true", "AuthCtrlr.LocalPreAuthorize": "false"}
MUST_NOT_ASK = {"AuthCtrlr.DisableRemoteAuthorization": "true"}
MAY_ASK_CACHE = {"AuthCtrlr.AuthorizeRemoteStart": "true", "AuthCacheCtrlr.Enabled": "true"}


def start_remotely(talk: Talk, *, token: JsonObject = TOKEN, start_id: int = 9, **answer: Any) -> None:
    talk.command(
        "RequestStartTransaction", {"remoteStartId": start_id, "idToken": token, "evseId": 1}, **answer
    )


def authorize(talk: Talk, status: str = "Accepted", token: JsonObject = TOKEN) -> None:
    talk.exchange("Authorize", {"idToken": token}, {"idTokenInfo": {"status": status}})


def report_start(
    talk: Talk, event_type: str = "Started", token: JsonObject | None = TOKEN, **info: Any
) -> None:
    fields = {"idToken": token} if token else {}
    talk.send_event(
        0,
        event_type,
        triggerReason="RemoteStart",
        evse=EVSE,
        info={"remoteStartId": 9, **info},
        **fields,
    )


@pytest.mark.parametrize("event_type", ["Started", "Updated"])
@pytest.mark.parametrize(
    "token",
    [case("other token", {**TOKEN, "idToken": "FF"}), case("other type", {**TOKEN, "type": "Central"})],
)
def test_remote_start_with_other_token_is_found(talk: Talk, event_type: str, token: JsonObject) -> None:
    start_remotely(talk)
    report_start(talk, event_type, token)

    assert talk.ids == ["remote-start-token-wrong"]
    assert [talk.coverage(each) for each in ("F01.FR.04", "F02.FR.12")] == ["broken", "broken"]


def test_remote_start_with_same_token_in_other_case_is_accepted(talk: Talk) -> None:
    start_remotely(talk)
    report_start(talk, token={**TOKEN, "idToken": TOKEN["idToken"].lower()})

    assert talk.ids == []
    assert [talk.coverage(each) for each in ("F01.FR.04", "F02.FR.12")] == ["met", "met"]


def test_token_of_remote_start_is_not_judged_if_its_id_was_sent_twice(talk: Talk) -> None:
    start_remotely(talk)
    start_remotely(talk, token=CENTRAL)
    report_start(talk)

    assert talk.ids == []
    assert talk.coverage("F02.FR.12") == "not exercised"


def test_queued_event_may_be_about_an_earlier_remote_start_with_the_id(talk: Talk) -> None:
    """After a restart, the mock may give out the same remoteStartIds again."""
    event = talk.event(
        0, "Started", triggerReason="RemoteStart", idToken=CENTRAL, info={"remoteStartId": 9}, evse=EVSE
    )
    talk.at += 300
    start_remotely(talk)
    talk.call("TransactionEvent", event)

    assert "remote-start-token-wrong" not in talk.ids
    assert talk.coverage("F02.FR.12") == "not exercised"


def test_token_is_not_judged_if_a_faulty_command_may_have_had_the_id(talk: Talk) -> None:
    start_remotely(talk)
    talk.observer.sent_spoilt_call("spoilt")
    report_start(talk, token=CENTRAL)

    assert "remote-start-token-wrong" not in talk.ids


def test_token_is_not_judged_if_the_station_was_told_another_time(talk: Talk) -> None:
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 86_400)})
    start_remotely(talk)
    report_start(talk, token=CENTRAL)

    assert "remote-start-token-wrong" not in talk.ids


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        case("never asked", ASK_SERVER, None),
        case("refused", MAY_ASK_CACHE, "Invalid"),
    ],
)
def test_remote_start_without_authorization_is_found(
    talk: Talk, variables: dict[str, str], status: str | None
) -> None:
    talk.read_variables({**variables, "TxCtrlr.TxStartPoint": "Authorized"})
    start_remotely(talk)
    if status:
        authorize(talk, status)
    report_start(talk)

    assert talk.ids == ["remote-start-not-authorized"]
    assert talk.coverage("F02.FR.09") == "broken"


@pytest.mark.parametrize(
    ("variables", "status", "state"),
    [
        case("accepted", ASK_SERVER, "Accepted", "met"),
        case("perhaps from the cache", MAY_ASK_CACHE, None, "not exercised"),
        case("must not ask", ASK_SERVER | MUST_NOT_ASK, None, "not exercised"),
        case("AuthorizeRemoteStart unknown", {}, "Invalid", "not exercised"),
    ],
)
def test_remote_start_with_possible_authorization_is_accepted(
    talk: Talk, variables: dict[str, str], status: str | None, state: str
) -> None:
    talk.read_variables({**variables, "TxCtrlr.TxStartPoint": "Authorized"})
    start_remotely(talk)
    if status:
        authorize(talk, status)
    report_start(talk)

    assert talk.ids == []
    assert talk.coverage("F02.FR.09") == state


@pytest.mark.parametrize(
    ("status", "ids", "state"),
    [("Invalid", ["remote-start-not-authorized"], "broken"), ("Accepted", [], "met")],
)
def test_energy_of_remote_start_needs_authorization(
    talk: Talk, status: str, ids: list[str], state: str
) -> None:
    talk.read_variables({**ASK_SERVER, "TxCtrlr.TxStartPoint": "EVConnected"})
    start_remotely(talk)
    report_start(talk, chargingState="EVConnected")
    authorize(talk, status)
    talk.send_event(1, triggerReason="ChargingStateChanged", info={"chargingState": "Charging"})

    assert talk.ids == ids
    assert talk.coverage("F01.FR.01") == state


def test_energy_after_local_authorization_needs_none_of_the_remote_start(talk: Talk) -> None:
    card = {**TOKEN, "idToken": "00112233"}
    talk.read_variables({**ASK_SERVER, "TxCtrlr.TxStartPoint": "EVConnected"})
    start_remotely(talk)
    report_start(talk, chargingState="EVConnected")
    authorize(talk, "Invalid")
    authorize(talk, token=card)
    talk.send_event(1, triggerReason="Authorized", idToken=card)
    talk.send_event(2, triggerReason="ChargingStateChanged", info={"chargingState": "Charging"})

    assert "remote-start-not-authorized" not in talk.ids


def test_authorization_is_not_judged_after_an_offline_period(talk: Talk) -> None:
    talk.read_variables({**ASK_SERVER, "TxCtrlr.TxStartPoint": "Authorized"})
    start_remotely(talk)
    talk.reconnect(after=1)
    report_start(talk)

    assert talk.ids == []
    assert talk.coverage("F02.FR.09") == "not exercised"


def test_token_of_type_central_needs_no_authorization(talk: Talk) -> None:
    talk.read_variables({**ASK_SERVER, "TxCtrlr.TxStartPoint": "Authorized"})
    start_remotely(talk, token=CENTRAL)
    report_start(talk, token=CENTRAL)

    assert talk.ids == []
    assert talk.coverage("F02.FR.09") == "not exercised"
