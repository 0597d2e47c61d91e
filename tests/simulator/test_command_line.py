import asyncio
import signal
import sys
from pathlib import Path

import httpx
import pytest

from mock_csms import MockCsms, Settings
from mock_csms.errors import UsageError
from mock_csms.pki import Pki
from mock_csms.simulator.command_line import identities
from mock_csms.simulator.misbehaviour import FORMS, MISBEHAVIOURS
from server import VERSIONS, main
from tests.support.paths import ROOT
from tests.support.process import line_with, running
from tests.support.station import PATIENCE

STATION = ("server.py", "station")
PASSWORD = "a-long-random-password"
SESSION = """\
plug-in evse=1
after 0.1 present AABBCCDD
after 0.5 present AABBCCDD
unplug
after 0.5 quit
"""


@pytest.mark.parametrize(
    ("names", "count", "expected"),
    [
        ([], None, ["CS001"]),
        (["A", "B"], None, ["A", "B"]),
        ([], 3, ["CS001", "CS002", "CS003"]),
        (["X-9"], 2, ["X-9", "X-10"]),
    ],
)
def test_identities_count_up(names: list[str], count: int | None, expected: list[str]) -> None:
    assert identities(names, count) == expected


@pytest.mark.parametrize(
    ("names", "count"),
    [(["A"], 2), (["A1", "B1"], 2), (["A", "A"], None), (["a:b"], None), (["x" * 49], None)],
)
def test_wrong_identities_are_refused(names: list[str], count: int | None) -> None:
    with pytest.raises(UsageError):
        identities(names, count)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(["--sped", "3"], "did you mean --speed?", id="flag"),
        pytest.param(["--url", "ws://x"], "arguments: --url; did you mean --to?", id="synonym"),
        pytest.param(["--url=ws://x"], "--url=ws://x; did you mean --to?", id="synonym with value"),
        pytest.param(["--sped=3"], "did you mean --speed?", id="flag with value"),
        pytest.param(["--to", "http://x"], "expected an address such as ws://127.0.0.1:9000", id="URL"),
        pytest.param(["ws://x"], "'ws://x' is not an identity; write --to ws://x", id="URL without flag"),
        pytest.param(["--to", "ws://a:b@x"], "must not contain a password", id="password in URL"),
        pytest.param(["--count", "0"], "expected 1 to", id="count"),
        pytest.param(["--speed", "0"], "expected a number from 0.001 to 10000, not '0'", id="speed"),
        pytest.param(["--http", "70000"], "expected a port from 0 to 65535", id="port"),
        pytest.param(["--script", "/missing"], "cannot read /missing", id="script"),
        pytest.param(["--misbehave", "xyzzy"], "unknown misbehaviour 'xyzzy'", id="misbehaviour"),
        pytest.param(["--misbehave", "say Reset stauts=X"], "did you mean status?", id="mutation"),
        pytest.param(
            ["--misbehave", "say", "Reset", "status=X"], "in quotes: ", id="mutation without quotes"
        ),
    ],
)
def test_wrong_flag_is_one_line(arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["station", *arguments]) == 2

    text = capsys.readouterr().err
    assert text.startswith("server.py station: ")
    assert error in text
    assert text.count("\n") == 1


def test_list_of_misbehaviours_has_every_name_and_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["station", "--misbehave", "list"]) == 0

    text = capsys.readouterr().out
    assert [name for name in MISBEHAVIOURS if f"{name} (finding " not in text] == []
    assert [form.usage for form in FORMS.values() if f"{form.usage}\n" not in text] == []


def test_wrong_line_of_a_script_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "run.txt"
    script.write_text("plug-in\nunplugg\n", encoding="utf-8")

    assert main(["station", "--script", str(script)]) == 2
    assert capsys.readouterr().err.endswith(f"{script}:2: unknown step 'unplugg'; did you mean unplug?\n")


def test_huge_script_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "run.txt"
    script.write_text("x" * 1_000_001, encoding="utf-8")
    assert main(["station", "--script", str(script)]) == 2
    assert "is longer than 1000000 bytes" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ws://a b:9000", "ws://host/#fragment", "ws://host/?query"])
