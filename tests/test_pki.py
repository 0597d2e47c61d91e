"""The certificate authority: signed and rejected requests, issued chains, OCSP responses, hash data."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from mock_csms.pki import CertificateAuthority, InvalidCsr, InvalidHashData, chain_state, hash_data

SUBJECT = x509.Name(
    [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Station Maker"),
        x509.NameAttribute(NameOID.COMMON_NAME, "CS-0001"),
    ]
)
MAX_CSR = 5500
MAX_CERTIFICATE_CHAIN = 10000
MAX_OCSP_RESULT = 5500
NAMES = x509.SubjectAlternativeName([x509.DNSName("cs-0001.example.com")])


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority()


@pytest.fixture(scope="module")
def root(authority: CertificateAuthority) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority.root_pem.encode())


@pytest.fixture(scope="module")
def leaf(authority: CertificateAuthority) -> x509.Certificate:
    return certificates(authority.sign(csr_pem()))[0]


def certificates(chain: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(chain.encode())


def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def csr_pem(
    key: CertificateIssuerPrivateKeyTypes | None = None,
    *,
    subject: x509.Name = SUBJECT,
    names: x509.SubjectAlternativeName | None = None,
    extension: x509.ExtensionType | None = None,
) -> str:
    """A CSR signed by `key`, or by a new P-256 key."""
    key = key or p256_key()
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for added in filter(None, (names, extension)):
        builder = builder.add_extension(added, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


def der_to_pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n"


def altered_csr(old: bytes, new: bytes) -> str:
    """A CSR whose DER was altered after signing: `old` is replaced by `new`."""
    der = x509.load_pem_x509_csr(csr_pem().encode()).public_bytes(Encoding.DER)
    assert der.count(old) == 1
    return der_to_pem(der.replace(old, new))


def tampered_csr() -> str:
    return altered_csr(b"CS-0001", b"CS-0002")


def csr_of_unknown_version() -> str:
    organization = bytes.fromhex("302a3116")
    return altered_csr(b"\x02\x01\x00" + organization, b"\x02\x01\x7b" + organization)


def csr_with_common_name_in_bits() -> str:
    return altered_csr(b"\x0c\x07CS-0001", b"\x03\x07\x00S-0001")


def csr_on_unknown_curve() -> str:
    p256 = bytes.fromhex("2a8648ce3d030107")
    return altered_csr(p256, p256[:-1] + b"\x7f")


def csr_with_unreadable_alternative_name() -> str:
    """A CSR for an IP address of three bytes."""
    extension = x509.UnrecognizedExtension(NAMES.oid, bytes.fromhex("3005870301020a"))
    return csr_pem(extension=extension)


def key_bits(key: CertificatePublicKeyTypes) -> bytes:
    """The content of the subjectPublicKey BIT STRING of an RSA or EC key."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def ocsp_request(algorithm: str = "SHA256", **changes: object) -> dict[str, Any]:
    digits = 2 * hashlib.new(algorithm).digest_size
    fields = {"issuerNameHash": "a1" * (digits // 2), "issuerKeyHash": "B2" * (digits // 2)}
    return {"hashAlgorithm": algorithm, **fields, "serialNumber": "1f", "responderURL": "", **changes}


def ocsp_response(authority: CertificateAuthority, request: dict[str, Any]) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(base64.b64decode(authority.ocsp_response(request), validate=True))


def public_key_of(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def test_root_is_signed_by_itself(root: x509.Certificate) -> None:
    root.verify_directly_issued_by(root)


def test_root_can_sign_certificates_and_revocation_lists(root: x509.Certificate) -> None:
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == (True, True, True)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_root_is_valid_from_an_hour_ago_for_ten_years(root: x509.Certificate) -> None:
    age = datetime.now(UTC) - root.not_valid_before_utc
    assert timedelta(hours=1) <= age < timedelta(hours=2)
    assert root.not_valid_after_utc - root.not_valid_before_utc == timedelta(days=3650)


def test_root_has_the_requested_common_name() -> None:
    root = certificates(CertificateAuthority("Another Root").root_pem)[0]
    assert root.subject.rfc4514_string() == "CN=Another Root"


def test_two_authorities_do_not_share_a_key(leaf: x509.Certificate) -> None:
    other_root = certificates(CertificateAuthority().root_pem)[0]
    with pytest.raises(InvalidSignature):
        leaf.verify_directly_issued_by(other_root)


def test_chain_is_the_leaf_then_the_root(authority: CertificateAuthority, root: x509.Certificate) -> None:
    leaf, *rest = certificates(authority.sign(csr_pem()))
    assert rest == [root]
    leaf.verify_directly_issued_by(root)


def test_chain_passes_path_validation(authority: CertificateAuthority, root: x509.Certificate) -> None:
    leaf = certificates(authority.sign(csr_pem(names=NAMES)))[0]
    verifier = PolicyBuilder().store(Store([root])).build_client_verifier()
    assert verifier.verify(leaf, []).chain == [leaf, root]


def test_chain_for_an_empty_subject_passes_path_validation(
    authority: CertificateAuthority, root: x509.Certificate
) -> None:
    leaf = certificates(authority.sign(csr_pem(subject=x509.Name([]), names=NAMES)))[0]
    verifier = PolicyBuilder().store(Store([root])).build_client_verifier()
    assert verifier.verify(leaf, []).chain == [leaf, root]


def test_leaf_has_the_subject_of_the_request(leaf: x509.Certificate) -> None:
    assert leaf.subject == SUBJECT


def test_leaf_has_the_alternative_names_of_the_request(authority: CertificateAuthority) -> None:
    leaf = certificates(authority.sign(csr_pem(names=NAMES)))[0]
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == NAMES


def test_leaf_has_no_alternative_names_unless_requested(leaf: x509.Certificate) -> None:
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_leaf_is_not_an_authority_even_if_requested(authority: CertificateAuthority) -> None:
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    leaf = certificates(authority.sign(csr_pem(extension=constraints)))[0]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_leaf_is_valid_now_for_a_year(leaf: x509.Certificate) -> None:
    assert leaf.not_valid_before_utc <= datetime.now(UTC)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=365)


def test_leaf_serves_as_client_and_server(leaf: x509.Certificate) -> None:
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}


def test_leaf_has_the_key_identifiers_of_itself_and_the_root(
    leaf: x509.Certificate, root: x509.Certificate
) -> None:
    subject = leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert subject == x509.SubjectKeyIdentifier.from_public_key(leaf.public_key())
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    root_subject = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert issuer.key_identifier == root_subject.digest


@pytest.mark.parametrize(
    ("make_key", "key_agreement"),
    [
        pytest.param(lambda: ec.generate_private_key(ec.SECP224R1()), True, id="EC 224"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), True, id="EC 384"),
        pytest.param(lambda: rsa.generate_private_key(65537, 2048), False, id="RSA 2048"),
    ],
)
def test_leaf_has_the_key_of_the_request(
    authority: CertificateAuthority,
    make_key: Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey],
    key_agreement: bool,
) -> None:
    key = make_key()
    leaf = certificates(authority.sign(csr_pem(key)))[0]
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert leaf.public_key() == key.public_key()
    assert (usage.digital_signature, usage.key_agreement, usage.key_cert_sign) == (
        True,
        key_agreement,
        False,
    )


