"""Runs of several cases, with the simulated station."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from mock_csms.certify.box import box_station, file_of_box
from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.catalogue import CATALOGUE
from mock_csms.certify.registry import Case
from mock_csms.certify.rehearsal_run import RehearsalOfStation
from mock_csms.certify.runner import Bench, CaseOptions
from mock_csms.certify.selection import PlannedCase
from mock_csms.certify.server_process import Addresses
from mock_csms.certify.stimuli import NoHands
from mock_csms.certify.verdicts import Verdict
from mock_csms.client import AsyncClient

IDS = ("TC_B_01_CS", "TC_B_03_CS", "TC_B_06_CS", "TC_B_07_CS")


def planned(*ids: str) -> list[PlannedCase]:
    return [PlannedCase(CATALOGUE[case_id], "A test", is_mandatory=True) for case_id in ids]


async def test_station_that_stays_away_delays_no_further_case(
    client: AsyncClient, addresses: Addresses
) -> None:
    assert addresses.ws is not None
    file = file_of_box("CS001")
    file = file.model_copy(update={"times": file.times.model_copy(update={"boot": 0.5})})
    boxes = AsyncExitStack()

    @asynccontextmanager
    async def supply(_: Case, options: CaseOptions) -> AsyncIterator[Bench]:
        yield Bench(client, file, NoHands(), options)

    async def comes() -> None:
        await boxes.enter_async_context(box_station("CS001", str(addresses.ws)))
        await client.station("CS001").waits_for("StatusNotification", evseId=2)

    async def goes(run: CaseRun) -> None:
        await boxes.aclose()
        await run.station.disconnects()

    async def passes(run: CaseRun) -> None:
        await run.csms.sends("GetLocalListVersion")

    functions = dict(zip(IDS, (passes, goes, passes, passes), strict=True))
    cases = {case_id: Case(case_id, "A test", function) for case_id, function in functions.items()}
    await comes()
    run = RehearsalOfStation(client, file, supply, cases)
    await run.carry_out(planned(*IDS[:3]))
    since, absent = run.away_since, run.report.results[-1]
    await comes()
    resumed = RehearsalOfStation(client, file, supply, cases)
    await resumed.carry_out(planned(*IDS), run.report)
    await boxes.aclose()

    assert since == "TC_B_03_CS"
    assert (absent.verdict, absent.reason) == (
        Verdict.INCONCLUSIVE,
        "CS001 has not come back since TC_B_03_CS",
    )
    assert [result.verdict for result in resumed.report.results] == [Verdict.PASS] * 4


async def test_station_with_an_unclaimed_ability_is_told_to_claim_it(
    client: AsyncClient, addresses: Addresses
) -> None:
    assert addresses.ws is not None

    @asynccontextmanager
    async def supply(_: Case, options: CaseOptions) -> AsyncIterator[Bench]:
        yield Bench(client, file_of_box("CS001"), NoHands(), options)

    async def fails(run: CaseRun) -> None:
        await run.csms.sends("GetLocalListVersion", expect={"versionNumber": 7})

    cases = {case_id: Case(case_id, "A test", fails) for case_id in ("TC_B_20_CS", "TC_B_28_CS")}
    async with box_station("CS001", str(addresses.ws)):
        await client.station("CS001").waits_for("StatusNotification", evseId=2)
        run = RehearsalOfStation(client, file_of_box("CS001"), supply, cases)
        await run.carry_out(planned(*cases))

    unconditional, conditional = (result.reason for result in run.report.results)
    assert "claim every feature that the station has" not in unconditional
    assert conditional.endswith("; claim every feature that the station has")
