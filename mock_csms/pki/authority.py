"""The PKI: makes, keeps, signs and revokes certificates."""

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from mock_csms.errors import UsageError
from mock_csms.log.output import logger
from mock_csms.pki.blueprints import (
    BASIC_BLUEPRINTS,
    BLUEPRINTS,
    FAULTS,
    KINDS,
    Blueprint,
    KeyType,
    client_blueprint,
    client_name,
)
from mock_csms.pki.chains import Anchors, ChainVerdict, judge_certificates, judge_hash_data
from mock_csms.pki.csr import SigningRequest, read_csr
from mock_csms.pki.files import LOCK_TIMEOUT_S
from mock_csms.pki.folder import PkiFolder, StoredCertificate
from mock_csms.pki.hash_data import HASH_ALGORITHMS, check_hash_data, issuer_hashes
from mock_csms.pki.issued import Issued, PkiKey
from mock_csms.pki.issuing import (
    MAX_NAME_BYTES,
    Signer,
    certify_request,
    make_certificate,
    new_key,
    subject_name,
)
from mock_csms.pki.ocsp import CertificateId, OcspStatus, single_response
from mock_csms.pki.registry import MAX_SUBJECT, SIGNED, Record, Registry
from mock_csms.pki.renewal import reason_to_renew
from mock_csms.pki.server_names import LOCAL_NAMES, server_names
from mock_csms.text import suggest, suggest_or_list

ISSUER_BY_TYPE: Final = {"ChargingStationCertificate": "intermediate", "V2GCertificate": "v2g-sub-ca-2"}
"""Name of the CA that signs a CSR, by CertificateSigningUseEnumType."""

CONTRACT_ROOTS: Final = ("mo-root", "v2g-root")
TRUSTED_ROOTS: Final = frozenset({"root", "manufacturer-root", *CONTRACT_ROOTS})
"""Roots that a station has to trust. All other self-signed certificates are faulty on purpose."""
CONTRACT_SUB_CAS: Final = ("mo-sub-ca-1", "mo-sub-ca-2", "v2g-sub-ca-1", "v2g-sub-ca-2")


class UnknownCertificate(ValueError):
    """The PKI has no certificate with this name; the message suggests another name."""


