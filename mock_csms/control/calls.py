"""Commands to stations: single commands, and commands that were held back."""

import asyncio
from collections.abc import Awaitable, Sequence
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from mock_csms.control import examples
from mock_csms.control.models.base import answer
from mock_csms.control.models.calls import CallAnswer, ReleasedCommands
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.control.stations import StationId, StationIds, session_of
from mock_csms.csms import Csms
from mock_csms.errors import CallFailed, CallTimedOut, Disconnected, InvalidRequest, NothingToDo, UnfitRequest
from mock_csms.journal.store import is_glob
from mock_csms.messages import CallError, JsonObject
from mock_csms.ocppj.exchange import Exchange
from mock_csms.ocppj.session import Session
from mock_csms.stations.station import Station
from mock_csms.text import suggest
from mock_csms.versions import actions_from_csms, actions_from_station


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
    """Payload to send, even null; if omitted, the command's default payload for this station.

    Placeholders such as `{{certificate.root}}` are filled in as in rules, but not with `"validate": false`.
    """
    timeout: Annotated[FiniteFloat, Field(gt=0, le=3600)] | None = None
    """Seconds to wait for the answer after sending; if omitted, the profile's callTimeout."""
    validate_: Annotated[bool, Field(alias="validate")] = True
    """If false, any action with any payload is sent, and the answer is not validated."""


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/stations", tags=["stations"], route_class=StrictRoute)

    async def send(identity: str, request: CallRequest) -> JsonObject:
        session, payload = session_of(csms, identity), request.payload
        _check_command(session, request)
        if "payload" not in request.model_fields_set:
            payload = _default_payload(session, csms, csms.station(identity), request)
        elif request.validate_:
            payload = _filled_in(payload, csms, identity)
        return await _exchange(session, request, payload)

    @routes.post(
        "/{station_id:name}/calls",
        responses=documented(
            "unknown-station",
            "not-connected",
            "not-sent",
            "unknown-command",
            "invalid-payload",
            "nothing-to-do",
        )
        | answer(CallAnswer, "The outcome; for a glob such as `*`, the outcome for each identity"),
    )
    async def send_call(station_id: StationIds, request: CallRequest) -> Response:
        """Send a command to a station, or to all connected stations that match a glob, and return the answer.

        The identity of a known station means this station only, except that `*` always means all stations.
        `[*]`, `[?]` and `[[]` in a glob stand for these characters.

        Concurrent commands to the same station are sent one after the other, in order of arrival. `outcome`
        is `result`, `error` (a CALLERROR), `timeout` or `disconnected`; `elapsed` is the number of seconds
        since sending. A command is sent as one CALL, however long its lists are. A problem (404, 409 or 422)
        means that nothing was sent to any station.
        """
        if request.validate_ and request.action not in actions_from_csms(csms.ocpp_versions):
            raise _unknown_command(csms, request.action)
        station_id = csms.spelling(station_id)
        if (station_id in csms.stations and station_id != "*") or not is_glob(station_id):
            return json_response(await send(station_id, request))
        identities = _connected_identities(csms, station_id)
        answers = await asyncio.gather(*(_answer_or_problem(send(name, request)) for name in identities))
        return json_response(dict(zip(identities, _outcomes(answers), strict=True)))

    @routes.post(
        "/{station_id:name}/release",
        responses=documented("unknown-station", "not-connected", "nothing-held")
        | answer(ReleasedCommands, "The commands with their outcomes"),
    )
    async def release(station_id: StationId) -> Response:
        """Send the commands that were held back for a station, such as CertificateSigned, the oldest first.

        Each entry has the command with its outcome, as for `/calls`. If nothing is held, the answer is 409.
        """
        session = session_of(csms, csms.spelling(station_id))
        return json_response(await _released(session))

    return routes


def _filled_in(payload: Any, csms: Csms, identity: str) -> Any:
    """Fill in the placeholders of a payload; raises Problem for an unknown one."""
    try:
        if b"{{" not in orjson.dumps(payload):
            return payload
    except TypeError:  # nested too deeply; the schema rejects it later
        return payload
    try:
        return csms.filled_in(payload, identity)
    except ValueError as error:
        detail = f"the payload cannot be filled in: {error}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-payload", detail) from None


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


def _connected_identities(csms: Csms, glob: str) -> list[str]:
    """Identities of the connected stations that match a glob; raises Problem if no station does."""
    matching = [name for name in csms.sessions if fnmatchcase(name, glob)]
    if not matching and any(fnmatchcase(name, glob) for name in csms.stations):
        raise Problem(HTTPStatus.CONFLICT, "not-connected", f"no station that matches {glob!r} is connected")
    if not matching:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", f"no station that matches {glob!r} is known")
    return matching


async def _released(session: Session) -> list[JsonObject]:
    """Send the held commands of a station; raises Problem if nothing is held."""
    released = []
    while session.connection.is_open and (command := session.next_held()):
        request = CallRequest(action=command.action, payload=command.payload)
        outcome = await _answer_or_problem(_exchange(session, request, command.payload))
        released.append({"action": command.action, "request": command.payload, **_outcome_of(outcome)})
    if not released:
        detail = f'nothing is held for {session.station.id}; certificates = "hold" holds signed certificates'
        raise Problem(HTTPStatus.CONFLICT, "nothing-held", detail)
    return released


async def _exchange(session: Session, request: CallRequest, payload: Any) -> JsonObject:
    try:
        exchange = await session.exchange(
            request.action, payload, timeout=request.timeout, validate=request.validate_
        )
    except InvalidRequest as error:
        detail = f"the payload breaks the schema of {request.action}: {error}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-payload", detail) from None
    except UnfitRequest as error:
        detail = f'{request.action} may not be sent: {error}; "validate": false sends it anyway'
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
    return [_outcome_of(answer) for answer in answers]


def _outcome_of(answer: JsonObject | Problem) -> JsonObject:
    if isinstance(answer, Problem):
        return {"outcome": "error", "messageId": None, "detail": answer.detail}
    return answer
