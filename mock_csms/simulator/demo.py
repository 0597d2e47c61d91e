"""The demonstration of `make demo`: runs the mock server and three stations until Ctrl+C.

The server runs in one process, the stations in another. Each process has a session of its own, so that Ctrl+C
reaches it only through this process, and only once.
"""

import json
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Final

from mock_csms.messages import JsonObject

ROOT: Final = Path(__file__).parents[2]
DEMO_STATIONS: Final = ("CS001", "CS002", "CS003", "--speed", "5")
SHARED_FLAGS: Final = ("--password", "--password-file", "--pki")
"""Flags that the server and the stations have in common."""
DEFAULT_PKI: Final = ".pki"
CHECK_S: Final = 0.1


def station_arguments(addresses: JsonObject, arguments: Sequence[str]) -> list[str]:
    """Arguments for the stations, derived from the ready file and the arguments of the server."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    for flag in SHARED_FLAGS:
        parser.add_argument(flag, dest=flag)
    given, _ = parser.parse_known_args(arguments)
    shared = {flag: value for flag, value in vars(given).items() if value is not None}
    address = addresses.get("ws") or addresses["wss"]
    if address.startswith("wss"):
        shared.setdefault("--pki", DEFAULT_PKI)
    return [*DEMO_STATIONS, "--to", address, *chain.from_iterable(shared.items())]


class Demo:
    """Starts, watches and stops the two processes."""

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
        if self._is_running():
            addresses = json.loads(ready_file.read_bytes())
            self._start("station", *station_arguments(addresses, arguments))
        while self._is_running():
            sleep(CHECK_S)

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "server.py", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
        self._processes.append(process)
        return process

    def _is_running(self) -> bool:
        return not self._is_stopping and all(process.poll() is None for process in self._processes)

    def stop(self) -> None:
        """Ask both processes to stop; a second call makes them exit without waiting for anything."""
        self._is_stopping = True
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()


if __name__ == "__main__":
    sys.exit(Demo().run(sys.argv[1:]))
