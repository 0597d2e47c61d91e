"""Every certificate of the PKI has the properties that the specification requires (A00.FR.501 to 514)."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from mock_csms.pki import Pki
from mock_csms.pki.blueprints import BASIC_BLUEPRINTS, BLUEPRINTS, KINDS, client_blueprint, client_name

MAX_INSTALLED = 5500
"""Limit of InstallCertificate.certificate."""


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


@pytest.fixture(params=BASIC_BLUEPRINTS)
def certificate(pki: Pki, request: pytest.FixtureRequest) -> x509.Certificate:
    return pki.named(request.param).certificate


def value(certificate: x509.Certificate, field: x509.ObjectIdentifier) -> list[str]:
    return [str(one.value) for one in certificate.subject.get_attributes_for_oid(field)]


@pytest.mark.also_covers("A00.FR.501", "A00.FR.502", "A00.FR.503")
def test_key_is_strong(certificate: x509.Certificate) -> None:
    """A00.FR.502, A00.FR.503."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        assert key.key_size >= 2048
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert isinstance(key.curve, ec.SECP256R1)


@pytest.mark.also_covers("A00.FR.504", "A00.FR.506")
def test_signature_uses_sha256(certificate: x509.Certificate) -> None:
    """A00.FR.505, A00.FR.506."""
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    assert certificate.signature_algorithm_oid == x509.SignatureAlgorithmOID.ECDSA_WITH_SHA256


@pytest.mark.also_covers("A00.FR.508")
def test_serial_number_is_positive_and_short(certificate: x509.Certificate) -> None:
    """A00.FR.508, and the 20 bytes of RFC 5280 4.1.2.2."""
    assert 0 < certificate.serial_number < 2**159


@pytest.mark.also_covers("A00.FR.509")
def test_subject_has_organization_and_common_name(certificate: x509.Certificate) -> None:
    """A00.FR.509."""
    assert value(certificate, NameOID.ORGANIZATION_NAME) == ["OCPP2 Mock Server"]
    assert len(value(certificate, NameOID.COMMON_NAME)) == 1


@pytest.mark.also_covers("A00.FR.514")
def test_key_usage_is_critical_and_extended_key_usage_absent(certificate: x509.Certificate) -> None:
    """A00.FR.512, A00.FR.514."""
    assert certificate.version is x509.Version.v3
    assert certificate.extensions.get_extension_for_oid(ExtensionOID.KEY_USAGE).critical
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE)


@pytest.mark.parametrize(
    ("name", "uses"),
    [
        ("server-rsa", {"digital_signature", "key_encipherment"}),
        ("server-ecdsa", {"digital_signature", "key_agreement"}),
        ("firmware", {"digital_signature"}),
        ("root", {"digital_signature", "key_cert_sign", "crl_sign"}),
    ],
)
def test_key_usage_is_what_the_certificate_is_for(pki: Pki, name: str, uses: set[str]) -> None:
    """A00.FR.512; the suites TLS_RSA of A00.FR.421 encrypt with the key of the server."""
    usage = pki.named(name).certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    fields = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    assert {field for field in fields if getattr(usage, field)} == uses


def test_certificate_fits_install_certificate(pki: Pki, certificate: x509.Certificate) -> None:
    issued = next(one for one in map(pki.named, BASIC_BLUEPRINTS) if one.certificate == certificate)
    assert len(issued.certificate_pem) <= MAX_INSTALLED


def test_chain_of_a_contract_fits_authorize(pki: Pki) -> None:
    assert len(pki.named("contract").chain_text(root=True)) <= MAX_INSTALLED


@pytest.mark.also_covers("A00.FR.510")
@pytest.mark.parametrize("name", ["server-ecdsa", "server-rsa"])
def test_server_has_its_name_as_cn_and_no_wildcard(pki: Pki, name: str) -> None:
    """A00.FR.510."""
    certificate = pki.named(name).certificate
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert value(certificate, NameOID.COMMON_NAME) == ["localhost"]
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_station_has_its_identity_as_cn_and_no_other_names(pki: Pki) -> None:
    """A00.FR.511."""
    certificate = pki.issue_client("CS001").certificate
    assert value(certificate, NameOID.COMMON_NAME) == ["CS001"]
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


@pytest.mark.parametrize(("name", "domain"), [("secc", "CPO"), ("contract", "MO"), ("v2g-root", "V2G")])
def test_iso_15118_certificate_has_its_domain(pki: Pki, name: str, domain: str) -> None:
    assert value(pki.named(name).certificate, NameOID.DOMAIN_COMPONENT) == [domain]


def test_firmware_is_signed_directly_by_the_manufacturer_root_with_an_rsa_key(pki: Pki) -> None:
    """L01.FR.04 and the remarks of L01."""
    firmware = pki.named("firmware")
    assert firmware.sub_cas == ()
    assert firmware.root_pem == pki.named("manufacturer-root").certificate_pem
    assert isinstance(firmware.certificate.public_key(), rsa.RSAPublicKey)


def test_every_certificate_is_of_one_kind() -> None:
    names = [name for kind in KINDS.values() for name in kind]
    assert sorted(names) == sorted(BLUEPRINTS)


@pytest.mark.parametrize("identity", ["CS1", "a/b", "client/CS1", "../x", "expired-client/CS1"])
@pytest.mark.parametrize("fault", ["", "expired", "not-yet-valid"])
def test_name_of_a_client_leads_back_to_its_identity(identity: str, fault: str) -> None:
    blueprint = client_blueprint(client_name(identity, "rsa", fault))
    assert blueprint is not None
    assert (blueprint.common_name, blueprint.key_type) == (identity, "rsa")
    assert blueprint.renews is (fault != "expired")


@pytest.mark.parametrize(
    "name", ["root", "client", "clients/CS1", "wrong-client/CS1", "client-dsa/CS1", "/CS1"]
)
def test_other_name_is_not_that_of_a_client(name: str) -> None:
    assert client_blueprint(name) is None
