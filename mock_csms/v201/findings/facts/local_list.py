"""The local authorization list that a station was sent (D01)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import MAY_HAVE_NEW_FIRMWARE, Known201

_MAX_ENTRIES: Final = 200
"""Maximum number of stored entries; the entries of a longer list count as unknown."""
COMPONENT: Final = "LocalAuthListCtrlr"


class ListEntry(NamedTuple):
    """Entry of a token in the local list, or its absence."""

    is_listed: bool = False
    """Whether the token is in the list."""
    status: str = ""
    expires_at: float | None = None


_NOT_LISTED: Final = ListEntry()


class ListUpdate(NamedTuple):
    """A SendLocalList that the station has accepted."""

    version: int
    update_type: str
    frame: int
    adds: bool
    """Whether the update has entries with idTokenInfo."""
    removes: bool
    """Whether the update has entries without idTokenInfo."""
    at: float
    """Time of the answer."""
    has_known_base: bool
    """Whether the update replaces the whole list, or a GetVariables had confirmed the number of entries
    before the update.
    """

    @property
    def is_full(self) -> bool:
        """Whether the update replaces the list."""
        return self.update_type == "Full"


class VersionReading(NamedTuple):
    """An answer to GetLocalListVersion."""

    version: int
    at: float
    frame: int


class LocalListFacts(Facts):
    """Entries of the local list, as far as they follow from the accepted updates."""

    __slots__ = (
        "_entries",
        "_is_whole",
        "has_booted",
        "has_confirmed_size",
        "is_interrupted",
        "is_pending",
        "read_version",
        "sent_at",
        "update",
    )

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
        self.has_booted = False
        """Whether the station has booted since the latest update."""
        self.is_interrupted = False
        """Whether the connection was lost since the latest update."""
        self.has_confirmed_size = False
        """Whether a GetVariables has confirmed the number of entries since the latest update."""
        self.read_version: VersionReading | None = None
        """Latest GetLocalListVersion since the latest SendLocalList, on the same connection."""

    @property
    def size(self) -> int | None:
        """Number of tokens in the list; None if it is not known."""
        if not self._is_whole or self.is_pending:
            return None
        return sum(entry.is_listed for entry in self._entries.values())

    @property
    def version_source(self) -> ListUpdate | VersionReading | None:
        """Message that shows the version of the list; None if it is not known."""
        if self.read_version is not None:
            return self.read_version
        return self.update if self.is_undisturbed else None

    @property
    def is_undisturbed(self) -> bool:
        """Whether the station has neither restarted nor lost its connection since the latest update."""
        return not self.has_booted and not self.is_interrupted

    def entry(self, key: IdTokenKey) -> ListEntry | None:
        """Return the entry of a token; None if it is not known."""
        if self.is_pending:
            return None
        return self._entries.get(key, _NOT_LISTED if self._is_whole else None)

    def apply(self, command: AnsweredCommand) -> None:
        """Register an accepted SendLocalList."""
        request = command.request
        entries, is_full = request.get("localAuthorizationList") or [], request["updateType"] == "Full"
        if is_full:
            self._entries, self._is_whole = {}, True
        for item in entries:
            self._entries[id_token_key(item["idToken"])] = _entry_of(item)
        is_unique = len({id_token_key(item["idToken"]) for item in entries}) == len(entries)
        if len(self._entries) > _MAX_ENTRIES or not is_unique:
            self._entries, self._is_whole = {}, False
        self.update = ListUpdate(
            request["versionNumber"],
            request["updateType"],
            command.sent_frame,
            adds=any(item.get("idTokenInfo") for item in entries),
            removes=any(not item.get("idTokenInfo") for item in entries),
            at=command.at,
            has_known_base=is_full or self.has_confirmed_size,
        )
        self.is_pending = self.has_booted = self.is_interrupted = self.has_confirmed_size = False
        self.read_version = None

    def booted(self, reason: str) -> None:
        self.has_booted = True
        self.read_version = None
        if reason in MAY_HAVE_NEW_FIRMWARE:
            self.forget()

    def forget(self) -> None:
        """Drop the list; a Full update makes it known again."""
        self._entries, self._is_whole, self.update, self.read_version = {}, False, None, None

    def disconnected(self) -> None:
        self.is_interrupted = True
        self.read_version = None


def _entry_of(item: JsonObject) -> ListEntry:
    info = item.get("idTokenInfo")
    if not info:
        return _NOT_LISTED
    return ListEntry(
        is_listed=True, status=info["status"], expires_at=seconds_of(info.get("cacheExpiryDateTime", ""))
    )


def entry_of_token(known: Known201, key: IdTokenKey) -> ListEntry | None:
    """Return the entry of a token in the local list; None if it is not known. If the list is certainly
    disabled, every token counts as not listed.
    """
    if known[DeviceModelFacts].is_off(COMPONENT):
        return _NOT_LISTED
    return known[LocalListFacts].entry(key)


@CHECKS.learn_sent(Action.send_local_list)
def _expect_update(command: CommandCall, known: Known201) -> None:
    facts = known[LocalListFacts]
    if facts.is_pending:
        facts.forget()  # the station may have carried out the one before
    facts.is_pending, facts.sent_at = True, command.at


@CHECKS.learn_command(Action.send_local_list)
def _apply_update(command: AnsweredCommand, known: Known201) -> None:
    facts = known[LocalListFacts]
    if command.answer["status"] == "Accepted":
        facts.apply(command)
        return
    facts.is_pending = False
    if command.answer["status"] == "Failed":
        facts.forget()  # the station may have carried out a part of it


@CHECKS.learn_command(Action.get_local_list_version)
def _version_read(command: AnsweredCommand, known: Known201) -> None:
    facts = known[LocalListFacts]
    if not facts.is_pending:
        version = command.answer["versionNumber"]
        facts.read_version = VersionReading(version, command.sent_at, command.frame)
