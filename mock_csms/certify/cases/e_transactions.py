"""Cases of block E, transactions: where they start, and how a session begins."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.certify.states import States

CASES: Final = CaseList()

type State = Callable[..., Awaitable[Any]]

LOCALLY: Final = partial(States.authorized, by="local")
REMOTELY: Final = partial(States.authorized, by="remote")
POINTS: Final = ("ParkingBayOccupancy", "EVConnected", "Authorized", "DataSigned", "PowerPathClosed")
"""Start points that a session meets before EnergyTransfer, in this order."""


async def asks_the_server(run: CaseRun) -> None:
    """Set the station to authorize tokens, and to ask the server about them."""
    await run.given.variables_if_implemented(
        AuthCtrlr__Enabled=True, AuthCtrlr__DisableRemoteAuthorization=False
    )


@CASES.family(
    {
        ("TC_E_01_CS", "Start a transaction when the power path closes, and update it when energy flows"): (
            "PowerPathClosed",
            POINTS[:4],
            [States.authorized],
            [States.ev_connected, States.energy_transfer_started],
        ),
        ("TC_E_02_CS", "Start a transaction when energy flows"): (
            "EnergyTransfer",
            POINTS,
            [States.authorized],
            [States.energy_transfer_started],
        ),
        ("TC_E_09_CS", "Start a transaction when the cable connects vehicle and EVSE"): (
            "EVConnected",
            POINTS[:1],
            [States.parking_bay_occupied],
            [States.ev_connected, States.authorized, States.energy_transfer_started],
        ),
        ("TC_E_10_CS", "Start a transaction when a token is authorized at the station"): (
            "Authorized",
            (),
            [],
            [LOCALLY, States.ev_connected, States.energy_transfer_started],
        ),
        ("TC_E_12_CS", "Start a transaction when a vehicle drives into the bay"): (
            "ParkingBayOccupancy",
            (),
            [],
            [
                States.parking_bay_occupied,
                States.authorized,
                States.ev_connected,
                States.energy_transfer_started,
            ],
        ),
        ("TC_E_13_CS", "Start a transaction with a remote start, and name the remote start"): (
            "Authorized",
            (),
            [],
            [REMOTELY, States.ev_connected, States.energy_transfer_started],
        ),
    }
)
async def starts_at(
    run: CaseRun, point: str, without: Sequence[str], before: Sequence[State], steps: Sequence[State]
) -> None:
    await asks_the_server(run)
    await run.given.transaction_points(start=point, start_without=without)
    for state in before:
        await state(run.given)
    for state in steps:
        await state(run.state)


def has_signed_start(values: Any) -> bool:
    """Whether the meter values of a Started event have a signed reading with context Transaction.Begin."""
    readings = [reading for value in values for reading in value["sampledValue"]]
    fields = {"signedMeterData", "signingMethod", "encodingMethod", "publicKey"}
    return any(
        reading["context"] == "Transaction.Begin" and fields <= reading["signedMeterValue"].keys()
        for reading in readings
        if "signedMeterValue" in reading
    )


@CASES.case("TC_E_11_CS", "Start a transaction with the first meter value that is signed")
async def starts_with_signed_value(run: CaseRun) -> None:
    await run.given.transaction_points(start="DataSigned", start_without=POINTS[:3])
    await run.given.variables(SampledDataCtrlr__SignReadings=True)
    await run.given.variables_if_implemented(OCPPCommCtrlr__PublicKeyWithSignedMeterValue="EveryMeterValue")
    await run.given.authorized()
    await run.rig.plugs_in()
    await run.station.reports("Occupied")
    is_remote = run.file.station.start == "remote"
    await run.station.sends(
        "TransactionEvent",
        eventType="Started",
        triggerReason={"SignedDataReceived", *(["RemoteStart"] if is_remote else [])},
        idToken=run.tokens.valid.as_json,
        evse={"id": run.evse, "connectorId": run.file.connector},
        meterValue=has_signed_start,
    )
    await run.station.sends(
        "TransactionEvent",
        eventType="Updated",
        triggerReason="ChargingStateChanged",
        transactionInfo__chargingState="Charging",
    )


@CASES.case("TC_E_03_CS", "Charge once a token is presented after the cable has been plugged in")
async def cable_first(run: CaseRun) -> None:
    await asks_the_server(run)
    await run.given.ev_connected()
    await run.state.authorized(by="local")
    await run.state.energy_transfer_started()


@CASES.case("TC_E_04_CS", "Charge once the cable is plugged in after a token has been presented")
async def token_first(run: CaseRun) -> None:
    await asks_the_server(run)
    await run.given.parking_bay_occupied()
    await run.state.authorized(by="local")
    await run.state.energy_transfer_started()


@CASES.case("TC_E_05_CS", "End an authorization if no cable is plugged in, and accept the next authorization")
async def cable_timeout(run: CaseRun) -> None:
    await asks_the_server(run)
    await run.given.variables_if_implemented(
        AuthCacheCtrlr__Enabled=False, AuthCtrlr__LocalPreAuthorize=False
    )
    await run.given.variables(TxCtrlr__EVConnectionTimeOut=run.times.ev_connection_timeout)
    await run.given.authorized(by="local")
    await run.state.ev_connection_timed_out()
    await run.state.authorized(by="local")
    await run.state.energy_transfer_started()


@CASES.case("TC_E_38_CS", "Report a vehicle that is plugged in but takes no energy yet")
async def vehicle_not_ready(run: CaseRun) -> None:
    await run.given.transaction_points(
        start=["Authorized", "EVConnected", "PowerPathClosed"], start_without=["EnergyTransfer"]
    )
    await run.given.authorized()
    await run.state.ev_connected(ready="no")
    await run.station.sends(
        "TransactionEvent",
        triggerReason="ChargingStateChanged",
        transactionInfo__chargingState="SuspendedEV",
    )


@CASES.case(
    "TC_E_39_CS", "End a transaction if no cable is plugged in, and do not charge if one is plugged in later"
)
async def transaction_timeout(run: CaseRun) -> None:
    await asks_the_server(run)
    await run.given.transaction_points(stop="Authorized")
    await run.given.variables(TxCtrlr__EVConnectionTimeOut=run.times.ev_connection_timeout)
    await run.given.authorized()
    await run.state.ev_connection_timed_out()
    await run.state.ev_connected()
    await run.station.is_silent("TransactionEvent", transactionInfo__chargingState="Charging")


@CASES.case(
    "TC_E_52_CS", "Refuse an unknown token, and send no Authorize, if DisableRemoteAuthorization is true"
)
async def no_remote_authorization(run: CaseRun) -> None:
    await run.given.variables_if_implemented(AuthCtrlr__Enabled=True)
    await run.given.variables(AuthCtrlr__DisableRemoteAuthorization=True)
    await run.given.parking_bay_occupied()
    await run.rig.presents(run.tokens.invalid)
    await run.station.is_silent("Authorize")
    await run.state.ev_connected()
    await run.station.is_silent("TransactionEvent", transactionInfo__chargingState="Charging")
