"""The page about testing: its tests pass, its programs run, and its workflows are complete."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any, Final

import pytest
from mkdocs.utils.yaml import yaml_load
from ocpp.v201 import call_result

from mock_csms import MockCsms, Settings
from server import VERSIONS
from tests.pytest_plugin.test_plugin import EXAMPLE
from tests.support.pages import PAGES, Block, is_pytest_test, parse_blocks
from tests.support.paths import ROOT
from tests.support.station import PATIENCE, connected

PAGE: Final = ROOT / "docs" / "testing.md"
BLOCKS: Final = list(parse_blocks(PAGE))
WORKFLOWS: Final = [yaml_load(block.text) for block in BLOCKS if block.language == "yaml"]
INSTALLATIONS: Final = ('pip install "./mock-csms[pytest]"', "pipx install ./mock-csms")
"""Commands that install the mock; no test runs them, but tests/packaging installs the wheel."""

on_posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


def blocks_in(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment variables with the command mock-csms on the PATH, as after an installation."""
    command = tmp_path / "bin" / "mock-csms"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mock_csms "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = os.pathsep.join([str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}


@on_posix
def test_tests_with_fixtures_pass(tmp_path: Path, environment: dict[str, str]) -> None:
    """With ``--csms-command``, the plugin starts a server that may be installed in another environment."""
    folder = tmp_path / "tests"
    folder.mkdir()
    tests = {block.text for page in PAGES for block in parse_blocks(page) if is_pytest_test(block)}
    assert EXAMPLE.strip() in tests  # tests/pytest_plugin runs it
    tests.remove(EXAMPLE.strip())
    for number, text in enumerate(sorted(tests)):
        (folder / f"test_{number}.py").write_text(text, encoding="utf-8")
    plugins = ["-p", "mock_csms.pytest_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugins, "--csms-command", "mock-csms"]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout
    assert f"{len(tests)} passed" in result.stdout


@on_posix
@pytest.mark.parametrize(("reason", "code"), [("RemoteReset", 0), ("Watchdog", 1)])
def test_program_in_bash_fails_without_the_expected_boot(
    reason: str, code: int, tmp_path: Path, environment: dict[str, str]
) -> None:
    [block] = blocks_in("bash")
    program = block.text.replace("--idle", "--idle --speed 30").replace("RemoteReset", reason)
    if code:
        program = program.replace(
            '"within": 60, "since": 0}\'\nfindings', '"within": 0, "since": 0}\'\nfindings'
        )
    result = subprocess.run(
        ["bash", "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == code, result.stdout + result.stderr
    assert ("passed\n" in result.stdout) == (code == 0)


@pytest.mark.skipif(not which("node"), reason="needs Node.js")
async def test_program_in_javascript_runs(tmp_path: Path) -> None:
    [block] = blocks_in("js")
    (tmp_path / "test.mjs").write_text(block.text, encoding="utf-8")
    reset = asyncio.Event()

    def accept(**_: Any) -> call_result.Reset:
        reset.set()
        return call_result.Reset(status="Accepted")

    async with MockCsms(Settings(port=0), VERSIONS) as mock, connected(mock.csms) as station:
        station.answers["Reset"] = accept
        await station.boot()
        process = await asyncio.create_subprocess_exec(
            "node",
            str(tmp_path / "test.mjs"),
            env=os.environ | {"CSMS": mock.control_url},
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE):
            await reset.wait()
            await station.boot("RemoteReset")
            output, _ = await process.communicate()

    assert (process.returncode, output.decode()) == (0, "the station has booted again\n")


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_workflow_is_complete(workflow: dict[Any, Any]) -> None:
    [job] = workflow["jobs"].values()

    assert workflow[True] == ["push"]  # YAML 1.1 reads the key "on" as true
    assert job["runs-on"]
    assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    assert next(step["run"] for step in job["steps"] if "run" in step) in INSTALLATIONS


@on_posix
def test_script_of_the_workflow_passes(tmp_path: Path, environment: dict[str, str]) -> None:
    [script] = [
        step["run"] for step in WORKFLOWS[1]["jobs"]["station"]["steps"] if "\n" in step.get("run", "")
    ]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = script.replace("mock-csms --expect", f"mock-csms --port {port} --control 127.0.0.1:0 --expect")
    script = script.replace("station CS1", f"station CS1 --to ws://127.0.0.1:{port}")
    command = ["bash", "-e", "-c", f"trap 'kill $(jobs -p)' EXIT\n{script}"]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "csms.xml").exists()
