"""Reset of state learned from stations, and of changes made while the mock runs."""

from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import Glob, StrictRoute
from mock_csms.control.responses import in_slices
from mock_csms.csms import Csms
from mock_csms.text import suggest

RevertProfiles = Annotated[bool, Query(description="also revert changes to the profiles of the stations")]


def router(csms: Csms) -> APIRouter:
    """Return the route of this module."""
    routes = APIRouter(prefix="/v1", tags=["server"], route_class=StrictRoute)

    @routes.post(
        "/reset",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented("unknown-station"),
    )
    async def reset(station: Glob = None, profiles: RevertProfiles = False) -> None:
        """Reset the matching stations to the state at the start; connections stay open.

        This clears everything that the mock has learned from the stations, their findings, and the counts of
        rules for them. With `profiles`, it also reverts changes to their profiles. Passwords changed by
        SetVariables are no longer valid; the passwords of the profiles are valid again. Stations that are not
        connected are forgotten. Without `station`, this also clears the journal and reverts all changes to
        profiles, tokens, listeners and silenced findings, and forgets the certification rehearsal. Rules and
        settings are kept, and so are held answers, and commands that wait for a connection.
        """
        if station is None:
            csms.reset()
        else:
            csms.reset(await _identities(csms, station), keep_profiles=not profiles)

    return routes


async def _identities(csms: Csms, glob: str) -> list[str]:
    """Identities of the known stations that match a glob; raises Problem if no station does.

    A station that was refused at the handshake counts as known if a rule has counts for it, or a finding
    is about it.
    """
    in_rules = {name for entry in csms.rulebook.entries for name in entry.uses}
    in_findings = {finding.station for finding in csms.records.findings}
    known = {*csms.stations, *csms.profiles.changes, *csms.passwords, *csms.upgrades, *in_rules, *in_findings}
    known.update(csms.outages)
    glob = csms.spelling(glob)
    if glob != "*" and glob in known:
        return [glob]
    matching = [name async for name in in_slices(known) if fnmatchcase(name, glob)]
    if not matching:
        detail = f"no station that matches {glob!r} is known{suggest(glob, known)}"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-station", detail)
    return matching
