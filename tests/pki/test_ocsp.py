"""OCSP responses: good, revoked and unknown certificates."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from mock_csms.pki import Pki
from tests.pki.samples import csr_pem, ocsp_request, ocsp_response, public_key_of

MAX_OCSP_RESULT = 5500


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_issued_certificate_is_good(pki: Pki, algorithm: str) -> None:
    request = pki.sign_csr(csr_pem()).hash_data(algorithm)
    response = ocsp_response(pki, request)
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.hash_algorithm.name == algorithm.lower()
    assert response.issuer_name_hash == bytes.fromhex(request["issuerNameHash"])
    assert response.issuer_key_hash == bytes.fromhex(request["issuerKeyHash"])
    assert response.serial_number == int(request["serialNumber"], 16)


@pytest.mark.parametrize("name", ["root", "intermediate", "server-ecdsa", "secc", "v2g-sub-ca-2", "contract"])
def test_certificate_of_the_pki_is_good(pki: Pki, name: str) -> None:
    response = ocsp_response(pki, pki.named(name).hash_data())
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD


def test_revoked_certificate_is_revoked_since_then() -> None:
    pki = Pki.in_memory()
    pki.revoke(pki.issue_client("CS1").name)
    response = ocsp_response(pki, pki.issue_client("CS1").hash_data())
    assert response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert response.revocation_time_utc is not None
    assert timedelta(0) <= datetime.now(UTC) - response.revocation_time_utc < timedelta(minutes=1)


def test_certificate_of_another_pki_is_unknown(pki: Pki) -> None:
    response = ocsp_response(pki, Pki.in_memory().named("secc").hash_data())
    assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_unused_serial_number_of_an_issuer_is_unknown(pki: Pki) -> None:
    request = {**pki.named("secc").hash_data(), "serialNumber": "1f"}
    assert ocsp_response(pki, request).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_serial_number_of_another_issuer_is_unknown(pki: Pki) -> None:
    serial = pki.named("contract").hash_data()["serialNumber"]
    request = {**pki.named("secc").hash_data(), "serialNumber": serial}
    assert ocsp_response(pki, request).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


@pytest.mark.parametrize(("name", "issuer"), [("secc", "v2g-sub-ca-2"), ("server-ecdsa", "intermediate")])
def test_response_is_signed_by_the_issuer(pki: Pki, name: str, issuer: str) -> None:
    response = ocsp_response(pki, pki.named(name).hash_data())
    ca = pki.named(issuer).certificate
    signature = (response.signature, response.tbs_response_bytes)
    public_key_of(ca).verify(*signature, ec.ECDSA(hashes.SHA256()))
    assert response.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(ca.public_key()).digest


def test_response_is_valid_for_a_day_from_now(pki: Pki) -> None:
    response = ocsp_response(pki, ocsp_request())
    assert timedelta(0) <= datetime.now(UTC) - response.this_update_utc < timedelta(minutes=1)
    assert response.next_update_utc == response.this_update_utc + timedelta(days=1)


@pytest.mark.parametrize("serial", ["1", "abc", "0abc", "f" * 40, "0" * 9 + "7f" * 20])
def test_serial_number_may_have_up_to_20_bytes(pki: Pki, serial: str) -> None:
    assert ocsp_response(pki, ocsp_request(serialNumber=serial)).serial_number == int(serial, 16)


def test_response_fits_the_message(pki: Pki) -> None:
    request = ocsp_request("SHA512", serialNumber="f" * 40)
    assert len(pki.ocsp_response(request)) <= MAX_OCSP_RESULT
