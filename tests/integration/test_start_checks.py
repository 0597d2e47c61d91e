"""Files and folders in the settings: checks when a server starts, and what it removes when it stops."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_csms import MockCsms, Settings
from mock_csms.errors import CouldNotStart
from server import VERSIONS


def mock(**settings: Any) -> MockCsms:
    return MockCsms(Settings.model_validate({"port": 0, "no_control": True, **settings}), VERSIONS)


async def test_ready_file_of_a_later_server_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    async with mock(ready_file=path):
        second = mock(ready_file=path)
        await second.__aenter__()
    content = path.read_text(encoding="utf-8")
    await second.__aexit__(None, None, None)

    assert second.url in content
    assert not path.exists()


async def test_stale_ready_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("stale", encoding="utf-8")
    async with mock(ready_file=path) as running:
        assert running.url in path.read_text(encoding="utf-8")


async def test_removed_ready_file_does_not_matter_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    async with mock(ready_file=path):
        path.unlink()


@pytest.mark.parametrize(("name", "reason"), [("file", "is not a folder"), ("none", "does not exist")])
async def test_files_that_is_no_folder_prevents_the_start(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CouldNotStart, match=reason):
        await mock(files=tmp_path / name).__aenter__()


@pytest.mark.parametrize("host", ["a\0b", "x" * 300])
async def test_host_that_is_no_name_prevents_the_start_with_one_line(host: str) -> None:
    with pytest.raises(CouldNotStart, match="cannot listen on ") as caught:
        await mock(host=host).__aenter__()

    assert len(str(caught.value).splitlines()) == 1


# Pipes and links in place of files


def link(path: Path) -> None:
    target = path.with_name("target")
    target.write_bytes(b"kept")
    path.symlink_to(target)


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")


@needs_pipes
@pytest.mark.parametrize("make", [getattr(os, "mkfifo", None), link, Path.mkdir])
async def test_ready_file_that_is_not_a_regular_file_prevents_the_start_and_stays(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "ready.json"
    make(path)
    before = path.lstat()

    with pytest.raises(CouldNotStart, match="is not a regular file"):
        await mock(ready_file=path).__aenter__()

    assert os.path.samestat(path.lstat(), before)


@needs_pipes
async def test_pipe_that_replaced_the_ready_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    async with mock(ready_file=path):
        path.unlink()
        os.mkfifo(path)

    assert path.is_fifo()


async def test_ready_file_leaves_no_other_file(tmp_path: Path) -> None:
    async with mock(ready_file=tmp_path / "ready.json"):
        assert os.listdir(tmp_path) == ["ready.json"]  # noqa: PTH208 - a short look, without a Path


@needs_pipes
@pytest.mark.parametrize("has_reader", [True, False])
async def test_journal_that_is_a_pipe_prevents_the_start(tmp_path: Path, has_reader: bool) -> None:
    path = tmp_path / "journal"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if has_reader else None

    with pytest.raises(CouldNotStart, match="pipe"):
        await mock(journal=path).__aenter__()

    if reader is not None:
        os.close(reader)


@needs_pipes
@pytest.mark.parametrize("setting", ["report", "junit"])
async def test_report_to_a_pipe_without_reader_fails_the_run(tmp_path: Path, setting: str) -> None:
    path = tmp_path / "report"
    os.mkfifo(path)
    async with mock(**{setting: path}) as running:
        pass
    code, summary = running.conclude()

    assert (code, summary.splitlines()[0]) == (1, f"failed: cannot write {path}: no program reads this pipe")
