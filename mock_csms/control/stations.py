"""Stations, what is sent to them, their connections and how they are treated."""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic.alias_generators import to_camel, to_snake

from mock_csms.control import examples, views
from mock_csms.control.problems import Problem, describe, documented, sentence_at
from mock_csms.control.requests import StrictRoute
from mock_csms.csms import Csms
from mock_csms.errors import CallFailed, CallTimedOut, Disconnected, InvalidRequest, NothingToDo
from mock_csms.messages import CallError, JsonObject
from mock_csms.ocppj.exchange import Exchange
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile
from mock_csms.settings.check import Flawed
from mock_csms.stations.station import Station
from mock_csms.text import suggest
from mock_csms.versions import actions_from_csms, actions_from_station

GLOB_PATTERN: Final = re.compile(r"[*?\[]")
MAX_REASON_BYTES: Final = 123
"""Bytes of the reason of a close frame, at most (RFC 6455 5.5.1)."""

StationId = Annotated[str, Path(description="the station's identity", min_length=1, max_length=48)]
StationIds = Annotated[
    str, Path(description="the station's identity, or a glob as `*`", min_length=1, max_length=48)
]
CloseCodeQuery = Annotated[int, Query(description="the close code", ge=1000, le=4999)]
Reason = Annotated[str, Query(description="the reason, at most 123 bytes", max_length=MAX_REASON_BYTES)]
Abort = Annotated[bool, Query(description="drop the TCP connection instead, without a close frame")]
Changes = Annotated[JsonObject, Body(examples=[examples.PROFILE])]


class CallRequest(BaseModel):
    """A command to send."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [examples.CALL_REQUEST]},
    )

    action: Annotated[str, Field(min_length=1, max_length=200)]
    """A command of the station's OCPP version; any action with `"validate": false`."""
    payload: Any = None
    """Sent as it is, null too; the command's default payload for this station if it is left out."""
    timeout: Annotated[FiniteFloat, Field(gt=0, le=3600)] | None = None
    """Seconds to wait for the answer, from sending on; the profile's callTimeout if it is left out."""
    validate_: Annotated[bool, Field(alias="validate")] = True
    """False sends any action and any payload, and does not look at the answer."""


def router(csms: Csms) -> APIRouter:  # noqa: C901 - a list of routes
    """The routes."""
    routes = APIRouter(prefix="/v1/stations", tags=["stations"], route_class=StrictRoute)

    async def send(identity: str, request: CallRequest) -> JsonObject:
        session, payload = _connected(csms, identity), request.payload
        _check_command(session, request)
        if "payload" not in request.model_fields_set:
            payload = _default(session, csms, csms.station(identity), request)
        return await _sent(session, request, payload)

    @routes.get("", responses=documented() | examples.STATIONS)
    async def list_stations() -> list[JsonObject]:
        """List the stations that are known, connected or not."""
        return [views.station_in_short(csms, station) for station in csms.stations.values()]

    @routes.get("/{station_id}", responses=documented(HTTPStatus.NOT_FOUND))
    async def get_station(station_id: StationId) -> JsonObject:
        """Tell all that is known of a station."""
        return views.station_in_full(csms, _known(csms, station_id))

    @routes.post(
        "/{station_id}/calls",
        responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT) | examples.CALLS,
    )
    async def send_call(station_id: StationIds, request: CallRequest) -> JsonObject:
        """Send a command and answer with what the station answers; a glob sends to all who are connected.

        Several at once to the same station are sent one after the other, in their order. `outcome` is
        `result`, `error` (a CALLERROR), `timeout` or `disconnected`; `elapsed` is in seconds from sending.
        One command is one CALL, however long its lists. A problem (404, 409 or 422) says that nothing was
        sent; of a glob, that none of the stations was sent anything.
        """
        if request.validate_ and request.action not in actions_from_csms(csms.ocpp_versions):
            raise _no_command(csms, request.action)
        if station_id in csms.stations or not GLOB_PATTERN.search(station_id):
            return await send(station_id, request)
        meant = _connected_of(csms, station_id)
        answers = await asyncio.gather(*(_or_problem(send(name, request)) for name in meant))
        return dict(zip(meant, _told(answers), strict=True))

    @routes.delete(
        "/{station_id}/connection",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    async def end_connection(
        station_id: StationId, code: CloseCodeQuery = 1000, reason: Reason = "", abort: Abort = False
    ) -> None:
        """Close a station's connection, or drop it."""
        session = _connected(csms, station_id)
        if abort:
            session.connection.drop()
            return
        _check_close(code, reason)
        await session.connection.close(code, reason)

    @routes.get("/{station_id}/profile", responses=documented())
    async def get_profile(station_id: StationId) -> JsonObject:
        """Tell how a station is treated."""
        return views.profile(csms, csms.profile(station_id))

    @routes.patch("/{station_id}/profile", responses=documented())
    async def change_profile(station_id: StationId, changes: Changes) -> JsonObject:
        """Treat a station differently, now and on its next connection; null takes a change back.

        The keys are those that a GET of it shows. A station need not have connected yet.
        """
        try:
            changed = csms.change_profile(station_id, _in_snake_case(changes))
        except ValidationError as error:
            detail = describe(error, to_camel)
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail) from None
        except Flawed as error:
            detail = sentence_at(*error.flaw, to_camel)
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail) from None
        return views.profile(csms, changed)

    return routes


