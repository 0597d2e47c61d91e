"""Stations: their state, commands to them, their connections and profiles."""

import asyncio
from collections.abc import Awaitable, Sequence
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, HTTPException, Path, Query
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic.alias_generators import to_camel, to_snake

from mock_csms.behaviour.faults import LONGEST_REASON, CloseConnection
from mock_csms.behaviour.rulebook import TooManyRules
from mock_csms.control import examples, views
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, describe, documented, sentence_at
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import encoded_list, json_response
from mock_csms.csms import Csms
from mock_csms.errors import CallFailed, CallTimedOut, Disconnected, InvalidRequest, NothingToDo
from mock_csms.journal.store import is_glob
from mock_csms.messages import CallError, JsonObject
from mock_csms.ocppj.exchange import Exchange
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile
from mock_csms.settings.check import Flawed
from mock_csms.stations.station import Station
from mock_csms.text import suggest
from mock_csms.transport.handshake import MAX_IDENTITY_LENGTH
from mock_csms.versions import actions_from_csms, actions_from_station

MAX_CHANGED_PROFILES: Final = 20_000
"""Maximum number of stations with a changed profile."""


def _identity(text: str) -> str:
    identity = unmarked(text)
    if len(identity) > MAX_IDENTITY_LENGTH:
        raise ValueError(f"an identity has at most {MAX_IDENTITY_LENGTH} characters")
    return identity


StationId = Annotated[
    str,
    Path(description="the station's identity; write a slash as `%2F`", min_length=1),
    AfterValidator(_identity),
]
StationIds = Annotated[
    str,
    Path(description="the station's identity, or a glob such as `*`; write a slash as `%2F`", min_length=1),
    AfterValidator(_identity),
]
CloseCodeQuery = Annotated[int, Query(description="the close code", ge=1000, le=4999)]
Reason = Annotated[str, Query(description="the reason, at most 123 bytes", max_length=LONGEST_REASON)]
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
    """A command of the station's OCPP version; with `"validate": false`, any action."""
    payload: Any = None
    """Payload to send unchanged, even null; if omitted, the command's default payload for this station."""
    timeout: Annotated[FiniteFloat, Field(gt=0, le=3600)] | None = None
    """Seconds to wait for the answer after sending; if omitted, the profile's callTimeout."""
    validate_: Annotated[bool, Field(alias="validate")] = True
    """If false, any action with any payload is sent, and the answer is not validated."""


