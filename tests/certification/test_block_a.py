"""Security: the cases TC_A_*_CSMS of Part 6, with their errata."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from ocpp.charge_point import camel_to_snake_case
from ocpp.v201 import call, call_result

from mock_csms.pki import Issued, Pki
from mock_csms.pki.blueprints import KeyType
from tests.certification.steps import boots_and_reports_connectors, result_of, set_variable_item
from tests.support.control import journal_entries
from tests.support.secured import (
    REQUIRED_SUITES,
    RSA_SUITES,
    CertificateFiles,
    StationKey,
    files_of,
    key_bits,
    old_station_context,
    refused_in_tls,
    refused_status,
    server_certificate,
    ssl_object_of,
    station_context,
    with_password,
)
from tests.support.secured_case import PASSWORD, SecuredCase, secured
from tests.support.station import Station, connected_to, now

NEW_PASSWORD = "staple-of-sixteen-and-more"

PASSWORD_PROFILES = [pytest.param(1, id="profile 1"), pytest.param(2, id="profile 2")]
TLS_PROFILES = [pytest.param(2, id="profile 2"), pytest.param(3, id="profile 3")]
TLS_OFFERS = ("", *REQUIRED_SUITES)
"""Offers of a station: a single cipher suite of TLS 1.2, or TLS 1.3 for the empty text."""
MIN_KEY_BITS = {"rsa": 2048, "ecdsa": 224}


# Basic authentication


@pytest.mark.also_covers("B01.FR.02")
@pytest.mark.parametrize("security_profile", PASSWORD_PROFILES)
async def test_tc_a_01_csms_valid_username_and_password_are_accepted(security_profile: int, pki: Pki) -> None:
    async with secured(security_profile, pki) as mock, mock.connected() as station:
        assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("A00.FR.207", "A00.FR.324")
@pytest.mark.parametrize("security_profile", PASSWORD_PROFILES)
async def test_tc_a_02_csms_username_other_than_the_identity_is_refused(
    security_profile: int, pki: Pki
) -> None:
    async with secured(security_profile, pki) as mock:
        options = mock.options(user="CS1Invalid")
        assert await refused_status(mock.url, **options) == HTTPStatus.UNAUTHORIZED


@pytest.mark.also_covers("A00.FR.207", "A00.FR.324")
@pytest.mark.parametrize("security_profile", PASSWORD_PROFILES)
async def test_tc_a_03_csms_invalid_password_is_refused(security_profile: int, pki: Pki) -> None:
    async with secured(security_profile, pki) as mock:
        options = mock.options("another-password-of-40-characters-------")
        assert await refused_status(mock.url, **options) == HTTPStatus.UNAUTHORIZED


# TLS


@pytest.mark.also_covers(
    "A00.FR.306",
    "A00.FR.307",
    "A00.FR.312",
    "A00.FR.318",
    "A00.FR.409",
    "A00.FR.410",
    "A00.FR.415",
    "A00.FR.421",
    "A00.FR.510",
)
@pytest.mark.parametrize("security_profile", TLS_PROFILES)
async def test_tc_a_04_csms_valid_server_certificate_is_shown_with_each_cipher_suite(
    security_profile: int, pki: Pki
) -> None:
    async with secured(security_profile, pki) as mock:
        for suite in TLS_OFFERS:
            async with mock.connected(suite=suite) as station:
                assert_is_negotiated(station, suite)
                kind = "rsa" if suite in RSA_SUITES else "ecdsa"
                assert_is_valid(server_certificate(station), kind, pki)
                assert await boots_and_reports_connectors(station)


def assert_is_negotiated(station: Station, suite: str) -> None:
    """Assert that a connection has the cipher suite that the station offers, and no compression."""
    tls = ssl_object_of(station)
    version, default = ("TLSv1.2", suite) if suite else ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    cipher = tls.cipher()
    assert cipher is not None
    assert (tls.version(), cipher[0]) == (version, default)
    assert tls.compression() is None


def assert_is_valid(certificate: x509.Certificate, kind: str, pki: Pki) -> None:
    """Assert that this is the PKI's certificate for localhost, with a key of this type and enough bits."""
    assert certificate == x509.load_pem_x509_certificate(pki.named(f"server-{kind}").chain[0].encode())
    key_type, bits = key_bits(certificate)
    assert key_type == kind
    assert bits >= MIN_KEY_BITS[kind]
    assert certificate.serial_number > 0
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "localhost"


