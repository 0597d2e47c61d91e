"""The `certify` command, as a user runs it."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mock_csms.certify.all_cases import ALL_CASES
from mock_csms.certify.arguments import read_arguments
from mock_csms.certify.command_line import main
from mock_csms.certify.run_report import CaseReport, RunReport
from mock_csms.certify.verdicts import CaseResult, Verdict
from mock_csms.errors import WRONG_USAGE
from tests.support.paths import ROOT

FREE_PORT = ["--", "--host", "127.0.0.1", "--port", "0"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a temporary folder the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def station_file(folder: Path, text: str = "[times]\nmessage = 5\nboot = 15\nsilence = 1\n") -> str:
    (folder / "CS001.toml").write_text(text, encoding="utf-8")
    return "CS001.toml"


def test_resumed_run_takes_earlier_verdicts_and_says_what_has_changed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = CaseResult("TC_B_06_CS", "Read a variable", Verdict.FAIL, "it was another one")
    earlier = RunReport("CS001", datetime(2026, 1, 31, 12, 0, tzinfo=UTC), [CaseReport(failed, ("Core",))])
    (here / "r.json").write_text(earlier.as_json(), encoding="utf-8")
    flags = ["--resume", "r.json", "--compare", "r.json", "--json", "s.json", "--rig", "station", *FREE_PORT]

    code = main([station_file(here), "TC_B_0[69]_CS", *flags])

    report = RunReport.of_file(here / "s.json")
    assert code == 1
    assert report.cases[0] == earlier.cases[0]
    assert report.cases[1].result.verdict is Verdict.PASS
    assert "changed:\nTC_B_09_CS: not run -> PASS\n" in capsys.readouterr().out


def test_resumed_run_with_nothing_left_needs_no_station(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = station_file(here, "[times]\nboot = 0.1\n")
    decided = CaseReport(CaseResult("TC_B_06_CS", "A variable is reported", Verdict.PASS))
    earlier = RunReport("CS001", datetime.now(UTC), [decided])
    (here / "r.json").write_text(earlier.as_json(), encoding="utf-8")

    assert main([file, "TC_B_06_CS", "--resume", "r.json", "--html", "r.html"]) == 0

    output = capsys.readouterr().out
    assert output.startswith("CS001: 1 cases: 1 PASS\n")
    assert output.endswith("wrote r.html\n")


def test_station_that_does_not_come_ends_the_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([station_file(here, "[times]\nboot = 0.1\n"), "TC_B_01_CS", *FREE_PORT])

    captured = capsys.readouterr()
    assert code == 5
    assert "waiting up to 0.1 s for CS001 at ws://127.0.0.1:" in captured.out
    assert "CS001 has not connected within 0.1 s" in captured.err


def test_interrupted_run_undoes_its_changes_and_reports(here: Path) -> None:
    command = [sys.executable, str(ROOT / "server.py"), "certify", station_file(here), "TC_B_0[36]_CS"]
    flags = ["--rig", "station", "--json", "r.json", *FREE_PORT]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("the run can be watched"):  # TC_B_03_CS takes some seconds
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()

    assert process.returncode == 130
    assert rest.startswith("the run was aborted\nCS001: 0 cases: none\n")
    assert rest.endswith("other cases that apply to the station were not selected\nwrote r.json\n")
    assert json.loads((here / "r.json").read_bytes())["finished"] is None


def test_list_without_a_file_has_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0

    assert len(capsys.readouterr().out.splitlines()) == 424


def test_list_for_a_reader_that_has_gone_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, str(ROOT / "server.py"), "certify", "--list"]

    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)

    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_explanation_has_requirements_source_and_mutants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "TC_B_03_CS"]) == 0

    output = capsys.readouterr().out
    assert "B03.FR.02" in output
    assert ALL_CASES["TC_B_03_CS"].title in output
    assert "async def " in output
    assert "Caught by the self-test" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give a station file; "),
        (["none.toml"], "cannot read none.toml: No such file or directory; mock-csms certify init ID writes"),
        (["explain", "TC_B_003_CS"], "unknown case 'TC_B_003_CS'; did you mean TC_B_03_CS?"),
        (["--list", "--profile", "core"], "unknown profile 'core'; did you mean Core?"),
        (["--lst"], "did you mean --list?"),
        (["init", "x" * 49], "identity: String should have at most 48 characters"),
        (["CS002.toml", "--html", "none/r.html"], "cannot write none/r.html: No such file or directory"),
        (
            ["CS002.toml", "--resume", "CS002.toml"],
            "CS002.toml is not a report of a rehearsal; --json writes",
        ),
        (["CS002.toml", "--resume", "r.json"], "r.json is a report about CS001; give one about CS002"),
        (["init"], "give the identity of the station: certify init CS001"),
        (["--self-test", "TC_Z*"], "no case matches TC_Z*; certify --list shows all ids"),
        (
            ["x.toml", "--against", "http://127.0.0.1:1", "--", "--port", "0"],
            "flags after -- are for a server",
        ),
    ],
)
def test_wrong_arguments_get_one_line_with_what_to_write(
    arguments: list[str], sentence: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "CS002.toml").write_text('[station]\nidentity = "CS002"\n', encoding="utf-8")
    report = RunReport("CS001", datetime(2026, 1, 31, tzinfo=UTC))
    (here / "r.json").write_text(report.as_json(), encoding="utf-8")

    assert main(arguments) == WRONG_USAGE

    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_cases_may_come_after_flags() -> None:
    given = read_arguments(["CS001.toml", "--no-hands", "TC_B_0*", "--lenient", "TC_C_*"])

    assert (given.task, list(given.words)) == ("run", ["CS001.toml", "TC_B_0*", "TC_C_*"])


def test_existing_station_file_is_kept(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    station_file(here)

    assert main(["init", "CS001"]) == WRONG_USAGE

    assert "CS001.toml exists" in capsys.readouterr().err


def test_mutant_is_tried_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments: list[Any] = ["--self-test", "TC_B_32_CS", "--mutant", "say GetVariables getVariableResult=[]"]

    assert main(arguments) == 0

    assert "FAIL" in capsys.readouterr().out