def test_chain_for_the_longest_request_fits_certificate_signed(authority: CertificateAuthority) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(f"cs-{n:04}.example.com") for n in range(158)])
    request = csr_pem(rsa.generate_private_key(65537, 2048), names=names)
    assert MAX_CSR - 100 < len(request) <= MAX_CSR
    assert len(authority.sign(request)) <= MAX_CERTIFICATE_CHAIN


@pytest.mark.parametrize(
    ("make_csr", "message"),
    [
        pytest.param(lambda: "", "the CSR is not a readable PKCS#10 request in PEM", id="empty"),
        pytest.param(lambda: "hello", "the CSR is not a readable PKCS#10 request in PEM", id="not PEM"),
        pytest.param(lambda: "\udc80", "the CSR is not a readable PKCS#10 request in PEM", id="not UTF-8"),
        pytest.param(
            lambda: der_to_pem(b"ABC"), "the CSR is not a readable PKCS#10 request in PEM", id="not PKCS#10"
        ),
        pytest.param(
            lambda: CertificateAuthority().root_pem,
            "the CSR is not a readable PKCS#10 request in PEM",
            id="certificate",
        ),
        pytest.param(
            csr_with_unreadable_alternative_name,
            "the CSR is not a readable PKCS#10 request in PEM",
            id="bad alternative name",
        ),
        pytest.param(
            csr_of_unknown_version,
            "the CSR is not a readable PKCS#10 request in PEM",
            id="unknown version",
        ),
        pytest.param(
            csr_with_common_name_in_bits,
            "the CSR is not a readable PKCS#10 request in PEM",
            id="common name in bits",
        ),
        pytest.param(tampered_csr, "the CSR's signature is not valid", id="tampered"),
        pytest.param(
            lambda: csr_pem(rsa.generate_private_key(65537, 1024)),
            "the CSR's RSA key has 1024 bits, fewer than 2048",
            id="RSA 1024",
        ),
        pytest.param(
            lambda: csr_pem(ec.generate_private_key(ec.SECP192R1())),
            "the CSR's EC key has 192 bits, fewer than 224",
            id="EC 192",
        ),
        pytest.param(
            csr_on_unknown_curve, "the CSR's key is malformed or of an unsupported kind", id="unknown curve"
        ),
        pytest.param(
            lambda: csr_pem(dsa.generate_private_key(2048)),
            "the CSR's key is neither RSA nor EC",
            id="DSA",
        ),
        pytest.param(
            lambda: csr_pem(ed25519.Ed25519PrivateKey.generate()),
            "the CSR's key is neither RSA nor EC",
            id="Ed25519",
        ),
    ],
)
def test_unacceptable_csr_is_rejected(
    authority: CertificateAuthority, make_csr: Callable[[], str], message: str
) -> None:
    request = make_csr()
    with pytest.raises(InvalidCsr) as error:
        authority.sign(request)
    assert str(error.value) == message


