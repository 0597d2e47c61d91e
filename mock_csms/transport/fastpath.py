"""Fast path: parse and write single uncompressed text frames without `websockets` (RFC 6455 5.2).

The plain way is to pass all input to the parser of `websockets`, a generator that resumes several times per
frame; the fast path takes a third off the time of a message. The parser of `websockets` still handles the
handshake, fragments, control frames, compression and invalid input. That parser gets whole frames only, so
that it is always between two frames when the fast path handles a frame.
"""

from typing import Final

from mock_csms.private_api.websockets import apply_mask

END_OF_REQUEST: Final = b"\r\n\r\n"
FINAL_TEXT: Final = 0x81
MASKED: Final = 0x80
LENGTH_IN_2_BYTES: Final = 126
LENGTH_IN_8_BYTES: Final = 127
MASK_SIZE: Final = 4

SHORT_HEADERS: Final = tuple(bytes((FINAL_TEXT, length)) for length in range(LENGTH_IN_2_BYTES))
"""Headers of unmasked text frames, by size of the payload (0 to 125 bytes)."""


def lone_text(data: bytes, max_size: int) -> bytes | None:
    """Unmasked payload of data that is exactly one masked text frame; otherwise None.

    Also None for a payload of more than ``max_size`` bytes, or of 64 KiB or more.
    """
    if len(data) < 6 or data[0] != FINAL_TEXT:
        return None
    start, length = 6, data[1] - MASKED  # negative without a mask, so that the size below cannot match
    if length == LENGTH_IN_2_BYTES:
        start, length = 8, data[2] << 8 | data[3]
    elif length == LENGTH_IN_8_BYTES:  # too rare among OCPP messages for a gain
        return None
    if len(data) != start + length or length > max_size:
        return None
    text: bytes = apply_mask(data[start:], data[start - MASK_SIZE : start])
    return text


def end_of_request(before: bytes, data: bytes) -> int | None:
    """Index in ``data`` after the empty line that ends a handshake request; None if the request goes on.

    ``before`` is the part of the request that arrived before ``data``.
    """
    end = (before + data).find(END_OF_REQUEST)
    return None if end < 0 else end + len(END_OF_REQUEST) - len(before)


def first_frame(data: bytearray, max_size: int) -> int:
    """Size in bytes of the first frame in the data; 0 if the frame is incomplete.

    If the payload is over ``max_size`` bytes, the result is the size of the data, so that `websockets` can
    reject the frame before all of it arrives.
    """
    if len(data) < 2:
        return 0
    mask_size = MASK_SIZE if data[1] >= MASKED else 0
    length = data[1] % MASKED
    extra = {LENGTH_IN_2_BYTES: 2, LENGTH_IN_8_BYTES: 8}.get(length, 0)
    if 2 + extra > len(data):
        return 0
    if extra:
        length = int.from_bytes(data[2 : 2 + extra])
    if length > max_size:
        return len(data)
    size = 2 + extra + mask_size + length
    return size if size <= len(data) else 0


def text_frame(text: bytes) -> bytes:
    """Encode a message as a single unmasked text frame, as a server sends it."""
    length = len(text)
    if length < LENGTH_IN_2_BYTES:
        return SHORT_HEADERS[length] + text
    if length < 2**16:
        return b"\x81\x7e%b%b" % (length.to_bytes(2), text)
    return b"\x81\x7f%b%b" % (length.to_bytes(8), text)
