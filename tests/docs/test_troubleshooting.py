"""Troubleshooting: the log lines on the page are the ones that a server writes."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
import websockets

from mock_csms import MockCsms
from mock_csms.errors import CouldNotStart, UsageError
from mock_csms.pki import Pki
from mock_csms.settings import read_settings
from server import OCPP_VERSIONS, VERSIONS
from tests.conftest import LogLines
from tests.support.control import BOOT
from tests.support.listeners import PASSWORD, verifying
from tests.support.pages import parse_blocks, read
from tests.support.paths import ROOT
from tests.support.secured import with_password
from tests.support.station import connected, raw_connection, receive

PAGE: Final = ROOT / "docs" / "troubleshooting.md"
SHOWN: Final = [
    line for block in parse_blocks(PAGE) if block.language == "text" for line in block.text.splitlines()
]
TIME_AND_LEVEL: Final = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} {2}(?:WARN |ERROR|     ) {2}")


def masked(line: str) -> str:
    """Mask or remove what differs from run to run: addresses, paths, durations and counts of tries."""
    line = re.sub(r"\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS", line)
    line = re.sub(r"\S*/root\.pem", "ROOT", line)
    line = re.sub(r"http://\S+", "URL", line)
    line = re.sub(r" \(try \d+, [\d.]+ s after the previous try\)$", "", line)
    line = re.sub(r"GetLog was not answered within [\d.]+ s", "GetLog was not answered within TIME", line)
    return re.sub(r" +[\d.]+ ms$", "", line)


def is_written(shown: str, lines: set[str]) -> bool:
    """Return whether a line of the page is one of ``lines``; dots at the end stand for any text."""
    text = masked(TIME_AND_LEVEL.sub("", shown))
    if text.endswith(" ..."):
        return any(line.startswith(text.removesuffix(" ...")) for line in lines)
    return text in lines


@asynccontextmanager
async def served(*arguments: str, config: Path | None = None) -> AsyncIterator[MockCsms]:
    """Run a mock with these flags, without a control API."""
    flags = [*arguments, "--port", "0", "--no-control"]
    if config is not None:
        flags += ["--config", str(config)]
    async with MockCsms(read_settings(flags, {}, OCPP_VERSIONS), VERSIONS) as mock:
        yield mock


async def refused(url: str, **options: Any) -> None:
    """Connect a station that the server is to refuse, and ignore the error."""
    options = {"subprotocols": ["ocpp2.0.1"], **options}
    with suppress(OSError, EOFError, websockets.WebSocketException):
        async with websockets.connect(url, **options) as connection:
            await connection.recv()


async def try_without_security() -> None:
    async with served() as mock:
        await refused(f"{mock.url}/CS1", subprotocols=None)
        await refused(f"{mock.url}/CS1", subprotocols=["ocpp1.6"])
        await refused(mock.url)
        await refused(mock.url.replace("ws:", "wss:") + "/CS1")


async def try_with_security(folder: Path) -> None:
    config = folder / "mock.toml"
    profiles = "[stations.CS2]\nsecurity_profile = 2\n[stations.CS3]\nsecurity_profile = 3\n"
    config.write_text(f'security_profile = 1\npassword = "{PASSWORD}"\n{profiles}', encoding="utf-8")
    Pki.open(folder / "pki")
    trusting = verifying(folder / "pki")
    async with served("--pki", str(folder / "pki"), config=config) as mock:
        await refused(f"{mock.url}/CS1")
        await refused(f"{mock.url}/CS1", **with_password("wrong"))
        await refused(f"{mock.url}/CS1", **with_password(PASSWORD, "admin"))
        await refused(f"{mock.url}/CS2", **with_password(PASSWORD, "CS2"))
        await refused(f"{mock.wss_url}/CS2", ssl=ssl.create_default_context())
        await refused(f"{mock.wss_url}/CS2", ssl=trusting, server_hostname="csms.example.com")
        await refused(f"{mock.wss_url}/CS3", ssl=trusting)


async def try_control_port() -> None:
    settings = read_settings(["--port", "0", "--control", "127.0.0.1:0"], {}, OCPP_VERSIONS)
    async with MockCsms(settings, VERSIONS) as mock:
        await refused(f"{mock.control_url.replace('http:', 'ws:')}/CS1")


async def try_boots() -> None:
    async with served("--boot-status", "Pending") as mock, connected(mock.csms) as station:
        await station.boot()
        async with connected(mock.csms) as same:
            await same.boot()
            same.connection.transport.abort()
    async with served() as mock, raw_connection(mock.csms) as connection:
        await connection.send('[2,"1","BootNotification",{"chargePointModel":"a","chargePointVendor":"b"}]')
        await receive(connection)
        status = '{"connectorId":1,"errorCode":"NoError","status":"Available"}'
        await connection.send(f'[2,"2","StatusNotification",{status}]')
        await receive(connection)


async def try_messages() -> None:
    async with served("--unknown-token", "Unknown") as mock, raw_connection(mock.csms) as connection:
        await connection.send('[2,"1","TransactionEvent",{"eventType":"Started"}]')
        await receive(connection)
        await connection.send('[2,"2","Authorize",{"idToken":{"idToken":"AABB","type":"ISO14443"}}]')
        await receive(connection)


async def try_commands(log_lines: LogLines) -> None:
    sequence = "RequestStopTransaction:0,Reset:0,GetLog:0,Reset:0"
    async with (
        served("--commands", sequence, "--call-timeout", "0.3") as mock,
        raw_connection(mock.csms) as connection,
    ):
        await connection.send(BOOT)
        await receive(connection)
        _, message_id, _, _ = await receive(connection)
        await connection.send(f'[3,"{message_id}",{{"status":"Rejected"}}]')
        assert (await receive(connection))[2] == "GetLog"
        await log_lines.wait_for("call-unanswered")
        assert (await receive(connection))[2] == "Reset"
        connection.transport.abort()
        await log_lines.wait_for("DISCONNECTED")


async def test_log_lines_are_those_of_the_server(log_lines: LogLines, tmp_path: Path) -> None:
    await try_without_security()
    await try_with_security(tmp_path)
    await try_control_port()
    await try_boots()
    await try_messages()
    await try_commands(log_lines)
    written = {masked(line) for line in log_lines.lines}

    assert [line for line in SHOWN if not is_written(line, written)] == []


def first_column(heading: str) -> list[str]:
    """Quoted texts in the first column of the table below a heading."""
    section = read(PAGE).partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)


async def test_lines_about_commands_are_those_of_the_server(log_lines: LogLines) -> None:
    async with served(), served("--command", "Reset", "--delay", "10"):
        pass
    await try_commands(log_lines)

    assert [
        text
        for text in first_column("No command is sent")
        if not any(text in line for line in log_lines.lines)
    ] == []


async def test_messages_at_the_start_are_those_of_the_server() -> None:
    messages = []
    for flags in (["--prot", "9100"], ["--control", "0.0.0.0:9001"]):
        with pytest.raises(UsageError) as refusal:
            MockCsms(read_settings(flags, {}, OCPP_VERSIONS), VERSIONS)
        messages.append(str(refusal.value))
    async with served() as mock:
        port = mock.url.rpartition(":")[2]
        with pytest.raises(CouldNotStart) as failure:
            async with MockCsms(read_settings(["--port", port], {}, OCPP_VERSIONS), VERSIONS):
                pass
    messages.append(str(failure.value).replace(port, "9000"))

    source = read(ROOT / "mock_csms" / "launch.py")
    shown = first_column("The server does not start")
    assert sorted(text for text in shown if text not in source) == sorted(messages)
