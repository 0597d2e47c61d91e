"""Certificate management: the requirements for a central system."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call

from mock_csms.messages import JsonObject
from tests.support.station import Station
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNUSED_URL = "http://127.0.0.1:1/"
"""URL at which no responder listens."""


async def installed(case: StationCase, station: Station) -> x509.Certificate:
    """Send the InstallCertificate that the settings define, and return its certificate."""
    request, _ = await case.exchange(station, "InstallCertificate")
    assert request["certificateType"] == "CSMSRootCertificate"
    return x509.load_pem_x509_certificate(request["certificate"].encode())


async def test_m05_fr_10_root_signed_by_the_old_root_is_installed_if_configured(case: StationCase) -> None:
    async with case.booted() as station:
        old = await installed(case, station)
        old.verify_directly_issued_by(old)
        await case.configure(install_certificate="second-root")
        new = await installed(case, station)
    assert new.subject != old.subject
    new.verify_directly_issued_by(old)


async def test_m06_fr_04_status_is_failed_without_a_response_of_the_responder(case: StationCase) -> None:
    """Only with ``--ocsp ask``; by default, the OCSP result for a certificate of another CA is unknown."""
    data = {**case.csms.authority.named("secc").hash_data(), "responderURL": UNUSED_URL}
    of_another_ca = data | {"issuerNameHash": "00" * 32, "issuerKeyHash": "00" * 32}
    async with case.booted() as station:
        answer = await status_of(station, of_another_ca)
        response = ocsp.load_der_ocsp_response(base64.b64decode(answer.ocsp_result))
        assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
        await case.configure(ocsp="ask")
        for hash_data in (of_another_ca, data | {"issuerNameHash": "no hash"}):
            answer = await status_of(station, hash_data)
            assert (answer.status, answer.ocsp_result) == ("Failed", None)


async def status_of(station: Station, hash_data: JsonObject) -> Any:
    """Send a GetCertificateStatus with this hash data, and return the response."""
    return await station.send(call.GetCertificateStatus(camel_to_snake_case(hash_data)))
