"""TLS ClientHello: versions, cipher suites and names that a client offers (RFC 8446 4.1.2)."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_HELLO: Final = 2**12
"""Maximum bytes kept of a ClientHello; a ClientHello with post-quantum key shares has about 1,800."""

HANDSHAKE_RECORD: Final = 22
CLIENT_HELLO: Final = 1
SERVER_NAME: Final = 0
ALPN: Final = 16
SUPPORTED_VERSIONS: Final = 43

TLS_VERSIONS: Final = {
    0x0300: "SSLv3",
    0x0301: "TLSv1.0",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}
SIGNALLING_SUITES: Final = frozenset({0x00FF, 0x5600})
"""Numbers in the list of cipher suites that are only signals: secure renegotiation, and fallback to a
lower version.
"""


class ClientHello(NamedTuple):
    """Versions, cipher suites and names in a ClientHello."""

    versions: tuple[str, ...]
    """Protocol versions, such as TLSv1.3.

    If the client sends no list of versions, the only entry is the client's highest version. Empty if the
    ClientHello is cut short and the list may be in the missing part.
    """
    lists_versions: bool
    """Whether the client sent a list of versions (extension supported_versions)."""
    ciphers: tuple[int, ...]
    """Numbers of the cipher suites (IANA)."""
    server_name: str | None = None
    """Host name (SNI)."""
    protocols: tuple[str, ...] = ()
    """Application protocols (ALPN)."""


def parse_client_hello(data: bytes) -> ClientHello | None:
    """Parse the records at the beginning of a TLS connection; None if they contain no ClientHello.

    If a ClientHello is cut short, its complete extensions are used.
    """
    message = b"".join(_handshake_records(data))
    if len(message) < 39 or message[0] != CLIENT_HELLO:
        return None
    (version,) = struct.unpack_from(">H", message, 4)
    _, rest = _vector(message[38:], 1)  # session ID
    suites, rest = _vector(rest, 2)
    _, rest = _vector(rest, 1)  # compression methods
    extensions, _ = _vector(rest, 2)
    found = dict(_extensions(extensions))
    versions = tuple(_real(_numbers(_vector(found.get(SUPPORTED_VERSIONS, b""), 1)[0])))
    is_complete = len(message) >= 4 + int.from_bytes(message[1:4])
    return ClientHello(
        versions=tuple(map(_version_name, versions or ((version,) if is_complete else ()))),
        lists_versions=bool(versions),
        ciphers=tuple(number for number in _real(_numbers(suites)) if number not in SIGNALLING_SUITES),
        server_name=_server_name(found.get(SERVER_NAME, b"")),
        protocols=tuple(_protocols(_vector(found.get(ALPN, b""), 2)[0])),
    )


def _handshake_records(data: bytes) -> Iterator[bytes]:
    while len(data) > 5 and data[0] == HANDSHAKE_RECORD:
        (length,) = struct.unpack_from(">H", data, 3)
        yield data[5 : 5 + length]
        data = data[5 + length :]


def _vector(data: bytes, size: int) -> tuple[bytes, bytes]:
    """Split off a vector with its length in the first ``size`` bytes. Return the vector and the rest."""
    length = int.from_bytes(data[:size])
    return data[size : size + length], data[size + length :]


def _numbers(data: bytes) -> Iterator[int]:
    return (number for (number,) in struct.iter_unpack(">H", data[: len(data) // 2 * 2]))


def _real(numbers: Iterator[int]) -> Iterator[int]:
    """Leave out GREASE: made-up values that clients mix in (RFC 8701)."""
    return (number for number in numbers if number & 0x0F0F != 0x0A0A or number >> 8 != number & 0xFF)


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        (kind,) = struct.unpack_from(">H", data)
        content, data = _vector(data[2:], 2)
        yield kind, content


def _version_name(number: int) -> str:
    return TLS_VERSIONS.get(number, f"version {number:#06x}")


def _server_name(extension: bytes) -> str | None:
    names, _ = _vector(extension, 2)
    name, _ = _vector(names[1:], 2)  # skips the type of the name (host_name)
    return _text(name) if name else None


def _protocols(data: bytes) -> Iterator[str]:
    while data:
        name, data = _vector(data, 1)
        yield _text(name)


def _text(data: bytes) -> str:
    text = data.decode("ascii", errors="backslashreplace")
    return text if text.isprintable() else repr(text)
