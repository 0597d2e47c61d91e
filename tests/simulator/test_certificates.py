"""Certificate management, and the station's own certificates."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from mock_csms.messages import JsonObject
from mock_csms.pki import Pki
from mock_csms.simulator.certificate_data import certificate_hash_data, is_strong, parse_chain, pem
from mock_csms.simulator.certificate_signing import CertificateSigning
from mock_csms.simulator.certificates import Certificates
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.security_setup import NO_SECURITY, KeyKind, SecuritySetup
from mock_csms.simulator.trust_store import TrustStore
from mock_csms.simulator.variables import MAX_CERTIFICATES
from tests.support.authority import NOW, Authority, common_name
from tests.support.virtual_station import Workbench

STATION = "ChargingStationCertificate"
V2G = "V2GCertificate"
CSMS_ROOT = "CSMSRootCertificate"
V2G_ROOT = "V2GRootCertificate"
DAY_S = 86_400


class Station:
    """A `Workbench` with the functional blocks `Certificates` and `CertificateSigning`."""

    def __init__(self, security: SecuritySetup = NO_SECURITY) -> None:
        self.bench = Workbench(
            self._make_certificates, self._make_signing, serial_number="SN1", security=security
        )
        self.signing: CertificateSigning = self.bench.blocks[1]
        self.core = self.bench.core
        self.core.clock_offset_s = (NOW - self.core.now()).total_seconds()
        for component, variable, value in (
            ("SecurityCtrlr", "OrganizationName", "Operator"),
            ("SecurityCtrlr", "CertSigningWaitMinimum", "30"),
            ("SecurityCtrlr", "CertSigningRepeatTimes", "2"),
            ("SecurityCtrlr", "MaxCertificateChainSize", "10000"),
            ("ISO15118Ctrlr", "ContractCertificateInstallationEnabled", "true"),
        ):
            self.core.variables.put(Key(component, variable), value)

    def _make_certificates(self, core: Core) -> Certificates:
        self.security = SecurityEvents(core)
        self.certificates = Certificates(core, self.security, TrustStore(core))
        return self.certificates

    def _make_signing(self, core: Core) -> CertificateSigning:
        return CertificateSigning(core, self.security, self.certificates)

    def install(self, certificate: str, certificate_type: str = CSMS_ROOT) -> str:
        request = {"certificateType": certificate_type, "certificate": certificate}
        return str(self.bench.command("InstallCertificate", request)["status"])

    def installed(self, *types: str) -> list[JsonObject]:
        request = {"certificateType": list(types)} if types else {}
        answer = self.bench.command("GetInstalledCertificateIds", request)
        assert answer["status"] == ("Accepted" if "certificateHashDataChain" in answer else "NotFound")
        return list(answer.get("certificateHashDataChain", []))

    def delete(self, certificate_hash_data: JsonObject) -> str:
        return str(
            self.bench.command("DeleteCertificate", {"certificateHashData": certificate_hash_data})["status"]
        )

    def request(self, message: str = "SignChargingStationCertificate") -> str:
        """Trigger this message, and return the CSR of the latest SignCertificate."""
        assert self.bench.trigger(message)
        return str(self.bench.payloads("SignCertificate")[-1]["csr"])

    def signed(self, chain: str, certificate_type: str | None = STATION) -> str:
        request = {"certificateChain": chain}
        if certificate_type:
            request["certificateType"] = certificate_type
        return str(self.bench.command("CertificateSigned", request)["status"])

    @property
    def csrs(self) -> int:
        return len(self.bench.payloads("SignCertificate"))

    @property
    def events(self) -> list[str]:
        return [payload["type"] for payload in self.bench.payloads("SecurityEventNotification")]


@pytest.fixture(name="station")
def _station() -> Station:
    return Station()


@pytest.fixture(name="root", scope="module")
def _root() -> Authority:
    return Authority("Root")


def test_root_is_installed_and_listed_with_its_hash_data(station: Station) -> None:
    authority = Pki.in_memory()
    assert station.install(authority.root_pem) == "Accepted"
    expected = {"certificateType": CSMS_ROOT, "certificateHashData": authority.root_hash()}
    assert station.installed() == station.installed(CSMS_ROOT) == [expected]
    assert station.installed(V2G_ROOT) == []
    assert station.core.variables.text("SecurityCtrlr", "CertificateEntries") == "1"


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_malformed_root_is_rejected(station: Station, text: str) -> None:
    assert station.install(text) == "Rejected"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "contains no PEM certificate"),
        (Authority("Root").pem * 2, "more than one certificate"),
        (Authority("Old", days=-1).pem, "not valid now"),
        (pem(Authority("Root").certificate_of("SN1").chain), "does not belong to a CA"),
    ],
)
def test_rejected_root_has_a_reason(station: Station, text: str, reason: str) -> None:
    request = {"certificateType": CSMS_ROOT, "certificate": text}
    info = station.bench.command("InstallCertificate", request)["statusInfo"]

    assert info["reasonCode"] == "InvalidCertificate"
    assert reason in info["additionalInfo"]


def test_rejected_signed_certificate_has_a_reason(station: Station, root: Authority) -> None:
    station.request()
    chain = pem(root.certificate_of("SN1").chain)

    info = station.bench.command("CertificateSigned", {"certificateChain": chain})["statusInfo"]

    assert info["reasonCode"] == "InvalidCertificate"
    assert "does not match a pending certificate signing request" in info["additionalInfo"]


def test_expired_root_is_rejected(station: Station) -> None:
    assert station.install(Authority("Old", days=-1).pem) == "Rejected"


def test_leaf_is_rejected_as_root(station: Station, root: Authority) -> None:
    assert station.install(pem([root.issue(root.name, root.key.public_key())])) == "Rejected"


def test_two_certificates_are_rejected_as_root(station: Station, root: Authority) -> None:
    assert station.install(root.pem * 2) == "Rejected"


def test_equal_root_replaces_installed_one(station: Station, root: Authority) -> None:
    assert [station.install(root.pem), station.install(root.pem)] == ["Accepted", "Accepted"]
    assert len(station.installed()) == 1


def test_checked_root_replaces_the_one_that_signed_it(station: Station, root: Authority) -> None:
    station.core.variables.put(Key("SecurityCtrlr", "AdditionalRootCertificateCheck"), "true")
    station.install(root.pem)
    second = Authority("Second", root)

    assert station.install(second.pem) == "Accepted"
    assert station.certificates.store.roots(CSMS_ROOT) == [root.certificate, second.certificate]

    third = Authority("Third", second)
    assert station.install(third.pem) == "Accepted"
    assert station.certificates.store.roots(CSMS_ROOT) == [second.certificate, third.certificate]


def test_checked_root_of_another_signer_is_rejected(station: Station, root: Authority) -> None:
    station.core.variables.put(Key("SecurityCtrlr", "AdditionalRootCertificateCheck"), "true")
    station.install(root.pem)

    assert station.install(Authority("Other").pem) == "Rejected"
    assert station.install(Authority("V2G").pem, V2G_ROOT) == "Accepted"
    assert station.certificates.store.roots(CSMS_ROOT) == [root.certificate]


def test_root_beyond_limit_is_rejected(station: Station, root: Authority) -> None:
    station.certificates.store.set_roots(V2G_ROOT, [root.certificate] * MAX_CERTIFICATES)
    assert station.install(root.pem, CSMS_ROOT) == "Rejected"
    assert station.install(root.pem, V2G_ROOT) == "Accepted"


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_root_is_deleted_by_hash_data(station: Station, root: Authority, algorithm: str) -> None:
    station.install(root.pem)
    wanted = certificate_hash_data(root.certificate, root.certificate, algorithm)
    wanted["serialNumber"] = wanted["serialNumber"].upper()
    assert [station.delete(wanted), station.delete(wanted)] == ["Accepted", "NotFound"]
    assert station.installed() == []


@pytest.mark.parametrize(("profile", "status"), [("1", "Accepted"), ("2", "Failed"), ("3", "Failed")])
def test_last_root_for_tls_is_not_deleted(
    station: Station, root: Authority, profile: str, status: str
) -> None:
    other = Authority("Other")
    station.install(root.pem)
    station.install(other.pem)
    station.core.variables.put(Key("SecurityCtrlr", "SecurityProfile"), profile)

    assert station.delete(certificate_hash_data(root.certificate, root.certificate)) == "Accepted"
    assert station.delete(certificate_hash_data(other.certificate, other.certificate)) == status


def test_csr_has_serial_number_and_organization(station: Station) -> None:
    csr = x509.load_pem_x509_csr(station.request().encode())
    assert csr.is_signature_valid
    assert csr.subject.rfc4514_string() == "O=Operator,CN=SN1"
    assert station.bench.payloads("SignCertificate")[0]["certificateType"] == STATION


@pytest.mark.parametrize(
    ("kind", "key_type"), [("ecdsa", ec.EllipticCurvePublicKey), ("rsa", rsa.RSAPublicKey)]
)
def test_csr_has_the_kind_of_key_of_the_setup(root: Authority, kind: KeyKind, key_type: type) -> None:
    station = Station(SecuritySetup(key_kind=kind))
    csr = station.request()

    key = x509.load_pem_x509_csr(csr.encode()).public_key()
    assert isinstance(key, key_type)
    assert station.signed(root.sign(csr)) == "Accepted"
    own = station.certificates.store.client_certificate(0)
    assert own is not None
    assert own.key.public_key() == key


def test_each_csr_has_a_new_key(station: Station) -> None:
    keys = [x509.load_pem_x509_csr(station.request().encode()).public_key() for _ in range(2)]
    assert keys[0] != keys[1]


@pytest.mark.parametrize(("profile", "is_kept"), [("3", True), ("2", False)])
def test_old_certificate_is_kept_while_connections_need_one(
    station: Station, root: Authority, profile: str, is_kept: bool
) -> None:
    station.signed(root.sign(station.request()))
    store = station.certificates.store
    old = store.client_certificate(0)
    station.core.variables.put(Key("SecurityCtrlr", "SecurityProfile"), profile)
    station.signed(root.sign(station.request()))

    assert store.client_certificate(0) != old
    assert (store.client_certificate(1) == old) == is_kept


def test_v2g_csr_has_the_names_of_the_secc(station: Station) -> None:
    for variable, value in (("SeccId", "DE-ABC-S-1"), ("OrganizationName", "Charge"), ("CountryName", "NL")):
        station.core.variables.put(Key("ISO15118Ctrlr", variable), value)
    csr = x509.load_pem_x509_csr(station.request("SignV2GCertificate").encode())
    assert csr.subject.rfc4514_string() == "C=NL,O=Charge,CN=DE-ABC-S-1"


def test_v2g_csr_without_secc_id_has_the_serial_number(station: Station) -> None:
    station.core.variables.put(Key("ISO15118Ctrlr", "SeccId"), "")
    csr = x509.load_pem_x509_csr(station.request("SignV2GCertificate").encode())
    assert csr.subject.rfc4514_string() == "C=DE,O=Mock CSO,CN=SN1"


def test_combined_csr_has_the_names_of_the_station(station: Station) -> None:
    csr = x509.load_pem_x509_csr(station.request("SignCombinedCertificate").encode())
    assert csr.subject.rfc4514_string() == "O=Operator,CN=SN1"


def test_v2g_certificate_keeps_its_names_after_the_secc_is_renamed(station: Station, root: Authority) -> None:
    csr = station.request("SignV2GCertificate")
    station.core.variables.put(Key("ISO15118Ctrlr", "SeccId"), "DE-ABC-S-2")
    assert station.signed(root.sign(csr), V2G) == "Accepted"


def test_combined_csr_has_no_type(station: Station) -> None:
    station.request("SignCombinedCertificate")
    assert "certificateType" not in station.bench.payloads("SignCertificate")[0]


def test_csr_is_repeated_with_doubled_waits(station: Station) -> None:
    station.request()
    counts = []
    for seconds in (30, 60, 1000):
        station.bench.answer(-1, {"status": "Accepted"})
        station.bench.advance(seconds - 1)
        counts.append(station.csrs)
        station.bench.advance(1)
    assert [*counts, station.csrs] == [1, 2, 3, 3]


def test_rejected_csr_is_not_repeated(station: Station) -> None:
    station.request()
    station.bench.answer(-1, {"status": "Rejected"})
    station.bench.advance(1000)
    assert station.csrs == 1


def test_signed_certificate_is_used(station: Station) -> None:
    authority = Pki.in_memory()
    renewed: list[str] = []
    station.signing.renewed.connect(renewed.append)
    csr = station.request()
    station.bench.answer(-1, {"status": "Accepted"})
    assert station.signed(authority.sign_csr(csr).chain_text(root=True)) == "Accepted"
    assert renewed == [STATION]
    station.bench.advance(1000)
    assert station.csrs == 1


def test_each_csr_before_the_signed_certificate_counts(station: Station, root: Authority) -> None:
    first, second = station.request(), station.request()
    assert station.signed(root.sign(first)) == station.signed(root.sign(second)) == "Accepted"


def test_chain_of_installed_root_is_accepted(station: Station, root: Authority) -> None:
    sub = Authority("Sub", root)
    station.certificates.store.set_roots(CSMS_ROOT, [root.certificate])
    assert station.signed(sub.sign(station.request()) + sub.pem) == "Accepted"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("foreign key", "the key does not match a pending certificate signing request"),
        ("expired", "a certificate is not valid now"),
        ("wrong order", "the key does not match a pending certificate signing request"),
        ("missing sub CA", "no installed and valid CSMSRootCertificate signed the chain"),
        ("broken chain", "a certificate is not signed by the next one"),
        ("other name", "the common name is not the one in the certificate signing request"),
        ("no organization", "the organization name is missing"),
        ("text", "the text contains no PEM certificate"),
    ],
)
def test_invalid_certificate_is_rejected(station: Station, root: Authority, fault: str, reason: str) -> None:
    csr = station.request()
    station.bench.answer(-1, {"status": "Accepted"})
    sub = Authority("Sub", root)
    station.certificates.store.set_roots(CSMS_ROOT, [root.certificate])
    key = x509.load_pem_x509_csr(csr.encode()).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    chain = {
        "foreign key": pem([root.issue(common_name("SN1"), root.key.public_key())]),
        "expired": root.sign(csr, days=-1),
        "wrong order": sub.pem + sub.sign(csr),
        "missing sub CA": sub.sign(csr),
        "broken chain": root.sign(csr) + sub.pem,
        "other name": pem([root.issue(common_name("SN2"), key)]),
        "no organization": pem([root.issue(common_name("SN1"), key)]),
        "text": "x",
    }[fault]
    assert station.signed(chain) == "Rejected"
    assert station.events == ["InvalidChargingStationCertificate"]
    assert station.bench.sent[-1][1]["techInfo"] == reason
    station.bench.advance(1000)
    assert station.csrs == 1


def test_chain_of_expired_root_is_rejected(station: Station) -> None:
    old = Authority("Old", days=-1)
    station.certificates.store.set_roots(CSMS_ROOT, [old.certificate])
    assert station.signed(old.sign(station.request())) == "Rejected"
    assert station.events == ["InvalidChargingStationCertificate"]


def test_too_long_chain_is_rejected(station: Station, root: Authority) -> None:
    station.core.variables.put(Key("SecurityCtrlr", "MaxCertificateChainSize"), "100")
    assert station.signed(root.sign(station.request())) == "Rejected"


def test_own_certificate_cannot_be_deleted(station: Station) -> None:
    root = Authority("Root")
    chain = root.sign(station.request()) + root.pem
    station.signed(chain)
    station.certificates.store.set_roots(CSMS_ROOT, [root.certificate])
    wanted = certificate_hash_data(parse_chain(chain)[0], root.certificate)
    assert station.delete(wanted) == "Failed"


def test_v2g_chain_is_listed_and_its_status_requested(station: Station, root: Authority) -> None:
    sub = Authority("Sub", root)
    csr = station.request("SignV2GCertificate")
    assert station.signed(sub.sign(csr) + sub.pem, V2G) == "Accepted"
    (entry,) = station.installed()
    assert entry["certificateType"] == "V2GCertificateChain"
    assert len(entry["childCertificateHashData"]) == 1
    requests = station.bench.payloads("GetCertificateStatus")
    serial_numbers = [request["ocspRequestData"]["serialNumber"] for request in requests]
    children = [child["serialNumber"] for child in entry["childCertificateHashData"]]
    assert serial_numbers == [entry["certificateHashData"]["serialNumber"], *children]


def test_certificate_status_is_refreshed_within_a_week(station: Station, root: Authority) -> None:
    station.signed(root.sign(station.request("SignV2GCertificate")), V2G)
    station.bench.advance(7 * 24 * 3600)
    assert len(station.bench.payloads("GetCertificateStatus")) == 2


def test_vehicle_gets_contract_certificate_and_cached_status(station: Station, root: Authority) -> None:
    station.signed(root.sign(station.request("SignV2GCertificate")), V2G)
    station.bench.answer(-1, {"status": "Accepted", "ocspResult": "AAAA"})
    station.certificates.vehicle_connected_15118()
    (request,) = station.bench.payloads("Get15118EVCertificate")
    assert request["action"] == "Install"
    assert len(station.bench.payloads("GetCertificateStatus")) == 1
    assert list(station.certificates.ocsp_responses.values()) == ["AAAA"]


def test_v2g_chain_is_deleted_with_its_sub_ca(station: Station, root: Authority) -> None:
    sub = Authority("Sub", root)
    station.signed(sub.sign(station.request("SignV2GCertificate")) + sub.pem, V2G)
    (entry,) = station.installed()
    assert station.delete(entry["childCertificateHashData"][0]) == "Accepted"
    assert station.installed() == []


def test_expiring_certificate_is_renewed_after_boot(station: Station, root: Authority) -> None:
    station.signed(root.sign(station.request(), days=20))
    station.core.boot_accepted.emit()
    assert station.csrs == 2


def test_certificate_is_renewed_a_month_before_it_expires(station: Station, root: Authority) -> None:
    station.signed(root.sign(station.request(), days=40))
    station.core.boot_accepted.emit()
    counts = []
    for seconds in (10 * DAY_S - 1, 1, 29 * DAY_S):
        station.bench.advance(seconds)
        counts.append(station.csrs)
    assert counts == [1, 2, 2]


def test_certificate_with_short_validity_is_renewed_only_after_boot(
    station: Station, root: Authority
) -> None:
    station.signed(root.sign(station.request(), days=20))
    station.bench.advance(20 * DAY_S)
    assert station.csrs == 1


def test_power_cut_stops_the_renewal_until_the_next_boot(station: Station, root: Authority) -> None:
    station.signed(root.sign(station.request(), days=40))
    station.core.powered_off.emit()
    station.bench.advance(15 * DAY_S)
    assert station.csrs == 1
    station.core.boot_accepted.emit()
    assert station.csrs == 2


@pytest.mark.parametrize(("days", "is_valid"), [(1, True), (-1, False)])
def test_only_valid_certificates_permit_a_security_profile(
    station: Station, root: Authority, days: int, is_valid: bool
) -> None:
    store = station.certificates.store
    assert not store.has_valid(CSMS_ROOT)
    assert not store.has_valid(STATION)
    store.set_roots(CSMS_ROOT, [Authority("Root", days=days).certificate])
    store.set_own(STATION, root.certificate_of("SN1", days))
    assert (store.has_valid(CSMS_ROOT), store.has_valid(STATION)) == (is_valid, is_valid)


@pytest.mark.parametrize(("bits", "is_accepted"), [(1024, False), (2048, True)])
def test_dsa_key_must_have_2048_bits(bits: int, is_accepted: bool) -> None:
    key = dsa.generate_private_key(bits)
    name = common_name("Root")
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    assert is_strong(certificate) == is_accepted


def test_power_cut_ends_repetition_of_csr(station: Station) -> None:
    station.request()
    station.bench.answer(-1, {"status": "Accepted"})
    station.core.powered_off.emit()
    station.bench.advance(1000)
    assert station.csrs == 1


def test_certificate_status_is_requested_again_after_power_cut(station: Station, root: Authority) -> None:
    station.signed(root.sign(station.request("SignV2GCertificate")), V2G)
    station.core.powered_off.emit()
    station.core.boot_accepted.emit()
    assert len(station.bench.payloads("GetCertificateStatus")) == 2
