"""Reset of learned state, and of changes made while the mock runs."""

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
        """Reset the matching stations, or all of them, to the state at the start; connections stay open.

        This clears what the mock learned from the stations, changes to their profiles, their findings and the
        counts of rules for them. Without `station` it also clears the journal and changes to tokens. Rules
        and settings are kept.
        """
        for identity in [None] if station is None else _identities(csms, station):
            csms.reset(identity)

    return routes


def _identities(csms: Csms, glob: str) -> list[str]:
    """Identities of the known stations that match a glob; raises Problem if no station does.

    A station that was refused at the handshake counts as known if a rule or a finding names it.
    """
    in_rules = {name for entry in csms.rulebook.entries for name in entry.uses}
    known = {*csms.stations, *in_rules, *(finding.station for finding in csms.records.findings)}
    matching = sorted(name for name in known if name == glob or fnmatchcase(name, glob))
    if not matching:
        detail = f"no station that matches {glob!r} is known{suggest(glob, known)}"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", detail)
    return matching