def router(csms: Csms) -> APIRouter:  # noqa: C901 - a list of routes
    """The routes."""
    routes = APIRouter(prefix="/v1/stations", tags=["stations"], route_class=StrictRoute)

    async def send(identity: str, request: CallRequest) -> JsonObject:
        session, payload = _session(csms, identity), request.payload
        _check_command(session, request)
        if "payload" not in request.model_fields_set:
            payload = _default_payload(session, csms, csms.station(identity), request)
        return await _exchange(session, request, payload)

    @routes.get("", responses=documented() | examples.STATIONS)
    async def list_stations() -> Response:
        """List the known stations, connected or not."""
        stations = list(csms.stations.values())
        return json_response(
            await encoded_list(views.station_in_short(csms, station) for station in stations)
        )

    @routes.post(
        "/{station_id:name}/calls",
        responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT) | examples.CALLS,
    )
    async def send_call(station_id: StationIds, request: CallRequest) -> Response:
        """Send a command and return the station's answer; a glob sends to all matching connected stations.

        The identity of a known station means this station only, except that `*` always means all stations.
        `[*]`, `[?]` and `[[]` in a glob stand for these characters.

        Concurrent commands to the same station are sent one after the other, in order of arrival. `outcome`
        is `result`, `error` (a CALLERROR), `timeout` or `disconnected`; `elapsed` is the number of seconds
        since sending. A command is sent as one CALL, however long its lists are. A problem (404, 409 or 422)
        means that nothing was sent; for a glob, that nothing was sent to any station.
        """
        if request.validate_ and request.action not in actions_from_csms(csms.ocpp_versions):
            raise _unknown_command(csms, request.action)
        station_id = csms.spelling(station_id)
        if (station_id in csms.stations and station_id != "*") or not is_glob(station_id):
            return json_response(await send(station_id, request))
        identities = _connected_identities(csms, station_id)
        answers = await asyncio.gather(*(_answer_or_problem(send(name, request)) for name in identities))
        return json_response(dict(zip(identities, _outcomes(answers), strict=True)))

    @routes.delete(
        "/{station_id:name}/connection",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    async def end_connection(
        station_id: StationId, code: CloseCodeQuery = 1000, reason: Reason = "", abort: Abort = False
    ) -> None:
        """Close a station's connection with a close frame, or drop it with `abort`."""
        session = _session(csms, csms.spelling(station_id))
        if abort:
            session.connection.drop()
            return
        _check_close_frame(code, reason)
        await session.connection.close(code, reason)

    @routes.get("/{station_id:name}/profile", responses=documented())
    async def get_profile(station_id: StationId) -> JsonObject:
        """Show the profile of a station: the settings that apply to it."""
        return views.profile(csms, csms.profile(csms.spelling(station_id)))

    @routes.patch("/{station_id:name}/profile", responses=documented(HTTPStatus.CONFLICT))
    async def change_profile(station_id: StationId, changes: Changes) -> JsonObject:
        """Change settings of one station, for this connection and later ones; null reverts a change.

        The keys are the same as in the answer to GET. The station need not have connected yet.
        """
        station_id = csms.spelling(station_id)
        if len(csms.profile_changes) >= MAX_CHANGED_PROFILES and station_id not in csms.profile_changes:
            detail = (
                f"{MAX_CHANGED_PROFILES} stations have a changed profile, the maximum; POST /v1/reset first"
            )
            raise Problem(HTTPStatus.CONFLICT, "too-many-profiles", detail)
        try:
            changed = csms.change_profile(station_id, _to_setting_names(changes))
        except ValidationError as error:
            detail = describe(error, to_camel)
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail) from None
        except TooManyRules as error:
            raise Problem(HTTPStatus.CONFLICT, "too-many-rules", f"faults: {error}") from None
        except Flawed as error:
            detail = sentence_at(*error.flaw, to_camel)
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail) from None
        return views.profile(csms, changed)

    @routes.get("/{station_id:name}", responses=documented(HTTPStatus.NOT_FOUND))
    async def get_station(station_id: StationId) -> Response:
        """Show the full state of a station."""
        station_id = csms.spelling(station_id)
        if station_id not in csms.stations and station_id.endswith(("/calls", "/connection")):
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
        return json_response(await views.station_in_full(csms, _known_station(csms, station_id)))

    return routes


def _unknown_command(csms: Csms, action: str) -> Problem:
    hint = suggest(action, actions_from_csms(csms.ocpp_versions)) or '; "validate": false sends any action'
    reason = (
        f"{action} is a message from stations, not a command"
        if action in actions_from_station(csms.ocpp_versions)
        else f"there is no command {action!r}"
    )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-command", f"{reason}{hint}")


def _check_command(session: Session, request: CallRequest) -> None:
    """Raise Problem unless the station's OCPP version has the command."""
    version, action = session.version, request.action
    if request.validate_ and action not in version.from_csms:
        detail = f"{session.station.id} speaks OCPP {version.name}, which has no command {action!r}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-command", detail)


def _check_close_frame(code: int, reason: str) -> None:
    """Raise Problem unless a close frame can carry the code and the reason, as for the fault `close`."""
    try:
        CloseConnection(code=code, reason=reason)
    except ValidationError as error:
        field = error.errors(include_url=False)[0]["loc"][0]
        kind = f"invalid-close-{field}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind, describe(error)) from None


