"""Client certificates of stations (security profile 3): their facts, and the check of their names."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import NameOID

from mock_csms.launch import COMMAND
from mock_csms.messages import JsonObject
from mock_csms.pki.csr import PARSE_ERRORS, tolerated_oddities
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
    """A client certificate that TLS has verified with the trusted authorities."""

    certificate: x509.Certificate
    facts: JsonObject
    """Subject, issuer, serial number, validity and kind of key, for the journal."""
    names: Mapping[IdentityAttribute, Collection[str]]
    """Values of the attributes of the subject that may identify the station."""
    organizations: Collection[str]


@lru_cache(64)  # a handshake parses the same certificate twice
def parse_certificate(data: bytes) -> ClientCertificate:
    """Parse a certificate in DER; raises ValueError."""
    try:
        with tolerated_oddities():
            return _described(x509.load_der_x509_certificate(data))
    except PARSE_ERRORS as error:
        raise ValueError(str(error)) from None


def _described(certificate: x509.Certificate) -> ClientCertificate:
    subject = certificate.subject
    facts: JsonObject = {
        "subject": _shown(subject),
        "issuer": _shown(certificate.issuer),
        "serialNumber": f"{certificate.serial_number:x}",
        "notBefore": timestamp(certificate.not_valid_before_utc),
        "notAfter": timestamp(certificate.not_valid_after_utc),
        "key": _key_in_words(certificate),
    }
    names = {name: _values(subject, oid) for name, oid in ATTRIBUTES.items()}
    return ClientCertificate(certificate, facts, names, _values(subject, NameOID.ORGANIZATION_NAME))


def _key_in_words(certificate: x509.Certificate) -> str:
    """Kind and bits of the key, such as ``EC 256``."""
    match certificate.public_key():
        case ec.EllipticCurvePublicKey() as key:
            return f"EC {key.key_size}"
        case rsa.RSAPublicKey() as key:
            return f"RSA {key.key_size}"
        case dsa.DSAPublicKey() as key:
            return f"DSA {key.key_size}"
        case key:
            return type(key).__name__.removesuffix("PublicKey").strip("_")


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)]


class RequiredNames(NamedTuple):
    """Names that the client certificate of a station must have."""

    own_names: Collection[str]
    """Identity of the station, and its serial number if known; case does not matter."""
    attribute: IdentityAttribute | None = "cn"
    """Attribute of the subject that must equal one of ``own_names``; None accepts any subject."""
    organization: str | None = None
    """Organization (O) that the subject must have; None accepts any organization."""


def flaw_of_certificate(
    client: ClientCertificate, required: RequiredNames, now: datetime, revoked_at: datetime | None = None
) -> str:
    """Describe why a client certificate is not accepted for a station; empty if it is accepted."""
    # TLS 1.2 may resume a session after the certificate has expired.
    if client.certificate.not_valid_after_utc < now:
        return (
            f"its client certificate {client.facts['subject']} expired on {client.facts['notAfter']}; "
            "install a new one"
        )
    if revoked_at is not None:
        return (
            f"its client certificate {client.facts['subject']} was revoked on {timestamp(revoked_at)}; "
            f"install a new one (delete its file in the PKI folder; {COMMAND} pki client makes one)"
        )
    if required.organization is not None and required.organization not in client.organizations:
        return (
            f"the organization of its client certificate is {_in_words(client.organizations)}, not "
            f"{required.organization!r} (A00.FR.404); install one of this organization, or change "
            "--client-organization"
        )
    return _flaw_of_identity(client, required)


def _flaw_of_identity(client: ClientCertificate, required: RequiredNames) -> str:
    if required.attribute is None:
        return ""
    names = client.names[required.attribute]
    if {name.lower() for name in required.own_names} & {name.lower() for name in names}:
        return ""
    remedy = (
        f"make one with {COMMAND} pki client, or see --client-identity"
        if required.attribute == "cn"
        else "install one with this serialNumber, or use --client-identity cn"
    )
    return (
        f"the {ATTRIBUTES_IN_WORDS[required.attribute]} of its client certificate is {_in_words(names)}, not "
        f"{' or '.join(map(repr, required.own_names))} (A00.FR.405); {remedy}"
    )


def _in_words(names: Collection[str]) -> str:
    return ", ".join(one_line(truncate(repr(name), MAX_SHOWN_NAME)) for name in names) or "missing"


def _shown(name: x509.Name) -> str:
    return one_line(truncate(name.rfc4514_string(), MAX_SHOWN_NAME))
