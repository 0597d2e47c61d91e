"""Processes that a test starts: the server, and simulated stations."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import pytest

from mock_csms.client import AsyncClient, Client, ClientError
from mock_csms.client.transcript import entry_lines
from mock_csms.launch import (
    MISSING_PACKAGE,
    SERVER_COMMAND,
    START_WITHIN_S,
    STOP_WITHIN_S,
)

__tracebackhide__ = True

CHECK_EVERY_S: Final = 0.01
REPORT_WITHIN_S: Final = 2.0
"""Seconds to wait for a server that is asked for its journal after a failure."""

REFUSED_STEP_MARK: Final = " SIM    standard input: "
"""Text in the log of a station before the reason why the station refused a step."""
IDLE_STEP_MARK: Final = " has no effect: "
"""Text in the log of a station between a step and the reason why the step has no effect."""

MAX_REPORTED_ENTRIES: Final = 200
MAX_REPORTED_LINES: Final = 100

OWN_GROUP: Final[dict[str, Any]] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    if sys.platform == "win32"
    else {"start_new_session": True}
)
"""Options of `Popen` that keep Ctrl+C from the process; pytest ends the process when the test ends."""


class LoggedProcess:
    """A process whose output goes to a file.

    Its standard input is a pipe from pytest, so that a command with ``--exit-with-stdin`` ends even if pytest
    is killed.
    """

    def __init__(self, name: str, command: Sequence[str], log_file: Path) -> None:
        self.name = name
        self.log_file = log_file
        with log_file.open("wb") as output:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the command is that of the user
                    command,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    bufsize=0,
                    **OWN_GROUP,
                )
            except OSError as error:
                raise _failure(f"cannot start {command[0]}: {error.strerror}") from None

    @property
    def log(self) -> str:
        """The output of the process so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask the process to end, and wait for its end; kill it if that takes too long."""
        self.terminate()
        self.wait()

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def wait(self) -> None:
        """Wait until the process has ended; kill it if that takes too long."""
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def sections(self) -> list[tuple[str, str]]:
        """Title and text of each section for the report of a failed test."""
        lines = self.log.splitlines()
        return [(f"log of {self.name}", "\n".join(lines[-MAX_REPORTED_LINES:]))] if lines else []


class ServerProcess(LoggedProcess):
    """A server on free ports."""

    def __init__(self, command: Sequence[str], flags: Sequence[str], folder: Path) -> None:
        self._ready_file = folder / "ready.json"
        self._addresses: Mapping[str, str] = {}
        self._command = list(command) or SERVER_COMMAND
        self.flags = list(flags)
        self.token = token_of(flags, os.environ)
        given = ["--port", "0", "--ready-file", str(self._ready_file), "--exit-with-stdin", *flags]
        super().__init__("mock-csms", [*self._command, *given], folder / "log.txt")

    def wait_until_ready(self) -> None:
        """Wait until the server listens; fails the test if it does not."""
        deadline = monotonic() + START_WITHIN_S
        while not self._ready_file.exists():
            if not self.is_running:
                pytest.fail(f"the mock server did not start: {self._hint()}{self.log.strip()}", pytrace=False)
            if monotonic() > deadline:
                pytest.fail(f"the mock server was not ready within {START_WITHIN_S:g} s", pytrace=False)
            sleep(CHECK_EVERY_S)
        self._addresses = json.loads(self._ready_file.read_bytes())

    def _hint(self) -> str:
        is_here = self._command == SERVER_COMMAND
        if not is_here or MISSING_PACKAGE not in self.log:
            return ""
        return "to use the server of another environment, give --csms-command path/to/mock-csms; here, "

    @property
    def control(self) -> str:
        """URL of the control API."""
        return self._address("control")

    @property
    def ws(self) -> str:
        """URL for stations without TLS, without an identity."""
        return self._address("ws")

    @property
    def wss(self) -> str:
        """URL for stations with TLS, without an identity."""
        return self._address("wss")

    def _address(self, name: str) -> str:
        if name not in self._addresses:
            pytest.fail(f"the mock server was started without an address for {name}", pytrace=False)
        return self._addresses[name]

    def client(self) -> Client:
        """Return a client that is connected to the control API."""
        return Client(self.control, self.token)

    def async_client(self) -> AsyncClient:
        """Return a client of the control API; ``async with`` connects it."""
        return AsyncClient(self.control, self.token)

    def sections(self) -> list[tuple[str, str]]:
        """Sections with the journal and the log.

        There are none if the server did not start, because the failure then quotes the log.
        """
        if not self._addresses and not self.is_running:
            return []
        journal = self._journal() if self._addresses.get("control") and self.is_running else ""
        return [*([("mock-csms journal", journal)] if journal else []), *super().sections()]

    def _journal(self) -> str:
        try:
            with Client(self.control, self.token, connect_within=REPORT_WITHIN_S) as client:
                entries = client.journal(limit=MAX_REPORTED_ENTRIES)
        except ClientError as error:
            return f"not available: {error}"
        return "\n".join(entry_lines(entries))


def _failure(sentence: str) -> BaseException:
    """Return the exception that fails a test, to be raised ``from None``. `pytest.fail` would also show the
    exception that is being handled.
    """
    return pytest.fail.Exception(sentence, pytrace=False)


def token_of(flags: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Token of the control API in the flags of a server or in its environment."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--control-token", default=environment.get("OCPP_MOCK_CONTROL_TOKEN"))
    token: str | None = parser.parse_known_args(flags)[0].control_token
    return token


class StationProcess(LoggedProcess):
    """A simulated station."""

    def do(self, step: str) -> None:
        """Make the station perform a step, such as ``plug-in evse=2``.

        ``mock-csms station --help`` lists the steps. Fails the test at once if the station has ended. If
        the step does not exist or has no effect at the moment, the test fails at its end.
        """
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(f"{step}\n".encode())
        except (OSError, ValueError):  # ValueError after `stop`
            raise _failure(f"{self.name} has ended") from None

    @property
    def refused_steps(self) -> list[str]:
        """Reasons for which the station has refused steps, or could not do them."""
        return [
            line.partition(REFUSED_STEP_MARK)[2] or line.partition(" SIM    ")[2]
            for line in self.log.splitlines()
            if REFUSED_STEP_MARK in line or IDLE_STEP_MARK in line
        ]


class StationsInTheBox:
    """Starts simulated stations."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = list(command) or SERVER_COMMAND
        self._folder = folder
        self._stations: list[StationProcess] = []

    def start(self, identity: str, url: str, *flags: str, drivers: bool = False) -> StationProcess:
        """Start a station that connects to ``url`` and boots; ``flags`` are those of ``mock-csms station``.

        Simulated drivers come at random times only if ``drivers`` is true. The method returns at once, so the
        test should wait for the messages of the station.
        """
        behaviour = [] if drivers or "--script" in flags or "--idle" in flags else ["--idle"]
        station = StationProcess(
            f"station {identity}",
            [*self._command, "station", identity, "--to", url, "--exit-with-stdin", *behaviour, *flags],
            self._folder / f"{len(self._stations)}.txt",
        )
        self._stations.append(station)
        return station

    def stop(self) -> None:
        """Stop all stations. The test fails if a station refused a step: a test in which the station
        did not perform the step might pass by mistake.
        """
        for station in self._stations:
            station.terminate()
        for station in self._stations:
            station.wait()
        for station in self._stations:
            if station.refused_steps:
                pytest.fail(f"{station.name} refused a step: {station.refused_steps[0]}", pytrace=False)

    def sections(self) -> list[tuple[str, str]]:
        """A section with the log of each station."""
        return [section for station in self._stations for section in station.sections()]
