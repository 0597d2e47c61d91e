"""ISO 15118 certificate management: the cases TC_M_*_CSMS of Part 6."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from cryptography.x509 import ocsp
from ocpp.v201 import call, call_result

from mock_csms.pki import Pki
from tests.certification.steps import result_of
from tests.support.control import booted, driven
from tests.support.station import Station

CSMS_ROOT = "CSMSRootCertificate"
MANUFACTURER_ROOT = "ManufacturerRootCertificate"
V2G_ROOT = "V2GRootCertificate"
MO_ROOT = "MORootCertificate"
V2G_CHAIN = "V2GCertificateChain"

NAMES = {
    CSMS_ROOT: "root",
    MANUFACTURER_ROOT: "manufacturer-root",
    V2G_ROOT: "v2g-root",
    MO_ROOT: "mo-root",
    V2G_CHAIN: "secc",
}
"""Name in the PKI of the certificate for each type."""
ALGORITHMS = ("SHA256", "SHA384", "SHA512")


class Case:
    """A mock and a booted station."""

    def __init__(self, client: httpx.AsyncClient, station: Station, pki: Pki) -> None:
        self.client = client
        self.station = station
        self.pki = pki

    async def known_certificates(self) -> Any:
        """Certificates of the station that the mock knows."""
        return (await self.client.get("/v1/stations/CS1")).json()["certificates"]

    def chain(self, kind: str, algorithm: str = "SHA256") -> dict[str, Any]:
        """A CertificateHashDataChain of the configured certificate of a type, as the station sends it."""
        issued = self.pki.named(NAMES[kind])
        chain: dict[str, Any] = {
            "certificate_type": kind,
            "certificate_hash_data": snake_case(issued.hash_data(algorithm)),
        }
        if kind == V2G_CHAIN:
            sub_cas = [self.pki.named(name) for name in ("v2g-sub-ca-2", "v2g-sub-ca-1")]
            chain["child_certificate_hash_data"] = [snake_case(ca.hash_data(algorithm)) for ca in sub_cas]
        return chain

    def has_installed(self, *chains: dict[str, Any]) -> None:
        """Set the certificates that the station lists; without any, it answers NotFound."""
        status = "Accepted" if chains else "NotFound"
        self.station.answers["GetInstalledCertificateIds"] = lambda **_: (
            call_result.GetInstalledCertificateIds(status, certificate_hash_data_chain=list(chains) or None)
        )

    def answers(self, action: str, status: str) -> None:
        """Set the status with which the station answers a command."""
        self.station.answers[action] = lambda **_: getattr(call_result, action)(status=status)


def snake_case(names: dict[str, str]) -> dict[str, str]:
    """Hash data with the names that the `ocpp` library uses."""
    renamed = {
        "hashAlgorithm": "hash_algorithm",
        "issuerNameHash": "issuer_name_hash",
        "issuerKeyHash": "issuer_key_hash",
        "serialNumber": "serial_number",
    }
    return {renamed[name]: value for name, value in names.items()}


@asynccontextmanager
async def case() -> AsyncIterator[Case]:
    """Serve a booted station."""
    async with driven() as (csms, client), booted(csms) as station:
        yield Case(client, station, csms.authority)


# Installation


async def install(mock: Case, kind: str, status: str = "Accepted") -> None:
    """The reusable state CertificateInstalled, or an installation with another status."""
    mock.answers("InstallCertificate", status)
    payload = {"certificateType": kind, "certificate": f"{{{{certificate.{NAMES[kind]}}}}}"}
    assert await result_of(mock.client, "InstallCertificate", payload) == {"status": status}
    received = await mock.station.next("InstallCertificate")
    assert received == {
        "certificate_type": kind,
        "certificate": mock.pki.named(NAMES[kind]).certificate_pem,
    }


async def test_tc_m_01_csms_csms_root_certificate_is_installed() -> None:
    async with case() as mock:
        await install(mock, CSMS_ROOT)


async def test_tc_m_02_csms_manufacturer_root_certificate_is_installed() -> None:
    async with case() as mock:
        await install(mock, MANUFACTURER_ROOT)


async def test_tc_m_03_csms_v2g_root_certificate_is_installed() -> None:
    async with case() as mock:
        await install(mock, V2G_ROOT)


async def test_tc_m_04_csms_mo_root_certificate_is_installed() -> None:
    async with case() as mock:
        await install(mock, MO_ROOT)


async def test_tc_m_05_csms_failed_installation_is_reported() -> None:
    async with case() as mock:
        await install(mock, CSMS_ROOT, "Failed")


# List of certificates


async def list_certificates(mock: Case, kinds: Sequence[str], algorithm: str = "SHA256") -> None:
    """The reusable state GetInstalledCertificates."""
    chains = [mock.chain(kind, algorithm) for kind in kinds]
    mock.has_installed(*chains)
    payload = {"certificateType": list(kinds)}
    answer = await result_of(mock.client, "GetInstalledCertificateIds", payload)
    assert await mock.station.next("GetInstalledCertificateIds") == {"certificate_type": list(kinds)}
    assert answer["status"] == "Accepted"
    listed = answer["certificateHashDataChain"]
    assert [chain["certificateType"] for chain in listed] == list(kinds)
    expected = [mock.pki.named(NAMES[kind]).hash_data(algorithm) for kind in kinds]
    assert [chain["certificateHashData"] for chain in listed] == expected
    assert await mock.known_certificates() == listed


async def test_tc_m_12_csms_csms_root_certificates_are_listed_with_each_hash_algorithm() -> None:
    async with case() as mock:
        for algorithm in ALGORITHMS:
            await list_certificates(mock, [CSMS_ROOT], algorithm)


async def test_tc_m_13_csms_manufacturer_root_certificates_are_listed() -> None:
    async with case() as mock:
        await list_certificates(mock, [MANUFACTURER_ROOT])


async def test_tc_m_14_csms_v2g_root_certificates_are_listed() -> None:
    async with case() as mock:
        await list_certificates(mock, [V2G_ROOT])


async def test_tc_m_15_csms_v2g_certificate_chain_is_listed() -> None:
    async with case() as mock:
        await list_certificates(mock, [V2G_CHAIN])
        [chain] = await mock.known_certificates()
        assert len(chain["childCertificateHashData"]) == 2


async def test_tc_m_16_csms_mo_root_certificates_are_listed() -> None:
    async with case() as mock:
        await list_certificates(mock, [MO_ROOT])


async def test_tc_m_17_csms_certificates_of_two_types_are_listed() -> None:
    async with case() as mock:
        await list_certificates(mock, [CSMS_ROOT, MANUFACTURER_ROOT])


async def test_tc_m_18_csms_certificates_of_all_types_are_listed() -> None:
    async with case() as mock:
        mock.has_installed(*map(mock.chain, NAMES))
        answer = await result_of(mock.client, "GetInstalledCertificateIds")
        assert await mock.station.next("GetInstalledCertificateIds") == {}
        assert await mock.known_certificates() == answer["certificateHashDataChain"]
        assert len(answer["certificateHashDataChain"]) == len(NAMES)


async def test_tc_m_19_csms_no_matching_certificate_is_reported() -> None:
    async with case() as mock:
        mock.has_installed()
        payload = {"certificateType": [MANUFACTURER_ROOT]}
        answer = await result_of(mock.client, "GetInstalledCertificateIds", payload)
        assert await mock.station.next("GetInstalledCertificateIds") == {
            "certificate_type": [MANUFACTURER_ROOT]
        }
        assert answer == {"status": "NotFound"}
        assert await mock.known_certificates() == []


# Deletion


async def delete(mock: Case, algorithm: str, status: str) -> None:
    """List the CSMS root certificate, and delete it by the hash data in the list."""
    chain = mock.chain(CSMS_ROOT, algorithm)
    mock.has_installed(chain)
    await result_of(mock.client, "GetInstalledCertificateIds")
    assert await mock.station.next("GetInstalledCertificateIds") == {}
    mock.answers("DeleteCertificate", status)
    assert await result_of(mock.client, "DeleteCertificate") == {"status": status}
    received = await mock.station.next("DeleteCertificate")
    assert received == {"certificate_hash_data": chain["certificate_hash_data"]}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_tc_m_20_csms_certificate_is_deleted_by_its_listed_hash_data(algorithm: str) -> None:
    async with case() as mock:
        await install(mock, CSMS_ROOT)
        await delete(mock, algorithm, "Accepted")
        assert await mock.known_certificates() == []


async def test_tc_m_21_csms_failed_deletion_leaves_the_certificate() -> None:
    async with case() as mock:
        await install(mock, CSMS_ROOT)
        await delete(mock, "SHA256", "Failed")
        assert len(await mock.known_certificates()) == 1


# Status of certificates


async def test_tc_m_24_csms_status_of_each_sub_ca_is_answered_by_ocsp() -> None:
    async with case() as mock:
        for name in ("v2g-sub-ca-2", "v2g-sub-ca-1"):
            sub_ca = mock.pki.named(name)
            data = {**snake_case(sub_ca.hash_data()), "responder_url": "http://ocsp.example.com"}
            answer = await mock.station.send(call.GetCertificateStatus(ocsp_request_data=data))
            assert answer.status == "Accepted"
            response = ocsp.load_der_ocsp_response(base64.b64decode(answer.ocsp_result, validate=True))
            assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
            assert response.serial_number == sub_ca.certificate.serial_number
            assert response.certificate_status is ocsp.OCSPCertStatus.GOOD


# Certificates of EVs


async def ev_certificate(mock: Case, action: str) -> bytes:
    """Request a certificate for an EV, and return the exiResponse."""
    request = call.Get15118EVCertificate(
        iso15118_schema_version="urn:iso:15118:2:2013:MsgDef", action=action, exi_request="RVhJ"
    )
    answer = await mock.station.send(request)
    assert answer.status == "Accepted"
    return base64.b64decode(answer.exi_response, validate=True)


async def test_tc_m_26_csms_certificate_of_an_ev_is_installed() -> None:
    async with case() as mock:
        assert await ev_certificate(mock, "Install")


async def test_tc_m_28_csms_certificate_of_an_ev_is_updated() -> None:
    async with case() as mock:
        assert await ev_certificate(mock, "Update")
