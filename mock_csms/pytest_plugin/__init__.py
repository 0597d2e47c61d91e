"""Plugin for pytest: a server for each test, a client, simulated stations, and the journal of a failed test.

The entry point loads this package in every run of pytest, so it imports only pytest until a test uses a
fixture.
"""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from mock_csms.client import AsyncClient, Client
    from mock_csms.pytest_plugin.processes import ServerProcess, StationsInTheBox

MARKER: Final = "csms_options"
REPORTED_PROCESSES: Final = pytest.StashKey["list[Any]"]()
"""Processes of a test whose journals and logs go into the report of its failure."""
EXTRA: Final = "pip install '.[pytest]' in the folder of the project"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options. --csms-command can also be set in the configuration of pytest."""
    text = (
        "command that starts the mock server, such as path/to/mock-csms; needed if the server is installed "
        "in another environment"
    )
    group = parser.getgroup("mock-csms")
    group.addoption("--csms-command", metavar="COMMAND", help=text)
    group.addoption("--certify", metavar="FILE", help="station file for mock_csms.certify.pytest_cases")
    group.addoption("--certify-rig", metavar="RIG", help="rig for these cases, as of mock-csms certify --rig")
    group.addoption(
        "--certify-against", metavar="URL", help="URL of the control API of a running server, for these cases"
    )
    parser.addini("csms_command", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker ``csms_options``, and fixtures for pytest-asyncio and anyio if they are installed."""
    config.addinivalue_line("markers", f"{MARKER}(*flags): more flags for the mock server of a test")
    for plugin in ("asyncio", "anyio"):
        if config.pluginmanager.hasplugin(plugin):
            with suppress(TypeError):  # a pytest-asyncio before 0.24
                config.pluginmanager.import_plugin(_fixtures_for(plugin))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the journal and the logs of the test to the report of its failure."""
    report = yield
    if report.failed:
        for process in item.stash.get(REPORTED_PROCESSES, []):
            report.sections += process.sections()
    return report


@pytest.fixture
def csms_options() -> Sequence[str]:
    """Flags for the server of a test: override this fixture in a class, a module or a conftest.py."""
    return ()


@pytest.fixture
def csms_server(
    request: pytest.FixtureRequest, csms_options: Sequence[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server on free ports, in a process of its own that ends with the test."""
    processes = _processes()
    flags = [flag for given in _options(request.node, csms_options) for flag in _checked(given)]
    server = processes.ServerProcess(_command(request.config), flags, tmp_path_factory.mktemp("mock-csms"))
    try:
        request.node.stash.setdefault(REPORTED_PROCESSES, []).append(server)
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture
def csms(csms_server: ServerProcess) -> Iterator[Client]:
    """A client of the server of the test."""
    with csms_server.client() as client:
        yield client


@pytest.fixture
def async_csms(request: pytest.FixtureRequest, csms_server: ServerProcess) -> AsyncClient:
    """A client of the server of the test, for asyncio, in the event loop of the test."""
    client: AsyncClient = request.getfixturevalue(_fixture_of_loop(request))
    return client


@pytest.fixture
def station_in_the_box(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StationsInTheBox]:
    """Starts simulated stations, each in a process of its own, which end with the test."""
    folder = tmp_path_factory.mktemp("stations")
    stations = _processes().StationsInTheBox(_command(request.config), folder)
    request.node.stash.setdefault(REPORTED_PROCESSES, []).append(stations)
    yield stations
    stations.stop()


def _fixtures_for(plugin: str) -> str:
    return f"{__name__}.{plugin}_fixtures"


def _processes() -> Any:
    try:
        from mock_csms.pytest_plugin import processes  # noqa: PLC0415 - most test runs need none of it
    except ImportError as error:
        sentence = f"cannot import the client of the mock ({error}); {EXTRA} installs it"
        raise pytest.fail.Exception(sentence, pytrace=False) from None
    return processes


def _command(config: pytest.Config) -> list[str]:
    """Command that starts the server, from --csms-command or pytest's configuration.

    Empty if neither is set; the server of this environment is then started.
    """
    text = config.getoption("--csms-command") or config.getini("csms_command")
    return shlex.split(text, posix=sys.platform != "win32")  # a backslash is part of a path on Windows


def _options(node: pytest.Item, csms_options: Sequence[str]) -> list[Any]:
    """Flags for the server: those of the fixture, then those of all markers, the test's own marker last."""
    return [csms_options, *(marker.args for marker in reversed(list(node.iter_markers(MARKER))))]


def _checked(flags: Any) -> list[str]:
    if isinstance(flags, str) or not all(isinstance(flag, str) for flag in flags):
        pytest.fail(
            f"{MARKER} is {flags!r}; write each flag and each value as a separate string, such as "
            '["--boot-status", "Pending"] in the fixture or ("--boot-status", "Pending") in the marker',
            pytrace=False,
        )
    return list(flags)


def _fixture_of_loop(request: pytest.FixtureRequest) -> str:
    """Name of the fixture that connects the client in the event loop of the test."""
    if "anyio_backend" in request.fixturenames:
        return "_async_csms_of_anyio"
    if not request.config.pluginmanager.hasplugin(_fixtures_for("asyncio")):
        pytest.fail("async_csms needs pytest-asyncio 0.24 or newer, or anyio's marker", pytrace=False)
    marker = request.node.get_closest_marker("asyncio")
    given = marker.kwargs.get("loop_scope") if marker else None
    return f"_async_csms_of_{given or _default_loop_scope(request.config)}_loop"


def _default_loop_scope(config: pytest.Config) -> str:
    try:
        return str(config.getini("asyncio_default_test_loop_scope"))
    except ValueError:  # older versions have no such setting
        return "function"
