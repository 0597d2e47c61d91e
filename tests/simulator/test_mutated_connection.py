"""Mutations (misbehaviours in words) that change how a station connects to a server on a real socket."""

import asyncio
import ssl
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from mock_csms.simulator.security_setup import NO_SECURITY, SecuritySetup
from mock_csms.simulator.trust_store import CSMS_ROOT
from tests.support.authority import Authority, key_pem
from tests.support.linked_station import linked_station
from tests.support.station import PATIENCE
from tests.support.tls_server import server_context

HOST = "127.0.0.1"
PASSWORD = SecuritySetup(profile=1, password="a long random password")


def trusting(root: Authority) -> SecuritySetup:
    return replace(PASSWORD, profile=2, roots={CSMS_ROOT: root.pem})


@asynccontextmanager
async def connecting(
    mutation: str, security: SecuritySetup = NO_SECURITY, context: ssl.SSLContext | None = None
) -> AsyncIterator[asyncio.Queue[ServerConnection]]:
    """Connect a mutated station to a server that closes each connection at once; yield the connections."""
    connections = asyncio.Queue[ServerConnection]()
    subprotocols = [Subprotocol("ocpp1.6"), Subprotocol("ocpp2.0.1")]
    async with serve(connections.put, HOST, 0, subprotocols=subprotocols, ssl=context) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"{'wss' if context else 'ws'}://{HOST}:{port}"
        _, connection = linked_station(url, mutation, security=security)
        connection.open()
        try:
            async with asyncio.timeout(PATIENCE):
                yield connections
        finally:
            await connection.aclose()


async def header_of(mutation: str) -> str | None:
    """Return the Authorization header that a station with a password and this mutation sends, or None."""
    async with connecting(mutation, PASSWORD) as connections:
        connection = await connections.get()
        assert connection.request is not None
        return connection.request.headers.get("Authorization")


async def test_connect_with_another_user_and_password() -> None:
    assert await header_of("connect user=CS1 password=x") == "Basic Q1MxOng="


async def test_connect_without_password_sends_no_header() -> None:
    assert await header_of("connect password=") is None


async def test_connect_with_another_identity() -> None:
    async with connecting('connect identity="A B"') as connections:
        connection = await connections.get()
        assert connection.request is not None
        assert connection.request.path == "/A%20B"


async def test_connect_with_another_subprotocol() -> None:
    async with connecting("connect subprotocol=ocpp1.6") as connections:
        assert (await connections.get()).subprotocol == "ocpp1.6"


async def test_connect_otherwise_after_the_first_attempt() -> None:
    async with connecting("connect subprotocol=ocpp1.6 after=1 wait=0.1") as connections:
        assert [(await connections.get()).subprotocol for _ in range(2)] == ["ocpp2.0.1", "ocpp1.6"]


async def test_connect_again_after_the_given_wait() -> None:
    async with connecting("connect wait=0.1") as connections:
        await connections.get()
        start = time.monotonic()
        await connections.get()

    assert 0.1 <= time.monotonic() - start < 1.9


async def test_connect_without_verification_accepts_a_strange_certificate(tmp_path: Path) -> None:
    own = Authority("Strange").certificate_of("CSMS", 1, address="192.0.2.1")
    security = SecuritySetup(
        profile=2, password="a long random password", roots={CSMS_ROOT: Authority("R").pem}
    )

    async with connecting("connect verify=no", security, server_context(tmp_path, own)) as connections:
        assert await connections.get()


async def test_connect_without_a_client_certificate(tmp_path: Path) -> None:
    root = Authority("Root")
    own, client = root.certificate_of("CSMS", 1, address=HOST), root.certificate_of("CS1", 1)
    security = SecuritySetup(
        profile=3, roots={CSMS_ROOT: root.pem}, client_chain=client.pem, client_key=key_pem(client.key)
    )
    context = server_context(tmp_path, own, clients=root)
    context.verify_mode = ssl.CERT_OPTIONAL

    async with connecting("connect certificate=none", security, context) as connections:
        stream = (await connections.get()).transport.get_extra_info("ssl_object")
        assert stream.getpeercert() is None


async def test_connect_with_an_old_version_of_tls(tmp_path: Path) -> None:
    root = Authority("Root")
    context = server_context(tmp_path, root.certificate_of("CSMS", 1, address=HOST))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    async with connecting("connect tls=1.1", trusting(root), context) as connections:
        stream = (await connections.get()).transport.get_extra_info("ssl_object")
        assert stream.version() == "TLSv1.1"


async def test_connect_with_other_cipher_suites(tmp_path: Path) -> None:
    root = Authority("Root")
    context = server_context(tmp_path, root.certificate_of("CSMS", 1, address=HOST))
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    suite = "ECDHE-ECDSA-CHACHA20-POLY1305"
    async with connecting(f"connect ciphers={suite}", trusting(root), context) as connections:
        stream = (await connections.get()).transport.get_extra_info("ssl_object")
        assert stream.cipher()[0] == suite
