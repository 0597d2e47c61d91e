"""Slow and refused downloads and uploads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_csms.control import files
from mock_csms.control.firmware import FIRMWARE_BYTES
from mock_csms.control.pace import MAX_PART, parts_of
from tests.support.control import Mock, booted, driven, patiently, problem_detail

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATE_S = 5.0
"""Upper bound in seconds for a short transfer: far more than it takes on a busy machine."""


@pytest.mark.parametrize(
    ("size", "seconds", "count"),
    [
        (1000, 0, 1),
        (1000, 1, 4),
        (1000, 20, 80),
        (3, 20, 3),
        (0, 20, 1),
        (10 * MAX_PART + 1, 0, 11),
        (1000 * MAX_PART, 1, 1000),
    ],
)
async def test_parts_are_even_and_end_in_time(size: int, seconds: float, count: int) -> None:
    parts = list(parts_of(size, seconds))
    times = [0.0, *(part.due_s for part in parts)]

    assert (len(parts), sum(part.size for part in parts)) == (count, size)
    assert max(part.size for part in parts) - min(part.size for part in parts) <= 1
    assert max(part.size for part in parts) <= MAX_PART
    assert times[-1] == seconds
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == pytest.approx([seconds / count] * count)


async def seconds_of(request: Callable[[], Any]) -> tuple[httpx.Response, float]:
    """Send a request; return the answer and the seconds until it was complete."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    answer: httpx.Response = await request()
    return answer, loop.time() - start


async def test_slow_download_comes_in_parts_and_takes_its_time(mock: Mock) -> None:
    _, client = mock
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with client.stream("GET", "/files/firmware.bin", params={"seconds": 0.6}) as answer:
        arrivals = [(loop.time() - start, len(chunk)) async for chunk in answer.aiter_raw()]

    assert sum(size for _, size in arrivals) == len(FIRMWARE_BYTES) == int(answer.headers["content-length"])
    assert arrivals[0][0] < arrivals[-1][0] - 0.2
    assert 0.6 <= arrivals[-1][0] < LATE_S


async def test_part_of_a_file_takes_its_share_of_the_time(mock: Mock) -> None:
    _, client = mock
    half = len(FIRMWARE_BYTES) // 2
    headers = {"Range": f"bytes={half}-"}
    answer, seconds = await seconds_of(
        lambda: client.get("/files/firmware.bin", params={"seconds": 1.2}, headers=headers)
    )

    assert (answer.status_code, answer.content) == (206, FIRMWARE_BYTES[half:])
    assert answer.headers["content-range"] == f"bytes {half}-{2 * half - 1}/{2 * half}"
    assert 0.6 <= seconds < 1.2


async def test_slow_file_of_the_folder_is_complete(tmp_path: Path) -> None:
    content = bytes(range(256)) * 3_000
    (tmp_path / "large.bin").write_bytes(content)
    (tmp_path / "empty.bin").write_bytes(b"")
    async with driven(files=tmp_path) as (_, client):
        large, seconds = await seconds_of(lambda: client.get("/files/large.bin?seconds=0.3"))
        empty = await client.get("/files/empty.bin?seconds=0.1")

    assert large.content == content
    assert 0.3 <= seconds < LATE_S
    assert (empty.status_code, empty.content) == (200, b"")


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_slow_upload_is_answered_at_the_end_and_stored(mock: Mock, method: str) -> None:
    _, client = mock
    content = bytes(range(256)) * 3_000
    answer, seconds = await seconds_of(
        lambda: client.request(method, "/files/uploads/slow.log?seconds=0.4", content=content)
    )

    assert (answer.status_code, answer.json()["size"]) == (201, len(content))
    assert 0.4 <= seconds < LATE_S
    assert (await client.get("/files/uploads/slow.log")).content == content


async def test_slow_upload_of_unknown_size_and_by_form_is_stored(mock: Mock) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b"one,", b"two"):
            yield part

    _, client = mock
    chunked = await client.put("/files/uploads/chunked.log?seconds=0.1", content=parts())
    form = await client.post("/files/uploads?seconds=0.1", files={"file": ("form.log", b"log")})

    assert chunked.json() == {"name": "chunked.log", "size": 7}
    assert form.json() == {"name": "form.log", "size": 3}


