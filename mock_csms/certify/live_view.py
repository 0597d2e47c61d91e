"""Publishes a run to the server, whose page shows it: the cases, and each step when it begins and ends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from mock_csms.certify.selection import PlannedCase
from mock_csms.certify.verdicts import CaseResult, TakenStep
from mock_csms.client import AsyncClient, ClientError

MAX_SHOWN_STEPS: Final = 200
MAX_SHOWN_TEXT: Final = 2000
"""Maximum length of a text. The control API refuses longer texts and more than `MAX_SHOWN_STEPS` steps."""


class LiveView:
    """The run as the page shows it. Steps are published in the background, so that they delay no case."""

    def __init__(self, client: AsyncClient) -> None:
        self._rehearsal = client.rehearsal
        self._case = ""
        self._steps: list[TakenStep] = []
        self._is_due = asyncio.Event()

    @asynccontextmanager
    async def showing(self, station: str, planned: Sequence[PlannedCase]) -> AsyncIterator[None]:
        """Show a run with these cases while the context is open."""
        await self._rehearsal.begin(station, [listed_case(each) for each in planned])
        publishing = asyncio.create_task(self._publish())
        try:
            yield
        finally:
            publishing.cancel()
            with suppress(asyncio.CancelledError, ClientError):
                await publishing
            with suppress(ClientError):
                await self._rehearsal.end()

    def begin_case(self, case_id: str) -> None:
        """Show a case as running."""
        self._case, self._steps = case_id, []
        self._is_due.set()

    def take_step(self, step: TakenStep) -> None:
        """Show a step of the running case, in place of the step before it if that is still ``running``."""
        if self._steps and self._steps[-1].outcome == "running":
            self._steps.pop()
        self._steps.append(step)
        self._is_due.set()

    async def end_case(self, result: CaseResult) -> None:
        """Show the verdict about a case."""
        self._case = ""
        with suppress(ClientError):
            await self._rehearsal.progress(progress_of(result))

    async def _publish(self) -> None:
        while await self._is_due.wait():
            self._is_due.clear()
            if self._case:
                steps = [_step_shown(step) for step in self._steps[-MAX_SHOWN_STEPS:]]
                with suppress(ClientError):
                    await self._rehearsal.progress({"id": self._case, "verdict": "RUNNING", "steps": steps})


def listed_case(planned: PlannedCase) -> dict[str, Any]:
    """Return a planned case as JSON for the page."""
    shown = {
        "id": planned.entry.id,
        "title": planned.title,
        "block": planned.entry.block,
        "profiles": list(planned.entry.profiles),
        "mandatory": planned.is_mandatory,
        "applies": planned.applies,
    }
    return shown | ({"skipped": planned.skipped[:MAX_SHOWN_TEXT]} if planned.skipped else {})


def progress_of(result: CaseResult) -> dict[str, Any]:
    """Return a result as JSON for the page."""
    shown: dict[str, Any] = {
        "id": result.id,
        "verdict": result.verdict.value,
        "seconds": result.seconds,
        "steps": [_step_shown(step) for step in result.steps[-MAX_SHOWN_STEPS:]],
    }
    optional = {"reason": result.reason[:MAX_SHOWN_TEXT], "frame": result.frame, "known": result.known}
    return shown | {name: value for name, value in optional.items() if value}


def _step_shown(step: TakenStep) -> dict[str, Any]:
    """Return a step as JSON for the page."""
    shown: dict[str, Any] = {
        "text": step.text[:MAX_SHOWN_TEXT],
        "outcome": step.outcome,
        "seconds": step.seconds,
    }
    return shown | ({"frame": step.frame} if step.frame is not None else {})
