"""Strict parsing of requests: unknown query parameters are rejected, and so is JSON that cannot be serialized
again.
"""

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from fastapi import Query, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Scope

from mock_csms.control.problems import Problem
from mock_csms.csms import Csms
from mock_csms.journal.globs import exactly
from mock_csms.messages import is_deeper
from mock_csms.private_api.fastapi import query_parameters
from mock_csms.text import suggest

Glob = Annotated[str | None, Query(description="the station's identity, or a glob", max_length=200)]
"""Query parameter that selects stations by identity or glob; None if it is omitted."""

MAX_DEPTH: Final = 100
"""Maximum nesting of the JSON in a request; orjson cannot serialize more than 254 levels."""


def station_glob[Text: str | None](csms: Csms, station: Text) -> Text | str:
    """Return a glob for the station with this identity. If the station is not known, return the text itself
    as the glob.

    The case of an identity does not matter. ``*`` always stands for all stations, even if a station has the
    identity ``*``.
    """
    if station is None or station == "*":
        return station
    identity = csms.spelling(station)
    return exactly(identity) if identity in csms.stations else station


class StrictRoute(APIRoute):
    """A route that rejects unknown query parameters instead of ignoring them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that checks a request strictly before it calls the handler of `APIRoute`."""
        handle = super().get_route_handler()
        known_names = query_parameters(self)

        async def handle_strictly(request: Request) -> Response:
            for name in request.query_params:
                if name not in known_names:
                    raise _unknown_parameter(name, known_names)
            return await handle(_StrictRequest(_with_json_type(request.scope), request.receive))

        return handle_strictly


def _unknown_parameter(name: str, known_names: list[str]) -> Problem:
    accepted = ", ".join(known_names) or "no parameters"
    detail = (
        f"there is no parameter {name!r} here{suggest(name, known_names)}; this operation takes {accepted}"
    )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-parameter", detail)


def _with_json_type(scope: Scope) -> Scope:
    """Return an ASGI scope that declares a JSON body, whatever Content-Type the client sent."""
    headers = [header for header in scope["headers"] if header[0] != b"content-type"]
    return {**scope, "headers": [*headers, (b"content-type", b"application/json")]}


class _StrictRequest(Request):
    """A request whose JSON can be serialized again: without NaN, lone surrogates or too many levels."""

    async def json(self) -> Any:
        """Return the parsed body; raises json.JSONDecodeError if it is not JSON, or has too many levels."""
        body = await self.body()
        value = orjson.loads(body)
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
            raise json.JSONDecodeError(f"it is nested more than {MAX_DEPTH} levels deep", "", 0)
        return value
