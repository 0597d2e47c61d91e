"""Cases of block B, provisioning."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()


@CASES.case("TC_B_01_CS", "After a restart, the station boots and reports its connectors and the event")
async def cold_boot(run: CaseRun) -> None:
    await run.state.booted()


@CASES.case(
    "TC_B_03_CS", "A boot that is rejected is tried again after the interval, and nothing else is sent"
)
async def boot_rejected(run: CaseRun) -> None:
    await run.csms.answers("BootNotification", {"status": "Rejected", "interval": 3}, {"status": "Accepted"})
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    first = await run.station.sends("BootNotification", within=run.times.boot)
    again = await run.station.sends("BootNotification")
    await run.station.sends_nothing_but("BootNotification", after=first, before=again)
    run.station.at_least(first, again, 3)
    await run.station.reports_all("Available")


@CASES.case("TC_B_21_CS", "A reset when idle is scheduled during a transaction, and carried out after it")
async def reset_on_idle_in_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.csms.sends("Reset", type="OnIdle", expect="Scheduled")
    await run.state.stop_authorized()
    await run.state.is_in_service(reason="ScheduledReset", status={"Available", "Occupied"})
