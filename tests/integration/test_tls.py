"""TLS on the port of stations: accepted, told apart from plain text, and refused with the reason."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import websockets

from mock_csms.transport.ports import TlsSetup
from tests.support.loops import NewLoop, each_event_loop
from tests.support.station import OCPP_2_0_1, PATIENCE, heartbeat_is_answered
from tests.support.tls import (
    DAY,
    TlsClient,
    TlsPort,
    TlsServer,
    client_context,
    issue,
    on_each_loop,
    port_context,
    root,
    rsa_server_credentials,
    run_on,
    serving,
    tls_client,
)
from tests.support.wire import request

INSTALL = "install the root certificate .pki/root.pem in the station"

each_version = pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])


def mutual_context() -> ssl.SSLContext:
    """Context of a port that requires a client certificate."""
    context = port_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=root().pem.decode())
    return context


# Accepted


@each_event_loop
@each_version
@pytest.mark.parametrize("credentials", [None, rsa_server_credentials], ids=["ECDSA", "RSA"])
def test_station_over_tls_is_answered_and_closed_with_1000(
    new_loop: NewLoop, version: str, credentials: Callable[[], object] | None
) -> None:
    async def test() -> None:
        context = port_context(rsa_server_credentials() if credentials else None)
        async with serving(TlsPort(context, fault="none")) as server:
            ssl_context = client_context(version=version)
            async with websockets.connect(
                f"{server.url}/CS1", ssl=ssl_context, subprotocols=[OCPP_2_0_1]
            ) as station:
                assert await heartbeat_is_answered(station)
                [session] = server.csms.sessions.values()
                facts = session.connection.tls
                assert facts is not None
                assert facts.version == version.replace("_", ".")
                assert "AES" in facts.cipher
                assert (facts.server_name, facts.certificate, facts.fault) == ("localhost", None, "none")
            assert station.close_code == 1000

    run_on(new_loop, test())


@each_event_loop
@each_version
def test_client_certificate_is_among_the_facts(new_loop: NewLoop, version: str) -> None:
    async def test() -> None:
        credentials = issue("CS1", root())
        context = credentials.load_into(client_context(version=version))
        async with (
            serving(TlsPort(mutual_context())) as server,
            websockets.connect(f"{server.url}/CS1", ssl=context, subprotocols=[OCPP_2_0_1]) as station,
        ):
            assert await heartbeat_is_answered(station)
            [session] = server.csms.sessions.values()
            assert session.connection.tls is not None
            expected = ssl.PEM_cert_to_DER_cert(credentials.pem.decode())
            assert session.connection.tls.certificate == expected

    run_on(new_loop, test())


@on_each_loop
async def test_session_is_resumed_in_tls_1_2_only_and_not_kept_by_the_server() -> None:
    port = TlsPort()
    async with serving(port) as server:
        assert await resumes(server, client_context(version="TLSv1_2"))
        assert not await resumes(server, client_context(version="TLSv1_3"))
    assert port.context.session_stats()["number"] == 0


async def resumes(server: TlsServer, context: ssl.SSLContext) -> bool:
    """Connect twice; return whether the second connection resumes the session of the first."""
    session: ssl.SSLSession | None = None
    for _ in range(2):
        async with tls_client(server, context, session=session) as client:
            await client.shake_hands()
            await client.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await client.read()).startswith(b"HTTP/1.1 200")
            session = client.ssl.session
    return client.ssl.session_reused is True


@on_each_loop
async def test_plain_text_and_tls_share_a_port() -> None:
    async with (
        serving() as server,
        websockets.connect(f"ws://localhost:{server.port}/CS1", subprotocols=[OCPP_2_0_1]) as plain,
        websockets.connect(f"{server.url}/CS2", ssl=client_context(), subprotocols=[OCPP_2_0_1]) as secured,
    ):
        assert await heartbeat_is_answered(plain)
        assert await heartbeat_is_answered(secured)
        tls = {name: session.connection.tls for name, session in server.csms.sessions.items()}
        assert tls["CS1"] is None
        assert tls["CS2"] is not None


@on_each_loop
async def test_client_hello_byte_by_byte_is_answered() -> None:
    async with serving() as server, tls_client(server) as client:
        for byte in client.hello():
            client.writer.write(bytes([byte]))
            await asyncio.sleep(0)
        await client.shake_hands()
        await client.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.read()).startswith(b"HTTP/1.1 200")


@on_each_loop
async def test_request_that_comes_with_the_last_flight_of_the_handshake_is_answered() -> None:
    async with serving() as server, tls_client(server, client_context(version="TLSv1_3")) as client:
        await client.shake_hands(flush=False)
        await client.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.read()).startswith(b"HTTP/1.1 200")


# Refused handshakes


def distrusting(version: str) -> ssl.SSLContext:
    """Client that trusts a root other than the server's."""
    return client_context(trusts=issue("another root"), version=version)


