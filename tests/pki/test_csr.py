"""Accepted and rejected certificate signing requests."""

import base64
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from mock_csms.pki import InvalidCsr, Pki
from mock_csms.pki.csr import read_csr
from tests.pki.samples import NAMES, SUBJECT, csr_pem


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


def csr_of_digest(last_byte: int) -> str:
    """A CSR whose signature algorithm is altered to RSA with another digest, by its OID (RFC 8017 A.2.4)."""
    der = x509.load_pem_x509_csr(csr_pem(rsa.generate_private_key(65537, 2048)).encode()).public_bytes(
        Encoding.DER
    )
    of_rsa = bytes.fromhex("2a864886f70d0101")
    assert der.count(of_rsa + b"\x0b") == 1
    return der_to_pem(der.replace(of_rsa + b"\x0b", of_rsa + bytes([last_byte])))


def csr_with_unreadable_alternative_name() -> str:
    """A CSR whose alternative name is an IP address of three bytes, which is invalid."""
    extension = x509.UnrecognizedExtension(NAMES.oid, bytes.fromhex("3005870301020a"))
    return csr_pem(extension=extension)


def test_request_is_read_with_its_subject_and_names() -> None:
    request = read_csr(csr_pem(names=NAMES))
    assert request.subject == SUBJECT
    assert request.alternative_names == NAMES


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP224R1()), rsa.generate_private_key(65537, 2048)]
)
def test_shortest_allowed_keys_are_accepted(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    assert read_csr(csr_pem(key)).public_key == key.public_key()


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
            lambda: Pki.in_memory().root_pem,
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
            lambda: csr_of_digest(5),
            "the CSR is signed with SHA1, which is broken; sign it with SHA-256",
            id="SHA-1",
        ),
        pytest.param(
            lambda: csr_of_digest(4),
            "the CSR is signed with MD5, which is broken; sign it with SHA-256",
            id="MD5",
        ),
        pytest.param(
            lambda: csr_of_digest(0x7F),
            "the CSR's signature algorithm is not supported; sign it with SHA-256",
            id="unknown digest",
        ),
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
def test_unacceptable_csr_is_rejected(make_csr: Callable[[], str], message: str) -> None:
    request = make_csr()
    with pytest.raises(InvalidCsr) as error:
        read_csr(request)
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["CS-0001", "cs-0001"])
def test_common_name_matches_in_any_case(name: str) -> None:
    read_csr(csr_pem(), common_names=["SN1", name])


def test_common_name_of_another_station_is_rejected() -> None:
    with pytest.raises(InvalidCsr, match="the CSR's CN is 'CS-0001', not CS-0002 or SN2"):
        read_csr(csr_pem(), common_names=["CS-0002", "SN2"])


def test_too_long_country_gets_no_python_warning() -> None:
    organization_as_country = altered_csr(b"\x55\x04\x0a", b"\x55\x04\x06")
    with pytest.raises(InvalidCsr, match="the CSR's signature is not valid"):
        read_csr(organization_as_country)


def test_subject_without_common_name_is_rejected_if_one_is_expected() -> None:
    with pytest.raises(InvalidCsr, match="the CSR's subject has no CN; it must be CS-0001"):
        read_csr(csr_pem(subject=x509.Name([])), common_names=["CS-0001"])


def test_organization_of_the_request_is_accepted() -> None:
    read_csr(csr_pem(), organization="Station Maker")


@pytest.mark.parametrize(("subject", "written"), [(SUBJECT, "'Station Maker'"), (x509.Name([]), "missing")])
def test_other_organization_is_rejected(subject: x509.Name, written: str) -> None:
    with pytest.raises(InvalidCsr, match=f"the CSR's O is {written}, not Operator"):
        read_csr(csr_pem(subject=subject), organization="Operator")
