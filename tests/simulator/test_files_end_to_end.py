"""Files between a simulated station and the real server: logs that it uploads, firmware that it downloads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from mock_csms.messages import JsonObject
from mock_csms.mock import MockCsms
from mock_csms.settings.server_settings import Settings
from server import VERSIONS
from tests.support.linked_station import linked_station

PATIENCE_S = 20


@asynccontextmanager
async def control() -> AsyncIterator[httpx.AsyncClient]:
    """Connect a station to a server, and yield a client of the server's control API after the boot."""
    async with (
        MockCsms(Settings(port=0), VERSIONS) as mock,
        httpx.AsyncClient(base_url=mock.control_url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        _, connection = linked_station(mock.url, speed=100)
        connection.open()
        try:
            await wait_for(client, "SecurityEventNotification", {})
            yield client
        finally:
            await connection.aclose()


async def wait_for(client: httpx.AsyncClient, action: str, payload: JsonObject) -> None:
    match = {"action": action, "payload": payload}
    response = await client.post("/v1/wait", json={"match": match, "within": PATIENCE_S, "since": 0})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("command", "message", "last"),
    [
        ("GetLog", "LogStatusNotification", "Uploaded"),
        ("UpdateFirmware", "FirmwareStatusNotification", "Installed"),
        ("PublishFirmware", "PublishFirmwareStatusNotification", "Published"),
    ],
)
async def test_default_command_is_carried_out_to_the_end(command: str, message: str, last: str) -> None:
    root = {
        "certificateType": "ManufacturerRootCertificate",
        "certificate": "{{certificate.manufacturer-root}}",
    }
    async with control() as client:
        install = {"action": "InstallCertificate", "payload": root}
        await client.post("/v1/stations/CS1/calls", json=install)
        answer = await client.post("/v1/stations/CS1/calls", json={"action": command})
        assert answer.json()["payload"]["status"] == "Accepted"
        await wait_for(client, message, {"status": last})