def _no_command(csms: Csms, action: str) -> Problem:
    hint = suggest(action, actions_from_csms(csms.ocpp_versions)) or '; with "validate": false any is sent'
    why = (
        f"{action} is a message of a station"
        if action in actions_from_station(csms.ocpp_versions)
        else f"there is no command {action!r}"
    )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-command", f"{why}{hint}")


def _check_command(session: Session, request: CallRequest) -> None:
    """Check that the station's version has a command; raises Problem."""
    version, action = session.version, request.action
    if request.validate_ and action not in version.from_csms:
        detail = f"{session.station.id} speaks OCPP {version.name}, which has no command {action!r}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-command", detail)


def _check_close(code: int, reason: str) -> None:
    """See whether a close frame can have them; raises Problem."""
    if code not in {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}:
        detail = f"{code} cannot be sent; there are 1000 to 1003, 1007 to 1014 and 3000 to 4999"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-close-code", detail)
    if len(reason.encode()) > MAX_REASON_BYTES:
        detail = f"the reason has {len(reason.encode())} bytes, and at most {MAX_REASON_BYTES} can be sent"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-close-reason", detail)


def _in_snake_case(changes: JsonObject) -> JsonObject:
    """Name what is changed as the settings do; raises Problem for what they do not know."""
    named = {to_snake(name): value for name, value in changes.items()}
    for name, known in zip(changes, named, strict=False):
        if known not in Profile.model_fields:
            hint = suggest(name, map(to_camel, Profile.model_fields))
            detail = f"there is no key {name!r}{hint}"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail)
    return named


def _connected_of(csms: Csms, glob: str) -> list[str]:
    """The connected stations that a glob is about; raises Problem if there is none."""
    meant = [name for name in csms.sessions if fnmatchcase(name, glob)]
    if not meant and any(fnmatchcase(name, glob) for name in csms.stations):
        raise Problem(HTTPStatus.CONFLICT, "not-connected", f"none of {glob!r} is connected")
    if not meant:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", f"nothing is known of {glob!r}")
    return meant


def _known(csms: Csms, identity: str) -> Station:
    station = csms.stations.get(identity)
    if station is None:
        hint = suggest(identity, csms.stations)
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
    return _answered(exchange)


def _answered(exchange: Exchange) -> JsonObject:
    said: JsonObject = {"messageId": exchange.message_id, "elapsed": round(exchange.elapsed, 6)}
    if isinstance(exchange.answer, CallError):
        _, code, description, details = exchange.answer
        told = {"errorCode": code, "errorDescription": description, "errorDetails": details}
        return {"outcome": "error", **said, **told}
    broken = {"violation": exchange.violation.description} if exchange.violation else {}
    return {"outcome": "result", **said, "payload": exchange.answer.payload, **broken}


def _default(session: Session, csms: Csms, station: Station, request: CallRequest) -> Any:
    served = csms.served(session)
    if request.action not in served.commands:
        return {}
    try:
        return served.build(request.action, csms, station)
    except NothingToDo as reason:
        detail = f"{request.action} has no default payload for {station.id} now: {reason}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-to-do", detail) from None


def _failed(failure: CallFailed) -> JsonObject:
    outcomes = {CallTimedOut: "timeout", Disconnected: "disconnected"}
    return {
        "outcome": outcomes.get(type(failure), "error"),
        "messageId": failure.message_id,
        "elapsed": round(failure.elapsed, 6),
        "detail": str(failure),
    }


async def _or_problem(answer: Awaitable[JsonObject]) -> JsonObject | Problem:
    try:
        return await answer
    except Problem as problem:
        return problem


def _told(answers: Sequence[JsonObject | Problem]) -> list[JsonObject]:
    """Tell what came of each command; raises Problem if none was sent at all."""
    problems = [answer for answer in answers if isinstance(answer, Problem)]
    if problems and len(problems) == len(answers):
        raise problems[0]
    return [
        {"outcome": "error", "messageId": None, "detail": it.detail} if isinstance(it, Problem) else it
        for it in answers
    ]