def _to_setting_names(changes: JsonObject) -> JsonObject:
    """Translate camelCase keys to names of settings; raises Problem for an unknown key."""
    renamed = {to_snake(key): value for key, value in changes.items()}
    for key, setting in zip(changes, renamed, strict=False):
        if setting not in Profile.model_fields:
            hint = suggest(key, [to_camel(name) for name in Profile.model_fields])
            detail = f"there is no key {key!r}{hint}"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail)
    return renamed


def _connected_identities(csms: Csms, glob: str) -> list[str]:
    """Identities of the connected stations that match a glob; raises Problem if no station does."""
    matching = [name for name in csms.sessions if fnmatchcase(name, glob)]
    if not matching and any(fnmatchcase(name, glob) for name in csms.stations):
        raise Problem(HTTPStatus.CONFLICT, "not-connected", f"no station that matches {glob!r} is connected")
    if not matching:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", f"no station that matches {glob!r} is known")
    return matching


def _known_station(csms: Csms, identity: str) -> Station:
    station = csms.stations.get(identity)
    if station is None:
        hint = suggest(identity, csms.stations)
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", f"no station {identity!r} is known{hint}")
    return station


def _session(csms: Csms, identity: str) -> Session:
    _known_station(csms, identity)
    session = csms.sessions.get(identity)
    if session is None:
        raise Problem(HTTPStatus.CONFLICT, "not-connected", f"{identity} is not connected")
    return session


async def _exchange(session: Session, request: CallRequest, payload: Any) -> JsonObject:
    try:
        exchange = await session.exchange(
            request.action, payload, timeout=request.timeout, validate=request.validate_
        )
    except InvalidRequest as error:
        detail = f"the payload breaks the schema of {request.action}: {error}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-payload", detail) from None
    except CallFailed as failure:
        if failure.message_id is None:
            hint = '; "validate": false sends it anyway' if _is_rejected(session, request) else ""
            raise Problem(HTTPStatus.CONFLICT, "not-sent", f"{failure}{hint}") from None
        return _failure_outcome(failure)
    return _answer_outcome(exchange)


def _is_rejected(session: Session, request: CallRequest) -> bool:
    """Whether a command was not sent because the boot of the station was Rejected (B03.FR.03)."""
    return request.validate_ and session.station.registration == "Rejected"


def _answer_outcome(exchange: Exchange) -> JsonObject:
    sent: JsonObject = {"messageId": exchange.message_id, "elapsed": round(exchange.elapsed, 6)}
    if isinstance(exchange.answer, CallError):
        _, code, description, details = exchange.answer
        error = {"errorCode": code, "errorDescription": description, "errorDetails": details}
        return {"outcome": "error", **sent, **error}
    violation = {"violation": exchange.violation.description} if exchange.violation else {}
    return {"outcome": "result", **sent, "payload": exchange.answer.payload, **violation}


def _default_payload(session: Session, csms: Csms, station: Station, request: CallRequest) -> Any:
    served = csms.served(session)
    if request.action not in served.commands:
        return {}
    try:
        return served.build(request.action, csms, station)
    except NothingToDo as reason:
        detail = f"{request.action} has no default payload for {station.id} now: {reason}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-to-do", detail) from None


def _failure_outcome(failure: CallFailed) -> JsonObject:
    outcomes = {CallTimedOut: "timeout", Disconnected: "disconnected"}
    return {
        "outcome": outcomes.get(type(failure), "error"),
        "messageId": failure.message_id,
        "elapsed": round(failure.elapsed, 6),
        "detail": str(failure),
    }


async def _answer_or_problem(answer: Awaitable[JsonObject]) -> JsonObject | Problem:
    try:
        return await answer
    except Problem as problem:
        return problem


def _outcomes(answers: Sequence[JsonObject | Problem]) -> list[JsonObject]:
    """Outcome of each command; raises the first Problem if no command was sent."""
    problems = [answer for answer in answers if isinstance(answer, Problem)]
    if problems and len(problems) == len(answers):
        raise problems[0]
    return [
        {"outcome": "error", "messageId": None, "detail": answer.detail}
        if isinstance(answer, Problem)
        else answer
        for answer in answers
    ]
