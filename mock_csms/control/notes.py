"""Notes that a client writes into the journal, such as the steps of a test."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from mock_csms.control.models.base import answer
from mock_csms.control.models.journal import JournalEntry, NoteRequest
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.csms import Csms
from mock_csms.journal.globs import is_glob


def router(csms: Csms) -> APIRouter:
    """Return the route of this module."""
    routes = APIRouter(prefix="/v1/journal", tags=["journal"], route_class=StrictRoute)

    @routes.post(
        "/notes",
        status_code=HTTPStatus.CREATED,
        responses=documented("not-one-station") | answer(JournalEntry, "The entry", HTTPStatus.CREATED),
    )
    async def add_note(request: NoteRequest) -> Response:
        """Write a note into the journal, such as the step of a test that begins.

        The note becomes an entry of type `note` in the journal and its file, in event streams, transcripts
        and diagrams, and a line in the log. Secrets in its text are masked.
        """
        entry = csms.records.add_note(_identity(csms, request.station), request.text)
        return Response(entry.json(), HTTPStatus.CREATED, media_type="application/json")

    return routes


def _identity(csms: Csms, station: str | None) -> str:
    """Return an identity in the spelling known to the mock, or "" for None; raises Problem for a glob."""
    if station is None:
        return ""
    identity = csms.spelling(station)
    if is_glob(identity) and identity not in csms.stations:
        detail = (
            "a note is about one station; for a note without a station, leave out 'station' instead "
            f"of writing {identity!r}"
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-one-station", detail)
    return identity
