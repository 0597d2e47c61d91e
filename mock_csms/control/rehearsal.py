"""The certification rehearsal: its runner reports the progress to these routes, and the page shows it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from mock_csms.control.models.base import answer
from mock_csms.control.models.rehearsal import (
    CaseProgress,
    PromptRequest,
    RehearsalChange,
    RehearsalStart,
    RehearsalState,
)
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import in_slices, json_response
from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.log.secret_text import masked_text
from mock_csms.messages import JsonObject
from mock_csms.text import one_line, suggest
from mock_csms.verdict.rehearsal import (
    MAX_REHEARSAL_BYTES,
    Prompt,
    Rehearsal,
    ReportTooLarge,
    Run,
    changed_cases,
)

ChangedAfter = Annotated[
    int,
    Query(
        alias="changedSince",
        description="only cases with changes after this change number; 0 means all cases",
        ge=0,
    ),
]


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1/rehearsal", tags=["rehearsal"], route_class=StrictRoute)
    rehearsal = csms.rehearsal

    @routes.put("", status_code=HTTPStatus.NO_CONTENT, responses=documented("rehearsal-too-large"))
    async def begin_rehearsal(request: RehearsalStart) -> None:
        """Start a run of the certification rehearsal; it replaces the last run.

        Secrets in the texts of the cases are masked.
        """
        plans = [_masked(case) async for case in in_slices(request.cases)]
        with _limited():
            rehearsal.begin(request.station, request.started_at, plans)
        logger.info("%s  certification rehearsal begins: %d cases", one_line(request.station), len(plans))

    @routes.patch(
        "",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented("no-rehearsal", "unknown-case", "rehearsal-too-large"),
    )
    async def change_rehearsal(request: RehearsalChange) -> None:
        """Report the progress of a case, show or withdraw a prompt, or end the run.

        The progress of a case replaces its earlier progress, so send all its steps so far. A new prompt
        replaces the last one. The end of the run withdraws the open prompt.
        """
        await _change(rehearsal, request)

    @routes.get(
        "", responses=documented("no-rehearsal", "unknown-event") | answer(RehearsalState, "The newest run")
    )
    async def get_rehearsal(changed_since: ChangedAfter = 0) -> Response:
        """Show the newest run.

        With `changedSince`, `cases` has only the cases with changes after this number. To follow the run,
        pass `version` of each answer to the next request. If `run` differs from the one that you know, list
        all cases again.
        """
        run = run_of(rehearsal)
        _check_version(rehearsal, changed_since)
        return json_response(_state(rehearsal, run, changed_since))

    @routes.delete("", status_code=HTTPStatus.NO_CONTENT, responses=documented("no-rehearsal"))
    async def delete_rehearsal() -> None:
        """Delete the newest run and withdraw its prompt."""
        run_of(rehearsal)
        rehearsal.clear()

    return routes


def run_of(rehearsal: Rehearsal) -> Run:
    """Return the newest run; raises Problem if there is none."""
    if rehearsal.run is None:
        detail = "there is no certification rehearsal; `mock-csms certify` starts one"
        raise Problem(HTTPStatus.NOT_FOUND, "no-rehearsal", detail)
    return rehearsal.run


def _check_version(rehearsal: Rehearsal, changed_since: int) -> None:
    newest = rehearsal.version
    if changed_since > newest:
        detail = (
            f"changedSince: there is no change {changed_since} yet, the newest is {newest}; if the server "
            "has been restarted, begin with 0"
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-event", detail)


async def _change(rehearsal: Rehearsal, request: RehearsalChange) -> None:
    if request.case is not None:
        await _report(rehearsal, request.case)
    run = run_of(rehearsal)
    if "prompt" in request.model_fields_set:
        rehearsal.ask(run, _shown(run, request.prompt))
    if request.finished_at is not None:
        rehearsal.finish(run, request.finished_at)
        logger.info("%s  certification rehearsal ends", one_line(run.station))


async def _report(rehearsal: Rehearsal, progress: CaseProgress) -> None:
    masked = _masked(progress, exclude={"id", "steps"})
    steps = [_masked(step) async for step in in_slices(progress.steps)]
    run = run_of(rehearsal)
    if progress.id not in run.cases:
        detail = f"the run has no case {progress.id!r}{suggest(progress.id, run.cases)}"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-case", detail)
    with _limited():
        rehearsal.report(run.cases[progress.id], {**masked, "steps": steps})


@contextmanager
def _limited() -> Iterator[None]:
    """Raise Problem in place of a ReportTooLarge that the body of the context raises."""
    try:
        yield
    except ReportTooLarge:
        detail = f"the cases of a run have at most {MAX_REHEARSAL_BYTES} bytes in all; send shorter steps"
        raise Problem(HTTPStatus.CONFLICT, "rehearsal-too-large", detail) from None


def _masked(model: BaseModel, exclude: set[str] | None = None) -> JsonObject:
    """Return the fields of a model that are not None, with the secrets in its texts masked."""
    content: dict[str, Any] = model.model_dump(by_alias=True, exclude_none=True, exclude=exclude)
    return {name: masked_text(part) if isinstance(part, str) else part for name, part in content.items()}


def _shown(run: Run, request: PromptRequest | None) -> Prompt | None:
    """Log the requested prompt and return it with masked secrets; None for a request without a prompt."""
    if request is None:
        return None
    detail = None if request.detail is None else masked_text(request.detail)
    prompt = Prompt(request.id, masked_text(request.text), detail)
    logger.info("%s  prompt: %s", one_line(run.station), one_line(prompt.text))
    return prompt


def _state(rehearsal: Rehearsal, run: Run, changed_since: int) -> JsonObject:
    return {
        "run": run.id,
        "version": rehearsal.version,
        "station": run.station,
        "startedAt": run.started_at,
        "finishedAt": run.finished_at,
        "prompt": run.prompt and run.prompt.as_json(),
        "cases": msgspec.Raw(changed_cases(run, changed_since)),
    }
