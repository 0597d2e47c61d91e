"""The cases as tests of pytest.

``pytest --pyargs mock_csms.certify.pytest_cases --certify CS001.toml --certify-rig station`` runs them; the
options of pytest select, repeat and report them.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from mock_csms.certify.all_cases import ALL_CASES, UNREHEARSED
from mock_csms.certify.opening import BenchSupply, NoStation, Surroundings, opened_bench
from mock_csms.certify.registry import Case
from mock_csms.certify.reports.terminal import lines_of_case
from mock_csms.certify.runner import CaseOptions
from mock_csms.certify.selection import PlannedCase, Selection, plan
from mock_csms.certify.station_file import StationFile, read_station_file
from mock_csms.certify.verdicts import CaseResult, Verdict
from mock_csms.errors import UsageError

type CaseRunner = tuple[asyncio.Runner, BenchSupply]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each case that the station file selects."""
    planned = plan(_file(metafunc.config), Selection(), ALL_CASES, UNREHEARSED)
    metafunc.parametrize("planned", planned, ids=[each.entry.id for each in planned])


def _file(config: pytest.Config) -> StationFile:
    path = config.getoption("--certify")
    try:
        return read_station_file(Path(path)) if path else StationFile()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def supply(request: pytest.FixtureRequest) -> Iterator[CaseRunner]:
    """The event loop of the run, and the function that provides the station under test for a case."""
    config = request.config
    around = Surroundings(
        rig=config.getoption("--certify-rig"), against=config.getoption("--certify-against")
    )
    with asyncio.Runner() as runner:
        opened = _opened(_file(config), around)
        yield runner, runner.run(anext(opened))
        runner.run(opened.aclose())


async def _opened(file: StationFile, around: Surroundings) -> AsyncGenerator[BenchSupply]:
    try:
        async with opened_bench(around, file, _say) as opened:
            yield opened.supply
    except NoStation as error:
        pytest.fail(str(error), pytrace=False)


async def _result_of(supply: BenchSupply, case: Case) -> CaseResult:
    async with supply(case, CaseOptions()) as bench:
        return await bench.carry_out(case)


def test_case(planned: PlannedCase, request: pytest.FixtureRequest) -> None:
    """Carry out a case."""
    if planned.skipped:
        pytest.skip(planned.skipped)
    runner, supply = request.getfixturevalue("supply")
    _conclude(runner.run(_result_of(supply, ALL_CASES[planned.entry.id])))


def _conclude(result: CaseResult) -> None:
    text = "\n".join(lines_of_case(result))
    if result.verdict is Verdict.SKIPPED:
        pytest.skip(result.reason)
    if result.verdict is not Verdict.PASS:
        if result.known is not None:
            pytest.xfail(f"{result.known}\n{text}")
        pytest.fail(text, pytrace=False)
    if result.known is not None:
        pytest.fail(text, pytrace=False)


def _say(text: str) -> None:
    print(text, end="")  # noqa: T201 - pytest shows it
