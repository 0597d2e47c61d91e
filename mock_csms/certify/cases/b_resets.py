"""Cases of block B about resets (B11, B12)."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.h_reservation import reservation
from mock_csms.certify.registry import CaseList
from mock_csms.certify.states import States
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.verbs.station_verbs import Statuses
from mock_csms.certify.verdicts import Skipped
from mock_csms.client import ABSENT, TranscriptEntry

CASES: Final = CaseList()


async def boots_again(run: CaseRun, status: Statuses, **fields: Any) -> None:
    """Expect a BootNotification with these fields, then the expected status of every connector."""
    within = run.times.boot
    await run.station.sends("BootNotification", within=within, **fields)
    await run.station.reports_all(status, within=within)


async def ends_for_reset(run: CaseRun, **fields: Any) -> TranscriptEntry:
    """Expect the TransactionEvent with which an immediate reset ends the transaction, with these fields."""
    return await run.station.sends(
        "TransactionEvent",
        eventType="Ended",
        triggerReason="ResetCommand",
        transactionInfo__stoppedReason="ImmediateReset",
        transactionInfo__chargingState="EVConnected",
        **fields,
    )


def at_connector(file: StationFile, status: str) -> Statuses:
    """Return the expected statuses: ``status`` at the connector of the case, Available at all others."""
    return {(file.evse, file.connector): status}


def at_cable(state: States, evse: int, connector: int) -> Statuses:
    """Return the expected statuses: Occupied at a connector with a cable, Available at all others."""
    return {(evse, connector): "Occupied"} if state.situation.is_connected else {}


def other_evse(run: CaseRun) -> int:
    """Return a second EVSE, besides that of the case; raises Skipped if the station has only one."""
    if others := sorted(set(run.file.station.evses) - {run.evse}):
        return others[0]
    raise Skipped("the station has one EVSE only")


@CASES.case("TC_B_20_CS", "Carry out a reset at once while no transaction is running")
async def reset_when_idle(run: CaseRun) -> None:
    await run.csms.sends("Reset", type="OnIdle", expect="Accepted")
    await boots_again(run, "Available")


@CASES.case("TC_B_21_CS", "Schedule a reset for when the transaction has ended")
async def reset_on_idle_in_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.csms.sends("Reset", type="OnIdle", expect="Scheduled")
    await run.state.transaction_ended()
    status = at_cable(run.state, run.evse, run.file.connector)
    await run.state.is_in_service(reason="ScheduledReset", status=status)


@CASES.case("TC_B_22_CS", "End the transaction at an immediate reset, and report the connector Occupied")
async def immediate_reset_in_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    await ends_for_reset(run, idToken=ABSENT)
    await boots_again(run, at_connector(run.file, "Occupied"), reason="RemoteReset")


@CASES.case("TC_B_23_CS", "Report an unavailable connector Unavailable after a reset")
async def unavailable_after_reset(run: CaseRun) -> None:
    await run.given.unavailable(run.evse, run.file.connector)
    await run.csms.sends("Reset", type="OnIdle", expect="Accepted")
    await boots_again(run, at_connector(run.file, "Unavailable"), reason="RemoteReset")


@CASES.case("TC_B_24_CS", "Report a reserved connector Reserved after a reset")
async def reserved_after_reset(run: CaseRun) -> None:
    connectors = run.file.connectors_at(run.evse)
    await run.given.reserved(reservation(run, run.tokens.valid), *connectors)
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    await boots_again(run, dict.fromkeys(connectors, "Reserved"), reason="RemoteReset")


@CASES.case("TC_B_41_CS", "Schedule a reset for when the transactions of all EVSEs have ended")
async def reset_on_idle_in_transactions(run: CaseRun) -> None:
    evse = other_evse(run)
    second = run.state.at_evse(evse)
    await run.given.energy_transfer_started()
    await run.given.at_evse(evse).energy_transfer_started()
    await run.csms.sends("Reset", type="OnIdle", expect="Scheduled")
    await run.state.parking_bay_unoccupied()
    await second.transaction_ended()
    status = at_cable(second, *run.file.connectors_at(evse)[0])
    await boots_again(run, status, reason="ScheduledReset")


@CASES.case("TC_B_25_CS", "Accept a reset of an idle EVSE")
async def evse_reset(run: CaseRun) -> None:
    await run.csms.sends("Reset", type="OnIdle", evseId=run.evse, expect="Accepted")


@CASES.case("TC_B_26_CS", "Schedule a reset of an EVSE for when its transaction has ended")
async def evse_reset_on_idle(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.csms.sends("Reset", type="OnIdle", evseId=run.evse, expect="Scheduled")
    await run.state.parking_bay_unoccupied()


@CASES.case("TC_B_27_CS", "End the transaction of an EVSE at an immediate reset of the EVSE")
async def immediate_evse_reset(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.csms.sends("Reset", type="Immediate", evseId=run.evse, expect="Accepted")
    await ends_for_reset(run)


@CASES.case("TC_B_28_CS", "Reject a reset of a single EVSE if only the station can be reset")
async def evse_reset_rejected(run: CaseRun) -> None:
    await run.csms.sends("Reset", type="OnIdle", evseId=run.evse, expect="Rejected")


@CASES.case(
    "TC_B_29_CS", "Reject a reset of a single EVSE during a transaction if only the station can be reset"
)
async def evse_reset_rejected_in_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.csms.sends("Reset", type="OnIdle", evseId=run.evse, expect="Rejected")
