"""A person as the rig: asked in the terminal and on the page, whichever is answered first."""

import asyncio
from collections.abc import Callable
from typing import Final

from mock_csms.certify.stimuli import CannotDo, Stimulus
from mock_csms.client import AsyncClient, ClientError

YES: Final = frozenset({"", "d", "done", "y", "yes", "ok"})
NO: Final = frozenset({"c", "cannot", "n", "no"})
HOW_TO_ANSWER: Final = "Enter when it is done; c and Enter if it cannot be done"


class Terminal:
    """Asks a person on the standard output, and reads the answers from the standard input."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write
        self._lines: asyncio.Queue[str] = asyncio.Queue()

    def take(self, line: str) -> None:
        """Store a line of the standard input until `answer` reads it."""
        self._lines.put_nowait(line)

    def ask(self, text: str) -> None:
        """Show a request, and drop lines that were typed before it."""
        while not self._lines.empty():
            self._lines.get_nowait()
        self.write(text)

    async def answer(self) -> bool:
        """Wait for a line that answers the request; return whether the person has carried it out."""
        while (word := (await self._lines.get()).strip().lower()) not in YES | NO:
            self.write(f"{HOW_TO_ANSWER}\n")
        return word in YES


class Person:
    """Asks a person at the station to give each stimulus."""

    def __init__(self, client: AsyncClient, terminal: Terminal, within: float) -> None:
        self._client = client
        self._terminal = terminal
        self._within = within

    async def do(self, stimulus: Stimulus) -> None:
        """Ask for the stimulus; return when the person confirms it. Raises CannotDo on refusal or timeout."""
        self._terminal.ask(f"\a>>> {stimulus.text}\n    ({HOW_TO_ANSWER}.)\n")
        answers = {
            asyncio.ensure_future(self._terminal.answer()),
            asyncio.ensure_future(self._on_page(stimulus.text)),
        }
        try:
            finished, _ = await asyncio.wait(
                answers, timeout=self._within, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for each in answers:
                each.cancel()
            await asyncio.gather(*answers, return_exceptions=True)
        if not finished:
            raise CannotDo(f"no answer within {self._within:g} s to: {stimulus.text}")
        if not all(each.result() for each in finished):
            raise CannotDo(f"this cannot be done: {stimulus.text}")

    async def _on_page(self, text: str) -> bool:
        try:
            return await self._client.rehearsal.ask(text) == "done"
        except ClientError:  # the terminal can still answer
            return await _never()


async def _never() -> bool:
    never: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    return await never
