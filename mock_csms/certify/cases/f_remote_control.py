"""Cases of block F, remote control."""

from base64 import b64encode
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.client import Pattern

CASES: Final = CaseList()

UNKNOWN_CONNECTOR: Final = 999
SLOW_S: Final = 10
"""Seconds of a slow transfer, during which the case sends TriggerMessage."""
OWN_CERTIFICATE: Final = "{{certificate.firmware}}"
"""Certificate that signs the server's own firmware."""
WRONG_SIGNATURE: Final = b64encode(bytes(256)).decode()
UPLOAD_ENDS: Final = {
    "Uploaded", "UploadFailure", "BadMessage", "NotSupportedOperation", "PermissionDenied",
}  # fmt: skip
DOWNLOAD_ENDS: Final = {"DownloadFailed", "InvalidSignature", "InstallVerificationFailed"}
AUTHORIZES: Final = {"AuthCtrlr__Enabled": True, "AuthCtrlr__DisableRemoteAuthorization": False}
CONTEXT: Final = "meterValue__0__sampledValue__0__context"
READINGS: Final = {CONTEXT: "Trigger"}
CLOCK_READINGS: Final = Pattern("MeterValues", {CONTEXT: "Sample.Clock"})


async def triggers(run: CaseRun, message: str, **place: Any) -> None:
    """Send TriggerMessage for a message; the station has to accept it."""
    await run.csms.sends("TriggerMessage", requestedMessage=message, **place, expect="Accepted")


# Starting and stopping


@CASES.case("TC_F_01_CS", "Charge at a remote start after the cable has been plugged in")
async def starts_remotely_after_plugging_in(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**AUTHORIZES)
    await run.given.ev_connected()
    await run.state.authorized(by="remote")
    await run.state.energy_transfer_started()


@CASES.case("TC_F_02_CS", "Send Authorize for a remote start, and charge once the cable is plugged in")
async def starts_remotely_with_authorization(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**AUTHORIZES, AuthCtrlr__AuthorizeRemoteStart=True)
    await run.given.parking_bay_occupied()
    await run.state.authorized(by="remote", asks=True)
    await run.state.energy_transfer_started()


@CASES.case("TC_F_03_CS", "Start remotely without an Authorize if AuthorizeRemoteStart is false")
async def starts_remotely_without_authorization(run: CaseRun) -> None:
    await run.given.variables_if_implemented(**AUTHORIZES, AuthCtrlr__AuthorizeRemoteStart=False)
    await run.given.parking_bay_occupied()
    await run.state.authorized(by="remote", asks=False)
    await run.state.energy_transfer_started()
    await run.station.has_not_sent("Authorize")


@CASES.case("TC_F_04_CS", "End a remote start if no cable is plugged in, and accept the next remote start")
async def remote_start_expires(run: CaseRun) -> None:
    await run.given.variables(TxCtrlr__EVConnectionTimeOut=run.times.ev_connection_timeout)
    await run.given.variables_if_implemented(**AUTHORIZES, TxCtrlr__TxStartPoint="Authorized")
    await run.given.authorized(by="remote")
    await run.state.ev_connection_timed_out()
    await run.state.authorized(by="remote")


