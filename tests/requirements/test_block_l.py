"""Firmware management: the requirements for a central system."""

import base64

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mock_csms.csms import Csms
from mock_csms.mock import listening
from mock_csms.settings import Settings
from server import VERSIONS
from tests.certification.steps import SessionCase
from tests.support.station import connected

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.also_covers("L02.FR.05")
async def test_l01_fr_08_firmware_is_offered_over_https_if_configured(session: SessionCase) -> None:
    request, _ = await session.case.exchange(session.station, "UpdateFirmware")
    assert request["firmware"]["location"].startswith("http://")
    settings = {"port": 0, "public_url": "wss://csms.example.com", "firmware_signature": "none"}
    csms = Csms(Settings.model_validate({**settings, "command": "UpdateFirmware", "delay": 0}), VERSIONS)
    async with listening(csms), connected(csms) as station:
        await station.boot()
        firmware = (await station.next("UpdateFirmware"))["firmware"]
    assert firmware["location"] == "https://csms.example.com/files/firmware.bin"


async def test_l01_fr_11_firmware_is_signed_with_the_certificate_in_the_request(session: SessionCase) -> None:
    request, _ = await session.case.exchange(session.station, "UpdateFirmware")
    firmware = request["firmware"]
    certificate = x509.load_pem_x509_certificate(firmware["signingCertificate"].encode())
    certificate.verify_directly_issued_by(session.case.csms.authority.named("manufacturer-root").certificate)
    async with httpx.AsyncClient(trust_env=False) as client:
        content = (await client.get(firmware["location"])).content
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    key.verify(base64.b64decode(firmware["signature"]), content, pss, hashes.SHA256())
