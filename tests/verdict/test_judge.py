"""The judge: reports that cannot be written, and a journal file with gaps."""

import json
from pathlib import Path
from typing import Any

import pytest

from mock_csms.journal.records import Records
from mock_csms.journal.store import Journal
from mock_csms.verdict.judge import Judge, Terms


def judge(**terms: Any) -> Judge:
    return Judge(Records(Journal()), Terms(**terms), lambda: None)


@pytest.mark.parametrize("report", ["junit", "report"])
def test_report_that_cannot_be_written_fails_the_run(tmp_path: Path, report: str) -> None:
    path = tmp_path / "missing" / "out"
    code, summary = judge(**{report: path}).pronounce()
    assert code == 1
    assert summary.splitlines()[0] == f"failed: cannot write {path}: No such file or directory"


def test_other_report_says_what_could_not_be_written(tmp_path: Path) -> None:
    code, _ = judge(junit=tmp_path, report=tmp_path / "out.json").pronounce()
    report = json.loads((tmp_path / "out.json").read_text())
    assert (code, report["exitCode"]) == (1, 1)
    assert report["verdict"] == f"failed: cannot write {tmp_path}: Is a directory"


def test_entries_missing_from_the_journal_file_fail_the_run(tmp_path: Path) -> None:
    running = judge(report=tmp_path / "out.json")
    running.lost_entries = lambda: 7
    code, summary = running.pronounce()
    assert (code, summary.splitlines()[0]) == (1, "failed: 7 entries are missing from the journal file")
    assert json.loads((tmp_path / "out.json").read_text())["lost"] == 7
