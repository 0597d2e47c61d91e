"""The firmware that the mock offers: constant bytes that no device can run, and an empty file."""

import hashlib
from collections.abc import Mapping
from typing import Final

FIRMWARE_NAME: Final = "firmware.bin"
FIRMWARE_BYTES: Final = b"".join(hashlib.sha256(number.to_bytes(4)).digest() for number in range(2048))
"""Content of firmware.bin: 64 KiB of bytes that cannot be compressed."""
OWN_FILES: Final[Mapping[str, bytes]] = {FIRMWARE_NAME: FIRMWARE_BYTES, "empty.bin": b""}
"""Firmware files that the mock offers even without ``--files``; the empty one makes installations fail."""
FIRMWARE_MD5: Final = hashlib.md5(FIRMWARE_BYTES, usedforsecurity=False).hexdigest()
"""MD5 of the firmware, for the checksum of PublishFirmware."""
