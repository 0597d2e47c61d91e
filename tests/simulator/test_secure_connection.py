"""Connections with security profiles 1 to 3, and the explanation of those that fail."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from ocpp.v201.enums import SecurityEventType
from websockets.asyncio.server import ServerConnection, basic_auth, serve
from websockets.typing import Subprotocol

from mock_csms.simulator.access import ConnectionAttempt
from mock_csms.simulator.connection_failures import Failure
from mock_csms.simulator.device_model import BASIC_AUTH_PASSWORD, Key
from mock_csms.simulator.security_setup import SecuritySetup
from mock_csms.simulator.trust_store import CSMS_ROOT, OwnCertificate
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.authority import Authority, key_pem
from tests.support.linked_station import linked_station
from tests.support.station import PATIENCE
from tests.support.tls_server import alerting_server, server_context

PASSWORD = "a long random password"
NEW_PASSWORD = "another random password"
HOST = "127.0.0.1"
TLS_1_2 = ssl.TLSVersion.TLSv1_2
TLS_1_3 = ssl.TLSVersion.TLSv1_3


class Client:
    """A station that reconnects without a back-off delay, and its failed connection attempts."""

    def __init__(self, url: str, security: SecuritySetup) -> None:
        self.station, self.connection = linked_station(url, security=security)
        self.core = self.station.core
        for variable in ("RetryBackOffWaitMinimum", "RetryBackOffRandomRange"):
            self.core.variables.put(Key("OCPPCommCtrlr", variable), "0")
        self.failures: asyncio.Queue[Failure] = asyncio.Queue()
        self.connection.on_failure = self._failed
        self.openings: asyncio.Queue[None] = asyncio.Queue()
        self.core.connected.connect(lambda: self.openings.put_nowait(None))

    def _failed(self, _: ConnectionAttempt, failure: Failure) -> None:
        self.failures.put_nowait(failure)

    async def failure(self) -> Failure:
        """Wait for the next failed connection attempt, and return the failure."""
        return await asyncio.wait_for(self.failures.get(), PATIENCE)

    async def opened(self) -> None:
        """Wait for the next connection."""
        await asyncio.wait_for(self.openings.get(), PATIENCE)


class Server:
    """A central system that stores its connections and can check passwords."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.passwords = {PASSWORD}
        self.url = ""

    async def check(self, user: str, password: str) -> bool:
        """Return whether these credentials of HTTP Basic authentication are right."""
        return user == "CS1" and password in self.passwords

    async def handle(self, connection: ServerConnection) -> None:
        """Store a connection, and wait until it is closed."""
        self.connections.put_nowait(connection)
        await connection.wait_closed()

    async def connection(self) -> ServerConnection:
        """Wait for the next connection."""
        return await asyncio.wait_for(self.connections.get(), PATIENCE)


class Site:
    """Servers and stations whose certificates are issued by one root."""

    def __init__(self, root: Authority, folder: Path, stack: AsyncExitStack) -> None:
        self.root = root
        self._folder = folder
        self._stack = stack

    def context(
        self,
        days: int = 1,
        address: str = HOST,
        *,
        has_clients: bool = False,
        newest: ssl.TLSVersion = TLS_1_3,
    ) -> ssl.SSLContext:
        """TLS context of a server, which requires client certificates if ``has_clients``."""
        own = self.root.certificate_of("CSMS", days, address=address)
        context = server_context(self._folder, own, clients=self.root if has_clients else None)
        context.maximum_version = newest
        return context

    def trusting(self, own: OwnCertificate | None = None, root: Authority | None = None) -> SecuritySetup:
        """Security of a station: profile 3 with the certificate ``own``, or profile 2 with a password."""
        roots = {CSMS_ROOT: (root or self.root).pem}
        if own is None:
            return SecuritySetup(profile=2, password=PASSWORD, roots=roots)
        return SecuritySetup(profile=3, roots=roots, client_chain=own.pem, client_key=key_pem(own.key))

    def connect(self, url: str, security: SecuritySetup) -> Client:
        """Open the connection of a station."""
        client = Client(url, security)
        self._stack.push_async_callback(client.connection.aclose)
        client.connection.open()
        return client

    async def start(self, context: ssl.SSLContext | None = None, *, has_passwords: bool = False) -> Server:
        """Start a server, with TLS if there is a context; it checks passwords if ``has_passwords``."""
        server = Server()
        check = basic_auth(check_credentials=server.check) if has_passwords else None
        serving = serve(
            server.handle,
            HOST,
            0,
            subprotocols=[Subprotocol(OCPP_2_0_1.subprotocol)],
            ssl=context,
            process_request=check,
        )
        listener = await self._stack.enter_async_context(serving)
        port = next(iter(listener.sockets)).getsockname()[1]
        server.url = f"{'ws' if context is None else 'wss'}://{HOST}:{port}"
        return server

    async def failure_at(self, context: ssl.SSLContext | None, security: SecuritySetup) -> Failure:
        """Connect a station to a server with this context, and return the failure of the first attempt."""
        with alerting_server(context) as server:
            client = self.connect(f"wss://{HOST}:{server.port}", security)
            failure = await client.failure()
            await client.connection.aclose()
        return failure


@pytest.fixture(scope="module", name="root")
def _root() -> Authority:
    return Authority("Root")


@pytest.fixture
async def site(root: Authority, tmp_path: Path) -> AsyncIterator[Site]:
    """Yield a `Site`, and stop its servers and stations after the test."""
    async with AsyncExitStack() as stack:
        yield Site(root, tmp_path, stack)


async def test_profile_1_sends_identity_and_password(site: Site) -> None:
    server = await site.start(has_passwords=True)
    client = site.connect(server.url, SecuritySetup(profile=1, password=PASSWORD))

    await client.opened()
    assert (await server.connection()).username == "CS1"
    assert client.failures.empty()


