"""Recipes: each of them does what its title says, tried with a real station."""

import asyncio
import inspect
import json
import re
import shlex
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any, Final, NamedTuple

import httpx
import pytest
import websockets
from cryptography import x509
from ocpp.exceptions import OCPPError
from ocpp.v201 import call
from websockets.asyncio.client import ClientConnection

from mock_csms import MockCsms
from mock_csms.journal import command_line as journal
from mock_csms.settings import read_settings
from server import OCPP_VERSIONS, VERSIONS
from tests.support.certificates import build_csr
from tests.support.listeners import failure_of, verifying
from tests.support.pages import commands_in, parse_blocks, read, run_curl
from tests.support.paths import ROOT
from tests.support.station import ID_TOKEN, Station, connected, raw_connection, receive
from tests.support.talk import TOKEN

PAGE: Final = ROOT / "docs" / "recipes.md"
HEADING: Final = re.compile(r"### (.+)")
EVENT: Final = {
    "eventType": "Updated",
    "timestamp": "2026-01-01T00:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 1,
    "transactionInfo": {"transactionId": "tx-1"},
}


class Recipe(NamedTuple):
    """The blocks of code below a heading: commands, and settings in TOML."""

    commands: list[str]
    settings: str


def parse_recipes() -> dict[str, Recipe]:
    """Recipes of the page by title."""
    lines = read(PAGE).splitlines()
    recipes: dict[str, Recipe] = {}
    for block in parse_blocks(PAGE):
        title = next(match[1] for line in lines[block.line :: -1] if (match := HEADING.match(line)))
        recipe = recipes.setdefault(title, Recipe([], ""))
        if block.language == "toml":
            recipes[title] = recipe._replace(settings=block.text)
        else:
            recipe.commands.extend(commands_in(block.text))
    return recipes


RECIPES: Final = parse_recipes()


@asynccontextmanager
async def served(title: str, folder: Path, *shorter: tuple[str, str]) -> AsyncIterator[MockCsms]:
    """Run a mock with the settings of a recipe; each pair in ``shorter`` replaces a waiting time."""
    recipe = RECIPES[title]
    command = next((each for each in recipe.commands if each.startswith("mock-csms ")), "")
    settings = recipe.settings
    for old, new in shorter:
        assert old in command + settings
        command, settings = command.replace(old, new), settings.replace(old, new)
    (folder / "mock.toml").write_text(settings, encoding="utf-8")
    arguments = ["--config", str(folder / "mock.toml"), *shlex.split(command)[1:], "--port", "0"]
    if not any(each.startswith("curl ") for each in recipe.commands):
        arguments.append("--no-control")  # a control API takes longer to start than the test takes
    async with MockCsms(read_settings(arguments, {}, OCPP_VERSIONS), VERSIONS) as mock:
        yield mock


async def request(title: str, mock: MockCsms, folder: Path) -> None:
    """Run the curl commands of a recipe against the control API of the mock."""
    for command in RECIPES[title].commands:
        await run_curl(curl_of(command, mock), folder)


def curl_of(command: str, mock: MockCsms) -> list[str]:
    return shlex.split(command.replace("localhost:9001", mock.control_url))


async def send(connection: ClientConnection, message_id: str, action: str, payload: Any) -> None:
    await connection.send(json.dumps([2, message_id, action, payload]))


async def answered(connection: ClientConnection, action: str, payload: Any, count: int) -> list[str]:
    """Send ``count`` CALLs, then a LogStatusNotification; return the ids of the CALLs answered before it."""
    ids = [str(number) for number in range(1, count + 1)]
    for message_id in ids:
        await send(connection, message_id, action, payload)
    await send(connection, "last", "LogStatusNotification", {"status": "Idle"})
    found: list[str] = []
    while (message_id := (await receive(connection))[1]) != "last":
        found.append(message_id)
    return found


async def authorized(station: Station) -> str:
    answer = await station.send(call.Authorize(id_token=ID_TOKEN))
    status: str = answer.id_token_info["status"]
    return status


needs_curl = pytest.mark.skipif(not which("curl"), reason="needs curl")


# Boot


async def test_first_boots_are_pending(tmp_path: Path) -> None:
    async with (
        served("Answer the first boots Pending", tmp_path) as mock,
        connected(mock.csms) as station,
    ):
        answers = [await station.boot() for _ in range(4)]

    assert [each.status for each in answers] == ["Pending", "Pending", "Accepted", "Accepted"]
    assert answers[0].interval == 5


