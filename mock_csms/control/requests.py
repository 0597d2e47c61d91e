"""Requests as they are taken: JSON that can be sent on as it is, and no parameter that nobody knows."""

import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from fastapi import Query, Request, Response
from fastapi.routing import APIRoute

from mock_csms.control.problems import Problem
from mock_csms.private_api.fastapi import query_parameters
from mock_csms.text import suggest

Glob = Annotated[str | None, Query(description="a glob over the station's identity", max_length=48)]
"""A parameter that chooses stations."""

DEEPEST: Final = 100
"""How many levels the JSON of a request may have; little more can be written again."""


class StrictRoute(APIRoute):
    """A route that refuses unknown parameters instead of passing over them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Make what handles a request."""
        handle = super().get_route_handler()
        known = query_parameters(self)

        async def handle_strictly(request: Request) -> Response:
            for name in request.query_params:
                if name not in known:
                    raise _unknown(name, known)
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


def _unknown(name: str, known: list[str]) -> Problem:
    taken = ", ".join(known) or "no parameters"
    detail = f"there is no parameter {name!r} here{suggest(name, known)}; this takes {taken}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-parameter", detail)


class _StrictRequest(Request):
    """A request whose JSON has no NaN, no half of a character, and no number that cannot be written."""

    async def json(self) -> Any:
        """Read the body; raises json.JSONDecodeError."""
        body = await self.body()
        read = orjson.loads(body)
        if body.count(b"[") + body.count(b"{") > DEEPEST and _is_deeper(read, DEEPEST):
            raise json.JSONDecodeError(f"it has more than {DEEPEST} levels", "", 0)
        return read


def _is_deeper(value: Any, levels: int) -> bool:
    """Tell whether a value has more levels of lists and objects than these."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return False
    return levels == 0 or any(_is_deeper(it, levels - 1) for it in inner)