def test_address_that_no_station_can_connect_to_is_refused(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["station", "--to", url]) == 2
    assert "expected an address" in capsys.readouterr().err


async def test_script_runs_a_transaction_against_the_server(tmp_path: Path) -> None:
    script = tmp_path / "run.txt"
    script.write_text(SESSION, encoding="utf-8")
    async with (
        MockCsms(Settings(port=0), VERSIONS) as mock,
        running("CS001", "--to", mock.url, "--script", str(script), program=STATION) as process,
    ):
        output, errors = (text.decode() for text in await process.communicate())

    assert (process.returncode, errors) == (0, "")
    assert "boot answered: Accepted" in output
    assert "ended (Local)" in output
    assert "stopped: 1 station (0 online), 0 running transactions, 1 ended" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_ends_the_stations(number: signal.Signals) -> None:
    async with (
        MockCsms(Settings(port=0), VERSIONS) as mock,
        running("CS001", "CS002", "--idle", "--to", mock.url, program=STATION) as process,
    ):
        await line_with(process, "CS002", "boot answered")
        process.send_signal(number)
        output, _ = await process.communicate()

    assert process.returncode == 0
    assert b"stopped: 2 stations" in output


@pytest.mark.parametrize(("profile", "flags"), [(2, ("--password-file", "password.txt")), (3, ())])
async def test_pki_folder_is_enough_to_connect_over_tls(
    tmp_path: Path, profile: int, flags: tuple[str, ...]
) -> None:
    pki = Pki.open(tmp_path / "pki")
    pki.issue_client("CS001")
    password_file = tmp_path / "password.txt"
    password_file.write_text(PASSWORD, encoding="utf-8")
    script = tmp_path / "session.txt"
    script.write_text("after 1 plug-and-charge\nafter 1 unplug\nafter 1 quit\n", encoding="utf-8")
    options = {"port": 0, "security_profile": profile, "password": PASSWORD, "pki": pki.path}
    paths = [str(password_file) if flag == "password.txt" else flag for flag in flags]
    async with (
        MockCsms(Settings.model_validate(options), VERSIONS) as mock,
        running(
            *("CS001", "--to", mock.wss_url, "--pki", str(pki.path), "--script", str(script), *paths),
            program=STATION,
        ) as process,
    ):
        output, errors = (text.decode() for text in await process.communicate())

    assert (process.returncode, errors) == (0, "")
    assert f"connected, security profile {profile}" in output
    assert "1 ended" in output
    assert PASSWORD not in output
    assert "PRIVATE KEY" not in output


async def test_missing_server_is_reported() -> None:
    async with running("--idle", "--to", "ws://127.0.0.1:1", program=STATION) as process:
        line = await line_with(process, "cannot connect")

    assert line.endswith("cannot connect to ws://127.0.0.1:1: connection refused; is the server running?\n")


async def test_drivers_charge_without_being_asked() -> None:
    async with (
        MockCsms(Settings(port=0), VERSIONS) as mock,
        running("--speed", "100", "--seed", "7", "--to", mock.url, program=STATION) as process,
    ):
        assert await line_with(process, "transaction", "ended")


async def test_many_stations_share_a_summary_at_the_end() -> None:
    async with (
        MockCsms(Settings(port=0), VERSIONS) as mock,
        running("--count", "12", "--idle", "--to", mock.url, "--http", "0", program=STATION) as process,
    ):
        await line_with(process, "control at")
        async with httpx.AsyncClient(timeout=2 * PATIENCE, trust_env=False) as client:
            boots = {"match": {"action": "BootNotification"}, "times": 12, "within": PATIENCE, "since": 0}
            response = await client.post(f"{mock.control_url}/v1/wait", json=boots)
            assert response.status_code == 200
        process.terminate()
        output, _ = await process.communicate()

    assert b"boot answered" not in output
    assert b"stopped: 12 stations" in output


async def test_lines_on_stdin_are_steps() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *STATION, "--idle", "--to", "ws://127.0.0.1:1"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(b"plugin\nplug-in evse=2\nquit\n")

    assert process.returncode == 0
    assert b" SIM    standard input: unknown step 'plugin'; did you mean plug-in?" in output
    assert b"EVSE 2 connector 1 Occupied" in output
