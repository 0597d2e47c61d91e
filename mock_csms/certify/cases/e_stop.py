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
    """Expect the next TransactionEvent of the transaction."""
    expected = {"eventType": kind, "transactionInfo__transactionId": run.transaction_id, **fields}
    await run.station.sends("TransactionEvent", expected)


def has_loose_cable(run: CaseRun) -> bool:
    """Whether the cable is not attached to the station."""
    features = run.file.station.features
    return "HFS-1" in features or "HFS-2" not in features


async def unplugs_at_the_station(run: CaseRun, *, is_locked: bool) -> None:
    """Unplug a loose cable at the station too, after its token has unlocked it."""
    if has_loose_cable(run):
        if is_locked:
            await run.rig.presents()
        await run.rig.unplugs()
    await run.station.reports("Available")


@CASES.case("TC_E_06_CS", "The token that started the session stops it, and the vehicle can leave")
async def stopped_by_token(run: CaseRun) -> None:
    await asks_the_server(run)
    await run.given.energy_transfer_started()
    await run.state.stop_authorized(by="local")
    await run.state.ev_connected_post_session()
    await run.state.ev_disconnected()
    await run.state.parking_bay_unoccupied()


@CASES.family(
    {
        ("TC_E_07_CS", "A token that opens the power path ends the transaction"): (
            "PowerPathClosed",
            ["Authorized"],
            "local",
        ),
        ("TC_E_08_CS", "A stop that ends the energy transfer ends the transaction"): (
            "EnergyTransfer",
            ["Authorized", "PowerPathClosed"],
            None,
        ),
        ("TC_E_35_CS", "A remote stop that opens the power path ends the transaction"): (
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


@CASES.case("TC_E_15_CS", "With stop point Authorized, a token ends the transaction at once")
async def ends_with_token(run: CaseRun) -> None:
    await run.given.transaction_points(stop="Authorized", stop_without=["PowerPathClosed"])
    await run.given.energy_transfer_started()
    await run.waits(run.times.transaction)
    await run.rig.presents()
    reason = {"transactionInfo__stoppedReason": {"Local", ABSENT}}
    await sends_event(run, "Ended", triggerReason="StopAuthorized", **reason)


@CASES.case("TC_E_21_CS", "With stop point Authorized, a remote stop ends the transaction at once")
async def ends_remotely(run: CaseRun) -> None:
    await run.given.transaction_points(stop="Authorized", stop_without=["PowerPathClosed"])
    await run.given.energy_transfer_started()
    await run.waits(run.times.transaction)
    await run.csms.sends("RequestStopTransaction", transactionId=run.transaction_id, expect="Accepted")
    await sends_event(run, "Ended", triggerReason="RemoteStop", transactionInfo__stoppedReason="Remote")


@CASES.case("TC_E_22_CS", "With stop point EnergyTransfer, a vehicle that takes no more energy ends it")
async def ends_with_energy(run: CaseRun) -> None:
    await run.given.transaction_points(stop="EnergyTransfer")
    await run.given.energy_transfer_started()
    await run.state.energy_transfer_suspended()


@CASES.case("TC_E_14_CS", "With stop point EVConnected, unplugging ends the transaction")
async def ends_with_cable(run: CaseRun) -> None:
    without = ["EnergyTransfer", "PowerPathClosed", "DataSigned", "Authorized"]
    await run.given.transaction_points(stop="EVConnected", stop_without=without)
    await run.given.ev_connected_post_session()
    await run.state.ev_disconnected()


@CASES.case(
    "TC_E_19_CS", "With stop point ParkingBayOccupancy, the vehicle ends the transaction as it leaves"
)
async def ends_with_bay(run: CaseRun) -> None:
    without = [*ENDED_WITH_ENERGY, "Authorized"]
    await run.given.transaction_points(stop="ParkingBayOccupancy", stop_without=without)
    await run.given.ev_disconnected()
    await run.state.parking_bay_unoccupied()


@CASES.case("TC_E_17_CS", "Unplugging at the vehicle ends the authorization, and with it the transaction")
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
        ("TC_E_20_CS", "With stop point EVConnected, a cable that is unplugged at a basic vehicle ends it"): (
            "EVConnected",
            ["EnergyTransfer", "PowerPathClosed"],
            {"EVDisconnected"},
            {},
        ),
        (
            "TC_E_54_CS",
            "With stop point EVConnected, a cable that is unplugged at a talking vehicle ends it",
        ): (
            "EVConnected",
            ["EnergyTransfer", "PowerPathClosed"],
            {"EVDisconnected", "StoppedByEV"},
            {"iso15118": "yes"},
        ),
        ("TC_E_37_CS", "With stop point PowerPathClosed, a cable that is unplugged at the vehicle ends it"): (
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
        ("TC_E_24_CS", "Unplugging at the vehicle ends the authorization and unlocks the cable"): (True,),
        ("TC_E_25_CS", "Unplugging at the vehicle ends the authorization; the token unlocks the cable"): (
            False,
        ),
    }
)
async def unplugged_and_deauthorized(run: CaseRun, unlocks: bool) -> None:
    await run.given.variables(TxCtrlr__StopTxOnEVSideDisconnect=True)
    await run.given.variables(OCPPCommCtrlr__UnlockOnEVSideDisconnect=unlocks)
    await run.given.energy_transfer_suspended()
    await run.state.unplugged_at_vehicle(is_attached=not has_loose_cable(run))
    await unplugs_at_the_station(run, is_locked=not unlocks)


async def suspends_by_unplugging(run: CaseRun, *, is_attached: bool) -> None:
    """Unplug at the vehicle, with a transaction that goes on."""
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


@CASES.case("TC_E_26_CS", "A transaction that unplugging at the vehicle suspends goes on when it is back")
async def back_after_unplugging(run: CaseRun) -> None:
    is_attached = not has_loose_cable(run)
    await suspends_by_unplugging(run, is_attached=is_attached)
    await run.state.plugged_in_at_vehicle(is_attached=is_attached)


@CASES.case("TC_E_27_CS", "A transaction that unplugging an attached cable suspends times out")
async def timeout_after_unplugging(run: CaseRun) -> None:
    await run.given.variables(TxCtrlr__EVConnectionTimeOut=run.times.ev_connection_timeout)
    await suspends_by_unplugging(run, is_attached=True)
    await run.state.ev_connection_timed_out()


@CASES.case("TC_E_46_CS", "A vehicle that ends its session by ISO 15118 ends the authorization")
async def ended_by_the_vehicle(run: CaseRun) -> None:
    await run.given.ev_connected(iso15118="yes")
    await run.given.energy_transfer_started()
    await run.state.ended_by_vehicle()