@pytest.mark.parametrize("status", [403, 404, 500, 503])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/files/firmware.bin"),
        ("GET", "/files/uploads/any.log"),
        ("PUT", "/files/uploads/refused.log"),
        ("POST", "/files/uploads"),
    ],
)
async def test_status_of_the_url_refuses_the_transfer(
    mock: Mock, method: str, path: str, status: int
) -> None:
    csms, client = mock
    before = csms.uploads
    answer = await client.request(method, path, params={"status": status}, content=b"x" * 100_000)

    assert f"status {status}" in problem_detail(answer, status, "refused")
    assert csms.uploads == before


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_refusal_comes_after_the_seconds(mock: Mock, method: str) -> None:
    _, client = mock
    path = "/files/uploads/late.log?seconds=0.3&status=403"
    answer, seconds = await seconds_of(lambda: client.request(method, path, content=b"log"))

    problem_detail(answer, 403, "refused")
    assert 0.3 <= seconds < LATE_S


@pytest.mark.parametrize(("method", "transfer"), [("GET", "slow_download"), ("PUT", "slow_upload")])
async def test_disconnect_ends_a_slow_transfer(
    monkeypatch: pytest.MonkeyPatch, mock: Mock, method: str, transfer: str
) -> None:
    _, client = mock
    started, ended, original = asyncio.Event(), asyncio.Event(), getattr(files, transfer)

    async def watched(*arguments: Any) -> AsyncIterator[bytes]:
        started.set()
        try:
            async for chunk in original(*arguments):
                yield chunk
        finally:
            ended.set()

    monkeypatch.setattr(files, transfer, watched)
    path = "/files/firmware.bin" if method == "GET" else "/files/uploads/lost.log"
    request = asyncio.create_task(client.request(method, f"{path}?seconds=3600", content=b"log"))
    await patiently(started.wait())
    request.cancel()

    await patiently(ended.wait())
    assert (await client.get("/files/uploads/lost.log")).status_code == 404


async def test_slow_transfers_do_not_hold_up_a_station(mock: Mock, station_id: str) -> None:
    csms, client = mock
    slow = [asyncio.create_task(client.get("/files/firmware.bin?seconds=1")) for _ in range(20)]
    async with booted(csms, station_id):
        assert not any(request.done() for request in slow)
    assert {len((await request).content) for request in slow} == {len(FIRMWARE_BYTES)}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("seconds=soon", "seconds: Input should be a valid number"),
        ("seconds=-1", "seconds: Input should be greater than or equal to 0"),
        ("seconds=3601", "seconds: Input should be less than or equal to 3600"),
        ("seconds=nan", "seconds: "),
        ("seconds=inf", "seconds: "),
        ("status=200", "status: Input should be greater than or equal to 400"),
        ("status=499", "status: there is no HTTP status 499; use for example 403, 404, 500 or 503"),
        ("status=no", "status: Input should be a valid integer"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/files/firmware.bin"), ("PUT", "/files/uploads/bad.log")]
)
async def test_invalid_pace_is_422(mock: Mock, method: str, path: str, query: str, sentence: str) -> None:
    _, client = mock
    answer = await client.request(method, f"{path}?{query}", content=b"log")

    assert sentence in problem_detail(answer, 422, "invalid-request")


async def test_firmware_of_a_profile_may_be_slow(mock: Mock, station_id: str) -> None:
    csms, client = mock
    path = f"/v1/stations/{station_id}/profile"
    answer = await client.patch(path, json={"firmware": "firmware.bin?seconds=0.1"})
    assert answer.status_code == 200
    async with booted(csms, station_id):
        details = await client.get("/v1/actions/UpdateFirmware", params={"station": station_id})
    firmware = details.json()["defaultPayload"]["firmware"]

    assert firmware["location"].endswith("/files/firmware.bin?seconds=0.1")
    assert firmware["signature"]
    assert (await client.get(firmware["location"])).content == FIRMWARE_BYTES


@pytest.mark.parametrize(
    "name",
    ["firmware.bin?second=1", "firmware.bin?seconds=", "a/b?seconds=1", "a?seconds=..", "a?status=200"],
)
async def test_firmware_with_an_invalid_pace_is_422(mock: Mock, station_id: str, name: str) -> None:
    _, client = mock
    answer = await client.patch(f"/v1/stations/{station_id}/profile", json={"firmware": name})

    assert "only ?seconds=20 or ?status=404 may follow" in problem_detail(answer, 422, "invalid-profile")
