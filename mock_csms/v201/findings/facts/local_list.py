"""The local authorization list that a station was sent (D01)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, Command
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

MAX_ENTRIES: Final = 200
"""Maximum number of stored entries; a longer list is unknown."""
COMPONENT: Final = "LocalAuthListCtrlr"


class ListEntry(NamedTuple):
    """What the local list says of a token."""

    is_listed: bool = False
    """Whether the token is in the list."""
    status: str = ""
    expires_at: float | None = None


NOT_LISTED: Final = ListEntry()


class ListUpdate(NamedTuple):
    """A SendLocalList that the station has accepted."""

    version: int
    update_type: str
    frame: int
    adds: bool
    """Whether it has entries with idTokenInfo."""
    removes: bool
    """Whether it has entries without idTokenInfo."""


class LocalListFacts(Facts):
    """Entries of the list as far as the accepted updates tell."""

    __slots__ = ("_entries", "_is_whole", "is_pending", "sent_at", "update")

    def __init__(self) -> None:
        self._entries: dict[IdTokenKey, ListEntry] = {}
        self._is_whole = False
        """Whether tokens without an entry are certainly not in the list."""
        self.update: ListUpdate | None = None
        """Latest accepted update."""
        self.is_pending = False
        """Whether an update was sent and its result is not known."""
        self.sent_at = 0.0
        """Time of the latest SendLocalList."""

    @property
    def size(self) -> int | None:
        """Number of tokens in the list; None if it is not known."""
        if not self._is_whole or self.is_pending:
            return None
        return sum(entry.is_listed for entry in self._entries.values())

    def entry(self, key: IdTokenKey) -> ListEntry | None:
        """Return the entry of a token; None if it is not known."""
        if self.is_pending:
            return None
        return self._entries.get(key, NOT_LISTED if self._is_whole else None)

    def apply(self, frame: int, request: JsonObject) -> None:
        """Register an accepted SendLocalList."""
        entries = request.get("localAuthorizationList") or []
        if request["updateType"] == "Full":
            self._entries, self._is_whole = {}, True
        for item in entries:
            self._entries[id_token_key(item["idToken"])] = _entry_of(item)
        if len(self._entries) > MAX_ENTRIES:
            self._entries, self._is_whole = {}, False
        adds = any(item.get("idTokenInfo") for item in entries)
        removes = any(not item.get("idTokenInfo") for item in entries)
        self.update = ListUpdate(
            request["versionNumber"], request["updateType"], frame, adds=adds, removes=removes
        )
        self.is_pending = False

    def forget(self) -> None:
        """Drop everything."""
        self._entries, self._is_whole, self.update = {}, False, None

    def booted(self, reason: str) -> None:
        if reason == "FirmwareUpdate":
            self.forget()


def _entry_of(item: JsonObject) -> ListEntry:
    info = item.get("idTokenInfo")
    if not info:
        return NOT_LISTED
    return ListEntry(
        is_listed=True, status=info["status"], expires_at=seconds_of(info.get("cacheExpiryDateTime", ""))
    )


def list_entry(known: Known201, key: IdTokenKey) -> ListEntry | None:
    """Return what the list in use says of a token; None if it is not known."""
    if known[DeviceModelFacts].is_off(COMPONENT):
        return NOT_LISTED
    return known[LocalListFacts].entry(key)


@CHECKS.learn_sent(Action.send_local_list)
def _expect_update(command: Command, known: Known201) -> None:
    facts = known[LocalListFacts]
    facts.is_pending, facts.sent_at = True, command.at


@CHECKS.learn_command(Action.send_local_list)
def _apply_update(command: AnsweredCommand, known: Known201) -> None:
    facts = known[LocalListFacts]
    if command.answer["status"] == "Accepted":
        facts.apply(command.sent_frame, command.request)
    else:
        facts.is_pending = False
