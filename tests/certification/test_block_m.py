"""Certificate management: the cases TC_M_*_CSMS of Part 6, with their errata."""

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.v201 import call, call_result

from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.v201.installed_certificates import ROOT_OF_TYPE
from tests.certification.steps import result_of
from tests.support.control import booted, driven, send_command
from tests.support.station import Station

ALGORITHMS = ["SHA256", "SHA384", "SHA512"]
EXI_REQUEST = base64.b64encode(b"request of the vehicle").decode()
ISO_15118_2 = "urn:iso:15118:2:2013:MsgDef"


def entry(csms: Csms, kind: str, algorithm: str = "SHA256") -> JsonObject:
    """CertificateHashDataChainType of the root certificate for a type, or of the SECC's chain."""
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
    """Make a station list these certificates when it is asked for its certificates."""
    answer = call_result.GetInstalledCertificateIds(
        status="Accepted" if entries else "NotFound",
        certificate_hash_data_chain=camel_to_snake_case(entries) or None,
    )
    station.answers["GetInstalledCertificateIds"] = lambda **_: answer


# Install a CA certificate (M05)


async def installs(kind: str) -> None:
    """The reusable state CertificateInstalled."""
    async with driven(install_certificate=ROOT_OF_TYPE[kind]) as (csms, client), booted(csms) as station:
        answer = await result_of(client, "InstallCertificate")
        installed = await station.next("InstallCertificate")
        root = csms.authority.named(ROOT_OF_TYPE[kind]).certificate
    assert installed["certificate_type"] == kind
    assert x509.load_pem_x509_certificate(installed["certificate"].encode()) == root
    assert answer == {"status": "Accepted"}


async def test_tc_m_01_csms_root_certificate_of_the_csms_is_installed() -> None:
    await installs("CSMSRootCertificate")


async def test_tc_m_02_csms_root_certificate_of_the_manufacturer_is_installed() -> None:
    await installs("ManufacturerRootCertificate")


async def test_tc_m_03_csms_v2g_root_certificate_is_installed() -> None:
    await installs("V2GRootCertificate")


async def test_tc_m_04_csms_mo_root_certificate_is_installed() -> None:
    await installs("MORootCertificate")


async def test_tc_m_05_csms_failed_installation_is_handled() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        station.answers["InstallCertificate"] = lambda **_: call_result.InstallCertificate("Failed")
        answer = (await send_command(client, "CS1", "InstallCertificate")).json()
        assert (await station.next("InstallCertificate"))["certificate_type"] == "CSMSRootCertificate"
        assert answer["payload"] == {"status": "Failed"}
        deletion = await send_command(client, "CS1", "DeleteCertificate")
        assert "does not have the certificate root" in deletion.json()["detail"]
        assert (await station.send(call.Heartbeat())).current_time


# Retrieve the installed certificates (M03)


