"""The files of a report."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mock_csms.certify.report_files import ReportFiles
from mock_csms.certify.run_report import RunReport
from mock_csms.errors import UsageError

REPORT = RunReport("CS001", datetime(2026, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize("name", ["none/r.json", "folder", "x" * 300])
def test_file_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(UsageError, match=r"cannot write .*; give another file"):
        ReportFiles(None, tmp_path / name, None).check()


def test_check_leaves_no_file_and_changes_none(tmp_path: Path) -> None:
    old, new = tmp_path / "old.html", tmp_path / "new.json"
    old.write_text("old", encoding="utf-8")

    ReportFiles(new, old, None).check()

    assert (old.read_text(encoding="utf-8"), new.exists()) == ("old", False)


def test_one_file_for_two_reports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is given for two reports"):
        ReportFiles(tmp_path / "r", tmp_path / "r", None).check()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_full_disk_is_said_once_and_the_other_reports_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full, junit = Path("/dev/full"), tmp_path / "r.xml"
    files = ReportFiles(full, None, junit)

    files.write_json(REPORT)
    files.write_all(REPORT)

    assert files.failed == {full}
    assert capsys.readouterr().err == "cannot write /dev/full: No space left on device; the run goes on\n"
    assert junit.exists()
    assert full.is_char_device()


def test_pipe_is_written_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files = ReportFiles(pipe, None, None)

    files.check()
    files.write_json(REPORT)

    assert os.read(reading, 10) == b'{\n "format'
    assert pipe.is_fifo()
    os.close(reading)
