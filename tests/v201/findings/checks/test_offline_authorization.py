"""Checks of the idTokens that authorize a transaction while the station is offline."""

import pytest

from tests.support.talk import TOKEN, Talk, case, stamp
from tests.v201.findings.checks.authorizing import (
    EMAID,
    OTHER,
    ask,
    be_offline,
    configure,
    entry,
    send_list,
    use,
)

FOUND = "token-accepted-offline"
NO_CACHE = {"AuthCacheCtrlr.Enabled": "false"}
NO_UNKNOWN = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "false"}
UNKNOWN = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
EXPIRY = {"LocalAuthListCtrlr.SupportsExpiryDateTime": "true"}
NO_EXPIRY = {"LocalAuthListCtrlr.SupportsExpiryDateTime": "false"}


@pytest.mark.parametrize(
    ("variables", "status", "expires_after_s", "requirement", "state"),
    [
        case("refused", {}, "Blocked", 9999, "C13.FR.01", "broken"),
        case("accepted", {}, "Accepted", 9999, "C13.FR.01", "not exercised"),
        case("refused without expiry", NO_UNKNOWN | NO_EXPIRY, "Blocked", 1, "C13.FR.02", "broken"),
        case("accepted without expiry", NO_UNKNOWN | NO_EXPIRY, "Accepted", 1, "C13.FR.02", "met"),
        case("expired", NO_UNKNOWN | EXPIRY, "Accepted", 1, "C13.FR.05", "broken"),
        case("not expired", NO_UNKNOWN | EXPIRY, "Accepted", 9999, "C13.FR.05", "met"),
        case("just expired", NO_UNKNOWN | EXPIRY, "Accepted", 700, "C13.FR.05", "not exercised"),
        case("expired, not unknown", UNKNOWN | EXPIRY, "Accepted", 1, "C13.FR.06", "broken"),
        case("not expired, not unknown", UNKNOWN | EXPIRY, "Accepted", 9999, "C13.FR.06", "met"),
    ],
)
def test_listed_token_offline(
    talk: Talk,
    *,
    variables: dict[str, str],
    status: str,
    expires_after_s: float,
    requirement: str,
    state: str,
) -> None:
    send_list(talk, entry(status=status, cacheExpiryDateTime=stamp(talk.at + expires_after_s)))
    configure(talk, variables)
    be_offline(talk)

    assert set(talk.ids) == ({FOUND} if state == "broken" else set())
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    ("variables", "requirement", "state"),
    [
        case("without cache", NO_UNKNOWN | NO_EXPIRY | NO_CACHE, "C13.FR.02", "broken"),
        case(
            "cache not used",
            NO_UNKNOWN | EXPIRY | {"AuthCtrlr.LocalAuthorizeOffline": "false"},
            "C13.FR.05",
            "broken",
        ),
        case("perhaps cached", NO_UNKNOWN | NO_EXPIRY, "C13.FR.02", "not exercised"),
        case("unknown is enough", UNKNOWN | EXPIRY | NO_CACHE, "C13.FR.06", "not exercised"),
    ],
)
def test_unlisted_token_offline(talk: Talk, variables: dict[str, str], requirement: str, state: str) -> None:
    send_list(talk, entry(OTHER))
    configure(talk, variables)
    be_offline(talk)

    assert talk.ids == ([FOUND] if state == "broken" else [])
    assert talk.coverage(requirement) == state


def test_list_goes_before_a_refusal_in_the_cache(talk: Talk) -> None:
    ask(talk, status="Blocked")
    send_list(talk, entry())
    configure(talk, {})
    be_offline(talk)

    assert talk.ids == []
    assert talk.coverage("C13.FR.01") == "met"


def test_token_that_was_accepted_just_before_the_outage_may_start_a_transaction(talk: Talk) -> None:
    send_list(talk, entry(status="Blocked"))
    configure(talk, {})
    ask(talk)
    be_offline(talk)

    assert FOUND not in talk.ids


def test_offline_event_of_a_clock_that_was_told_another_time_is_not_judged(talk: Talk) -> None:
    send_list(talk, entry(status="Blocked"))
    configure(talk, {})
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 3600)})
    be_offline(talk)

    assert FOUND not in talk.ids


def test_token_after_update_without_answer_is_not_judged(talk: Talk) -> None:
    send_list(talk, entry(status="Blocked"))
    talk.time_out("SendLocalList", {"versionNumber": 2, "updateType": "Full"})
    talk.findings.clear()
    configure(talk, {})
    be_offline(talk)

    assert talk.ids == []


CONTRACTS = {"ISO15118Ctrlr.PnCEnabled": "true", "LocalAuthListCtrlr.Enabled": "false"}
NOT_OFFLINE = {"ISO15118Ctrlr.ContractValidationOffline": "false"}


def test_contract_offline_is_found(talk: Talk) -> None:
    configure(talk, CONTRACTS | NOT_OFFLINE)
    be_offline(talk, EMAID)

    assert talk.ids == ["contract-accepted-offline"]
    assert talk.coverage("C07.FR.07") == "broken"


def test_contract_online_shows_nothing_about_offline_ones(talk: Talk) -> None:
    talk.read_variables(CONTRACTS | NOT_OFFLINE)
    use(talk, EMAID)

    assert talk.ids == []
    assert talk.coverage("C07.FR.07") == "not exercised"


@pytest.mark.parametrize(
    ("variables", "token"),
    [
        case("may be checked offline", {"ISO15118Ctrlr.ContractValidationOffline": "true"}, EMAID),
        case("not a contract", NOT_OFFLINE, TOKEN),
    ],
)
def test_token_offline_is_accepted(talk: Talk, variables: dict[str, str], token: dict[str, str]) -> None:
    configure(talk, CONTRACTS | variables)
    be_offline(talk, token)

    assert talk.ids == []
    assert talk.coverage("C07.FR.07") == "not exercised"
