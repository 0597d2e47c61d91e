"""Files that settings name: regular files, and pipes that are read once."""

import asyncio
import os
import threading
from contextvars import copy_context
from pathlib import Path

import pytest

from mock_csms.settings.files import MAX_FILE_SIZE, is_regular_file, is_reloading, read_file

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def write_once(pipe: Path, content: bytes) -> threading.Thread:
    """Write the content to a pipe in a thread, which waits for the reader."""
    writer = threading.Thread(target=pipe.write_bytes, args=[content])
    writer.start()
    return writer


def test_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = []
    for content in (b"one", b"two"):
        path.write_bytes(content)
        contents.append(read_file(path))

    assert contents == [b"one", b"two"]


def test_pipe_is_read_once(pipe: Path) -> None:
    writer = write_once(pipe, b"port = 1")

    assert [read_file(pipe), read_file(pipe)] == [b"port = 1"] * 2
    writer.join()


def test_pipe_without_writer_is_not_opened_in_event_loop(pipe: Path) -> None:
    async def read() -> bytes:
        return read_file(pipe)

    with pytest.raises(OSError, match="not a regular file"):
        asyncio.run(read())


def test_pipe_without_writer_is_not_opened_while_reloading(pipe: Path) -> None:
    def read() -> bytes:
        is_reloading.set(True)
        return read_file(pipe)

    with pytest.raises(OSError, match="not a regular file"):
        copy_context().run(read)


@pytest.mark.parametrize("path", [Path("/dev/null"), Path("/dev/stdin"), Path("/dev")])
def test_devices_are_not_regular_files(path: Path) -> None:
    assert not is_regular_file(path)


def test_endless_device_is_rejected() -> None:
    with pytest.raises(OSError, match=f"larger than {MAX_FILE_SIZE} bytes"):
        read_file(Path("/dev/zero"))


def test_missing_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none")
