"""Cases of block L, firmware management."""

from collections.abc import Mapping
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verbs.texts import time_from_now
from mock_csms.client import CommandAnswer, TranscriptEntry

CASES: Final = CaseList()

FIRST_UPDATE: Final = 1
SECOND_UPDATE: Final = 2
TWO_HOURS: Final = 7200
NEXT_STATUSES: Final[Mapping[str, frozenset[str]]] = {
    "SignatureVerified": frozenset({"Installing", "InstallRebooting"}),
    "Installing": frozenset({"InstallRebooting", "Installed"}),
    "InstallScheduled": frozenset({"Installing", "InstallRebooting"}),
    "InstallRebooting": frozenset({"Installing", "Installed"}),
}
"""Firmware statuses that may follow each status; a station may reboot before or after the installation."""
FREE_OR_UPDATING: Final = {"Available", "Unavailable"}
"""Statuses that a connector may have once a session has ended and a waiting update may begin."""
SLOW_FIRMWARE: Final = "firmware.bin?seconds=2"
SCHEDULED_OR_INSTALLING: Final = frozenset({"InstallScheduled", "Installing"})


async def asks_for_update(
    run: CaseRun, expect: str | set[str] = "Accepted", *, request_id: int = FIRST_UPDATE, **fields: Any
) -> CommandAnswer:
    """Send UpdateFirmware, by default with the firmware that the station can install.

    ``fields`` replace fields of the firmware; None leaves a field out.
    """
    if expect == "Accepted" and request_id == FIRST_UPDATE:
        await run.given.firmware_trusted()
    firmware = {
        "retrieveDateTime": time_from_now(-TWO_HOURS),
        "installDateTime": time_from_now(-TWO_HOURS),
        **(fields if "location" in fields else {**await valid_firmware(run), **fields}),
    }
    present = {name: value for name, value in firmware.items() if value is not None}
    payload = {"requestId": request_id, "retries": 0, "firmware": present}
    return await run.csms.sends("UpdateFirmware", payload, expect=expect)


async def valid_firmware(run: CaseRun, **server: str) -> dict[str, Any]:
    """Return location, signing certificate and signature, each from the station file or else the server."""
    given = run.file.firmware
    firmware = await firmware_of_server(run, **server)
    if given.location is not None:
        firmware["location"] = given.location
    if (certificate := given.signing_certificate_pem()) is not None:
        firmware["signingCertificate"] = certificate
    if given.signature is not None:
        firmware["signature"] = given.signature
    return firmware


async def firmware_of_server(run: CaseRun, **changes: str) -> dict[str, Any]:
    """Make these changes to the server's firmware settings, and return the firmware that it then offers."""
    await run.csms.behaves(**{"firmware": "firmware.bin", "firmwareSignature": "valid", **changes})
    offered = (await run.csms.default_payload("UpdateFirmware"))["firmware"]
    return {name: offered[name] for name in ("location", "signingCertificate", "signature")}


async def broken_firmware(run: CaseRun) -> dict[str, Any]:
    """Return a firmware with a valid signature whose installation fails."""
    if run.file.firmware.broken_location is None:
        return await firmware_of_server(run, firmware="empty.bin")
    return {
        **await valid_firmware(run),
        "location": run.file.firmware.broken_location,
        "signature": run.file.firmware.broken_signature,
    }


async def reports_progress(
    run: CaseRun, *statuses: str | frozenset[str], request_id: int = FIRST_UPDATE
) -> TranscriptEntry:
    """Expect these firmware statuses, one after another; return the last message."""
    for status in statuses:
        entry = await run.station.sends(
            "FirmwareStatusNotification", status=status, requestId=request_id, within=run.times.transfer
        )
    return entry


async def is_installed(
    run: CaseRun, after: TranscriptEntry, *, request_id: int = FIRST_UPDATE, is_rebooting: bool = True
) -> None:
    """Expect the statuses from ``after`` to Installed, a new connection, and the event FirmwareUpdated."""
    last, left = after, {"Installing"} - {after["status"]}
    while last["status"] != "Installed":
        allowed = NEXT_STATUSES[last["status"]] - ({"Installing"} - left)
        last = await reports_progress(run, allowed, request_id=request_id)
        left -= {last["status"]}
    await run.station.connects(after=after)
    if is_rebooting:
        await is_in_service_again(run)
    await run.station.at_last_sends("SecurityEventNotification", type="FirmwareUpdated")


