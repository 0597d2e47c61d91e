"""The local authorization list, which only the central system changes (D01, D02)."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import orjson
from ocpp.v201.enums import SendLocalListStatusEnumType as Status
from ocpp.v201.enums import UpdateEnumType as UpdateType

from mock_csms.messages import JsonObject
from mock_csms.simulator.id_tokens import TokenKey, token_key
from mock_csms.simulator.variables import MAX_LOCAL_LIST_BYTES, MAX_LOCAL_LIST_ENTRIES


class UpdateOutcome(NamedTuple):
    """Result of an update, with a reason code if it failed."""

    status: Status
    reason: str | None = None


LIST_ACCEPTED: Final = UpdateOutcome(Status.accepted)


class LocalList:
    """Tokens and their idTokenInfo, with the version that the central system gave the list."""

    def __init__(
        self, max_entries: int = MAX_LOCAL_LIST_ENTRIES, max_bytes: int = MAX_LOCAL_LIST_BYTES
    ) -> None:
        self.version = 0
        """Version of the list; 0 until the central system has sent a list (D02.FR.02)."""
        self.size = 0
        """Size of all entries as JSON, in bytes."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: dict[TokenKey, JsonObject] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, id_token: JsonObject) -> JsonObject | None:
        """The idTokenInfo of a token in the list; None if the list does not have the token."""
        return self._entries.get(token_key(id_token))

    def update(self, update_type: str, version: int, entries: list[JsonObject]) -> UpdateOutcome:
        """Replace the list (Full) or change entries (Differential); a failed update changes nothing."""
        is_full = update_type == UpdateType.full
        if not is_full and version <= self.version:  # D01.FR.19
            return UpdateOutcome(Status.version_mismatch)
        if (outcome := list_refusal(entries, version, is_full)) is not None:
            return outcome
        updated = changed({} if is_full else self._entries, entries)
        size = sum(len(orjson.dumps(entry)) for entry in updated.items())
        if len(updated) > self._max_entries or size > self._max_bytes:
            return UpdateOutcome(Status.failed, "OutOfStorage")
        self._entries = updated
        self.size = size
        self.version = version
        return LIST_ACCEPTED


def list_refusal(entries: list[JsonObject], version: int, is_full: bool) -> UpdateOutcome | None:
    """Outcome of an invalid update (D01.FR.06, D01.FR.18); None for a valid one."""
    is_unique = len({token_key(entry["idToken"]) for entry in entries}) == len(entries)
    is_complete = all(entry.get("idTokenInfo") for entry in entries)
    if version <= 0 or not is_unique or (is_full and not is_complete):
        return UpdateOutcome(Status.failed, "InvalidValue")
    return None


def changed(current: dict[TokenKey, JsonObject], entries: Iterable[JsonObject]) -> dict[TokenKey, JsonObject]:
    """Return a copy of ``current`` with ``entries`` added or replaced (D01.FR.16, D01.FR.17).

    The token of an entry without idTokenInfo is removed from the copy.
    """
    updated = dict(current)
    for entry in entries:
        key = token_key(entry["idToken"])
        if info := entry.get("idTokenInfo"):
            updated[key] = info
        else:
            updated.pop(key, None)
    return updated
