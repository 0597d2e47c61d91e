"""A certificate of the PKI with its chain, key and files."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mock_csms.pki.hash_data import hash_data

type PkiKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True, eq=False)
class Issued:
    """A certificate, the sub-CAs that lead from it to its root, and the root."""

    name: str
    certificate: x509.Certificate
    sub_cas: tuple[x509.Certificate, ...] = ()
    """CAs between the certificate and the root, the issuer of the certificate first."""
    root: x509.Certificate
    key: PkiKey | None = None
    """None if the PKI does not have the key, as for a CSR."""
    chain_path: Path | None = None
    """File with the chain, leaf first, without the root; None if the chain is not in a file."""
    key_path: Path | None = None

    def __repr__(self) -> str:
        return f"<Issued {self.name}>"

    @property
    def certificate_pem(self) -> str:
        """The certificate alone in PEM."""
        return to_pem(self.certificate)

    @property
    def chain(self) -> tuple[str, ...]:
        """Certificates in PEM, leaf first, without the root; for a root, the root alone."""
        return tuple(to_pem(certificate) for certificate in (self.certificate, *self.sub_cas))

    @property
    def root_pem(self) -> str:
        """The root certificate in PEM."""
        return to_pem(self.root)

    @property
    def key_pem(self) -> str | None:
        """The private key in PKCS#8 PEM without a password, if the PKI has it."""
        return None if self.key is None else private_pem(self.key).decode()

    @property
    def issuer(self) -> x509.Certificate:
        """The certificate that signed this one; for a root, the root itself."""
        return self.sub_cas[0] if self.sub_cas else self.root

    @property
    def as_sub_cas(self) -> tuple[x509.Certificate, ...]:
        """Sub-CAs of a certificate that this CA issues: this CA and the sub-CAs above it; empty if this CA
        is a root.
        """
        return () if self.root is self.certificate else (self.certificate, *self.sub_cas)

    def chain_text(self, *, sub_cas: bool = True, root: bool = False) -> str:
        """Return one PEM text: the certificate, then its sub-CAs and its root, if they are asked for."""
        others = (*(self.sub_cas if sub_cas else ()), *((self.root,) if root else ()))
        return "".join(to_pem(one) for one in (self.certificate, *others))

    def hash_data(self, algorithm: str = "SHA256") -> dict[str, str]:
        """Return the CertificateHashDataType for a HashAlgorithmEnumType."""
        return hash_data(self.certificate, self.issuer, algorithm)


def whole_certificates(pem: bytes) -> list[x509.Certificate]:
    """Parse certificates with all their parts at once. By default, `cryptography` parses each part at its
    first use.

    Raises one of PARSE_ERRORS or UnsupportedAlgorithm.
    """
    certificates = x509.load_pem_x509_certificates(pem)
    for one in certificates:
        one.extensions, one.public_key(), one.issuer, one.subject, one.signature_hash_algorithm
    return certificates


def to_pem(certificate: x509.Certificate) -> str:
    """A certificate in PEM."""
    return certificate.public_bytes(Encoding.PEM).decode()


def private_pem(key: PkiKey) -> bytes:
    """A private key in PKCS#8 PEM, without a password."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
