"""Serves the OpenAPI document, and the page that shows it; the page loads nothing from other hosts."""

import asyncio
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response

from mock_csms.control import document
from mock_csms.control.problems import Problem
from mock_csms.control.responses import encode, in_slices

PAGE: Final = "index.html"
MEDIA_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add(app: FastAPI) -> None:
    """Add the routes to an application."""
    building = asyncio.Lock()
    encoded = b""

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_document() -> Response:
        """Serve the OpenAPI document; the first request makes it, which takes about half a second.

        A thread makes it, so that the stations are served meanwhile. The models are built before, because
        the event loop may use them.
        """
        nonlocal encoded
        async with building:
            if not encoded:
                async for model in in_slices(document.models()):
                    model.model_rebuild()
                encoded = await asyncio.to_thread(lambda: encode(app.openapi()))
        return Response(encoded, media_type="application/json")

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        """Redirect to the page."""
        return RedirectResponse("docs")

    parts = _parts()

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        """Serve the page."""
        return _response(PAGE, parts[PAGE])

    @app.get("/docs/{name}", include_in_schema=False)
    async def part_of_docs(name: str) -> Response:
        """Serve a script or a style sheet of the page."""
        if name not in parts:
            raise Problem(HTTPStatus.NOT_FOUND, "not-found", f"the page has no part {name!r}")
        return _response(name, parts[name])


def _parts() -> dict[str, bytes]:
    """Read the page, its scripts and its style sheet."""
    folder = files("mock_csms.control").joinpath("page")
    return {part.name: part.read_bytes() for part in folder.iterdir() if _suffix(part.name) in MEDIA_TYPES}


def _response(name: str, content: bytes) -> Response:
    return Response(content, headers=HEADERS, media_type=MEDIA_TYPES[_suffix(name)])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]
