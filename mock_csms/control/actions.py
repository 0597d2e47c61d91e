"""The actions of each OCPP version: their schemas, and the payloads that the mock would send."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from msgspec import Raw
from pydantic import AfterValidator

from mock_csms.control.models.actions import (
    ActionDetails,
    ActionList,
    Sender,
)
from mock_csms.control.models.base import answer
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.control.stations import known_station
from mock_csms.csms import Csms, ServedVersion
from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.ocppj.session import Session
from mock_csms.stations.station import Station
from mock_csms.text import suggest
from mock_csms.versions import OcppVersion

ActionName = Annotated[
    str,
    Path(description="the action, such as `Reset`", min_length=1, max_length=200),
    AfterValidator(unmarked),
]
OfStation = Annotated[
    str | None,
    Query(
        description="identity of a station; the default payload then depends on its reports. Without this "
        "parameter, the default payload is that for a station without reports",
        max_length=48,
    ),
]
BLANK_STATION_ID: Final = "station"
"""Identity of the placeholder station for requests without a station; it appears only in certificates."""


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/actions", tags=["commands"], route_class=StrictRoute)

    @routes.get("", responses=documented() | answer(ActionList, "The actions"))
    async def list_actions() -> Response:
        """List the actions of every served OCPP version."""
        return json_response(
            [
                {
                    "version": version.name,
                    "subprotocol": version.subprotocol,
                    "fromStation": _in_short(version, version.from_station),
                    "fromCsms": _in_short(version, version.from_csms),
                }
                for version in csms.ocpp_versions
            ]
        )

    @routes.get(
        "/{action:name}",
        responses=documented("unknown-action", "unknown-station") | answer(ActionDetails, "The action"),
    )
    async def show_action(action: ActionName, station: OfStation = None) -> Response:
        """Show the schemas of an action, and the payload that the mock sends by default.

        The default payload depends on the settings, and on the reports and messages of the station.
        """
        if station is None:
            return json_response(_details(csms, _served(csms, action), action, Station(BLANK_STATION_ID)))
        state = known_station(csms, csms.spelling(station))
        return json_response(
            _details(csms, _served(csms, action, csms.sessions.get(state.id)), action, state)
        )

    return routes


def _in_short(version: OcppVersion, actions: Iterable[str]) -> list[JsonObject]:
    return [{"action": name, "summary": version.summaries.get(name, "")} for name in sorted(actions)]


def _served(csms: Csms, action: str, session: Session | None = None) -> ServedVersion:
    """OCPP version of ``session``; without a session, the first version that has the action.

    Raises Problem for an unknown action.
    """
    candidates = [csms.served(session)] if session else list(csms.versions.values())
    for served in candidates:
        if action in served.version.actions:
            return served
    known = sorted({name for served in candidates for name in served.version.actions})
    hint = suggest(action, known) or "; GET /v1/actions lists all of them"
    names = " or ".join(served.version.name for served in candidates)
    raise Problem(HTTPStatus.NOT_FOUND, "unknown-action", f"OCPP {names} has no action {action!r}{hint}")


def _details(csms: Csms, served: ServedVersion, action: str, station: Station) -> JsonObject:
    version = served.version
    senders: dict[Sender, frozenset[str]] = {"station": version.from_station, "csms": version.from_csms}
    payload, reason = _default_payload(csms, served, action, station)
    return {
        "action": action,
        "summary": version.summaries.get(action, ""),
        "version": version.name,
        "sentBy": [sender for sender, actions in senders.items() if action in actions],
        # Encoded here, so that `json_response` does not mask a schema's property such as `password`.
        "request": Raw(orjson.dumps(version.request(action).read())),
        "response": Raw(orjson.dumps(version.response(action).read())),
        "defaultPayload": payload,
        "noDefault": reason,
    }


def _default_payload(
    csms: Csms, served: ServedVersion, action: str, station: Station
) -> tuple[JsonObject | None, str | None]:
    """Return (default payload, None), or (None, reason) if the mock would send nothing."""
    if action not in served.commands:
        return None, f"the mock does not send {action}"
    try:
        return served.build(action, csms, station), None
    except NothingToDo as reason:
        return None, str(reason)
