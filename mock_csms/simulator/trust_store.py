"""The root certificates and own certificate chains of a station, with their private keys."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from cryptography import x509

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import (
    PrivateKey,
    certificate_hash_data,
    has_hash_data,
    is_current,
    is_issued_by,
    parse_chain,
    parse_key,
    pem,
)
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.variables import MAX_CERTIFICATES

ENTRIES: Final = Key("SecurityCtrlr", "CertificateEntries")
MANUFACTURER_ROOT: Final = "ManufacturerRootCertificate"
CSMS_ROOT: Final = "CSMSRootCertificate"
V2G_ROOT: Final = "V2GRootCertificate"
MO_ROOT: Final = "MORootCertificate"
V2G_CHAIN: Final = "V2GCertificateChain"
STATION_CERTIFICATE: Final = "ChargingStationCertificate"
V2G: Final = "V2GCertificate"
ROOT_OF: Final = {STATION_CERTIFICATE: CSMS_ROOT, V2G: V2G_ROOT}
MAX_CHILDREN: Final = 4

type Chain = list[x509.Certificate]


class OwnCertificate(NamedTuple):
    """A certificate of the station and its sub CAs, leaf first, with the private key of the leaf."""

    chain: Chain
    key: PrivateKey

    @property
    def pem(self) -> str:
        """The chain in PEM."""
        return pem(self.chain)


class TrustStore:
    """Installed certificates; they survive a power cut."""

    def __init__(self, core: Core) -> None:
        self._core = core
        security = core.setup.security
        self._roots: dict[str, Chain] = {use: parse_chain(text) for use, text in security.roots.items()}
        self._own: dict[str, OwnCertificate] = {}
        self._fallback: OwnCertificate | None = None
        """Replaced client certificate; kept until a connection with its successor succeeds (A02.FR.10)."""
        self._replaced_root: x509.Certificate | None = None
        """Replaced CSMS root; kept until a connection with the new root succeeds (M05.FR.12)."""
        if security.client_chain:
            chain, key = parse_chain(security.client_chain), parse_key(security.client_key)
            self._own[STATION_CERTIFICATE] = OwnCertificate(chain, key)
        self._count()

    def roots(self, certificate_type: str) -> Chain:
        """Installed root certificates of a type, oldest first."""
        return list(self._roots.get(certificate_type, []))

    def has_valid(self, certificate_type: str) -> bool:
        """Whether a root or own chain of this type is installed and valid now."""
        now = self._core.now()
        chain = self.chain(certificate_type)
        is_chain_valid = bool(chain) and all(is_current(one, now) for one in chain)
        return is_chain_valid or any(is_current(root, now) for root in self._roots.get(certificate_type, []))

    def chain(self, use: str) -> Chain:
        """The station's own certificate for a use, followed by its sub-CAs; empty if it is missing."""
        return list(self._own[use].chain) if use in self._own else []

    def client_certificate(self, cycle: int) -> OwnCertificate | None:
        """Client certificate to present after all network profiles have failed ``cycle`` times.

        If there is a fallback, the new certificate and the fallback take turns (A02.FR.28, A03.FR.24).
        """
        if self._fallback is not None and cycle % 2:
            return self._fallback
        return self._own.get(STATION_CERTIFICATE)

    def keep_only(self, used: OwnCertificate | None) -> bool:
        """Keep only the client certificate that the connection used.

        Return whether the new client certificate was discarded.
        """
        fallback, self._fallback = self._fallback, None
        is_new_discarded = fallback is not None and used is fallback
        if fallback is not None and is_new_discarded:
            self._own[STATION_CERTIFICATE] = fallback
        self._count()
        return is_new_discarded

    @property
    def trusted_pem(self) -> str:
        """Roots for connections to the file servers of the central system, in PEM (N01.FR.15)."""
        return pem(self.roots(CSMS_ROOT))

    def trusted_for(self, *, uses_replaced: bool) -> str:
        """Roots for connections to the central system, in PEM.

        While a CSMS root is being replaced, ``uses_replaced`` selects the replaced root alone; without
        ``uses_replaced``, the result is all other CSMS roots.
        """
        if self._replaced_root is None:
            return self.trusted_pem
        if uses_replaced:
            return pem([self._replaced_root])
        return pem([root for root in self.roots(CSMS_ROOT) if root != self._replaced_root])

    def replace_csms_root(self, new: x509.Certificate) -> None:
        """Install a CSMS root. Of the earlier CSMS roots, keep only the newest, until a connection with the
        new root succeeds (M05.FR.09, M05.FR.12).
        """
        newest = self.roots(CSMS_ROOT)[-1:]
        self._replaced_root = next((root for root in newest if root != new), None)
        self.set_roots(CSMS_ROOT, [*filter(None, [self._replaced_root]), new])

    def confirm_roots(self, trusted_pem: str) -> None:
        """Remove the replaced CSMS root if a connection used the new root (M05.FR.13)."""
        if self._replaced_root is not None and trusted_pem == self.trusted_for(uses_replaced=False):
            self.set_roots(CSMS_ROOT, [root for root in self.roots(CSMS_ROOT) if root != self._replaced_root])
            self._replaced_root = None

    @property
    def entries(self) -> int:
        """Number of installed certificates."""
        return sum(map(len, self._roots.values())) + sum(len(own.chain) for own in self._own.values())

    def is_full_for(self, certificate_type: str, root: x509.Certificate) -> bool:
        """Whether a root is not installed yet and would exceed the limit of certificates (M05.FR.06)."""
        return root not in self._roots.get(certificate_type, []) and self.entries >= MAX_CERTIFICATES

    def set_roots(self, certificate_type: str, roots: Chain) -> None:
        """Replace the roots of a type."""
        self._roots[certificate_type] = roots
        self._count()

    def set_own(self, use: str, own: OwnCertificate, *, keeps_fallback: bool = False) -> None:
        """Replace the station's own certificate for a use.

        With ``keeps_fallback``, the replaced certificate becomes the fallback, unless there already is one.
        """
        if keeps_fallback and self._fallback is None:
            self._fallback = self._own.get(use)
        self._own[use] = own
        self._count()

    def delete(self, wanted: JsonObject) -> bool:
        """Delete the root or V2G chain with this hash data. Return whether it was found."""
        is_found = False
        for certificate_type, roots in self._roots.items():
            kept = [root for root in roots if not has_hash_data(root, self.issuer(root, roots), wanted)]
            is_found = is_found or len(kept) < len(roots)
            self._roots[certificate_type] = kept
        if self.is_in_chain(V2G, wanted):
            # More than M04.FR.08 requires: a chain without one of its certificates is of no use.
            del self._own[V2G]
            is_found = True
        self._count()
        return is_found

    def is_in_chain(self, use: str, wanted: JsonObject) -> bool:
        """Whether hash data identifies a certificate of the station's own chain."""
        return any(has_hash_data(one, issuer, wanted) for one, issuer in self.with_issuers(use))

    def is_only_root(self, certificate_type: str, wanted: JsonObject) -> bool:
        """Whether hash data identifies the only installed root of a type."""
        roots = self.roots(certificate_type)
        return len(roots) == 1 and has_hash_data(roots[0], self.issuer(roots[0], roots), wanted)

    def with_issuers(self, use: str) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
        """Each certificate of the station's own chain with its issuer."""
        chain = self.chain(use)
        for certificate in chain:
            yield certificate, self.issuer(certificate, [*chain, *self.roots(ROOT_OF[use])])

    @staticmethod
    def issuer(certificate: x509.Certificate, candidates: Chain) -> x509.Certificate:
        """Candidate that issued a certificate; the certificate itself if no candidate issued it."""
        return next((other for other in candidates if is_issued_by(certificate, other)), certificate)

    def hash_data_chains(self, types: list[str] | None) -> list[JsonObject]:
        """CertificateHashDataChainType of the installed certificates of ``types``, or of all types (M03)."""
        found: list[JsonObject] = [
            {
                "certificateType": kind,
                "certificateHashData": certificate_hash_data(root, self.issuer(root, roots)),
            }
            for kind, roots in self._roots.items()
            if types is None or kind in types
            for root in roots
        ]
        if self.chain(V2G) and (types is None or V2G_CHAIN in types):
            leaf, *children = [certificate_hash_data(one, issuer) for one, issuer in self.with_issuers(V2G)]
            entry: JsonObject = {"certificateType": V2G_CHAIN, "certificateHashData": leaf}
            if children:  # M03.FR.05
                entry["childCertificateHashData"] = children[:MAX_CHILDREN]
            found.append(entry)
        return found

    def _count(self) -> None:
        self._core.variables.put(ENTRIES, str(self.entries))
