"""Errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"


class ProblemDetails(BaseModel):
    """What is wrong; ``type`` stays the same for the same kind of problem."""

    type: str
    title: str
    status: int
    detail: str


class Problem(Exception):
    """A request that cannot be fulfilled; ``more`` are further members of its problem details."""

    def __init__(self, status: HTTPStatus, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.more = more


def response(status: HTTPStatus, kind: str, detail: str, **more: Any) -> JSONResponse:
    """Make a response of a problem."""
    content = {"type": f"urn:ocpp2-mock-server:{kind}", "title": status.phrase, "status": status.value}
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    return JSONResponse({**content, "detail": detail, **more}, status, headers=headers, media_type=MEDIA_TYPE)


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a request may run into, and those that any may."""
    always = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)
    content = {MEDIA_TYPE: {"schema": ProblemDetails.model_json_schema()}}
    return {
        status.value: {"description": status.phrase, "content": content} for status in (*always, *statuses)
    }


def install(app: FastAPI) -> None:
    """Have every error answered with problem details."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> JSONResponse:
        return response(problem.status, problem.kind, problem.detail, **problem.more)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        return response(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", f"{where}: {message}")

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        answer = response(status, status.phrase.lower().replace(" ", "-"), str(error.detail))
        answer.headers.update(error.headers or {})
        return answer
