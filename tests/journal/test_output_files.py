"""Writing the output of a run to a regular file or to a named pipe."""

import os
import threading
from pathlib import Path

import pytest

from mock_csms.journal import output_files
from mock_csms.journal.output_files import write_file

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")

LONG = b"x" * 1_000_000
"""More bytes than the buffer of a pipe holds."""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (LONG, b"two"):
        write_file(path, content)

    assert path.read_bytes() == b"two"


def test_pipe_without_reader_is_an_error(pipe: Path) -> None:
    with pytest.raises(OSError, match="no program reads this pipe"):
        write_file(pipe, b"x")


def test_pipe_with_reader_gets_everything(pipe: Path) -> None:
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # so that the pipe has a reader at once
    contents: list[bytes] = []
    reader = threading.Thread(target=lambda: contents.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, LONG)
    reader.join()
    os.close(descriptor)

    assert contents == [LONG]


def test_pipe_whose_reader_does_not_read_is_an_error(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_files, "READER_TIMEOUT_S", 0)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OSError, match="does not read"):
        write_file(pipe, LONG)
    os.close(descriptor)