@pytest.mark.also_covers("A00.FR.313", "A00.FR.314", "A00.FR.315", "A00.FR.416", "A00.FR.417", "A00.FR.418")
@pytest.mark.parametrize("security_profile", TLS_PROFILES)
async def test_tc_a_06_csms_tls_version_below_1_2_is_refused(security_profile: int, pki: Pki) -> None:
    async with secured(security_profile, pki, control=True) as mock:
        await refused_in_tls(mock.url, old_station_context(pki.root_pem))
        [refusal] = await journal_entries(mock.client, type="refused")
        assert "enable TLS 1.2 or 1.3" in refusal["note"]
        async with mock.connected() as station:
            assert ssl_object_of(station).version() == "TLSv1.3"
            assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("A00.FR.403", "A00.FR.421")
@pytest.mark.parametrize("key_type", ["ecdsa", "rsa"])
async def test_tc_a_07_csms_valid_client_certificate_is_accepted_with_each_cipher_suite(
    key_type: KeyType, pki: Pki
) -> None:
    identity = f"CS-{key_type}"
    certificate = files_of(pki.issue_client(identity, key_type=key_type))
    async with secured(3, pki) as mock:
        for suite in TLS_OFFERS:
            context = station_context(pki.root_pem, certificate, suite=suite)
            async with connected_to(mock.url, identity, ssl=context) as station:
                assert_is_negotiated(station, suite)
                assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("A00.FR.403", "A00.FR.407")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("unknown-ca", "unable to get local issuer certificate"),
        ("self-signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("not-yet-valid", "certificate is not yet valid"),
    ],
)
async def test_tc_a_08_csms_invalid_client_certificate_is_refused(fault: str, reason: str, pki: Pki) -> None:
    bad = files_of(pki.issue_client("CS1", fault=fault))
    async with secured(3, pki, control=True) as mock:
        for suite in ("", REQUIRED_SUITES[0]):
            await refused_in_tls(mock.url, station_context(pki.root_pem, bad, suite=suite))
            [*_, refusal] = await journal_entries(mock.client, type="refused")
            assert reason in refusal["note"]
            async with mock.connected(suite=suite) as station:
                assert await boots_and_reports_connectors(station)
        assert len(await journal_entries(mock.client, type="refused")) == 2


@pytest.mark.also_covers("A00.FR.405")
async def test_tc_a_08_csms_client_certificate_with_another_common_name_is_refused(pki: Pki) -> None:
    """The TLS handshake succeeds; then the mock compares the name with the URL's identity (A00.FR.405)."""
    context = station_context(pki.root_pem, files_of(pki.issue_client("CS2")))
    async with secured(3, pki) as mock:
        assert await refused_status(mock.url, ssl=context) == HTTPStatus.FORBIDDEN
        async with mock.connected() as station:
            assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("A00.FR.407")
async def test_tc_a_08_csms_station_without_a_client_certificate_is_refused(pki: Pki) -> None:
    async with secured(3, pki) as mock:
        await refused_in_tls(mock.url, station_context(pki.root_pem))
        async with mock.connected() as station:
            assert await boots_and_reports_connectors(station)


# Change of the password


async def set_password(mock: SecuredCase, station: Station, status: str) -> None:
    """Make the mock set the new password by SetVariables, which the station answers with ``status``."""

    def answer(set_variable_data: list[dict[str, Any]], **_: Any) -> call_result.SetVariables:
        names = [{name: item[name] for name in ("component", "variable")} for item in set_variable_data]
        return call_result.SetVariables([{**name, "attribute_status": status} for name in names])

    station.answers["SetVariables"] = answer
    item = set_variable_item("SecurityCtrlr", "BasicAuthPassword", NEW_PASSWORD)
    await result_of(mock.client, "SetVariables", {"setVariableData": [item]})
    received = await station.next("SetVariables")
    assert received["set_variable_data"] == [camel_to_snake_case(item)]


