"""The firmware that UpdateFirmware and PublishFirmware offer, with its hashes and signature (L01, L03)."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from mock_csms.control.firmware import OWN_FILES
from mock_csms.csms import Csms
from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Station

MAX_HASHED_BYTES: Final = 256 * 2**20
"""Maximum bytes of a file whose hash is computed: a file of this size blocks the server for about half a
second.
"""
SIGNER: Final = "firmware"
"""Name of the Firmware Signing certificate in the PKI."""


def firmware_url(csms: Csms, station: Station) -> str:
    """Return the URL of the firmware for a station."""
    return f"{csms.files_url(station.id)}/{csms.profile(station.id).firmware}"


def firmware_hash(csms: Csms, station: Station, algorithm: Literal["md5", "sha256"]) -> bytes:
    """Return a hash of the firmware for a station; raises NothingToDo if the file does not exist."""
    name, folder = csms.profile(station.id).firmware.partition("?")[0], csms.settings.files
    path = folder / name if folder else None
    try:
        if path is not None and path.is_file():
            status = path.stat()
            return _file_hash(path, algorithm, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise NothingToDo(f"the firmware {path} cannot be read: {error.strerror}") from None
    if name in OWN_FILES:
        return hashlib.new(algorithm, OWN_FILES[name], usedforsecurity=False).digest()
    raise NothingToDo(f"there is no firmware {name}; put it into the folder of --files")


@lru_cache(maxsize=16)
def _file_hash(path: Path, algorithm: str, _modified_ns: int, size: int) -> bytes:
    """Compute a hash of a file; it is cached for as long as ``_modified_ns`` and ``size`` stay the same."""
    if size > MAX_HASHED_BYTES:
        raise NothingToDo(
            f"{path} has more than {MAX_HASHED_BYTES // 2**20} MiB, the limit for computing its hash; write "
            f"the whole payload with --payload"
        )
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).digest()


def signature_fields(csms: Csms, station: Station) -> JsonObject:
    """Return the signingCertificate and the signature of the firmware (L01.FR.11), valid or flawed according
    to ``firmware_signature``; empty if this setting is none.

    Raises NothingToDo if the firmware does not exist.
    """
    how = csms.profile(station.id).firmware_signature
    if how == "none":
        return {}
    from mock_csms.pki import sign_firmware  # noqa: PLC0415 - imports cryptography, which takes long

    sha256 = firmware_hash(csms, station, "sha256")
    if how == "wrong":
        sha256 = bytes(byte ^ 0xFF for byte in sha256)
    signer = csms.authority.named(SIGNER if how in {"valid", "wrong"} else f"{SIGNER}-{how}")
    return {"signingCertificate": signer.certificate_pem, "signature": sign_firmware(sha256, signer)}
