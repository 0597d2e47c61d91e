"""Cases of block C, authorization: contract certificates of vehicles (ISO 15118)."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_offline import goes_offline_with
from mock_csms.certify.cases.c_tokens import decides_centrally
from mock_csms.certify.certificate_steps import (
    V2G_CERTIFICATES,
    asks_for_signing_request,
    signs,
    trusts_root,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.session_events import EVENT
from mock_csms.certify.verdicts import preparing
from mock_csms.client import ANY

CASES: Final = CaseList()

CONTRACT: Final = "plug-and-charge"
PROOF: Final = {False: "iso15118CertificateHashData", True: "certificate"}
"""Field of Authorize that proves a contract, by whether the server checks the contract for the station."""


async def offers_plug_and_charge(run: CaseRun, **variables: Any) -> None:
    """Set the variables for plug and charge, at the EVSE if it has a PnCEnabled, or else at the station."""
    of_evse = f"ISO15118Ctrlr@{run.evse}"
    has_own = await run.variable(of_evse, "PnCEnabled") is not None
    place = of_evse if has_own else "ISO15118Ctrlr"
    wanted = {f"{place}__{name}": value for name, value in {"PnCEnabled": True, **variables}.items()}
    await run.given.variables_if_implemented(**wanted)
    points = await start_points(run)
    if not points & {"PowerPathClosed", "Authorized", "EVConnected", "ParkingBayOccupancy"}:
        await run.given.variables(TxCtrlr__TxStartPoint="PowerPathClosed")


async def start_points(run: CaseRun) -> set[str]:
    """Return the TxStartPoint values of the station."""
    return set((await run.variable("TxCtrlr", "TxStartPoint") or "").split(","))


async def answers_contract(run: CaseRun, status: str, certificate_status: str) -> None:
    """Make the server answer the Authorize of a contract with these statuses."""
    answer = {"idTokenInfo": {"status": status}, "certificateStatus": certificate_status}
    await run.csms.answers("Authorize", answer, where={"idToken": {"type": "eMAID"}})


async def checks_contract(run: CaseRun, *, is_central: bool) -> None:
    """Prepare the station for checking a contract by itself, or for leaving that to the server."""
    await decides_centrally(run)
    await offers_plug_and_charge(
        run,
        CentralContractValidationAllowed=is_central,
        ContractCertificateInstallationEnabled=True,
        V2GCertificateInstallationEnabled=True,
        CountryName="NL",
    )
    await has_certificates(run, has_root=not is_central)


async def has_certificates(run: CaseRun, *, has_root: bool = True) -> None:
    """Install the V2G root and, with ``has_root``, the contract root; renew the V2G certificate."""
    roots = run.file.certificates
    with preparing("TC_M_01_CS"):
        await trusts_root(run, "V2GRootCertificate", "v2g-root", roots.v2g_root_pem())
        if has_root:
            await trusts_root(run, "MORootCertificate", "mo-root", roots.mo_root_pem())
    with preparing("TC_A_12_CS"):
        await run.csms.behaves(certificates="hold")
        await asks_for_signing_request(run, V2G_CERTIFICATES, trigger="SignV2GCertificate")
        await signs(run)


@CASES.family(
    {
        ("TC_C_50_CS", "Authorize a contract that the station checks itself"): (False,),
        ("TC_C_52_CS", "Authorize a contract that only the server can check"): (True,),
    }
)
async def accepted_contract(run: CaseRun, is_central: bool) -> None:
    await checks_contract(run, is_central=is_central)
    await answers_contract(run, "Accepted", "Accepted")
    await run.given.ev_connected(CONTRACT)
    await run.state.contract_authorized(**{PROOF[is_central]: ANY})
    await run.state.energy_transfer_started()


@CASES.family(
    {
        ("TC_C_51_CS", "Start no session with a contract that has been cancelled"): (
            False,
            "ContractCancelled",
        ),
        ("TC_C_53_CS", "Start no session with a contract that has been revoked"): (
            True,
            "CertificateRevoked",
        ),
    }
)
async def refused_contract(run: CaseRun, is_central: bool, certificate_status: str) -> None:
    await checks_contract(run, is_central=is_central)
    await answers_contract(run, "Invalid", certificate_status)
    await run.given.ev_connected(CONTRACT)
    await run.station.sends("Authorize", {"idToken__type": "eMAID", PROOF[is_central]: ANY})
    await charges_not(run)


async def charges_not(run: CaseRun) -> None:
    """Check that the vehicle is neither authorized nor charged."""
    await run.waits(run.times.silence)
    await run.station.has_sent_no_other(EVENT, triggerReason="Authorized")
    await run.station.has_sent_no_other(EVENT, transactionInfo__chargingState="Charging")


async def plugs_in_offline(run: CaseRun) -> set[str]:
    """Plug the vehicle in while the server is offline; return the TxStartPoint values of the station."""
    points = await start_points(run)
    await run.csms.goes_offline()
    await run.rig.parks()
    await run.rig.does(CONTRACT)
    await run.waits(run.times.transaction)
    await run.csms.comes_back(within=run.times.boot)
    await run.station.reports("Occupied")
    if points & {"EVConnected", "ParkingBayOccupancy"}:
        connected = {"triggerReason": "CablePluggedIn", "transactionInfo__chargingState": "EVConnected"}
        await run.station.at_last_sends(EVENT, connected, offline=True)
    return points


@CASES.case("TC_C_54_CS", "Authorize a contract offline if ContractValidationOffline is true")
async def contract_offline(run: CaseRun) -> None:
    await offers_plug_and_charge(run, ContractValidationOffline=True)
    await has_certificates(run)
    await answers_contract(run, "Accepted", "Accepted")
    await run.given.contract_known()
    await goes_offline_with(run, AuthCtrlr__OfflineTxForUnknownIdEnabled=True)
    points = await plugs_in_offline(run)
    if points & {"EVConnected", "ParkingBayOccupancy", "Authorized"}:
        await run.station.at_last_sends(EVENT, triggerReason="Authorized", offline=True)
    await run.station.at_last_sends(EVENT, transactionInfo__chargingState="Charging")


@CASES.case("TC_C_55_CS", "Authorize no contract offline if ContractValidationOffline is false")
async def contract_not_offline(run: CaseRun) -> None:
    await offers_plug_and_charge(run, ContractValidationOffline=False)
    await has_certificates(run)
    await answers_contract(run, "Accepted", "Accepted")
    await run.given.contract_known()
    await goes_offline_with(run, AuthCtrlr__OfflineTxForUnknownIdEnabled=False)
    await plugs_in_offline(run)
    await charges_not(run)
    await run.station.has_sent_no_other(EVENT, triggerReason="ChargingStateChanged")
