"""Firmware updates that a station was told to do, and the statuses it has reported of them (L01, L02)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CheckedKind, CommandCall, Outcome, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.known import Known201

FIRMWARE_STATUS: Final = Action.firmware_status_notification.value
_IN_PLACE: Final = frozenset({"Downloaded", "SignatureVerified"})
"""Statuses that say that the station has the whole file and has not begun to install it."""
_INTERMEDIATE: Final = _IN_PLACE | {
    "DownloadScheduled",
    "Downloading",
    "DownloadPaused",
    "InstallScheduled",
    "Installing",
    "InstallRebooting",
}
"""Statuses of an update that is not over (Part 2 3.33)."""


@dataclass(slots=True, eq=False)
class FirmwareUpdate:
    """An update, from the moment its command is sent."""

    request_id: int
    sent_at: float
    frame: int
    is_signed: bool
    retrieve_at: float | None
    install_at: float | None
    statuses: tuple[str, ...] = ()
    """Reported statuses, each only once, with the latest status last."""
    in_place_at: float | None = None
    """When the file was last reported as downloaded or verified."""
    has_gap: bool = False
    """Whether statuses may have been lost since the command."""
    is_cancelled: bool = False
    """Whether a later command was answered with AcceptedCanceled."""
    cancelled_by: "FirmwareUpdate | None" = None
    """The later update that cancelled this update: the answer to its command was AcceptedCanceled."""
    found: "FirmwareUpdate | None" = None
    """The earlier update that was in progress when the command of this update was answered with Accepted."""

    @property
    def status(self) -> str:
        """The latest status; empty before the first status."""
        return self.statuses[-1] if self.statuses else ""

    @property
    def is_in_progress(self) -> bool:
        """Whether the statuses that the station has reported show that the update is certainly not over."""
        return self.status in _INTERMEDIATE and not self.has_gap and not self.is_cancelled

    def enter(self, at: float, status: str) -> None:
        """Register a status."""
        self.statuses = (*(one for one in self.statuses if one != status), status)
        if status in _IN_PLACE:
            self.in_place_at = at


class _Updates(BoundedDict[int, FirmwareUpdate]):
    __slots__ = ()
    limit = 10


class FirmwareUpdates(Facts):
    """The latest updates by requestId."""

    __slots__ = ("by_id", "latest")

    def __init__(self) -> None:
        self.by_id = _Updates()
        self.latest: FirmwareUpdate | None = None
        """Update of the latest accepted command; None if a later command may have been accepted."""

    def disconnected(self) -> None:
        self.mark_gaps()

    def booted(self, reason: str) -> None:
        self.mark_gaps()

    def doubt(self, action: str | None) -> None:
        if action in {None, FIRMWARE_STATUS}:
            self.mark_gaps()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.update_firmware}:
            self.mark_gaps()
            self.latest = None

    def mark_gaps(self) -> None:
        """Register that a status of each update may have been lost."""
        for update in self.by_id.values():
            update.has_gap = True


@CHECKS.learn_sent(Action.update_firmware)
def _begin(command: CommandCall, known: Known201) -> None:
    firmware, request_id = command.request["firmware"], command.request["requestId"]
    updates = known[FirmwareUpdates]
    is_used_again = updates.by_id.pop(request_id, None) is not None
    updates.by_id[request_id] = FirmwareUpdate(
        request_id,
        command.at,
        command.frame,
        "signingCertificate" in firmware,
        seconds_of(firmware["retrieveDateTime"]),
        seconds_of(firmware["installDateTime"]) if "installDateTime" in firmware else None,
        has_gap=is_used_again,  # statuses may be about the earlier update
    )


@CHECKS.learn_command(Action.update_firmware)
def _accept(command: AnsweredCommand, known: Known201) -> None:
    updates, status = known[FirmwareUpdates], command.answer["status"]
    update, previous = updates.by_id.get(command.request["requestId"]), updates.latest
    if update is None or status not in {"Accepted", "AcceptedCanceled"}:
        return
    updates.latest = update
    if previous is None or previous is update:
        return
    if status == "AcceptedCanceled":
        previous.is_cancelled, previous.cancelled_by = True, update
    elif previous.is_in_progress:
        update.found, previous.found = previous, None


@CHECKS.learn_call(FIRMWARE_STATUS)
def _apply_status(call: StationCall, known: Known201) -> None:
    updates, status = known[FirmwareUpdates], call.payload["status"]
    update = updates.by_id.get(call.payload.get("requestId", -1))
    if update is not None:
        update.enter(call.at, status)
    elif "requestId" not in call.payload and status != "Idle":
        updates.mark_gaps()


type StatusJudge = Callable[[StationCall, FirmwareUpdate, Known201], Outcome]


def on_new_status(
    kind: CheckedKind[Known201], *, signed: str, unsigned: str = ""
) -> Callable[[StatusJudge], StatusJudge]:
    """Call the decorated function for each new status of an update; ``signed`` and ``unsigned`` are the
    requirements for updates with and without a signing certificate.
    """

    def add(judge: StatusJudge) -> StatusJudge:
        for requirement, is_signed in ((signed, True), (unsigned, False)):
            if requirement:
                kind.on_call(requirement, of=FIRMWARE_STATUS)(_of_new_status(judge, is_signed))
        return judge

    return add


def _of_new_status(judge: StatusJudge, is_signed: bool) -> Callable[[StationCall, Known201], Outcome]:
    def judge_call(call: StationCall, known: Known201) -> Outcome:
        update = known[FirmwareUpdates].by_id.get(call.payload.get("requestId", -1))
        if update is None or update.is_signed != is_signed or update.status == call.payload["status"]:
            return None
        return judge(call, update, known)

    return judge_call
