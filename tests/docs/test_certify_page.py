"""docs/certify.md: its commands run, and its tables are complete."""

import asyncio
import os
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel

from mock_csms import MockCsms, Settings
from mock_csms.certify.command_line import main
from mock_csms.certify.station_file import StationFile, read_station_file
from mock_csms.certify.stimuli import STIMULI
from mock_csms.certify.verdicts import Verdict
from server import VERSIONS
from tests.support.pages import commands_in, parse_blocks, read
from tests.support.paths import ROOT

PAGE: Final = ROOT / "docs" / "certify.md"
BLOCKS: Final = list(parse_blocks(PAGE))
FREE_PORT: Final = ["--", "--host", "127.0.0.1", "--port", "0"]


def arguments_of(command: str) -> list[str]:
    program, certify, *arguments = shlex.split(command)
    assert (program, certify) == ("mock-csms", "certify")
    return arguments


def commands_after(heading: str) -> list[str]:
    section = read(PAGE).partition(heading)[2]
    return list(commands_in(section.partition("```sh\n")[2].partition("```")[0]))


def test_first_commands_end_with_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    init, run = map(arguments_of, commands_after("# Certification rehearsal"))

    assert main([*init, *FREE_PORT]) == 0
    assert main(run) == 0
    assert "PASS" in (tmp_path / "report.html").read_text(encoding="utf-8")


async def test_cases_run_under_pytest(tmp_path: Path) -> None:
    (command,) = commands_after("## Under pytest")
    (tmp_path / "CS001.toml").write_text('[known]\nTC_B_33_CS = "issue 12"\n', encoding="utf-8")
    program, *arguments = shlex.split(command)
    assert program == "pytest"

    async with MockCsms(Settings(port=0), VERSIONS) as mock:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-p", "mock_csms.pytest_plugin", "-p", "no:cacheprovider"),
            *(*arguments, "--certify-against", mock.control_url, "-k", "TC_B_32 or TC_B_33"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()

    assert b"1 failed, 1 passed" in output
    assert b"passed, although it is known to fail: issue 12" in output


@pytest.mark.parametrize("command", commands_after("## What a case does"))
def test_case_is_listed_and_explained(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments_of(command)) == 0

    assert "TC_B_03_CS" in capsys.readouterr().out


def test_cases_are_tested_by_the_last_command(capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = commands_after("## How the cases are tested")

    assert main(arguments_of(command)) == 0

    assert " 0 problems" in capsys.readouterr().out


def test_table_of_known_failures_is_part_of_a_station_file(tmp_path: Path) -> None:
    (block,) = [each for each in BLOCKS if each.language == "toml"]
    path = tmp_path / "station.toml"
    path.write_text(block.text, encoding="utf-8")

    assert read_station_file(path).known == {"TC_E_05_CS": "issue 12"}


def test_every_key_of_the_station_file_is_described_with_its_default() -> None:
    page = read(PAGE).partition("## The station file\n")[2].partition("\n## ")[0]
    described: dict[str, dict[str, Any]] = {}
    for section in page.split("\n### [")[1:]:
        table = section.partition("]")[0]
        rows = re.findall(r"^\| (`.+?`) \| (.*?) ?\| ", section, re.MULTILINE)
        described[table] = {key: cell for keys, cell in rows for key in re.findall("`(.+?)`", keys)}
    defaults = {
        table: {key: tomllib.loads(f"value = {cell[1:-1]}")["value"] for key, cell in keys.items() if cell}
        for table, keys in described.items()
    }

    assert {table: set(keys) for table, keys in described.items()} == {
        table: set(value.__class__.model_fields) if isinstance(value, BaseModel) else set()
        for table, value in StationFile()
    }
    assert StationFile.model_validate(defaults) == StationFile()


def test_every_verdict_and_flag_is_described() -> None:
    text = read(PAGE)
    flags = re.findall(
        r'^    add\("(--[a-z-]+)"', read(ROOT / "mock_csms" / "certify" / "arguments.py"), re.M
    )

    assert [verdict for verdict in Verdict if f"| {verdict} |" not in text] == []
    assert [flag for flag in flags if f"`{flag}" not in text and f"`{flag} " not in text] == []


def test_every_stimulus_is_described() -> None:
    text = read(PAGE)

    assert [name for name in STIMULI if f"`{name}`" not in text] == []
