"""Cases of block C, authorization: master passes, which stop transactions but start none."""

from collections.abc import Mapping
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_tokens import answers_authorize, answers_event, token_info, uses_cache
from mock_csms.certify.registry import CaseList
from mock_csms.certify.session_events import EVENT, absent_or, of_transaction
from mock_csms.client import ANY

CASES: Final = CaseList()


def is_not_charging(charging_state: str) -> bool:
    """Whether a charging state is not Charging."""
    return charging_state != "Charging"


async def has_master_pass(run: CaseRun) -> None:
    """Set MasterPassGroupId, and make the server accept the master pass with this group."""
    group = run.tokens.master_pass_group
    await run.given.variables(AuthCtrlr__MasterPassGroupId=group)
    await answers_authorize(run, run.tokens.master_pass, "Accepted", group)
    await answers_event(run, run.tokens.master_pass, "Accepted", group)


async def presents_master_pass(run: CaseRun, **choice: int) -> None:
    """Present the master pass; the station has to send an Authorize."""
    master = run.tokens.master_pass
    await run.rig.does("present", token=master.id_token, type=master.type, **choice)
    await run.station.sends("Authorize", idToken=master.as_json)


async def sees_stops(run: CaseRun, transactions: Mapping[int, str], **fields: Any) -> None:
    """Expect a stop of each transaction; unplug; check that each transaction has stoppedReason MasterPass."""
    expected = {"idToken": absent_or(run.tokens.master_pass), **fields}
    same = [{"transactionInfo__transactionId": of_transaction(each)} for each in transactions.values()]
    events = [await run.station.sends(EVENT, expected, where=each) for each in same]
    for evse in transactions:
        await vehicle_leaves(run, evse)
    for stop, where in zip(events, same, strict=True):
        is_over = stop["eventType"] == "Ended"
        end = stop if is_over else await run.station.at_last_sends(EVENT, where, eventType="Ended")
        reason = end["transactionInfo"].get("stoppedReason")
        run.check(reason == "MasterPass", "the end of the transaction has stoppedReason MasterPass", end)


async def vehicle_leaves(run: CaseRun, evse: int) -> None:
    """Unplug the vehicle, and drive it away if ParkingBayOccupancy is a start or stop point."""
    points = [await run.variable("TxCtrlr", name) or "" for name in ("TxStartPoint", "TxStopPoint")]
    await run.rig.unplugs(evse)
    await run.station.reports("Available", (evse, min(run.file.station.evses[evse])))
    if "ParkingBayOccupancy" in ",".join(points):
        await run.rig.leaves(evse)


@CASES.case("TC_C_14_CS", "Stop a session when a cached master pass is presented, without an Authorize")
async def cached_master_pass(run: CaseRun) -> None:
    master = run.tokens.master_pass
    await uses_cache(run)
    await has_master_pass(run)
    await run.given.id_token_info_cached(master, token_info("Accepted", run.tokens.master_pass_group))
    transactions = await run.given.energy_transfer_started_everywhere(at_most=1)
    await run.rig.presents(master)
    await sees_stops(run, transactions, triggerReason="StopAuthorized", idToken=master.as_json)
    await run.station.has_sent_no_other("Authorize")


@CASES.case("TC_C_45_CS", "Start no session with a master pass")
async def starts_nothing(run: CaseRun) -> None:
    await run.given.transaction_points(
        start=["Authorized", "PowerPathClosed"], start_without=["ParkingBayOccupancy", "EVConnected"]
    )
    await has_master_pass(run)
    await presents_master_pass(run)
    await run.station.is_silent(EVENT, idToken=ANY)
    await run.state.ev_connected()
    await run.waits(run.times.silence)
    await run.station.has_not_sent(EVENT, transactionInfo__chargingState="Charging")


@CASES.case("TC_C_47_CS", "Stop all transactions when the holder of a master pass chooses all")
async def chooses_all(run: CaseRun) -> None:
    await has_master_pass(run)
    transactions = await run.given.energy_transfer_started_everywhere()
    await presents_master_pass(run)
    await run.rig.does("choose", choice="all transactions")
    await sees_stops(run, transactions)


@CASES.case("TC_C_48_CS", "Stop one transaction when the holder of a master pass chooses one")
async def chooses_one(run: CaseRun) -> None:
    await has_master_pass(run)
    transactions = await run.given.energy_transfer_started_everywhere()
    await presents_master_pass(run, stop=run.evse)
    await run.rig.does("choose", choice=f"the transaction at EVSE {run.evse}")
    await sees_stops(run, {run.evse: transactions.pop(run.evse)})
    await run.waits(run.times.silence)
    for other in transactions.values():
        others = {"transactionInfo__transactionId": of_transaction(other)}
        await run.station.has_sent_no_other(EVENT, others, transactionInfo__chargingState=is_not_charging)
        await run.station.has_sent_no_other(EVENT, others, eventType="Ended")


@CASES.case(
    "TC_C_49_CS", "Stop all transactions when a master pass is presented, if the station offers no choice"
)
async def stops_both(run: CaseRun) -> None:
    await has_master_pass(run)
    transactions = await run.given.energy_transfer_started_everywhere(at_most=2)
    await presents_master_pass(run)
    await sees_stops(run, transactions)
