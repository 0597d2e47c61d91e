"""Facts of a connection and of its client certificate, for admission, journal and log."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mock_csms.messages import JsonObject
from mock_csms.settings.listening_settings import ListeningSettings
from mock_csms.transport.ports import TlsFacts

if TYPE_CHECKING:
    from mock_csms.pki import Pki

UNREADABLE: Final = "its client certificate cannot be read"


def tls_facts(tls: TlsFacts) -> JsonObject:
    """Facts of a TLS connection, for the journal."""
    facts: JsonObject = {"version": tls.version, "cipher": tls.cipher}
    if tls.ciphers_offered:
        facts["ciphersOffered"] = tls.ciphers_offered
    if tls.server_name:
        facts["serverName"] = tls.server_name
    if tls.fault:
        facts["fault"] = tls.fault
    if tls.certificate is not None:
        facts["clientCertificate"] = _certificate_facts(tls.certificate)
    return facts


def _certificate_facts(data: bytes) -> JsonObject:
    from mock_csms.security.client_certificates import parse_certificate  # noqa: PLC0415 - see open_pki

    try:
        return parse_certificate(data).facts
    except ValueError:
        return {"flaw": UNREADABLE}


def certificate_flaw(
    tls: TlsFacts | None,
    own_names: Collection[str],
    settings: ListeningSettings,
    pki: Callable[[], "Pki"],
) -> str | None:
    """Describe the flaw of the client certificate of a station.

    The result is empty for an accepted certificate, and None without a certificate. TLS has already verified
    the chain.
    """
    if tls is None or tls.certificate is None:
        return None
    from mock_csms.security.client_certificates import (  # noqa: PLC0415 - see open_pki
        RequiredNames,
        flaw_of_certificate,
        parse_certificate,
    )

    try:
        client = parse_certificate(tls.certificate)
    except ValueError as error:
        return f"{UNREADABLE}: {error}"
    revoked_at = pki().status(client.certificate).revoked
    attribute = None if settings.client_identity == "any" else settings.client_identity
    required = RequiredNames(own_names, attribute, settings.client_organization)
    return flaw_of_certificate(client, required, datetime.now(UTC), revoked_at)


def flaw_of_serial_number(tls: TlsFacts | None, boot: JsonObject | None) -> str:
    """Describe the flaw if the client certificate lacks the serial number of a BootNotification (B01.FR.11).

    The result is empty if the CN or the attribute serialNumber of the subject is this serial number. It is
    also empty if the station sent no serial number or no certificate.
    """
    serial_number = (boot or {}).get("chargingStation", {}).get("serialNumber")
    if tls is None or tls.certificate is None or not serial_number:
        return ""
    from mock_csms.security.client_certificates import parse_certificate  # noqa: PLC0415 - see open_pki

    try:
        client = parse_certificate(tls.certificate)
    except ValueError as error:
        return f"{UNREADABLE}: {error}"
    names = {name.lower() for values in client.names.values() for name in values}
    if str(serial_number).lower() in names:
        return ""
    subject = client.facts["subject"]
    return f"its serial number {serial_number!r} is not the common name of its client certificate {subject}"
