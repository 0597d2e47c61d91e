"""Back to the start, while the mock runs."""

from fnmatch import fnmatchcase
from http import HTTPStatus

from fastapi import APIRouter

from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import Glob, StrictRoute
from mock_csms.csms import Csms
from mock_csms.text import suggest


def router(csms: Csms) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/v1", tags=["behaviour"], route_class=StrictRoute)

    @routes.post(
        "/reset",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(HTTPStatus.NOT_FOUND),
    )
    async def reset(station: Glob = None) -> None:
        """Go back to the start, for some stations or all; connections are kept.

        Forgotten is what stations have told, with changes of their profiles, their findings and the counts of
        rules; for all of them the journal and changes of the tokens too. Rules and settings stay.
        """
        for identity in [None] if station is None else _known_of(csms, station):
            csms.reset(identity)

    return routes


def _known_of(csms: Csms, station: str) -> list[str]:
    """The stations that a glob is about, of which there has to be one."""
    counted = {name for entry in csms.rulebook.entries for name in entry.uses}
    known = {*csms.stations, *counted, *(finding.station for finding in csms.records.findings)}
    meant = sorted(name for name in known if name == station or fnmatchcase(name, station))
    if not meant:
        detail = f"nothing is known of {station!r}{suggest(station, known)}"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", detail)
    return meant
