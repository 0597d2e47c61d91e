"""Runs the server for simulated stations, with a PKI and a port for each security profile."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mock_csms.certify.server_process import running_server
from mock_csms.client import AsyncClient
from mock_csms.pki import Pki

PASSWORD: Final = "rehearsal-in-the-box"
BOX_SETTINGS: Final = f"""
host = "127.0.0.1"
port = 0
password = "{PASSWORD}"

[listeners.first]
port = 0
security_profile = 1

[listeners.second]
port = 0
security_profile = 2

[listeners.third]
port = 0
security_profile = 3
"""


@dataclass(frozen=True, slots=True)
class BoxServer:
    """A running server with a port for each security profile."""

    control: str
    urls: Mapping[int, str]
    """URL for stations, by security profile."""
    pki: Pki
    """The PKI of the server."""


@asynccontextmanager
async def server_for_boxes() -> AsyncIterator[BoxServer]:
    """Run a server while the context is open; raises CouldNotStart."""
    with TemporaryDirectory(prefix="mock-csms-") as name:
        folder = Path(name)
        pki = Pki.open(folder / "pki")
        settings = folder / "server.toml"
        settings.write_text(BOX_SETTINGS, encoding="utf-8")
        async with running_server(
            ["--config", str(settings), "--pki", str(folder / "pki"), "--control", "127.0.0.1:0"]
        ) as addresses:
            async with AsyncClient(addresses.control) as client:
                listeners = await client.listeners()
            urls = {each.security_profile or 0: each.wss or each.ws for each in listeners}
            yield BoxServer(addresses.control, urls, pki)
