"""A rig that runs a program for each stimulus."""

import asyncio
import shlex
from typing import Final

from mock_csms.certify.stimuli import CannotDo, Stimulus

CANNOT: Final = 3
"""Exit code of a program that cannot give a stimulus."""
MAX_OUTPUT: Final = 200


class ProgramRig:
    """Runs ``COMMAND plug-in evse=1``: exit code 0 done, 3 cannot, any other a fault of the rig."""

    def __init__(self, command: str, within: float) -> None:
        self._command = shlex.split(command)
        self._within = within

    async def do(self, stimulus: Stimulus) -> None:
        """Run the program; raises CannotDo, or OSError if it cannot be started."""
        words = [stimulus.name, *(f"{name}={value}" for name, value in stimulus.parameters.items())]
        process = await asyncio.create_subprocess_exec(
            *self._command, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            async with asyncio.timeout(self._within):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise CannotDo(f"the rig has not done {stimulus} within {self._within:g} s") from None
        if process.returncode:
            text = output.decode(errors="replace").strip()[:MAX_OUTPUT]
            verb = "cannot do" if process.returncode == CANNOT else f"failed ({process.returncode}) to do"
            raise CannotDo(f"the rig {verb} {stimulus}: {text}")
