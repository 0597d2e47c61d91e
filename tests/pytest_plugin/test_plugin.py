"""The plugin in separate runs of pytest, as a user starts them."""

import signal
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from time import monotonic, sleep

import psutil
import pytest

from mock_csms.pytest_plugin import processes
from mock_csms.pytest_plugin.processes import token_of
from tests.support.paths import ROOT

PATIENCE_S = 60
PACKAGES_OF_THE_SERVER = {"ocpp", "websockets", "fastapi", "pydantic", "msgspec", "orjson"}

EXAMPLE = """
def test_station_boots_again_after_a_reset(csms, station_in_the_box):
    station_in_the_box.start("CS1", csms.ws)
    station = csms.station("CS1")
    station.waits_for("BootNotification")
    station.call("Reset", type="Immediate").is_("Accepted")
    station.waits_for("BootNotification", reason="RemoteReset", within=60)
    csms.has_no_findings()
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a `Pytester` whose runs of pytest load the plugin and turn every warning into an error."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini(
        "[pytest]\n"
        "addopts = --strict-markers -p mock_csms.pytest_plugin -p no:schemathesis -p no:cacheprovider\n"
        "filterwarnings = error\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    return pytester


def test_stations_and_options_pass(run: pytest.Pytester) -> None:
    run.makepyfile(
        EXAMPLE
        + """
def test_station_performs_a_step(csms, station_in_the_box):
    box = station_in_the_box.start("CS2", csms.ws)
    station = csms.station("CS2")
    station.waits_for("StatusNotification", evseId=2)
    box.do("plug-in evse=2")
    station.waits_for("TransactionEvent", eventType="Started")
"""
    )
    run.makepyfile(
        test_options="""
import pytest

@pytest.fixture
def csms_options():
    return ["--control-token", "a-token-of-a-test"]

@pytest.mark.csms_options("--boot-status", "Pending")
class TestOptions:
    @pytest.mark.csms_options("--boot-status", "Rejected")
    def test_markers_come_after_the_fixture(self, csms, csms_server):
        token, boot_status = ["--control-token", "a-token-of-a-test"], ["--boot-status", "Pending"]
        assert csms_server.flags == [*token, *boot_status, "--boot-status", "Rejected"]
        assert csms.stations() == []
"""
    )

    run.runpytest_subprocess().assert_outcomes(passed=3)


def test_failure_shows_journal_and_logs(run: pytest.Pytester) -> None:
    run.makepyfile("""
def test_fails(csms, station_in_the_box):
    station_in_the_box.start("CS1", csms.ws)
    csms.station("CS1").waits_for("StatusNotification")
    assert csms.station("CS1") is None
""")

    result = run.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- mock-csms journal -*",
            "CS1 #1 ??:??:??.??? -- connected *",
            'CS1 #2 ??:??:??.??? <- BootNotification {*"PowerUp"*',
            "CS1 #3 ??:??:??.??? -> BootNotification result *Accepted*",
            "*- log of mock-csms -*",
            "*point a station at ws://127.0.0.1:*",
            "*- log of station CS1 -*",
            "*boot answered: Accepted*",
        ]
    )


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("unplugg", "unknown step 'unplugg'; did you mean unplug?"),
        ("unplug evse=1", "CS1  unplug* has no effect: *"),
    ],
)
def test_step_that_is_not_done_fails_a_test_that_passes_without_it(
    run: pytest.Pytester, step: str, reason: str
) -> None:
    run.makepyfile(f"""
from time import sleep

import pytest

def test_unplug(station_in_the_box):
    box = station_in_the_box.start("CS1", "ws://127.0.0.1:1")
    box.do("{step}")
    box.do("plug-in evse=2")
    while "Occupied" not in box.log:
        sleep(0.01)
    box.stop()
    with pytest.raises(pytest.fail.Exception, match="station CS1 has ended"):
        box.do("unplug")
""")

    result = run.runpytest_subprocess()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"station CS1 refused a step: {reason}"])


def test_async_client_runs_in_the_loop_of_the_test(run: pytest.Pytester) -> None:
    run.makepyfile("""
import pytest

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_anyio(async_csms):
    assert async_csms.ws.startswith("ws://")
    assert await async_csms.stations() == []

@pytest.mark.asyncio
async def test_asyncio(async_csms):
    assert await async_csms.stations() == []

@pytest.mark.asyncio(loop_scope="module")
async def test_asyncio_in_the_loop_of_a_module(async_csms):
    assert await async_csms.stations() == []
