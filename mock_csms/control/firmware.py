"""The firmware that the mock offers: constant bytes that no device can run."""

import hashlib
from typing import Final

FIRMWARE_NAME: Final = "firmware.bin"
FIRMWARE_BYTES: Final = b"".join(hashlib.sha256(number.to_bytes(4)).digest() for number in range(2048))
"""64 KiB that do not compress."""
FIRMWARE_MD5: Final = hashlib.md5(FIRMWARE_BYTES, usedforsecurity=False).hexdigest()
"""MD5 of the firmware, for the checksum of PublishFirmware."""
