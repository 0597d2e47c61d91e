"""HTTP control of simulated stations.

POST performs a step of a script, such as plug-in; GET returns the state of the stations.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import orjson
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from mock_csms.errors import CouldNotStart
from mock_csms.messages import JsonObject
from mock_csms.private_api.uvicorn import ServerWithoutSignals
from mock_csms.simulator.fleet import FleetMember
from mock_csms.simulator.sessions import ChargingSession
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.verbs import VERBS, Obstacle, WrongStep, step_of, verb_named
from mock_csms.simulator.watch import enum_text
from mock_csms.text import suggest

HOST: Final = "127.0.0.1"
MAX_STEP_BODY: Final = 100_000


def control_app(members: Mapping[str, FleetMember]) -> FastAPI:
    """Build the FastAPI application that controls the stations ``members``, by identity."""
    app = FastAPI(title="Simulated stations", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])

    @app.exception_handler(HTTPException)
    async def _error(request: Request, error: HTTPException) -> JSONResponse:
        detail = error.detail
        if detail == HTTPStatus(error.status_code).phrase:  # such as "Method Not Allowed"
            detail = (
                f"{request.method} is not served; GET /status shows the stations, POST /plug-in is a step"
            )
        return JSONResponse({"detail": detail}, error.status_code)

    @app.get("/")
    @app.get("/status")
    async def _status(station: str | None = None) -> JsonObject:
        if station is not None:
            return state_of(_find(members, station))
        return {"stations": [state_of(member) for member in members.values()]}

    @app.get("/{path:path}")
    async def _state(path: str) -> JsonObject:
        if (verb := path.rpartition("/")[2]) in VERBS:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, f"{verb} is a step; send it as a POST request")
        return state_of(_find(members, path.removesuffix("/status")))

    @app.post("/{path:path}")
    async def _post(path: str, request: Request) -> JsonObject:
        identity, _, verb = path.rpartition("/")
        _check_verb(verb, members)
        member = _find(members, identity or request.query_params.get("station"))
        return _do(verb, member, await _body(request))

    return app


def _check_verb(name: str, members: Mapping[str, FleetMember]) -> None:
    if name not in VERBS and (not name or name in members):
        detail = f"the path has no step; write, for example, POST {'/' if name else ''}{name}/plug-in"
        raise HTTPException(HTTPStatus.NOT_FOUND, detail)
    try:
        verb_named(name)
    except WrongStep as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from None


def _find(members: Mapping[str, FleetMember], identity: str | None) -> FleetMember:
    if identity is None:
        if len(members) > 1:
            name = next(iter(members))
            detail = f"there are {len(members)} stations; add ?station={name} to name one"
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        return next(iter(members.values()))
    if (member := members.get(identity)) is None:
        hint = suggest(identity, members) or "; GET /status lists the stations, and POST /STEP does a step"
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no station {identity!r}{hint}")
    return member


async def _body(request: Request) -> JsonObject:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_STEP_BODY:
            detail = f"the body is longer than {MAX_STEP_BODY} bytes"
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    try:
        body = orjson.loads(bytes(received) or b"{}")
    except orjson.JSONDecodeError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        detail = 'the body must be a JSON object, for example {"evse": 1}'
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return body


def _do(verb: str, member: FleetMember, given: Mapping[str, Any]) -> JsonObject:
    try:
        step = step_of(VERBS[verb], given, member.station.core.setup)
        step.do(member.station, member.report)
    except WrongStep as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    except Obstacle as obstacle:
        raise HTTPException(HTTPStatus.CONFLICT, f"{verb} has no effect: {obstacle}") from None
    return state_of(member)


# State


def state_of(member: FleetMember) -> JsonObject:
    """State of a station, its connection and its EVSEs, as the HTTP control returns it."""
    station = member.station
    core = station.core
    return {
        "station": core.setup.identity,
        "isPowered": core.is_powered,
        "isConnected": core.is_connected,
        "securityProfile": core.variables.integer("SecurityCtrlr", "SecurityProfile"),
        "registration": None if core.registration is None else enum_text(core.registration),
        "transactionsEnded": member.watch.transactions,
        "energyWh": round(member.watch.energy_wh, 3),
        "messages": {"sent": member.connection.sent, "received": member.connection.received},
        "evses": [_evse(station, session) for session in station.transactions.sessions.values()],
    }


def _evse(station: SimulatedStation, session: ChargingSession) -> JsonObject:
    status = station.core.evses.status
    return {
        "evse": session.evse.id,
        "connectors": [
            {"connector": connector.id, "status": enum_text(status(connector))}
            for connector in session.evse.connectors.values()
        ],
        "isBayOccupied": session.is_occupied,
        "isAuthorized": session.is_authorized,
        "idToken": session.id_token,
        "powerW": round(session.meter.power_w, 1),
        "transaction": _transaction(session),
    }


def _transaction(session: ChargingSession) -> JsonObject | None:
    if (transaction := session.transaction) is None:
        return None
    return {
        "transactionId": transaction.id,
        "chargingState": enum_text(transaction.charging_state),
        "energyWh": round(session.meter.register_wh - transaction.start_register_wh, 3),
    }


# Serving


@asynccontextmanager
async def served_control(members: Mapping[str, FleetMember], port: int) -> AsyncIterator[str]:
    """Serve the HTTP control inside the context and yield its address; raises CouldNotStart."""
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else error
        reason = f"cannot listen on {HOST} port {port}: {cause}; choose another port with --http"
        raise CouldNotStart(reason) from None
    config = uvicorn.Config(
        control_app(members),
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        ws="none",
    )
    server = ServerWithoutSignals(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.end()
        await serving
        listener.close()