def test_issued_chain_is_a_leaf_of_this_root(authority: CertificateAuthority, root: x509.Certificate) -> None:
    leaf, *rest = certificates(authority.issue("CS-0009"))
    assert rest == [root]
    assert leaf.subject.rfc4514_string() == "CN=CS-0009"
    leaf.verify_directly_issued_by(root)


def test_every_issued_leaf_has_a_new_key(authority: CertificateAuthority) -> None:
    first, second = (certificates(authority.issue("CS-0009"))[0] for _ in range(2))
    assert first.public_key() != second.public_key()


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_ocsp_response_is_good_for_the_requested_certificate(
    authority: CertificateAuthority, algorithm: str
) -> None:
    request = ocsp_request(algorithm)
    response = ocsp_response(authority, request)
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.hash_algorithm.name == algorithm.lower()
    assert response.issuer_name_hash == bytes.fromhex(request["issuerNameHash"])
    assert response.issuer_key_hash == bytes.fromhex(request["issuerKeyHash"])
    assert response.serial_number == int(request["serialNumber"], 16)


def test_ocsp_response_is_signed_by_the_root(authority: CertificateAuthority, root: x509.Certificate) -> None:
    response = ocsp_response(authority, ocsp_request())
    signature = (response.signature, response.tbs_response_bytes)
    public_key_of(root).verify(*signature, ec.ECDSA(hashes.SHA256()))
    assert response.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(root.public_key()).digest


def test_ocsp_response_is_valid_for_a_day_from_now(authority: CertificateAuthority) -> None:
    response = ocsp_response(authority, ocsp_request())
    assert timedelta(0) <= datetime.now(UTC) - response.this_update_utc < timedelta(minutes=1)
    assert response.next_update_utc == response.this_update_utc + timedelta(days=1)


@pytest.mark.parametrize("serial", ["1", "abc", "0abc", "f" * 40, "0" * 9 + "7f" * 20])
def test_ocsp_response_supports_serial_numbers_up_to_20_bytes(
    authority: CertificateAuthority, serial: str
) -> None:
    assert ocsp_response(authority, ocsp_request(serialNumber=serial)).serial_number == int(serial, 16)


def test_ocsp_response_fits_the_message(authority: CertificateAuthority) -> None:
    request = ocsp_request("SHA512", serialNumber="f" * 40)
    assert len(authority.ocsp_response(request)) <= MAX_OCSP_RESULT


@pytest.mark.parametrize(
    ("request_data", "message"),
    [
        pytest.param(
            ocsp_request(hashAlgorithm="SHA1"),
            "hashAlgorithm 'SHA1' is not one of SHA256, SHA384, SHA512",
            id="unsupported hash algorithm",
        ),
        pytest.param(
            ocsp_request(issuerNameHash="zz" * 32), "issuerNameHash is not hexadecimal", id="letters beyond f"
        ),
        pytest.param(
            ocsp_request(issuerKeyHash="0x" + "b2" * 31), "issuerKeyHash is not hexadecimal", id="prefix 0x"
        ),
        pytest.param(
            ocsp_request(issuerKeyHash=" " + "b2" * 31 + " "),
            "issuerKeyHash is not hexadecimal",
            id="spaces around a hash",
        ),
        pytest.param(
            ocsp_request(issuerKeyHash="b2" * 20),
            "issuerKeyHash has 40 digits, but a SHA256 hash has 64",
            id="hash of another algorithm",
        ),
        pytest.param(
            ocsp_request(issuerNameHash="a" * 63),
            "issuerNameHash has 63 digits, but a SHA256 hash has 64",
            id="odd number of digits",
        ),
        pytest.param(
            ocsp_request("SHA384", issuerNameHash="a1" * 32),
            "issuerNameHash has 64 digits, but a SHA384 hash has 96",
            id="hash too short for SHA384",
        ),
        pytest.param(
            {"hashAlgorithm": "SHA512"},
            "issuerNameHash has 0 digits, but a SHA512 hash has 128",
            id="missing hash",
        ),
        pytest.param(
            ocsp_request(serialNumber=""), "serialNumber is empty or zero", id="empty serial number"
        ),
        pytest.param(
            ocsp_request(serialNumber="00"), "serialNumber is empty or zero", id="serial number of zero"
        ),
        pytest.param(
            ocsp_request(serialNumber="-1"), "serialNumber is not hexadecimal", id="negative serial number"
        ),
        pytest.param(
            ocsp_request(serialNumber="0x1f"),
            "serialNumber is not hexadecimal",
            id="serial number with prefix 0x",
        ),
        pytest.param(
            ocsp_request(serialNumber="1" + "0" * 40),
            "serialNumber is longer than 20 bytes",
            id="serial number too long",
        ),
    ],
)
def test_invalid_ocsp_request_is_rejected(
    authority: CertificateAuthority, request_data: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidHashData) as error:
        authority.ocsp_response(request_data)
    assert str(error.value) == message


