"""Stations, what is sent to them, their connections and how they are treated."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic.alias_generators import to_snake

from mock_csms.actions import BY_CSMS
from mock_csms.control import views
from mock_csms.control.problems import Problem, documented
from mock_csms.csms import Csms, Session
from mock_csms.frames import CallError, JsonObject
from mock_csms.hints import closest
from mock_csms.rpc import CallFailed, CallTimedOut, Disconnected, InvalidRequest
from mock_csms.stations import Station

EVERY_STATION = "*"

StationId = Annotated[str, Path(description="the station's identity", min_length=1, max_length=48)]


class CallRequest(BaseModel):
    """A command to send."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"action": "Reset", "payload": {"type": "OnIdle"}, "timeout": 10}]},
    )

    action: Annotated[str, Field(min_length=1, max_length=200)]
    payload: Any = None
    """Sent as it is; the command's default payload for this station if there is none."""
    timeout: Annotated[FiniteFloat, Field(gt=0, le=3600)] | None = None
    """Seconds to wait for the answer, from sending on; the profile's call_timeout if there is none."""
    validate_: Annotated[bool, Field(alias="validate")] = True
    """False sends any action and any payload, and does not look at the answer."""


def router(csms: Csms, build: Any, nothing_to_do: type[Exception]) -> APIRouter:  # noqa: C901 - a list of routes
    """The routes; ``build`` makes the default payload of a command."""
    routes = APIRouter(prefix="/v1/stations", tags=["stations"])

    async def send(identity: str, request: CallRequest) -> JsonObject:
        session, payload = _connected(csms, identity), request.payload
        if payload is None:
            payload = _default(build, nothing_to_do, csms, csms.station(identity), request)
        return await _sent(session, request, payload)

    @routes.get("", responses=documented())
    async def list_stations() -> list[JsonObject]:
        """List the stations that are known, connected or not."""
        return [views.station_in_short(csms, station) for station in csms.stations.values()]

    @routes.get("/{station_id}", responses=documented(HTTPStatus.NOT_FOUND))
    async def get_station(station_id: StationId) -> JsonObject:
        """Tell all that is known of a station."""
        return views.station_in_full(csms, _known(csms, station_id))

    @routes.post("/{station_id}/calls", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
    async def send_call(station_id: StationId, request: CallRequest) -> JsonObject:
        """Send a command and answer with what the station answers; `*` sends to every connected station.

        Several at once to the same station are sent one after the other, in their order.
        """
        if request.validate_ and request.action not in set(BY_CSMS):
            detail = f"there is no command {request.action!r}{closest(request.action, BY_CSMS)}"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-command", detail)
        if station_id != EVERY_STATION:
            return await send(station_id, request)
        everybody = list(csms.sessions)
        answers = await asyncio.gather(*(_or_problem(send(name, request)) for name in everybody))
        return dict(zip(everybody, answers, strict=True))

    @routes.delete(
        "/{station_id}/connection",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    async def end_connection(
        station_id: StationId,
        code: Annotated[int, Query(ge=1000, le=4999, description="the close code")] = 1000,
        reason: Annotated[str, Query(max_length=40)] = "",
        abort: Annotated[bool, Query(description="drop the TCP connection instead")] = False,
    ) -> None:
        """Close a station's connection, or drop it."""
        session = _connected(csms, station_id)
        if abort:
            session.drop()
            return
        if code not in {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}:
            detail = f"{code} cannot be sent; there are 1000 to 1003, 1007 to 1014 and 3000 to 4999"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-close-code", detail)
        await session.close(code, reason)

    @routes.get("/{station_id}/profile", responses=documented())
    async def get_profile(station_id: StationId) -> JsonObject:
        """Tell how a station is treated."""
        return views.profile(csms.profile(station_id))

    @routes.patch("/{station_id}/profile", responses=documented())
    async def change_profile(station_id: StationId, changes: JsonObject) -> JsonObject:
        """Treat a station differently, now and on its next connection; null takes a change back."""
        try:
            changed = csms.change_profile(
                station_id, {to_snake(name): value for name, value in changes.items()}
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            message = str(first["msg"]).removeprefix("Value error, ")
            detail = f"{where}: {message}"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail) from None
        except ValueError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", str(error)) from None
        return views.profile(changed)

    return routes


def _known(csms: Csms, identity: str) -> Station:
    station = csms.stations.get(identity)
    if station is None:
        hint = closest(identity, csms.stations)
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", f"nothing is known of {identity!r}{hint}")
    return station


def _connected(csms: Csms, identity: str) -> Session:
    _known(csms, identity)
    session = csms.sessions.get(identity)
    if session is None:
        raise Problem(HTTPStatus.CONFLICT, "not-connected", f"{identity} is not connected")
    return session


async def _sent(session: Session, request: CallRequest, payload: Any) -> JsonObject:
    try:
        exchange = await session.exchange(
            request.action, payload, timeout=request.timeout, validate=request.validate_
        )
    except InvalidRequest as error:
        detail = f"the payload breaks the schema of {request.action}: {error}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-payload", detail) from None
    except CallFailed as failure:
        if failure.message_id is None:
            raise Problem(HTTPStatus.CONFLICT, "not-sent", str(failure)) from None
        return _failed(failure)
    said: JsonObject = {"messageId": exchange.message_id, "elapsed": round(exchange.elapsed, 6)}
    if isinstance(exchange.answer, CallError):
        _, code, description, details = exchange.answer
        told = {"errorCode": code, "errorDescription": description, "errorDetails": details}
        return {"outcome": "error", **said, **told}
    broken = {"violation": exchange.violation.description} if exchange.violation else {}
    return {"outcome": "result", **said, "payload": exchange.answer.payload, **broken}


def _default(
    build: Any, nothing_to_do: type[Exception], csms: Csms, station: Station, request: CallRequest
) -> Any:
    if request.action not in set(BY_CSMS):
        return {}
    try:
        return build(request.action, csms, station)
    except nothing_to_do as reason:
        detail = f"{request.action} has no default payload for {station.id} now: {reason}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-to-do", detail) from None


def _failed(failure: CallFailed) -> JsonObject:
    outcomes = {CallTimedOut: "timeout", Disconnected: "disconnected"}
    return {
        "outcome": outcomes.get(type(failure), "error"),
        "messageId": failure.message_id,
        "detail": str(failure),
    }


async def _or_problem(answer: Any) -> JsonObject:
    try:
        said: JsonObject = await answer
    except Problem as problem:
        return {"outcome": "error", "messageId": None, "detail": problem.detail}
    return said
