"""Undocumented names of `websockets` that this project uses.

- ``frames.apply_mask``: masks data, in C if the library was built with its extension.
- ``Protocol.parser_exc`` and ``Protocol.close_sent``: why the library has failed a connection.
- ``Protocol.parser``: the generator that parses frames; it keeps the last frame in memory.

If ``apply_mask`` is missing, the mask is applied in Python, which takes 1.3 instead of 0.3 µs for 30 bytes
and 4.2 instead of 0.4 µs for 1,000 bytes.
"""

from sys import byteorder
from typing import Final, NamedTuple

from websockets.exceptions import PayloadTooBig
from websockets.protocol import Protocol
from websockets.typing import BytesLike

__all__ = ["ProtocolFailure", "apply_mask", "apply_mask_in_python", "failure_of", "release_frames"]

ABANDONED_MESSAGE: Final = "incomplete fragmented message"
"""Text of the library's error if a close frame arrives before the last fragment of a message."""
COMPRESSED: Final = 0x40
"""RSV1 in the first byte of a frame (RFC 7692 6)."""


class ProtocolFailure(NamedTuple):
    """Error for which `websockets` has failed a connection.

    ``is_forbidden`` means that RFC 6455 forbids what the peer sent. It is false for a message that is larger
    than this side accepts, and for a close frame before the last fragment of a message.
    """

    code: int
    reason: str
    is_forbidden: bool


def failure_of(protocol: Protocol, first_byte: int) -> ProtocolFailure | None:
    """Return the error for which `websockets` has failed the connection, or None.

    ``first_byte`` is the first byte of the frame that caused the error.
    """
    error = protocol.parser_exc
    if error is None:
        return None
    code = protocol.close_sent.code if protocol.close_sent else 1002
    reason = str(error)
    if first_byte & COMPRESSED and not protocol.extensions:
        reason += ": RSV1 marks a compressed frame, but no compression was negotiated"
    return ProtocolFailure(code, reason, not isinstance(error, PayloadTooBig) and reason != ABANDONED_MESSAGE)


def release_frames(protocol: Protocol) -> None:
    """Free the last frames of a connection that has ended.

    The parser of `websockets` and the tracebacks of its exceptions hold the frames, and refer to the protocol
    that owns them. These cycles would be kept until a garbage collection.
    """
    protocol.parser.close()
    for error in protocol.parser_exc, protocol.handshake_exc:
        _release_tracebacks(error)


def _release_tracebacks(error: BaseException | None) -> None:
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def apply_mask_in_python(data: BytesLike, mask: bytes | bytearray) -> bytes:
    """Mask or unmask data with a mask of four bytes (RFC 6455 5.3).

    One XOR of two large integers is faster than a loop over the bytes.
    """
    size = len(data)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, byteorder) ^ int.from_bytes(repeated, byteorder)).to_bytes(size, byteorder)


try:
    from websockets.frames import apply_mask  # type: ignore[attr-defined]
except ImportError:
    apply_mask = apply_mask_in_python
