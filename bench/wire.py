"""Minimal client side of WebSocket (RFC 6455) for the load generator."""

import ssl
import zlib
from functools import cache
from typing import Final

TEXT: Final = 0x81
COMPRESSED_TEXT: Final = 0xC1
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
"""First bytes of unfragmented frames: FIN, RSV1 for compressed text (RFC 7692), and the opcode."""

ZERO_KEY: Final = bytes(4)
"""Masking key that leaves the payload unchanged."""

END_OF_MESSAGE: Final = b"\0\0\xff\xff"
"""Bytes that RFC 7692 removes from the end of a compressed message."""

NORMAL_CLOSURE: Final = (1000).to_bytes(2)

DEFLATE: Final = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Refused(Exception):
    """The server did not accept the handshake as offered."""


@cache
def lenient_context() -> ssl.SSLContext:
    """TLS context of a client that verifies nothing."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def opening(identity: str, *, deflate: bool) -> bytes:
    """Handshake request for ``/identity`` with the subprotocol ocpp2.0.1."""
    return (
        f"GET /{identity} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: b2NwcCBsb2FkIGdlbmVyYQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        f"{DEFLATE if deflate else ''}"
        "Sec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n"
    ).encode()


def check_accepted(response: bytes, *, deflate: bool) -> None:
    """Raise Refused unless the response accepts the offered subprotocol and compression."""
    status, *headers = response.lower().split(b"\r\n")
    if not status.startswith(b"http/1.1 101") or b"sec-websocket-protocol: ocpp2.0.1" not in headers:
        raise Refused(f"no WebSocket with ocpp2.0.1: {status.decode()}")
    if deflate != (b"permessage-deflate" in response):
        raise Refused("the server does not agree on permessage-deflate")


def frame(first_byte: int, payload: bytes) -> bytes:
    """Encode a masked frame."""
    return header(first_byte, len(payload)) + payload


def unmasked_frame(first_byte: int, payload: bytes) -> bytes:
    """Encode an unmasked frame, as a server sends it."""
    first, size, *rest = header(first_byte, len(payload))
    return bytes([first, size & 0x7F, *rest[: -len(ZERO_KEY)]]) + payload


def masked_payload_bounds(data: bytes) -> tuple[int, int] | None:
    """Return the start and end of the payload of a client's frame; None while it is incomplete."""
    if len(data) < 2:
        return None
    bounds = payload_bounds(bytes([data[0], data[1] & 0x7F]) + data[2:])
    if bounds is None:
        return None
    start, end = (bound + len(ZERO_KEY) for bound in bounds)
    return (start, end) if len(data) >= end else None


def header(first_byte: int, length: int) -> bytes:
    """Encode the header of a masked frame whose payload has ``length`` bytes."""
    if length < 126:
        size = bytes([0x80 | length])
    elif length < 2**16:
        size = b"\xfe" + length.to_bytes(2)
    else:
        size = b"\xff" + length.to_bytes(8)
    return bytes([first_byte]) + size + ZERO_KEY


def compress(payload: bytes) -> bytes:
    """Compress a message without context takeover."""
    compressor = zlib.compressobj(wbits=-9)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(END_OF_MESSAGE)


def decompress(payload: bytes) -> bytes:
    """Decompress the first message of a connection."""
    return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(payload + END_OF_MESSAGE)


def payload_bounds(data: bytes) -> tuple[int, int] | None:
    """Return the start and end of the payload of a server's frame; None while it is incomplete."""
    if len(data) < 2:
        return None
    start, size = 2, data[1]
    if size == 126:
        start, size = 4, int.from_bytes(data[2:4])
    elif size == 127:
        start, size = 10, int.from_bytes(data[2:10])
    end = start + size
    return (start, end) if len(data) >= end else None
