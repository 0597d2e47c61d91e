"""Sets the password of a station."""

from http import HTTPStatus

from fastapi import APIRouter

from mock_csms.control.models.profiles import NewPassword
from mock_csms.control.problems import Problem, documented
from mock_csms.control.profile_changes import apply_changes
from mock_csms.control.requests import StrictRoute
from mock_csms.control.scopes import ScopeHeader
from mock_csms.control.stations import StationId
from mock_csms.csms import Csms
from mock_csms.security.passwords import HASH_PREFIX, flaw_of_new_password


def router(csms: Csms) -> APIRouter:
    """Return the route of this module."""
    routes = APIRouter(prefix="/v1/stations", tags=["stations"], route_class=StrictRoute)

    @routes.put(
        "/{station_id:name}/password",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(
            "invalid-password", "invalid-profile", "too-many-profiles", "too-many-rules", "too-many-scopes"
        ),
    )
    async def set_password(station_id: StationId, new: NewPassword, scope: ScopeHeader = None) -> None:
        """Set the password that a station needs to connect, without a message to the station.

        To change the password in the station too, send a SetVariables of SecurityCtrlr.BasicAuthPassword
        instead. The new password is then valid as soon as the station has accepted it. A password that is
        given as text, not as a hash, must have 16 to 40 letters, digits and `* - _ = : + | @ .`, as in
        A00.FR.205 before the errata of 2025. The station need not have connected yet.
        """
        is_text = not new.password.startswith(HASH_PREFIX)
        if is_text and (flaw := flaw_of_new_password(new.password)):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-password", flaw)
        station_id = csms.spelling(station_id)
        apply_changes(csms, station_id, {"password": new.password}, scope)
        csms.passwords.forget(station_id)

    return routes
