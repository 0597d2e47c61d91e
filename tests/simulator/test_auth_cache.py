"""The authorization cache of a simulated station."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mock_csms.simulator.auth_cache import AuthCache

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCEPTED = {"status": "Accepted"}
CARD = {"idToken": "CARD", "type": "ISO14443"}


def card(name: str) -> dict[str, Any]:
    return {"idToken": name, "type": "ISO14443"}


def one_entry_size() -> int:
    cache = AuthCache()
    cache.store(card("A"), ACCEPTED, NOW)
    return cache.size


@pytest.fixture
def full() -> AuthCache:
    """A cache that is full with the accepted tokens A and B."""
    cache = AuthCache(2 * one_entry_size())
    cache.store(card("A"), ACCEPTED, NOW)
    cache.store(card("B"), ACCEPTED, NOW)
    return cache


def kept(cache: AuthCache, names: str) -> str:
    return "".join(name for name in names if cache.find(card(name), NOW))


def test_store_keeps_status_that_is_not_accepted() -> None:
    cache = AuthCache()
    cache.store(CARD, {"status": "Blocked"}, NOW)
    assert cache.find(CARD, NOW) == {"status": "Blocked"}


def test_store_same_token_replaces_info() -> None:
    cache = AuthCache()
    cache.store(CARD, ACCEPTED, NOW)
    cache.store(CARD, {"status": "Blocked"}, NOW)
    assert (len(cache), cache.find(CARD, NOW)) == (1, {"status": "Blocked"})


def test_find_ignores_case_and_additional_info() -> None:
    cache = AuthCache()
    cache.store(CARD, ACCEPTED, NOW)
    other = {
        "idToken": "card",
        "type": "ISO14443",
        "additionalInfo": [{"additionalIdToken": "x", "type": "y"}],
    }
    assert cache.find(other, NOW) == ACCEPTED


def test_find_other_type_is_another_token() -> None:
    cache = AuthCache()
    cache.store(CARD, ACCEPTED, NOW)
    assert cache.find({"idToken": "CARD", "type": "ISO15693"}, NOW) is None


@pytest.mark.parametrize("token_type", ["Central", "NoAuthorization"])
def test_store_token_without_authorize_keeps_nothing(token_type: str) -> None:
    cache = AuthCache()
    cache.store({"idToken": "X", "type": token_type}, ACCEPTED, NOW)
    assert len(cache) == 0


def test_store_drops_personal_message() -> None:
    cache = AuthCache()
    cache.store(CARD, {**ACCEPTED, "personalMessage": {"format": "UTF8", "content": "1 EUR"}}, NOW)
    assert cache.find(CARD, NOW) == ACCEPTED


def test_store_expired_info_removes_token() -> None:
    cache = AuthCache()
    cache.store(CARD, ACCEPTED, NOW)
    cache.store(CARD, {**ACCEPTED, "cacheExpiryDateTime": "2025-12-31T23:59:59Z"}, NOW)
    assert cache.find(CARD, NOW) is None


def test_find_after_lifetime_removes_token() -> None:
    cache = AuthCache()
    cache.store(CARD, ACCEPTED, NOW)
    assert cache.find(CARD, NOW + timedelta(seconds=11), lifetime_s=10) is None
    assert (len(cache), cache.size) == (0, 0)


def test_find_own_expiry_goes_before_lifetime() -> None:
    cache = AuthCache()
    cache.store(CARD, {**ACCEPTED, "cacheExpiryDateTime": "2026-01-01T00:01:00Z"}, NOW)
    assert cache.find(CARD, NOW + timedelta(seconds=30), lifetime_s=10) is not None
    assert cache.find(CARD, NOW + timedelta(seconds=61), lifetime_s=100) is None


def test_full_cache_drops_tokens_not_accepted_first(full: AuthCache) -> None:
    full.store(card("B"), {"status": "Invalid"}, NOW)
    full.find(card("B"), NOW)
    full.store(card("C"), ACCEPTED, NOW)
    assert kept(full, "ABC") == "AC"


def test_full_cache_lru_drops_least_recently_used(full: AuthCache) -> None:
    full.find(card("A"), NOW)
    full.store(card("C"), ACCEPTED, NOW, "LRU")
    assert kept(full, "ABC") == "AC"


def test_full_cache_fifo_drops_oldest(full: AuthCache) -> None:
    full.find(card("A"), NOW)
    full.store(card("C"), ACCEPTED, NOW, "FIFO")
    assert kept(full, "ABC") == "BC"


def test_full_cache_lfu_drops_least_often_used(full: AuthCache) -> None:
    for name in "AAB":
        full.find(card(name), NOW)
    full.store(card("C"), ACCEPTED, NOW, "LFU")
    assert kept(full, "ABC") == "AC"


def test_store_entry_larger_than_cache_keeps_nothing() -> None:
    cache = AuthCache(10)
    cache.store(CARD, ACCEPTED, NOW)
    assert (len(cache), cache.size) == (0, 0)


def test_clear_removes_everything(full: AuthCache) -> None:
    full.clear()
    assert (len(full), full.size) == (0, 0)
