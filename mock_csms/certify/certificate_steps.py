"""Steps with certificates and security profiles that several cases have."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.signing_requests import flaw_of_signing_request
from mock_csms.certify.verdicts import CaseFailed, Inconclusive, Skipped
from mock_csms.client import CommandAnswer, StationFailure, TranscriptEntry

STATION_CERTIFICATE: Final = "ChargingStationCertificate"
V2G_CERTIFICATE: Final = "V2GCertificate"


@contextmanager
def preparing(about: str) -> Iterator[None]:
    """Turn failures in the context into INCONCLUSIVE; ``about`` is the case about these steps."""
    try:
        yield
    except StationFailure as failure:
        reason = f"the station could not be prepared ({about} is about the steps): {failure}"
        raise Inconclusive(reason, failure.frame) from None


async def requires_security_profile(run: CaseRun, *profiles: int) -> int:
    """Return the security profile that the server requires of the station; raises Skipped for another one."""
    profile = int((await run.csms.handle.state())["securityProfile"])
    if profile not in profiles:
        wanted = " or ".join(map(str, profiles))
        raise Skipped(
            f"it needs a station that connects with security profile {wanted}, and a port of the server that "
            f"requires it; the station has connected to one for security profile {profile}"
        )
    return profile


@asynccontextmanager
async def changed_port(run: CaseRun, **changes: Any) -> AsyncIterator[None]:
    """Change the port that the station uses while the context is open, for new connections."""
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
    """Send InstallCertificate with a certificate of the server."""
    payload = {"certificateType": use, "certificate": f"{{{{certificate.{name}}}}}"}
    return await run.csms.sends("InstallCertificate", payload, expect=expect)


async def trusts_root(run: CaseRun, use: str, name: str, given: str | None) -> None:
    """Install the root of the station file, or that of the server until the end of the case."""
    if given is not None:
        await run.csms.sends("InstallCertificate", certificateType=use, certificate=given, expect="Accepted")
        return
    await installs_certificate(run, use, name)
    hashes = {"certificateHashData": f"{{{{certificate.{name}.SHA256}}}}"}
    run.undo_with(f"the root {name}", lambda: run.csms.sends("DeleteCertificate", hashes))


async def asks_for_signing_request(
    run: CaseRun,
    use: str | None,
    *,
    trigger: str = "SignChargingStationCertificate",
    evse: int | None = None,
    common_name: str | None = None,
) -> TranscriptEntry:
    """Trigger a SignCertificate for a use, and check its certificate signing request."""
    at = {} if evse is None else {"evse": {"id": evse}}
    await run.csms.sends("TriggerMessage", requestedMessage=trigger, **at, expect="Accepted")
    return await sends_signing_request(run, use, common_name=common_name)


async def sends_signing_request(
    run: CaseRun, use: str | None, *, common_name: str | None = None, within: float | None = None
) -> TranscriptEntry:
    """The station sends a SignCertificate for a use, with a valid certificate signing request."""
    fields: dict[str, Any] = {} if use is None else {"certificateType": _is_type(use)}
    request = await run.station.sends("SignCertificate", fields, within=within)
    with run.steps.step("the certificate signing request is valid") as step:
        step.is_about(request)
        is_v2g = use == V2G_CERTIFICATE
        flaw = flaw_of_signing_request(request["csr"], is_v2g=is_v2g, common_name=common_name)
        if flaw:
            raise CaseFailed(f"the certificate signing request is not valid: {flaw}", request.number)
    return request


def _is_type(use: str) -> Any:
    """The type is optional for the certificate of the station (SignCertificateRequest)."""
    return {use, None} if use == STATION_CERTIFICATE else use


async def renews_certificate(run: CaseRun) -> None:
    """The station asks for a new certificate, and accepts it (state RenewChargingStationCertificate)."""
    await run.csms.behaves(certificates="hold")
    await asks_for_signing_request(run, STATION_CERTIFICATE)
    await signs(run)


async def signs(run: CaseRun, expect: str | set[str] = "Accepted") -> Sequence[CommandAnswer]:
    """Send the certificates that have been held back; the station has to answer each so."""
    answers = await run.csms.releases("CertificateSigned")
    for answer in answers:
        run.csms.has(answer, expect)
    return answers
