"""The kinds of findings, and which of them are silenced."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from mock_csms.control.models.base import answer
from mock_csms.control.models.silences import KindList, SilenceChange, SilencedKinds
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.control.scopes import ScopeHeader, check_room
from mock_csms.csms import Csms
from mock_csms.findings.kinds import flaw_of_id
from mock_csms.findings.silences import Silences


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/findings", tags=["findings"], route_class=StrictRoute)
    silences = csms.records.silences

    @routes.get("/kinds", responses=documented() | answer(KindList, "The kinds"))
    async def list_kinds() -> Response:
        """List the kinds of findings of all served OCPP versions."""
        return json_response(
            [
                {"id": name, **kind._asdict(), "silenced": name in silences}
                for name, kind in silences.kinds.items()
            ]
        )

    @routes.patch(
        "",
        responses=documented("unknown-finding", "too-many-scopes")
        | answer(SilencedKinds, "The silenced kinds"),
    )
    async def change_silences(change: SilenceChange, scope: ScopeHeader = None) -> Response:
        """Silence kinds of findings, or report them again. The change applies to all stations.

        Findings that have been reported are kept. `POST /v1/reset` without `station` returns to the kinds
        that are silenced at the start.
        """
        _check(silences, change)
        check_room(csms, scope)
        silences.change(change.silence, change.report, scope)
        return json_response({"silenced": silences.silenced()})

    return routes


def _check(silences: Silences, change: SilenceChange) -> None:
    """Raise Problem for an unknown kind."""
    for name in (*change.silence, *change.report):
        if flaw := flaw_of_id(name, silences.kinds):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-finding", flaw)
