"""The mock is offline for a station: the connection ends, and new ones are refused and counted."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import websockets

from mock_csms.csms import Csms
from mock_csms.transport import listener
from tests.conftest import LogLines
from tests.support.control import Mock, booted, driven, journal_entries, patiently, problem_detail
from tests.support.secured import refused_status, station_context, wss_url
from tests.support.station import raw_connection
from tests.support.wire import request as opening_request
from tests.support.wire import tcp_wire, websocket_wire

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def status_at_connect(csms: Csms, identity: str) -> int:
    """Try to connect a station, and return the HTTP status of the answer."""
    async with websocket_wire(csms, identity) as wire:
        return int(wire.head.split(b" ")[1])


async def test_station_is_refused_with_503_until_delete_and_its_attempts_are_returned(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    path = f"/v1/stations/{station_id}/offline"
    async with booted(csms, station_id) as station:
        began = (await client.post(path)).json()
        with pytest.raises(websockets.ConnectionClosedError):
            await station.boot()
    assert (began["active"], began["refuse"], began["until"], began["attempts"]) == (True, 503, None, [])
    assert [await status_at_connect(csms, station_id) for _ in range(3)] == [503, 503, 503]
    shown = (await client.get(path)).json()
    in_state = (await client.get(f"/v1/stations/{station_id}")).json()
    ended = (await client.delete(path)).json()
    assert await status_at_connect(csms, station_id) == 101
    attempts = ended.pop("attempts")
    assert in_state["offline"] == {key: shown[key] for key in in_state["offline"]}
    assert shown["attempts"] == attempts
    assert (ended["count"], len(attempts), ended["active"]) == (3, 3, False)
    assert [attempt["listener"] for attempt in attempts] == ["main"] * 3
    assert all(attempt["remote"].startswith("127.0.0.1:") for attempt in attempts)
    assert ended["since"] <= attempts[0]["time"] <= attempts[2]["time"] <= ended["until"]


async def test_station_may_connect_again_after_the_given_time(
    mock: Mock, station_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms, client = mock
    now = 1_800_000_000.0
    monkeypatch.setattr(csms.outages, "_clock", lambda: now)
    began = (await client.post(f"/v1/stations/{station_id}/offline", json={"for": 30})).json()
    assert await status_at_connect(csms, station_id) == 503
    now += 30
    assert await status_at_connect(csms, station_id) == 101
    over = (await client.get(f"/v1/stations/{station_id}/offline")).json()
    assert (over["active"], over["until"], over["count"]) == (False, began["until"], 1)


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_station_is_refused_with_the_given_status(mock: Mock, station_id: str, status: int) -> None:
    csms, client = mock
    await client.post(f"/v1/stations/{station_id}/offline", json={"refuse": status})
    async with websocket_wire(csms, station_id) as wire:
        assert wire.head.startswith(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode())
        assert (b"WWW-Authenticate" in wire.head) == (status == 401)


async def test_reset_resets_the_tcp_connection(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.post(f"/v1/stations/{station_id}/offline", json={"refuse": "reset"})
    async with tcp_wire(csms) as wire:
        wire.write_bytes(opening_request(f"/{station_id}"))
        with pytest.raises(ConnectionResetError):
            await wire.read(1)
    assert (await client.get(f"/v1/stations/{station_id}/offline")).json()["count"] == 1


async def test_hang_answers_nothing_until_the_opening_time_out(
    monkeypatch: pytest.MonkeyPatch, log_lines: LogLines
) -> None:
    monkeypatch.setattr(listener, "OPEN_TIMEOUT", 0.1)
    async with driven() as (csms, client):
        await client.post("/v1/stations/CS1/offline", json={"refuse": "hang"})
        async with tcp_wire(csms) as wire:
            await wire.send(opening_request("/CS1"))
            assert await wire.read_rest() == b""
        refused = await journal_entries(client, station="CS1", type="refused")
    assert len(refused) == 1
    assert len([line for line in log_lines.lines if "refused from" in line]) == 1


async def test_hung_connection_gets_nothing_for_further_bytes(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.post(f"/v1/stations/{station_id}/offline", json={"refuse": "hang"})
    async with tcp_wire(csms) as wire:
        wire.write_bytes(opening_request(f"/{station_id}") + b"not a frame")
        assert await wire.is_silent()
    assert [entry["type"] for entry in await journal_entries(client, station=station_id)] == ["refused"]


async def test_other_stations_are_not_affected(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, f"{station_id}-b") as other:
        await client.post(f"/v1/stations/{station_id}/offline")
        await other.boot()
        assert await status_at_connect(csms, f"{station_id}-c") == 101


async def test_case_of_an_unknown_identity_does_not_matter(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.post(f"/v1/stations/{station_id.lower()}/offline")
    assert await status_at_connect(csms, station_id) == 503
    assert (await client.delete(f"/v1/stations/{station_id}/offline")).json()["count"] == 1


async def test_close_code_is_sent_to_the_station(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with raw_connection(csms, station_id) as connection:
        begun = asyncio.create_task(client.post(f"/v1/stations/{station_id}/offline", json={"close": 1012}))
        await patiently(connection.wait_closed())
        assert (await begun).status_code == 200
    assert (connection.close_code, connection.close_reason) == (1012, "the central system goes offline")


async def test_attempts_are_in_the_log_and_the_journal(
    mock: Mock, station_id: str, log_lines: LogLines
) -> None:
    csms, client = mock
    await client.post(f"/v1/stations/{station_id}/offline", json={"for": 20})
    await status_at_connect(csms, station_id)
    await client.delete(f"/v1/stations/{station_id}/offline")
    (entry,) = await journal_entries(client, station=station_id, type="refused")
    assert (entry["injected"], entry["handshake"]["listener"]) == (True, "main")
    assert entry["note"].endswith("the central system is offline for this station (503)")
    lines = [line for line in log_lines.lines if line.startswith(f"{station_id}  ")]
    assert lines[0] == f"{station_id}  the central system is offline for this station (503) for 20 s"
    assert "refused from 127.0.0.1:" in lines[1]
    assert lines[2] == f"{station_id}  the central system is online again; connections refused: 1"


async def test_post_begins_again_without_the_attempts(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.post(f"/v1/stations/{station_id}/offline")
    await status_at_connect(csms, station_id)
    again = (await client.post(f"/v1/stations/{station_id}/offline", json={"refuse": 500})).json()
    assert (again["count"], again["refuse"]) == (0, 500)
    assert await status_at_connect(csms, station_id) == 500


@pytest.mark.parametrize("of_one", [False, True])
async def test_reset_ends_it(mock: Mock, station_id: str, of_one: bool) -> None:
    csms, client = mock
    await client.post(f"/v1/stations/{station_id}/offline")
    params = {"station": station_id} if of_one else {}
    assert (await client.post("/v1/reset", params=params)).status_code == 204
    assert await status_at_connect(csms, station_id) == 101


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"refuse": 200}, 'body.refuse: use an HTTP status from 400 to 599 such as 503, "hang" or "reset"'),
        ({"refuse": 499}, 'use an HTTP status from 400 to 599 such as 503, "hang" or "reset"'),
        ({"refuse": ["hang"]}, "use an HTTP status"),
        ({"refuse": "503"}, "use an HTTP status"),
        ({"for": 0}, "body.for: Input should be greater than 0"),
        ({"close": 1005}, "1005 cannot be sent as a close code"),
        ({"seconds": 3}, "body: there is no key 'seconds'; valid keys are refuse"),
    ],
)
async def test_bad_request_is_422_and_changes_nothing(
    mock: Mock, station_id: str, body: dict[str, Any], detail: str
) -> None:
    csms, client = mock
    answer = await client.post(f"/v1/stations/{station_id}/offline", json=body)
    assert detail in problem_detail(answer, 422, "invalid-request")
    assert await status_at_connect(csms, station_id) == 101


async def test_glob_is_422(mock: Mock) -> None:
    _, client = mock
    detail = problem_detail(await client.post("/v1/stations/CS*/offline"), 422, "not-one-station")
    assert detail == "the mock goes offline for one station at a time; name each station instead of 'CS*'"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_station_that_is_not_offline_is_404(mock: Mock, station_id: str, method: str) -> None:
    _, client = mock
    answer = await client.request(method, f"/v1/stations/{station_id}/offline")
    assert f"not offline for {station_id}" in problem_detail(answer, 404, "not-offline")


async def test_station_over_tls_is_refused_before_its_password_is_checked(pki_folder: Path) -> None:
    settings = {"security_profile": 2, "password": "a-password-of-16-to-40", "pki": pki_folder}
    async with driven(**settings) as (csms, client):
        context = station_context((pki_folder / "root.pem").read_text())
        assert await refused_status(wss_url(csms), ssl=context) == 401
        await client.post("/v1/stations/CS1/offline")
        assert await refused_status(wss_url(csms), ssl=context) == 503
        await client.post("/v1/stations/CS1/offline", json={"refuse": "reset"})
        with pytest.raises(websockets.InvalidMessage):
            await websockets.connect(f"{wss_url(csms)}/CS1", ssl=context)
        assert (await client.delete("/v1/stations/CS1/offline")).json()["count"] == 1
