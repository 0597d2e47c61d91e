"""Certificates, ports and clients for tests of TLS."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from websockets.http11 import Request

from mock_csms.admission import hooks, record_refusal
from mock_csms.csms import Csms
from mock_csms.settings import Settings
from mock_csms.transport import listener
from mock_csms.transport.address import host_and_port, listening_socket
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.handshake import HandshakeFailure
from mock_csms.transport.ports import Port, TlsSetup
from mock_csms.transport.tls import server_context
from server import VERSIONS
from tests.support.loops import NewLoop, each_event_loop
from tests.support.station import PATIENCE

NOW: Final = datetime.now(UTC)
DAY: Final = timedelta(days=1)

type Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Credentials:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key in PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def load_into(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """Load certificate and key into a context, and return the context."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "chain.pem"
            path.write_bytes(self.pem + self.key_pem)
            context.load_cert_chain(path)
        return context


def issue(
    name: str, issuer: Credentials | None = None, *, key: Key | None = None, valid: timedelta = 30 * DAY
) -> Credentials:
    """Issue a certificate for a common name: a root if no issuer is given, expired if ``valid`` < 0."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 90 * DAY)
        .not_valid_after(NOW + valid)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
    )
    return Credentials(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


@cache
def root() -> Credentials:
    """Root certificate that signs the server certificates of this module."""
    return issue("root")


@cache
def server_credentials() -> Credentials:
    """ECDSA certificate of the server, for localhost."""
    return issue("localhost", root())


@cache
def rsa_server_credentials() -> Credentials:
    """RSA certificate of the server, for localhost."""
    return issue("localhost", root(), key=rsa.generate_private_key(65537, 2048))


def port_context(credentials: Credentials | None = None) -> ssl.SSLContext:
    """TLS context of a server with these credentials, by default `server_credentials`."""
    return (credentials or server_credentials()).load_into(server_context())


def client_context(*, trusts: Credentials | None = None, version: str = "") -> ssl.SSLContext:
    """TLS context of a client that verifies the server, by default with the root that signed it."""
    context = ssl.create_default_context(cadata=(trusts or root()).pem.decode())
    if version:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    return context


@dataclass
class TlsPort:
    """A `Port` with one TLS context, and with the properties, faults and flaws that a test chooses."""

    context: ssl.SSLContext = field(default_factory=port_context)
    name: str = "main"
    security_profile: int = 0
    accepts_plain: bool = True
    accepts_tls: bool = True
    root_hint: str = ".pki/root.pem"
    fault: str = ""
    flaw: str = ""
    flaw_of_name: str = ""

    def server_certificate_flaw(self, server_name: str | None) -> str:
        return self.flaw or (self.flaw_of_name if server_name else "")

    def tls(self, peer: Any) -> TlsSetup | None:
        return TlsSetup(self.context, self.fault)


@dataclass
class TlsServer:
    """A server with one port, and the failures of connections that it has refused."""

    csms: Csms
    port: int
    refusals: asyncio.Queue[HandshakeFailure] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        return f"wss://localhost:{self.port}"

    async def refusal(self) -> HandshakeFailure:
        """Wait for the next refused connection, and return its failure."""
        async with asyncio.timeout(PATIENCE):
            return await self.refusals.get()


@asynccontextmanager
async def serving(port: Port | None = None, **settings: Any) -> AsyncIterator[TlsServer]:
    """Serve stations on a port, by default one that accepts both TLS and plain text."""
    csms = Csms(Settings.model_validate({"port": 0, **settings}), VERSIONS)
    sock = listening_socket("127.0.0.1", 0)
    csms.listeners.main.address = host_and_port(*sock.getsockname()[:2])
    server = TlsServer(csms, sock.getsockname()[1])

    def refused(connection: WebSocketConnection, failure: HandshakeFailure, request: Request | None) -> None:
        record_refusal(csms, connection, failure, request)
        server.refusals.put_nowait(failure)

    async with listener.serve(
        [(sock, port or TlsPort())],
        replace(hooks(csms), refused=refused),
        max_message_size=csms.settings.max_message_size,
        compression=False,
        ping_interval=None,
        ping_timeout=20,
        max_sockets=None,
    ):
        yield server


class TlsClient:
    """A TLS client on a bare TCP connection: it sends alerts, and a test can send any bytes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: ssl.SSLContext,
        name: str,
        session: ssl.SSLSession | None,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name, session=session)

    async def _do[T](self, work: Callable[..., T], *arguments: Any, flush: bool = True) -> T:
        """Call a method of the SSLObject again after each input from the server, until it succeeds."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return work(*arguments)
                except ssl.SSLWantReadError:
                    self.flush()
                    data = await self.reader.read(2**16)
                    self._incoming.write(data) if data else self._incoming.write_eof()
                finally:
                    if flush:
                        self.flush()

    def flush(self) -> None:
        """Send the output of OpenSSL."""
        if data := self._outgoing.read():
            self.writer.write(data)

    def hello(self) -> bytes:
        """Return the ClientHello instead of sending it."""
        with suppress(ssl.SSLWantReadError):
            self.ssl.do_handshake()
        return self._outgoing.read()

    async def shake_hands(self, *, flush: bool = True) -> None:
        """Complete the handshake; on an SSLError, send the alert before raising it.

        ``flush=False`` keeps back the last message, to be sent with what follows.
        """
        await self._do(self.ssl.do_handshake, flush=flush)

    async def write(self, data: bytes) -> None:
        """Send data."""
        await self._do(self.ssl.write, data)

    async def read(self) -> bytes:
        """Receive some data, b"" at close_notify. Raises SSLError on an alert, SSLEOFError on a bare FIN."""
        return await self._do(self.ssl.read, 2**16)

    async def unwrap(self) -> None:
        """Send close_notify and wait for the server's."""
        await self._do(self.ssl.unwrap)

    async def rest(self) -> bytes:
        """Receive the bytes until the end of TCP, without decrypting them."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    def reset(self) -> None:
        """Reset the TCP connection."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@asynccontextmanager
async def tls_client(
    server: TlsServer,
    context: ssl.SSLContext | None = None,
    *,
    name: str = "localhost",
    session: ssl.SSLSession | None = None,
) -> AsyncIterator[TlsClient]:
    """Open a TCP connection for TLS; the handshake is up to the test."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield TlsClient(reader, writer, context or client_context(), name, session)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def run_on(new_loop: NewLoop, test: Coroutine[Any, Any, None]) -> None:
    """Run a test on a new event loop."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(test)


def on_each_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test run once on asyncio's own event loop and once on the server's."""

    @each_event_loop
    def run_test(new_loop: NewLoop) -> None:
        run_on(new_loop, test())

    run_test.__doc__ = test.__doc__
    return run_test
