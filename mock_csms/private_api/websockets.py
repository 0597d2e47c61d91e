"""Undocumented names of `websockets` that this project uses.

- ``frames.apply_mask``: masks data, in C if the library was built with its extension.

If the function is missing, the mask is applied in Python, which takes 1.3 instead of 0.3 µs for 30 bytes and
4.2 instead of 0.4 µs for 1,000 bytes.
"""

from sys import byteorder

from websockets.typing import BytesLike

__all__ = ["apply_mask", "apply_mask_in_python"]


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
