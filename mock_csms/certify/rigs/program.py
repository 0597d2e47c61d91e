"""A rig that runs a program for each stimulus."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from mock_csms.certify.stimuli import CannotDo, RigFailed, Stimulus

CANNOT: Final = 3
"""Exit code of a program that cannot give a stimulus."""
MAX_SHOWN_OUTPUT: Final = 200
CHUNK: Final = 65536


class ProgramRig:
    """Runs ``COMMAND plug-in evse=1``: exit code 0 means done, 3 CannotDo, any other RigFailed."""

    def __init__(self, command: Sequence[str], within: float) -> None:
        self._command = command
        self._within = within

    async def do(self, stimulus: Stimulus) -> None:
        """Run the program; raises CannotDo or RigFailed."""
        words = [stimulus.name, *(f"{name}={value}" for name, value in stimulus.parameters.items())]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *words,
                stdin=asyncio.subprocess.DEVNULL,  # the program must not read from the terminal
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise RigFailed(f"cannot run {self._command[0]}: {error.strerror}") from None
        try:
            async with asyncio.timeout(self._within):
                output = await _beginning(process)
                await process.wait()
        except TimeoutError:
            raise RigFailed(f"the rig has not done {stimulus} within {self._within:g} s") from None
        finally:
            await _end(process)
        text = output.decode(errors="replace").strip()
        if process.returncode == CANNOT:
            raise CannotDo(f"the rig cannot do {stimulus}: {text}")
        if process.returncode:
            raise RigFailed(f"the rig failed ({process.returncode}) to do {stimulus}: {text}")


async def _beginning(process: asyncio.subprocess.Process) -> bytes:
    """Read the output of a program to its end, and return its beginning."""
    beginning = b""
    if process.stdout is not None:
        while chunk := await process.stdout.read(CHUNK):
            beginning = (beginning + chunk)[:MAX_SHOWN_OUTPUT]
    return beginning


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a program that still runs, and the programs that it has started."""
    with suppress(ProcessLookupError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
