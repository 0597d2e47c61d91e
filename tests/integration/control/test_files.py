"""Downloads and uploads."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ocpp.v201 import call

from mock_csms.control import uploads
from mock_csms.control.firmware import FIRMWARE_BYTES, FIRMWARE_MD5
from tests.support.control import (
    Mock,
    booted,
    client_of,
    driven,
    patiently,
    problem_detail,
    send_command,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


# Downloads


async def test_firmware_can_be_downloaded(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/files/firmware.bin")
    assert answer.content == FIRMWARE_BYTES
    assert answer.headers["content-type"] == "application/octet-stream"


async def test_file_of_the_folder_can_be_downloaded(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"other")
    async with driven(files=tmp_path) as (_, client):
        assert (await client.get("/files/other.bin")).content == b"other"
        await client.put("/files/uploads/log.txt", content=b"log")
    assert (tmp_path / "uploads" / "log.txt").read_bytes() == b"log"


# Uploads


async def test_put_upload_is_stored_unchanged(mock: Mock) -> None:
    _, client = mock
    content = bytes(range(256)) * 64
    answer = await client.put("/files/uploads/put.log", content=content)
    assert (answer.status_code, answer.json()) == (201, {"name": "put.log", "size": len(content)})
    assert (await client.get("/files/uploads/put.log")).content == content
    assert answer.json() in (await client.get("/files/uploads")).json()


@pytest.mark.parametrize(
    "path", ["/files/uploads", "/files/uploads/posted.log"], ids=["generated name", "given name"]
)
async def test_posted_upload_is_stored_unchanged(mock: Mock, path: str) -> None:
    _, client = mock
    answer = await client.post(path, content=b"raw\r\nbytes")
    assert answer.status_code == 201
    assert (await client.get(f"/files/uploads/{answer.json()['name']}")).content == b"raw\r\nbytes"


async def test_upload_by_form_has_the_name_of_its_file(mock: Mock) -> None:
    _, client = mock
    content = b"--with\r\n\r\na line inside the file--\r\n"
    answer = await client.post("/files/uploads", files={"file": ("logs.tar.gz", content)})
    assert answer.json() == {"name": "logs.tar.gz", "size": len(content)}
    assert (await client.get("/files/uploads/logs.tar.gz")).content == content


async def test_upload_by_form_to_a_name_has_that_name(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/files/uploads/named.log", files={"file": ("other.log", b"log")})
    assert answer.json() == {"name": "named.log", "size": 3}


async def test_form_without_a_file_is_422(mock: Mock) -> None:
    _, client = mock
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n--b--\r\n'
    problem_detail(await client.post("/files/uploads", content=body, headers=headers), 422, "no-file")


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/files/uploads", r"upload-[0-9a-f-]{36}"),
        ("/files/uploads/", r"upload-[0-9a-f-]{36}"),
        ("/files/uploads/diagnostics.tar.gz", r"diagnostics\.tar\.gz"),
        ("/files/uploads/CS1/2026-01/log", "CS1-2026-01-log"),
        ("/files/uploads/CS1%2Flog", "CS1-log"),
    ],
)
async def test_upload_location_and_paths_below_it_take_put_and_post(
    mock: Mock, method: str, path: str, name: str
) -> None:
    _, client = mock
    answer = await client.request(method, path, content=b"log")
    assert answer.status_code == 201
    assert re.fullmatch(name, answer.json()["name"])
    stored = (
        path if path.count("/") > 2 and not path.endswith("/") else f"/files/uploads/{answer.json()['name']}"
    )
    assert (await client.get(stored)).content == b"log"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="station.log"', "station.log"),
        ("attachment; filename=station.log", "station.log"),
        ('attachment; filename="../../station.log"', "station.log"),
        ('attachment; filename=".."', r"upload-[0-9a-f-]{36}"),
        ("attachment", r"upload-[0-9a-f-]{36}"),
    ],
)
async def test_unnamed_upload_has_the_filename_of_its_content_disposition(
    mock: Mock, disposition: str, name: str
) -> None:
    _, client = mock
    headers = {"Content-Disposition": disposition, "Content-Type": "application/octet-stream"}
    answer = await client.post("/files/uploads", content=b"log", headers=headers)
    assert re.fullmatch(name, answer.json()["name"])


async def test_form_is_read_the_same_however_it_is_cut(mock: Mock) -> None:
    """The parser finds a delimiter that is split between two chunks."""
    content = bytes(range(256)) * 5 + b"\r\n--other\r\n--"
    head = b'x\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="cut.log"\r\n\r\n'
    body, headers = head + content + b"\r\n--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"}
    _, client = mock
    for size in (1, 3, 100, 10_000):

        async def chunks(size: int = size) -> AsyncIterator[bytes]:
            for start in range(0, len(body), size):
                yield body[start : start + size]

        answer = await client.post("/files/uploads", content=chunks(), headers=headers)
        assert answer.json() == {"name": "cut.log", "size": len(content)}
        assert (await client.get("/files/uploads/cut.log")).content == content


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"--b\r\n" + b"--b\r\n" * 1000, id="many parts"),
        pytest.param(b"--b\r\n" + b"x" * 20_000, id="long headers"),
        pytest.param(b"nothing", id="no part"),
        pytest.param(b"", id="empty"),
    ],
)
async def test_form_without_a_readable_file_is_422(mock: Mock, body: bytes) -> None:
    _, client = mock
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    problem_detail(await client.post("/files/uploads", content=body, headers=headers), 422, "no-file")


async def test_oldest_uploads_to_the_temporary_folder_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 3)
    async with driven(max_upload=1000) as (_, client):
        for number in range(5):
            assert (await client.put(f"/files/uploads/{number}", content=b"x")).status_code == 201
        assert {item["name"] for item in (await client.get("/files/uploads")).json()} == {"2", "3", "4"}


async def test_uploads_to_a_full_folder_of_the_user_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_FOLDER_FACTOR", 2)
    async with driven(max_upload=1000, files=tmp_path) as (_, client):
        for name in ("a", "b"):
            assert (await client.put(f"/files/uploads/{name}", content=b"x" * 600)).status_code == 201
        problem_detail(await client.put("/files/uploads/c", content=b"x"), 507, "uploads-full")
        assert [item["name"] for item in (await client.get("/files/uploads")).json()] == ["a", "b"]


async def test_folders_and_dangling_links_among_the_uploads_are_no_failure(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    (folder / "taken").mkdir(parents=True)
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    async with driven(files=tmp_path) as (_, client):
        assert (await client.get("/files/uploads")).json() == []
        problem_detail(await client.put("/files/uploads/taken", content=b"x"), 409, "name-taken")
        problem_detail(await client.get("/files/uploads/taken"), 404, "unknown-file")
        problem_detail(await client.get("/files/uploads/dangling"), 404, "unknown-file")
        assert (await client.put("/files/uploads/dangling", content=b"x")).status_code == 201


async def test_upload_that_cannot_be_stored_is_507(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_bytes(b"a file in place of the folder")
    async with driven(files=tmp_path) as (_, client):
        problem_detail(await client.put("/files/uploads/log", content=b"x"), 507, "not-stored")
        assert (await client.get("/files/uploads")).json() == []


async def test_download_is_complete_though_the_file_is_replaced_meanwhile(mock: Mock) -> None:
    _, client = mock
    await client.put("/files/uploads/log", content=b"a" * 5_000_000)
    async with client.stream("GET", "/files/uploads/log") as answer:
        await client.put("/files/uploads/log", content=b"b")
        assert await answer.aread() == b"a" * 5_000_000


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=5-100", 206, b"56789"),
        ("bytes=4-2", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
async def test_download_of_a_range(mock: Mock, wanted: str, status: int, content: bytes) -> None:
    _, client = mock
    await client.put("/files/uploads/digits", content=b"0123456789")
    answer = await client.get("/files/uploads/digits", headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (status, content)


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=20-", "bytes=20-30", "bytes=-0"])
async def test_range_outside_of_the_file_is_416_with_the_size(mock: Mock, wanted: str) -> None:
    _, client = mock
    await client.put("/files/uploads/digits", content=b"0123456789")
    answer = await client.get("/files/uploads/digits", headers={"Range": wanted})
    assert "10 bytes" in problem_detail(answer, 416, "invalid-range")
    assert answer.headers["content-range"] == "bytes */10"


async def test_any_range_of_an_empty_file_is_the_whole_file(mock: Mock) -> None:
    _, client = mock
    await client.put("/files/uploads/empty", content=b"")
    answer = await client.get("/files/uploads/empty", headers={"Range": "bytes=0-"})
    assert (answer.status_code, answer.content) == (200, b"")


async def test_too_large_upload_is_413_and_not_stored() -> None:
    async with driven(max_upload=1000) as (_, client):
        assert (await client.put("/files/uploads/fits", content=b"x" * 1000)).status_code == 201
        problem_detail(await client.put("/files/uploads/large", content=b"x" * 1001), 413, "upload-too-large")
        form = {"file": ("large", b"x" * 1001)}
        problem_detail(await client.post("/files/uploads", files=form), 413, "upload-too-large")
        assert [item["name"] for item in (await client.get("/files/uploads")).json()] == ["fits"]


@pytest.mark.parametrize(
    "invalid_name", [".hidden", "%20", "a%00b", "a%0Ab", "a%0A", "caf%C3%A9", "x" * 101, "a:b"]
)
async def test_upload_with_an_invalid_name_is_422(mock: Mock, invalid_name: str) -> None:
    _, client = mock
    problem_detail(await client.put(f"/files/uploads/{invalid_name}", content=b"x"), 422, "invalid-request")


async def test_unknown_file_is_404(mock: Mock) -> None:
    _, client = mock
    problem_detail(await client.get("/files/uploads/nothing"), 404, "unknown-file")
    problem_detail(await client.get("/files/nothing"), 404, "unknown-file")


# Names that point outside of the folders


OUTSIDE = [
    "/files/../secret",
    "/files/%2e%2e/secret",
    "/files/%2e%2e%2fsecret",
    "/files/..%5csecret",
    "/files/uploads/../../secret",
    "/files/uploads/%2e%2e/%2e%2e/secret",
    "/files/uploads/%2e%2e%2f%2e%2e%2fsecret",
    "/files/uploads/..%252f..%252fsecret",
    "/files/uploads/%2e%2e%2fsecret",
    "/files/uploads/%2e%2e",
    "/files//{folder}/secret",
    "/files/%2f{folder}%2fsecret",
    "/files/uploads/%2f{folder}%2fsecret",
]


async def raw_exchange(url: str, method: str, target: str, body: bytes = b"") -> bytes:
    """Request exactly this target, which httpx would normalize; return the raw answer."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"{method} {target} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await patiently(reader.read())
    writer.close()
    await writer.wait_closed()
    return answer


