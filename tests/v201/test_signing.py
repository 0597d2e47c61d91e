"""Checks of CSRs, and the certificates that are sent for them (A02, A03)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mock_csms.csms import Csms
from mock_csms.settings import Settings
from mock_csms.stations.station import Station
from mock_csms.v201.signing import certificate_signed_payload, check_request
from server import VERSIONS
from tests.support.certificates import build_csr

PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())


def csms_with(**settings: Any) -> Csms:
    return Csms(Settings.model_validate(settings), VERSIONS)


def station_reporting(serial_number: str | None = None, **variables: str) -> Station:
    station = Station("CS1")
    if serial_number is not None:
        station.boot = {"chargingStation": {"serialNumber": serial_number}}
    for name, value in variables.items():
        component, variable = name.split("_")
        station.device_model.set({"name": component}, {"name": variable}, value)
    return station


# Checks


@pytest.mark.parametrize("common_name", ["CS1", "cs1", "SN-7"])
def test_csr_with_the_identity_or_the_serial_number_is_signed(common_name: str) -> None:
    check_request(csms_with(), station_reporting("SN-7"), build_csr(common_name), None)


def test_csr_with_another_cn_is_refused() -> None:
    with pytest.raises(ValueError, match="CN is 'SN-8', not CS1 or SN-7"):
        check_request(csms_with(), station_reporting("SN-7"), build_csr("SN-8"), "ChargingStationCertificate")


def test_csr_with_another_cn_than_the_reported_serial_number_is_refused() -> None:
    station = station_reporting(ChargingStation_SerialNumber="SN-7")
    with pytest.raises(ValueError, match="CN is 'SN-8', not CS1 or SN-7"):
        check_request(csms_with(), station, build_csr("SN-8"), None)


def test_csr_with_any_cn_is_signed_while_the_serial_number_is_unknown() -> None:
    check_request(csms_with(), station_reporting(), build_csr("SN-8"), None)


def test_csr_for_a_secc_has_the_secc_id_as_cn() -> None:
    station = station_reporting("SN-7", ISO15118Ctrlr_SeccId="DE-ICE-S-1")
    check_request(csms_with(), station, build_csr("DE-ICE-S-1"), "V2GCertificate")
    with pytest.raises(ValueError, match="CN is 'SN-7', not DE-ICE-S-1"):
        check_request(csms_with(), station, build_csr("SN-7"), "V2GCertificate")


def test_csr_without_the_reported_organization_is_refused() -> None:
    station = station_reporting(SecurityCtrlr_OrganizationName="Operator")
    check_request(csms_with(), station, build_csr("CS1", organization="Operator"), None)
    with pytest.raises(ValueError, match="O is missing, not Operator"):
        check_request(csms_with(), station, build_csr("CS1"), None)


# Certificates


def chain_of(csms: Csms, request: Any) -> list[x509.Certificate]:
    payload = certificate_signed_payload(csms, Station("CS1"), request)
    return x509.load_pem_x509_certificates(payload["certificateChain"].encode())


def csr_of_key() -> str:
    return build_csr("CS1", key=PRIVATE_KEY)


def public_bytes(key: Any) -> bytes:
    content: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return content


@pytest.mark.parametrize(
    ("certificate_type", "names"),
    [
        ("ChargingStationCertificate", ["intermediate", "root"]),
        (None, ["intermediate", "root"]),
        ("V2GCertificate", ["v2g-sub-ca-2", "v2g-sub-ca-1", "v2g-root"]),
    ],
)
def test_certificate_chain_has_as_many_certificates_as_the_settings_say(
    certificate_type: str | None, names: list[str]
) -> None:
    request = {"csr": csr_of_key(), "certificateType": certificate_type}
    for parts, count in (("leaf", 0), ("sub-ca", len(names) - 1), ("root", len(names))):
        csms = csms_with(certificate_chain=parts)
        leaf, *others = chain_of(csms, request)
        assert leaf.public_key() == PRIVATE_KEY.public_key()
        assert others == [csms.authority.named(name).certificate for name in names[:count]]


def test_bad_certificate_by_default_certifies_another_key() -> None:
    leaf, issuer = chain_of(csms_with(certificates="bad"), {"csr": csr_of_key()})
    assert public_bytes(leaf.public_key()) != public_bytes(PRIVATE_KEY.public_key())
    leaf.verify_directly_issued_by(issuer)


@pytest.mark.parametrize(("fault", "is_past"), [("expired", True), ("not-yet-valid", False)])
def test_bad_certificate_is_out_of_its_validity(fault: str, is_past: bool) -> None:
    csms = csms_with(certificates="bad", bad_certificate=fault)
    leaf, issuer = chain_of(csms, {"csr": csr_of_key()})
    now = datetime.now(UTC)
    assert leaf.public_key() == PRIVATE_KEY.public_key()
    assert (leaf.not_valid_after_utc < now, leaf.not_valid_before_utc > now) == (is_past, not is_past)
    leaf.verify_directly_issued_by(issuer)


def test_bad_certificate_of_an_unknown_ca_has_another_root() -> None:
    csms = csms_with(certificates="bad", bad_certificate="unknown-ca", certificate_chain="root")
    leaf, root = chain_of(csms, {"csr": csr_of_key(), "certificateType": "V2GCertificate"})
    assert leaf.public_key() == PRIVATE_KEY.public_key()
    leaf.verify_directly_issued_by(root)
    assert root == csms.authority.named("unknown-root").certificate


@pytest.mark.parametrize("certificates", ["sign", "bad"])
def test_certificate_without_a_csr_is_for_another_key(certificates: str) -> None:
    leaf, issuer = chain_of(csms_with(certificates=certificates), {"csr": None})
    leaf.verify_directly_issued_by(issuer)