async def test_password_of_profile_0_is_not_sent(site: Site) -> None:
    server = await site.start()
    site.connect(server.url, SecuritySetup(profile=0, password=PASSWORD))

    request = (await server.connection()).request
    assert request is not None
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("password", "help_text"),
    [
        ("", "give --password or --password-file"),
        (NEW_PASSWORD, "give the right --password or --password-file"),
    ],
)
async def test_refused_password_is_explained(site: Site, password: str, help_text: str) -> None:
    server = await site.start(has_passwords=True)
    client = site.connect(server.url, SecuritySetup(profile=1, password=password))

    failure = await client.failure()
    assert failure.text.startswith("the server answered HTTP 401: ")
    assert failure.text.endswith(f"; {help_text}")
    assert failure.event == SecurityEventType.failed_to_authenticate_at_csms


async def test_new_password_is_used_at_once_and_kept_out_of_the_log(site: Site) -> None:
    server = await site.start(has_passwords=True)
    client = site.connect(server.url, SecuritySetup(profile=1, password=PASSWORD))
    await client.opened()

    server.passwords = {NEW_PASSWORD}
    client.core.variables.put(BASIC_AUTH_PASSWORD, NEW_PASSWORD)

    await client.opened()
    assert client.failures.empty()
    log = "\n".join(client.station.security.lines())
    assert "ReconfigurationOfSecurityParameters BasicAuthPassword" in log
    assert NEW_PASSWORD not in log


async def test_profile_2_verifies_the_server(site: Site) -> None:
    server = await site.start(site.context(), has_passwords=True)
    client = site.connect(server.url, site.trusting())

    await client.opened()
    connection = await server.connection()
    assert connection.username == "CS1"
    assert connection.transport.get_extra_info("ssl_object").version() == "TLSv1.3"


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
async def test_profile_3_presents_the_client_certificate(site: Site, version: ssl.TLSVersion) -> None:
    context = site.context(has_clients=True, newest=version)
    server = await site.start(context)
    client = site.connect(server.url, site.trusting(site.root.certificate_of("CS1")))

    await client.opened()
    connection = await server.connection()
    peer = connection.transport.get_extra_info("peercert")
    assert peer["subject"] == ((("commonName", "CS1"),),)
    assert connection.request is not None
    assert "Authorization" not in connection.request.headers


@pytest.mark.parametrize(
    ("days", "is_trusted", "text", "alert"),
    [
        (-1, True, "certificate has expired", "SSLV3_ALERT_CERTIFICATE_EXPIRED"),
        (1, False, "get local issuer certificate; trust its root", "TLSV1_ALERT_UNKNOWN_CA"),
    ],
)
async def test_invalid_server_certificate_is_refused_and_reported_once(
    site: Site, days: int, is_trusted: bool, text: str, alert: str
) -> None:
    context = site.context(days)
    with alerting_server(context) as server:
        client = site.connect(
            f"wss://{HOST}:{server.port}", site.trusting(root=site.root if is_trusted else Authority("Other"))
        )
        failures = [await client.failure(), await client.failure()]
        await client.connection.aclose()

    assert text in failures[0].text
    assert server.alerts[0] == alert
    assert failures[0].event == SecurityEventType.invalid_csms_certificate
    assert len([line for line in client.station.security.lines() if "InvalidCsmsCertificate" in line]) == 1


async def test_certificate_of_another_host_is_refused(site: Site) -> None:
    failure = await site.failure_at(site.context(address="10.0.0.1"), site.trusting())

    assert "IP address mismatch" in failure.cause
    assert failure.event == SecurityEventType.invalid_csms_certificate


async def test_old_tls_version_is_a_security_event(site: Site) -> None:
    context = site.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    failure = await site.failure_at(context, site.trusting())

    assert failure.text == "the server supports neither TLS 1.2 nor 1.3"
    assert failure.event == SecurityEventType.invalid_tls_version


async def test_weak_cipher_suite_is_a_security_event(site: Site) -> None:
    context = site.context(newest=TLS_1_2)
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA")

    failure = await site.failure_at(context, site.trusting())

    assert failure.text.startswith("the server supports no cipher suite of the station")
    assert failure.event == SecurityEventType.invalid_tls_cipher_suite


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize(
    ("days", "is_trusted", "text"), [(-1, True, "expired"), (1, False, "it does not trust the issuer")]
)
async def test_refused_client_certificate_is_explained(
    site: Site,
    version: ssl.TLSVersion,
    days: int,
    is_trusted: bool,
    text: str,
) -> None:
    context = site.context(has_clients=True, newest=version)
    own = (site.root if is_trusted else Authority("Other")).certificate_of("CS1", days)

    failure = await site.failure_at(context, site.trusting(own))

    assert failure.text == f"the server refused the client certificate: {text}"
    assert failure.event == SecurityEventType.failed_to_authenticate_at_csms


async def test_missing_client_certificate_is_explained(site: Site) -> None:
    context = site.context(has_clients=True)

    failure = await site.failure_at(context, site.trusting())

    assert (
        failure.text == "the server wants a client certificate; give one with --client-cert and --client-key"
    )


async def test_server_without_tls_is_explained(site: Site) -> None:
    failure = await site.failure_at(None, site.trusting())

    assert failure.text == "the server does not speak TLS at this port; write ws:// in --to"


async def test_server_with_tls_only_is_explained(site: Site) -> None:
    context = site.context()
    with alerting_server(context) as server:
        client = site.connect(f"ws://{HOST}:{server.port}", SecuritySetup())
        failure = await client.failure()
        await client.connection.aclose()

    assert failure.text.endswith("if the port takes TLS only, write wss:// in --to")
