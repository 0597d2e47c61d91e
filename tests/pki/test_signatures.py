"""Firmware signatures, verified by a station's code and by openssl."""

import base64
import hashlib
from pathlib import Path

import pytest

from mock_csms.pki import Issued, Pki, sign_firmware
from mock_csms.simulator.certificate_data import parse_chain
from mock_csms.simulator.firmware_signature import is_signature_valid, signing_certificate
from tests.pki.openssl import needs_openssl, openssl
from tests.pki.samples import csr_pem

FIRMWARE = b"firmware" * 1000
DIGEST = hashlib.sha256(FIRMWARE).digest()
MAX_SIGNATURE = 800
MAX_SIGNING_CERTIFICATE = 5500
"""MAX_SIGNATURE and MAX_SIGNING_CERTIFICATE are the maximum lengths in FirmwareType."""


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.in_memory()


@pytest.fixture(params=["firmware", "firmware-ecdsa"])
def signer(pki: Pki, request: pytest.FixtureRequest) -> Issued:
    return pki.named(request.param)


def test_station_accepts_the_signature_and_its_certificate(pki: Pki, signer: Issued) -> None:
    root = pki.named("manufacturer-root").certificate
    now = (
        signer.certificate.not_valid_before_utc.replace(microsecond=0)
        + (signer.certificate.not_valid_after_utc - signer.certificate.not_valid_before_utc) / 2
    )
    certificate = signing_certificate(signer.certificate_pem, [root], now)
    assert is_signature_valid(DIGEST, sign_firmware(DIGEST, signer), certificate)


def test_signature_of_another_file_is_not_accepted(signer: Issued) -> None:
    certificate = parse_chain(signer.certificate_pem)[0]
    assert not is_signature_valid(hashlib.sha256(b"x").digest(), sign_firmware(DIGEST, signer), certificate)


def test_signature_and_certificate_fit_the_message(signer: Issued) -> None:
    assert len(sign_firmware(DIGEST, signer)) <= MAX_SIGNATURE
    assert len(signer.certificate_pem) <= MAX_SIGNING_CERTIFICATE


def test_certificate_without_a_key_cannot_sign(pki: Pki) -> None:
    with pytest.raises(ValueError, match="the PKI has no private key of signed/CS-0001"):
        sign_firmware(DIGEST, pki.sign_csr(csr_pem()))


@needs_openssl
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("firmware", ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]),
        ("firmware-ecdsa", []),
    ],
)
def test_openssl_verifies_the_signature(pki: Pki, tmp_path: Path, name: str, options: list[str]) -> None:
    signer = pki.named(name)
    (tmp_path / "firmware").write_bytes(FIRMWARE)
    (tmp_path / "signature").write_bytes(base64.b64decode(sign_firmware(DIGEST, signer)))
    (tmp_path / "certificate").write_text(signer.certificate_pem)
    key = openssl(tmp_path, "x509", "-in", "certificate", "-pubkey", "-noout")
    (tmp_path / "key").write_text(key)
    verify = ["dgst", "-sha256", "-verify", "key", "-signature", "signature", *options, "firmware"]
    assert openssl(tmp_path, *verify) == "Verified OK\n"
