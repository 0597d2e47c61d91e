"""The firmware of UpdateFirmware and PublishFirmware: its hashes and signature (L01, L03)."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mock_csms.control.firmware import FIRMWARE_BYTES, FIRMWARE_MD5
from mock_csms.csms import Csms
from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.pki.chains import is_signed_by
from mock_csms.settings import Settings
from mock_csms.stations.station import Station
from mock_csms.v201.firmware import MAX_HASHED_BYTES, firmware_hash, firmware_url, signature_fields
from server import VERSIONS


def csms_with(**settings: Any) -> Csms:
    return Csms(Settings.model_validate(settings), VERSIONS)


def fields_of(csms: Csms) -> JsonObject:
    return signature_fields(csms, Station("CS1"))


def verify(fields: JsonObject, content: bytes) -> x509.Certificate:
    """Check the signature of a firmware file and return the signing certificate; raises InvalidSignature."""
    certificate = x509.load_pem_x509_certificate(fields["signingCertificate"].encode())
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    key.verify(base64.b64decode(fields["signature"]), content, pss, hashes.SHA256())
    return certificate


def test_signature_is_of_the_own_firmware_with_a_certificate_of_the_manufacturer() -> None:
    csms = csms_with()
    certificate = verify(fields_of(csms), FIRMWARE_BYTES)
    assert is_signed_by(certificate, csms.authority.named("manufacturer-root").certificate)


def test_signature_is_of_the_file_in_its_current_version(tmp_path: Path) -> None:
    csms = csms_with(files=tmp_path, firmware="new.bin")
    for content in (b"first", b"second version"):
        (tmp_path / "new.bin").write_bytes(content)
        verify(fields_of(csms), content)
    assert firmware_url(csms, Station("CS1")).endswith("/files/new.bin")


def test_file_in_the_folder_replaces_the_own_firmware(tmp_path: Path) -> None:
    (tmp_path / "firmware.bin").write_bytes(b"own")
    csms, station = csms_with(files=tmp_path), Station("CS1")
    assert firmware_hash(csms, station, "sha256") == hashlib.sha256(b"own").digest()
    assert firmware_hash(csms, station, "md5") == hashlib.md5(b"own").digest()


def test_checksum_is_of_the_own_firmware_without_such_a_file(tmp_path: Path) -> None:
    assert firmware_hash(csms_with(files=tmp_path), Station("CS1"), "md5").hex() == FIRMWARE_MD5


def test_firmware_is_unsigned_on_demand() -> None:
    assert fields_of(csms_with(firmware_signature="none")) == {}


def test_wrong_signature_does_not_fit_the_firmware() -> None:
    with pytest.raises(InvalidSignature):
        verify(fields_of(csms_with(firmware_signature="wrong")), FIRMWARE_BYTES)


@pytest.mark.parametrize("fault", ["expired", "not-yet-valid", "unknown-ca", "self-signed"])
def test_signature_of_an_invalid_certificate_fits_the_firmware(fault: str) -> None:
    csms = csms_with(firmware_signature=fault)
    certificate = verify(fields_of(csms), FIRMWARE_BYTES)
    assert certificate == csms.authority.named(f"firmware-{fault}").certificate


def test_missing_firmware_is_nothing_to_do(tmp_path: Path) -> None:
    for settings in ({"files": tmp_path}, {}):
        csms = csms_with(firmware="new.bin", **settings)
        with pytest.raises(NothingToDo, match=r"there is no firmware new\.bin; put it into the folder"):
            fields_of(csms)


def test_huge_firmware_is_not_hashed(tmp_path: Path) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(MAX_HASHED_BYTES + 1)
    with pytest.raises(NothingToDo, match="has more than 256 MiB"):
        fields_of(csms_with(files=tmp_path, firmware="huge.bin"))


@pytest.mark.parametrize("name", ["../../x", "a/b", ".hidden", ""])
def test_name_of_firmware_with_a_folder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="firmware"):
        csms_with(firmware=name)
