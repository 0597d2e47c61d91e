"""Prompts of the certification rehearsal to the person at the station: waits for an answer, and answers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import AfterValidator

from mock_csms.control.models.base import answer
from mock_csms.control.models.rehearsal import PromptAnswerRequest, PromptState
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, documented
from mock_csms.control.rehearsal import run_of
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.csms import Csms
from mock_csms.verdict.rehearsal import Prompt, Rehearsal

MAX_PROMPT_WAITS: Final = 100
"""Maximum number of requests that wait for the answer to a prompt at the same time."""

PromptName = Annotated[
    str, Path(description="the id of the prompt", min_length=1, max_length=200), AfterValidator(unmarked)
]
AnswerWithin = Annotated[float, Query(description="maximum number of seconds to wait", ge=0, le=60)]


class PromptWaits:
    """Counts the requests that wait for the answer to a prompt."""

    def __init__(self) -> None:
        self._count = 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count a request as waiting within the context; raises Problem if too many requests wait."""
        if self._count >= MAX_PROMPT_WAITS:
            detail = f"{MAX_PROMPT_WAITS} waits for an answer are open, the maximum; try again later"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-waits", detail)
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1/rehearsal/prompts", tags=["rehearsal"], route_class=StrictRoute)
    rehearsal, waits = csms.rehearsal, PromptWaits()

    @routes.get(
        "/{prompt_id:name}",
        responses=documented("no-rehearsal", "unknown-prompt", "too-many-waits")
        | answer(PromptState, "The prompt"),
    )
    async def await_answer(prompt_id: PromptName, within: AnswerWithin = 30) -> Response:
        """Wait for the answer to a prompt.

        If no answer comes in time, `answer` is null. A prompt that is withdrawn meanwhile is a problem (404).
        """
        prompt = _prompt_of(rehearsal, prompt_id)
        with waits.waiting(), suppress(TimeoutError):
            async with asyncio.timeout(within):
                await prompt.settled.wait()
        if prompt.answer is None:
            _prompt_of(rehearsal, prompt_id)
        return json_response(prompt.as_json())

    @routes.post(
        "/{prompt_id:name}",
        responses=documented("no-rehearsal", "unknown-prompt", "prompt-answered")
        | answer(PromptState, "The prompt with its answer"),
    )
    async def answer_prompt(prompt_id: PromptName, request: PromptAnswerRequest) -> Response:
        """Answer the prompt: `done`, or `cannot` if the person cannot do it."""
        prompt = _prompt_of(rehearsal, prompt_id)
        if prompt.answer is not None:
            detail = f"prompt {prompt.id} has been answered already: {prompt.answer}"
            raise Problem(HTTPStatus.CONFLICT, "prompt-answered", detail)
        rehearsal.answer(prompt, request.answer)
        return json_response(prompt.as_json())

    return routes


def _prompt_of(rehearsal: Rehearsal, prompt_id: str) -> Prompt:
    prompt = run_of(rehearsal).prompt
    if prompt is None or prompt.id != prompt_id:
        now = "no prompt is open now" if prompt is None else f"the prompt is {prompt.id} now"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-prompt", f"prompt {prompt_id!r} is not open; {now}")
    return prompt
