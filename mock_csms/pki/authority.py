"""The PKI: makes, keeps, signs and revokes certificates."""

import base64
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mock_csms.log.output import logger
from mock_csms.pki.blueprints import (
    BASIC_BLUEPRINTS,
    BLUEPRINTS,
    FAULTS,
    KINDS,
    Blueprint,
    KeyType,
    client_blueprint,
)
from mock_csms.pki.csr import SigningRequest, read_csr
from mock_csms.pki.folder import CLIENTS, PkiFolder
from mock_csms.pki.hash_data import HASH_ALGORITHMS, check_hash_data, issuer_hashes
from mock_csms.pki.issued import Issued, PkiKey
from mock_csms.pki.issuing import Signer, certify_request, make_certificate, new_key, subject_name
from mock_csms.pki.ocsp import CertificateId, OcspStatus, single_response
from mock_csms.pki.registry import Record, Registry
from mock_csms.text import suggest

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
RENEWAL: Final = timedelta(days=30)
"""Certificates are renewed when they expire within this time."""

ISSUER_BY_TYPE: Final = {"ChargingStationCertificate": "intermediate", "V2GCertificate": "v2g-sub-ca-2"}
"""Name of the CA that signs a CSR, by CertificateSigningUseEnumType."""


class UnknownCertificate(ValueError):
    """No certificate of the PKI has this name; the message suggests another."""


