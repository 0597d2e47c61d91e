"""Serves the OpenAPI document."""

import asyncio

from fastapi import FastAPI
from fastapi.responses import Response

from mock_csms.control import document
from mock_csms.control.responses import encode, in_slices


def add_document(app: FastAPI) -> None:
    """Add the route of the OpenAPI document to an application."""
    building = asyncio.Lock()
    encoded = b""

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_document() -> Response:
        """Serve the OpenAPI document. The first request makes it, which takes about half a second.

        A thread makes it, so that the stations are served meanwhile. The pydantic models are built first, in
        the event loop, because the event loop may use them while the thread runs.
        """
        nonlocal encoded
        async with building:
            if not encoded:
                async for model in in_slices(document.models()):
                    model.model_rebuild()
                encoded = await asyncio.to_thread(lambda: encode(app.openapi()))
        return Response(encoded, media_type="application/json")