def name_sake(version: str) -> ssl.SSLContext:
    """Client that trusts another root, whose name is the same as that of the server's root."""
    return client_context(trusts=issue("root"), version=version)


def stranger(version: str) -> ssl.SSLContext:
    """Client with a certificate of another authority."""
    return issue("CS1", issue("another root")).load_into(client_context(version=version))


def outdated(version: str) -> ssl.SSLContext:
    """Client with an expired certificate."""
    return issue("CS1", root(), valid=-DAY).load_into(client_context(version=version))


def of_unknown_version(version: str) -> ssl.SSLContext:
    """Client with a certificate of X.509 version 5, which OpenSSL accepts and `cryptography` does not."""
    credentials = issue("CS1", issue("another root"))
    data = ssl.PEM_cert_to_DER_cert(credentials.pem.decode())
    odd_pem = ssl.DER_cert_to_PEM_cert(data.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04", 1))
    context = client_context(version=version)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "chain.pem"
        path.write_bytes(odd_pem.encode() + credentials.key_pem)
        context.load_cert_chain(path)
    return context


def with_other_suite(version: str) -> ssl.SSLContext:
    """Client that offers only a cipher suite that needs an RSA certificate."""
    context = client_context(version="TLSv1_2")
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    return context


def antiquated(version: str) -> ssl.SSLContext:
    """Client that offers TLS 1.1 at most."""
    context = client_context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def expired_port() -> ssl.SSLContext:
    return port_context(issue("localhost", root(), valid=-DAY))


@each_event_loop
@each_version
@pytest.mark.parametrize(
    ("port", "client", "name", "words"),
    [
        (port_context, distrusting, "localhost", ["does not trust the root", "unknown_ca", INSTALL]),
        (port_context, name_sake, "localhost", ["decrypt_error", "another root", INSTALL]),
        (port_context, lambda version: client_context(version=version), "other.example", ["bad_certificate"]),
        (
            expired_port,
            lambda version: client_context(version=version),
            "localhost",
            ["certificate has expired"],
        ),
        (
            port_context,
            with_other_suite,
            "localhost",
            ["no cipher suite", "the cipher suites ECDHE-RSA-AES128-GCM-SHA256, host name localhost"],
        ),
        (port_context, antiquated, "localhost", ["no TLS version", "it offered TLS 1.1 or lower"]),
        (
            mutual_context,
            lambda version: client_context(version=version),
            "localhost",
            ["it sent no client certificate"],
        ),
        (
            mutual_context,
            stranger,
            "localhost",
            ["its client certificate (CN=CS1, issued by CN=another root) is not accepted", "local issuer"],
        ),
        (mutual_context, outdated, "localhost", ["(CN=CS1, issued by CN=root)", "certificate has expired"]),
        (mutual_context, of_unknown_version, "localhost", ["(which is not a valid X.509 certificate)"]),
    ],
    ids=[
        "root",
        "root of the same name",
        "host name",
        "expired",
        "cipher suite",
        "version",
        "no client certificate",
        "strange client certificate",
        "expired client certificate",
        "client certificate of an unknown version",
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_failed_handshake_is_refused_with_its_cause(  # noqa: PLR0917 - one way to fail
    new_loop: NewLoop,
    version: str,
    port: Callable[[], ssl.SSLContext],
    client: Callable[[str], ssl.SSLContext],
    name: str,
    words: list[str],
) -> None:
    async def test() -> None:
        async with serving(TlsPort(port())) as server:
            async with tls_client(server, client(version), name=name) as connection:
                with pytest.raises(ssl.SSLError):
                    await complete(connection)
                failure = await server.refusal()
                await connection.rest()
            assert failure.kind == "tls"
            for word in words:
                assert word in failure.reason
            assert failure.facts is not None
            assert failure.facts["serverName"] == name
            assert server.csms.records.statistics.refused == {"tls": 1}
            [entry] = [each for each in server.csms.records.journal if each.type == "refused"]
            assert entry.note
            assert failure.reason in entry.note

    run_on(new_loop, test())


async def complete(client: TlsClient) -> None:
    """Complete the handshake and read; with TLS 1.3 the client learns only then that it is refused."""
    await client.shake_hands()
    await client.read()


@each_event_loop
@each_version
@pytest.mark.parametrize(
    ("client", "reason"),
    [
        (with_other_suite, "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        (stranger, "TLSV1_ALERT_UNKNOWN_CA"),
        (outdated, "SSLV3_ALERT_CERTIFICATE_EXPIRED"),
    ],
)
def test_alert_of_the_server_reaches_a_client_that_has_sent_more(
    new_loop: NewLoop, version: str, client: Callable[[str], ssl.SSLContext], reason: str
) -> None:
    """If the server closed TCP with bytes unread, it would send a reset, which overtakes the alert."""

    async def test() -> None:
        async with serving(TlsPort(mutual_context())) as server:
            async with tls_client(server, client(version)) as connection:
                with pytest.raises(ssl.SSLError) as error:
                    await send_more_and_read(connection)
            assert error.value.reason == reason

    run_on(new_loop, test())


async def send_more_and_read(client: TlsClient) -> None:
    await client.shake_hands(flush=False)
    for _ in range(20):
        await client.write(bytes(2**14))
    await client.read()


@on_each_loop
async def test_refused_client_may_send_on_until_the_close_deadline() -> None:
    """The server half-closes TCP; a full close would answer further bytes with a reset."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mock_csms.transport.listener.CLOSE_TIMEOUT", 0.5)
        async with serving() as server, tls_client(server, with_other_suite("")) as client:
            with pytest.raises(ssl.SSLError):
                await client.shake_hands()
            await client.rest()
            for _ in range(10):
                client.writer.write(bytes(1000))
                await client.writer.drain()
            with pytest.raises(ConnectionError):
                await keep_sending(client)


async def keep_sending(client: TlsClient) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            client.writer.write(b"x")
            await client.writer.drain()
            await asyncio.sleep(0.01)


@each_event_loop
@each_version
def test_client_that_hangs_up_at_the_certificate_without_an_alert_is_told_to_install_the_root(
    new_loop: NewLoop, version: str
) -> None:
    """Stations on asyncio and Node.js hang up without an alert."""

    async def test() -> None:
        async with serving() as server:
            async with tls_client(server, client_context(version=version)) as client:
                client.writer.write(client.hello())
                await client.reader.readexactly(100)
            failure = await server.refusal()
            assert "it closed the connection during the TLS handshake" in failure.reason
            assert "most often it does not trust the root" in failure.reason
            assert INSTALL in failure.reason

    run_on(new_loop, test())


@on_each_loop
async def test_client_that_resets_during_the_handshake_is_refused() -> None:
    async with serving() as server, tls_client(server) as client:
        client.writer.write(client.hello())
        await client.reader.readexactly(100)
        client.reset()
        assert "it reset the connection during the TLS handshake" in (await server.refusal()).reason


@on_each_loop
async def test_client_that_ends_in_its_hello_is_refused() -> None:
    async with serving() as server, tls_client(server) as client:
        client.writer.write(client.hello()[:60])
        client.writer.write_eof()
        assert "in the middle of its TLS ClientHello" in (await server.refusal()).reason


@each_event_loop
@each_version
@pytest.mark.parametrize("notifies", [True, False], ids=["close_notify", "FIN"])
def test_client_that_ends_after_the_handshake_without_a_request_is_told_to_install_the_root(
    new_loop: NewLoop, version: str, notifies: bool
) -> None:
    """Clients that verify the certificate only after the handshake disconnect then, without an alert."""

    async def test() -> None:
        async with serving() as server:
            async with tls_client(server, client_context(version=version)) as client:
                await client.shake_hands()
                if notifies:
                    await client.unwrap()
            failure = await server.refusal()
            assert "right after the TLS handshake, without a request" in failure.reason
            assert INSTALL in failure.reason
            assert server.refusals.empty()

    run_on(new_loop, test())


@on_each_loop
async def test_request_that_is_cut_short_is_refused_once_and_not_blamed_on_tls() -> None:
    async with serving() as server:
        async with tls_client(server) as client:
            await client.shake_hands()
            await client.write(b"GET /CS1 HTTP/1.1\r\n")
        failure = await server.refusal()
        assert failure.kind == "incomplete"
        assert "'GET /CS1 HTTP/1.1' but no complete handshake request" in failure.reason
        assert server.refusals.empty()


@on_each_loop
async def test_bytes_that_only_begin_like_tls_are_refused() -> None:
    async with serving() as server, tls_client(server) as client:
        client.writer.write(b"\x16\x03\x03\xff\xff" + bytes(100))
        assert "not valid TLS" in (await server.refusal()).reason


@on_each_loop
async def test_injected_fault_is_named_without_a_remedy() -> None:
    async with serving(TlsPort(expired_port(), fault="expired")) as server, tls_client(server) as client:
        with pytest.raises(ssl.SSLError):
            await client.shake_hands()
        reason = (await server.refusal()).reason
        assert "certificate has expired" in reason
        assert "check the station's clock" not in reason
        assert reason.endswith("the TLS fault expired was injected")


# Ports that take only TLS or only plain text


@on_each_loop
async def test_tls_on_a_plain_port_is_refused_with_the_remedy() -> None:
    async with serving(TlsPort(accepts_tls=False)) as server, tls_client(server) as client:
        client.writer.write(client.hello())
        assert "set the station to ws://" in (await server.refusal()).reason


@on_each_loop
async def test_tls_on_a_port_that_has_just_stopped_to_take_it_is_refused_with_the_remedy() -> None:
    class ChangedPort(TlsPort):
        def tls(self, peer: Any) -> TlsSetup | None:
            return None

    async with serving(ChangedPort()) as server, tls_client(server) as client:
        client.writer.write(client.hello())
        assert "set the station to ws://" in (await server.refusal()).reason


@on_each_loop
async def test_plain_text_on_a_tls_port_is_refused_with_the_remedy() -> None:
    async with serving(TlsPort(accepts_plain=False)) as server, tls_client(server) as client:
        client.writer.write(request("/CS1"))
        response = await client.rest()
        failure = await server.refusal()
        assert response.startswith(b"HTTP/1.1 400 ")
        assert b"set the station to wss://" in response
        assert failure.kind == "plain"
        assert "set the station to wss://" in failure.reason
        assert server.csms.sessions == {}
        [entry] = [each for each in server.csms.records.journal if each.type == "refused"]
        assert entry.station == "CS1"


@on_each_loop
async def test_connection_without_a_byte_is_not_a_failed_handshake() -> None:
    """Health checks of load balancers open and close a connection."""
    async with serving() as server:
        async with tls_client(server) as client:
            client.writer.write_eof()
            await client.rest()
        assert server.refusals.empty()


@on_each_loop
async def test_single_byte_of_tls_is_refused_as_incomplete() -> None:
    async with serving() as server, tls_client(server) as client:
        client.writer.write(b"\x16")
        client.writer.write_eof()
        assert (await server.refusal()).kind == "incomplete"
