"""Cases of block B, provisioning: boots, and the status of connectors after an offline period."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.certify.variable_steps import sets_variable
from mock_csms.certify.verbs.stage import variable_of
from mock_csms.client import TranscriptEntry

CASES: Final = CaseList()

PENDING_S: Final = 60
"""Interval in the Pending answer to a BootNotification; a TriggerMessage asks for the next one earlier."""
REPORT_ID: Final = 202


async def boots_with(run: CaseRun, status: str, interval_s: int) -> TranscriptEntry:
    """Restart the station; answer its first BootNotification with this status, the next one with Accepted."""
    await run.csms.answers(
        "BootNotification", {"status": status, "interval": interval_s}, {"status": "Accepted"}
    )
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    return await run.station.sends("BootNotification", within=run.times.boot)


def short_interval(run: CaseRun) -> int:
    """Return a short time in seconds, which is longer than the accepted deviation of times."""
    return round(2 + 2 * run.times.deviation)


@CASES.case("TC_B_01_CS", "Boot after a restart, and report all connectors and a security event")
async def cold_boot(run: CaseRun) -> None:
    await run.state.booted()


@CASES.case("TC_B_02_CS", "Carry out commands while the boot is pending, but start no transaction")
async def boot_pending(run: CaseRun) -> None:
    await run.given.restores("OCPPCommCtrlr__OfflineThreshold")
    await boots_with(run, "Pending", PENDING_S)
    threshold, accepted = variable_of("OCPPCommCtrlr", "OfflineThreshold"), {"attributeStatus": "Accepted"}
    await sets_variable(run, threshold, "300")
    await run.csms.sends(
        "GetVariables", {"getVariableData": [threshold]}, expect={"getVariableResult": {0: accepted}}
    )
    await run.csms.sends("GetBaseReport", requestId=REPORT_ID, reportBase="FullInventory", expect="Accepted")
    await run.station.collects("NotifyReport", requestId=REPORT_ID)
    start = {"remoteStartId": 1, "evseId": run.evse, "idToken": run.tokens.valid.as_json}
    await run.csms.sends("RequestStartTransaction", start, expect="Rejected")
    await boots_when_triggered(run)
    await run.station.reports_all("Available")


async def boots_when_triggered(run: CaseRun) -> None:
    """Trigger a BootNotification; a station that answers NotImplemented has to send it after the interval."""
    answer = await run.csms.sends(
        "TriggerMessage", requestedMessage="BootNotification", expect={"Accepted", "NotImplemented"}
    )
    if answer["status"] == "Accepted":
        await run.station.sends("BootNotification", reason="Triggered")
    else:
        await run.station.sends("BootNotification", within=PENDING_S + run.times.message)


@CASES.case("TC_B_03_CS", "Repeat a rejected boot after the interval, and send nothing else")
async def boot_rejected(run: CaseRun) -> None:
    interval_s = short_interval(run)
    first = await boots_with(run, "Rejected", interval_s)
    again = await run.station.sends("BootNotification", within=interval_s + run.times.message)
    await run.station.sends_nothing_but("BootNotification", after=first, before=again)
    run.station.at_least(first, again, interval_s)
    await run.station.reports_all("Available")


@CASES.case("TC_B_30_CS", "Refuse commands with a SecurityError while the boot is rejected")
async def command_while_rejected(run: CaseRun) -> None:
    await boots_with(run, "Rejected", short_interval(run))
    if (await run.csms.handle.state())["connected"]:
        report = {"requestId": REPORT_ID, "reportBase": "FullInventory"}
        await run.csms.is_refused("GetBaseReport", report, code="SecurityError")


async def plugs_in_while_offline(run: CaseRun, threshold_s: int, wait_s: int, *, at_least_s: int = 0) -> None:
    """Set OfflineThreshold to ``threshold_s``, and plug in while the server is offline.

    The station is set to wait ``wait_s`` seconds before it connects again. The server stays offline for
    ``at_least_s`` seconds or longer.
    """
    await run.given.variables(
        OCPPCommCtrlr__OfflineThreshold=threshold_s,
        OCPPCommCtrlr__RetryBackOffWaitMinimum=wait_s,
        OCPPCommCtrlr__RetryBackOffRandomRange=0,
    )
    began_s = run.steps.seconds
    await run.csms.goes_offline()
    await run.rig.plugs_in()
    await run.waits(max(0.0, began_s + at_least_s - run.steps.seconds))
    await run.csms.comes_back(within=wait_s + 2 * run.times.manual)


@CASES.case("TC_B_51_CS", "Report the status of every connector after a long offline period")
async def long_offline(run: CaseRun) -> None:
    threshold_s = short_interval(run)
    await plugs_in_while_offline(run, threshold_s, threshold_s + 2, at_least_s=threshold_s + 1)
    await run.station.reports_all({(run.evse, run.file.connector): "Occupied"})


@CASES.case("TC_B_52_CS", "Report a status that has changed after a short offline period")
async def short_offline(run: CaseRun) -> None:
    threshold_s = short_interval(run) + 2
    await plugs_in_while_offline(run, threshold_s, threshold_s - 2)
    await run.station.reports("Occupied")
