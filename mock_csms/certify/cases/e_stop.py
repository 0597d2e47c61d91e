"""Cases of block E, transactions: where they stop, and what happens when the vehicle is unplugged."""

from collections.abc import Collection
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.e_transactions import asks_the_server
from mock_csms.certify.registry import CaseList
from mock_csms.client import ABSENT

CASES: Final = CaseList()

ENDED_WITH_ENERGY: Final = ("EnergyTransfer", "PowerPathClosed", "DataSigned", "EVConnected")


async def sends_event(run: CaseRun, kind: str | set[str], **fields: Any) -> None:
    """Expect the next TransactionEvent, with the transaction of the case and these fields."""
    expected = {"eventType": kind, "transactionInfo__transactionId": run.transaction_id, **fields}
    await run.station.sends("TransactionEvent", expected)


def has_loose_cable(run: CaseRun) -> bool:
    """Whether the cable is not attached to the station."""
    features = run.file.station.features
    return "HFS-1" in features or "HFS-2" not in features


async def unplugs_at_the_station(run: CaseRun, *, is_locked: bool) -> None:
    """Unplug the cable at the station, unless it is fixed there; if it is locked, present the token first."""
    if has_loose_cable(run):
        if is_locked:
            await run.rig.presents()
        await run.rig.unplugs()
    await run.station.reports("Available")


@CASES.case("TC_E_06_CS", "Stop the session with the token that started it, and let the vehicle leave")
async def stopped_by_token(run: CaseRun) -> None:
    await asks_the_server(run)
    await run.given.energy_transfer_started()
    await run.state.stop_authorized(by="local")
    await run.state.parking_bay_unoccupied()


@CASES.family(
    {
        ("TC_E_07_CS", "End the transaction when a token opens the power path"): (
            "PowerPathClosed",
            ["Authorized"],
            "local",
        ),
        ("TC_E_08_CS", "End the transaction when a local or remote stop ends the energy transfer"): (
            "EnergyTransfer",
            ["Authorized", "PowerPathClosed"],
            None,
        ),
        ("TC_E_35_CS", "End the transaction when a remote stop opens the power path"): (
            "PowerPathClosed",
            ["Authorized"],
            "remote",
        ),
    }
)
async def stops_at(run: CaseRun, point: str, without: Collection[str], by: str | None) -> None:
    await run.given.transaction_points(stop=point, stop_without=without)
    await run.given.energy_transfer_started()
    await run.state.stop_authorized(by=by)
    run.check(not run.state.situation.is_running, "the transaction has ended")


@CASES.case("TC_E_15_CS", "End the transaction when a token ends the authorization")
async def ends_with_token(run: CaseRun) -> None:
    await run.given.transaction_points(stop="Authorized", stop_without=["PowerPathClosed"])
    await run.given.energy_transfer_started()
    await run.waits(run.times.transaction)
    await run.rig.presents()
    reason = {"transactionInfo__stoppedReason": {"Local", ABSENT}}
    await sends_event(run, "Ended", triggerReason="StopAuthorized", **reason)


@CASES.case("TC_E_21_CS", "End the transaction when a remote stop ends the authorization")
async def ends_remotely(run: CaseRun) -> None:
    await run.given.transaction_points(stop="Authorized", stop_without=["PowerPathClosed"])
    await run.given.energy_transfer_started()
    await run.waits(run.times.transaction)
    await run.csms.sends("RequestStopTransaction", transactionId=run.transaction_id, expect="Accepted")
    await sends_event(run, "Ended", triggerReason="RemoteStop", transactionInfo__stoppedReason="Remote")


@CASES.case("TC_E_22_CS", "End the transaction when the vehicle takes no more energy")
async def ends_with_energy(run: CaseRun) -> None:
    await run.given.transaction_points(stop="EnergyTransfer")
    await run.given.energy_transfer_started()
    await run.state.energy_transfer_suspended()


@CASES.case("TC_E_14_CS", "End the transaction when the cable is unplugged")
async def ends_with_cable(run: CaseRun) -> None:
    without = ["EnergyTransfer", "PowerPathClosed", "DataSigned", "Authorized"]
    await run.given.transaction_points(stop="EVConnected", stop_without=without)
    await run.given.ev_connected_post_session()
    await run.state.ev_disconnected()


@CASES.case("TC_E_19_CS", "End the transaction when the vehicle leaves the bay")
async def ends_with_bay(run: CaseRun) -> None:
    without = [*ENDED_WITH_ENERGY, "Authorized"]
    await run.given.transaction_points(stop="ParkingBayOccupancy", stop_without=without)
    await run.given.ev_disconnected()
    await run.state.parking_bay_unoccupied()


