"""The demonstration of `make demo`: runs the mock server and three stations until Ctrl+C.

The server is one process, the stations are another. Each runs in a session of its own, so that Ctrl+C
reaches it only through this process, and only once.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DEMO_STATIONS: Final = ("CS001", "CS002", "CS003", "--speed", "5")
CHECK_S: Final = 0.1


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
                self._watch(ready_file)
            finally:
                if not self._is_stopping:
                    self.stop()
                for process in self._processes:
                    process.wait()
        return server.returncode

    def _watch(self, ready_file: Path) -> None:
        """Start the stations once the server is ready, then wait for a signal or the end of one process."""
        while self._is_running() and not ready_file.exists():
            sleep(CHECK_S)
        if self._is_running():
            self._start("station", *DEMO_STATIONS, "--to", json.loads(ready_file.read_bytes())["ws"])
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
