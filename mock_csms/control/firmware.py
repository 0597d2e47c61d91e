"""The firmware that the mock offers: bytes that nothing runs, always the same."""

import hashlib
from typing import Final

FIRMWARE_NAME: Final = "firmware.bin"
FIRMWARE_BYTES: Final = b"".join(hashlib.sha256(number.to_bytes(4)).digest() for number in range(2048))
"""64 KiB that do not compress."""
FIRMWARE_MD5: Final = hashlib.md5(FIRMWARE_BYTES, usedforsecurity=False).hexdigest()
"""Its checksum, as PublishFirmware has it."""
