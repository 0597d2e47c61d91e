"""Cases of block N about logs (N01)."""

from collections.abc import Mapping
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.client import CommandAnswer, TranscriptEntry

CASES: Final = CaseList()

DIAGNOSTICS_LOG: Final = "DiagnosticsLog"
SECURITY_LOG: Final = "SecurityLog"
FIRST_LOG: Final = 25
SECOND_LOG: Final = 26
LOG_FOLDER: Final = {"remoteLocation": "{{files.uploads/log}}"}
SLOW_LOG: Final = {"remoteLocation": "{{files.uploads/log?seconds=2}}"}
NOWHERE: Final = {"remoteLocation": "{{files.nowhere/log}}"}
RETRIES: Final = 3
RETRY_INTERVAL_S: Final = 2
"""Seconds between two attempts of the station to upload a log; an attempt itself has to take less."""
ALL_RETRIES_S: Final = RETRIES * RETRY_INTERVAL_S
UPLOAD_FAILURES: Final = frozenset(
    {"UploadFailure", "BadMessage", "PermissionDenied", "NotSupportedOperation"}
)
LONG_AGO: Final = {
    **LOG_FOLDER,
    "oldestTimestamp": "1971-01-01T00:00:00Z",
    "latestTimestamp": "1971-01-02T00:00:00Z",
}


async def asks_for_log(
    run: CaseRun,
    log: Mapping[str, Any],
    *,
    request: int = FIRST_LOG,
    expect: str = "Accepted",
    **options: Any,
) -> CommandAnswer:
    """Ask for a log, by default for the diagnostics log."""
    asked = {"logType": DIAGNOSTICS_LOG, "requestId": request, "log": dict(log), **options}
    return await run.csms.sends("GetLog", asked, expect=expect)


async def reports_upload(run: CaseRun, *statuses: str, request: int = FIRST_LOG) -> TranscriptEntry:
    """Expect these statuses of an upload, one after another; return the last message."""
    for status in statuses:
        entry = await run.station.sends(
            "LogStatusNotification", status=status, requestId=request, within=run.times.transfer
        )
    return entry


@CASES.family(
    {
        ("TC_N_25_CS", "Upload the diagnostics log"): (DIAGNOSTICS_LOG,),
        ("TC_N_35_CS", "Upload the security log"): (SECURITY_LOG,),
    }
)
async def uploads(run: CaseRun, kind: str) -> None:
    answer = await asks_for_log(run, LOG_FOLDER, logType=kind)
    if kind == DIAGNOSTICS_LOG:
        run.check(bool(answer.payload.get("filename")), "the answer has the name of the file", answer.entry)
    await reports_upload(run, "Uploading", "Uploaded")


@CASES.case("TC_N_26_CS", "Repeat an upload that fails, and report its failure")
async def fails(run: CaseRun) -> None:
    await asks_for_log(run, NOWHERE, retries=RETRIES, retryInterval=RETRY_INTERVAL_S)
    first = await reports_upload(run, "Uploading")
    statuses, last = [first], first
    while last["status"] == "Uploading" or last.seconds_since(first) < ALL_RETRIES_S - run.times.deviation:
        last = await run.station.sends(
            "LogStatusNotification",
            status=UPLOAD_FAILURES | {"Uploading"},
            requestId=FIRST_LOG,
            within=RETRY_INTERVAL_S + run.times.message,
        )
        statuses.append(last)
    failures = sum(entry["status"] in UPLOAD_FAILURES for entry in statuses)
    attempts = {1, RETRIES + 1}
    run.check(failures in attempts, "a failure is reported once, or for each attempt", last)
    run.check(len(statuses) - failures in attempts, "Uploading is reported once, or for each attempt", last)
    run.station.at_least(first, last, ALL_RETRIES_S)
    latest = ALL_RETRIES_S + (RETRIES + 1) * run.times.deviation
    run.check(last.seconds_since(first) <= latest, "the attempts take no longer than their intervals", last)
    await run.station.is_silent("LogStatusNotification")


@CASES.case("TC_N_34_CS", "Refuse to upload a log that does not exist")
async def unavailable(run: CaseRun) -> None:
    await asks_for_log(run, LONG_AGO, expect="Rejected")
    await run.station.is_silent("LogStatusNotification")


@CASES.case("TC_N_36_CS", "Cancel an upload when a second log is requested, and upload the second log")
async def second_request(run: CaseRun) -> None:
    await asks_for_log(run, SLOW_LOG)
    await reports_upload(run, "Uploading")
    await asks_for_log(run, LOG_FOLDER, request=SECOND_LOG, expect="AcceptedCanceled")
    await reports_upload(run, "AcceptedCanceled")
    await reports_upload(run, "Uploading", "Uploaded", request=SECOND_LOG)
