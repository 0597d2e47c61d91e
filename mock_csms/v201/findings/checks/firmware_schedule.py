"""Times at which firmware is downloaded and installed (L01, L02)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S
from mock_csms.v201.findings.facts.firmware import FirmwareUpdate, on_new_status
from mock_csms.v201.findings.known import Known201

_DOWNLOAD_STARTED: Final = frozenset({"Downloading", "Downloaded"})
_INSTALLED: Final = frozenset({"Installing", "Installed"})
_INSTALLATION_STARTED: Final = _INSTALLED | {"InstallRebooting"}

FIRMWARE_DOWNLOAD_NOT_SCHEDULED: Final = CHECKS.kind(
    "firmware-download-not-scheduled",
    "error",
    "an update whose retrieveDateTime is in the future begins without the status DownloadScheduled",
    "the UpdateFirmware, a currentTime sent to the station, and that no disconnection or reboot has followed",
)
FIRMWARE_INSTALLATION_NOT_SCHEDULED: Final = CHECKS.kind(
    "firmware-installation-not-scheduled",
    "error",
    "an update whose installDateTime is in the future is installed before this time, or without the "
    "status InstallScheduled",
    "the UpdateFirmware, and a currentTime sent to the station",
)


@on_new_status(FIRMWARE_DOWNLOAD_NOT_SCHEDULED, signed="L01.FR.13", unsigned="L02.FR.07")
def _judge_download(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Check that the first status of an update with a later retrieveDateTime is DownloadScheduled."""
    retrieve_at, status = update.retrieve_at, call.payload["status"]
    if update.has_gap or update.statuses or retrieve_at is None or not known.clock.is_right:
        return None
    if retrieve_at <= update.sent_at + CLOCK_ERROR_S:
        return None
    if status == "DownloadScheduled":
        return MET
    if status not in _DOWNLOAD_STARTED:
        return None
    return Broken(
        f"the first status of the update with requestId {update.request_id} is {status}, although its "
        f"retrieveDateTime was {retrieve_at - update.sent_at:.0f} s ahead; the station must send "
        "DownloadScheduled first",
        (update.frame,),
    )


@on_new_status(FIRMWARE_INSTALLATION_NOT_SCHEDULED, signed="L01.FR.16", unsigned="L02.FR.10")
def _judge_installation(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Check that an installation does not start before its installDateTime, and that InstallScheduled was
    sent if the firmware had to wait for this time.
    """
    install_at, status = update.install_at, call.payload["status"]
    if status not in _INSTALLATION_STARTED or install_at is None or not known.clock.is_right:
        return None
    if status in _INSTALLED and call.at < install_at - CLOCK_ERROR_S:
        return Broken(
            f"{status} of the update with requestId {update.request_id} was sent "
            f"{install_at - call.at:.0f} s before its installDateTime; the station must install the "
            "firmware at the installDateTime",
            (update.frame,),
        )
    if "InstallScheduled" in update.statuses:
        return MET
    in_place_at = update.in_place_at
    if update.has_gap or in_place_at is None or in_place_at >= install_at - CLOCK_ERROR_S:
        return None
    return Broken(
        f"{status} of the update with requestId {update.request_id} was sent without InstallScheduled, "
        f"although the firmware was ready to be installed {install_at - in_place_at:.0f} s "
        "before its installDateTime; the station must send InstallScheduled first",
        (update.frame,),
    )
