"""Journal and findings: queries, and waits for entries."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from mock_csms.control import examples
from mock_csms.control.models.base import answer
from mock_csms.control.models.findings import FindingList
from mock_csms.control.problems import documented
from mock_csms.control.requests import Glob, StrictRoute, station_glob
from mock_csms.control.responses import encoded_list, in_slices, json_response
from mock_csms.control.wait import WaitRequest, Waits, as_raw, newest, wait_for
from mock_csms.csms import Csms
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.journal.store import Query as JournalQuery
from mock_csms.versions import actions_from_csms, actions_from_station

MAX_ENTRIES: Final = 10_000

ActionFilter = Annotated[str | None, Query(description="only entries about this action")]
AfterNumber = Annotated[int | None, Query(description="only entries with a number above this one", ge=0)]
Limit = Annotated[
    int, Query(description="maximum number of entries; the newest are returned", ge=1, le=MAX_ENTRIES)
]
DirectionFilter = Annotated[
    Direction | None, Query(description="only frames received from stations, or sent to them")
]
KindFilter = Annotated[EntryKind | None, Query(description="only entries of this type")]


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", route_class=StrictRoute)
    records = csms.records
    waits = Waits(records.journal)
    actions = actions_from_station(csms.ocpp_versions) | actions_from_csms(csms.ocpp_versions)

    @routes.get("/journal", tags=["journal"], responses=documented() | examples.JOURNAL)
    async def query_journal(  # noqa: PLR0913, PLR0917 - one for each query parameter
        station: Glob = None,
        action: ActionFilter = None,
        direction: DirectionFilter = None,
        type: KindFilter = None,  # noqa: A002
        since: AfterNumber = None,
        limit: Limit = 100,
    ) -> Response:
        """List the newest matching entries, in the order of their numbers.

        `last` is the number of the newest entry in the journal; pass it as `since` to a later query or wait.
        """
        query = JournalQuery(station_glob(csms, station), action, direction, type, since, limit)
        last = records.journal.last_number
        entries = await newest(records.journal, query)
        lines = [entry.line() async for entry in in_slices(entries)]
        body = b'{"last":%d,"entries":[%b]}' % (last, b",".join(lines))
        return Response(body, media_type="application/json")

    @routes.delete("/journal", tags=["journal"], status_code=HTTPStatus.NO_CONTENT, responses=documented())
    async def clear_journal() -> None:
        """Delete the entries of all stations; the numbers of new entries continue."""
        records.journal.clear()

    @routes.post(
        "/wait",
        tags=["journal"],
        responses=documented("wait-timeout", "too-many-waits") | examples.WAIT,
    )
    async def wait(request: WaitRequest) -> Response:
        """Wait for matching entries of the journal, and return them.

        On a time-out, the answer is a problem (408). It has the `expected` match, the matching entries so far
        (`actual`), and the `closest` entry with its `differences`, field by field.
        """
        station = station_glob(csms, request.match.station)
        entries = await wait_for(waits, records.journal, request, station, actions)
        return json_response({"entries": as_raw(entries)})

    @routes.get("/findings", tags=["findings"], responses=documented() | answer(FindingList, "The findings"))
    async def list_findings(station: Glob = None) -> Response:
        """List violations of the specification by stations; `frames` refers to journal entries by number."""
        query = JournalQuery(station_glob(csms, station))
        findings = [finding for finding in records.findings if query.is_about_station(finding.station)]
        return json_response(await encoded_list(finding.as_json() for finding in findings))

    return routes
