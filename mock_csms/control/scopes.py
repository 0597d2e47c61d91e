"""Scopes: changes with the header X-Scope, which are reverted together."""

import re
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path
from fastapi.responses import Response
from pydantic import AfterValidator
from pydantic.alias_generators import to_camel

from mock_csms.behaviour.layers import MAX_SCOPES
from mock_csms.control.models.base import answer
from mock_csms.control.models.scopes import ScopeDetails, ScopeList, ScopeSummary
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import in_slices, json_response
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.text import suggest

NAME_OF_SCOPE: Final = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


def _checked_name(name: str) -> str:
    if not NAME_OF_SCOPE.fullmatch(name):
        raise ValueError("the name of a scope has 1 to 200 visible ASCII characters, and spaces only inside")
    return name


ScopeHeader = Annotated[
    str | None,
    Header(
        alias="X-Scope",
        description="scope of the change; `DELETE /v1/scopes/{name}` reverts all changes of a scope",
    ),
    AfterValidator(lambda name: name if name is None else _checked_name(name)),
]
ScopePath = Annotated[str, Path(description="the name of the scope", min_length=1), AfterValidator(unmarked)]


def check_room(csms: Csms, scope: str | None) -> None:
    """Raise Problem if a change in this scope would open more than MAX_SCOPES scopes."""
    if scope is None:
        return
    open_scopes = _open_scopes(csms)
    if scope not in open_scopes and len(open_scopes) >= MAX_SCOPES:
        detail = f"{MAX_SCOPES} scopes are open, the maximum; revert one with DELETE /v1/scopes/{{name}}"
        raise Problem(HTTPStatus.CONFLICT, "too-many-scopes", detail)


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1/scopes", tags=["behaviour"], route_class=StrictRoute)

    @routes.get("", responses=documented() | answer(ScopeList, "The open scopes"))
    async def list_scopes() -> Response:
        """List the open scopes, each with the number of its changes by kind."""
        return json_response([_summary(csms, name) for name in _open_scopes(csms)])

    @routes.get("/{name:name}", responses=documented("unknown-scope") | answer(ScopeDetails, "The scope"))
    async def show_scope(name: ScopePath) -> Response:
        """Show the changes of a scope."""
        _check_open(csms, name)
        stations = csms.profiles.stations_of(name)
        return json_response(
            {
                "name": name,
                "rules": csms.rulebook.ids_of(name),
                "tokens": csms.profiles.tokens_of(name),
                "profiles": {
                    station: [to_camel(setting) for setting in csms.profiles.settings_of(station, name)]
                    async for station in in_slices(stations)
                },
                "findings": csms.records.silences.ids_of(name),
            }
        )

    @routes.delete(
        "/{name:name}",
        responses=documented("unknown-scope") | answer(ScopeSummary, "The numbers of reverted changes"),
    )
    async def take_back_scope(name: ScopePath) -> Response:
        """Revert all changes of a scope, and delete the scope.

        A value that another scope, or a request without a scope, has set later stays. Otherwise, the latest
        value from outside this scope applies again; a replaced rule comes back with its counts.
        """
        _check_open(csms, name)
        summary = _summary(csms, name)
        await _revert_scope(csms, name)
        return json_response(summary)

    return routes


def _open_scopes(csms: Csms) -> list[str]:
    """Names of the scopes that have a change."""
    return list(dict.fromkeys([*csms.rulebook.scopes, *csms.profiles.scopes, *csms.records.silences.scopes]))


def _check_open(csms: Csms, name: str) -> None:
    open_scopes = _open_scopes(csms)
    if name not in open_scopes:
        detail = f"no scope {name!r} is open{suggest(name, open_scopes)}"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-scope", detail)


def _summary(csms: Csms, name: str) -> JsonObject:
    return {
        "name": name,
        "rules": len(csms.rulebook.ids_of(name)),
        "tokens": len(csms.profiles.tokens_of(name)),
        "profiles": len(csms.profiles.stations_of(name)),
        "findings": len(csms.records.silences.ids_of(name)),
    }


async def _revert_scope(csms: Csms, name: str) -> None:
    """Revert the changes of a scope.

    If the client disconnects meanwhile, changes that are not reverted yet stay in the scope.
    """
    silences = csms.records.silences
    for kind_id in silences.ids_of(name):
        silences.revert_scope(kind_id, name)
    csms.profiles.revert_scope_of_tokens(name)
    try:
        async for rule_id in in_slices(csms.rulebook.ids_of(name)):
            csms.rulebook.revert_scope(rule_id, name)
        async for station in in_slices(csms.profiles.stations_of(name)):
            csms.revert_scope_of_profile(station, name)
    finally:
        csms.refresh()
