"""Hash data of certificates, and the check of received hash data."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp

from mock_csms.pki import InvalidHashData, Pki
from mock_csms.pki.hash_data import HASH_ALGORITHMS, check_hash_data, hash_data, issuer_hashes
from tests.pki.samples import SUBJECT, csr_pem, key_bits, ocsp_request, p256_key


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


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
def test_invalid_hash_data_is_rejected(request_data: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidHashData) as error:
        check_hash_data(request_data)
    assert str(error.value) == message


def test_hash_data_of_a_self_signed_certificate(pki: Pki) -> None:
    root = pki.named("root").certificate
    assert hash_data(root) == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hashlib.sha256(root.subject.public_bytes()).hexdigest(),
        "issuerKeyHash": hashlib.sha256(key_bits(root.public_key())).hexdigest(),
        "serialNumber": f"{root.serial_number:x}",
    }


@pytest.mark.parametrize("algorithm", HASH_ALGORITHMS)
def test_hash_data_equals_that_of_an_ocsp_request(pki: Pki, algorithm: str) -> None:
    issued = pki.sign_csr(csr_pem())
    builder = ocsp.OCSPRequestBuilder()
    request = builder.add_certificate(issued.certificate, issued.issuer, HASH_ALGORITHMS[algorithm]).build()
    assert issued.hash_data(algorithm) == {
        "hashAlgorithm": algorithm,
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{request.serial_number:x}",
    }


def test_hash_data_hashes_the_bits_of_an_rsa_key(pki: Pki) -> None:
    certificate = pki.sign_csr(csr_pem(rsa.generate_private_key(65537, 2048))).certificate
    key_hash = hashlib.sha256(key_bits(certificate.public_key())).digest()
    assert issuer_hashes(certificate, "SHA256")[1] == key_hash


def test_hash_data_serial_number_has_no_leading_zeros() -> None:
    key = p256_key()
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(SUBJECT, SUBJECT, key.public_key(), 0xABC, now, now + timedelta(days=1))
    assert hash_data(builder.sign(key, hashes.SHA256()))["serialNumber"] == "abc"