@needs_curl
async def test_station_is_rejected_when_it_boots_again(tmp_path: Path) -> None:
    title = "Reject one station until you say otherwise"
    async with served(title, tmp_path) as mock:
        async with connected(mock.csms) as station:
            assert (await station.boot()).status == "Accepted"
            await request(title, mock, tmp_path)
            await station.connection.wait_closed()
        async with connected(mock.csms) as station:
            assert (await station.boot()).status == "Rejected"


async def test_time_is_wrong(tmp_path: Path) -> None:
    async with served("Send a wrong time", tmp_path) as mock, connected(mock.csms) as station:
        time = datetime.fromisoformat((await station.boot()).current_time)

    assert timedelta(hours=1.9) < datetime.now(UTC) - time < timedelta(hours=2.1)


# Tokens and money


@needs_curl
async def test_token_is_blocked(tmp_path: Path) -> None:
    async with served("Block a token", tmp_path) as mock, connected(mock.csms) as station:
        await request("Block a token", mock, tmp_path)

        assert await authorized(station) == "Blocked"


async def test_only_some_tokens_are_accepted(tmp_path: Path) -> None:
    async with served("Accept only some tokens", tmp_path) as mock, connected(mock.csms) as station:
        other = await station.send(call.Authorize(id_token={"id_token": "FFFF", "type": "ISO14443"}))

        assert await authorized(station) == "Accepted"
    assert other.id_token_info["status"] == "Blocked"


async def test_token_is_accepted_once(tmp_path: Path) -> None:
    title = "Accept a token once, then block it"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        assert [await authorized(station) for _ in range(3)] == ["Accepted", "Blocked", "Blocked"]


async def test_running_cost_is_shown(tmp_path: Path) -> None:
    title, meter = "Show the running cost to the driver", {"measurand": "Energy.Active.Import.Register"}
    async with (
        served(title, tmp_path, ("--cost-updates 10", "--cost-updates 0.01")) as mock,
        connected(mock.csms) as station,
    ):
        await station.boot()
        for number, event in enumerate(("Started", "Updated")):
            sampled = [{"value": number * 1000.0, **meter}]
            values = [{"timestamp": datetime.now(UTC).isoformat(), "sampled_value": sampled}]
            await station.transaction(event, number, meter_value=values)
        costs = [(await station.next("CostUpdated"))["total_cost"] for _ in range(2)]

    assert costs[-1] == 0.42


# A bad network


async def test_heartbeat_is_lost(tmp_path: Path) -> None:
    async with served("Lose a Heartbeat", tmp_path) as mock, raw_connection(mock.csms) as connection:
        assert await answered(connection, "Heartbeat", {}, 4) == ["1", "2", "4"]


@pytest.mark.parametrize(
    ("title", "action", "payload"),
    [
        ("Answer slowly", "TransactionEvent", EVENT),
        (
            "Answer after the station has given up",
            "Authorize",
            {"idToken": {"idToken": "A", "type": "Local"}},
        ),
    ],
)
async def test_answer_is_late(tmp_path: Path, title: str, action: str, payload: Any) -> None:
    async with served(title, tmp_path) as mock, raw_connection(mock.csms) as connection:
        assert await answered(connection, action, payload, 1) == []


async def test_same_answers_are_lost_in_each_run(tmp_path: Path) -> None:
    runs = []
    for _ in range(2):
        async with (
            served("Lose one answer in ten, the same ones in each run", tmp_path) as mock,
            raw_connection(mock.csms) as connection,
        ):
            runs.append(await answered(connection, "TransactionEvent", EVENT, 60))

    assert runs[0] == runs[1]
    assert 45 < len(runs[0]) < 60


@needs_curl
async def test_connection_is_dropped(tmp_path: Path) -> None:
    async with served("Drop the connection", tmp_path) as mock, raw_connection(mock.csms) as connection:
        await request("Drop the connection", mock, tmp_path)

        with pytest.raises(websockets.ConnectionClosedError, match="no close frame"):
            await receive(connection)


@needs_curl
async def test_mock_is_offline_for_a_station(tmp_path: Path) -> None:
    title = "Be offline for a minute"
    async with served(title, tmp_path) as mock:
        async with connected(mock.csms) as station:
            await request(title, mock, tmp_path)
            await station.connection.wait_closed()
        with pytest.raises(websockets.InvalidStatus, match="503"):
            async with connected(mock.csms):
                pass


async def test_three_connections_are_refused(tmp_path: Path) -> None:
    async with served("Refuse the next three connections", tmp_path) as mock:
        for _ in range(3):
            with pytest.raises(websockets.InvalidStatus, match="503"):
                async with connected(mock.csms):
                    pass
        async with connected(mock.csms) as station:
            assert await station.boot()


