"""The certification rehearsal, a run of certification test cases on one station.

Its runner reports the progress of the cases to the server, which shows it on a web page. When a case needs
the person at the station to do something, the runner asks for it with a prompt on this page.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol
from uuid import uuid4

from mock_csms.client import operations
from mock_csms.client.failures import ClientError
from mock_csms.client.operations import Json
from mock_csms.client.portal import Portal

__tracebackhide__ = True

WAIT_S: Final = 30.0
"""Seconds that one request waits for the answer to a prompt; without an answer, another request follows."""

MAX_SENT_STEPS: Final = 200
"""Maximum number of steps of a case that the server accepts."""
MAX_SENT_TEXT: Final = 2_000
"""Maximum number of characters that the server accepts in one text about a run or case."""

type PromptReply = Literal["done", "cannot"]


class SendOperation(Protocol):
    """Sends a request of the control API; raises ApiError or NotReachable."""

    async def __call__[Result](self, operation: operations.Operation[Result]) -> Result:
        """Send a request and return its result."""


class AsyncRehearsal:
    """Reports a run of the certification rehearsal to the server, which shows it on its page."""

    def __init__(self, send: SendOperation) -> None:
        self._send = send

    async def begin(
        self, station: str, cases: Iterable[Mapping[str, Any]], *, started_at: str | None = None
    ) -> None:
        """Report that a run on a station begins; on the server, it replaces the previous run.

        ``cases`` are dicts such as ``{"id": "TC_B_01_CS", "title": "Boots", "block": "B"}``, in their order.
        """
        run = {"station": station, "startedAt": started_at or _now(), "cases": [dict(case) for case in cases]}
        await self._send(operations.begin_rehearsal(run))

    async def progress(self, case: Mapping[str, Any]) -> None:
        """Replace the progress of a case: ``progress({"id": ..., "verdict": "RUNNING", "steps": [...]})``.

        Texts of more than 2,000 characters are shortened, and only the newest 200 steps are sent.
        """
        steps = [_shortened(step) for step in case.get("steps", ())[-MAX_SENT_STEPS:]]
        await self._send(operations.change_rehearsal({"case": {**_shortened(case), "steps": steps}}))

    async def ask(self, text: str, detail: str | None = None) -> PromptReply:
        """Ask the person at the station to do something, and wait for the answer.

        If the task is cancelled, for example because the person already acted, the prompt is withdrawn.
        Raises ApiError if the run ends, or if another prompt replaces this one.
        """
        prompt_id = uuid4().hex
        prompt = operations.present(id=prompt_id, text=text, detail=detail)
        answer = None
        try:
            await self._send(operations.change_rehearsal({"prompt": prompt}))
            while answer is None:
                answer = await self._send(operations.await_answer(prompt_id, WAIT_S))
        except asyncio.CancelledError:
            with suppress(ClientError):  # an error would hide that the task is cancelled
                await self._send(operations.change_rehearsal({"prompt": None}))
            raise
        return "done" if answer == "done" else "cannot"

    async def answer(self, answer: PromptReply) -> None:
        """Answer the open prompt, as a person would on the page; raises ClientError if none is open."""
        prompt = (await self.state(changed_since=0))["prompt"]
        if prompt is None:
            raise ClientError("the rehearsal has no open prompt")
        await self._send(operations.answer_prompt(prompt["id"], answer))

    async def end(self, *, finished_at: str | None = None) -> None:
        """Report that the run has ended; the server shows it until the next run begins."""
        await self._send(operations.change_rehearsal({"finishedAt": finished_at or _now()}))

    async def state(self, *, changed_since: int = 0) -> Json:
        """Return the run with the cases changed since the version ``changed_since``; 0 means all cases."""
        return await self._send(operations.rehearsal(changed_since))

    async def delete(self) -> None:
        """Delete the run from the server."""
        await self._send(operations.delete_rehearsal())


class RehearsalRun:
    """Reports a run of the certification rehearsal to the server; for code without asyncio."""

    def __init__(self, rehearsal: AsyncRehearsal, portal: Portal) -> None:
        self._rehearsal = rehearsal
        self._run = portal.run

    def begin(
        self, station: str, cases: Iterable[Mapping[str, Any]], *, started_at: str | None = None
    ) -> None:
        """Report that a run on a station begins; on the server, it replaces the previous run.

        ``cases`` are dicts such as ``{"id": "TC_B_01_CS", "title": "Boots", "block": "B"}``, in their order.
        """
        self._run(self._rehearsal.begin(station, cases, started_at=started_at))

    def progress(self, case: Mapping[str, Any]) -> None:
        """Replace the progress of a case: ``progress({"id": ..., "verdict": "RUNNING", "steps": [...]})``.

        Texts of more than 2,000 characters are shortened, and only the newest 200 steps are sent.
        """
        self._run(self._rehearsal.progress(case))

    def ask(self, text: str, detail: str | None = None) -> PromptReply:
        """Ask the person at the station to do something, and wait for the answer.

        Raises ApiError if the run ends, or if another prompt replaces this one.
        """
        return self._run(self._rehearsal.ask(text, detail))

    def answer(self, answer: PromptReply) -> None:
        """Answer the open prompt, as a person would on the page; raises ClientError if none is open."""
        self._run(self._rehearsal.answer(answer))

    def end(self, *, finished_at: str | None = None) -> None:
        """Report that the run has ended; the server shows it until the next run begins."""
        self._run(self._rehearsal.end(finished_at=finished_at))

    def state(self, *, changed_since: int = 0) -> Json:
        """Return the run with the cases changed since the version ``changed_since``; 0 means all cases."""
        return self._run(self._rehearsal.state(changed_since=changed_since))

    def delete(self) -> None:
        """Delete the run from the server."""
        self._run(self._rehearsal.delete())


def _shortened(content: Mapping[str, Any]) -> Json:
    """Return ``content`` with each text cut to at most `MAX_SENT_TEXT` characters."""
    return {name: _cut(value) if isinstance(value, str) else value for name, value in content.items()}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SENT_TEXT else f"{text[: MAX_SENT_TEXT - 1]}…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
