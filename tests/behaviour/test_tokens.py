"""Who may charge: what is said of a token, how one is found, and which of them charge where."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from ocpp.v201.enums import (
    AuthorizationStatusEnumType,
    AuthorizeCertificateStatusEnumType,
    IdTokenEnumType,
)

from mock_csms.behaviour.tokens import (
    AuthMode,
    AuthorizationStatus,
    CertificateStatus,
    Charging,
    IdTokenType,
    Token,
    TokenBook,
    certificate_status,
)
from mock_csms.messages import JsonObject
from mock_csms.v201.version import OCPP_2_0_1

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def clock() -> datetime:
    return NOW


STATUSES: tuple[AuthorizationStatus, ...] = get_args(AuthorizationStatus)
MODES: tuple[AuthMode, ...] = get_args(AuthMode)
CANCELLING: tuple[AuthorizationStatus, ...] = ("Blocked", "Expired", "Invalid", "Unknown")


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def presented(name: str, kind: str = "ISO14443") -> JsonObject:
    return {"idToken": name, "type": kind}


def book(mode: AuthMode = "normal", **more: Any) -> TokenBook:
    """A book with one Expired token; ``ok`` is on the whitelist and ``bad`` on the blacklist."""
    return TokenBook(
        {"aabb": Token(status="Expired")},
        mode,
        whitelist=frozenset({"ok"}),
        blacklist=frozenset({"bad"}),
        **more,
    )


# The words of OCPP


def test_every_authorization_status_can_be_said() -> None:
    assert set(STATUSES) == {str(it) for it in AuthorizationStatusEnumType}


def test_every_type_of_token_can_be_said() -> None:
    assert set(get_args(IdTokenType)) == {str(it) for it in IdTokenEnumType}


def test_every_certificate_status_can_be_said() -> None:
    assert set(get_args(CertificateStatus)) == {str(it) for it in AuthorizeCertificateStatusEnumType}


# What is said of a token


def test_a_token_of_which_nothing_is_said_is_accepted_and_nothing_more() -> None:
    assert Token().info(clock) == {"status": "Accepted"}


@pytest.mark.parametrize("status", STATUSES)
def test_the_status_of_a_token_is_told(status: AuthorizationStatus) -> None:
    assert Token(status=status).info(clock) == {"status": status}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        case("group", {"groupIdToken": "FAMILY"}, {"groupIdToken": {"idToken": "FAMILY", "type": "Central"}}),
        case(
            "message",
            {"personalMessage": "Call us"},
            {"personalMessage": {"format": "UTF8", "content": "Call us"}},
        ),
        case(
            "message in a language",
            {"personalMessage": "Ruf an", "language": "de"},
            {
                "personalMessage": {"format": "UTF8", "content": "Ruf an", "language": "de"},
                "language1": "de",
            },
        ),
        case("language", {"language": "en"}, {"language1": "en"}),
        case("EVSEs", {"evseId": [1, 3]}, {"evseId": [1, 3]}),
        case("every EVSE", {"evseId": []}, {}),
        case("type", {"type": "ISO14443"}, {}),
        case("certificate status", {"certificateStatus": "CertificateRevoked"}, {}),
        case("expiry in seconds", {"cacheExpiry": 90}, {"cacheExpiryDateTime": "2026-03-01T12:01:30.250Z"}),
        case(
            "expiry in parts of a second",
            {"cacheExpiry": 0.5},
            {"cacheExpiryDateTime": "2026-03-01T12:00:00.750Z"},
        ),
        case("expired by now", {"cacheExpiry": 0}, {"cacheExpiryDateTime": "2026-03-01T12:00:00.250Z"}),
        case("expired long ago", {"cacheExpiry": -3600}, {"cacheExpiryDateTime": "2026-03-01T11:00:00.250Z"}),
        case(
            "expiry at a moment",
            {"cacheExpiry": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)},
            {"cacheExpiryDateTime": "2030-01-02T03:04:05.000Z"},
        ),
        case(
            "expiry at a moment elsewhere",
            {"cacheExpiry": datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))},
            {"cacheExpiryDateTime": "2030-01-02T01:04:05.000Z"},
        ),
        case(
            "expiry at a moment in words",
            {"cacheExpiry": "2030-01-02T03:04:05Z"},
            {"cacheExpiryDateTime": "2030-01-02T03:04:05.000Z"},
        ),
    ],
)
def test_a_token_tells_its(said: JsonObject, told: JsonObject) -> None:
    assert Token.model_validate(said).info(clock) == {"status": "Accepted", **told}


def test_all_that_can_be_said_of_a_token_keeps_to_the_schemas() -> None:
    token = Token(
        status="NoCredit",
        type="eMAID",
        group_id_token="G" * 36,
        cache_expiry=60,
        personal_message="m" * 512,
        evse_id=(1, 2),
        language="de-DE",
        certificate_status="CertChainError",
    )
    answer = {"idTokenInfo": token.info(clock)}
    assert OCPP_2_0_1.response("TransactionEvent").violation(answer) is None
    assert OCPP_2_0_1.response("Authorize").violation(answer) is None


# How a token is found


@pytest.mark.parametrize("name", ["AABB", "aabb", "AaBb"])
def test_a_token_is_found_in_whatever_case_it_is_presented(name: str) -> None:
    assert book().find(presented(name)).status == "Expired"


def test_a_token_without_a_type_is_found_whatever_its_type() -> None:
    assert book().find(presented("aabb", "eMAID")).status == "Expired"


def test_a_token_with_a_type_is_found_with_that_type() -> None:
    tokens = {"aabb": Token(status="Blocked", type="eMAID")}
    assert TokenBook(tokens).find(presented("aabb", "eMAID")).status == "Blocked"


def test_a_token_with_a_type_is_unknown_with_another() -> None:
    tokens = {"aabb": Token(status="Blocked", type="eMAID")}
    assert TokenBook(tokens, unknown="Unknown").find(presented("aabb", "ISO14443")).status == "Unknown"


@pytest.mark.parametrize("status", STATUSES)
def test_an_unknown_token_has_the_status_of_the_unknown(status: AuthorizationStatus) -> None:
    assert book(unknown=status).find(presented("new")).status == status


def test_an_unknown_token_is_accepted_by_default() -> None:
    assert book().find(presented("new")) == Token()


def test_a_start_button_is_an_unknown_token() -> None:
    """C02: NoAuthorization has an empty idToken."""
    assert book(unknown="Invalid").find(presented("", "NoAuthorization")).status == "Invalid"


def test_a_payload_without_an_id_token_is_an_unknown_token() -> None:
    assert book(unknown="Invalid").find({}).status == "Invalid"


@pytest.mark.parametrize(
    ("mode", "name", "status"),
    [
        case("normal, of the book", "normal", "aabb", "Expired"),
        case("normal, whitelisted", "normal", "ok", "Unknown"),
        case("normal, blacklisted", "normal", "bad", "Unknown"),
        case("normal, unknown", "normal", "new", "Unknown"),
        case("whitelist, of the book", "whitelist", "aabb", "Expired"),
        case("whitelist, whitelisted", "whitelist", "ok", "Accepted"),
        case("whitelist, in another case", "whitelist", "OK", "Accepted"),
        case("whitelist, unknown", "whitelist", "new", "Blocked"),
        case("blacklist, of the book", "blacklist", "aabb", "Expired"),
        case("blacklist, blacklisted", "blacklist", "bad", "Blocked"),
        case("blacklist, in another case", "blacklist", "BAD", "Blocked"),
        case("blacklist, unknown", "blacklist", "new", "Unknown"),
        case("rate limit, of the book", "rate_limit", "aabb", "NotAtThisTime"),
        case("rate limit, whitelisted", "rate_limit", "ok", "NotAtThisTime"),
        case("rate limit, unknown", "rate_limit", "new", "NotAtThisTime"),
    ],
)
def test_the_mode_decides(mode: AuthMode, name: str, status: str) -> None:
    assert book(mode, unknown="Unknown").find(presented(name)).status == status


def test_what_else_is_said_of_a_token_is_told_at_the_rate_limit_too() -> None:
    tokens = {"aabb": Token(group_id_token="FAMILY")}
    found = TokenBook(tokens, "rate_limit").find(presented("aabb"))
    assert found == Token(status="NotAtThisTime", group_id_token="FAMILY")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["aabb", "ok", "bad", "new"])
def test_a_token_without_a_group_and_an_expiry_has_those_of_all(mode: AuthMode, name: str) -> None:
    found = book(mode, group_id_token="ALL", cache_expiry=60.0).find(presented(name))
    assert (found.group_id_token, found.cache_expiry) == ("ALL", 60.0)


def test_a_token_with_a_group_keeps_it() -> None:
    tokens = {"aabb": Token(group_id_token="FAMILY")}
    found = TokenBook(tokens, group_id_token="ALL", cache_expiry=60.0).find(presented("aabb"))
    assert (found.group_id_token, found.cache_expiry) == ("FAMILY", 60.0)


def test_a_token_with_an_expiry_keeps_it_even_if_it_is_zero() -> None:
    tokens = {"aabb": Token(cache_expiry=0)}
    found = TokenBook(tokens, group_id_token="ALL", cache_expiry=60.0).find(presented("aabb"))
    assert (found.group_id_token, found.cache_expiry) == ("ALL", 0)


def test_the_book_is_as_before_after_a_token_was_found() -> None:
    tokens = {"aabb": Token(status="Expired")}
    TokenBook(tokens, "rate_limit", group_id_token="ALL").find(presented("aabb"))
    assert tokens == {"aabb": Token(status="Expired")}


# Contract certificates (C07, errata 2.4.1)


@pytest.mark.parametrize("status", CANCELLING)
def test_the_valid_certificate_of_a_bad_token_is_that_of_a_contract_that_was_cancelled(
    status: AuthorizationStatus,
) -> None:
    assert certificate_status(Token(status=status), expired=False) == "ContractCancelled"


@pytest.mark.parametrize("status", [it for it in STATUSES if it not in CANCELLING])
def test_the_valid_certificate_of_any_other_token_is_accepted(status: AuthorizationStatus) -> None:
    assert certificate_status(Token(status=status), expired=False) == "Accepted"


@pytest.mark.parametrize("status", STATUSES)
def test_an_expired_certificate_is_expired_whatever_the_token(status: AuthorizationStatus) -> None:
    assert certificate_status(Token(status=status), expired=True) == "CertificateExpired"


@pytest.mark.parametrize("expired", [False, True])
@pytest.mark.parametrize("said", get_args(CertificateStatus))
def test_what_is_said_of_a_certificate_holds_whatever_the_token_and_the_date(
    said: CertificateStatus, expired: bool
) -> None:
    token = Token(status="Blocked", certificate_status=said)
    assert certificate_status(token, expired=expired) == said


# Which tokens charge where

CARD = presented("AABB")


@pytest.fixture
def charging() -> Charging:
    """One token charges, at CS1 in transaction T1."""
    charging = Charging()
    charging.begin(CARD, "CS1", "T1")
    return charging


@pytest.mark.parametrize("transaction", [None, "T1"])
def test_a_token_that_does_not_charge_charges_nowhere_else(transaction: str | None) -> None:
    assert not Charging().elsewhere(CARD, "CS1", transaction)


@pytest.mark.parametrize(
    ("station", "transaction", "elsewhere"),
    [
        case("in its transaction", "CS1", "T1", False),
        case("in another of its station", "CS1", "T2", True),
        case("at its station, before there is one", "CS1", None, False),
        case("at another station", "CS2", "T2", True),
        case("at another station, of the same name", "CS2", "T1", True),
        case("at another station, before there is one", "CS2", None, True),
    ],
)
def test_a_token_charges_elsewhere(
    charging: Charging, station: str, transaction: str | None, elsewhere: bool
) -> None:
    assert charging.elsewhere(CARD, station, transaction) is elsewhere


def test_another_token_charges_nowhere(charging: Charging) -> None:
    assert not charging.elsewhere(presented("CCDD"), "CS2")


def test_a_token_charges_in_whatever_case_it_is_presented(charging: Charging) -> None:
    assert charging.elsewhere(presented("aabb"), "CS2")


def test_a_token_charges_until_its_transaction_ends(charging: Charging) -> None:
    charging.end("CS1", "T1")
    assert not charging.elsewhere(CARD, "CS2")


@pytest.mark.parametrize(("station", "transaction"), [("CS1", "T2"), ("CS2", "T1")])
def test_the_end_of_another_transaction_leaves_a_token_charging(
    charging: Charging, station: str, transaction: str
) -> None:
    charging.end(station, transaction)
    assert charging.elsewhere(CARD, "CS2")


def test_a_transaction_may_end_twice(charging: Charging) -> None:
    charging.end("CS1", "T1")
    charging.end("CS1", "T1")
    assert charging == Charging()


def test_a_token_that_charges_twice_does_so_until_both_transactions_end(charging: Charging) -> None:
    charging.begin(CARD, "CS2", "T2")
    charging.end("CS1", "T1")
    assert charging.elsewhere(CARD, "CS3")
    charging.end("CS2", "T2")
    assert not charging.elsewhere(CARD, "CS3")


def test_a_token_that_is_told_of_again_charges_once(charging: Charging) -> None:
    charging.begin(presented("aabb"), "CS1", "T1")
    charging.end("CS1", "T1")
    assert not charging.elsewhere(CARD, "CS2")


def test_another_token_in_the_same_transaction_takes_the_place_of_the_first(charging: Charging) -> None:
    charging.begin(presented("CCDD"), "CS1", "T1")
    assert not charging.elsewhere(CARD, "CS2")
    assert charging.elsewhere(presented("CCDD"), "CS2")


def test_a_start_button_charges_nowhere() -> None:
    """C02: it has no idToken that could be anywhere else."""
    charging = Charging()
    charging.begin(presented("", "NoAuthorization"), "CS1", "T1")
    assert not charging.elsewhere(presented("", "NoAuthorization"), "CS2")
