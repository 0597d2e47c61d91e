"""Route that sends a command to one or several stations."""

import asyncio
from fnmatch import fnmatchcase
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from mock_csms.control.call_outcomes import answer_or_problem, outcomes_of
from mock_csms.control.models.base import answer
from mock_csms.control.models.calls import CallAnswer, CallRequest
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.control.sending import check_command, send_at_connect, send_on
from mock_csms.control.stations import StationIds, session_of
from mock_csms.csms import Csms
from mock_csms.journal.globs import is_glob
from mock_csms.messages import JsonObject


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/stations", tags=["commands"], route_class=StrictRoute)

    async def send(identity: str, request: CallRequest) -> JsonObject:
        return await send_on(csms, session_of(csms, identity), request)

    @routes.post(
        "/{station_id:name}/calls",
        responses=documented(
            "unknown-station",
            "not-connected",
            "not-sent",
            "unknown-command",
            "invalid-payload",
            "list-too-long",
            "nothing-to-do",
            "not-one-station",
            "not-connected-in-time",
            "too-many-waits",
        )
        | answer(CallAnswer, "The outcome; for a glob such as `*`, the outcome for each identity"),
    )
    async def send_call(station_id: StationIds, request: CallRequest) -> Response:
        """Send a command and return the answer. With a glob, send it to all matching connected stations.

        The identity of a known station means this station only, except that `*` always means all stations.
        In a glob, `[*]`, `[?]` and `[[]` match a literal `*`, `?` and `[`.

        Concurrent commands to the same station are sent one after the other, in order of arrival. `outcome`
        is `result`, `error` (such as a CALLERROR), `timeout` or `disconnected`; `elapsed` is the number of
        seconds since sending. A problem (404, 408, 409 or 422) means that nothing was sent to any station.

        A list that is longer than the station accepts is a problem (422), unless `split` is true. With
        `when`, name one station, which need not be connected or known; the command is sent at its *next*
        connection, even if the station is connected now. Several commands for the same connection are sent
        in order of arrival: the first one before the server answers any message, each further one after the
        answer to the previous one.
        """
        check_command(csms, request)
        station_id = csms.spelling(station_id)
        is_one = (station_id in csms.stations and station_id != "*") or not is_glob(station_id)
        if request.when is not None:
            return json_response(await send_at_connect(csms, _one(station_id, is_one=is_one), request))
        if is_one:
            return json_response(await send(station_id, request))
        identities = _connected_identities(csms, station_id)
        answers = await asyncio.gather(*(answer_or_problem(send(name, request)) for name in identities))
        return json_response(dict(zip(identities, outcomes_of(answers), strict=True)))

    return routes


def _one(station_id: str, *, is_one: bool) -> str:
    """Return the identity of one station; raises Problem for a glob."""
    if not is_one:
        detail = f'"when": "connected" waits for one station; name each station instead of {station_id!r}'
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-one-station", detail)
    return station_id


def _connected_identities(csms: Csms, glob: str) -> list[str]:
    """Identities of the connected stations that match a glob; raises Problem if no station does."""
    matching = [name for name in csms.sessions if fnmatchcase(name, glob)]
    if not matching and any(fnmatchcase(name, glob) for name in csms.stations):
        raise Problem(HTTPStatus.CONFLICT, "not-connected", f"no station that matches {glob!r} is connected")
    if not matching:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", f"no station that matches {glob!r} is known")
    return matching