@pytest.mark.also_covers("A01.FR.02", "A01.FR.03")
@pytest.mark.parametrize("security_profile", PASSWORD_PROFILES)
async def test_tc_a_09_csms_accepted_new_password_replaces_the_old_one(
    security_profile: int, pki: Pki
) -> None:
    async with secured(security_profile, pki, control=True) as mock:
        async with mock.connected() as station:
            await set_password(mock, station, "Accepted")
        async with mock.connected(NEW_PASSWORD) as station:
            assert await boots_and_reports_connectors(station)
        assert await refused_status(mock.url, **mock.options(PASSWORD)) == HTTPStatus.UNAUTHORIZED


@pytest.mark.also_covers("A01.FR.02", "A01.FR.04", "A01.FR.05")
@pytest.mark.parametrize("security_profile", PASSWORD_PROFILES)
async def test_tc_a_10_csms_rejected_new_password_leaves_the_old_one(security_profile: int, pki: Pki) -> None:
    async with secured(security_profile, pki, control=True) as mock:
        async with mock.connected() as station:
            await set_password(mock, station, "Rejected")
        async with mock.connected() as station:
            assert await boots_and_reports_connectors(station)
        assert await refused_status(mock.url, **mock.options(NEW_PASSWORD)) == HTTPStatus.UNAUTHORIZED


# Renewal of certificates


async def signed_chain(
    mock: SecuredCase, station: Station, trigger: str, certificate_type: str | None, key: StationKey
) -> str:
    """Make the mock trigger a SignCertificate; return the chain that it then sends in CertificateSigned."""
    await result_of(mock.client, "TriggerMessage", {"requestedMessage": trigger})
    assert await station.next("TriggerMessage") == {"requested_message": trigger}
    request = call.SignCertificate(csr=key.csr(), certificate_type=certificate_type)
    assert (await station.send(request)).status == "Accepted"
    signed = await station.next("CertificateSigned")
    assert signed.get("certificate_type") == certificate_type
    return str(signed["certificate_chain"])


async def renewed_certificate(mock: SecuredCase, station: Station, folder: Path) -> CertificateFiles:
    """Reach the memory state RenewChargingStationCertificate; return the files of the new certificate."""
    key, trigger = StationKey(folder), "SignChargingStationCertificate"
    return key.store(await signed_chain(mock, station, trigger, "ChargingStationCertificate", key))


def assert_is_signed_by(chain: str, issuer: Issued) -> None:
    """Assert that the leaf of a chain is signed by the CA after it, and has a key of sufficient size."""
    leaf, sub_ca, *_ = x509.load_pem_x509_certificates(chain.encode())
    assert sub_ca == issuer.certificate
    leaf.verify_directly_issued_by(sub_ca)
    kind, bits = key_bits(leaf)
    assert bits >= MIN_KEY_BITS[kind]


@pytest.mark.also_covers("A00.FR.507", "A02.FR.11", "A02.FR.14")
async def test_tc_a_11_csms_renewed_station_certificate_is_used_for_a_new_connection(
    pki: Pki, tmp_path: Path
) -> None:
    async with secured(3, pki, control=True) as mock:
        async with mock.connected() as station:
            certificate = await renewed_certificate(mock, station, tmp_path)
        assert_is_signed_by(certificate.chain.read_text(encoding="ascii"), pki.named("intermediate"))
        context = station_context(pki.root_pem, certificate)
        async with connected_to(mock.url, "CS1", ssl=context) as station:
            assert (await station.send(call.Heartbeat())).current_time
        [*_, last] = await journal_entries(mock.client, type="connected")
        subject = last["handshake"]["tls"]["clientCertificate"]["subject"]
        assert subject == "O=Operator,CN=CS1"


@pytest.mark.also_covers("A00.FR.507", "A02.FR.11", "A02.FR.14")
async def test_tc_a_12_csms_v2g_certificate_is_signed_by_the_v2g_chain(pki: Pki, tmp_path: Path) -> None:
    async with secured(3, pki, control=True) as mock, mock.connected() as station:
        key = StationKey(tmp_path)
        chain = await signed_chain(mock, station, "SignV2GCertificate", "V2GCertificate", key)
        key.store(chain)
        assert_is_signed_by(chain, pki.named("v2g-sub-ca-2"))