async def is_in_service_again(run: CaseRun) -> None:
    """Expect each connector to be reported Available if the station booted or had reported it Unavailable."""
    boot = await run.station.optionally_sends("BootNotification", within=0)
    if boot is not None:
        is_right = boot["reason"] == "FirmwareUpdate"
        run.check(is_right, "the station boots with the reason FirmwareUpdate", boot)
    for place in run.file.connectors:
        if await run.station.optionally_reports("Unavailable", *place) or boot is not None:
            await run.station.reports("Available", place)


def free_connectors(run: CaseRun) -> list[tuple[int, int]]:
    """Return the connectors of the EVSEs that the case does not use."""
    return [place for place in run.file.connectors if place[0] != run.evse]


async def charging_with_new_sessions(run: CaseRun, *, allowed: bool) -> None:
    """Start a session at a station that allows or refuses further sessions while an update waits."""
    setting = {"ChargingStation__AllowNewSessionsPendingFirmwareUpdate": allowed}
    if allowed:
        await run.given.variables_if_implemented(**setting)
    else:
        await run.given.variables(**setting)
    await run.given.energy_transfer_started()


async def two_sessions_end(run: CaseRun) -> None:
    """Start a second session at another EVSE; then end both, one after another."""
    for place in free_connectors(run):
        is_blocked = await run.station.optionally_reports("Unavailable", *place)
        run.check(not is_blocked, "the free connectors stay available")
    second = run.state.at_evse(free_connectors(run)[0][0])
    await second.energy_transfer_started()
    await run.state.parking_bay_unoccupied(status=FREE_OR_UPDATING)
    await second.parking_bay_unoccupied(status=FREE_OR_UPDATING)


# Without a transaction


@CASES.case("TC_L_01_CS", "Download, verify and install signed firmware")
async def update_installed(run: CaseRun) -> None:
    await asks_for_update(run)
    verified = await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified")
    await is_installed(run, verified)


@CASES.case("TC_L_02_CS", "Install signed firmware at the scheduled time")
async def installation_scheduled(run: CaseRun) -> None:
    answer = await asks_for_update(run, installDateTime=time_from_now(run.times.schedule))
    await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified")
    scheduled = await reports_progress(run, "InstallScheduled")
    installing = await reports_progress(run, NEXT_STATUSES["SignatureVerified"])
    run.station.at_least(answer.call or scheduled, installing, run.times.schedule)
    await is_installed(run, installing)


@CASES.case("TC_L_03_CS", "Download signed firmware at the scheduled time")
async def download_scheduled(run: CaseRun) -> None:
    answer = await asks_for_update(run, retrieveDateTime=time_from_now(run.times.schedule))
    scheduled = await reports_progress(run, "DownloadScheduled")
    downloading = await reports_progress(run, "Downloading")
    run.station.at_least(answer.call or scheduled, downloading, run.times.schedule)
    verified = await reports_progress(run, "Downloaded", "SignatureVerified")
    await is_installed(run, verified)


@CASES.case("TC_L_05_CS", "Refuse an untrusted signing certificate, and report it")
async def untrusted_certificate(run: CaseRun) -> None:
    untrusted = await firmware_of_server(run, firmwareSignature="unknown-ca")
    certificate = untrusted["signingCertificate"]
    await asks_for_update(run, {"InvalidCertificate", "RevokedCertificate"}, signingCertificate=certificate)
    await run.station.at_last_sends("SecurityEventNotification", type="InvalidFirmwareSigningCertificate")


@CASES.case("TC_L_06_CS", "Report a wrong signature after the download")
async def wrong_signature(run: CaseRun) -> None:
    wrong = await firmware_of_server(run, firmwareSignature="wrong")
    await asks_for_update(run, signature=wrong["signature"])
    await reports_progress(run, "Downloading", "Downloaded", "InvalidSignature")
    await run.station.at_last_sends("SecurityEventNotification", type="InvalidFirmwareSignature")


@CASES.case("TC_L_07_CS", "Report the failed download of a missing file")
async def download_fails(run: CaseRun) -> None:
    firmware = await valid_firmware(run)
    firmware["location"] += "_does_not_exist"
    await asks_for_update(run, **firmware)
    status = await reports_progress(run, frozenset({"Downloading", "DownloadFailed"}))
    if status["status"] == "Downloading":
        await reports_progress(run, "DownloadFailed")


