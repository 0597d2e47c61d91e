"""Making keys and X.509 certificates."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from mock_csms.pki.blueprints import (
    CLOCK_TOLERANCE,
    LEAF_LIFETIME,
    ORGANIZATION,
    Blueprint,
    KeyType,
    key_usage_of,
)
from mock_csms.pki.csr import SigningRequest, SubjectKey
from mock_csms.pki.issued import PkiKey

type _Extension = tuple[x509.ExtensionType, bool]

_CRITICAL = True
_RSA_BITS = 2048
MAX_NAME_BYTES = 64
"""Maximum bytes of a CN (ub-common-name of RFC 5280)."""

_KEY_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def new_key(key_type: KeyType) -> PkiKey:
    """Make a private key; RSA takes about a tenth of a second."""
    if key_type == "rsa":
        return rsa.generate_private_key(65537, _RSA_BITS)
    return ec.generate_private_key(ec.SECP256R1())


def subject_name(common_name: str, domain: str = "") -> x509.Name:
    """Subject with CN, O and, if given, DC; the CN is cut to the bytes that X.509 allows."""
    cut = common_name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    attributes = [
        x509.NameAttribute(NameOID.COMMON_NAME, cut),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
    ]
    if domain:
        attributes.append(x509.NameAttribute(NameOID.DOMAIN_COMPONENT, domain))
    return x509.Name(attributes)


class Signer(NamedTuple):
    """The CA that signs a certificate."""

    certificate: x509.Certificate
    key: PkiKey
    ocsp_url: str = ""
    """URL of the OCSP responder that the signed certificates name; empty for none."""


def make_certificate(
    blueprint: Blueprint, key: PkiKey, signer: Signer | None, server_names: Sequence[str] = ()
) -> x509.Certificate:
    """Make the certificate of a blueprint. Without a signer, it is self-signed."""
    names = server_names if blueprint.for_server else ()
    subject = subject_name(names[0] if names else blueprint.common_name, blueprint.domain)
    extensions: list[_Extension] = [
        (x509.BasicConstraints(blueprint.is_ca, blueprint.path_length), _CRITICAL),
        (_key_usage(blueprint.key_usage), _CRITICAL),
    ]
    if names:
        extensions.append((_alternative_names(names), not _CRITICAL))
    if signer is not None:
        extensions.extend(_issuer_extensions(signer))
    start = datetime.now(UTC) + blueprint.start
    builder = (
        x509.CertificateBuilder(signer.certificate.subject if signer else subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + blueprint.lifetime)
    )
    return _signed(builder, key.public_key(), extensions, signer.key if signer else key)


def certify_request(
    request: SigningRequest, signer: Signer, start: timedelta = -CLOCK_TOLERANCE
) -> x509.Certificate:
    """Make the certificate of a station for its CSR, valid for a year.

    ``start`` is the time from now to the start of its validity. The certificate has no Extended Key Usage, so
    that it stays compatible with ISO 15118 (A00.FR.514).
    """
    key_type: KeyType = "ecdsa" if isinstance(request.public_key, ec.EllipticCurvePublicKey) else "rsa"
    extensions: list[_Extension] = [
        (x509.BasicConstraints(ca=False, path_length=None), _CRITICAL),
        (_key_usage(key_usage_of(key_type)), _CRITICAL),
        *_issuer_extensions(signer),
    ]
    if request.alternative_names is not None:
        extensions.append((request.alternative_names, not request.subject.rdns))
    not_before = datetime.now(UTC) + start
    builder = (
        x509.CertificateBuilder(signer.certificate.subject, request.subject, request.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_before + LEAF_LIFETIME)
    )
    return _signed(builder, request.public_key, extensions, signer.key)


def _signed(
    builder: x509.CertificateBuilder,
    public_key: SubjectKey,
    extensions: Sequence[_Extension],
    issuer_key: PkiKey,
) -> x509.Certificate:
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _issuer_extensions(signer: Signer) -> list[_Extension]:
    identifier = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    key_identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    extensions: list[_Extension] = [(key_identifier, not _CRITICAL)]
    if signer.ocsp_url:
        responder = x509.UniformResourceIdentifier(signer.ocsp_url)
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, responder)
        extensions.append((x509.AuthorityInformationAccess([access]), not _CRITICAL))
    return extensions


def _key_usage(uses: Sequence[str]) -> x509.KeyUsage:
    return x509.KeyUsage(**dict.fromkeys(_KEY_USES, False) | dict.fromkeys(uses, True))


def _alternative_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(name) for name in names])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