@CASES.case("TC_E_17_CS", "End the authorization, and with it the transaction, when the vehicle is unplugged")
async def deauthorized_by_unplugging(run: CaseRun) -> None:
    await asks_the_server(run)
    await run.given.transaction_points(
        stop="Authorized", stop_without=["EVConnected", "PowerPathClosed", "EnergyTransfer"]
    )
    await run.given.variables(TxCtrlr__StopTxOnEVSideDisconnect=True)
    await run.given.variables_if_implemented(OCPPCommCtrlr__UnlockOnEVSideDisconnect=False)
    await run.given.energy_transfer_suspended()
    reason = {"transactionInfo__stoppedReason": "EVDisconnected"}
    await run.state.unplugged_at_vehicle(is_attached=not has_loose_cable(run), **reason)
    await unplugs_at_the_station(run, is_locked=True)


@CASES.family(
    {
        ("TC_E_20_CS", "End the transaction when the cable is unplugged at a vehicle without ISO 15118"): (
            "EVConnected",
            ["EnergyTransfer", "PowerPathClosed"],
            {"EVDisconnected"},
            {},
        ),
        (
            "TC_E_54_CS",
            "End the transaction when the cable is unplugged at an ISO 15118 vehicle",
        ): (
            "EVConnected",
            ["EnergyTransfer", "PowerPathClosed"],
            {"EVDisconnected", "StoppedByEV"},
            {"iso15118": "yes"},
        ),
        (
            "TC_E_37_CS",
            "End the transaction when the cable is unplugged at the vehicle and the power path opens",
        ): (
            "PowerPathClosed",
            ["EnergyTransfer", "EVConnected", "DataSigned"],
            {"EVDisconnected", "StoppedByEV"},
            {},
        ),
    }
)
async def ends_with_unplugging(
    run: CaseRun, point: str, without: Collection[str], reasons: set[str], vehicle: dict[str, str]
) -> None:
    await run.given.transaction_points(stop=point, stop_without=without)
    await run.given.variables_if_implemented(TxCtrlr__StopTxOnEVSideDisconnect=False)
    await run.given.ev_connected(**vehicle)
    await run.given.energy_transfer_suspended()
    reason = {"transactionInfo__stoppedReason": reasons}
    await run.state.unplugged_at_vehicle(is_attached=not has_loose_cable(run), **reason)


@CASES.family(
    {
        ("TC_E_24_CS", "Unlock the cable at the station when it is unplugged at the vehicle"): (True,),
        (
            "TC_E_25_CS",
            "Keep a cable that is unplugged at the vehicle locked until the token is presented",
        ): (False,),
    }
)
async def unplugged_and_deauthorized(run: CaseRun, unlocks: bool) -> None:
    await run.given.variables(TxCtrlr__StopTxOnEVSideDisconnect=True)
    await run.given.variables(OCPPCommCtrlr__UnlockOnEVSideDisconnect=unlocks)
    await run.given.energy_transfer_suspended()
    await run.state.unplugged_at_vehicle(is_attached=not has_loose_cable(run))
    await unplugs_at_the_station(run, is_locked=not unlocks)


async def suspends_by_unplugging(run: CaseRun, *, is_attached: bool) -> None:
    """Unplug at the vehicle, after setting TxStopPoint so that the transaction goes on.

    ``is_attached`` says whether the cable is fixed to the station; if so, the connector becomes Available.
    """
    await run.given.transaction_points(
        stop=["Authorized,ParkingBayOccupancy", "Authorized", "ParkingBayOccupancy"],
        stop_without=ENDED_WITH_ENERGY,
    )
    await run.given.variables_if_implemented(OCPPCommCtrlr__UnlockOnEVSideDisconnect=False)
    await run.given.variables(TxCtrlr__StopTxOnEVSideDisconnect=False)
    await run.given.energy_transfer_suspended()
    await run.state.unplugged_at_vehicle(is_attached=is_attached)
    if is_attached:
        await run.station.reports("Available")


@CASES.case("TC_E_26_CS", "Continue a transaction when the cable is plugged in at the vehicle again")
async def back_after_unplugging(run: CaseRun) -> None:
    is_attached = not has_loose_cable(run)
    await suspends_by_unplugging(run, is_attached=is_attached)
    await run.state.plugged_in_at_vehicle(is_attached=is_attached)


@CASES.case("TC_E_27_CS", "Time out a transaction after an attached cable is unplugged")
async def timeout_after_unplugging(run: CaseRun) -> None:
    await run.given.variables(TxCtrlr__EVConnectionTimeOut=run.times.ev_connection_timeout)
    await suspends_by_unplugging(run, is_attached=True)
    await run.state.ev_connection_timed_out()


@CASES.case("TC_E_46_CS", "End the authorization when the vehicle ends its session by ISO 15118")
async def ended_by_the_vehicle(run: CaseRun) -> None:
    await run.given.ev_connected(iso15118="yes")
    await run.given.energy_transfer_started()
    await run.state.ended_by_vehicle()
