"""The mock's certificate authority: real certificates, kept in memory, from the `cryptography` package."""

import base64
import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mock_csms.behaviour.tokens import ChainState

type _PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
type _Extension = tuple[x509.ExtensionType, bool]

_CRITICAL = True

_CLOCK_TOLERANCE = timedelta(hours=1)
_ROOT_LIFETIME = timedelta(days=3650)
_LEAF_LIFETIME = timedelta(days=365)
_OCSP_LIFETIME = timedelta(days=1)

_MIN_RSA_BITS = 2048
_MIN_EC_BITS = 224
_MAX_SERIAL_BYTES = 20
_MAX_NAME_BYTES = 64

_HASHES = {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512()}
_HEX_DIGITS = frozenset(string.hexdigits)
_PARSE_ERRORS = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
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


class InvalidCsr(ValueError):
    """A certificate signing request that the authority does not sign."""


class InvalidHashData(ValueError):
    """An OCSPRequestDataType whose fields do not identify a certificate."""


class CertificateAuthority:
    """A root certificate and its key, which sign any acceptable request."""

    def __init__(self, common_name: str = "OCPP2 Mock Server Root CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(common_name)
        extensions: list[_Extension] = [
            (x509.BasicConstraints(ca=True, path_length=None), _CRITICAL),
            (_key_usage("digital_signature", "key_cert_sign", "crl_sign"), _CRITICAL),
        ]
        self._root = self._certificate(self._name, self._key.public_key(), _ROOT_LIFETIME, extensions)

    @property
    def root_pem(self) -> str:
        """The self-signed root certificate in PEM."""
        return _pem(self._root)

    def root_hash(self, algorithm: str = "SHA256") -> dict[str, str]:
        """Return the CertificateHashDataType of the root certificate for a HashAlgorithmEnumType."""
        return hash_data(self.root_pem, algorithm=algorithm)

    def sign(self, csr_pem: str) -> str:
        """Return the PEM chain, leaf first, for a PKCS#10 request in PEM; raises InvalidCsr (A02, A03)."""
        return self._chain(*_validate_csr(csr_pem))

    def check(self, csr_pem: str) -> None:
        """Raise InvalidCsr unless the request can be signed."""
        _validate_csr(csr_pem)

    def issue(self, common_name: str) -> str:
        """Return the PEM chain of a leaf with a discarded key, for a station that sent no CSR.

        A common name is cut to the 64 bytes that X.509 allows.
        """
        name = _name(common_name.encode()[:_MAX_NAME_BYTES].decode(errors="ignore"))
        return self._chain(name, ec.generate_private_key(ec.SECP256R1()).public_key(), None)

    def ocsp_response(self, request: Mapping[str, Any]) -> str:
        """Return a base64 DER OCSPResponse with status "good" for the certificate of an OCSPRequestDataType.

        Raises InvalidHashData if the request does not identify a certificate.
        """
        now = datetime.now(UTC)
        algorithm = _hash_algorithm(request)
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=_hash_field(request, "issuerNameHash", algorithm),
            issuer_key_hash=_hash_field(request, "issuerKeyHash", algorithm),
            serial_number=_serial_number(request),
            algorithm=algorithm,
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=now,
            next_update=now + _OCSP_LIFETIME,
            revocation_time=None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self._root)
        response = builder.sign(self._key, hashes.SHA256())
        return base64.b64encode(response.public_bytes(Encoding.DER)).decode()

    def _chain(
        self, subject: x509.Name, public_key: _PublicKey, names: x509.SubjectAlternativeName | None
    ) -> str:
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        extensions: list[_Extension] = [
            (x509.BasicConstraints(ca=False, path_length=None), _CRITICAL),
            (_leaf_usage(public_key), _CRITICAL),
            (x509.ExtendedKeyUsage(purposes), not _CRITICAL),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), not _CRITICAL),
        ]
        if names is not None:
            extensions.append((names, not subject.rdns))
        return _pem(self._certificate(subject, public_key, _LEAF_LIFETIME, extensions)) + self.root_pem

    def _certificate(
        self, subject: x509.Name, public_key: _PublicKey, lifetime: timedelta, extensions: list[_Extension]
    ) -> x509.Certificate:
        start = datetime.now(UTC) - _CLOCK_TOLERANCE
        builder = (
            x509.CertificateBuilder(self._name, subject, public_key, x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


def hash_data(
    certificate_pem: str, issuer_pem: str | None = None, *, algorithm: str = "SHA256"
) -> dict[str, str]:
    """Return the CertificateHashDataType of the first certificate in PEM.

    Without `issuer_pem` the certificate counts as self-signed. Raises ValueError for an invalid certificate.
    """
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    issuer = x509.load_pem_x509_certificate((issuer_pem or certificate_pem).encode())
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, _HASHES[algorithm]).build()
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def chain_state(certificate_pem: str | None, hash_data: Sequence[Mapping[str, Any]] = ()) -> ChainState:
    """Judge a contract certificate chain, given in PEM with the leaf first, as hashes, or both (C07).

    Neither OCSP nor trusted roots are asked: a chain is valid if it is readable, unexpired and each of its
    certificates is issued by another, up to the last one.
    """
    try:
        chain = _read_chain(certificate_pem)
        for item in hash_data:
            check_hash_data(item)
    except (*_PARSE_ERRORS, UnsupportedAlgorithm):
        return "unverifiable"
    now = datetime.now(UTC)
    if any(certificate.not_valid_after_utc < now for certificate in chain):
        return "expired"
    if any(certificate.not_valid_before_utc > now for certificate in chain) or not _is_linked(chain):
        return "unverifiable"
    return "valid"


def _read_chain(certificate_pem: str | None) -> list[x509.Certificate]:
    return [] if certificate_pem is None else x509.load_pem_x509_certificates(certificate_pem.encode())


def _is_linked(chain: list[x509.Certificate]) -> bool:
    """Whether the issuers lead from the first certificate through all others, in whatever order they are."""
    certificate, others = next(iter(chain), None), chain[1:]
    while certificate is not None and others:
        issuer = next((other for other in others if _is_issued_by(certificate, other)), None)
        if issuer is None:
            return False
        others.remove(issuer)
        certificate = issuer
    return True


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def check_hash_data(request: Mapping[str, Any]) -> None:
    """Raise InvalidHashData unless an OCSPRequestDataType identifies a certificate."""
    algorithm = _hash_algorithm(request)
    _hash_field(request, "issuerNameHash", algorithm)
    _hash_field(request, "issuerKeyHash", algorithm)
    _serial_number(request)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _key_usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**dict.fromkeys(_KEY_USES, False) | dict.fromkeys(uses, True))


