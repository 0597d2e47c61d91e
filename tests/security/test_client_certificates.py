"""Client certificates: whether a certificate names the station, and the facts about a certificate."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mock_csms.security.client_certificates import (
    IdentityAttribute,
    RequiredNames,
    flaw_of_certificate,
    parse_certificate,
)
from mock_csms.security.connections import certificate_flaw, flaw_of_serial_number, tls_facts
from mock_csms.settings import Settings
from mock_csms.transport.ports import TlsFacts

MAY = datetime(2026, 5, 1, tzinfo=UTC)


def certificate(*names: tuple[x509.ObjectIdentifier, str]) -> bytes:
    """A certificate with these attributes in its subject, in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority")]))
        .public_key(key.public_key())
        .serial_number(0x4711)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def common_name(name: str) -> tuple[x509.ObjectIdentifier, str]:
    return NameOID.COMMON_NAME, name


@pytest.mark.parametrize(
    ("names", "attribute", "flaw"),
    [
        ([common_name("CS1")], "cn", ""),
        ([common_name("cs1")], "cn", ""),
        ([common_name("SN-1")], "cn", ""),
        ([common_name("CS2"), common_name("CS1")], "cn", ""),
        (
            [common_name("CS2")],
            "cn",
            "the common name of its client certificate is 'CS2', not 'CS1' or",
        ),
        ([], "cn", "the common name of its client certificate is missing"),
        ([common_name("a\nb")], "cn", r"is 'a\nb', not"),
        ([(NameOID.SERIAL_NUMBER, "CS1")], "serial-number", ""),
        ([common_name("CS1")], "serial-number", "the serialNumber of its client certificate is missing"),
        ([common_name("CS2")], None, ""),
    ],
)
def test_certificate_must_name_the_station(
    names: list[tuple[x509.ObjectIdentifier, str]], attribute: IdentityAttribute | None, flaw: str
) -> None:
    found = flaw_of_certificate(
        parse_certificate(certificate(*names)), RequiredNames(["CS1", "SN-1"], attribute), MAY
    )

    assert found.startswith(flaw) if not flaw.startswith("is") else flaw in found
    assert bool(found) is bool(flaw)


def test_revoked_certificate_has_a_flaw() -> None:
    client = parse_certificate(certificate(common_name("CS1")))

    flaw = flaw_of_certificate(client, RequiredNames(["CS1"]), MAY, MAY)

    assert flaw.startswith(
        "its client certificate CN=CS1 was revoked on 2026-05-01T00:00:00.000Z; install a new one"
    )


def test_certificate_that_expired_since_its_session_began_has_a_flaw() -> None:
    client = parse_certificate(certificate(common_name("CS1")))

    flaw = flaw_of_certificate(client, RequiredNames(["CS1"]), MAY.replace(year=2027))

    assert flaw == "its client certificate CN=CS1 expired on 2027-01-01T00:00:00.000Z; install a new one"


@pytest.mark.parametrize(
    ("organization", "flaw"),
    [
        (None, ""),
        ("Example CSO", ""),
        ("Other CSO", "the organization of its client certificate is 'Example CSO', not 'Other CSO'"),
    ],
)
def test_certificate_must_name_the_organization(organization: str | None, flaw: str) -> None:
    """A00.FR.404."""
    names = common_name("CS1"), (NameOID.ORGANIZATION_NAME, "Example CSO")
    required = RequiredNames(["CS1"], organization=organization)

    found = flaw_of_certificate(parse_certificate(certificate(*names)), required, MAY)

    assert (bool(found), found.startswith(flaw)) == (bool(flaw), True)


def test_facts_name_subject_issuer_and_validity() -> None:
    facts = tls_facts(TlsFacts("TLSv1.3", "A_SUITE", certificate(common_name("CS1")), "localhost", ""))

    assert facts == {
        "version": "TLSv1.3",
        "cipher": "A_SUITE",
        "serverName": "localhost",
        "clientCertificate": {
            "subject": "CN=CS1",
            "issuer": "CN=An authority",
            "serialNumber": "4711",
            "notBefore": "2026-01-01T00:00:00.000Z",
            "notAfter": "2027-01-01T00:00:00.000Z",
            "key": "EC 256",
        },
    }


@pytest.mark.parametrize(
    ("name", "serial_number", "flaw"),
    [
        (common_name("SN-1"), "sn-1", ""),
        ((NameOID.SERIAL_NUMBER, "SN-1"), "SN-1", ""),
        (common_name("CS1"), None, ""),
        (common_name("CS1"), "SN-1", "its serial number 'SN-1' is not the common name of its client"),
    ],
)
def test_serial_number_of_a_boot_is_compared_with_the_certificate(
    name: tuple[x509.ObjectIdentifier, str], serial_number: str | None, flaw: str
) -> None:
    tls = TlsFacts("TLSv1.3", "A_SUITE", certificate(name), None, "")

    boot = {"chargingStation": {"serialNumber": serial_number} if serial_number else {}}
    found = flaw_of_serial_number(tls, boot)

    assert (bool(found), found.startswith(flaw)) == (bool(flaw), True)


def test_serial_number_is_not_compared_without_a_certificate() -> None:
    boot = {"chargingStation": {"serialNumber": "SN-1"}}
    assert flaw_of_serial_number(None, boot) == ""
    assert flaw_of_serial_number(TlsFacts("TLSv1.3", "A_SUITE", None, None, ""), boot) == ""


OF_UNKNOWN_VERSION = certificate(common_name("CS1")).replace(
    b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04", 1
)


@pytest.mark.parametrize("data", [b"not a certificate", OF_UNKNOWN_VERSION])
def test_unreadable_certificate_is_a_flaw(data: bytes) -> None:
    tls = TlsFacts("TLSv1.3", "A_SUITE", data, None, "")

    assert tls_facts(tls)["clientCertificate"] == {"flaw": "its client certificate cannot be read"}
    flaw = certificate_flaw(tls, ["CS1"], Settings(), pytest.fail)
    assert flaw is not None
    assert flaw.startswith("its client certificate cannot be read: ")


@pytest.mark.parametrize("tls", [None, TlsFacts("TLSv1.3", "A_SUITE", None, None, "")])
def test_missing_certificate_is_not_a_flaw(tls: TlsFacts | None) -> None:
    assert certificate_flaw(tls, ["CS1"], Settings(), pytest.fail) is None
