"""Attacks by TLS handshakes that fail or never end."""

import ssl
from contextlib import ExitStack, suppress
from itertools import batched
from socket import create_connection, socket
from time import monotonic
from typing import TYPE_CHECKING, Final

from bench import wire

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTIONS: Final = 1_000
HALF_OPEN: Final = 500
AT_ONCE: Final = 250
MAX_OPEN_S: Final = 13.0
"""Seconds after which the server must have dropped a half-open connection. The time-out is 10 s."""
TIMEOUT_S: Final = 30.0

type Address = tuple[str, int]


class StillOpen(Exception):
    """A half-open connection was not dropped in time."""


class _Client:
    """A TLS client that makes one step of its handshake at a time."""

    def __init__(self, address: Address, context: ssl.SSLContext) -> None:
        self.socket = create_connection(address, TIMEOUT_S)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    def step(self) -> None:
        """Process the bytes received so far, and send the next part of the handshake; raises SSLError."""
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            pass
        finally:
            self.socket.sendall(self._outgoing.read())

    def receive(self) -> None:
        """Wait for bytes from the server, which the next ``step`` processes."""
        self._incoming.write(self.socket.recv(65_536))


def _unknown_suite() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DHE-RSA-AES128-SHA")
    return context


# Ways to fail


def _reject(client: _Client) -> None:
    client.receive()
    with suppress(ssl.SSLError):
        client.step()  # sends the alert


def _hang_up(client: _Client) -> None:
    pass


def _garble(client: _Client) -> None:
    client.socket.sendall(bytes(1_000))


def _fall_silent(client: _Client) -> None:
    client.receive()
    client.step()


def fail_handshakes(address: Address) -> None:
    """Fail 1,000 handshakes in different ways, 250 of them at the same time."""
    ways: list[tuple[ssl.SSLContext, Callable[[_Client], None]]] = [
        (ssl.create_default_context(), _reject),
        (wire.lenient_context(), _hang_up),
        (wire.lenient_context(), _garble),
        (wire.lenient_context(), _fall_silent),
        (_unknown_suite(), _reject),
    ]
    for numbers in batched(range(CONNECTIONS), AT_ONCE):
        with ExitStack() as stack:
            clients = []
            for number in numbers:
                context, fail = ways[number % len(ways)]
                client = _Client(address, context)
                stack.enter_context(client.socket)
                clients.append((client, fail))
            for client, _ in clients:
                client.step()
            for client, fail in clients:
                with suppress(OSError):
                    fail(client)


def open_half(address: Address) -> None:
    """Leave 500 handshakes unfinished, and check that the server drops them."""
    context = wire.lenient_context()
    with ExitStack() as stack:
        sockets = [stack.enter_context(_half_open(address, context, number)) for number in range(HALF_OPEN)]
        deadline = monotonic() + MAX_OPEN_S
        for connection in sockets:
            _wait_for_end(connection, deadline)


def _half_open(address: Address, context: ssl.SSLContext, number: int) -> socket:
    client = _Client(address, context)
    if number % 4 == 0:
        client.socket.sendall(b"\x16")
    else:
        client.step()
    if number % 4 == 3:
        _fall_silent(client)
    return client.socket


def _wait_for_end(connection: socket, deadline: float) -> None:
    connection.settimeout(max(0.01, deadline - monotonic()))
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        raise StillOpen(f"a half-open connection was not dropped within {MAX_OPEN_S:g} s") from None
    except ConnectionError:
        pass  # a reset is an end, too