async def retrieve(csms: Csms, client: Any, station: Station, kinds: list[str], algorithm: str) -> Any:
    """Ask for the certificates of these types; return them as the state of the station shows them."""
    list_certificates(station, [entry(csms, kind, algorithm) for kind in kinds])
    await result_of(client, "GetInstalledCertificateIds", {"certificateType": kinds})
    assert await station.next("GetInstalledCertificateIds") == {"certificate_type": kinds}
    return (await client.get("/v1/stations/CS1")).json()["certificates"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_tc_m_12_csms_csms_root_certificates_are_retrieved_with_each_hash(algorithm: str) -> None:
    kinds = ["CSMSRootCertificate"]
    async with driven() as (csms, client), booted(csms) as station:
        certificates = await retrieve(csms, client, station, kinds, algorithm)
        assert certificates == [entry(csms, kinds[0], algorithm)]


async def retrieves(*kinds: str) -> None:
    """The reusable state GetInstalledCertificates, for one type or several."""
    async with driven() as (csms, client), booted(csms) as station:
        certificates = await retrieve(csms, client, station, list(kinds), "SHA256")
        assert certificates == [entry(csms, kind) for kind in kinds]


async def test_tc_m_13_csms_root_certificates_of_the_manufacturer_are_retrieved() -> None:
    await retrieves("ManufacturerRootCertificate")


async def test_tc_m_14_csms_v2g_root_certificates_are_retrieved() -> None:
    await retrieves("V2GRootCertificate")


async def test_tc_m_15_csms_v2g_certificate_chain_is_retrieved() -> None:
    await retrieves("V2GCertificateChain")


async def test_tc_m_16_csms_mo_root_certificates_are_retrieved() -> None:
    await retrieves("MORootCertificate")


async def test_tc_m_17_csms_certificates_of_two_types_are_retrieved() -> None:
    await retrieves("CSMSRootCertificate", "ManufacturerRootCertificate")


async def test_tc_m_18_csms_certificates_of_all_types_are_retrieved() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        entries = [entry(csms, kind) for kind in (*ROOT_OF_TYPE, "V2GCertificateChain")]
        list_certificates(station, entries)
        await send_command(client, "CS1", "GetInstalledCertificateIds")
        assert await station.next("GetInstalledCertificateIds") == {}
        assert (await client.get("/v1/stations/CS1")).json()["certificates"] == entries


async def test_tc_m_19_csms_station_without_a_matching_certificate_is_handled() -> None:
    kinds = ["ManufacturerRootCertificate"]
    async with driven() as (csms, client), booted(csms) as station:
        list_certificates(station, [])
        answer = await result_of(client, "GetInstalledCertificateIds", {"certificateType": kinds})
        assert await station.next("GetInstalledCertificateIds") == {"certificate_type": kinds}
        assert answer == {"status": "NotFound"}
        assert (await client.get("/v1/stations/CS1")).json()["certificates"] == []


# Delete a certificate (M04)


async def delete_listed(csms: Csms, client: Any, station: Station, algorithm: str) -> JsonObject:
    """Ask for the certificates, then delete the root of the mock; return the answer to the deletion."""
    listed = entry(csms, "CSMSRootCertificate", algorithm)
    list_certificates(station, [listed])
    await result_of(client, "GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]})
    answer = (await send_command(client, "CS1", "DeleteCertificate")).json()
    deleted = (await station.next("DeleteCertificate"))["certificate_hash_data"]
    assert snake_to_camel_case(deleted) == listed["certificateHashData"]
    payload: JsonObject = answer["payload"]
    return payload


async def test_tc_m_20_csms_certificate_is_deleted_with_the_hash_that_the_station_uses() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        for algorithm in ALGORITHMS:
            await send_command(client, "CS1", "InstallCertificate")
            answer = await delete_listed(csms, client, station, algorithm)
            assert answer == {"status": "Accepted"}


async def test_tc_m_21_csms_failed_deletion_is_handled() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        await send_command(client, "CS1", "InstallCertificate")
        station.answers["DeleteCertificate"] = lambda **_: call_result.DeleteCertificate(status="Failed")
        assert await delete_listed(csms, client, station, "SHA256") == {"status": "Failed"}
        certificates = (await client.get("/v1/stations/CS1")).json()["certificates"]
        assert certificates == [entry(csms, "CSMSRootCertificate")]


# Status of a certificate (M06)


async def test_tc_m_24_csms_status_of_each_certificate_of_the_chain_is_returned() -> None:
    async with driven() as (csms, _), booted(csms) as station:
        for name in ("secc", "v2g-sub-ca-2", "v2g-sub-ca-1"):
            data = {**csms.authority.named(name).hash_data(), "responderURL": "http://ocsp.invalid/"}
            answer = await station.send(call.GetCertificateStatus(camel_to_snake_case(data)))
            response = ocsp.load_der_ocsp_response(base64.b64decode(answer.ocsp_result, validate=True))
            assert answer.status == "Accepted"
            assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
            assert f"{response.serial_number:x}" == data["serialNumber"]


# Certificates of vehicles (M01, M02)


async def gets_certificate(action: str) -> None:
    """Request a certificate for a vehicle."""
    exi_response = base64.b64encode(b"response for the vehicle").decode()
    async with driven(exi_response=exi_response) as (csms, _), booted(csms) as station:
        request = call.Get15118EVCertificate(
            iso15118_schema_version=ISO_15118_2, action=action, exi_request=EXI_REQUEST
        )
        answer = await station.send(request)
    assert (answer.status, answer.exi_response) == ("Accepted", exi_response)


async def test_tc_m_26_csms_certificate_is_installed_in_a_vehicle() -> None:
    await gets_certificate("Install")


async def test_tc_m_28_csms_certificate_of_a_vehicle_is_updated() -> None:
    await gets_certificate("Update")
