"""Servers with TLS and a PKI folder, and clients that verify them."""

import asyncio
import ssl
from pathlib import Path
from typing import Any, Final

import websockets
from websockets.asyncio.client import ClientConnection, connect

from mock_csms.csms import Csms
from mock_csms.pki import Issued, Pki
from tests.support.station import OCPP_2_0_1, PATIENCE, heartbeat_is_answered

PASSWORD: Final = "0123456789abcdef-secret"
CONNECTION_FAILURES: Final = (OSError, EOFError, websockets.InvalidHandshake)
"""Errors of a client whose connection is refused; with TLS 1.3, it learns that only when it reads."""


def verifying(pki_folder: Path, client: Issued | None = None, version: str = "") -> ssl.SSLContext:
    """TLS context of a client that verifies the server, with a client certificate if one is given."""
    context = ssl.create_default_context(cafile=pki_folder / "root.pem")
    if version:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    if client is not None:
        assert client.chain_path is not None
        context.load_cert_chain(client.chain_path, client.key_path)
    return context


def client_of(pki_folder: Path, identity: str = "CS1", **options: Any) -> Issued:
    """Issue a client certificate for a station from the PKI in a folder."""
    return Pki.open(pki_folder).issue_client(identity, **options)


def dial(
    csms: Csms, context: ssl.SSLContext | None, identity: str = "CS1", listener: str = "main"
) -> connect:
    """Connect a station, over TLS if there is a context."""
    address = csms.listeners[listener].address
    scheme = "ws" if context is None else "wss"
    return websockets.connect(f"{scheme}://{address}/{identity}", ssl=context, subprotocols=[OCPP_2_0_1])


async def is_served(connection: ClientConnection) -> bool:
    """Send a Heartbeat, and return whether it is answered."""
    return await heartbeat_is_answered(connection)


async def failure_of(
    csms: Csms, context: ssl.SSLContext | None, identity: str = "CS1", listener: str = "main"
) -> Exception:
    """Connect a client that the server must refuse, and return the client's error."""
    try:
        async with asyncio.timeout(PATIENCE), dial(csms, context, identity, listener) as connection:
            await connection.recv()
    except CONNECTION_FAILURES as error:
        return error
    except websockets.ConnectionClosed as error:
        return error
    raise AssertionError("the client was served")
