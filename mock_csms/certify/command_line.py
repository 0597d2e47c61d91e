"""The `certify` command: writes station files; carries out, lists, explains and tests cases."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mock_csms.certify.all_cases import ALL_CASES, UNREHEARSED
from mock_csms.certify.arguments import CERTIFY_PROGRAM, CertifyArguments, read_arguments
from mock_csms.certify.box import CLAIMS, box_station, file_of_box
from mock_csms.certify.init import station_file_of
from mock_csms.certify.listing import explanation_of, list_of
from mock_csms.certify.opening import (
    STATION_RIG,
    NoStation,
    await_station,
    opened_bench,
    opened_server,
    ws_of,
)
from mock_csms.certify.rehearsal_run import RehearsalOfStation, report_taken_over
from mock_csms.certify.report_files import ReportFiles
from mock_csms.certify.reports.terminal import lines_of_case, summary_of
from mock_csms.certify.run_report import RunReport, differences_between, exit_code
from mock_csms.certify.selection import PlannedCase, Selection, count_left_out, plan
from mock_csms.certify.self_test_command import try_cases
from mock_csms.certify.station_file import StationFile, checked_identity, read_station_file
from mock_csms.certify.verdicts import CaseResult
from mock_csms.client import ClientError
from mock_csms.errors import COULD_NOT_START, NO_STATION, WRONG_USAGE, CouldNotStart, UsageError
from mock_csms.process import print_text, stopping_on_signals

REPORT_MISSING: Final = 1
"""Exit code if a report could not be written."""
AWAY_LINES: Final = (
    "The station has not come back. Connect it again: the run goes on once it has booted.",
    "Cases until then are inconclusive; --resume carries them out later.",
)
ABORTED: Final = 130
"""Exit code after Ctrl+C, as in shells."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    try:
        given = read_arguments(arguments)
        return asyncio.run(_until_signal(_TASKS[given.task](given)))
    except UsageError as error:
        return _report_error(error, WRONG_USAGE)
    except NoStation as error:
        return _report_error(error, NO_STATION)
    except (CouldNotStart, ClientError) as error:
        return _report_error(error, COULD_NOT_START)


async def _until_signal(working: Coroutine[Any, Any, int]) -> int:
    """Run ``working``; return its exit code, or `ABORTED` after a signal.

    The first signal cancels ``working``, which then reverts its changes; a second one ends the process.
    """
    task = asyncio.ensure_future(working)

    def stop() -> None:
        sys.stderr.write(
            "stopping: the changes at the station are reverted first; Ctrl+C again ends at once\n"
        )
        task.cancel()

    with stopping_on_signals(stop, lambda: task.cancelling() > 0):
        try:
            return await task
        except asyncio.CancelledError:
            return ABORTED


def _report_error(error: Exception, code: int) -> int:
    sys.stderr.write(f"{CERTIFY_PROGRAM}: {error}\n")
    return code


def _write(lines: Iterable[str]) -> None:
    _write_now("".join(f"{line}\n" for line in lines))


def _write_now(text: str) -> None:
    print_text(text, CERTIFY_PROGRAM)


async def _init(given: CertifyArguments) -> int:
    if len(given.words) != 1:
        raise UsageError("give the identity of the station: certify init CS001")
    identity = given.words[0]
    path = Path(f"{identity.replace('/', '_')}.toml")
    if await asyncio.to_thread(path.exists):
        raise UsageError(f"{path} exists; remove it, or run the cases with {CERTIFY_PROGRAM} {path}")
    file = _box_or_default(given, checked_identity(identity))
    await asyncio.to_thread(ReportFiles(path, None, None).check)
    async with AsyncExitStack() as stack:
        addresses, client = await stack.enter_async_context(opened_server(given.around))
        if _is_box(given):
            await stack.enter_async_context(box_station(identity, ws_of(addresses)))
        await await_station(client, file, addresses, _write_now)
        text, obstacle = await station_file_of(client, file, CLAIMS if _is_box(given) else ())
    if obstacle:
        _write([f"the device model cannot be read, so that {path} claims no feature: {obstacle}"])
    await asyncio.to_thread(path.write_text, text, encoding="utf-8")
    _write([f"wrote {path}; complete the lines marked with ?, then run: {CERTIFY_PROGRAM} {path}"])
    return 0


