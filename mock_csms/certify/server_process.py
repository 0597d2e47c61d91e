"""The server as a child process of a rehearsal."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mock_csms.errors import CouldNotStart
from mock_csms.launch import SERVER_COMMAND, START_WITHIN_S, STOP_WITHIN_S

READY_POLL_S: Final = 0.02
LOG_LINES: Final = 20
"""Number of lines of the log that are shown if the server does not start."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of a running server."""

    control: str
    ws: str | None
    wss: str | None

    @classmethod
    def of_json(cls, content: Mapping[str, str]) -> "Addresses":
        """Make the addresses from the JSON of a ready file."""
        return cls(content["control"], content.get("ws"), content.get("wss"))


@asynccontextmanager
async def running_server(flags: Sequence[str]) -> AsyncIterator[Addresses]:
    """Run a server with these flags while the context is open; raises CouldNotStart."""
    with TemporaryDirectory(prefix="mock-csms-") as folder:
        ready_file, log_file = Path(folder) / "ready.json", Path(folder) / "log.txt"
        with log_file.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *SERVER_COMMAND,
                "--ready-file",
                str(ready_file),
                "--exit-with-stdin",
                *flags,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield await _addresses(process, ready_file, log_file)
        finally:
            await _stop(process)


async def _addresses(process: asyncio.subprocess.Process, ready_file: Path, log_file: Path) -> Addresses:
    try:
        async with asyncio.timeout(START_WITHIN_S):
            while (content := _content_of(ready_file)) is None:
                if process.returncode is not None:
                    raise CouldNotStart(f"the server did not start:\n{_end_of(log_file)}")
                await asyncio.sleep(READY_POLL_S)
    except TimeoutError:
        raise CouldNotStart(f"the server was not ready within {START_WITHIN_S:g} s") from None
    return Addresses.of_json(json.loads(content))


def _content_of(ready_file: Path) -> bytes | None:
    return ready_file.read_bytes() if ready_file.exists() else None


def _end_of(log_file: Path) -> str:
    lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:])


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
