"""The OCSP responder over HTTP: requests in DER and responses to well-formed and malformed ones."""

import base64
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from mock_csms.pki import Issued, Pki
from mock_csms.pki.responder import MAX_NONCE_BYTES, MAX_REQUEST_BYTES, answer_ocsp
from tests.pki.openssl import needs_openssl, openssl


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


def request_about(
    issued: Issued, algorithm: hashes.HashAlgorithm | None = None, nonce: bytes | None = None
) -> bytes:
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(issued.certificate, issued.issuer, algorithm or hashes.SHA1())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def answer(pki: Pki, request: bytes | str) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(answer_ocsp(pki, request))


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
@pytest.mark.parametrize("is_get", [True, False])
def test_issued_certificate_is_good(pki: Pki, algorithm: hashes.HashAlgorithm, is_get: bool) -> None:
    request = request_about(pki.named("secc"), algorithm)
    response = answer(pki, base64.b64encode(request).decode() if is_get else request)
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.serial_number == pki.named("secc").certificate.serial_number
    assert response.hash_algorithm.name == algorithm.name


def test_revoked_certificate_is_revoked() -> None:
    pki = Pki.in_memory()
    client = pki.issue_client("CS1")
    pki.revoke("CS1")
    assert answer(pki, request_about(client)).certificate_status is ocsp.OCSPCertStatus.REVOKED


def test_nonce_is_repeated(pki: Pki) -> None:
    response = answer(pki, request_about(pki.named("secc"), nonce=b"n" * 16))
    assert response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16


def test_response_without_a_nonce_in_the_request_has_none(pki: Pki) -> None:
    assert not list(answer(pki, request_about(pki.named("secc"))).extensions)


def test_certificate_of_another_ca_is_unauthorized(pki: Pki) -> None:
    response = answer(pki, request_about(Pki.in_memory().named("secc")))
    assert response.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "request_data",
    [
        b"",
        b"x",
        b"\x30\x80",
        b"\x30" * MAX_REQUEST_BYTES,
        b"\0" * (MAX_REQUEST_BYTES + 1),
        "",
        "x",
        "%",
        "\udc80",
    ],
)
def test_malformed_request_is_answered_as_such(pki: Pki, request_data: bytes | str) -> None:
    assert answer(pki, request_data).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@needs_openssl
def test_request_about_several_certificates_is_answered_with_an_error(pki: Pki, tmp_path: Path) -> None:
    (tmp_path / "issuer").write_text(pki.named("intermediate").certificate_pem)
    (tmp_path / "certificate").write_text(pki.issue_client("CS1").certificate_pem)
    openssl(
        tmp_path,
        *["ocsp", "-issuer", "issuer", "-cert", "certificate", "-cert", "certificate", "-reqout", "request"],
    )
    response = answer(pki, (tmp_path / "request").read_bytes())
    assert response.response_status is ocsp.OCSPResponseStatus.INTERNAL_ERROR


def test_too_long_nonce_is_malformed(pki: Pki) -> None:
    request = request_about(pki.named("secc"), nonce=b"n" * (MAX_NONCE_BYTES + 1))
    assert answer(pki, request).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_every_cut_and_flip_of_a_request_gets_an_answer(pki: Pki) -> None:
    request = request_about(pki.named("secc"), nonce=b"nonce")
    for position in range(len(request)):
        flipped = bytearray(request)
        flipped[position] ^= 0x21
        assert answer(pki, bytes(flipped))
        assert answer(pki, request[:position])
