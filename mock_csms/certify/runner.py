"""Runs cases against one station, one after another, and returns the verdict about each."""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.case_steps import OnStep
from mock_csms.certify.registry import Case
from mock_csms.certify.settling import is_in_service
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.stimuli import Rig, RigFailed
from mock_csms.certify.verdicts import CaseResult, Inconclusive, Skipped, Verdict
from mock_csms.client import AsyncClient, AsyncStationHandle, ClientError, StationFailure, StationFinding

CASE_S: Final = 1800.0
"""Maximum seconds of a case."""
MAX_REASON: Final = 4000
"""Maximum characters of a reason."""
FRAMES_BEGIN: Final = "\nlast frames of "
"""Start of the part of a failure text that lists the newest frames."""


@dataclass(frozen=True)
class CaseOptions:
    """Options of carrying out cases."""

    is_lenient: bool = False
    """Whether a case passes even if the server reports findings with the severity error."""
    settles: bool = True
    """Whether the station is brought back to idle, and its changes undone, after each case."""
    on_step: OnStep = lambda _: None


class Bench:
    """A station under test at a server, with a rig."""

    def __init__(
        self, client: AsyncClient, file: StationFile, rig: Rig, options: CaseOptions | None = None
    ) -> None:
        self._client = client
        self._file = file
        self._rig = rig
        self._options = options or CaseOptions()
        self.left: list[str] = []
        """Changes of the station that the latest case could not undo."""

    @property
    def handle(self) -> AsyncStationHandle:
        """A new handle of the station; its methods wait ``times.message`` seconds by default."""
        return self._client.station(self._file.station.identity, within=self._file.times.message)

    async def is_in_service(self) -> bool:
        """Whether the station is connected and booted."""
        return is_in_service(await self.handle.state())

    async def carry_out(self, case: Case) -> CaseResult:
        """Run a case and return its result; its changes are undone even if the run is cancelled."""
        handle = self.handle
        await handle.skip_to_now()
        start = handle.cursor
        run = CaseRun(self._client, handle, self._file, self._rig, self._options.on_step)
        async with self._client.scope(f"{case.id} of {quote(self._file.station.identity)}"):
            try:
                result = await self._verdict(case, run)
                result = await self._with_findings(result, start)
            finally:
                self.left = await _shielded(run.settle()) if self._options.settles else []
        return replace(
            result,
            steps=tuple(run.steps.taken),
            seconds=round(run.steps.seconds, 3),
            known=self._file.known.get(case.id),
            not_restored=tuple(self.left),
        )

    async def _verdict(self, case: Case, run: CaseRun) -> CaseResult:
        passed = CaseResult(case.id, case.title, Verdict.PASS)
        try:
            async with asyncio.timeout(CASE_S):
                await case.carry_out(run)
        except StationFailure as failure:
            frame = failure.frame or _last_frame(run)
            return replace(passed, verdict=Verdict.FAIL, reason=reason_of(failure), frame=frame)
        except Inconclusive as failure:
            return replace(
                passed, verdict=Verdict.INCONCLUSIVE, reason=reason_of(failure), frame=failure.frame
            )
        except Skipped as reason:
            return replace(passed, verdict=Verdict.SKIPPED, reason=str(reason))
        except (ClientError, RigFailed) as error:
            return replace(passed, verdict=Verdict.ERROR, reason=reason_of(error))
        except Exception as error:
            return replace(passed, verdict=Verdict.ERROR, reason=_with_place(error))
        return passed

    async def _with_findings(self, result: CaseResult, start: int) -> CaseResult:
        """Turn PASS or ERROR into FAIL if the station violated the specification while the case ran.

        A lenient run keeps PASS. An ERROR becomes FAIL in any run: the violation may have caused it.
        """
        is_judged = result.verdict is Verdict.PASS and not self._options.is_lenient
        if not is_judged and result.verdict is not Verdict.ERROR:
            return result
        try:
            found = errors_since(await self._client.findings(self._file.station.identity), start)
        except ClientError:
            if is_judged:
                raise
            return result
        if not found:
            return result
        return replace(
            result,
            verdict=Verdict.FAIL,
            reason="\n".join(
                ["the station violated the specification while the case ran:", *map(str, found)]
            ),
            frame=found[0].frames[-1] if found[0].frames else None,
        )


def errors_since(findings: list[StationFinding], start: int) -> list[StationFinding]:
    """Return the findings with the severity error about a journal entry after the number ``start``."""
    return [each for each in findings if each.severity == "error" and max(each.frames, default=0) > start]


def reason_of(failure: BaseException) -> str:
    """Return the text of a failure without the newest frames, which the report shows anyway."""
    return str(failure).split(FRAMES_BEGIN)[0][:MAX_REASON]


def selected(cases: Mapping[str, Case], wanted: Callable[[str], bool]) -> list[Case]:
    """Return the cases whose ids ``wanted`` accepts, in the order of their ids."""
    return [cases[case_id] for case_id in sorted(cases) if wanted(case_id)]


def _last_frame(run: CaseRun) -> int | None:
    return next((step.frame for step in reversed(run.steps.taken) if step.frame is not None), None)


def _with_place(error: Exception) -> str:
    """Return the text of an exception, with the file and line where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"[:MAX_REASON]


async def _shielded(undoing: Coroutine[Any, Any, list[str]]) -> list[str]:
    """Run ``undoing`` to its end, even if the task is cancelled meanwhile; return its result."""
    task = asyncio.ensure_future(undoing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        return await task
