"""The control API as an ASGI application, and the server that serves it in the loop there is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from starlette.middleware.cors import CORSMiddleware

from mock_csms import __version__
from mock_csms.address import is_loopback
from mock_csms.control import behaviour, files, metrics, problems, records, stations
from mock_csms.control.problems import documented
from mock_csms.control.security import Guard
from mock_csms.csms import Csms
from mock_csms.frames import JsonObject


class _Server(uvicorn.Server):
    """A server that leaves the signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make(
    csms: Csms, host: str, uploads: Path, build: Callable[..., Any], nothing_to_do: type[Exception]
) -> FastAPI:
    """Make the application; ``build`` makes default payloads and raises ``nothing_to_do``."""
    settings = csms.settings
    app = FastAPI(
        title="OCPP2 Mock Server",
        version=__version__,
        description="Drive the mock and ask it.",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.include_router(stations.router(csms, build, nothing_to_do))
    app.include_router(behaviour.router(csms))
    app.include_router(records.router(csms))
    app.include_router(files.router(files.Store(uploads, settings.max_upload), settings.files))
    _add_pages(app, csms)
    if settings.control_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.control_origins),
            allow_methods=["*"],
            allow_headers=["*"],
        )
    app.add_middleware(
        Guard,
        token=settings.control_token,
        origins=settings.control_origins,
        only_local=is_loopback(host),
    )
    return app


def _add_pages(app: FastAPI, csms: Csms) -> None:
    @app.get("/health", tags=["health"])
    async def health() -> JsonObject:
        """Say that the server is well."""
        return {"status": "ok", "version": __version__}

    @app.get("/metrics", tags=["health"], response_class=Response, responses=documented())
    async def prometheus() -> Response:
        """Count, for Prometheus."""
        return Response(metrics.exposition(csms), media_type=metrics.CONTENT_TYPE)

    page = resources("mock_csms.control").joinpath("docs.html").read_text(encoding="utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """Show the API as a page, without the internet."""
        return HTMLResponse(page)


def server_of(app: FastAPI) -> uvicorn.Server:
    """Make the server, to be run with ``serve(sockets=[...])`` and ended with ``should_exit``."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        ws="none",
    )
    return _Server(config)
