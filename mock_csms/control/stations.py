"""Stations: their state, connections and profiles."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, HTTPException, Path, Query
from fastapi.responses import Response
from pydantic import AfterValidator, ValidationError
from pydantic.alias_generators import to_camel, to_snake

from mock_csms.behaviour.faults import LONGEST_REASON, CloseConnection
from mock_csms.control import views
from mock_csms.control.flaws import describe
from mock_csms.control.models.base import Responses, ShownAs, answer
from mock_csms.control.models.profiles import ProfileChange, ProfileView
from mock_csms.control.models.stations import StationList, StationState
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, documented
from mock_csms.control.profile_changes import apply_changes
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.control.scopes import ScopeHeader
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile
from mock_csms.stations.station import Station
from mock_csms.text import suggest
from mock_csms.transport.handshake import MAX_IDENTITY_LENGTH


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
CloseReason = Annotated[str, Query(description="the reason, at most 123 bytes", max_length=LONGEST_REASON)]
Abort = Annotated[bool, Query(description="drop the TCP connection instead, without a close frame")]
Changes = Annotated[JsonObject, Body(), ShownAs(ProfileChange)]
ChangedSince = Annotated[
    int,
    Query(
        alias="changedSince",
        description="only stations that may have changed since the journal entry with this number; 0 means "
        "all",
        ge=0,
    ),
]

LAST_ENTRY: Final = "X-Last-Entry"
STATIONS: Final = "X-Stations"
LISTED: Final[Responses] = answer(StationList, "The stations")
LISTED[HTTPStatus.OK]["headers"] = {
    LAST_ENTRY: {
        "description": "number of the newest journal entry, for `changedSince` of the next request",
        "schema": {"type": "integer"},
    },
    STATIONS: {
        "description": "number of all known stations, listed or not",
        "schema": {"type": "integer"},
    },
}
CHANGED: Final = "X-Changed"

PATHS_WITHOUT_GET: Final = ("/calls", "/connection", "/password", "/release")
"""Ends of the paths of a station that do not accept GET.

A GET of such a path matches ``/v1/stations/{station_id}``, as if its end belonged to the identity.
"""


def _profile(description: str) -> Responses:
    """Return the OpenAPI response with the profile of a station (its settings) and the header X-Changed."""
    documentation = answer(ProfileView, description)
    documentation[HTTPStatus.OK]["headers"] = {
        CHANGED: {
            "description": "keys of the settings that PATCH has changed, separated by commas",
            "schema": {"type": "string"},
        }
    }
    return documentation


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1/stations", tags=["stations"], route_class=StrictRoute)

    @routes.get("", responses=documented("unknown-event") | LISTED)
    async def list_stations(changed_since: ChangedSince = 0) -> Response:
        """List the known stations, connected or not.

        With `changedSince`, the list has only the stations that may have changed after the journal entry with
        this number. To follow all stations, pass `X-Last-Entry` of each answer to the next request. If
        `X-Stations` then differs from the number of stations that you know, some have been forgotten: list
        all of them again.
        """
        last = _last_entry(csms, changed_since)
        headers = {LAST_ENTRY: str(last), STATIONS: str(len(csms.stations))}
        return json_response(await views.stations_in_short(csms, changed_since), headers=headers)

    @routes.delete(
        "/{station_id:name}/connection",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(
            "unknown-station", "not-connected", "invalid-close-code", "invalid-close-reason"
        ),
    )
    async def end_connection(
        station_id: StationId, code: CloseCodeQuery = 1000, reason: CloseReason = "", abort: Abort = False
    ) -> None:
        """Close a station's connection with a close frame; with `abort`, drop it without a close frame."""
        session = session_of(csms, csms.spelling(station_id))
        if abort:
            session.connection.drop()
            return
        _check_close_frame(code, reason)
        await session.connection.close(code, reason)

    @routes.get("/{station_id:name}/profile", responses=documented() | _profile("The profile"))
    async def get_profile(station_id: StationId) -> Response:
        """Show the profile of a station: the settings that apply to it.

        `X-Changed` names the settings that PATCH has changed.
        """
        station_id = csms.spelling(station_id)
        return _profile_response(csms, station_id, csms.profile(station_id))

    @routes.patch(
        "/{station_id:name}/profile",
        responses=documented("invalid-profile", "too-many-profiles", "too-many-rules", "too-many-scopes")
        | _profile("The changed profile"),
    )
    async def change_profile(station_id: StationId, changes: Changes, scope: ScopeHeader = None) -> Response:
        """Change settings of one station, for this and later connections; null reverts a change.

        The keys are the same as in the answer to GET. The station need not have connected yet.
        """
        station_id = csms.spelling(station_id)
        changed = apply_changes(csms, station_id, _to_setting_names(changes), scope)
        return _profile_response(csms, station_id, changed)

    @routes.get(
        "/{station_id:name}",
        responses=documented("unknown-station", "method-not-allowed") | answer(StationState, "The state"),
    )
    async def get_station(station_id: StationId) -> Response:
        """Show the full state of a station."""
        station_id = csms.spelling(station_id)
        if station_id not in csms.stations and station_id.endswith(PATHS_WITHOUT_GET):
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
        return json_response(await views.station_in_full(csms, known_station(csms, station_id)))

    return routes


def _last_entry(csms: Csms, since: int) -> int:
    """Return the number of the newest journal entry; raises Problem if ``since`` is higher."""
    last = csms.records.journal.last_number
    if since > last:
        detail = (
            f"there is no entry {since} yet, the newest is {last}; if the server has been restarted, list "
            "all stations, without 'changedSince'"
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-event", detail)
    return last


def _check_close_frame(code: int, reason: str) -> None:
    """Raise Problem unless a close frame can have this code and reason; the fault `close` has the same
    limits.
    """
    try:
        CloseConnection(code=code, reason=reason)
    except ValidationError as error:
        field = error.errors(include_url=False)[0]["loc"][0]
        kind = f"invalid-close-{field}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind, describe(error)) from None


def _profile_response(csms: Csms, station_id: str, profile: Profile) -> Response:
    changed = ",".join(map(to_camel, csms.profiles.changes.get(station_id, {})))
    return json_response(views.profile(csms, profile), headers={CHANGED: changed})


def _to_setting_names(changes: JsonObject) -> JsonObject:
    """Translate camelCase keys to names of settings; raises Problem for an unknown key."""
    renamed = {to_snake(key): value for key, value in changes.items()}
    for key, setting in zip(changes, renamed, strict=False):
        if setting not in Profile.model_fields:
            hint = suggest(key, [to_camel(name) for name in Profile.model_fields])
            detail = f"there is no key {key!r}{hint}"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail)
    return renamed


def known_station(csms: Csms, identity: str) -> Station:
    """State of a station; raises Problem if it is not known."""
    station = csms.stations.get(identity)
    if station is None:
        hint = suggest(identity, csms.stations)
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", f"no station {identity!r} is known{hint}")
    return station


def session_of(csms: Csms, identity: str) -> Session:
    """Session of a connected station; raises Problem if the station is unknown or not connected."""
    known_station(csms, identity)
    session = csms.sessions.get(identity)
    if session is None:
        raise Problem(HTTPStatus.CONFLICT, "not-connected", f"{identity} is not connected")
    return session
