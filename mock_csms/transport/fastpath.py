"""The shortest way in and out of a WebSocket: whole text frames, without an extension (RFC 6455 5.2).

Everything else (the handshake, fragments, control frames, compression, what is malformed) is left to
`websockets`, which is handed whole frames, so that it is between two frames whenever one is read here.
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
"""The header of a text frame from a server, by a length that one byte says."""


def lone_text(data: bytes, max_size: int) -> bytes | None:
    """Unmask data that is just one whole text frame of at most ``max_size`` bytes; None if it is not that."""
    if len(data) < 6 or data[0] != FINAL_TEXT:
        return None
    start, length = 6, data[1] - MASKED
    if length == LENGTH_IN_2_BYTES:
        start, length = 8, data[2] << 8 | data[3]
    elif length == LENGTH_IN_8_BYTES:
        return None
    if len(data) != start + length or length > max_size:
        return None
    text: bytes = apply_mask(data[start:], data[start - MASK_SIZE : start])
    return text


def end_of_request(before: bytes, data: bytes) -> int | None:
    """Find where in the data an opening handshake ends that may have begun before; None if it goes on."""
    end = (before + data).find(END_OF_REQUEST)
    return None if end < 0 else end + len(END_OF_REQUEST) - len(before)


def first_frame(data: bytearray, max_size: int) -> int:
    """Measure the frame that the data begins with; 0 if it is not all there.

    A frame of more than ``max_size`` bytes is not waited for: the whole of the data is returned.
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
    """Wrap a message in the one frame that a server sends it in."""
    length = len(text)
    if length < LENGTH_IN_2_BYTES:
        return SHORT_HEADERS[length] + text
    if length < 2**16:
        return b"\x81\x7e%b%b" % (length.to_bytes(2), text)
    return b"\x81\x7f%b%b" % (length.to_bytes(8), text)
