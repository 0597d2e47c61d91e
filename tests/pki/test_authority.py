"""The PKI: its own certificates by name, and those that it issues for CSRs and for stations."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from mock_csms.pki import Issued, Pki, UnknownCertificate
from mock_csms.pki.blueprints import KeyType
from mock_csms.pki.issued import PkiKey
from mock_csms.pki.issuing import new_key
from tests.pki.samples import NAMES, SUBJECT, csr_pem
from tests.support.station import PATIENCE

MAX_CSR = 5500
MAX_CERTIFICATE_CHAIN = 10000


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


@pytest.fixture(scope="module")
def root(pki: Pki) -> x509.Certificate:
    return pki.named("root").certificate


@pytest.fixture(scope="module")
def signed(pki: Pki) -> Issued:
    return pki.sign_csr(csr_pem())


@pytest.fixture(scope="module")
def leaf(signed: Issued) -> x509.Certificate:
    return signed.certificate


def test_root_is_signed_by_itself(root: x509.Certificate) -> None:
    root.verify_directly_issued_by(root)


def test_root_can_sign_certificates_and_revocation_lists(root: x509.Certificate) -> None:
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == (True, True, True)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_root_is_valid_from_an_hour_ago_for_ten_years(root: x509.Certificate) -> None:
    age = datetime.now(UTC) - root.not_valid_before_utc
    assert timedelta(hours=1) <= age < timedelta(hours=2)
    assert root.not_valid_after_utc - root.not_valid_before_utc == timedelta(days=3650)


def test_two_pkis_do_not_share_a_key(pki: Pki) -> None:
    certificate = pki.named("intermediate").certificate
    with pytest.raises(InvalidSignature):
        certificate.verify_directly_issued_by(Pki.in_memory().named("root").certificate)


@pytest.mark.parametrize(
    ("certificate_type", "names"),
    [
        ("ChargingStationCertificate", ("intermediate", "root")),
        ("V2GCertificate", ("v2g-sub-ca-2", "v2g-sub-ca-1", "v2g-root")),
    ],
)
def test_chain_of_a_request_is_the_leaf_then_its_sub_cas(
    pki: Pki, certificate_type: str, names: tuple[str, ...]
) -> None:
    issued = pki.sign_csr(csr_pem(), certificate_type=certificate_type)
    *sub_cas, root = (pki.named(name).certificate_pem for name in names)
    assert issued.chain == (issued.certificate_pem, *sub_cas)
    assert issued.root_pem == root
    assert issued.chain_text() == "".join(issued.chain)
    assert issued.chain_text(root=True) == "".join((*issued.chain, root))
    assert issued.chain_text(sub_cas=False) == issued.certificate_pem
    issued.certificate.verify_directly_issued_by(issued.issuer)


def test_chain_passes_path_validation(pki: Pki, root: x509.Certificate) -> None:
    issued = pki.sign_csr(csr_pem(names=NAMES))
    verifier = PolicyBuilder().store(Store([root])).build_client_verifier()
    chain = [issued.certificate, *issued.sub_cas]
    assert verifier.verify(issued.certificate, list(issued.sub_cas)).chain == [*chain, root]


def test_leaf_has_the_subject_of_the_request(leaf: x509.Certificate) -> None:
    assert leaf.subject == SUBJECT


def test_leaf_has_the_alternative_names_of_the_request(pki: Pki) -> None:
    leaf = pki.sign_csr(csr_pem(names=NAMES)).certificate
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value == NAMES


def test_leaf_has_no_alternative_names_unless_requested(leaf: x509.Certificate) -> None:
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_leaf_is_not_an_authority_even_if_requested(pki: Pki) -> None:
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    leaf = pki.sign_csr(csr_pem(extension=constraints)).certificate
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_leaf_is_valid_now_for_a_year(leaf: x509.Certificate) -> None:
    assert leaf.not_valid_before_utc <= datetime.now(UTC)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=365)


def test_leaf_has_no_extended_key_usage(leaf: x509.Certificate) -> None:
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)


def test_leaf_has_the_key_identifiers_of_itself_and_the_issuer(
    signed: Issued, leaf: x509.Certificate
) -> None:
    subject = leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert subject == x509.SubjectKeyIdentifier.from_public_key(leaf.public_key())
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    issuer_subject = signed.issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert issuer.key_identifier == issuer_subject.digest


@pytest.mark.parametrize(
    ("make_key", "key_agreement"),
    [
        pytest.param(lambda: ec.generate_private_key(ec.SECP224R1()), True, id="EC 224"),
        pytest.param(lambda: ec.generate_private_key(ec.SECP384R1()), True, id="EC 384"),
        pytest.param(lambda: rsa.generate_private_key(65537, 2048), False, id="RSA 2048"),
    ],
)
def test_leaf_has_the_key_of_the_request(
    pki: Pki,
    make_key: Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey],
    key_agreement: bool,
) -> None:
    key = make_key()
    leaf = pki.sign_csr(csr_pem(key)).certificate
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert leaf.public_key() == key.public_key()
    assert (usage.digital_signature, usage.key_agreement, usage.key_cert_sign) == (
        True,
        key_agreement,
        False,
    )


def test_chain_for_the_longest_request_fits_certificate_signed(pki: Pki) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(f"cs-{n:04}.example.com") for n in range(158)])
    request = csr_pem(rsa.generate_private_key(65537, 2048), names=names)
    assert MAX_CSR - 100 < len(request) <= MAX_CSR
    assert len(pki.sign_csr(request).chain_text(root=True)) <= MAX_CERTIFICATE_CHAIN


def test_chain_for_another_key_has_a_new_key_each_time(pki: Pki) -> None:
    first, second = (pki.chain_for_another_key("CS-0009").certificate for _ in range(2))
    assert first.public_key() != second.public_key()
    assert first.subject.rfc4514_string() == "O=OCPP2 Mock Server,CN=CS-0009"


@pytest.mark.parametrize(
    ("identity", "cut"), [("x" * 65, "x" * 64), ("ä" * 33, "ä" * 32), ("x" + "ä" * 32, "x" + "ä" * 31)]
)
def test_chain_for_another_key_cuts_a_long_identity(pki: Pki, identity: str, cut: str) -> None:
    certificate = pki.chain_for_another_key(identity).certificate
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == cut


def test_unknown_name_is_refused_with_a_suggestion(pki: Pki) -> None:
    with pytest.raises(UnknownCertificate, match="no certificate is named 'v2g-rot'; did you mean v2g-root"):
        pki.named("v2g-rot")


def test_unknown_kind_is_refused_with_a_suggestion(pki: Pki) -> None:
    with pytest.raises(
        UnknownCertificate, match="'expird' is not a kind of certificate; did you mean expired"
    ):
        pki.make("expird")


def test_unknown_fault_is_refused_with_a_suggestion(pki: Pki) -> None:
    with pytest.raises(UnknownCertificate, match="not a fault of certificates; did you mean expired"):
        pki.issue_client("CS1", fault="expird")


def test_text_of_an_issued_certificate_is_its_name(pki: Pki) -> None:
    assert repr(pki.issue_client("CS1")) == "<Issued client/CS1>"


def test_client_certificate_is_made_once(pki: Pki) -> None:
    assert pki.issue_client("CS1") is pki.issue_client("CS1")


def test_issued_without_a_folder_has_no_files(pki: Pki) -> None:
    issued = pki.issue_client("CS1")
    assert issued.chain_path is None
    assert issued.key_path is None
    assert issued.key_pem is not None
    assert issued.key_pem.startswith("-----BEGIN PRIVATE KEY-----")


def test_made_certificate_is_returned_while_a_thread_makes_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS connections need the server's certificates while a thread makes others for a changed listener."""
    pki = Pki.in_memory()
    root = pki.named("root")
    is_making, may_end = Event(), Event()

    def slow_key(key_type: KeyType) -> PkiKey:
        is_making.set()
        assert may_end.wait(PATIENCE)
        return new_key(key_type)

    monkeypatch.setattr("mock_csms.pki.authority.new_key", slow_key)
    with ThreadPoolExecutor() as threads:
        try:
            other = threads.submit(pki.named, "intermediate")
            assert is_making.wait(PATIENCE)
            assert threads.submit(pki.named, "root").result(PATIENCE) is root
        finally:
            may_end.set()
        assert other.result(PATIENCE).name == "intermediate"