def test_hash_data_of_a_self_signed_certificate(root: x509.Certificate) -> None:
    assert hash_data(root.public_bytes(Encoding.PEM).decode()) == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hashlib.sha256(root.subject.public_bytes()).hexdigest(),
        "issuerKeyHash": hashlib.sha256(key_bits(root.public_key())).hexdigest(),
        "serialNumber": f"{root.serial_number:x}",
    }


def test_hash_data_of_a_chain_identifies_its_leaf_and_issuer(authority: CertificateAuthority) -> None:
    chain = authority.sign(csr_pem())
    leaf, root = certificates(chain)
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, root, hashes.SHA256()).build()
    assert hash_data(chain, authority.root_pem) == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{request.serial_number:x}",
    }


def test_hash_data_hashes_the_bits_of_an_rsa_issuers_key(authority: CertificateAuthority) -> None:
    chain = authority.sign(csr_pem(rsa.generate_private_key(65537, 2048)))
    rsa_key = certificates(chain)[0].public_key()
    assert hash_data(chain)["issuerKeyHash"] == hashlib.sha256(key_bits(rsa_key)).hexdigest()


def test_hash_data_serial_number_has_no_leading_zeros(authority: CertificateAuthority) -> None:
    key = p256_key()
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(SUBJECT, SUBJECT, key.public_key(), 0xABC, now, now + timedelta(days=1))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    assert hash_data(pem)["serialNumber"] == "abc"


def test_hash_data_can_be_used_in_an_ocsp_request(
    authority: CertificateAuthority, leaf: x509.Certificate
) -> None:
    request = hash_data(leaf.public_bytes(Encoding.PEM).decode(), authority.root_pem)
    assert ocsp_response(authority, request).serial_number == leaf.serial_number


def test_hash_data_rejects_an_invalid_certificate() -> None:
    with pytest.raises(ValueError, match="Unable to load PEM file"):
        hash_data("hello")


# Contract certificate chains


def issued(subject: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
           *, start: timedelta = timedelta(days=-1), end: timedelta = timedelta(days=1)
           ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:  # fmt: skip
    """Make a certificate and its key; without an issuer, it is self-signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    issuer_name, signing_key = (issuer[0].subject, issuer[1]) if issuer else (name, key)
    builder = x509.CertificateBuilder(issuer_name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now + start).not_valid_after(now + end)
    return builder.sign(signing_key, hashes.SHA256()), key


def chain_of(*certificates: x509.Certificate) -> str:
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def test_linked_chain_is_valid_in_any_order_after_the_leaf() -> None:
    root = issued("root")
    sub_ca = issued("sub CA", root)
    leaf = issued("leaf", sub_ca)

    for others in ((sub_ca[0], root[0]), (root[0], sub_ca[0]), (sub_ca[0],), ()):
        assert chain_state(chain_of(leaf[0], *others)) == "valid"


@pytest.mark.parametrize("position", range(3))
def test_chain_with_an_expired_certificate_anywhere_is_expired(position: int) -> None:
    ends = [timedelta(days=1)] * 3
    ends[position] = timedelta(hours=-1)
    root = issued("root", end=ends[2])
    sub_ca = issued("sub CA", root, end=ends[1])
    leaf = issued("leaf", sub_ca, end=ends[0])

    assert chain_state(chain_of(leaf[0], sub_ca[0], root[0])) == "expired"


def test_certificate_that_is_not_valid_yet_is_unverifiable() -> None:
    leaf, _ = issued("leaf", start=timedelta(hours=1))

    assert chain_state(chain_of(leaf)) == "unverifiable"


def test_chain_with_a_foreign_certificate_is_unverifiable() -> None:
    assert chain_state(chain_of(issued("leaf")[0], issued("stranger")[0])) == "unverifiable"


NOT_A_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("pem", ["", "x", "\u00e9", NOT_A_CERTIFICATE])
def test_unreadable_certificate_is_unverifiable(pem: str) -> None:
    assert chain_state(pem) == "unverifiable"