""")

    run.runpytest_subprocess().assert_outcomes(passed=3)


LASTING = """
from pathlib import Path
from time import sleep

def test_lasts(csms, station_in_the_box):
    station_in_the_box.start("CS1", csms.ws)
    csms.station("CS1").waits_for("BootNotification")
    Path("is_running").touch()
    sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of processes differ")
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_end_of_pytest_ends_every_process(run: pytest.Pytester, name: str) -> None:
    run.makepyfile(LASTING)
    command = [sys.executable, "-m", "pytest"]
    with run.popen(command, stdout=PIPE, stderr=STDOUT, stdin=DEVNULL) as process:
        try:
            wait_for(run.path / "is_running", process)
            children = psutil.Process(process.pid).children()
            process.send_signal(signal.Signals[name])
            output, _ = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()

    _, running = psutil.wait_procs(children, PATIENCE_S if name == "SIGKILL" else 0)
    assert (b"KeyboardInterrupt" in output) is (name == "SIGINT")
    assert (len(children), running) == (2, [])


def wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = monotonic() + PATIENCE_S
    while not path.exists():
        assert process.poll() is None
        assert monotonic() < deadline
        sleep(0.01)


@pytest.mark.parametrize(
    ("options", "flags", "line"),
    [
        ([], ["--perriod"], "*did not start: server.py: unrecognized arguments: --perriod; did you mean*"),
        (["--csms-command", "no/such command"], [], "*cannot start no/such: *"),
    ],
    ids=["wrong flag", "missing command"],
)
def test_server_that_does_not_start_is_one_line(
    run: pytest.Pytester, options: list[str], flags: list[str], line: str
) -> None:
    run.makepyfile(f"""
import pytest

@pytest.mark.csms_options(*{flags})
def test_never_runs(csms):
    raise AssertionError
""")

    result = run.runpytest_subprocess(*options)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([line])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*another exception*")


def test_missing_package_is_answered_with_the_server_of_another_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys; print('python lacks a package (ocpp); install it again'); sys.exit(3)"
    monkeypatch.setattr(processes, "SERVER_COMMAND", [sys.executable, "-c", program])
    server = processes.ServerProcess([], [], tmp_path)

    with pytest.raises(pytest.fail.Exception) as caught:
        server.wait_until_ready()
    server.stop()

    assert str(caught.value) == (
        "the mock server did not start: to use the server of another environment, give --csms-command "
        "path/to/mock-csms; here, python lacks a package (ocpp); install it again"
    )


def test_options_in_one_text_are_refused(run: pytest.Pytester) -> None:
    run.makepyfile("""
import pytest

@pytest.fixture
def csms_options():
    return "--boot-status Pending"

def test_text(csms): pass

@pytest.mark.csms_options(["--boot-status", "Pending"])
class TestMarker:
    @pytest.fixture
    def csms_options(self):
        return []

    def test_list_in_the_marker(self, csms): pass
""")

    result = run.runpytest_subprocess()

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "csms_options is '--boot-status Pending'; write each flag and each value as a separate string*",
            "csms_options is (*'--boot-status', 'Pending'*,); write each flag*",
        ]
    )


def test_environment_without_httpx_is_told_what_to_install(run: pytest.Pytester) -> None:
    run.makeconftest("import sys\n\nsys.modules['httpx'] = None\n")
    run.makepyfile("def test_never_runs(csms): pass")

    result = run.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*httpx*; pip install *pytest* in the folder of the project installs it"])


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("mock_csms.pytest_plugin", {"asyncio", "httpx", "mock_csms.client", "subprocess"}),
        ("mock_csms.pytest_plugin.processes", PACKAGES_OF_THE_SERVER),
    ],
)
def test_import_loads_no_more_than_it_needs(module: str, unwanted: set[str]) -> None:
    program = f"import sys, pytest; old = set(sys.modules); import {module}; print(*set(sys.modules) - old)"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )

    assert unwanted & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("flags", "environment", "token"),
    [
        (["--control-token", "a"], {}, "a"),
        (["--period", "5", "--control-token=b"], {"OCPP_MOCK_CONTROL_TOKEN": "c"}, "b"),
        ([], {"OCPP_MOCK_CONTROL_TOKEN": "c"}, "c"),
        ([], {}, None),
    ],
)
def test_token_of_the_server_is_that_of_the_client(
    flags: list[str], environment: dict[str, str], token: str | None
) -> None:
    assert token_of(flags, environment) == token
