"""Checks of whether a station asks about tokens that it may not accept by itself."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import TOKEN, Talk, case, stamp
from tests.v201.findings.checks.authorizing import (
    CONTRACT,
    EMAID,
    OTHER,
    SETTLED_S,
    ask,
    configure,
    entry,
    send_list,
    use,
)

WITHOUT_STORES = {"AuthCacheCtrlr.Enabled": "false", "LocalAuthListCtrlr.Enabled": "false"}
WITHOUT_LIST = {"LocalAuthListCtrlr.Enabled": "false"}
LOCAL = {"idToken": "1234", "type": "Local"}
CLEARED = "C11.FR.01"
SET_CACHE: JsonObject = {
    "setVariableData": [
        {
            "component": {"name": "AuthCacheCtrlr"},
            "variable": {"name": "Enabled"},
            "attributeValue": "false",
        }
    ]
}
LIST_UPDATE: JsonObject = {"versionNumber": 2, "updateType": "Full"}


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def settle(talk: Talk) -> None:
    talk.wait(SETTLED_S, step=SETTLED_S)


UNKNOWN_TOKENS = [
    case("without cache", TOKEN, {}, ("C01.FR.02", "C10.FR.11")),
    case("of type Local", LOCAL, {}, ("C06.FR.02",)),
    case("of a contract", EMAID, {"ISO15118Ctrlr.PnCEnabled": "true"}, ("C07.FR.01",)),
]


@pytest.mark.parametrize(("token", "variables", "requirements"), UNKNOWN_TOKENS)
def test_unknown_token_without_authorize_is_found(
    talk: Talk, token: JsonObject, variables: dict[str, str], requirements: tuple[str, ...]
) -> None:
    configure(talk, WITHOUT_STORES | variables)
    use(talk, token)

    assert set(talk.ids) == {"token-not-asked-for"}
    assert states(talk, *requirements) == {"broken"}


@pytest.mark.parametrize(("token", "variables", "requirements"), UNKNOWN_TOKENS)
def test_unknown_token_with_authorize_is_accepted(
    talk: Talk, token: JsonObject, variables: dict[str, str], requirements: tuple[str, ...]
) -> None:
    configure(talk, WITHOUT_STORES | variables)
    message_id = talk.send_call("Authorize", {"idToken": token, "certificate": CONTRACT})
    talk.result(message_id, "Authorize", {"idTokenInfo": {"status": "Accepted"}})
    use(talk, token)

    assert talk.ids == []
    assert states(talk, *requirements) == {"met"}


@pytest.mark.parametrize(
    ("variables", "fields"),
    [
        case("cache in use", {"AuthCacheCtrlr.Enabled": "true"}, {}),
        case("list in use", {"LocalAuthListCtrlr.Enabled": "true"}, {}),
        case("no authorization needed", {"AuthCtrlr.Enabled": "false"}, {}),
        case("asking disabled", {"AuthCtrlr.DisableRemoteAuthorization": "true"}, {}),
        case("offline", {}, {"offline": True}),
        case("old event", {}, {"timestamp": stamp(0)}),
        case("remote start", {}, {"info": {"transactionId": "T1", "remoteStartId": 3}}),
    ],
)
def test_token_that_station_may_know_is_accepted(
    talk: Talk, variables: dict[str, str], fields: JsonObject
) -> None:
    configure(talk, WITHOUT_STORES | variables)
    talk.send_event(0, "Started", **{"triggerReason": "Authorized", "idToken": TOKEN, **fields})

    assert "token-not-asked-for" not in talk.ids
    assert talk.coverage("C01.FR.02") == "not exercised"


@pytest.mark.parametrize(
    "disturb",
    [
        case("after a reconnect", lambda talk: talk.reconnect(5)),
        case("after an invalid Authorize", lambda talk: talk.call("Authorize", {}, violation="no idToken")),
        case("after a change of settings", lambda talk: talk.time_out("SetVariables", SET_CACHE)),
        case("after an update of the list", lambda talk: talk.time_out("SendLocalList", LIST_UPDATE)),
        case("without a boot", lambda talk: talk.collect(talk.observer.forget(*talk.next_entry()) or ())),
    ],
)
def test_token_in_doubtful_situation_is_accepted(talk: Talk, disturb: Callable[[Talk], object]) -> None:
    configure(talk, WITHOUT_STORES)
    disturb(talk)
    talk.findings.clear()
    use(talk)

    assert "token-not-asked-for" not in talk.ids


def test_token_after_cleared_cache_without_authorize_is_found(talk: Talk) -> None:
    configure(talk, WITHOUT_LIST)
    ask(talk)
    talk.command("ClearCache", {})
    settle(talk)
    use(talk)

    assert set(talk.ids) == {"token-not-asked-for"}
    assert states(talk, CLEARED) == {"broken"}


def test_token_after_cleared_cache_with_authorize_is_accepted(talk: Talk) -> None:
    configure(talk, WITHOUT_LIST)
    ask(talk)
    talk.command("ClearCache", {})
    settle(talk)
    ask(talk)
    use(talk)

    assert talk.ids == []
    assert states(talk, CLEARED, "C01.FR.02") == {"met"}


def test_token_that_is_cached_again_needs_no_authorize(talk: Talk) -> None:
    configure(talk, WITHOUT_LIST)
    talk.command("ClearCache", {})
    ask(talk)
    settle(talk)
    use(talk)

    assert talk.ids == []
    assert states(talk, CLEARED) == {"not exercised"}


@pytest.mark.parametrize(
    ("asks", "findings", "state"), [case("not asked", False, 1, "broken"), case("asked", True, 0, "met")]
)
def test_token_that_stops_transaction_of_other_must_be_asked_for(
    talk: Talk, asks: bool, findings: int, state: str
) -> None:
    configure(talk, WITHOUT_STORES)
    ask(talk)
    use(talk)
    if asks:
        ask(talk, OTHER)
    use(talk, OTHER, trigger="StopAuthorized", seq_no=1)

    assert talk.ids == ["token-not-asked-for"] * findings
    assert states(talk, "C09.FR.05") == {state}


@pytest.mark.parametrize(
    ("status", "findings", "state"),
    [
        case("refused", "Blocked", ["stopped-by-refused-token"], "broken"),
        case("accepted", "Accepted", [], "met"),
    ],
)
def test_refused_token_must_not_stop_transaction_of_other(
    talk: Talk, status: str, findings: list[str], state: str
) -> None:
    configure(talk, WITHOUT_LIST)
    ask(talk)
    use(talk)
    ask(talk, OTHER, status)
    use(talk, OTHER, trigger="StopAuthorized", seq_no=1)

    assert talk.ids == findings
    assert states(talk, "C09.FR.11") == {state}


REFUSED = ("C10.FR.03", "C12.FR.05")


def be_refused(talk: Talk) -> None:
    """Start and end a transaction whose token is refused by the answer to its first event."""
    ask(talk)
    use(talk, status="Blocked")
    use(talk, trigger="Deauthorized", status="Blocked", seq_no=1)


def test_refused_token_without_new_authorize_is_found(talk: Talk) -> None:
    configure(talk, WITHOUT_LIST)
    be_refused(talk)
    settle(talk)
    use(talk, transaction_id="T2")

    assert talk.ids == ["refused-token-not-asked-for"]
    assert states(talk, *REFUSED) == {"broken"}


def test_refused_token_with_new_authorize_is_accepted(talk: Talk) -> None:
    configure(talk, WITHOUT_LIST)
    be_refused(talk)
    settle(talk)
    ask(talk)
    use(talk, transaction_id="T2")

    assert talk.ids == []
    assert states(talk, *REFUSED) == {"met"}


@pytest.mark.parametrize(
    ("variables", "wait_s"),
    [case("list in use", {}, SETTLED_S), case("answer may have come too late", WITHOUT_LIST, 60)],
)
def test_refused_token_may_be_used(talk: Talk, variables: dict[str, str], wait_s: float) -> None:
    configure(talk, variables)
    be_refused(talk)
    talk.wait(wait_s, step=wait_s)
    use(talk, transaction_id="T2")

    assert talk.ids == []
    assert states(talk, *REFUSED) == {"not exercised"}


REFUSED_BY_LIST = ("C14.FR.01", "C14.FR.03")


@pytest.mark.parametrize(
    ("asks", "status", "findings", "state"),
    [
        case("refused", False, "Blocked", ["refused-token-not-asked-for"], "broken"),
        case("asked", True, "Blocked", [], "met"),
        case("accepted", False, "Accepted", [], "not exercised"),
    ],
)
def test_refused_token_of_local_list_must_be_asked_for(
    talk: Talk, asks: bool, status: str, findings: list[str], state: str
) -> None:
    send_list(talk, entry(status=status))
    configure(talk, {})
    if asks:
        ask(talk)
    use(talk)

    assert talk.ids == findings
    assert states(talk, *REFUSED_BY_LIST) == {state}


@pytest.mark.parametrize(
    ("asks", "supports_expiry", "findings", "state"),
    [
        case("expired", False, "true", ["expired-token-not-asked-for"], "broken"),
        case("asked", True, "true", [], "met"),
        case("without expiry", False, "false", [], "not exercised"),
    ],
)
def test_expired_token_of_local_list_must_be_asked_for(
    talk: Talk, asks: bool, supports_expiry: str, findings: list[str], state: str
) -> None:
    send_list(talk, entry(cacheExpiryDateTime=stamp(talk.at + 60)))
    configure(talk, {"LocalAuthListCtrlr.SupportsExpiryDateTime": supports_expiry})
    if asks:
        ask(talk)
    use(talk)

    assert talk.ids == findings
    assert states(talk, "C14.FR.05") == {state}


@pytest.mark.parametrize(
    ("asks", "expires_after_s", "findings", "state"),
    [
        case("expired", False, 60, ["expired-token-not-asked-for"], "broken"),
        case("asked", True, 60, [], "met"),
        case("not expired", False, 3600, [], "not exercised"),
    ],
)
def test_expired_token_of_cache_must_be_asked_for(
    talk: Talk, asks: bool, expires_after_s: float, findings: list[str], state: str
) -> None:
    configure(talk, WITHOUT_LIST)
    ask(talk, cacheExpiryDateTime=stamp(talk.at + expires_after_s))
    settle(talk)
    if asks:
        ask(talk)
    use(talk)

    assert talk.ids == findings
    assert states(talk, "C10.FR.13") == {state}


@pytest.mark.parametrize(
    ("asks", "lifetime_s", "findings", "state"),
    [
        case("too old", False, "60", ["expired-token-not-asked-for"], "broken"),
        case("asked", True, "60", [], "met"),
        case("not too old", False, "3600", [], "not exercised"),
        case("without lifetime", False, "0", [], "not exercised"),
    ],
)
def test_token_beyond_its_lifetime_in_cache_must_be_asked_for(
    talk: Talk, asks: bool, lifetime_s: str, findings: list[str], state: str
) -> None:
    configure(talk, WITHOUT_LIST | {"AuthCacheCtrlr.LifeTime": lifetime_s})
    ask(talk)
    settle(talk)
    if asks:
        ask(talk)
    use(talk)

    assert talk.ids == findings
    assert states(talk, "C10.FR.08", "C10.FR.10") == {state}


def test_key_code_is_not_in_sentence(talk: Talk) -> None:
    configure(talk, WITHOUT_STORES)
    use(talk, {"idToken": "4711", "type": "KeyCode"})

    assert talk.ids
    assert not any("4711" in finding.sentence for finding in talk.findings)
