"""Authorization: IdTokenInfo of a token, lookup by auth mode, and tokens that charge in two places."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from ocpp.v201.enums import (
    AuthorizationStatusEnumType,
    AuthorizeCertificateStatusEnumType,
    IdTokenEnumType,
)
from pydantic import ValidationError

from mock_csms.behaviour.tokens import (
    AuthMode,
    AuthorizationStatus,
    CertificateStatus,
    ChainState,
    Charging,
    ContractStatus,
    IdTokenType,
    Token,
    TokenBook,
    contract_status,
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


def id_token(name: str, kind: str = "ISO14443") -> JsonObject:
    return {"idToken": name, "type": kind}


def book(mode: AuthMode = "normal", **settings: Any) -> TokenBook:
    """A book with the Expired token ``aabb``; ``ok`` is on the whitelist and ``bad`` on the blacklist."""
    return TokenBook(
        {"aabb": Token(status="Expired")},
        mode,
        whitelist=frozenset({"ok"}),
        blacklist=frozenset({"bad"}),
        **settings,
    )


# Enumerations of OCPP


def test_every_authorization_status_is_allowed() -> None:
    assert set(STATUSES) == {str(member) for member in AuthorizationStatusEnumType}


def test_every_id_token_type_is_allowed() -> None:
    assert set(get_args(IdTokenType)) == {str(member) for member in IdTokenEnumType}


def test_every_certificate_status_is_allowed() -> None:
    assert set(get_args(CertificateStatus)) == {str(member) for member in AuthorizeCertificateStatusEnumType}


# IdTokenInfo


def test_default_token_info_is_only_accepted() -> None:
    assert Token().info(clock) == {"status": "Accepted"}


@pytest.mark.parametrize("status", STATUSES)
def test_token_info_has_status(status: AuthorizationStatus) -> None:
    assert Token(status=status).info(clock) == {"status": status}


@pytest.mark.parametrize(
    ("settings", "info"),
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
            "expiry in fractions of a second",
            {"cacheExpiry": 0.5},
            {"cacheExpiryDateTime": "2026-03-01T12:00:00.750Z"},
        ),
        case("expiry now", {"cacheExpiry": 0}, {"cacheExpiryDateTime": "2026-03-01T12:00:00.250Z"}),
        case(
            "expiry in the past", {"cacheExpiry": -3600}, {"cacheExpiryDateTime": "2026-03-01T11:00:00.250Z"}
        ),
        case(
            "expiry as time",
            {"cacheExpiry": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)},
            {"cacheExpiryDateTime": "2030-01-02T03:04:05.000Z"},
        ),
        case(
            "expiry as time in another zone",
            {"cacheExpiry": datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))},
            {"cacheExpiryDateTime": "2030-01-02T01:04:05.000Z"},
        ),
        case(
            "expiry as text",
            {"cacheExpiry": "2030-01-02T03:04:05Z"},
            {"cacheExpiryDateTime": "2030-01-02T03:04:05.000Z"},
        ),
    ],
)
def test_token_info_has_configured_fields(settings: JsonObject, info: JsonObject) -> None:
    assert Token.model_validate(settings).info(clock) == {"status": "Accepted", **info}


@pytest.mark.parametrize("language", ["en_US", "en US", "e", ""])
def test_language_of_token_must_be_a_tag(language: str) -> None:
    """C01.FR.17."""
    with pytest.raises(ValidationError, match="is not a language tag of RFC 5646, such as en or en-US"):
        Token(language=language)


def test_token_info_with_all_fields_is_valid() -> None:
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


# Lookup


@pytest.mark.parametrize("name", ["AABB", "aabb", "AaBb"])
def test_token_is_found_in_any_case(name: str) -> None:
    assert book().find(id_token(name)).status == "Expired"


def test_token_without_type_is_found_with_any_type() -> None:
    assert book().find(id_token("aabb", "eMAID")).status == "Expired"


def test_token_with_type_is_found_with_that_type() -> None:
    tokens = {"aabb": Token(status="Blocked", type="eMAID")}
    assert TokenBook(tokens).find(id_token("aabb", "eMAID")).status == "Blocked"


def test_token_with_type_is_unknown_with_other_type() -> None:
    tokens = {"aabb": Token(status="Blocked", type="eMAID")}
    assert TokenBook(tokens, unknown="Unknown").find(id_token("aabb", "ISO14443")).status == "Unknown"


@pytest.mark.parametrize("status", STATUSES)
def test_unknown_token_has_configured_status(status: AuthorizationStatus) -> None:
    assert book(unknown=status).find(id_token("new")).status == status


def test_unknown_token_is_accepted_by_default() -> None:
    assert book().find(id_token("new")) == Token()


def test_start_button_is_an_unknown_token() -> None:
    """C02: NoAuthorization has an empty idToken."""
    assert book(unknown="Invalid").find(id_token("", "NoAuthorization")).status == "Invalid"


def test_missing_id_token_is_an_unknown_token() -> None:
    assert book(unknown="Invalid").find({}).status == "Invalid"


@pytest.mark.parametrize(
    ("mode", "name", "status"),
    [
        case("normal, known", "normal", "aabb", "Expired"),
        case("normal, whitelisted", "normal", "ok", "Unknown"),
        case("normal, blacklisted", "normal", "bad", "Unknown"),
        case("normal, unknown", "normal", "new", "Unknown"),
        case("whitelist, known", "whitelist", "aabb", "Expired"),
        case("whitelist, whitelisted", "whitelist", "ok", "Accepted"),
        case("whitelist, in another case", "whitelist", "OK", "Accepted"),
        case("whitelist, unknown", "whitelist", "new", "Blocked"),
        case("blacklist, known", "blacklist", "aabb", "Expired"),
        case("blacklist, blacklisted", "blacklist", "bad", "Blocked"),
        case("blacklist, in another case", "blacklist", "BAD", "Blocked"),
        case("blacklist, unknown", "blacklist", "new", "Unknown"),
        case("rate limit, known", "rate_limit", "aabb", "NotAtThisTime"),
        case("rate limit, whitelisted", "rate_limit", "ok", "NotAtThisTime"),
        case("rate limit, unknown", "rate_limit", "new", "NotAtThisTime"),
    ],
)
def test_auth_mode_sets_status(mode: AuthMode, name: str, status: str) -> None:
    assert book(mode, unknown="Unknown").find(id_token(name)).status == status


def test_rate_limit_keeps_other_fields_of_token() -> None:
    tokens = {"aabb": Token(group_id_token="FAMILY")}
    token = TokenBook(tokens, "rate_limit").find(id_token("aabb"))
    assert token == Token(status="NotAtThisTime", group_id_token="FAMILY")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["aabb", "ok", "bad", "new"])
def test_token_without_group_and_expiry_gets_defaults(mode: AuthMode, name: str) -> None:
    token = book(mode, group_id_token="ALL", cache_expiry=60.0).find(id_token(name))
    assert (token.group_id_token, token.cache_expiry) == ("ALL", 60.0)


def test_token_with_group_keeps_it() -> None:
    tokens = {"aabb": Token(group_id_token="FAMILY")}
    token = TokenBook(tokens, group_id_token="ALL", cache_expiry=60.0).find(id_token("aabb"))
    assert (token.group_id_token, token.cache_expiry) == ("FAMILY", 60.0)


def test_token_with_zero_expiry_keeps_it() -> None:
    tokens = {"aabb": Token(cache_expiry=0)}
    token = TokenBook(tokens, group_id_token="ALL", cache_expiry=60.0).find(id_token("aabb"))
    assert (token.group_id_token, token.cache_expiry) == ("ALL", 0)


def test_finding_a_token_does_not_change_the_book() -> None:
    tokens = {"aabb": Token(status="Expired")}
    TokenBook(tokens, "rate_limit", group_id_token="ALL").find(id_token("aabb"))
    assert tokens == {"aabb": Token(status="Expired")}


# Contract certificates (C07, errata 2.4.1)


@pytest.mark.parametrize("status", CANCELLING)
def test_valid_certificate_of_cancelling_token_is_contract_cancelled(
    status: AuthorizationStatus,
) -> None:
    """C07.FR.13."""
    assert contract_status(Token(status=status), "valid") == ("ContractCancelled", status)


@pytest.mark.parametrize("status", [status for status in STATUSES if status not in CANCELLING])
def test_valid_certificate_of_other_token_is_accepted(status: AuthorizationStatus) -> None:
    """C07.FR.14."""
    assert contract_status(Token(status=status), "valid") == ("Accepted", status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    ("chain", "statuses"),
    [
        ("expired", ("CertificateExpired", "Expired")),
        ("revoked", ("CertificateRevoked", "Invalid")),
        ("unverifiable", ("CertChainError", "Invalid")),
    ],
)
def test_invalid_chain_decides_for_any_token(
    chain: ChainState, statuses: ContractStatus, status: AuthorizationStatus
) -> None:
    """C07.FR.15 to C07.FR.17."""
    assert contract_status(Token(status=status), chain) == statuses


@pytest.mark.parametrize("chain", get_args(ChainState))
@pytest.mark.parametrize("status", get_args(CertificateStatus))
def test_configured_pair_overrides_the_chain(status: CertificateStatus, chain: ChainState) -> None:
    token = Token(status="Blocked", certificate_status=status)
    assert contract_status(token, chain) == (status, "Blocked")


@pytest.mark.parametrize(
    ("certificate_status", "status"),
    [
        ("Accepted", "Accepted"),
        ("CertificateExpired", "Expired"),
        ("CertificateRevoked", "Invalid"),
        ("CertChainError", "Invalid"),
        ("SignatureError", "Invalid"),
        ("NoCertificateAvailable", "Invalid"),
        ("ContractCancelled", "Invalid"),
    ],
)
def test_configured_certificate_status_alone_implies_the_status(
    certificate_status: CertificateStatus, status: AuthorizationStatus
) -> None:
    token = Token(certificate_status=certificate_status)
    assert contract_status(token, "valid") == (certificate_status, status)


# Tokens that charge

CARD = id_token("AABB")


@pytest.fixture
def charging() -> Charging:
    """One token charging at CS1 in transaction T1."""
    charging = Charging()
    charging.begin(CARD, "CS1", "T1")
    return charging


@pytest.mark.parametrize("transaction", [None, "T1"])
def test_idle_token_does_not_charge_elsewhere(transaction: str | None) -> None:
    assert not Charging().elsewhere(CARD, "CS1", transaction)


@pytest.mark.parametrize(
    ("station", "transaction", "elsewhere"),
    [
        case("same transaction", "CS1", "T1", False),
        case("other transaction at the same station", "CS1", "T2", True),
        case("same station, no transaction yet", "CS1", None, False),
        case("other station", "CS2", "T2", True),
        case("other station, same transaction id", "CS2", "T1", True),
        case("other station, no transaction yet", "CS2", None, True),
    ],
)
def test_charging_token_charges_elsewhere(
    charging: Charging, station: str, transaction: str | None, elsewhere: bool
) -> None:
    assert charging.elsewhere(CARD, station, transaction) is elsewhere


def test_other_token_does_not_charge_elsewhere(charging: Charging) -> None:
    assert not charging.elsewhere(id_token("CCDD"), "CS2")


def test_charging_token_is_found_in_any_case(charging: Charging) -> None:
    assert charging.elsewhere(id_token("aabb"), "CS2")


def test_token_charges_until_its_transaction_ends(charging: Charging) -> None:
    charging.end("CS1", "T1")
    assert not charging.elsewhere(CARD, "CS2")


@pytest.mark.parametrize(("station", "transaction"), [("CS1", "T2"), ("CS2", "T1")])
def test_end_of_other_transaction_leaves_token_charging(
    charging: Charging, station: str, transaction: str
) -> None:
    charging.end(station, transaction)
    assert charging.elsewhere(CARD, "CS2")


def test_transaction_can_end_twice(charging: Charging) -> None:
    charging.end("CS1", "T1")
    charging.end("CS1", "T1")
    assert charging == Charging()


def test_token_charges_until_both_transactions_end(charging: Charging) -> None:
    charging.begin(CARD, "CS2", "T2")
    charging.end("CS1", "T1")
    assert charging.elsewhere(CARD, "CS3")
    charging.end("CS2", "T2")
    assert not charging.elsewhere(CARD, "CS3")


def test_repeated_begin_counts_once(charging: Charging) -> None:
    charging.begin(id_token("aabb"), "CS1", "T1")
    charging.end("CS1", "T1")
    assert not charging.elsewhere(CARD, "CS2")


def test_new_token_replaces_first_one_of_transaction(charging: Charging) -> None:
    charging.begin(id_token("CCDD"), "CS1", "T1")
    assert not charging.elsewhere(CARD, "CS2")
    assert charging.elsewhere(id_token("CCDD"), "CS2")


def test_start_button_never_charges_elsewhere() -> None:
    """C02: the idToken of a start button is empty, so two buttons cannot be told apart."""
    charging = Charging()
    charging.begin(id_token("", "NoAuthorization"), "CS1", "T1")
    assert not charging.elsewhere(id_token("", "NoAuthorization"), "CS2")


def test_transactions_that_never_end_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_csms.behaviour.tokens.MAX_CHARGING", 100)
    charging = Charging()

    for number in range(1000):
        charging.begin(id_token(f"T{number}"), "CS1", str(number))

    assert not charging.elsewhere(id_token("T0"), "CS2")
    assert charging.elsewhere(id_token("T999"), "CS2")
    assert len(charging._token_by_place) == 100
