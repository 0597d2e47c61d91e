"""Steps with certificates and security profiles that several cases share."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from cryptography import x509

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.signing_requests import flaw_of_signing_request
from mock_csms.certify.verdicts import CaseFailed, Skipped, preparing
from mock_csms.client import CommandAnswer, TranscriptEntry
from mock_csms.pki.hash_data import issuer_hashes

CSMS_ROOTS: Final = "CSMSRootCertificate"
STATION_CERTIFICATES: Final = "ChargingStationCertificate"
V2G_CERTIFICATES: Final = "V2GCertificate"
DELETED: Final = {"Accepted", "NotFound"}
"""Statuses expected from DeleteCertificate; NotFound if the certificate has been deleted before."""
ISSUERS: Final = {"second-root": "root"}
"""Issuer of each root that is not self-signed."""


async def requires_security_profile(run: CaseRun, *profiles: int) -> int:
    """Return the security profile of the station's port; raises Skipped unless it is in ``profiles``."""
    profile = int((await run.csms.handle.state())["securityProfile"])
    if profile not in profiles:
        wanted = " or ".join(map(str, profiles))
        raise Skipped(
            f"the case needs a station that connects to a port of the server for security profile {wanted}; "
            f"this station has connected to a port for security profile {profile}"
        )
    return profile


async def cannot_be_undone() -> None:
    """Fail in place of an undo, so that the run reports a change that cannot be undone."""
    raise LookupError


@asynccontextmanager
async def changed_port(run: CaseRun, **changes: Any) -> AsyncIterator[None]:
    """Change settings of the port that the station uses, for new connections, while the context is open."""
    port = (await run.csms.handle.state())["listener"]
    await run.csms.changes_its_port(port, **changes)
    try:
        yield
    finally:
        await run.csms.changes_its_port(port)


async def port_with(run: CaseRun, *profiles: int) -> str:
    """Return the name of a port for one of these security profiles; raises Skipped without one."""
    for listener in await run.csms.client.listeners():
        if listener.security_profile in profiles and (listener.wss or listener.security_profile == 1):
            return listener.name
    wanted = " or ".join(map(str, profiles))
    raise Skipped(f"the server needs a port for security profile {wanted}, such as [listeners.second]")


async def installs_certificate(
    run: CaseRun, use: str, name: str, expect: str | set[str] = "Accepted"
) -> CommandAnswer:
    """Send InstallCertificate with a certificate of the server's PKI."""
    payload = {"certificateType": use, "certificate": f"{{{{certificate.{name}}}}}"}
    return await run.csms.sends("InstallCertificate", payload, expect=expect)


async def trusts_root(run: CaseRun, use: str, name: str, given: str | None) -> None:
    """Install the root ``given`` by the station file, or else the server's root until the end of the case."""
    if given is not None:
        await run.csms.sends("InstallCertificate", certificateType=use, certificate=given, expect="Accepted")
        return
    await installs_certificate(run, use, name)
    deletes_at_the_end(run, name)


def deletes_at_the_end(run: CaseRun, name: str) -> None:
    """At the end of the case, delete a certificate of the server's PKI from the station."""
    hashes = {"certificateHashData": f"{{{{certificate.{name}.SHA256}}}}"}
    run.undo_with(
        f"the certificate {name}", lambda: run.csms.sends("DeleteCertificate", hashes, expect=DELETED)
    )


async def installs_second_root(run: CaseRun) -> None:
    """Install a second root of the central system, which the first one has signed. Raises Inconclusive."""
    with preparing("TC_M_01_CS"):
        await installs_certificate(run, CSMS_ROOTS, "second-root")


async def asks_for_signing_request(
    run: CaseRun,
    use: str | None,
    *,
    trigger: str = "SignChargingStationCertificate",
    evse: int | None = None,
    common_name: str | None = None,
) -> TranscriptEntry:
    """Trigger a SignCertificate for a certificate with this use, and check the CSR in it."""
    at = {} if evse is None else {"evse": {"id": evse}}
    await run.csms.sends("TriggerMessage", requestedMessage=trigger, **at, expect="Accepted")
    return await sends_signing_request(run, use, common_name=common_name)


async def sends_signing_request(
    run: CaseRun, use: str | None, *, common_name: str | None = None, within: float | None = None
) -> TranscriptEntry:
    """Expect a SignCertificate for a use, with a valid certificate signing request."""
    fields: dict[str, Any] = {} if use is None else {"certificateType": _is_type(use)}
    request = await run.station.sends("SignCertificate", fields, within=within)
    with run.steps.step("the certificate signing request is valid") as step:
        step.is_about(request)
        is_v2g = use == V2G_CERTIFICATES
        flaw = flaw_of_signing_request(request["csr"], is_v2g=is_v2g, common_name=common_name)
        if flaw:
            raise CaseFailed(f"the certificate signing request is not valid: {flaw}", request.number)
    return request


def _is_type(use: str) -> Any:
    """Return the expected certificateType, which may be missing for ChargingStationCertificate."""
    return {use, None} if use == STATION_CERTIFICATES else use


