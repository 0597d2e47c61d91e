"""Stations that prove their identity with a password or a client certificate (OCPP 2.0.1 A00)."""

import base64
import ssl
import warnings
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from mock_csms.csms import Csms
from mock_csms.pki import Issued
from tests.support.station import OCPP_2_0_1, PATIENCE, Station

RSA_SUITES: Final = ("AES128-GCM-SHA256", "AES256-GCM-SHA384")
ECDSA_SUITES: Final = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
REQUIRED_SUITES: Final = (*ECDSA_SUITES, *RSA_SUITES)
"""Cipher suites that a CSMS must support (A00.FR.318, A00.FR.421), as OpenSSL names them."""


def basic_authorization(user: str, password: str) -> dict[str, str]:
    """Header with Basic credentials (RFC 7617)."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def with_password(password: str, user: str = "CS1", **options: Any) -> dict[str, Any]:
    """Options to connect a station with Basic credentials."""
    return {"additional_headers": basic_authorization(user, password), **options}


class CertificateFiles(NamedTuple):
    """Files of a client certificate in PEM: its chain, leaf first, and its key."""

    chain: Path
    key: Path


def files_of(issued: Issued) -> CertificateFiles:
    """Files of an issued certificate, whose PKI must be in a folder."""
    assert issued.chain_path is not None
    assert issued.key_path is not None
    return CertificateFiles(issued.chain_path, issued.key_path)


class StationKey:
    """Key pair of a station, for a CSR and for the files of the certificate signed for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())

    def csr(self, common_name: str = "CS1", organization: str = "Operator") -> str:
        """A PKCS#10 request in PEM."""
        attributes = {NameOID.COMMON_NAME: common_name, NameOID.ORGANIZATION_NAME: organization}
        subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes.items()])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def store(self, chain: str) -> CertificateFiles:
        """Store the chain of a CertificateSigned with the key; the leaf must be for this key."""
        assert x509.load_pem_x509_certificate(chain.encode()).public_key() == self._key.public_key()
        files = CertificateFiles(self.folder / "station.pem", self.folder / "station.key")
        files.chain.write_text(chain, encoding="ascii")
        files.key.write_bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files


def wss_url(csms: Csms) -> str:
    """wss URL of the main listener, with the host name localhost."""
    return f"wss://localhost:{csms.address.rpartition(':')[2]}"


def station_context(
    root: str, certificate: CertificateFiles | None = None, *, suite: str = ""
) -> ssl.SSLContext:
    """TLS context of a station that trusts this root (PEM); ``suite``: TLS 1.2 with only this suite."""
    context = ssl.create_default_context(cadata=root)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    if suite:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suite)
    return context


def old_station_context(root: str) -> ssl.SSLContext:
    """TLS context of a station that speaks TLS 1.1 and nothing newer."""
    context = ssl.create_default_context(cadata=root)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def ssl_object_of(station: Station) -> ssl.SSLObject:
    """TLS object of a station's connection."""
    found = station.connection.transport.get_extra_info("ssl_object")
    assert isinstance(found, ssl.SSLObject)
    return found


def key_bits(certificate: x509.Certificate) -> tuple[str, int]:
    """Type and size of the key of a certificate."""
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return "ecdsa" if isinstance(key, ec.EllipticCurvePublicKey) else "rsa", key.key_size


def server_certificate(station: Station) -> x509.Certificate:
    """Certificate that the server has shown to a station."""
    data = ssl_object_of(station).getpeercert(binary_form=True)
    assert data is not None
    return x509.load_der_x509_certificate(data)


async def refused_status(base_url: str, identity: str = "CS1", **options: Any) -> int:
    """Connect a station whose opening handshake is refused, and return the HTTP status."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(
            f"{base_url}/{identity}", subprotocols=[OCPP_2_0_1], open_timeout=PATIENCE, **options
        )
    return caught.value.response.status_code


async def refused_in_tls(
    base_url: str, context: ssl.SSLContext, identity: str = "CS1", **options: Any
) -> None:
    """Try to connect a station, and assert that its TLS handshake is refused.

    With TLS 1.3, a station learns only after its handshake that its certificate is refused.
    """
    with pytest.raises((ssl.SSLError, ConnectionError, websockets.InvalidMessage)):
        await websockets.connect(
            f"{base_url}/{identity}", subprotocols=[OCPP_2_0_1], open_timeout=PATIENCE, ssl=context, **options
        )
