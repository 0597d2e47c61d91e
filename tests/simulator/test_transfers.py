"""Downloads and uploads of a simulated station by HTTP."""

import hashlib
from collections.abc import Iterator

import pytest

from mock_csms.simulator.transfers import TransferRefused, clamp_interval, download, http_status, upload
from tests.simulator.file_server import FIRMWARE, FileServer, running_file_server


@pytest.fixture(name="server")
def _server() -> Iterator[FileServer]:
    with running_file_server() as server:
        yield server


def test_download_returns_size_and_hashes(server: FileServer) -> None:
    file = download(server.url("/firmware.bin"))
    assert file.size == len(FIRMWARE)
    assert file.sha256 == hashlib.sha256(FIRMWARE).digest()
    assert file.md5 == hashlib.md5(FIRMWARE, usedforsecurity=False).hexdigest()


def test_download_of_too_large_file_raises(server: FileServer) -> None:
    with pytest.raises(OSError, match="more than 5 bytes"):
        download(server.url("/firmware.bin"), max_bytes=5)


def test_download_of_unknown_file_raises_with_http_status(server: FileServer) -> None:
    with pytest.raises(TransferRefused) as raised:
        download(server.url("/other.bin"))
    assert http_status(raised.value) == 404


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/f",
        "file:///etc/hostname",
        "http://",
        "http://[1/f",
        "http://127.0.0.1:x/f",
        "",
        "a b",
    ],
)
def test_download_of_bad_url_raises(url: str) -> None:
    with pytest.raises(OSError, match="URL"):
        download(url)


@pytest.mark.parametrize("path", ["/a b", "/\r\nX: y", "/ä"])
def test_download_of_odd_path_raises_os_error(server: FileServer, path: str) -> None:
    with pytest.raises(OSError, match=r"transfer failed|answered"):
        download(server.url(path))


def test_redirect_to_local_file_raises(server: FileServer) -> None:
    server.redirects["/firmware.bin"] = "file:///etc/hostname"
    with pytest.raises(TransferRefused):
        download(server.url("/firmware.bin"))


def test_redirect_to_http_is_followed(server: FileServer) -> None:
    server.redirects["/old.bin"] = server.url("/firmware.bin")
    assert download(server.url("/old.bin")).size == len(FIRMWARE)


def test_userinfo_of_url_becomes_basic_authorization(server: FileServer) -> None:
    download(server.url("/firmware.bin", "user:p%40ss@"))
    assert server.headers_seen[0]["Authorization"] == "Basic dXNlcjpwQHNz"


def test_upload_puts_content_with_filename(server: FileServer) -> None:
    upload(server.url("/logs/1"), "a.log", b"line")
    assert server.uploads == {"/logs/1": b"line"}
    assert 'filename="a.log"' in server.headers_seen[0]["Content-Disposition"]


def test_upload_to_folder_appends_filename(server: FileServer) -> None:
    upload(server.url("/logs/"), "a.log", b"line")
    assert server.uploads == {"/logs/a.log": b"line"}


def test_upload_to_a_folder_without_slash_appends_filename(server: FileServer) -> None:
    server.folders = {"/logs"}
    upload(server.url("/logs?station=1"), "a.log", b"line")
    upload(server.url("/logs"), "b.log", b"line")
    assert server.uploads == {"/logs?station=1": b"line", "/logs/b.log": b"line"}


def test_refused_upload_raises_with_http_status(server: FileServer) -> None:
    server.failures = [403]
    with pytest.raises(TransferRefused) as raised:
        upload(server.url("/logs/1"), "a.log", b"line")
    assert http_status(raised.value) == 403


def test_upload_to_folder_keeps_query(server: FileServer) -> None:
    upload(server.url("/logs/?station=1"), "a.log", b"line")
    assert server.uploads == {"/logs/a.log?station=1": b"line"}


@pytest.mark.parametrize(("wanted", "interval"), [(-5, 1), (30, 30), (10**400, 86400)])
def test_interval_is_clamped(wanted: int, interval: int) -> None:
    assert clamp_interval(wanted) == interval