async def renews_certificate(run: CaseRun) -> Sequence[x509.Certificate]:
    """Make the station ask for a new certificate and accept it; return the chain that it gets.

    That is the state RenewChargingStationCertificate of Part 6 without its last steps;
    `uses_new_certificate` performs those.
    """
    await run.csms.behaves(certificates="hold")
    await asks_for_signing_request(run, STATION_CERTIFICATES)
    *_, answer = await signs(run)
    return x509.load_pem_x509_certificates(answer.request["certificateChain"].encode())


async def uses_new_certificate(run: CaseRun, certificate: x509.Certificate) -> None:
    """Expect a connection with the new certificate; close the current one if the station keeps it."""
    connection = await run.station.optionally_connects(within=run.times.silence)
    if connection is None:
        if (await run.csms.handle.state())["connected"]:
            await run.csms.closes_the_connection()
        connection = await run.station.connects()
    used = int(connection["tls"]["clientCertificate"]["serialNumber"], 16)
    is_new = used == certificate.serial_number
    run.check(is_new, "the station connects with the new certificate", connection)


async def signs(run: CaseRun, expect: str | set[str] = "Accepted") -> Sequence[CommandAnswer]:
    """Send the CertificateSigned commands that were held back; the station has to answer ``expect``."""
    answers = await run.csms.releases("CertificateSigned")
    for answer in answers:
        run.csms.has(answer, expect)
    return answers


# Installed certificates


async def certificate_of_server(run: CaseRun, name: str) -> x509.Certificate:
    """Return a certificate of the server's PKI by its name."""
    await run.csms.handle.change_profile(installCertificate=name)
    pem = (await run.csms.default_payload("InstallCertificate"))["certificate"]
    return x509.load_pem_x509_certificate(pem.encode())


async def installed_certificates(
    run: CaseRun, *uses: str, expect: str | set[str] = "Accepted"
) -> Sequence[Mapping[str, Any]]:
    """Send GetInstalledCertificateIds for these uses, or for all if none is given; return the entries."""
    fields = {"certificateType": list(uses)} if uses else {}
    answer = await run.csms.sends("GetInstalledCertificateIds", fields, expect=expect)
    entries: Sequence[Mapping[str, Any]] = answer.payload.get("certificateHashDataChain", [])
    return entries


async def is_listed(run: CaseRun, entries: Sequence[Mapping[str, Any]], use: str, name: str) -> bool:
    """Whether the entries have a certificate of the server's PKI with this use."""
    certificate = await certificate_of_server(run, name)
    issuer = await certificate_of_server(run, ISSUERS[name]) if name in ISSUERS else certificate
    return any(
        entry["certificateType"] == use
        and is_hash_data_of(entry["certificateHashData"], certificate.serial_number, issuer)
        for entry in entries
    )


def is_hash_data_of(data: Mapping[str, str], serial_number: int, issuer: x509.Certificate) -> bool:
    """Whether hash data is that of a certificate with a serial number and an issuer."""
    try:
        name_hash, key_hash = issuer_hashes(issuer, data["hashAlgorithm"])
        return (
            int(data["serialNumber"], 16) == serial_number
            and data["issuerNameHash"].lower() == name_hash.hex()
            and data["issuerKeyHash"].lower() == key_hash.hex()
        )
    except ValueError:
        return False


async def lists(run: CaseRun, *certificates: tuple[str, str], all_uses: bool = False) -> None:
    """Check that the station lists these certificates with their uses (state GetInstalledCertificates)."""
    entries = await installed_certificates(run, *([] if all_uses else [use for use, _ in certificates]))
    for use, name in certificates:
        listed = await is_listed(run, entries, use, name)
        run.check(listed, f"the {use} is listed")


async def has_installed(run: CaseRun, use: str, name: str) -> None:
    """Install a certificate of the server's PKI until the end of the case (state CertificateInstalled)."""
    before = await installed_certificates(run, use, expect={"Accepted", "NotFound"})
    was_listed = await is_listed(run, before, use, name)
    await installs_certificate(run, use, name)
    if not was_listed:
        deletes_at_the_end(run, name)


async def renews_v2g_certificates(run: CaseRun) -> list[str]:
    """Make the station ask for its ISO 15118 certificates and accept them; return the chains.

    That is the state RenewV2GChargingStationCertificate.
    """
    await run.given.variables_if_implemented(
        ISO15118Ctrlr__V2GCertificateInstallationEnabled=True, ISO15118Ctrlr__CountryName="NL"
    )
    await run.csms.behaves(certificates="hold")
    chains: list[str] = []
    for evse, name in (await secc_ids(run)).items():
        await asks_for_signing_request(
            run, V2G_CERTIFICATES, trigger="SignV2GCertificate", evse=evse or None, common_name=name
        )
        chains += [answer.request["certificateChain"] for answer in await signs(run)]
    return chains


async def secc_ids(run: CaseRun) -> dict[int, str | None]:
    """Return the SeccId of each EVSE that has one; if none has, return the station's, or None, as EVSE 0."""
    found = {evse: await run.variable(f"ISO15118Ctrlr@{evse}", "SeccId") for evse in run.file.station.evses}
    known: dict[int, str | None] = {evse: name for evse, name in found.items() if name}
    return known or {0: await run.variable("ISO15118Ctrlr", "SeccId")}
