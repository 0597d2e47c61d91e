"""Periods in which the mock is offline for a station: it ends the connection and refuses new ones."""

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from mock_csms.control import views
from mock_csms.control.models.base import answer
from mock_csms.control.models.offline import OfflineRequest, OfflineState
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import encoded_list, json_response
from mock_csms.control.stations import StationId
from mock_csms.csms import Csms
from mock_csms.journal.globs import is_glob
from mock_csms.journal.store import format_seconds
from mock_csms.log.output import logger
from mock_csms.stations.offline import MAX_OUTAGES, Outage, TooManyOutages


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1/stations", tags=["stations"], route_class=StrictRoute)
    path = "/{station_id:name}/offline"

    @routes.post(
        path,
        responses=documented("not-one-station", "too-many-offline")
        | answer(OfflineState, "The offline period that has begun"),
    )
    async def go_offline(station_id: StationId, request: OfflineRequest | None = None) -> Response:
        """End the connection of a station and refuse new ones, for a given time or until DELETE is called.

        The station need not be connected, nor known. Other stations are not affected. The refused attempts
        are counted, and are in the journal as `refused`. Another POST begins a new offline period, with no
        attempts counted.
        """
        station_id, request = _one_station(csms, station_id), request or OfflineRequest()
        try:
            outage = csms.outages.begin(station_id, request.refuse, request.for_)
        except TooManyOutages:
            detail = f"the mock is offline for {MAX_OUTAGES} stations already; end some with DELETE"
            raise Problem(HTTPStatus.CONFLICT, "too-many-offline", detail) from None
        csms.records.activities.changed(station_id)
        logger.info("%s  %s %s", station_id, outage, _end_in_words(request.for_))
        await _disconnect(csms, station_id, request.close)
        return await _state(csms, outage)

    @routes.get(
        path,
        responses=documented("not-offline")
        | answer(OfflineState, "The offline period, with the connection attempts so far"),
    )
    async def get_offline(station_id: StationId) -> Response:
        """Show the time at which the mock went offline for a station, and the refused attempts.

        An offline period that is over is shown until DELETE is called.
        """
        return await _state(csms, _found(csms.outages.of, csms.spelling(station_id)))

    @routes.delete(
        path, responses=documented("not-offline") | answer(OfflineState, "The offline period that has ended")
    )
    async def come_back(station_id: StationId) -> Response:
        """Accept connections of a station again, and return the refused attempts with their times."""
        outage = _found(csms.outages.end, csms.spelling(station_id))
        csms.records.activities.changed(outage.station)
        logger.info(
            "%s  the central system is online again; connections refused: %d", outage.station, outage.count
        )
        return await _state(csms, outage)

    return routes


def _one_station(csms: Csms, station_id: str) -> str:
    """Return an identity in the spelling known to the mock; raises Problem for a glob."""
    identity = csms.spelling(station_id)
    if is_glob(identity) and identity not in csms.stations:
        detail = f"the mock goes offline for one station at a time; name each station instead of {identity!r}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-one-station", detail)
    return identity


def _found(find: Callable[[str], Outage | None], identity: str) -> Outage:
    outage = find(identity)
    if outage is None:
        detail = f"the mock is not offline for {identity}; POST to this path takes it offline"
        raise Problem(HTTPStatus.NOT_FOUND, "not-offline", detail)
    return outage


def _end_in_words(seconds: float | None) -> str:
    return "until DELETE" if seconds is None else f"for {seconds:g} s"


async def _disconnect(csms: Csms, identity: str, close_code: int | None) -> None:
    """End the connection of a station, if it is connected, and wait until it has ended."""
    session = csms.sessions.get(identity)
    if session is None:
        return
    if close_code is None:
        session.connection.drop()
        await session.connection.wait_closed()
    else:
        await session.connection.close(close_code, "the central system goes offline")


async def _state(csms: Csms, outage: Outage) -> Response:
    attempts = [
        {"time": format_seconds(attempt.time), "remote": attempt.remote, "listener": attempt.listener}
        for attempt in outage.attempts
    ]
    return json_response({**views.outage(csms, outage), "attempts": await encoded_list(attempts)})
