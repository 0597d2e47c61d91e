"""Client certificates of stations (security profile 3): their facts, and whether one is a station's own."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

from mock_csms.messages import JsonObject
from mock_csms.text import one_line, timestamp, truncate

MAX_SHOWN_NAME: Final = 200
"""Maximum characters shown of a name in a certificate."""

IdentityAttribute = Literal["cn", "serial-number"]
"""Attribute of the subject that identifies the station."""

ATTRIBUTES: Final[Mapping[IdentityAttribute, x509.ObjectIdentifier]] = {
    "cn": NameOID.COMMON_NAME,
    "serial-number": NameOID.SERIAL_NUMBER,
}
ATTRIBUTES_IN_WORDS: Final[Mapping[IdentityAttribute, str]] = {
    "cn": "common name",
    "serial-number": "serialNumber",
}


class ClientCertificate(NamedTuple):
    """A client certificate that TLS has verified against the trusted authorities."""

    certificate: x509.Certificate
    facts: JsonObject
    """Subject, issuer, serial number and validity, for the journal."""
    names: Mapping[IdentityAttribute, Collection[str]]
    """Values of the attributes of the subject."""


@lru_cache(64)  # a handshake needs it twice
def parse_certificate(data: bytes) -> ClientCertificate:
    """Parse a certificate in DER; raises ValueError."""
    certificate = x509.load_der_x509_certificate(data)
    subject = certificate.subject
    facts: JsonObject = {
        "subject": _shown(subject),
        "issuer": _shown(certificate.issuer),
        "serialNumber": f"{certificate.serial_number:x}",
        "notBefore": timestamp(certificate.not_valid_before_utc),
        "notAfter": timestamp(certificate.not_valid_after_utc),
    }
    names = {
        name: [str(attribute.value) for attribute in subject.get_attributes_for_oid(oid)]
        for name, oid in ATTRIBUTES.items()
    }
    return ClientCertificate(certificate, facts, names)


def flaw_of_certificate(
    client: ClientCertificate,
    own_names: Collection[str],
    attribute: IdentityAttribute | None,
    revoked_at: datetime | None = None,
) -> str:
    """Describe why a client certificate is not accepted for a station; empty if it is (A00.FR.405).

    ``own_names`` are the names of the station; their case does not matter. With ``attribute=None``, the
    certificate need not name the station.
    """
    if revoked_at is not None:
        return f"its client certificate {client.facts['subject']} was revoked on {timestamp(revoked_at)}"
    if attribute is None:
        return ""
    names = client.names[attribute]
    if {name.lower() for name in own_names} & {name.lower() for name in names}:
        return ""
    found = ", ".join(one_line(truncate(repr(name), MAX_SHOWN_NAME)) for name in names) or "missing"
    return (
        f"the {ATTRIBUTES_IN_WORDS[attribute]} of its client certificate is {found}, not "
        f"{' or '.join(map(repr, own_names))} (A00.FR.405); make one with python server.py pki client, or "
        "see --client-identity"
    )


def _shown(name: x509.Name) -> str:
    return one_line(truncate(name.rfc4514_string(), MAX_SHOWN_NAME))
