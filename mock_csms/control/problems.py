"""Errors as problem details (RFC 9457)."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route

from mock_csms.control.flaws import Shape, sentences
from mock_csms.control.models.base import Responses
from mock_csms.control.models.problems import PROBLEM_KINDS, URN, ProblemDetails
from mock_csms.control.responses import json_response
from mock_csms.messages import JsonObject
from mock_csms.private_api.fastapi import body_annotation
from mock_csms.text import suggest

MEDIA_TYPE: Final = "application/problem+json"
RESPONSE_REFERENCE: Final = "#/components/responses/"

NOT_ROUTED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
"""HTTP statuses of a request that matches no operation."""
COMMON_KINDS: Final = (
    "unauthorized",
    "forbidden",
    "body-timeout",
    "body-too-large",
    "invalid-request",
    "unknown-parameter",
    "too-many-requests",
    "stopping",
    "internal-server-error",
)
"""Problems that any operation may have, from parameters, access checks or `RequestLimits`."""


class Problem(Exception):
    """A request that cannot be fulfilled; ``extra`` holds additional members of its problem details."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra


def response_to(problem: Problem) -> Response:
    """Make the HTTP response for a Problem."""
    answer = response(problem.status, problem.kind, problem.detail, **problem.extra)
    answer.headers.update(problem.headers)
    return answer


def response(status: HTTPStatus, kind: str, detail: str, **extra: Any) -> Response:
    """Make the HTTP response for a problem."""
    content = {"type": URN + kind, "title": status.phrase, "status": status.value}
    return json_response({**content, "detail": detail, **extra}, status, _headers(status, kind), MEDIA_TYPE)


def _headers(status: HTTPStatus, kind: str) -> dict[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": "1"} if kind == "too-many-requests" else {}


def documented(*kinds: str) -> Responses:
    """Return the OpenAPI responses of an operation for these problem kinds and `COMMON_KINDS`."""
    by_status = _by_status({*COMMON_KINDS, *kinds})
    return {
        status.value: _shown(status, names) if set(names) - set(COMMON_KINDS) else _common(status)
        for status, names in by_status.items()
    }


def common_responses() -> JsonObject:
    """Return the responses for `COMMON_KINDS` by name, as components of the OpenAPI document."""
    return {_name_of(status): _shown(status, names) for status, names in _by_status(COMMON_KINDS).items()}


def inlined(responses: Responses) -> Responses:
    """Return ``responses`` with references to `common_responses` replaced by the responses themselves."""
    common = common_responses()
    return {
        status: common[response["$ref"].removeprefix(RESPONSE_REFERENCE)] if "$ref" in response else response
        for status, response in responses.items()
    }


def _by_status(kinds: Iterable[str]) -> dict[HTTPStatus, list[str]]:
    by_status: dict[HTTPStatus, list[str]] = {}
    for kind in sorted(kinds):
        by_status.setdefault(PROBLEM_KINDS[kind].status, []).append(kind)
    return by_status


def _common(status: HTTPStatus) -> JsonObject:
    return {"$ref": RESPONSE_REFERENCE + _name_of(status), "description": status.phrase}


def _name_of(status: HTTPStatus) -> str:
    return status.phrase.replace(" ", "")


def _shown(status: HTTPStatus, names: list[str]) -> JsonObject:
    """Return the OpenAPI response for the problem kinds ``names``, which all have this status."""
    schemas = [_schema_of(name) for name in names]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    examples = {
        name: {"summary": name, "value": _example_of(name)}
        for name in names
        if PROBLEM_KINDS[name].model is ProblemDetails
    }
    return {
        "description": status.phrase,
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }


def _schema_of(name: str) -> JsonObject:
    kind = PROBLEM_KINDS[name]
    values = {"type": {"const": URN + name}, "status": {"const": kind.status.value}}
    return {**_reference_to(kind.model), "properties": values}


def _reference_to(model: type[ProblemDetails]) -> JsonObject:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _example_of(name: str) -> JsonObject:
    status, detail, _ = PROBLEM_KINDS[name]
    return {"type": URN + name, "title": status.phrase, "status": status.value, "detail": detail}


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Make an application answer every error with problem details; ``routers`` have all of its routes."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> Response:
        return response_to(problem)

    @app.exception_handler(ClientDisconnect)
    async def _gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # not sent: the client has disconnected

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        found = sentences(error.errors(), Shape(body_annotation(request), ("body",)))
        detail = "; ".join(found)
        hint = "" if _has_body(request) else "; send a body of JSON"
        return response(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail + hint)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        meant = _meant_name(routers, request) if status in NOT_ROUTED else ""
        if meant:
            detail = f"there is no {request.method} {request.url.path}{meant}"
            return response(HTTPStatus.NOT_FOUND, "not-found", detail)
        # Starlette names the methods of the first route that matches, although the next may have others.
        methods = _methods(routers, request) if status is HTTPStatus.METHOD_NOT_ALLOWED else []
        kind, detail = status.phrase.lower().replace(" ", "-"), _http_detail(request, error, methods)
        answer = response(status, kind, detail)
        answer.headers.update(error.headers or {})
        if methods:
            answer.headers["Allow"] = ", ".join(methods)
        return answer

    @app.exception_handler(Exception)
    async def _failed(_: Request, __: Exception) -> Response:
        detail = "the mock server failed; its log says why"
        return response(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-server-error", detail)


def _has_body(request: Request) -> bool:
    """Whether a request has a body, or its method needs none (GET, DELETE)."""
    has_length = request.headers.get("content-length", "0") != "0"
    return has_length or "transfer-encoding" in request.headers or request.method in {"GET", "DELETE"}


def _http_detail(request: Request, error: HTTPException, methods: list[str]) -> str:
    """Detail of an HTTP error. For an unknown path or method, it says what to use instead."""
    if error.status_code not in NOT_ROUTED:
        return str(error.detail)
    use = f"use {' or '.join(methods)}, or another path: " if methods else ""
    return f"there is no {request.method} {request.url.path}; {use}/docs lists the operations"


def _methods(routers: Sequence[APIRouter], request: Request) -> list[str]:
    """Methods allowed for the path of a request. If several paths of routes match, the longest one counts."""
    by_path: dict[str, set[str]] = {}
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            by_path.setdefault(route.path, set()).update(route.methods or ())
    return sorted(by_path[max(by_path, key=len)]) if by_path else []


def _meant_name(routers: Sequence[APIRouter], request: Request) -> str:
    """Suggest a correction of a mistyped name in a path, such as ``calls`` for ``call``; empty if none fits.

    Routes of any method are compared, because a mistyped path may look like a wrong method: the path of
    POST /v1/stations/CS1/call also matches GET /v1/stations/{id}, with CS1/call as the id.
    """
    parts = request.url.path.split("/")
    templates = {route.path for router in routers for route in router.routes if isinstance(route, Route)}
    unlike = [_unlike_parts(template.split("/"), parts) for template in templates]
    if [] in unlike:
        return ""
    by_word: dict[str, set[str]] = {}
    for found in unlike:
        if found is not None and len(found) == 1:
            by_word.setdefault(found[0][0], set()).add(found[0][1])
    return next((hint for word, names in by_word.items() if (hint := suggest(word, names))), "")


def _unlike_parts(template: Sequence[str], parts: Sequence[str]) -> list[tuple[str, str]] | None:
    """Parts of a path that differ from a template, each with the expected part.

    None if the path and the template have different numbers of parts.
    """
    if len(template) != len(parts):
        return None
    return [
        (part, name)
        for name, part in zip(template, parts, strict=True)
        if name != part and not (name.startswith("{") and part)
    ]