class Pki:
    """Certificates by name, made at their first use unless a folder has them.

    Methods that make an RSA key take about a tenth of a second; all others well under a millisecond.
    """

    def __init__(
        self, folder: PkiFolder | None = None, names: Sequence[str] = LOCAL_NAMES, ocsp_url: str = ""
    ) -> None:
        self.ocsp_url = ocsp_url
        """URL of the OCSP responder that new certificates name; empty for none."""
        self._folder = folder
        self._server_names = tuple(names)
        self._issued: dict[str, Issued] = {}
        self._registry = Registry()
        self._lock = RLock()

    @classmethod
    def in_memory(cls, names: Sequence[str] = LOCAL_NAMES) -> Self:
        """Return a PKI without files."""
        return cls(names=names)

    @classmethod
    def open(cls, path: Path, names: Sequence[str] = LOCAL_NAMES, *, ocsp_url: str = "") -> Self:
        """Return the PKI of a folder, with what is missing made; raises CouldNotStart."""
        folder = PkiFolder(path)
        folder.create()
        pki = cls(folder, names, ocsp_url)
        for name in BASIC_BLUEPRINTS:
            pki.named(name)
        return pki

    @property
    def path(self) -> Path | None:
        """The folder, or None if the PKI is in memory."""
        return self._folder.path if self._folder else None

    @property
    def root_pem(self) -> str:
        """The root certificate of the CSMS and the stations in PEM."""
        return self.named("root").certificate_pem

    def root_hash(self, algorithm: str = "SHA256") -> dict[str, str]:
        """Return the CertificateHashDataType of the root certificate for a HashAlgorithmEnumType."""
        return self.named("root").hash_data(algorithm)

    def names(self) -> list[str]:
        """Names of all certificates that `named` knows; some are made only then."""
        return [*BLUEPRINTS, *(name for name in self._issued if name not in BLUEPRINTS)]

    def named(self, name: str) -> Issued:
        """Return a certificate by name, made if needed; raises UnknownCertificate."""
        with self._lock:
            if found := self._issued.get(name):
                return found
            if name not in BLUEPRINTS:
                raise UnknownCertificate(f"no certificate is named {name!r}{suggest(name, self.names())}")
            return self._obtain(name, BLUEPRINTS[name])

    def make(self, kind: str) -> tuple[Issued, ...]:
        """Return the certificates of a kind, made if needed: ECDSA and RSA for a server, else one.

        Raises UnknownCertificate.
        """
        if kind not in KINDS:
            raise UnknownCertificate(f"{kind!r} is not a kind of certificate{suggest(kind, KINDS)}")
        return tuple(self.named(name) for name in KINDS[kind])

    def issue_client(self, identity: str, *, key_type: KeyType = "ecdsa", fault: str = "") -> Issued:
        """Return the client certificate of a station with its key, made if needed.

        A fault of FAULTS makes it wrong in that way.
        """
        if fault and fault not in FAULTS:
            raise UnknownCertificate(f"{fault!r} is not a fault of certificates{suggest(fault, FAULTS)}")
        name = CLIENTS + identity + (f" {fault}" if fault else "")
        with self._lock:
            return self._issued.get(name) or self._obtain(name, client_blueprint(identity, key_type, fault))

    def check_csr(self, csr_pem: str, *, common_names: Collection[str] = (), organization: str = "") -> None:
        """Raise InvalidCsr unless the request can be signed (see `read_csr`)."""
        read_csr(csr_pem, common_names=common_names, organization=organization)

    def sign_csr(self, csr_pem: str, *, certificate_type: str = "ChargingStationCertificate") -> Issued:
        """Return a certificate for a PKCS#10 request in PEM; raises InvalidCsr (A02, A03)."""
        return self._certify(read_csr(csr_pem), certificate_type)

    def chain_for_another_key(
        self, common_name: str, *, certificate_type: str = "ChargingStationCertificate"
    ) -> Issued:
        """Return a certificate with a discarded key, which a station has to reject."""
        public_key = new_key("ecdsa").public_key()
        return self._certify(SigningRequest(subject_name(common_name), public_key, None), certificate_type)

    def revoke(self, name: str) -> list[Record]:
        """Revoke issued certificates by name, or by serial number in hex; raises UnknownCertificate."""
        found = [record for record in self._registry if name in {record.name, f"{record.serial:x}"}]
        if not found:
            names = {record.name for record in self._registry}
            raise UnknownCertificate(f"no issued certificate is named {name!r}{suggest(name, names)}")
        now = datetime.now(UTC)
        revoked = [record if record.revoked else record._replace(revoked=now) for record in found]
        for record in revoked:
            self._registry.add(record)
        return revoked

    def status(self, certificate: x509.Certificate) -> OcspStatus:
        """Whether the PKI issued a certificate and when it was revoked."""
        record = self._registry.get(certificate.serial_number)
        return OcspStatus(record is not None, record.revoked if record else None)

    def ocsp_response(self, request: Mapping[str, Any]) -> str:
        """Return a base64 DER OCSPResponse for an OCSPRequestDataType: good, revoked or unknown.

        Raises InvalidHashData if the request does not identify a certificate.
        """
        algorithm, name_hash, key_hash, serial = check_hash_data(request)
        wanted = CertificateId(HASH_ALGORITHMS[algorithm], name_hash, key_hash, serial)
        ca = self._ca_by_hashes(algorithm, name_hash, key_hash)
        status = self._status_by_issuer(serial, ca)
        signer = ca or self.named("root")
        assert signer.key is not None
        response = single_response(wanted, signer.certificate, signer.key, status)
        return base64.b64encode(response.public_bytes(Encoding.DER)).decode()

    def _ca_by_hashes(self, algorithm: str, name_hash: bytes, key_hash: bytes) -> Issued | None:
        cas = (self.named(name) for name, blueprint in BASIC_BLUEPRINTS.items() if blueprint.is_ca)
        return next(
            (ca for ca in cas if issuer_hashes(ca.certificate, algorithm) == (name_hash, key_hash)), None
        )

    def _status_by_issuer(self, serial: int, ca: Issued | None) -> OcspStatus:
        record = self._registry.get(serial)
        if ca is None or record is None or (record.issuer or record.name) != ca.name:
            return OcspStatus(is_known=False)
        return OcspStatus(is_known=True, revoked=record.revoked)

    def _certify(self, request: SigningRequest, certificate_type: str) -> Issued:
        ca = self.named(ISSUER_BY_TYPE[certificate_type])
        certificate = certify_request(request, self._signer(ca))
        subject = certificate.subject.rfc4514_string()
        issued = Issued(
            name=f"signed {subject}",
            certificate=certificate,
            sub_cas=(ca.certificate, *ca.sub_cas),
            root=ca.root,
        )
        self._record(issued, ca.name)
        return issued

    def _signer(self, ca: Issued) -> Signer:
        assert ca.key is not None
        return Signer(ca.certificate, ca.key, self.ocsp_url)

    def _obtain(self, name: str, blueprint: Blueprint) -> Issued:
        """Load a certificate from the folder, or make it if it is missing there or must be renewed."""
        issuer = self.named(blueprint.issuer) if blueprint.issuer else None
        key: PkiKey | None = None
        if self._folder:
            chain, key = self._folder.load(name)
            reason = self._reason_to_renew(blueprint, issuer, chain, key)
            if key and not reason:
                return self._keep(name, blueprint, chain[0], key, issuer)
            if chain:
                logger.info("renewing the certificate %s: %s", name, reason)
        key = key or new_key(blueprint.key_type)
        signer = self._signer(issuer) if issuer else None
        certificate = make_certificate(blueprint, key, signer, self._server_names)
        issued = self._keep(name, blueprint, certificate, key, issuer)
        if self._folder:
            self._folder.save(name, [certificate, *issued.sub_cas], key)
        return issued

    def _keep(
        self,
        name: str,
        blueprint: Blueprint,
        certificate: x509.Certificate,
        key: PkiKey,
        issuer: Issued | None,
    ) -> Issued:
        sub_cas = (
            (issuer.certificate, *issuer.sub_cas)
            if issuer and issuer.issuer is not issuer.certificate
            else ()
        )
        issued = Issued(
            name=name,
            certificate=certificate,
            sub_cas=sub_cas,
            root=issuer.root if issuer else certificate,
            key=key,
            chain_path=self._folder.chain_path(name) if self._folder else None,
            key_path=self._folder.key_path(name) if self._folder else None,
        )
        self._issued[name] = issued
        self._record(issued, blueprint.issuer)
        return issued

    def _record(self, issued: Issued, issuer: str) -> None:
        certificate = issued.certificate
        subject = certificate.subject.rfc4514_string()
        record = Record(
            issued.name, certificate.serial_number, issuer, subject, certificate.not_valid_after_utc
        )
        if self._registry.get(record.serial) is None:
            self._registry.add(record)

    def _reason_to_renew(
        self,
        blueprint: Blueprint,
        issuer: Issued | None,
        chain: Sequence[x509.Certificate],
        key: PkiKey | None,
    ) -> str:
        """Why a certificate of the folder has to be made again, or an empty text."""
        if not chain:
            return "it is missing"
        certificate, now = chain[0], datetime.now(UTC)
        if key is None:
            return "its key is missing"
        if certificate.public_key() != key.public_key():
            return "it does not belong to its key"
        if blueprint.renews and certificate.not_valid_after_utc < now + RENEWAL:
            return f"it expires on {certificate.not_valid_after_utc:%Y-%m-%d}"
        return ""
