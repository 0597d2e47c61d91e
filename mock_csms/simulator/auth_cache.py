"""The authorization cache: answers of the central system about tokens (C10 to C12)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson

from mock_csms.messages import JsonObject
from mock_csms.simulator.id_tokens import UNCACHED_TYPES, TokenKey, token_key
from mock_csms.simulator.instants import has_passed
from mock_csms.simulator.variables import MAX_CACHE_BYTES

NOT_CACHED: Final = frozenset({"personalMessage"})
"""Properties of idTokenInfo that are not cached; the tariff in a personalMessage may change (C10.FR.09)."""


@dataclass(slots=True)
class CacheEntry:
    """A cached idTokenInfo."""

    info: JsonObject
    updated: datetime
    size: int
    used: int
    """Sequence number of the latest use of this entry; all entries share one sequence."""
    uses: int = 0


class AuthCache:
    """Cached idTokenInfo by token, limited to a number of bytes."""

    def __init__(self, capacity_bytes: int = MAX_CACHE_BYTES) -> None:
        self.size = 0
        """Bytes in use."""
        self._capacity = capacity_bytes
        self._entries: dict[TokenKey, CacheEntry] = {}
        self._uses = 0

    def __len__(self) -> int:
        return len(self._entries)

    def store(self, id_token: JsonObject, info: JsonObject, now: datetime, policy: str = "LRU") -> None:
        """Cache the info of a token, whatever the status, in place of earlier info (C10.FR.01).

        If ``info`` is expired, only remove the earlier info.
        """
        if id_token["type"] in UNCACHED_TYPES:
            return
        self.forget(id_token)
        if has_passed(info.get("cacheExpiryDateTime"), now):
            return
        info = {name: value for name, value in info.items() if name not in NOT_CACHED}
        size = len(orjson.dumps([id_token, info]))
        if size <= self._capacity:
            self._make_room(size, policy)
            self._uses += 1
            self._entries[token_key(id_token)] = CacheEntry(info, now, size, self._uses)
            self.size += size

    def find(self, id_token: JsonObject, now: datetime, lifetime_s: int | None = None) -> JsonObject | None:
        """Return the info of a token and count the use; None if the token has no valid entry."""
        key = token_key(id_token)
        if (entry := self._entries.get(key)) is None:
            return None
        if is_expired(entry, now, lifetime_s):
            self._remove(key)
            return None
        self._uses += 1
        entry.used = self._uses
        entry.uses += 1
        return entry.info

    def forget(self, id_token: JsonObject) -> bool:
        """Remove a token; return whether it was cached."""
        key = token_key(id_token)
        if key not in self._entries:
            return False
        self._remove(key)
        return True

    def clear(self) -> None:
        """Remove all tokens."""
        self._entries.clear()
        self.size = 0

    def _remove(self, key: TokenKey) -> None:
        self.size -= self._entries.pop(key).size

    def _make_room(self, size: int, policy: str) -> None:
        while self.size + size > self._capacity:
            self._remove(replaced_next(self._entries, policy))


def is_expired(entry: CacheEntry, now: datetime, lifetime_s: int | None) -> bool:
    """Whether an entry is expired (C10.FR.10, C10.FR.13).

    The cacheExpiryDateTime of the info decides. Without one, the lifetime since the last update decides.
    """
    if expiry := entry.info.get("cacheExpiryDateTime"):
        return has_passed(expiry, now)
    return lifetime_s is not None and now - entry.updated > timedelta(seconds=lifetime_s)


def replaced_next(entries: dict[TokenKey, CacheEntry], policy: str) -> TokenKey:
    """Key of the next entry to remove. Tokens that are not accepted go first (C10.FR.07)."""

    def order(key: TokenKey) -> tuple[bool, int]:
        entry = entries[key]
        is_accepted = entry.info["status"] == "Accepted"
        return is_accepted, {"LFU": entry.uses, "FIFO": 0}.get(policy, entry.used)

    return min(entries, key=order)  # the oldest of equal entries, as a dict keeps insertion order
