"""A report of the certification rehearsal, as HTML: a run in which one case fails."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from mock_csms.certify.all_cases import ALL_CASES, UNREHEARSED
from mock_csms.certify.box import file_of_box
from mock_csms.certify.box_bench import BoxForEachCase
from mock_csms.certify.box_server import server_for_boxes
from mock_csms.certify.registry import Case
from mock_csms.certify.rehearsal_run import RehearsalOfStation
from mock_csms.certify.reports.html import html_of
from mock_csms.certify.runner import Bench, CaseOptions
from mock_csms.certify.selection import Selection, plan
from mock_csms.client import AsyncClient

GLOBS: Final = ("TC_G_0*", "TC_P_0*")
FAILING: Final = "TC_G_03_CS"
MUTATION: Final = "say StatusNotification connectorStatus=Faulted if connectorStatus=Unavailable"


async def report_with_a_failure() -> str:
    """Run some cases on simulated stations, one of which deviates; return the report."""
    file = file_of_box("CS001")
    async with server_for_boxes() as server, AsyncClient(server.control) as client:

        def supply(case: Case, options: CaseOptions) -> AbstractAsyncContextManager[Bench]:
            mutations = [MUTATION] if case.id == FAILING else []
            return BoxForEachCase(server, client, file, mutations).bench(case, options)

        run = RehearsalOfStation(client, file, supply, ALL_CASES)
        await run.carry_out(plan(file, Selection(GLOBS), ALL_CASES, UNREHEARSED))
    return html_of(run.report)
