"""Fixtures for all tests: servers on real sockets, log lines, and a check for guarded failures."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from mock_csms.csms import Csms
from mock_csms.log import guard, output
from mock_csms.mock import listening
from mock_csms.pki import Pki
from mock_csms.settings import Settings
from server import VERSIONS
from tests.support.control import Mock, driven
from tests.support.station_case import StationCase

settings.register_profile("short", max_examples=150, deadline=None)
settings.register_profile(
    "long", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A background job of a shell script ignores SIGINT, and so would the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

type Serve = Callable[..., Awaitable[Csms]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A function that starts a server on a free port with these settings; it stops after the test."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Csms:
            csms = Csms(Settings.model_validate({"port": 0, **settings}), VERSIONS)
            await stack.enter_async_context(listening(csms))
            return csms

        yield start


@pytest.fixture
async def csms(serve: Serve) -> Csms:
    """A server with the default settings."""
    return await serve()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_mock() -> AsyncIterator[Mock]:
    """A server with default settings and a control API; each test that shares it uses its own station."""
    async with driven() as (csms, client):
        yield csms, client


@pytest.fixture(scope="session")
def station_numbers() -> "count[int]":
    """Counter that makes the station identities on `shared_mock` unique."""
    return count(1)


@pytest.fixture
def case(shared_mock: Mock, station_numbers: "count[int]") -> StationCase:
    """The shared server with a station identity that only this test uses.

    A test that uses it needs `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
    """
    return StationCase(*shared_mock, f"CS{next(station_numbers)}")


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A PKI in a folder that many tests share: its RSA keys take a while to make."""
    return Pki.open(tmp_path_factory.mktemp("shared-pki") / "pki")


@pytest.fixture
def restored_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore, after the test, the logging settings that `configure` changes."""
    monkeypatch.setattr(output, "_output", None)
    root, websockets = logging.getLogger(), logging.getLogger("websockets")
    handlers, levels = root.handlers[:], [each.level for each in (root, websockets, output.logger)]
    yield
    output.close()
    root.handlers[:] = handlers
    for each, level in zip((root, websockets, output.logger), levels, strict=True):
        each.setLevel(level)


@pytest.fixture(autouse=True)
def no_changed_log_level() -> Iterator[None]:
    """Fail a test that does not restore a changed log level, which could hide lines from later tests."""
    level = output.logger.level
    yield
    changed = output.logger.level
    output.logger.setLevel(level)
    assert changed == level, "the test calls `configure`; let it use the fixture restored_logging"


class GuardedFailures(logging.Handler):
    """Log handler that collects the failures logged by a guard (mock_csms/log/guard.py)."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if Path(record.pathname) == Path(guard.__file__):
            self.lines.append(f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")


@pytest.fixture(autouse=True)
def no_guarded_failure(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test during which a guard logs a failure, unless it is marked ``guarded_failures``.

    A guard keeps an exception from ending a connection, so the test itself would not notice it.
    """
    handler = GuardedFailures()
    logger = logging.getLogger("mock_csms")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    if request.node.get_closest_marker("guarded_failures") is None:
        assert handler.lines == []


class LogLines(logging.Handler):
    """Log handler that collects lines; a test can wait for one."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self._changed = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self._changed.set()

    async def wait_for(self, *words: str, times: int = 1) -> list[str]:
        """Wait until ``times`` lines contain all these words, and return those lines."""
        async with asyncio.timeout(10):
            while True:
                matching = [line for line in self.lines if all(word in line for word in words)]
                if len(matching) >= times:
                    return matching
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def log_lines() -> AsyncIterator[LogLines]:
    """Lines logged by the server during the test."""
    handler = LogLines()
    logger = logging.getLogger("mock_csms")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
