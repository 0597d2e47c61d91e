"""Attacks by handshakes with wrong HTTP Basic credentials."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import batched
from pathlib import Path
from socket import create_connection
from time import monotonic, sleep
from typing import Final

from bench import wire

HANDSHAKES: Final = 1_000
AT_ONCE: Final = 250
TIMEOUT_S: Final = 30.0
GUARDED: Final = """
[stations."guarded-*"]
security_profile = 1
password = "a-password-of-16-to-40"
"""
"""Settings for the stations of the attack; the healthy station has no password."""

type Address = tuple[str, int]


class NotRefused(Exception):
    """The server did not refuse wrong credentials with 401."""


def fail_passwords(address: Address, settings_file: str) -> None:
    """Send handshakes with wrong credentials of every kind, many at once."""
    Path(settings_file).write_text(GUARDED)
    deadline = monotonic() + TIMEOUT_S
    while not _is_refused(address, b"Authorization: Basic AAAA"):  # until the settings are reloaded
        if monotonic() > deadline:
            raise NotRefused("the settings with the password are not in force")
        sleep(0.1)
    numbered = zip(range(HANDSHAKES), _credentials(), strict=False)
    for requests in batched(numbered, AT_ONCE):
        _refuse_together(address, [_request(number, header) for number, header in requests])


def _credentials() -> Iterator[bytes]:
    """Yield Authorization headers, each wrong for another reason."""
    number = 0
    while True:
        wrong = b64encode(f"guarded-{number}:a-wrong-password-{number}".encode())
        yield from (
            b"Authorization: Basic " + wrong,
            b"Authorization: Basic " + wrong[:-3] + b"!",
            b"Authorization: Bearer " + wrong,
            b"Authorization: Basic " + b64encode(b"x" * 3_000),
            b"Authorization: Basic AAAA\r\nAuthorization: Basic AAAA",
            b"X-Nothing: 1",
        )
        number += 6


def _request(number: int, header: bytes) -> bytes:
    opening = wire.opening(f"guarded-{number}", deflate=False)
    return opening.removesuffix(b"\r\n") + header + b"\r\n\r\n"


def _is_refused(address: Address, header: bytes) -> bool:
    with closing(create_connection(address, TIMEOUT_S)) as connection:
        connection.sendall(_request(0, header))
        return connection.recv(4096).startswith(b"HTTP/1.1 401")


def _refuse_together(address: Address, requests: list[bytes]) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(create_connection(address, TIMEOUT_S)) for _ in requests]
        for connection, request in zip(connections, requests, strict=True):
            connection.sendall(request)
        for connection in connections:
            if not (status := connection.recv(4096)).startswith(b"HTTP/1.1 401"):
                raise NotRefused(f"{status[:30]!r} for wrong credentials")
