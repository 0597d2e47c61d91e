"""A certificate authority for tests of the simulated station, independent of the server's PKI."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from mock_csms.simulator.certificate_data import PrivateKey, pem
from mock_csms.simulator.trust_store import OwnCertificate

NOW: Final = datetime.now(UTC).replace(microsecond=0)


def common_name(name: str) -> x509.Name:
    """Subject with this common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """A certificate authority, self-signed or below an issuer, that issues certificates and signs CSRs."""

    def __init__(
        self, name: str, issuer: "Authority | None" = None, *, days: int = 1000, start: datetime | None = None
    ) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = common_name(name)
        self.start = start
        """notBefore of issued certificates; None: a day ago, or 500 days ago for an expired certificate."""
        self.certificate = (issuer or self).issue(self.name, self.key.public_key(), days, ca=True)

    def issue(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        days: int = 365,
        *,
        ca: bool = False,
        address: str = "",
    ) -> x509.Certificate:
        """Issue a certificate; with negative ``days``, it has already expired."""
        start = self.start or NOW - timedelta(days=500 if days < 0 else 1)
        builder = (
            x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def sign(self, csr_pem: str, days: int = 365) -> str:
        """Sign a CSR; return the certificate in PEM, without the authority's certificate."""
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        key = csr.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
        return pem([self.issue(csr.subject, key, days)])

    def certificate_of(self, name: str, days: int = 365, *, address: str = "") -> OwnCertificate:
        """Issue a certificate with a new key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return OwnCertificate([self.issue(common_name(name), key.public_key(), days, address=address)], key)

    @property
    def pem(self) -> str:
        """The certificate of the authority in PEM."""
        return pem([self.certificate])


def key_pem(key: PrivateKey) -> str:
    """A private key in PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def written(folder: Path, own: OwnCertificate, name: str = "own.pem") -> Path:
    """Write a certificate and its key to one file, and return its path."""
    path = folder / name
    path.write_text(own.pem + key_pem(own.key), encoding="ascii")
    return path