def files_in(folder: Path) -> dict[str, bytes]:
    """Content of all files below a folder, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_path_cannot_leave_the_folders(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"the-secret")
    served = tmp_path / "served"
    served.mkdir()
    before = files_in(tmp_path)
    async with driven(files=served) as (csms, client):
        await client.put("/files/uploads/log", content=b"log")
        for target in (path.format(folder=tmp_path) for path in OUTSIDE):
            for method in ("GET", "PUT", "POST"):
                answer = await raw_exchange(
                    csms.control, method, target, b"" if method == "GET" else b"planted"
                )
                assert re.match(rb"HTTP/1.1 4\d\d ", answer), (method, target, answer)
                assert b"the-secret" not in answer, (method, target)
    assert files_in(tmp_path) == {**before, "served/uploads/log": b"log"}


async def test_link_out_of_the_folders_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"the-secret")
    served = tmp_path / "served"
    (served / "uploads").mkdir(parents=True)
    (served / "uploads" / "log").write_bytes(b"log")
    (served / "file").write_bytes(b"firmware")
    for path in (served / "link", served / "uploads" / "link"):
        path.symlink_to(tmp_path / "secret")
    (served / "inside").symlink_to("file")
    async with driven(files=served) as (csms, client):
        station_port = f"http://{csms.listeners['main'].address}"
        for url in ("/files/link", "/files/uploads/link", f"{station_port}/files/link"):
            problem_detail(await client.get(url), 404, "unknown-file")
        assert (await client.get(f"{station_port}/files/inside")).content == b"firmware"
        assert [item["name"] for item in (await client.get("/files/uploads")).json()] == ["log"]


async def test_name_in_a_form_cannot_leave_the_folder(tmp_path: Path) -> None:
    names, headers = [], {"Content-Type": "multipart/form-data; boundary=b"}
    async with driven(files=tmp_path / "served") as (_, client):
        for filename in ("../../secret", "/etc/passwd", "..\\windows", "..", ".", ""):
            head = f'Content-Disposition: form-data; name="f"; filename="{filename}"'
            body = f"--b\r\n{head}\r\n\r\nplanted\r\n--b--\r\n".encode()
            answer = await client.post("/files/uploads", content=body, headers=headers)
            assert answer.status_code == 201
            names.append(answer.json()["name"])
    assert files_in(tmp_path) == {f"served/uploads/{name}": b"planted" for name in names}
    assert names[:3] == ["secret", "passwd", "windows"]


# Stations


async def test_station_uploads_its_log_to_the_location_of_get_log(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station, client_of("") as web:
        outcome = (await send_command(client, station_id, "GetLog")).json()
        request = await station.next("GetLog")
        form = {"file": (f"{station_id}.log", b"what happened")}
        upload = await web.post(request["log"]["remote_location"], files=form)
        await station.send(call.LogStatusNotification(status="Uploaded", request_id=request["request_id"]))
        state = (await client.get(f"/v1/stations/{station_id}")).json()
    assert outcome["outcome"] == "result"
    assert upload.status_code == 201
    assert state["logStatus"] == "Uploaded"
    assert (await client.get(f"/files/uploads/{station_id}.log")).content == b"what happened"


async def test_station_downloads_firmware_from_the_location_of_update_firmware(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station, client_of("") as web:
        await send_command(client, station_id, "UpdateFirmware")
        request = await station.next("UpdateFirmware")
        firmware = (await web.get(request["firmware"]["location"])).content
        await station.send(
            call.FirmwareStatusNotification(status="Downloaded", request_id=request["request_id"])
        )
        state = (await client.get(f"/v1/stations/{station_id}")).json()
    assert hashlib.md5(firmware).hexdigest() == FIRMWARE_MD5
    assert state["firmwareStatus"] == "Downloaded"


async def test_placeholder_of_a_file_is_its_url(mock: Mock, station_id: str) -> None:
    csms, _ = mock
    location = csms.filled_in("{{files.uploads/log?seconds=2}}", station_id)
    assert location == f"{csms.files_url(station_id)}/uploads/log?seconds=2"


@pytest.mark.parametrize(
    ("uploads", "request_id", "location", "warns"),
    [
        pytest.param(0, None, None, True, id="no log has arrived"),
        pytest.param(1, None, None, False, id="something was uploaded"),
        pytest.param(0, 999_999, None, False, id="another request"),
        pytest.param(0, None, "https://logs.example.org", False, id="another server"),
    ],
)
async def test_log_that_is_reported_but_not_uploaded_is_warned_of(
    mock: Mock,
    station_id: str,
    caplog: pytest.LogCaptureFixture,
    *,
    uploads: int,
    request_id: int | None,
    location: str | None,
    warns: bool,
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station, client_of("") as web:
        logging_to = {"remoteLocation": location or f"{csms.files_url(station_id)}/uploads"}
        payload = {"logType": "DiagnosticsLog", "requestId": 55, "log": logging_to}
        await send_command(client, station_id, "GetLog", payload=payload)
        for number in range(uploads):
            await web.put(f"{csms.files_url(station_id)}/uploads/{station_id}-{number}", content=b"log")
        await station.send(call.LogStatusNotification(status="Uploading", request_id=55))
        assert "no log has arrived" not in caplog.text
        await station.send(call.LogStatusNotification(status="Uploaded", request_id=request_id or 55))
        await station.send(call.Heartbeat())
    warning = (
        f"{station_id}  reports Uploaded, but no log has arrived at {csms.files_url(station_id)}/uploads"
    )
    assert (warning in caplog.text) is warns