@needs_curl
async def test_answer_is_held_until_it_is_released(tmp_path: Path) -> None:
    title = "Hold an answer until a test releases it"
    async with served(title, tmp_path) as mock, raw_connection(mock.csms) as connection:
        hold, release = [curl_of(command, mock) for command in RECIPES[title].commands]
        await run_curl(hold, tmp_path)
        assert await answered(connection, "Authorize", {"idToken": TOKEN}, 1) == []
        await run_curl(release, tmp_path)

        assert (await receive(connection))[2]["idTokenInfo"]["status"] == "Accepted"


async def test_connection_freezes(tmp_path: Path) -> None:
    title = "Freeze in the middle of a session"
    async with served(title, tmp_path) as mock, raw_connection(mock.csms) as connection:
        assert await answered(connection, "TransactionEvent", EVENT, 4) == ["1", "2", "3", "4"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await answered(connection, "TransactionEvent", EVENT, 1)
        connection.transport.abort()


# Wrong answers


async def test_end_of_transaction_is_refused_once(tmp_path: Path) -> None:
    title = "Refuse the end of a transaction once"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await station.transaction("Updated", 0)
        with pytest.raises(OCPPError, match="try again"):
            await station.transaction("Ended", 1)
        assert await station.transaction("Ended", 1)


async def test_answer_has_wrong_message_id(tmp_path: Path) -> None:
    title = "Answer with the wrong message id"
    status = {"timestamp": EVENT["timestamp"], "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
    async with served(title, tmp_path) as mock, raw_connection(mock.csms) as connection:
        [message_id] = await answered(connection, "StatusNotification", status, 1)

    assert message_id != "1"


async def test_data_transfer_is_answered(tmp_path: Path) -> None:
    title = "Answer a DataTransfer of your own"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        answer = await station.send(call.DataTransfer(vendor_id="com.example", data="hello"))

    assert answer.data == {"echo": "hello"}


# Commands


async def test_transaction_is_started_and_stopped(tmp_path: Path) -> None:
    title = "Start and stop a transaction"
    async with (
        served(title, tmp_path, (":5", ":0"), (":30", ":0.05")) as mock,
        connected(mock.csms) as station,
    ):
        await station.boot()
        await station.next("RequestStartTransaction")
        await station.transaction("Started", 0)

        assert (await station.next("RequestStopTransaction"))["transaction_id"] == "tx-1"


async def test_reset_follows_every_boot(tmp_path: Path) -> None:
    title = "Reset after every boot"
    async with served(title, tmp_path, ("--delay 10", "--delay 0")) as mock:
        for _ in range(2):
            async with connected(mock.csms) as station:
                await station.boot()
                assert await station.next("Reset")


@needs_curl
async def test_long_list_is_sent_in_parts(tmp_path: Path) -> None:
    title = "Send a long list in parts"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await station.boot()
        await request(title, mock, tmp_path)

    parts = [station.received["GetVariables"].get_nowait() for _ in range(2)]
    assert [len(part["get_variable_data"]) for part in parts] == [1, 1]


@needs_curl
async def test_command_is_sent_at_the_next_connection(tmp_path: Path) -> None:
    title = "Send a command as soon as the station is back"
    commands: list[str] = []
    async with served(title, tmp_path) as mock:
        requesting = asyncio.create_task(request(title, mock, tmp_path))
        while not requesting.done():
            async with connected(mock.csms) as station:
                await station.boot()
            commands += station.order
        await requesting

    assert commands == ["TriggerMessage"]


@needs_curl
async def test_invalid_command_is_sent(tmp_path: Path) -> None:
    title = "Send a command that is not valid"
    async with served(title, tmp_path) as mock, raw_connection(mock.csms) as connection:
        await send(
            connection,
            "1",
            "BootNotification",
            {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
        )
        await receive(connection)
        requesting = asyncio.create_task(request(title, mock, tmp_path))
        _, message_id, action, payload = await receive(connection)
        await connection.send(json.dumps([4, message_id, "PropertyConstraintViolation", "", {}]))
        await requesting

    assert (action, payload) == ("Reset", {"type": "Nonsense"})


async def test_status_is_requested_after_vendor_message(tmp_path: Path) -> None:
    title = "Ask for a StatusNotification after a vendor message"
    async with served(title, tmp_path, ("delay = 1", "delay = 0")) as mock, connected(mock.csms) as station:
        await station.boot()
        assert (await station.send(call.DataTransfer(vendor_id="com.example"))).status == "Accepted"

        assert (await station.next("TriggerMessage"))["requested_message"] == "StatusNotification"


# Files


@needs_curl
async def test_firmware_is_downloaded_slowly(tmp_path: Path) -> None:
    title = "Offer firmware that takes a minute to download"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await station.boot()
        await request(title, mock, tmp_path)
        location = (await station.next("UpdateFirmware"))["firmware"]["location"]
        assert location.endswith("?seconds=60")
        begun = asyncio.get_running_loop().time()
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(location.replace("=60", "=0.1"))).is_success

    assert asyncio.get_running_loop().time() - begun >= 0.1


@needs_curl
async def test_upload_is_refused(tmp_path: Path) -> None:
    title = "Refuse the upload of a log"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await station.boot()
        await request(title, mock, tmp_path)
        location = (await station.next("GetLog"))["log"]["remote_location"]
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.put(location.replace("localhost:9000", mock.csms.address), content=b"log")

    assert answer.status_code == 403


# Changes for one test


@needs_curl
async def test_changes_of_a_test_are_taken_back(tmp_path: Path) -> None:
    title = "Take all changes of a test back"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await request(title, mock, tmp_path)
        async with httpx.AsyncClient(base_url=mock.control_url, trust_env=False) as client:
            rules = (await client.get("/v1/rules")).json()

        assert await authorized(station) == "Accepted"
    assert rules == []


# Certificates


async def test_certificate_is_expired_for_two_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with served("Show an expired certificate to the next two connections", tmp_path) as mock:
        context = verifying(tmp_path / ".pki")
        for _ in range(2):
            error = await failure_of(mock.csms, context)
            assert isinstance(error, ssl.SSLCertVerificationError)
            assert "expired" in error.verify_message
        async with connected(mock.csms) as station:
            assert await station.boot()


async def test_signed_certificate_is_expired(tmp_path: Path) -> None:
    title = "Send a certificate that the station has to reject"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await station.boot()
        await station.send(call.SignCertificate(csr=build_csr()))
        chain = (await station.next("CertificateSigned"))["certificate_chain"]

    assert x509.load_pem_x509_certificate(chain.encode()).not_valid_after_utc < datetime.now(UTC)


# Results


async def test_run_fails_on_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with served("Fail the run on any finding", tmp_path) as mock:
        async with raw_connection(mock.csms) as connection:
            await connection.send("nonsense")
            await receive(connection)
        mock.stop()
        await mock.wait_stopped()
    code, _ = mock.conclude()

    assert code == 1
    assert "malformed-frame" in (tmp_path / "out.xml").read_text(encoding="utf-8")


@needs_curl
async def test_kind_of_finding_is_silenced(tmp_path: Path) -> None:
    async with served("Silence a kind of finding", tmp_path) as mock:
        await request("Silence a kind of finding", mock, tmp_path)
        async with httpx.AsyncClient(base_url=mock.control_url, trust_env=False) as client:
            kinds = (await client.get("/v1/findings/kinds")).json()

    assert "heartbeat-missing" in [kind["id"] for kind in kinds if kind["silenced"]]


@needs_curl
async def test_message_is_awaited(tmp_path: Path) -> None:
    async with served("Wait for a message", tmp_path) as mock, connected(mock.csms) as station:
        requesting = asyncio.create_task(request("Wait for a message", mock, tmp_path))
        await station.boot()
        await requesting


@needs_curl
async def test_first_message_is_another_one(tmp_path: Path) -> None:
    title = "Check that the first message is a BootNotification"
    async with served(title, tmp_path) as mock:
        async with connected(mock.csms) as station:
            await station.boot()
            await request(title, mock, tmp_path)
        mock.csms.reset()
        async with connected(mock.csms) as station:
            await station.send(call.Heartbeat())
            with pytest.raises(AssertionError, match="wait-unless"):
                await request(title, mock, tmp_path)


@needs_curl
async def test_no_token_was_presented(tmp_path: Path) -> None:
    title = "Check that no token was presented"
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await request(title, mock, tmp_path)
        await authorized(station)
        with pytest.raises(AssertionError, match="not-verified"):
            await request(title, mock, tmp_path)


async def test_sequence_diagram_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    title = "Draw a sequence diagram"
    monkeypatch.chdir(tmp_path)
    async with served(title, tmp_path) as mock, connected(mock.csms) as station:
        await station.boot()
    arguments = shlex.split(RECIPES[title].commands[1].partition(" > ")[0])[2:]

    assert journal.main(arguments, OCPP_VERSIONS) == 0
    assert "BootNotification" in capsys.readouterr().out


# All of them


def test_every_recipe_is_tried() -> None:
    source = inspect.getsource(sys.modules[__name__])

    assert [title for title in RECIPES if f'"{title}"' not in source] == []


def test_every_heading_has_a_recipe() -> None:
    assert HEADING.findall(read(PAGE)) == list(RECIPES)
