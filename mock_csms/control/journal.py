"""Journal and findings: queries, and waits for entries."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from mock_csms.control.models.base import answer
from mock_csms.control.models.findings import FindingList
from mock_csms.control.models.journal import JournalPage
from mock_csms.control.models.waits import MatchingEntries, Verified, VerifyRequest, WaitRequest
from mock_csms.control.problems import documented
from mock_csms.control.queries import newest, newest_by_expression
from mock_csms.control.requests import Glob, StrictRoute, station_glob
from mock_csms.control.responses import as_raw, encoded_list, in_slices, json_response
from mock_csms.control.verify import verify
from mock_csms.control.wait import wait_for
from mock_csms.control.waits import Waits
from mock_csms.csms import Csms
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.journal.store import Query as JournalQuery

MAX_ENTRIES: Final = 10_000

ActionFilter = Annotated[str | None, Query(description="only entries about this action")]
AfterNumber = Annotated[int | None, Query(description="only entries with a higher number", ge=0)]
BeforeNumber = Annotated[int | None, Query(description="only entries with a lower number", ge=1)]
Limit = Annotated[
    int, Query(description="maximum number of entries; the newest are returned", ge=1, le=MAX_ENTRIES)
]
DirectionFilter = Annotated[
    Direction | None, Query(description="only frames received from stations, or sent to them")
]
KindFilter = Annotated[EntryKind | None, Query(description="only entries of this type")]
ExpressionFilter = Annotated[
    str | None, Query(description="JMESPath expression over the entry as JSON that must be true")
]


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", route_class=StrictRoute)
    records = csms.records
    waits = Waits(records.journal)

    @routes.get("/journal", tags=["journal"], responses=documented() | answer(JournalPage, "The entries"))
    async def query_journal(  # noqa: PLR0913, PLR0917 - one for each query parameter
        station: Glob = None,
        action: ActionFilter = None,
        direction: DirectionFilter = None,
        type: KindFilter = None,  # noqa: A002
        expression: ExpressionFilter = None,
        since: AfterNumber = None,
        before: BeforeNumber = None,
        limit: Limit = 100,
    ) -> Response:
        """List the newest matching entries, in the order of their numbers.

        `last` is the number of the newest entry in the journal; pass it as `since` to a later query or wait.
        To get the entries before those of an answer, pass the lowest number in the answer as `before`.
        """
        query = JournalQuery(station_glob(csms, station), action, direction, type, since, limit, before)
        last = records.journal.last_number
        if expression is None:
            entries = await newest(records.journal, query)
        else:
            entries = await newest_by_expression(records.journal, query, expression)
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
        responses=documented("wait-timeout", "wait-unless", "too-many-waits", "unknown-event")
        | answer(MatchingEntries, "The matching entries"),
    )
    async def wait(request: WaitRequest) -> Response:
        """Wait for matching entries of the journal, and return them.

        On a time-out, the answer is a problem (408). It has the matches that were `expected`, the matching
        entries so far (`actual`), and the `closest` entry with its `differences`, field by field. If an entry
        meets a match of `unless` first, the answer is a problem (409) with this `entry`.
        """
        return json_response({"entries": as_raw(await wait_for(waits, csms, request))})

    @routes.post(
        "/verify",
        tags=["journal"],
        responses=documented("not-verified", "unknown-event")
        | answer(Verified, "The number is as requested"),
    )
    async def verify_number(request: VerifyRequest) -> Response:
        """Verify the number of matching entries in the journal, without waiting.

        If the number is wrong, the answer is a problem (409). It has the `expected` number, and the `actual`
        one with the newest matching entries. If too few entries match, it also has the `closest` entry with
        its `differences`, field by field. If entries after `since` are no longer stored, a maximum cannot be
        verified.
        """
        return json_response(await verify(csms, request))

    @routes.get("/findings", tags=["findings"], responses=documented() | answer(FindingList, "The findings"))
    async def list_findings(station: Glob = None) -> Response:
        """List violations of the specification by stations; `frames` refers to journal entries by number."""
        query = JournalQuery(station_glob(csms, station))
        findings = [finding for finding in records.findings if query.is_about_station(finding.station)]
        return json_response(await encoded_list(finding.as_json() for finding in findings))

    return routes