async def test_tc_a_13_csms_combined_certificate_is_signed(pki: Pki, tmp_path: Path) -> None:
    """The errata (5.20) remove this case from the certification, and A02.FR.06 contradicts a part of it.

    The case expects the V2G chain. The mock signs with the CA of station certificates, so that the station
    can connect with the new certificate.
    """
    async with secured(3, pki, control=True) as mock:
        async with mock.connected() as station:
            key = StationKey(tmp_path)
            chain = await signed_chain(mock, station, "SignCombinedCertificate", None, key)
        assert_is_signed_by(chain, pki.named("intermediate"))
        leaf = x509.load_pem_x509_certificate(chain.encode())
        assert leaf.serial_number > 0
        assert [name.value for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["CS1"]
        context = station_context(pki.root_pem, key.store(chain))
        async with connected_to(mock.url, "CS1", ssl=context) as station:
            assert await boots_and_reports_connectors(station)


@pytest.mark.also_covers("A04.FR.03")
async def test_tc_a_14_csms_rejected_certificate_leaves_the_old_one(pki: Pki, tmp_path: Path) -> None:
    async with secured(3, pki, control=True) as mock:
        async with mock.connected() as station:
            station.answers["CertificateSigned"] = lambda **_: call_result.CertificateSigned("Rejected")
            await renewed_certificate(mock, station, tmp_path)
            event = call.SecurityEventNotification("InvalidChargingStationCertificate", now())
            await station.send(event)
            [stored] = (await mock.client.get("/v1/stations/CS1")).json()["securityEvents"]
            assert stored["type"] == "InvalidChargingStationCertificate"
        async with mock.connected() as station:
            assert await boots_and_reports_connectors(station)


# Upgrade of the security profile


async def move(mock: SecuredCase, station: Station, security_profile: int) -> str:
    """Make the mock move the station to a security profile; return the URL in the new network profile."""
    connection_data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "{{listener.second}}",
        "messageTimeout": 30,
        "securityProfile": security_profile,
        "ocppInterface": "Wired0",
    }
    request = {"configurationSlot": 2, "connectionData": connection_data}
    await result_of(mock.client, "SetNetworkProfile", request)
    received = await station.next("SetNetworkProfile")
    url = received["connection_data"].pop("ocpp_csms_url")
    expected = {name: value for name, value in connection_data.items() if name != "ocppCsmsUrl"}
    assert received == {"configuration_slot": 2, "connection_data": camel_to_snake_case(expected)}
    item = set_variable_item("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1")
    await result_of(mock.client, "SetVariables", {"setVariableData": [item]})
    received = await station.next("SetVariables")
    assert received["set_variable_data"] == [camel_to_snake_case(item)]
    await result_of(mock.client, "Reset", {"type": "OnIdle"})
    assert await station.next("Reset") == {"type": "OnIdle"}
    return str(url)


@pytest.mark.also_covers("A00.FR.006", "A05.FR.07")
async def test_tc_a_19_csms_upgrade_from_profile_1_to_2_allows_no_way_back(pki: Pki) -> None:
    second = {"port": 0, "security_profile": 2}
    async with secured(1, pki, control=True, listeners={"second": second}) as mock:
        async with mock.connected() as station:
            url = await move(mock, station, 2)
        options = with_password(PASSWORD, ssl=station_context(pki.root_pem))
        async with connected_to(url, "CS1", **options) as station:
            assert await boots_and_reports_connectors(station)
        assert await refused_status(mock.url, **mock.options()) == HTTPStatus.FORBIDDEN
        async with connected_to(url, "CS1", **options) as station:
            assert (await station.send(call.Heartbeat())).current_time


@pytest.mark.also_covers("A00.FR.006", "A05.FR.07")
async def test_tc_a_19_csms_upgrade_from_profile_2_to_3_allows_no_way_back(pki: Pki, tmp_path: Path) -> None:
    second = {"port": 0, "security_profile": 3}
    async with secured(2, pki, control=True, listeners={"second": second}) as mock:
        async with mock.connected() as station:
            certificate = await renewed_certificate(mock, station, tmp_path)
            url = await move(mock, station, 3)
        context = station_context(pki.root_pem, certificate)
        async with connected_to(url, "CS1", ssl=context) as station:
            assert await boots_and_reports_connectors(station)
        assert await refused_status(mock.url, **mock.options()) == HTTPStatus.FORBIDDEN
        async with connected_to(url, "CS1", ssl=context) as station:
            assert (await station.send(call.Heartbeat())).current_time