def _leaf_usage(public_key: _PublicKey) -> x509.KeyUsage:
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return _key_usage("digital_signature", "key_agreement")
    return _key_usage("digital_signature")


def _validate_csr(csr_pem: str) -> tuple[x509.Name, _PublicKey, x509.SubjectAlternativeName | None]:
    csr, subject, extensions = _parse_csr(csr_pem)
    public_key = _strong_key(csr)
    if not csr.is_signature_valid:
        raise InvalidCsr("the CSR's signature is not valid")
    return subject, public_key, _alternative_names(extensions)


def _parse_csr(csr_pem: str) -> tuple[x509.CertificateSigningRequest, x509.Name, x509.Extensions]:
    try:
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        return csr, csr.subject, csr.extensions
    except _PARSE_ERRORS as error:
        raise InvalidCsr("the CSR is not a readable PKCS#10 request in PEM") from error


def _strong_key(csr: x509.CertificateSigningRequest) -> _PublicKey:
    try:
        key = csr.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidCsr("the CSR's key is malformed or of an unsupported kind") from error
    if isinstance(key, rsa.RSAPublicKey):
        kind, min_bits = "RSA", _MIN_RSA_BITS
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind, min_bits = "EC", _MIN_EC_BITS
    else:
        raise InvalidCsr("the CSR's key is neither RSA nor EC")
    if key.key_size < min_bits:
        raise InvalidCsr(f"the CSR's {kind} key has {key.key_size} bits, fewer than {min_bits}")
    return key


def _alternative_names(extensions: x509.Extensions) -> x509.SubjectAlternativeName | None:
    try:
        return extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _hash_algorithm(request: Mapping[str, Any]) -> hashes.HashAlgorithm:
    name = str(request.get("hashAlgorithm", ""))
    if name not in _HASHES:
        raise InvalidHashData(f"hashAlgorithm {name!r} is not one of {', '.join(_HASHES)}")
    return _HASHES[name]


def _hex_field(request: Mapping[str, Any], field: str) -> str:
    digits = str(request.get(field, ""))
    if not _HEX_DIGITS.issuperset(digits):
        raise InvalidHashData(f"{field} is not hexadecimal")
    return digits


def _hash_field(request: Mapping[str, Any], field: str, algorithm: hashes.HashAlgorithm) -> bytes:
    digits = _hex_field(request, field)
    length = 2 * algorithm.digest_size
    if len(digits) != length:
        raise InvalidHashData(
            f"{field} has {len(digits)} digits, but a {algorithm.name.upper()} hash has {length}"
        )
    return bytes.fromhex(digits)


def _serial_number(request: Mapping[str, Any]) -> int:
    digits = _hex_field(request, "serialNumber").lstrip("0")
    if not digits:
        raise InvalidHashData("serialNumber is empty or zero")
    if len(digits) > 2 * _MAX_SERIAL_BYTES:
        raise InvalidHashData(f"serialNumber is longer than {_MAX_SERIAL_BYTES} bytes")
    return int(digits, 16)
