"""Carries out the planned cases of a run against one station, and gathers the report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mock_csms.certify.live_view import LiveView
from mock_csms.certify.opening import BenchSupply
from mock_csms.certify.registry import Case
from mock_csms.certify.run_report import CaseReport, RunReport
from mock_csms.certify.runner import Bench, CaseOptions
from mock_csms.certify.selection import PlannedCase
from mock_csms.certify.settling import AWAY
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.verdicts import CaseResult, Verdict
from mock_csms.client import AsyncClient

MAX_FRAMES: Final = 500
"""Maximum number of frames of a case in a report."""
MAX_FRAME: Final = 2000
"""Maximum characters of a frame in a report."""
MAX_FACT: Final = 100
"""Maximum characters of a fact about the station in a report."""


class RehearsalOfStation:
    """Carries out cases against one station."""

    def __init__(
        self,
        client: AsyncClient,
        file: StationFile,
        supply: BenchSupply,
        cases: Mapping[str, Case],
        *,
        is_lenient: bool = False,
    ) -> None:
        self._client = client
        self._file = file
        self._supply = supply
        self._cases = cases
        self.on_case: Callable[[CaseResult], object] = lambda _: None
        """Called with each result, after it has been added to the report."""
        self.left: Sequence[str] = ()
        """Changes of the station that the latest case could not undo."""
        self.away_since: str | None = None
        """Id of the case after which the station has not come back; None while the station is in service."""
        self._live = LiveView(client)
        self._options = CaseOptions(is_lenient=is_lenient, on_step=self._live.take_step)
        self.report = RunReport(file.station.identity, datetime.now(UTC))

    async def carry_out(self, planned: Sequence[PlannedCase], earlier: RunReport | None = None) -> None:
        """Carry out the cases, except those that ``earlier`` has decided: their results are kept."""
        decided = {case.result.id: case for case in (earlier.cases if earlier else ()) if is_decided(case)}
        async with self._live.showing(self._file.station.identity, planned):
            for each in planned:
                case = decided.get(each.entry.id) or await self._carry_out(each)
                self.report = replace(self.report, cases=[*self.report.cases, case])
                await self._live.end_case(case.result)
                self.on_case(case.result)
        self.report = replace(self.report, finished=datetime.now(UTC))

    async def _carry_out(self, planned: PlannedCase) -> CaseReport:
        if planned.skipped:
            result = CaseResult(planned.entry.id, planned.title, Verdict.SKIPPED, planned.skipped)
            return self._reported(planned, result, ())
        case = self._cases[planned.entry.id]
        start = await self._newest()
        self._live.begin_case(case.id)
        async with self._supply(case, self._options) as bench:
            try:
                result = await self._absence(bench, case) or await bench.carry_out(case)
                result = self._with_caveat(planned, result)
            finally:
                self.left = bench.left
        if AWAY in result.not_restored:
            self.away_since = case.id
        self.report = replace(self.report, facts=await self._facts())
        return self._reported(planned, result, await self._frames_since(start))

    def _with_caveat(self, planned: PlannedCase, result: CaseResult) -> CaseResult:
        """Return the result; the text of `CatalogueEntry.caveat` is added to the reason of a FAIL."""
        caveat = planned.entry.caveat(self._file.claims)
        if result.verdict is not Verdict.FAIL or not caveat:
            return result
        return replace(result, reason=f"{result.reason}\n{caveat}")

    async def _absence(self, bench: Bench, case: Case) -> CaseResult | None:
        """Return INCONCLUSIVE if the station is still away since an earlier case, otherwise None."""
        if self.away_since is None:
            return None
        if await bench.is_in_service():
            self.away_since = None
            return None
        reason = f"{self._file.station.identity} has not come back since {self.away_since}"
        return CaseResult(case.id, case.title, Verdict.INCONCLUSIVE, reason)

    def _reported(self, planned: PlannedCase, result: CaseResult, frames: Sequence[str]) -> CaseReport:
        entry = planned.entry
        return CaseReport(
            result, tuple(entry.profiles), planned.is_mandatory, entry.requirements, tuple(frames)
        )

    async def _newest(self) -> int:
        handle = self._client.station(self._file.station.identity)
        await handle.skip_to_now()
        return handle.cursor

    async def _frames_since(self, number: int) -> list[str]:
        entries = await self._client.journal(
            station=self._file.station.identity, since=number, limit=MAX_FRAMES
        )
        return [entry.as_line(MAX_FRAME) for entry in entries]

    async def _facts(self) -> dict[str, str]:
        state = await self._client.station(self._file.station.identity).state()
        station = (state.get("boot") or {}).get("chargingStation")
        if not isinstance(station, dict):  # the boot in the state may violate its schema
            return {}
        names = {"vendorName": "vendor", "model": "model", "firmwareVersion": "firmware"}
        return {shown: str(station[name])[:MAX_FACT] for name, shown in names.items() if name in station}


def report_taken_over(planned: Sequence[PlannedCase], earlier: RunReport) -> RunReport | None:
    """Return ``earlier`` with only the planned cases; None if ``earlier`` has not decided all of them."""
    decided = {case.result.id: case for case in earlier.cases if is_decided(case)}
    if any(each.entry.id not in decided for each in planned):
        return None
    cases = [decided[each.entry.id] for each in planned]
    return replace(earlier, cases=cases, finished=datetime.now(UTC))


def is_decided(case: CaseReport) -> bool:
    """Whether a case was carried out or skipped.

    A case that is INCONCLUSIVE without a step was neither, because the station was away.
    """
    return case.result.verdict is not Verdict.INCONCLUSIVE or bool(case.result.steps)
