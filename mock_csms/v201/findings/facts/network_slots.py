"""Security profiles of the network profiles that a station was told to store (B09)."""

from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import MAY_HAVE_NEW_FIRMWARE, Known201

_MAX_SLOTS: Final = 20


class StoredProfile(NamedTuple):
    """An accepted network profile."""

    security_profile: int
    frame: int
    """Number of the journal entry of the answer to the SetNetworkProfile."""


class _Slots(BoundedDict[str, StoredProfile]):
    __slots__ = ()
    limit = _MAX_SLOTS


class NetworkSlots(Facts):
    """Network profile in each slot, by the slot number as text."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots = _Slots()

    def security_profiles(self, frame: int) -> dict[str, int]:
        """Return, by slot, the security profiles of the network profiles that were stored before the frame
        with this number.
        """
        return {slot: stored.security_profile for slot, stored in self._slots.items() if stored.frame < frame}

    def begin(self, slot: str) -> None:
        """Drop the profile that a SetNetworkProfile may replace."""
        self._slots.pop(slot, None)

    def store(self, slot: str, security_profile: int, frame: int) -> None:
        """Register an accepted SetNetworkProfile."""
        self._slots[slot] = StoredProfile(security_profile, frame)

    def booted(self, reason: str) -> None:
        if reason in MAY_HAVE_NEW_FIRMWARE:
            self._slots.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.set_network_profile}:
            self._slots.clear()


@CHECKS.learn_sent(Action.set_network_profile)
def _begin(command: CommandCall, known: Known201) -> None:
    known[NetworkSlots].begin(str(command.request["configurationSlot"]))


@CHECKS.learn_command(Action.set_network_profile)
def _store(command: AnsweredCommand, known: Known201) -> None:
    slot, profile = str(command.request["configurationSlot"]), command.request["connectionData"]
    if command.answer["status"] == "Accepted":
        known[NetworkSlots].store(slot, profile["securityProfile"], command.frame)
