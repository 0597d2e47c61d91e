"""Certificate management: the cases TC_M_*_CSMS of Part 6, with their errata."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call, call_result

from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.v201.installed_certificates import ROOT_OF_TYPE
from tests.support.station import Station
from tests.support.station_case import StationCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALGORITHMS = ["SHA256", "SHA384", "SHA512"]
EXI_REQUEST = base64.b64encode(b"request of the vehicle").decode()
ISO_15118_2 = "urn:iso:15118:2:2013:MsgDef"


def entry(csms: Csms, kind: str, algorithm: str = "SHA256") -> JsonObject:
    """CertificateHashDataChainType of a root or, for V2GCertificateChain, of the chain of the SECC."""
    name = ROOT_OF_TYPE.get(kind, "secc")
    data: JsonObject = {
        "certificateType": kind,
        "certificateHashData": csms.authority.named(name).hash_data(algorithm),
    }
    if name == "secc":  # M03.FR.05
        sub_cas = (csms.authority.named(f"v2g-sub-ca-{number}") for number in (2, 1))
        data["childCertificateHashData"] = [sub_ca.hash_data(algorithm) for sub_ca in sub_cas]
    return data


def list_certificates(station: Station, entries: list[JsonObject]) -> None:
    """Make the station answer GetInstalledCertificateIds with these entries."""
    answer = call_result.GetInstalledCertificateIds(
        status="Accepted" if entries else "NotFound",
        certificate_hash_data_chain=camel_to_snake_case(entries) or None,
    )
    station.answers["GetInstalledCertificateIds"] = lambda **_: answer


async def shown(case: StationCase) -> Any:
    """The certificates of the station as the mock shows them."""
    return (await case.state())["certificates"]


# Install a CA certificate (M05)


async def installs(case: StationCase, kind: str) -> None:
    """Reach the reusable state CertificateInstalled."""
    await case.configure(install_certificate=ROOT_OF_TYPE[kind])
    async with case.booted() as station:
        installed, answer = await case.exchange(station, "InstallCertificate")
    root = case.csms.authority.named(ROOT_OF_TYPE[kind]).certificate
    assert installed["certificateType"] == kind
    assert x509.load_pem_x509_certificate(installed["certificate"].encode()) == root
    assert answer == {"status": "Accepted"}


async def test_tc_m_01_csms_root_certificate_of_the_csms_is_installed(case: StationCase) -> None:
    await installs(case, "CSMSRootCertificate")


async def test_tc_m_02_csms_root_certificate_of_the_manufacturer_is_installed(case: StationCase) -> None:
    await installs(case, "ManufacturerRootCertificate")


async def test_tc_m_03_csms_v2g_root_certificate_is_installed(case: StationCase) -> None:
    await installs(case, "V2GRootCertificate")


async def test_tc_m_04_csms_mo_root_certificate_is_installed(case: StationCase) -> None:
    await installs(case, "MORootCertificate")


async def test_tc_m_05_csms_failed_installation_is_handled(case: StationCase) -> None:
    async with case.booted() as station:
        station.answers["InstallCertificate"] = lambda **_: call_result.InstallCertificate("Failed")
        installed, answer = await case.exchange(station, "InstallCertificate")
        assert installed["certificateType"] == "CSMSRootCertificate"
        assert answer == {"status": "Failed"}
        deletion = await case.send("DeleteCertificate")
        assert "does not have the certificate root" in deletion.json()["detail"]
        assert (await station.send(call.Heartbeat())).current_time


# Retrieve the installed certificates (M03)


async def retrieve(case: StationCase, station: Station, kinds: list[str], algorithm: str) -> Any:
    """Make the mock request the certificates of these types; return them as it shows them."""
    list_certificates(station, [entry(case.csms, kind, algorithm) for kind in kinds])
    payload = {"certificateType": kinds}
    request, _ = await case.exchange(station, "GetInstalledCertificateIds", payload)
    assert request == payload
    return await shown(case)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_tc_m_12_csms_csms_root_certificates_are_retrieved_with_each_hash(
    case: StationCase, algorithm: str
) -> None:
    kind = "CSMSRootCertificate"
    async with case.booted() as station:
        assert await retrieve(case, station, [kind], algorithm) == [entry(case.csms, kind, algorithm)]


async def retrieves(case: StationCase, *kinds: str) -> None:
    """Reach the reusable state GetInstalledCertificates, for one type or several."""
    async with case.booted() as station:
        certificates = await retrieve(case, station, list(kinds), "SHA256")
    assert certificates == [entry(case.csms, kind) for kind in kinds]


async def test_tc_m_13_csms_root_certificates_of_the_manufacturer_are_retrieved(case: StationCase) -> None:
    await retrieves(case, "ManufacturerRootCertificate")


async def test_tc_m_14_csms_v2g_root_certificates_are_retrieved(case: StationCase) -> None:
    await retrieves(case, "V2GRootCertificate")


async def test_tc_m_15_csms_v2g_certificate_chain_is_retrieved(case: StationCase) -> None:
    await retrieves(case, "V2GCertificateChain")


async def test_tc_m_16_csms_mo_root_certificates_are_retrieved(case: StationCase) -> None:
    await retrieves(case, "MORootCertificate")


async def test_tc_m_17_csms_certificates_of_two_types_are_retrieved(case: StationCase) -> None:
    await retrieves(case, "CSMSRootCertificate", "ManufacturerRootCertificate")


async def test_tc_m_18_csms_certificates_of_all_types_are_retrieved(case: StationCase) -> None:
    entries = [entry(case.csms, kind) for kind in (*ROOT_OF_TYPE, "V2GCertificateChain")]
    async with case.booted() as station:
        list_certificates(station, entries)
        request, _ = await case.exchange(station, "GetInstalledCertificateIds")
        assert request == {}
        assert await shown(case) == entries


async def test_tc_m_19_csms_station_without_a_matching_certificate_is_handled(case: StationCase) -> None:
    payload = {"certificateType": ["ManufacturerRootCertificate"]}
    async with case.booted() as station:
        list_certificates(station, [])
        request, answer = await case.exchange(station, "GetInstalledCertificateIds", payload)
        assert request == payload
        assert answer == {"status": "NotFound"}
        assert await shown(case) == []


# Delete a certificate (M04)


async def delete_listed(case: StationCase, station: Station, algorithm: str) -> JsonObject:
    """Make the mock ask the station for its certificates, then tell it to delete the mock's root certificate.

    Return the station's answer to the DeleteCertificate.
    """
    listed = entry(case.csms, "CSMSRootCertificate", algorithm)
    list_certificates(station, [listed])
    await case.result_of("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]})
    request, answer = await case.exchange(station, "DeleteCertificate")
    assert request["certificateHashData"] == listed["certificateHashData"]
    return answer


@pytest.mark.also_covers("M04.FR.07")
async def test_tc_m_20_csms_certificate_is_deleted_with_the_hash_that_the_station_uses(
    case: StationCase,
) -> None:
    async with case.booted() as station:
        for algorithm in ALGORITHMS:
            await case.result_of("InstallCertificate")
            assert await delete_listed(case, station, algorithm) == {"status": "Accepted"}


async def test_tc_m_21_csms_failed_deletion_is_handled(case: StationCase) -> None:
    async with case.booted() as station:
        await case.result_of("InstallCertificate")
        station.answers["DeleteCertificate"] = lambda **_: call_result.DeleteCertificate(status="Failed")
        assert await delete_listed(case, station, "SHA256") == {"status": "Failed"}
        assert await shown(case) == [entry(case.csms, "CSMSRootCertificate")]


# Status of a certificate (M06)


@pytest.mark.also_covers("M06.FR.01", "M06.FR.02", "M06.FR.03", "M06.FR.08", "M06.FR.09")
async def test_tc_m_24_csms_status_of_each_certificate_of_the_chain_is_returned(case: StationCase) -> None:
    async with case.booted() as station:
        for name in ("secc", "v2g-sub-ca-2", "v2g-sub-ca-1"):
            data = {**case.csms.authority.named(name).hash_data(), "responderURL": "http://ocsp.invalid/"}
            answer = await station.send(call.GetCertificateStatus(camel_to_snake_case(data)))
            response = ocsp.load_der_ocsp_response(base64.b64decode(answer.ocsp_result, validate=True))
            assert answer.status == "Accepted"
            assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
            assert f"{response.serial_number:x}" == data["serialNumber"]


# Certificates of vehicles (M01, M02)


async def gets_certificate(case: StationCase, action: str) -> None:
    """Request a certificate for a vehicle; the mock answers with the configured EXI response."""
    exi_response = base64.b64encode(b"response for the vehicle").decode()
    await case.configure(exi_response=exi_response)
    async with case.booted() as station:
        request = call.Get15118EVCertificate(
            iso15118_schema_version=ISO_15118_2, action=action, exi_request=EXI_REQUEST
        )
        answer = await station.send(request)
    assert (answer.status, answer.exi_response) == ("Accepted", exi_response)


async def test_tc_m_26_csms_certificate_is_installed_in_a_vehicle(case: StationCase) -> None:
    await gets_certificate(case, "Install")


async def test_tc_m_28_csms_certificate_of_a_vehicle_is_updated(case: StationCase) -> None:
    await gets_certificate(case, "Update")
