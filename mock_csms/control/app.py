"""The control API as an ASGI application, and the uvicorn server that runs it in the current event loop."""

import asyncio
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from mock_csms._version import __version__
from mock_csms.control import (
    actions,
    calls,
    coverage,
    document,
    documentation,
    events,
    files,
    findings,
    listeners,
    metrics,
    notes,
    ocsp,
    offline,
    pages,
    passwords,
    problems,
    prompts,
    rehearsal,
    release,
    reset,
    scopes,
    server,
    stations,
    tokens,
)
from mock_csms.control import journal as records
from mock_csms.control import rules as behaviour
from mock_csms.control.limits import OpenRequests, RequestLimits
from mock_csms.control.models.base import answer
from mock_csms.control.models.server import Health
from mock_csms.control.problems import documented
from mock_csms.control.responses import json_response
from mock_csms.control.security import AccessControl, StationAccess
from mock_csms.control.uploads import Uploads
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.private_api.uvicorn import ProtocolWithDeadlines, ServerWithoutSignals
from mock_csms.transport.address import is_loopback

SHUTDOWN_S: Final = 0.6
"""Seconds from `ControlServer.stop` until connections with unfinished responses are dropped."""

RESOURCES: Final = (
    passwords,
    listeners,
    offline,
    coverage,
    stations,
    calls,
    release,
    actions,
    tokens,
    behaviour,
    records,
    notes,
    findings,
    events,
    scopes,
    rehearsal,
    prompts,
    server,
    reset,
    ocsp,
)
"""Modules with routes, in the order in which the routes are tried.

The order matters: a name in a path, such as a station's identity, matches any text, even with slashes. For
example, ``/v1/stations/{station_id}/offline`` must be tried before ``/v1/stations/{station_id}``.
"""

DESCRIPTION: Final = """\
Drive and query the mock. Bodies are JSON, whatever their `Content-Type`. Keys are camelCase, as
in OCPP, and times are in UTC. Errors are problem details (RFC 9457): `detail` says what is wrong, and what to
send instead. Where a parameter is a glob, `CS*` means every station whose identity begins with CS. If the
server was started with `--control-token`, send `Authorization: Bearer TOKEN`.
"""


METRICS_EXAMPLE: Final = """\
# HELP ocpp_connections Stations connected now.
# TYPE ocpp_connections gauge
ocpp_connections 1.0
# HELP ocpp_messages_total CALLs by direction, action and outcome.
# TYPE ocpp_messages_total counter
ocpp_messages_total{action="Heartbeat",direction="received",outcome="result"} 3.0
"""


class _Api(FastAPI):
    """An application whose OpenAPI document is made at the first request for it."""

    def openapi(self) -> JsonObject:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = document.completed(super().openapi())
        return self.openapi_schema


def make(csms: Csms, host: str, uploads: Path) -> FastAPI:
    """Make the application; uploaded files are stored in ``uploads``."""
    settings = csms.settings
    app = _Api(
        title="OCPP2 Mock Server",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        openapi_tags=document.OPERATION_GROUPS,
        servers=document.SERVERS,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
    )
    store = Uploads(
        uploads, settings.max_upload, is_temporary=settings.files is None, on_saved=csms.note_upload
    )
    routers = [*(resource.router(csms) for resource in RESOURCES), files.router(store, settings.files)]
    for router in routers:
        app.include_router(router)
    _add_pages(app, csms)
    problems.install(app, [app.router, *routers])
    app.state.requests = OpenRequests()
    app.add_middleware(RequestLimits, requests=app.state.requests)
    if settings.control_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.control_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=[stations.LAST_ENTRY, stations.STATIONS, stations.CHANGED],
        )
    app.add_middleware(
        AccessControl,
        token=settings.control_token,
        origins=settings.control_origins,
        only_local=is_loopback(host),
    )
    return app


def _add_pages(app: FastAPI, csms: Csms) -> None:
    @app.get("/health", tags=["server"], responses=documented() | answer(Health, "The server is running"))
    async def health() -> Response:
        """Health check."""
        return json_response({"status": "ok", "version": __version__})

    metrics_text = {"schema": {"type": "string"}, "example": METRICS_EXAMPLE}
    exposition = {"description": "The metrics", "content": {"text/plain": metrics_text}}

    @app.get("/metrics", tags=["server"], response_class=Response, responses=documented() | {200: exposition})
    async def prometheus() -> Response:
        """Metrics in the text format of Prometheus."""
        return Response(metrics.exposition(csms), media_type=metrics.CONTENT_TYPE)

    documentation.add_document(app)
    pages.add_pages(app)


class ControlServer(ServerWithoutSignals):
    """Serves the application; run it with ``serve(sockets=[...])``."""

    def __init__(self, config: uvicorn.Config, requests: OpenRequests, for_stations: uvicorn.Config) -> None:
        super().__init__(config)
        self._requests = requests
        self._for_stations = for_stations

    def protocol_for_station(self) -> asyncio.Protocol:
        """Make the protocol for HTTP requests on one connection to a port for stations."""
        return self.protocol(self._for_stations)

    def stop(self) -> None:
        """Stop: end the requests that wait for a station, and drop connections after `SHUTDOWN_S`."""
        self._requests.stopping.set()
        self.end()
        asyncio.get_running_loop().call_later(SHUTDOWN_S, self.drop_connections)


def server_of(app: FastAPI, csms: Csms) -> ControlServer:
    """Make the server of an application."""
    settings = csms.settings
    stations_app = StationAccess(
        app, origins=settings.control_origins, public_url=settings.public_url, control=csms.control
    )
    return ControlServer(_config(app), app.state.requests, _config(stations_app))


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=ProtocolWithDeadlines,
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        ws="none",
    )
