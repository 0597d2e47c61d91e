"""The client's side of WebSocket (RFC 6455), as little of it as a load needs."""

import zlib
from typing import Final

TEXT: Final = 0x81
COMPRESSED_TEXT: Final = 0xC1
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
"""First bytes of whole frames: FIN, for compressed text RSV1 (RFC 7692), and the opcode."""

ZERO_KEY: Final = bytes(4)
"""A masking key that leaves the payload as it is."""

END_OF_MESSAGE: Final = b"\0\0\xff\xff"
"""What RFC 7692 leaves away at the end of a compressed message."""

NORMAL_CLOSURE: Final = (1000).to_bytes(2)

DEFLATE: Final = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Refused(Exception):
    """The server did not accept the handshake as it was offered."""


def opening(identity: str, *, deflate: bool) -> bytes:
    """Ask for ``/identity`` and the subprotocol ocpp2.0.1."""
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
    """Raise Refused unless the response switches to what was offered."""
    status, *headers = response.lower().split(b"\r\n")
    wanted = {b"sec-websocket-protocol: ocpp2.0.1"}
    if not status.startswith(b"http/1.1 101") or not wanted.issubset(headers):
        raise Refused(f"no WebSocket with ocpp2.0.1: {status.decode()}")
    if deflate != (b"permessage-deflate" in response):
        raise Refused("the server does not agree on permessage-deflate")


def frame(first_byte: int, payload: bytes) -> bytes:
    """Make a masked frame."""
    return header(first_byte, len(payload)) + payload


def header(first_byte: int, length: int) -> bytes:
    """Make what comes before a masked payload of so many bytes."""
    if length < 126:
        size = bytes([0x80 | length])
    elif length < 2**16:
        size = b"\xfe" + length.to_bytes(2)
    else:
        size = b"\xff" + length.to_bytes(8)
    return bytes([first_byte]) + size + ZERO_KEY


def compress(payload: bytes) -> bytes:
    """Compress a message on its own."""
    compressor = zlib.compressobj(wbits=-9)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(END_OF_MESSAGE)


def decompress(payload: bytes) -> bytes:
    """Decompress the first message of a connection."""
    return zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(payload + END_OF_MESSAGE)


def payload_bounds(data: bytes) -> tuple[int, int] | None:
    """Say where the payload of a server's frame starts and ends; None while the frame is incomplete."""
    if len(data) < 2:
        return None
    start, size = 2, data[1]
    if size == 126:
        start, size = 4, int.from_bytes(data[2:4])
    elif size == 127:
        start, size = 10, int.from_bytes(data[2:10])
    end = start + size
    return (start, end) if len(data) >= end else None