@CASES.case("TC_L_08_CS", "Report signed firmware that cannot be installed")
async def installation_fails(run: CaseRun) -> None:
    await asks_for_update(run, **await broken_firmware(run))
    last = await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified")
    last = await reports_progress(run, NEXT_STATUSES["SignatureVerified"])
    failures = frozenset({"InstallVerificationFailed", "InstallationFailed"})
    if last["status"] == "InstallRebooting":
        last = await reports_progress(run, failures | {"Installing"})
    if last["status"] == "Installing":
        await reports_progress(run, failures)
    for place in run.file.connectors:
        if await run.station.optionally_reports("Unavailable", *place):
            await run.station.reports({"Available", "Unavailable", "Faulted"}, place)


@CASES.case("TC_L_18_CS", "Refuse an update without certificate and signature")
async def no_signature(run: CaseRun) -> None:
    await run.given.firmware_trusted()
    refused = {"Rejected", "InvalidCertificate"}
    await asks_for_update(run, refused, signingCertificate=None, signature=None)


# A second update


@CASES.case("TC_L_10_CS", "Cancel a running download when a second update is requested")
async def update_cancelled(run: CaseRun) -> None:
    await asks_for_update(run, **await valid_firmware(run, firmware=SLOW_FIRMWARE))
    await reports_progress(run, "Downloading")
    await asks_for_update(run, "AcceptedCanceled", request_id=SECOND_UPDATE)
    await run.station.optionally_sends(
        "FirmwareStatusNotification",
        status={"DownloadFailed", "InstallationFailed"},
        requestId=FIRST_UPDATE,
        within=0,
    )
    verified = await reports_progress(
        run, "Downloading", "Downloaded", "SignatureVerified", request_id=SECOND_UPDATE
    )
    await is_installed(run, verified, request_id=SECOND_UPDATE)


@CASES.case(
    "TC_L_11_CS",
    "Reject a second update if the first cannot be cancelled, and go on with the first",
)
async def update_not_cancelled(run: CaseRun) -> None:
    await asks_for_update(run, **await valid_firmware(run, firmware=SLOW_FIRMWARE))
    await reports_progress(run, "Downloading")
    await asks_for_update(run, "Rejected", request_id=SECOND_UPDATE)
    verified = await reports_progress(run, "Downloaded", "SignatureVerified")
    await is_installed(run, verified)


# With a transaction


@CASES.case("TC_L_12_CS", "Download firmware once all transactions have ended, and allow new ones until then")
async def download_waits_for_all(run: CaseRun) -> None:
    await charging_with_new_sessions(run, allowed=True)
    await asks_for_update(run)
    await reports_progress(run, "DownloadScheduled")
    await two_sessions_end(run)
    verified = await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified")
    await is_installed(run, verified)


@CASES.case(
    "TC_L_13_CS",
    "Download firmware once the transaction has ended, and make free connectors unavailable until then",
)
async def download_waits_and_blocks(run: CaseRun) -> None:
    await charging_with_new_sessions(run, allowed=False)
    await asks_for_update(run)
    await run.station.reports("Unavailable", *free_connectors(run))
    await run.state.parking_bay_unoccupied(status=FREE_OR_UPDATING)
    await run.station.optionally_sends(
        "FirmwareStatusNotification", status="DownloadScheduled", requestId=FIRST_UPDATE, within=0
    )
    verified = await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified")
    await is_installed(run, verified)


@CASES.case("TC_L_14_CS", "Install firmware once all transactions have ended, and allow new ones until then")
async def installation_waits_for_all(run: CaseRun) -> None:
    await charging_with_new_sessions(run, allowed=True)
    await asks_for_update(run)
    await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified")
    last = await reports_progress(run, SCHEDULED_OR_INSTALLING)
    await two_sessions_end(run)
    await is_installed(run, last)


@CASES.case(
    "TC_L_15_CS",
    "Install firmware once the transaction has ended, and make free connectors unavailable until then",
)
async def installation_waits_and_blocks(run: CaseRun) -> None:
    await charging_with_new_sessions(run, allowed=False)
    await asks_for_update(run)
    await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified")
    last = await reports_progress(run, SCHEDULED_OR_INSTALLING)
    await run.station.reports("Unavailable", *free_connectors(run))
    await run.state.parking_bay_unoccupied(status=FREE_OR_UPDATING)
    await is_installed(run, last)


@CASES.case("TC_L_16_CS", "Install firmware while a transaction goes on")
async def installed_in_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await asks_for_update(run)
    installing = await reports_progress(run, "Downloading", "Downloaded", "SignatureVerified", "Installing")
    await run.station.connects(after=installing)
    await reports_progress(run, "Installed")
    await run.station.at_last_sends("SecurityEventNotification", type="FirmwareUpdated")
    await run.station.has_not_sent("TransactionEvent", eventType="Ended")
