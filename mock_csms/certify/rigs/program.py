"""A rig that runs a program for each stimulus."""

import asyncio
from collections.abc import Sequence
from typing import Final

from mock_csms.certify.stimuli import CannotDo, Stimulus

CANNOT: Final = 3
"""Exit code of a program that cannot give a stimulus."""
MAX_OUTPUT: Final = 200


class ProgramRig:
    """Runs ``COMMAND plug-in evse=1``: exit code 0 done, 3 cannot, any other a fault of the rig."""

    def __init__(self, command: Sequence[str], within: float) -> None:
        self._command = command
        self._within = within

    async def do(self, stimulus: Stimulus) -> None:
        """Run the program; raises CannotDo."""
        words = [stimulus.name, *(f"{name}={value}" for name, value in stimulus.parameters.items())]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
        except OSError as error:
            raise CannotDo(f"cannot run {self._command[0]}: {error.strerror}") from None
        try:
            async with asyncio.timeout(self._within):
                output, _ = await process.communicate()
        except TimeoutError:
            raise CannotDo(f"the rig has not done {stimulus} within {self._within:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            text = output.decode(errors="replace").strip()[:MAX_OUTPUT]
            verb = "cannot do" if process.returncode == CANNOT else f"failed ({process.returncode}) to do"
            raise CannotDo(f"the rig {verb} {stimulus}: {text}")
