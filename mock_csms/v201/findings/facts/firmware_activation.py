"""Reboots into new firmware, and the transactions that were running then (L01, L02)."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import StationCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.firmware import FirmwareUpdate, FirmwareUpdates
from mock_csms.v201.findings.known import Known201

_MAX_INTERRUPTED: Final = 100
_ACTIVATING: Final = frozenset({"Installing", "InstallRebooting", "Installed"})
"""Statuses of an update after which a reboot may activate the firmware."""
FIRMWARE_UPDATE: Final = "FirmwareUpdate"
"""Reason of a boot after a firmware update."""


@dataclass(frozen=True, slots=True)
class Activation:
    """The boot of new firmware."""

    at: float
    frame: int
    is_signed: bool


class FirmwareActivation(Facts):
    """Firmware versions of the last boots, and transactions that an activation may have interrupted."""

    __slots__ = ("_version", "activated", "has_waited", "interrupted", "previous_version", "rebooted")

    def __init__(self) -> None:
        self._version: str | None = None
        self.previous_version: str | None = None
        """Firmware version of the boot before the latest one."""
        self.interrupted: dict[str, Activation] = {}
        """By transactionId, the boot that activated new firmware, for each transaction that was running at
        that boot and has not ended since; empty if the latest boot did not activate new firmware.
        """
        self.has_waited = False
        """Whether a transaction has ended since the latest boot while the latest update was in a status of
        ``_ACTIVATING``.
        """
        self.activated: FirmwareUpdate | None = None
        """The update whose firmware the station has booted; a later boot cannot activate the same update
        again.
        """
        self.rebooted: FirmwareUpdate | None = None
        """The update for which the station reported Installing, then InstallRebooting, and then booted."""

    def boot(self, version: str | None) -> None:
        """Register the firmware version of a boot."""
        self.previous_version, self._version = self._version, version


def activated_update(call: StationCall, known: Known201) -> FirmwareUpdate | None:
    """Return the update whose firmware a boot has activated, or None."""
    update = known[FirmwareUpdates].latest
    if update is None or update is known[FirmwareActivation].activated:
        return None
    is_its = call.payload["reason"] == FIRMWARE_UPDATE and update.status in _ACTIVATING
    return update if is_its else None


@CHECKS.learn_call(Action.boot_notification)
def _boot(call: StationCall, known: Known201) -> None:
    activation, update = known[FirmwareActivation], activated_update(call, known)
    activation.boot(call.payload["chargingStation"].get("firmwareVersion"))
    activation.interrupted, activation.has_waited = {}, False
    if update is not None:
        activation.activated = update
        happened = Activation(call.at, call.frame, update.is_signed)
        activation.interrupted = dict.fromkeys(list(known.running.by_id)[:_MAX_INTERRUPTED], happened)


@CHECKS.learn_event(types=("Ended",))
def _end(call: StationCall, known: Known201) -> None:
    update = known[FirmwareUpdates].latest
    if update is not None and update.status in _ACTIVATING:
        known[FirmwareActivation].has_waited = True
    known[FirmwareActivation].interrupted.pop(call.payload["transactionInfo"]["transactionId"], None)
