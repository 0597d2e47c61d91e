"""Contenders: the servers to compare, and how each is started, pinned to a core and stopped.

The ready file of a contender is a JSON file with its addresses. The contender writes it once it listens.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final

from bench import loop, machine

ROOT: Final = Path(__file__).parents[1]
NODE_PROJECT: Final = ROOT / "bench" / "ocpp_rpc"

SECONDS_TO_START: Final = 30.0
SECONDS_TO_STOP: Final = 10.0
SECONDS_TO_INSTALL: Final = 300.0
POLL_INTERVAL_S: Final = 0.001


class Broken(Exception):
    """A contender cannot be measured; the message gives the reason and the end of its log."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server to measure.

    ``command`` lacks its last argument, the path of the ready file; ``{folder}`` is a temporary folder.
    """

    name: str
    command: tuple[str, ...]
    obstacle: Callable[[], str | None] = lambda: None
    """Returns why the server cannot run on this machine, or None; may install a missing dependency first."""
    output_is_read: bool = True
    """Whether the output of the server goes to a file; otherwise, to a pipe without a reader."""
    scheme: str = "ws"
    """Scheme of the address that stations use: ws or wss."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running contender."""

    addresses: Mapping[str, str]
    """Addresses by name, as in the ready file."""
    pid: int
    seconds_to_start: float
    scheme: str = "ws"

    @property
    def url(self) -> str:
        """Address for stations."""
        return self.addresses[self.scheme]


def _no_uvloop() -> str | None:
    return None if loop.UVLOOP_INSTALLED else "uvloop is not installed"


def _no_node() -> str | None:
    npm = which("npm")
    if npm is None or which("node") is None:
        return "Node.js with npm is not installed"
    if (NODE_PROJECT / "node_modules" / "ocpp-rpc").is_dir():
        return None
    command = [npm, "ci", "--no-audit", "--no-fund"]
    try:
        subprocess.run(  # noqa: S603
            command, cwd=NODE_PROJECT, check=True, capture_output=True, timeout=SECONDS_TO_INSTALL
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"npm ci failed: {error}"
    return None


def _module(name: str) -> tuple[str, ...]:
    return sys.executable, "-m", name


_SHIPPED: Final = (sys.executable, "server.py", "--port", "0")
_QUIET: Final = ("--log-level", "warning")
TLS_FLAGS: Final = ("--tls", "--pki", "{folder}/pki")

CONTENDERS: Final[Mapping[str, Contender]] = {
    contender.name: contender
    for contender in (
        Contender("quiet", (*_SHIPPED, *_QUIET, "--ready-file")),
        Contender("shipped", (*_SHIPPED, "--ready-file")),
        Contender("ruled", _module("bench.ruled")),
        Contender("tls", (*_SHIPPED, *TLS_FLAGS, *_QUIET, "--ready-file"), scheme="wss"),
        Contender("bare-tls", _module("bench.bare_tls"), scheme="wss"),
        Contender("stock", _module("bench.stock")),
        Contender("canned", _module("bench.canned")),
        Contender("limit", _module("bench.limit"), _no_uvloop),
        Contender("ocpp-rpc", ("node", str(NODE_PROJECT / "server.js")), _no_node),
    )
}


@contextmanager
def running(contender: Contender, core: int | None = None) -> Iterator[Server]:
    """Run a contender on a core while the context lasts; raises Broken with the end of its output."""
    with TemporaryDirectory(prefix="bench-") as folder:
        log, ready_file = Path(folder, "log"), Path(folder, "ready.json")
        started_at = perf_counter()
        process = _start(
            [*(part.format(folder=folder) for part in contender.command), str(ready_file)],
            log if contender.output_is_read else None,
            core,
        )
        try:
            addresses = _addresses_when_ready(process, ready_file, started_at + SECONDS_TO_START)
            yield Server(addresses, process.pid, perf_counter() - started_at, contender.scheme)
        except Broken as broken:
            raise Broken(f"{broken}\n{_end_of(log)}".rstrip()) from None
        finally:
            _stop(process)


def _start(command: Sequence[str], log: Path | None, core: int | None) -> subprocess.Popen[bytes]:
    """Start a server with its output in the file ``log``; None means a pipe without a reader."""
    with nullcontext(subprocess.PIPE) if log is None else log.open("wb") as output, machine.pinned(core):
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _environment() -> dict[str, str]:
    """Environment without settings of this server, and with Python's bytecode cache enabled."""
    removed = {name for name in os.environ if name.startswith("OCPP_MOCK_")} | {"PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in removed}


def _addresses_when_ready(
    process: subprocess.Popen[bytes], ready_file: Path, deadline: float
) -> dict[str, str]:
    while not ready_file.exists():
        if process.poll() is not None:
            raise Broken(f"it exited with code {process.returncode}")
        if perf_counter() > deadline:
            raise Broken(f"it was not ready after {SECONDS_TO_START:g} s")
        sleep(POLL_INTERVAL_S)
    addresses: dict[str, str] = json.loads(ready_file.read_bytes())
    return addresses


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    if process.stdout:
        process.stdout.close()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_of(log: Path, lines: int = 20) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
