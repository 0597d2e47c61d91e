"""The demonstration of `make demo`: runs the mock server and three stations until Ctrl+C.

The server runs in one child process, and the stations run in another. Each child process has its own session
of the operating system. Ctrl+C therefore interrupts only this process, which then stops both child processes.
"""

import json
import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any, Final

from mock_csms.launch import FRONT, IS_INSTALLED
from mock_csms.messages import JsonObject

FOLDER: Final = Path.cwd() if IS_INSTALLED else FRONT
"""Working folder of both processes; the certificates are in it."""
IDENTITIES: Final = ("CS001", "CS002", "CS003")
DEMO_STATIONS: Final = (*IDENTITIES, "--speed", "5")
SHARED_FLAGS: Final = ("--password", "--password-file", "--pki")
"""Flags of the server that are passed on to the stations."""
PKI_VARIABLE: Final = "OCPP_MOCK_PKI"
DEFAULT_PKI: Final = ".pki"
OPTIONS: Final[dict[str, Any]] = {"cwd": FOLDER, "stdin": subprocess.DEVNULL, "start_new_session": True}
"""Arguments of `subprocess` for each child process."""
CHECK_S: Final = 0.1


def station_arguments(addresses: JsonObject, arguments: Sequence[str]) -> list[str]:
    """Arguments for the stations, derived from the ``arguments`` of the server and from ``addresses``, the
    content of the file that the server writes when it is ready.
    """
    shared = _given(SHARED_FLAGS, arguments)
    address = addresses.get("ws") or addresses["wss"]
    if address.startswith("wss"):
        shared.setdefault("--pki", os.environ.get(PKI_VARIABLE, DEFAULT_PKI))
    return [*DEMO_STATIONS, "--to", address, *chain.from_iterable(shared.items())]


def certificate_commands(arguments: Sequence[str]) -> list[list[str]]:
    """Arguments of the commands that make the missing client certificates for security profile 3."""
    given = _given(("--security-profile", "--pki"), arguments)
    if given.get("--security-profile") != "3":
        return []
    folder = given.get("--pki") or os.environ.get(PKI_VARIABLE, DEFAULT_PKI)
    missing = [name for name in IDENTITIES if not (FOLDER / folder / "client" / f"{name}.pem").is_file()]
    return [["pki", "client", identity, "--pki", folder] for identity in missing]


def _given(flags: Sequence[str], arguments: Sequence[str]) -> dict[str, str]:
    """Values that ``arguments`` give to ``flags``, by flag; flags that are not given are left out."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    for flag in flags:
        parser.add_argument(flag, dest=flag)
    given, _ = parser.parse_known_args(arguments)
    return {flag: value for flag, value in vars(given).items() if value is not None}


def server_command(arguments: Sequence[str]) -> list[str]:
    """Command line that runs server.py with ``arguments``, which may begin with a subcommand."""
    return [sys.executable, str(FRONT / "server.py"), *arguments]


class Demo:
    """Starts, watches and stops the process of the server and the process of the stations."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._is_stopping = False

    def run(self, arguments: Sequence[str]) -> int:
        """Run until a signal or the end of one process; return the exit code of the server."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop())
        with TemporaryDirectory(prefix="ocpp2-mock-") as folder:
            ready_file = Path(folder) / "ready.json"
            server = self._start("--ready-file", str(ready_file), *arguments)
            try:
                self._watch(ready_file, arguments)
            finally:
                if not self._is_stopping:
                    self.stop()
                for process in self._processes:
                    process.wait()
        return server.returncode

    def _watch(self, ready_file: Path, arguments: Sequence[str]) -> None:
        """Start the stations once the server is ready, then wait for a signal or the end of one process."""
        while self._is_running() and not ready_file.exists():
            sleep(CHECK_S)
        for command in certificate_commands(arguments):
            if self._is_running():
                subprocess.run(server_command(command), stdout=subprocess.DEVNULL, check=False, **OPTIONS)  # noqa: S603
        if self._is_running():
            addresses = json.loads(ready_file.read_bytes())
            self._start("station", *station_arguments(addresses, arguments))
        while self._is_running():
            sleep(CHECK_S)

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(server_command(arguments), **OPTIONS)  # noqa: S603
        self._processes.append(process)
        return process

    def _is_running(self) -> bool:
        return not self._is_stopping and all(process.poll() is None for process in self._processes)

    def stop(self) -> None:
        """Ask both processes to stop. A second call makes them exit at once."""
        self._is_stopping = True
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()


if __name__ == "__main__":
    sys.exit(Demo().run(sys.argv[1:]))