@CASES.case("TC_F_08_CS", "Stop the transaction at a remote stop")
async def stops_remotely(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.state.stop_authorized(by="remote")


@CASES.case("TC_F_09_CS", "Reject a remote stop of an unknown transaction")
async def stops_unknown_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    unknown = "another transaction"
    await run.csms.sends("RequestStopTransaction", transactionId=unknown, expect="Rejected")


# Unlocking


@CASES.case("TC_F_05_CS", "Keep a connector locked during an authorized transaction")
async def unlocks_in_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await unlocks(run, run.file.connector, "OngoingAuthorizedTransaction")


@CASES.family(
    {
        ("TC_F_06_CS", "Unlock a connector without a transaction"): (),
        ("TC_F_07_CS", "Unlock a connector without a cable"): (),
    }
)
async def unlocks_idle_connector(run: CaseRun) -> None:
    await unlocks(run, run.file.connector, "Unlocked")


@CASES.case("TC_F_10_CS", "Answer UnknownConnector when an unknown connector is to be unlocked")
async def unlocks_unknown_connector(run: CaseRun) -> None:
    await unlocks(run, UNKNOWN_CONNECTOR, "UnknownConnector")


async def unlocks(run: CaseRun, connector: int, status: str) -> None:
    """Send UnlockConnector for a connector of the EVSE, and expect this status."""
    await run.csms.sends("UnlockConnector", evseId=run.evse, connectorId=connector, expect=status)


# Triggering messages


@CASES.case("TC_F_11_CS", "Send the meter values of an EVSE when they are asked for")
async def triggers_meter_values(run: CaseRun) -> None:
    await triggers(run, "MeterValues", evse={"id": run.evse})
    await run.station.sends("MeterValues", {"evseId": run.evse, **READINGS}, after=[CLOCK_READINGS])


@CASES.case("TC_F_12_CS", "Send the meter values of all EVSEs if no EVSE is named")
async def triggers_all_meter_values(run: CaseRun) -> None:
    await triggers(run, "MeterValues")
    for evse in run.file.station.evses:
        await run.station.sends("MeterValues", READINGS, where={"evseId": evse}, after=[CLOCK_READINGS])


@CASES.case("TC_F_13_CS", "Send an event of the transaction at an EVSE when it is asked for")
async def triggers_transaction_event(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await triggers(run, "TransactionEvent", evse={"id": run.evse})
    await sends_triggered_event(run, run.evse, run.transaction_id)


@CASES.case("TC_F_14_CS", "Send an event of each transaction if no EVSE is named")
async def triggers_all_transaction_events(run: CaseRun) -> None:
    transactions = await run.given.energy_transfer_started_everywhere()
    await triggers(run, "TransactionEvent")
    for evse, transaction in transactions.items():
        await sends_triggered_event(run, evse, transaction)


async def sends_triggered_event(run: CaseRun, evse: int, transaction: str) -> None:
    """Expect a triggered TransactionEvent with the charging state and the readings of a transaction."""

    def is_that_of_the_evse(other: str) -> bool:
        return other == transaction

    event = await run.station.sends(
        "TransactionEvent",
        {"triggerReason": "Trigger", "transactionInfo__chargingState": "Charging", **READINGS},
        where={"transactionInfo__transactionId": is_that_of_the_evse},
    )
    named = event.payload.get("evse", {}).get("id", evse)
    run.check(named == evse, "the event names its EVSE or none", event)


@CASES.family(
    {
        ("TC_F_15_CS", "Send the log status Idle when triggered without an upload"): (
            "LogStatusNotification",
            False,
        ),
        ("TC_F_17_CS", "Send the firmware status when triggered, even if an EVSE is named"): (
            "FirmwareStatusNotification",
            True,
        ),
        ("TC_F_18_CS", "Send the firmware status Idle when triggered without an update"): (
            "FirmwareStatusNotification",
            False,
        ),
    }
)
async def triggers_idle_status(run: CaseRun, message: str, names_evse: bool) -> None:
    await triggers(run, message, **({"evse": {"id": run.evse}} if names_evse else {}))
    await run.station.sends(message, status="Idle")


async def transfer_ends(run: CaseRun, message: str, statuses: set[str]) -> None:
    """Wait for a ``message`` with one of ``statuses``, which reports the end of the case's transfer."""
    await run.station.at_last_sends(message, status=statuses, within=SLOW_S + run.times.message)


@CASES.case("TC_F_16_CS", "Send the log status Uploading when triggered during an upload")
async def triggers_uploading(run: CaseRun) -> None:
    log = {"remoteLocation": f"{{{{files.uploads/log?seconds={SLOW_S}}}}}"}
    await run.csms.sends("GetLog", logType="DiagnosticsLog", requestId=16, log=log, expect="Accepted")
    run.undo_with("the upload", lambda: transfer_ends(run, "LogStatusNotification", UPLOAD_ENDS))
    await run.station.sends("LogStatusNotification", status="Uploading")
    await triggers(run, "LogStatusNotification")
    await run.station.sends("LogStatusNotification", status="Uploading")


def spoilt_firmware(run: CaseRun) -> dict[str, str]:
    """Return firmware with a wrong signature, so that it is not installed after the case."""
    given = run.file.firmware
    return {
        "location": given.location or f"{{{{files.firmware.bin?seconds={SLOW_S}}}}}",
        "retrieveDateTime": "{{now-7200}}",
        "signingCertificate": given.signing_certificate_pem() or OWN_CERTIFICATE,
        "signature": WRONG_SIGNATURE,
    }


@CASES.case("TC_F_19_CS", "Send the firmware status Downloading when triggered during a download")
async def triggers_downloading(run: CaseRun) -> None:
    await run.given.firmware_trusted()
    await run.csms.sends("UpdateFirmware", requestId=19, firmware=spoilt_firmware(run), expect="Accepted")
    run.undo_with("the download", lambda: transfer_ends(run, "FirmwareStatusNotification", DOWNLOAD_ENDS))
    await run.station.sends("FirmwareStatusNotification", status="Downloading")
    await triggers(run, "FirmwareStatusNotification")
    await run.station.sends("FirmwareStatusNotification", status="Downloading")


@CASES.case("TC_F_20_CS", "Send a heartbeat when it is asked for")
async def triggers_heartbeat(run: CaseRun) -> None:
    await triggers(run, "Heartbeat")
    await run.station.sends("Heartbeat")


@CASES.case("TC_F_23_CS", "Send the status of an available connector when it is asked for")
async def triggers_available(run: CaseRun) -> None:
    await triggers(run, "StatusNotification", evse={"id": run.evse, "connectorId": run.file.connector})
    await run.station.reports("Available")


@CASES.case("TC_F_24_CS", "Send the status of an occupied connector when it is asked for")
async def triggers_occupied(run: CaseRun) -> None:
    await run.given.ev_connected()
    await triggers(run, "StatusNotification", evse={"id": run.evse, "connectorId": run.file.connector})
    await run.station.reports("Occupied")


@CASES.family(
    {
        ("TC_F_26_CS", "Reject a trigger of BootNotification once the boot has been accepted"): (
            "BootNotification",
            "Rejected",
        ),
        ("TC_F_27_CS", "Answer NotImplemented when an unimplemented message is asked for"): (
            "SignCombinedCertificate",
            "NotImplemented",
        ),
    }
)
async def trigger_is_refused(run: CaseRun, message: str, status: str) -> None:
    await run.csms.sends("TriggerMessage", requestedMessage=message, expect=status)