class Pki:
    """Certificates by name. A certificate that is not in the folder is made at its first use.

    Methods that make an RSA key take about a tenth of a second; all others take less than a millisecond.
    """

    def __init__(
        self,
        folder: PkiFolder | None = None,
        names: Sequence[str] = LOCAL_NAMES,
        ocsp_url: Callable[[], str] = lambda: "",
    ) -> None:
        self._ocsp_url = ocsp_url
        self._folder = folder
        self._server_names = tuple(names)
        self._issued: dict[str, Issued] = {}
        self._registry = Registry(folder.index_path if folder else None)
        self._cas_by_hashes: dict[str, dict[tuple[bytes, bytes], Issued]] = {}
        """CAs by the hashes of their name and key, for each hash algorithm."""
        self._lock = RLock()

    @classmethod
    def in_memory(
        cls, names: Sequence[str] = LOCAL_NAMES, *, ocsp_url: Callable[[], str] = lambda: ""
    ) -> Self:
        """Return a PKI without files (see `open`)."""
        return cls(names=names, ocsp_url=ocsp_url)

    @classmethod
    def open(cls, path: Path, names: Sequence[str] = (), *, ocsp_url: Callable[[], str] = lambda: "") -> Self:
        """Return the PKI of a folder; missing certificates are made.

        The server's certificates carry the given names, those of this machine and its addresses. A new
        certificate names the OCSP responder at the URL that ``ocsp_url`` returns; with an empty URL, none.

        Raises UsageError for a name that is not valid, and CouldNotStart if the folder cannot be used.
        """
        try:
            all_names = server_names(names)
        except ValueError as error:
            raise UsageError(str(error)) from None
        folder = PkiFolder(path)
        folder.create()
        pki = cls(folder, all_names, ocsp_url)
        if folder.is_made:
            pki._registry.warn_if_missing()
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
        """Names of all certificates that `named` can return; some are made only at their first use."""
        clients = (record.name for record in self._registry if client_blueprint(record.name))
        return list(dict.fromkeys((*BLUEPRINTS, *clients)))

    def named(self, name: str) -> Issued:
        """Return a certificate by name, or a client certificate by identity. It is made if needed.

        Raises UnknownCertificate.
        """
        if found := self._issued.get(name):  # without the lock, which a thread holds while it makes a key
            return found
        with self._lock:
            if found := self._issued.get(name):
                return found
            if blueprint := BLUEPRINTS.get(name):
                return self._obtain(name, blueprint)
            names = self.names()
            full = next((full for full in (name, client_name(name)) if full in names), None)
            blueprint = client_blueprint(full) if full else None
            if full is None or blueprint is None:
                raise UnknownCertificate(f"no certificate is named {name!r}{suggest(name, names)}")
            return self._obtain(full, blueprint)

    def make(self, kind: str) -> tuple[Issued, ...]:
        """Return the certificates of a kind, made if needed.

        The kind ``server`` and the kinds named after a fault, such as ``expired``, have an ECDSA and an RSA
        certificate. Other kinds have one certificate.

        Raises UnknownCertificate.
        """
        if kind not in KINDS:
            raise UnknownCertificate(f"{kind!r} is not a kind of certificate{suggest_or_list(kind, KINDS)}")
        return tuple(self.named(name) for name in KINDS[kind])

    def issue_client(self, identity: str, *, key_type: KeyType = "ecdsa", fault: str = "") -> Issued:
        """Return the client certificate of a station with its key, made if needed.

        ``fault`` is the name of a fault in FAULTS that the certificate gets. Raises UnknownCertificate for an
        unknown fault, and ValueError for an identity that cannot be a CN.
        """
        if fault and fault not in FAULTS:
            raise UnknownCertificate(
                f"{fault!r} is not a fault of certificates{suggest_or_list(fault, FAULTS)}"
            )
        _check_identity(identity)
        name = client_name(identity, key_type, fault)
        blueprint = client_blueprint(name)
        assert blueprint is not None
        with self._lock:
            return self._issued.get(name) or self._obtain(name, blueprint)

    def check_csr(self, csr_pem: str, *, common_names: Collection[str] = (), organization: str = "") -> None:
        """Raise InvalidCsr unless the request can be signed (see `read_csr`)."""
        read_csr(csr_pem, common_names=common_names, organization=organization)

    def sign_csr(self, csr_pem: str, *, certificate_type: str = "ChargingStationCertificate") -> Issued:
        """Return a certificate for a PKCS#10 request in PEM; raises InvalidCsr (A02, A03)."""
        return self._certify(read_csr(csr_pem), certificate_type)

    def chain_for_another_key(
        self, common_name: str, *, certificate_type: str = "ChargingStationCertificate"
    ) -> Issued:
        """Return a certificate for a key that is not the station's; the station has to reject it."""
        public_key = new_key("ecdsa").public_key()
        return self._certify(SigningRequest(subject_name(common_name), public_key, None), certificate_type)

    def records(self) -> list[Record]:
        """All issued certificates, the oldest first."""
        return list(self._registry)

    def file_of(self, record: Record) -> Path | None:
        """File with an issued certificate; None if there is none, or if it has another certificate now.

        Raises CouldNotStart if the file cannot be read.
        """
        if self._folder is None or record.name.startswith(SIGNED):
            return None
        serials = [certificate.serial_number for certificate in self._folder.load(record.name).chain[:1]]
        return self._folder.chain_path(record.name) if record.serial in serials else None

    def revoke(self, name: str) -> list[Record]:
        """Revoke the issued certificates with a name, identity or serial number in hex; return their records.

        Raises UnknownCertificate, and CouldNotStart if the folder cannot be written.
        """
        wanted = {name, client_name(name), client_name(name, "rsa"), SIGNED + name}
        serial = name.lower().lstrip("0")
        found = [one for one in self._registry if one.name in wanted or f"{one.serial:x}" == serial]
        if not found:
            names = {record.name for record in self._registry}
            raise UnknownCertificate(f"no issued certificate is named {name!r}{suggest(name, names)}")
        now = datetime.now(UTC)
        revoked = [record if record.revoked else record._replace(revoked=now) for record in found]
        self._registry.write(revoked)
        return revoked

    def status(self, certificate: x509.Certificate) -> OcspStatus:
        """Whether the PKI has issued a certificate, and when it was revoked."""
        return OcspStatus.of(self._registry.get(certificate.serial_number))

    def ocsp_response(self, request: Mapping[str, Any]) -> str:
        """Return a base64 DER OCSPResponse for an OCSPRequestDataType: good, revoked or unknown.

        Raises InvalidHashData if the request does not identify a certificate.
        """
        algorithm, name_hash, key_hash, serial = check_hash_data(request)
        wanted = CertificateId(HASH_ALGORITHMS[algorithm], name_hash, key_hash, serial)
        response = self.ocsp_answer(wanted) or single_response(
            wanted, self.named("root"), OcspStatus(is_known=False)
        )
        return base64.b64encode(response.public_bytes(Encoding.DER)).decode()

    def ocsp_answer(
        self, wanted: CertificateId, nonce: x509.OCSPNonce | None = None
    ) -> ocsp.OCSPResponse | None:
        """Return a response signed by the CA of a certificate; None if the CA is not in the PKI."""
        ca = self._ca_by_hashes(wanted.algorithm.name, wanted.issuer_name_hash, wanted.issuer_key_hash)
        if ca is None:
            return None
        status = OcspStatus.of(self._record_by_issuer(wanted.serial, ca))
        return single_response(wanted, ca, status, nonce)

    def judge_chain(
        self,
        certificate_pem: str | None,
        hash_data: Sequence[Mapping[str, Any]] = (),
        *,
        roots: Collection[x509.Certificate] | None = None,
    ) -> ChainVerdict:
        """Check a contract certificate chain (C07), given in PEM, as OCSPRequestDataType, or both.

        If ``roots`` is None, the chain need not lead to a trusted root.
        """
        now = datetime.now(UTC)
        by_hashes = judge_hash_data(hash_data, self._find, now)
        if certificate_pem is None or by_hashes.state != "valid":
            return by_hashes
        sub_cas = [self.named(name).certificate for name in CONTRACT_SUB_CAS]
        anchors = Anchors(roots, sub_cas, lambda one: self.status(one).revoked)
        return judge_certificates(certificate_pem, anchors, now)._replace(unknown=by_hashes.unknown)

    def is_foreign(self, hash_data: Mapping[str, Any]) -> bool:
        """Whether an OCSPRequestDataType is valid and its CA is not in the PKI."""
        return bool(self.judge_chain(None, [hash_data]).unknown)

    def contract_roots(self) -> list[x509.Certificate]:
        """Roots of the PKI that contract certificates may chain to."""
        return [self.named(name).certificate for name in CONTRACT_ROOTS]

    def _find(self, hash_data: Mapping[str, Any]) -> tuple[bool, Record | None]:
        algorithm, name_hash, key_hash, serial = check_hash_data(hash_data)
        ca = self._ca_by_hashes(algorithm, name_hash, key_hash)
        return ca is not None, self._record_by_issuer(serial, ca)

    def _ca_by_hashes(self, algorithm: str, name_hash: bytes, key_hash: bytes) -> Issued | None:
        if algorithm not in self._cas_by_hashes:
            cas = (self.named(name) for name, blueprint in BASIC_BLUEPRINTS.items() if blueprint.is_ca)
            self._cas_by_hashes[algorithm] = {issuer_hashes(ca.certificate, algorithm): ca for ca in cas}
        return self._cas_by_hashes[algorithm].get((name_hash, key_hash))

    def _record_by_issuer(self, serial: int, ca: Issued | None) -> Record | None:
        record = self._registry.get(serial)
        is_issued = ca is not None and record is not None and (record.issuer or record.name) == ca.name
        return record if is_issued else None

    def _certify(self, request: SigningRequest, certificate_type: str) -> Issued:
        ca = self.named(ISSUER_BY_TYPE[certificate_type])
        certificate = certify_request(request, self._signer(ca))
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        issued = Issued(
            name=SIGNED + (str(names[0].value) if names else "")[:MAX_NAME_BYTES],
            certificate=certificate,
            sub_cas=ca.as_sub_cas,
            root=ca.root,
        )
        self._record(issued, ca.name, timeout_s=0)  # waiting here would block the event loop
        return issued

    def _signer(self, ca: Issued) -> Signer:
        assert ca.key is not None
        return Signer(ca.certificate, ca.key, self._ocsp_url())

    def _obtain(self, name: str, blueprint: Blueprint) -> Issued:
        """Load a certificate from the folder. If it is missing or due for renewal, make it."""
        issuer = self.named(blueprint.issuer) if blueprint.issuer else None
        if self._folder is None:
            key = new_key(blueprint.key_type)
            return self._keep(name, self._make(blueprint, issuer, key), key, issuer)
        stored = self._folder.load(name)
        if reason_to_renew(stored, blueprint, issuer, self._server_names):
            with self._folder.lock():
                stored = self._stored_or_made(self._folder, name, blueprint, issuer)
        assert stored.key is not None
        return self._keep(name, stored.chain[0], stored.key, issuer)

    def _stored_or_made(
        self, folder: PkiFolder, name: str, blueprint: Blueprint, issuer: Issued | None
    ) -> StoredCertificate:
        """Make and store a certificate, unless another process has stored it before this process got the
        lock.
        """
        stored = folder.load(name)
        reason = reason_to_renew(stored, blueprint, issuer, self._server_names)
        if not reason:
            return stored
        if stored.chain and name in TRUSTED_ROOTS:
            remedy = f"install {folder.chain_path(name)} in each station that has the old one"
            logger.warning("renewing the certificate %s: %s; %s", name, reason, remedy)
        elif stored.chain:
            logger.info("renewing the certificate %s: %s", name, reason)
        key = stored.key or new_key(blueprint.key_type)
        chain = [self._make(blueprint, issuer, key), *(issuer.as_sub_cas if issuer else ())]
        folder.save(name, chain, key)
        return StoredCertificate(chain, key)

    def _make(self, blueprint: Blueprint, issuer: Issued | None, key: PkiKey) -> x509.Certificate:
        signer = self._signer(issuer) if issuer else None
        return make_certificate(blueprint, key, signer, self._server_names)

    def _keep(self, name: str, certificate: x509.Certificate, key: PkiKey, issuer: Issued | None) -> Issued:
        issued = Issued(
            name=name,
            certificate=certificate,
            sub_cas=issuer.as_sub_cas if issuer else (),
            root=issuer.root if issuer else certificate,
            key=key,
            chain_path=self._folder.chain_path(name) if self._folder else None,
            key_path=self._folder.key_path(name) if self._folder else None,
        )
        self._issued[name] = issued
        self._record(issued, issuer.name if issuer else "")
        return issued

    def _record(self, issued: Issued, issuer: str, timeout_s: float = LOCK_TIMEOUT_S) -> None:
        certificate = issued.certificate
        if self._registry.get(certificate.serial_number) is None:
            self._registry.add(
                Record(
                    name=issued.name,
                    serial=certificate.serial_number,
                    issuer=issuer,
                    subject=certificate.subject.rfc4514_string()[:MAX_SUBJECT],
                    not_after=certificate.not_valid_after_utc,
                ),
                timeout_s,
            )


def _check_identity(identity: str) -> None:
    if not (identity.isprintable() and 1 <= len(identity.encode(errors="replace")) <= MAX_NAME_BYTES):
        raise ValueError(
            f"{identity!r} cannot be the CN of a certificate; use 1 to {MAX_NAME_BYTES} printable "
            f"characters, at most {MAX_NAME_BYTES} bytes in UTF-8"
        )
