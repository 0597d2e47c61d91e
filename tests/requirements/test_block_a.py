"""Security: the requirements of block A for a central system."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from ocpp.v201 import call

from mock_csms.pki import Pki
from mock_csms.pki.blueprints import ORGANIZATION
from tests.certification.steps import boots_and_reports_connectors
from tests.pki.samples import csr_pem
from tests.support.certificates import build_csr
from tests.support.secured import (
    files_of,
    refused_in_tls,
    refused_status,
    station_context,
    with_password,
)
from tests.support.secured_case import PASSWORD, secured
from tests.support.station import no_command_follows
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")


# Security profiles (A00)


@pytest.mark.also_covers("A00.FR.001", "A00.FR.207")
async def test_a00_fr_002_any_station_is_accepted_by_default(case: StationCase) -> None:
    async with case.connected(**with_password("any-password", "any-user")) as station:
        assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("A00.FR.001")
async def test_a00_fr_002_station_with_another_profile_than_1_is_refused(pki: Pki) -> None:
    async with secured(1, pki) as mock:
        assert await refused_status(mock.url) == HTTPStatus.UNAUTHORIZED
        await refused_in_tls(mock.url.replace("ws:", "wss:"), station_context(pki.root_pem))


@pytest.mark.also_covers("A00.FR.001", "A00.FR.312")
async def test_a00_fr_002_station_with_another_profile_than_2_is_refused(pki: Pki) -> None:
    async with secured(2, pki) as mock:
        plain, certificate = f"ws://{mock.csms.address}", files_of(pki.issue_client("CS1"))
        assert await refused_status(plain, **with_password(PASSWORD)) == HTTPStatus.FORBIDDEN
        context = station_context(pki.root_pem, certificate)
        assert await refused_status(mock.url, ssl=context) == HTTPStatus.UNAUTHORIZED


@pytest.mark.also_covers("A00.FR.001", "A00.FR.407", "A00.FR.415")
async def test_a00_fr_002_station_with_another_profile_than_3_is_refused(pki: Pki) -> None:
    async with secured(3, pki) as mock:
        plain = f"ws://{mock.csms.address}"
        assert await refused_status(plain, **with_password(PASSWORD)) == HTTPStatus.FORBIDDEN
        await refused_in_tls(mock.url, station_context(pki.root_pem), **with_password(PASSWORD))


@pytest.mark.parametrize(
    ("security_profile", "suite"),
    [
        pytest.param(2, "NULL-SHA256", marks=pytest.mark.also_covers("A00.FR.320")),
        pytest.param(3, "NULL-SHA256", marks=pytest.mark.also_covers("A00.FR.423", "A00.FR.425")),
        pytest.param(2, "AES128-SHA"),
    ],
)
async def test_a00_fr_322_station_with_an_unfit_cipher_suite_only_is_refused(
    security_profile: int, suite: str, pki: Pki
) -> None:
    async with secured(security_profile, pki) as mock:
        options = mock.options(suite=f"{suite}:@SECLEVEL=0")
        await refused_in_tls(mock.url, options.pop("ssl"), **options)
        async with mock.connected() as station:
            assert await boots_and_reports_connectors(station)


async def test_a00_fr_404_client_certificate_must_name_the_organization_if_configured(pki: Pki) -> None:
    async with secured(3, pki) as mock, mock.connected() as station:
        assert await boots_and_reports_connectors(station)
    async with secured(3, pki, client_organization=ORGANIZATION) as mock, mock.connected() as station:
        assert await boots_and_reports_connectors(station)
    async with secured(3, pki, client_organization="Example CSO") as mock:
        assert await refused_status(mock.url, **mock.options()) == HTTPStatus.FORBIDDEN


# Certificates of stations (A02, A03)


@pytest.mark.also_covers("A02.FR.11", "A02.FR.14", "A03.FR.14")
@pytest.mark.parametrize("certificate_type", ["ChargingStationCertificate", "V2GCertificate"])
async def test_a03_fr_11_csr_of_the_station_is_signed(case: StationCase, certificate_type: str) -> None:
    async with case.booted() as station:
        request = call.SignCertificate(csr=build_csr(case.station_id), certificate_type=certificate_type)
        assert (await station.send(request)).status == "Accepted"
        assert (await station.next("CertificateSigned"))["certificate_type"] == certificate_type


@pytest.mark.also_covers("A03.FR.12")
@pytest.mark.parametrize(
    ("csr", "reason"),
    [
        pytest.param(lambda: "not a CSR", "not a readable PKCS#10 request", id="unreadable"),
        pytest.param(
            lambda: csr_pem(rsa.generate_private_key(65537, 1024)),
            "RSA key has 1024 bits",
            marks=pytest.mark.also_covers("A00.FR.501", "A00.FR.502"),
            id="RSA 1024",
        ),
        pytest.param(
            lambda: csr_pem(ec.generate_private_key(ec.SECP192R1())),
            "EC key has 192 bits",
            marks=pytest.mark.also_covers("A00.FR.501", "A00.FR.503"),
            id="EC 192",
        ),
    ],
)
async def test_a02_fr_12_csr_that_cannot_be_signed_is_rejected(
    case: StationCase, csr: Callable[[], str], reason: str
) -> None:
    async with case.booted() as station:
        answer = await station.send(call.SignCertificate(csr=csr()))
        assert answer.status == "Rejected"
        assert reason in answer.status_info["additional_info"]
        assert await no_command_follows(station)