def _is_box(given: CertifyArguments) -> bool:
    return given.around.rig == STATION_RIG


def _box_or_default(given: CertifyArguments, identity: str) -> StationFile:
    default = StationFile()
    station = default.station.model_copy(update={"identity": identity})
    return file_of_box(identity) if _is_box(given) else default.model_copy(update={"station": station})


async def _run(given: CertifyArguments) -> int:
    file = read_station_file(Path(given.words[0]))
    planned = _planned(file, given, given.words[1:])
    earlier = _resumed(given.resume, file.station.identity) if given.resume else None
    before = RunReport.of_file(given.compare) if given.compare else None
    files = ReportFiles(given.json, given.html, given.junit)
    await asyncio.to_thread(files.check)
    if earlier and (report := report_taken_over(planned, earlier)):
        report = replace(report, left_out=_left_out(file, planned))
        _conclude(files, report, (), before)
        return REPORT_MISSING if files.failed else exit_code(report.results)
    async with opened_bench(given.around, file, _write_now) as opened:
        _write([f"the run can be watched at {opened.control}/ui/#/certify"])
        run = RehearsalOfStation(opened.client, file, opened.supply, ALL_CASES, is_lenient=given.is_lenient)
        run.report = replace(run.report, left_out=_left_out(file, planned))
        run.on_case = _on_case(given, run, files)
        try:
            await run.carry_out(planned, earlier)
        finally:
            _conclude(files, run.report, run.left, before)
    return REPORT_MISSING if files.failed else exit_code(run.report.results)


def _resumed(path: Path, identity: str) -> RunReport:
    """Read the report of an earlier run; raises UsageError if it is unreadable or about another station."""
    report = RunReport.of_file(path)
    if report.station != identity:
        raise UsageError(f"{path} is a report about {report.station}; give one about {identity}")
    return report


def _on_case(
    given: CertifyArguments, run: RehearsalOfStation, files: ReportFiles
) -> Callable[[CaseResult], None]:
    def take(result: CaseResult) -> None:
        _write(lines_of_case(result, is_verbose=given.is_verbose))
        if run.away_since == result.id:
            _write(AWAY_LINES)
        files.write_json(run.report)

    return take


def _conclude(files: ReportFiles, report: RunReport, left: Sequence[str], before: RunReport | None) -> None:
    """Write the reports and the summary of a finished or aborted run, and the changes since ``before``."""
    files.write_all(report)
    if report.finished is None:
        _write(["the run was aborted", *(f"not put back: {change}" for change in left)])
    _write(summary_of(report))
    _write(f"wrote {path}" for path in files.written)
    if before is not None:
        _write(["changed:", *(differences_between(before, report) or ["  nothing"])])


def _planned(file: StationFile, given: CertifyArguments, globs: Sequence[str]) -> list[PlannedCase]:
    selection = Selection(globs, given.profiles, given.is_mandatory_only, given.around.has_hands)
    planned = plan(file, selection, ALL_CASES, UNREHEARSED)
    if not planned:
        raise UsageError("no case is selected; certify --list shows all ids")
    return planned


def _left_out(file: StationFile, planned: Sequence[PlannedCase]) -> int:
    return count_left_out(planned, plan(file, Selection(), ALL_CASES, UNREHEARSED))


async def _list(given: CertifyArguments) -> int:
    file, globs = StationFile(), given.words
    if globs and globs[0].endswith(".toml"):
        file, globs = read_station_file(Path(globs[0])), globs[1:]
        _write(list_of(_planned(file, given, globs)))
    else:
        _write(list_of(_planned(_claiming_all(), given, globs or ("*",))))
    return 0


def _claiming_all() -> StationFile:
    return file_of_box("CS001")


async def _explain(given: CertifyArguments) -> int:
    for case_id in given.words:
        _write(explanation_of(case_id, ALL_CASES, UNREHEARSED))
    return 0


async def _self_test(given: CertifyArguments) -> int:
    began = datetime.now(UTC)
    code = await try_cases(given.words, given.mutants, _write_now, given.writes_mutants, given.is_verbose)
    _write([f"in {(datetime.now(UTC) - began).total_seconds():.0f} s"])
    return code


_TASKS: Final = {
    "init": _init,
    "run": _run,
    "list": _list,
    "explain": _explain,
    "self-test": _self_test,
}
