"""Cases of block M, ISO 15118 certificate management."""

from collections.abc import Mapping
from typing import Final

from cryptography import x509

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.certificate_steps import (
    CSMS_ROOTS,
    cannot_be_undone,
    certificate_of_server,
    deletes_at_the_end,
    has_installed,
    installed_certificates,
    installs_certificate,
    installs_second_root,
    is_hash_data_of,
    is_listed,
    lists,
    renews_certificate,
    renews_v2g_certificates,
    requires_security_profile,
    uses_new_certificate,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verdicts import Skipped, preparing
from mock_csms.pki.hash_data import hash_data

CASES: Final = CaseList()

ROOT_OF_CSMS: Final = (CSMS_ROOTS, "unknown-root")
ROOT_OF_MANUFACTURER: Final = ("ManufacturerRootCertificate", "unknown-root")
"""Type and name of a root that is not in use: deleting it leaves the station's own roots installed."""
ROOT_OF_V2G: Final = ("V2GRootCertificate", "v2g-root")
ROOT_OF_MOBILITY_OPERATOR: Final = ("MORootCertificate", "mo-root")
ABOUT_ROOTS: Final = "TC_M_01_CS"
ABOUT_V2G: Final = "TC_A_12_CS"


async def has_csms_root(run: CaseRun) -> None:
    """Install a root of the central system if the station has none."""
    use, name = ROOT_OF_CSMS
    with preparing(ABOUT_ROOTS):
        if not await installed_certificates(run, use, expect={"Accepted", "NotFound"}):
            await has_installed(run, use, name)


# Installing


@CASES.family(
    {
        ("TC_M_01_CS", "Install a root certificate of the central system, and list it"): ROOT_OF_CSMS,
        ("TC_M_02_CS", "Install a root certificate of the manufacturer, and list it"): ROOT_OF_MANUFACTURER,
        ("TC_M_03_CS", "Install a root certificate for ISO 15118, and list it"): ROOT_OF_V2G,
        (
            "TC_M_04_CS",
            "Install a root certificate of a mobility operator, and list it",
        ): ROOT_OF_MOBILITY_OPERATOR,
    }
)
async def root_installed(run: CaseRun, use: str, name: str) -> None:
    await has_installed(run, use, name)
    await lists(run, (use, name))


@CASES.case("TC_M_07_CS", "Reject an expired root certificate, and leave it out of the list")
async def expired_root(run: CaseRun) -> None:
    await has_csms_root(run)
    await installs_certificate(run, CSMS_ROOTS, "root-expired", "Rejected")
    entries = await installed_certificates(run, CSMS_ROOTS)
    listed = await is_listed(run, entries, CSMS_ROOTS, "root-expired")
    run.check(not listed, "the expired certificate is not listed")


# Replacing the root of the central system


async def requires_root_check(run: CaseRun) -> int:
    """Return the security profile of a station that checks new roots; raises Skipped for other stations."""
    if await run.variable("SecurityCtrlr", "AdditionalRootCertificateCheck") != "true":
        raise Skipped("it needs a station whose AdditionalRootCertificateCheck is true")
    return await requires_security_profile(run, 2, 3)


async def lists_first_root(run: CaseRun) -> bool:
    """Whether the station lists the first root of the central system."""
    entries = await installed_certificates(run, CSMS_ROOTS)
    return await is_listed(run, entries, CSMS_ROOTS, "root")


@CASES.case("TC_M_09_CS", "Reject a root certificate that the installed one has not signed")
async def unsigned_root(run: CaseRun) -> None:
    await requires_root_check(run)
    before = await installed_certificates(run, CSMS_ROOTS)
    await installs_certificate(run, *ROOT_OF_CSMS, "Rejected")
    after = await installed_certificates(run, CSMS_ROOTS)
    run.check(list(after) == list(before), "the installed root is the same as before")


@CASES.case("TC_M_30_CS", "Use the new root for the next connection, and remove the old one")
async def root_replaced(run: CaseRun) -> None:
    profile = await requires_root_check(run)
    await installs_second_root(run)
    if profile == 3:
        with preparing("TC_A_11_CS"):
            new, *_ = await renews_certificate(run)
            await uses_new_certificate(run, new)
    port = (await run.csms.handle.state())["listener"]
    run.undo_with("the root of the central system, which a new one has replaced", cannot_be_undone)
    await run.csms.changes_its_port(port, certificate="second-server")
    await run.csms.sends("Reset", type="OnIdle", expect="Accepted")
    await run.station.connects()
    await run.state.is_in_service()
    run.check(not await lists_first_root(run), "the old root is no longer installed")


@CASES.case("TC_M_31_CS", "Keep the old root if the server has no certificate of the new one")
async def old_root_kept(run: CaseRun) -> None:
    await requires_root_check(run)
    await installs_second_root(run)
    deletes_at_the_end(run, "second-root")
    await run.csms.sends("Reset", type="OnIdle", expect="Accepted")
    await run.station.connects()
    await run.state.is_in_service()
    run.check(await lists_first_root(run), "the old root is still installed")


# Listing


@CASES.family(
    {
        ("TC_M_12_CS", "List the root certificate of the central system"): (ROOT_OF_CSMS,),
        ("TC_M_13_CS", "List the root certificate of the manufacturer"): (ROOT_OF_MANUFACTURER,),
        ("TC_M_14_CS", "List the root certificate for ISO 15118"): (ROOT_OF_V2G,),
        ("TC_M_16_CS", "List the root certificate of a mobility operator"): (ROOT_OF_MOBILITY_OPERATOR,),
        ("TC_M_17_CS", "List the roots of the central system and of the manufacturer"): (
            ROOT_OF_CSMS,
            ROOT_OF_MANUFACTURER,
        ),
    }
)
async def roots_listed(run: CaseRun, *roots: tuple[str, str]) -> None:
    with preparing(ABOUT_ROOTS):
        for use, name in roots:
            await has_installed(run, use, name)
    await lists(run, *roots)


@CASES.case("TC_M_18_CS", "List all installed certificates")
async def all_listed(run: CaseRun) -> None:
    with preparing(ABOUT_ROOTS):
        await has_installed(run, *ROOT_OF_CSMS)
        await has_installed(run, *ROOT_OF_MANUFACTURER)
    await lists(run, ROOT_OF_CSMS, ROOT_OF_MANUFACTURER, all_uses=True)


@CASES.case("TC_M_15_CS", "List the ISO 15118 certificate of the station with its sub-CAs")
async def v2g_chain_listed(run: CaseRun) -> None:
    with preparing(ABOUT_V2G):
        await renews_v2g_certificates(run)
    entries = await installed_certificates(run, "V2GCertificateChain")
    chains = [entry for entry in entries if entry["certificateType"] == "V2GCertificateChain"]
    run.check(bool(chains), "a V2GCertificateChain is listed")
    has_children = any(entry.get("childCertificateHashData") for entry in chains)
    run.check(has_children, "the entry has the hash data of the sub-CAs")


@CASES.case("TC_M_19_CS", "Answer NotFound for a type of certificate that is not installed")
async def nothing_listed(run: CaseRun) -> None:
    use, _ = ROOT_OF_MOBILITY_OPERATOR
    with preparing("TC_M_20_CS"):
        for entry in await installed_certificates(run, use, expect={"Accepted", "NotFound"}):
            run.undo_with(f"a {use}", cannot_be_undone)
            await run.csms.sends(
                "DeleteCertificate", certificateHashData=entry["certificateHashData"], expect="Accepted"
            )
    entries = await installed_certificates(run, use, expect="NotFound")
    run.check(not entries, "the answer has no certificates")


# Deleting


@CASES.case("TC_M_20_CS", "Delete a certificate, and no longer list it")
async def certificate_deleted(run: CaseRun) -> None:
    use, name = ROOT_OF_CSMS
    with preparing(ABOUT_ROOTS):
        await installs_certificate(run, use, name)
    await lists(run, ROOT_OF_CSMS)
    await run.csms.sends(
        "DeleteCertificate", certificateHashData=f"{{{{certificate.{name}.SHA256}}}}", expect="Accepted"
    )
    entries = await installed_certificates(run, use, expect={"Accepted", "NotFound"})
    listed = await is_listed(run, entries, use, name)
    run.check(not listed, "the deleted certificate is no longer listed")


@CASES.case("TC_M_22_CS", "Answer NotFound when a certificate that is not installed is to be deleted")
async def unknown_certificate(run: CaseRun) -> None:
    await has_csms_root(run)
    use, _ = ROOT_OF_CSMS
    entries = await installed_certificates(run, use)
    has_root = any(entry["certificateType"] == use for entry in entries)
    run.check(has_root, "a root of the central system is listed")
    await run.csms.sends(
        "DeleteCertificate", certificateHashData="{{certificate.contract.SHA256}}", expect="NotFound"
    )


@CASES.case("TC_M_23_CS", "Refuse to delete the certificate of the station")
async def own_certificate(run: CaseRun) -> None:
    await requires_security_profile(run, 3)
    with preparing("TC_A_11_CS"):
        leaf, issuer, *_ = await renews_certificate(run)
        await uses_new_certificate(run, leaf)
    await installed_certificates(run)
    own = hash_data(leaf, issuer)
    await run.csms.sends("DeleteCertificate", certificateHashData=own, expect={"NotFound", "Failed"})


# Status of the certificates of the station


@CASES.family(
    {
        ("TC_M_24_CS", "Ask for the status of the ISO 15118 certificates"): (None,),
        ("TC_M_25_CS", "Go on if the status of the ISO 15118 certificates is not known"): ("Failed",),
    }
)
async def certificate_status(run: CaseRun, status: str | None) -> None:
    with preparing(ABOUT_ROOTS):
        await has_installed(run, *ROOT_OF_V2G)
        await has_installed(run, *ROOT_OF_MOBILITY_OPERATOR)
    if status is not None:
        await run.csms.answers("GetCertificateStatus", {"status": status})
    with preparing(ABOUT_V2G):
        [chain, *_] = await renews_v2g_certificates(run)
    certificates = x509.load_pem_x509_certificates(chain.encode())
    issuers = [*certificates[1:], await certificate_of_server(run, "v2g-root")]
    for certificate, issuer in zip(certificates, issuers, strict=True):
        await asks_for_status(run, certificate, issuer)


async def asks_for_status(run: CaseRun, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    """Expect a GetCertificateStatus for a certificate of the station's chain."""

    def is_for_the_certificate(data: Mapping[str, str]) -> bool:
        return is_hash_data_of(data, certificate.serial_number, issuer)

    await run.station.at_last_sends("GetCertificateStatus", ocspRequestData=is_for_the_certificate)


# Contract certificates of vehicles


@CASES.family(
    {
        ("TC_M_26_CS", "Get the first contract certificate of a vehicle, and authorize it"): (
            "Install",
            True,
        ),
        ("TC_M_27_CS", "Send no Authorize if a vehicle cannot get its first contract certificate"): (
            "Install",
            False,
        ),
        ("TC_M_28_CS", "Get a newer contract certificate of a vehicle, and authorize it"): ("Update", True),
        ("TC_M_29_CS", "Send no Authorize if a vehicle cannot get a newer contract certificate"): (
            "Update",
            False,
        ),
    }
)
async def contract_certificate(run: CaseRun, action: str, is_sent: bool) -> None:
    await run.given.variables_if_implemented(ISO15118Ctrlr__ContractCertificateInstallationEnabled=True)
    with preparing(ABOUT_ROOTS):
        await has_installed(run, *ROOT_OF_V2G)
        await has_installed(run, *ROOT_OF_MOBILITY_OPERATOR)
    if not is_sent:
        await run.csms.answers("Get15118EVCertificate", {"status": "Failed", "exiResponse": ""})
    await run.rig.does("plug-and-charge", **{action.lower(): "yes"})
    await run.station.reports("Occupied")
    await run.station.sends("Get15118EVCertificate", action=action)
    if is_sent:
        await run.station.sends("Authorize")
    else:
        await run.station.is_silent("Authorize")
