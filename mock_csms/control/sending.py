"""Sends commands to stations: at once or at the next connection, in one CALL or in several CALLs."""

import asyncio
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, Final

import orjson

from mock_csms.control.call_outcomes import (
    answer_or_problem,
    answer_outcome,
    failure_outcome,
    joint_outcome,
    part_outcome,
)
from mock_csms.control.models.calls import CallRequest
from mock_csms.control.problems import Problem
from mock_csms.csms import Csms
from mock_csms.errors import CallFailed, InvalidRequest, NothingToDo, UnfitRequest
from mock_csms.messages import JsonObject
from mock_csms.ocppj.exchange import retrieve_exception
from mock_csms.ocppj.session import Session
from mock_csms.stations.arrivals import TooManyWaiting
from mock_csms.text import suggest
from mock_csms.versions import CommandParts, actions_from_csms, actions_from_station, having

DEFAULT_WITHIN_S: Final = 60.0
"""Seconds to wait for a station to connect, unless the request has ``within``."""


async def send_on(csms: Csms, session: Session, request: CallRequest) -> JsonObject:
    """Send a command to a connected station, and return its outcome. Raises Problem if nothing was sent.

    The event streams are flushed, so that a client that follows them gets the frames as early as the outcome.
    """
    try:
        return await _send_on(csms, session, request)
    finally:
        csms.records.feed.flush()


async def _send_on(csms: Csms, session: Session, request: CallRequest) -> JsonObject:
    _check_version(session, request)
    identity, payload = session.station.id, request.payload
    if "payload" not in request.model_fields_set:
        payload = _default_payload(csms, session, request)
    elif request.validate_:
        payload = _filled_in(payload, csms, identity)
    if not request.validate_ or not isinstance(payload, dict):
        return await exchange(session, request, payload)
    parts = csms.served(session).split(request.action, payload, csms, session)
    if request.split:
        return await _exchange_parts(session, request, payload, parts)
    if len(parts.payloads) > 1:
        detail = (
            f"{session.station.id} accepts {parts.limit}; "
            '"split": true sends it in parts, and "validate": false sends it as it is'
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "list-too-long", detail)
    return await exchange(session, request, payload)


async def exchange(session: Session, request: CallRequest, payload: Any) -> JsonObject:
    """Send one CALL, and return its outcome; raises Problem if it was not sent."""
    try:
        answered = await session.exchange(
            request.action, payload, timeout=request.timeout, validate=request.validate_
        )
    except InvalidRequest as error:
        raise _invalid_payload(request, error) from None
    except UnfitRequest as error:
        detail = f'{request.action} must not be sent: {error}; "validate": false sends it anyway'
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-payload", detail) from None
    except CallFailed as failure:
        if failure.message_id is None:
            hint = '; "validate": false sends it anyway' if _is_rejected(session, request) else ""
            raise Problem(HTTPStatus.CONFLICT, "not-sent", f"{failure}{hint}") from None
        return failure_outcome(failure)
    return answer_outcome(answered)


async def _exchange_parts(
    session: Session, request: CallRequest, payload: JsonObject, parts: CommandParts
) -> JsonObject:
    """Send the parts of a command one after the other, and return their joint outcome.

    Raises Problem if the payload is invalid or the first part was not sent.

    No further part is sent after the connection has ended, or after the station has refused a part without
    which later parts are useless.
    """
    try:
        session.validate_request(request.action, payload)  # an invalid item may be in a later part
    except InvalidRequest as error:
        raise _invalid_payload(request, error) from None
    outcomes: list[JsonObject] = []
    for part in parts.payloads:
        answer = await answer_or_problem(exchange(session, request, part))
        if isinstance(answer, Problem) and not outcomes:
            raise answer
        outcomes.append(outcome := part_outcome(part, answer))
        is_refused = outcome["outcome"] != "result" or session.version.is_refusal(outcome["payload"])
        if isinstance(answer, Problem) or outcome["outcome"] == "disconnected":
            break
        if is_refused and parts.end_at_refusal:
            break
    return joint_outcome(session.version, outcomes)


async def send_at_connect(csms: Csms, identity: str, request: CallRequest) -> JsonObject:
    """Send a command when a station connects next, and return its outcome.

    It is sent at once on the new connection, before the first message of the station is read. Raises Problem
    if the station does not connect in time.
    """
    _check_payload_in_any_version(csms, identity, request)
    sending: asyncio.Future[asyncio.Task[JsonObject]] = asyncio.get_running_loop().create_future()

    def begin(session: Session) -> None:
        if not sending.done():
            sending.set_result(_started(send_on(csms, session, request)))

    seconds = DEFAULT_WITHIN_S if request.within is None else request.within
    try:
        with csms.arrivals.waiting(identity, begin):
            await asyncio.wait([sending], timeout=seconds)
    except TooManyWaiting as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-many-waits", str(error)) from None
    if not sending.done():
        detail = f"{identity} did not connect within {seconds:g} s, so {request.action} was not sent"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "not-connected-in-time", detail)
    return await sending.result()


def _started(work: Coroutine[Any, Any, JsonObject]) -> asyncio.Task[JsonObject]:
    """Run a coroutine up to its first wait at once, and return the task that runs the remainder."""
    task = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
    task.add_done_callback(retrieve_exception)
    return task


def _check_payload_in_any_version(csms: Csms, identity: str, request: CallRequest) -> None:
    """Raise Problem if the payload is invalid in all versions; the version of the next connection is not
    known yet.
    """
    if not request.validate_ or "payload" not in request.model_fields_set:
        return
    payload = _filled_in(request.payload, csms, identity)
    versions = list(having(csms.ocpp_versions, request.action, from_station=False))
    checked = (version.request(request.action).violation_when_sent(payload) for version in versions)
    violations = [violation for violation in checked if violation is not None]
    if violations and len(violations) == len(versions):
        raise _invalid_payload(request, InvalidRequest(violations[0].found))


def _filled_in(payload: Any, csms: Csms, identity: str) -> Any:
    """Return a payload with its placeholders filled in; raises Problem for an unknown placeholder."""
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


def check_command(csms: Csms, request: CallRequest) -> None:
    """Raise Problem unless a served OCPP version has the command."""
    action = request.action
    if not request.validate_ or action in actions_from_csms(csms.ocpp_versions):
        return
    hint = suggest(action, actions_from_csms(csms.ocpp_versions)) or '; "validate": false sends any action'
    reason = (
        f"{action} is a message from stations, not a command"
        if action in actions_from_station(csms.ocpp_versions)
        else f"there is no command {action!r}"
    )
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-command", f"{reason}{hint}")


def _check_version(session: Session, request: CallRequest) -> None:
    """Raise Problem unless the station's OCPP version has the command."""
    version, action = session.version, request.action
    if request.validate_ and action not in version.from_csms:
        detail = f"{session.station.id} speaks OCPP {version.name}, which has no command {action!r}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-command", detail)


def _invalid_payload(request: CallRequest, error: InvalidRequest) -> Problem:
    detail = f"the payload breaks the schema of {request.action}: {error}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-payload", detail)


def _is_rejected(session: Session, request: CallRequest) -> bool:
    """Whether a command was not sent because the boot of the station was Rejected (B03.FR.03)."""
    return request.validate_ and session.station.registration == "Rejected"


def _default_payload(csms: Csms, session: Session, request: CallRequest) -> Any:
    served, station = csms.served(session), session.station
    if request.action not in served.commands:
        return {}
    try:
        return served.build(request.action, csms, station)
    except NothingToDo as reason:
        detail = f"{request.action} has no default payload for {station.id} now: {reason}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-to-do", detail) from None
