"""MockCsms as a context manager in a Python test, and the package as a program."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mock_csms import MockCsms, Settings, __version__
from mock_csms.errors import CouldNotStart, UsageError
from server import VERSIONS
from tests.conftest import LogLines
from tests.support.paths import ROOT
from tests.support.station import PATIENCE, connected_to


async def test_mock_serves_stations_while_its_context_lasts() -> None:
    async with MockCsms(Settings(port=0, no_control=True), VERSIONS) as mock:
        async with connected_to(mock.url, "CS1") as station:
            assert (await station.boot()).status == "Accepted"
        url = mock.url

    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        async with connected_to(url, "CS1"):
            pass


async def test_mock_serves_the_control_api() -> None:
    settings = Settings(port=0, control="127.0.0.1:0")
    async with MockCsms(settings, VERSIONS) as mock, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{mock.control_url}/health", timeout=PATIENCE)

    assert answer.json() == {"status": "ok", "version": __version__}


@pytest.mark.parametrize("no_control", [False, True])
async def test_rule_that_holds_answers_without_control_api_is_a_warning(
    log_lines: LogLines, no_control: bool
) -> None:
    api = {"no_control": True} if no_control else {"control": "127.0.0.1:0"}
    options = {"port": 0, "faults": "Heartbeat:hold", **api}
    async with MockCsms(Settings.model_validate(options), VERSIONS):
        pass
    warnings = [line for line in log_lines.lines if "only the control API can release" in line]
    assert len(warnings) == no_control


async def test_mock_without_control_api_has_no_control_url() -> None:
    async with MockCsms(Settings(port=0, no_control=True), VERSIONS) as mock:
        assert mock.control_url == ""


async def test_run_ends_when_expectations_are_met_and_writes_reports(tmp_path: Path) -> None:
    report, junit, ready = tmp_path / "report.json", tmp_path / "report.xml", tmp_path / "ready.json"
    settings = Settings(
        port=0,
        no_control=True,
        expect=("BootNotification>=1",),
        report=report,
        junit=junit,
        ready_file=ready,
        journal=tmp_path / "journal.ndjson",
    )
    async with MockCsms(settings, VERSIONS) as mock:
        assert json.loads(ready.read_bytes())["ws"] == mock.url
        async with connected_to(mock.url, "CS1") as station, asyncio.timeout(PATIENCE):
            await station.boot()
            await mock.wait_stopped()
            assert mock.is_stopping
    code, summary = mock.conclude()

    assert (code, summary.splitlines()[0]) == (0, "passed: 1 expectation met")
    assert json.loads(report.read_bytes())["exitCode"] == 0
    assert "BootNotification" in junit.read_text()
    assert not ready.exists()


@pytest.mark.parametrize(
    ("expectation", "reason"),
    [
        pytest.param("BootNotification==0", "an expectation can no longer be met", id="failed"),
        pytest.param("Heartbeat>=1", "the deadline passed", id="deadline"),
    ],
)
async def test_run_fails_when_expectations_are_not_met(expectation: str, reason: str) -> None:
    settings = Settings(port=0, no_control=True, expect=(expectation,), deadline=0.2)
    async with MockCsms(settings, VERSIONS) as mock, connected_to(mock.url, "CS1") as station:
        await station.boot()
        async with asyncio.timeout(PATIENCE):
            await mock.wait_stopped()
    code, summary = mock.conclude()

    assert code == 1
    assert reason in summary


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        pytest.param(
            Settings(command="Rest", period=5), "command: there is no command 'Rest'", id="unknown command"
        ),
        pytest.param(
            Settings(command="Reset", period=5, payload={"type": "Never"}),
            "--payload breaks the schema of Reset",
            id="invalid payload",
        ),
    ],
)
def test_settings_that_fit_no_version_are_rejected(settings: Settings, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        MockCsms(settings, VERSIONS)


async def test_failed_start_stops_everything_again(tmp_path: Path) -> None:
    settings = Settings(port=0, no_control=True, ready_file=tmp_path / "missing" / "ready.json")
    mock = MockCsms(settings, VERSIONS)

    with pytest.raises(CouldNotStart, match="cannot write the ready file"):
        async with mock:
            pass
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        async with connected_to(mock.url, "CS1"):
            pass


def test_package_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "mock_csms", "--version"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE)

    assert run.stdout == f"{__version__}\n"
