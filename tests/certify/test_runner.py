"""Verdicts about cases, with the simulated station."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from mock_csms.certify.box import MESSAGE_S, box_station, file_of_box
from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import Case, CaseFunction
from mock_csms.certify.runner import Bench, CaseOptions
from mock_csms.certify.server_process import Addresses
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.stimuli import NoHands, Rig, Stimulus
from mock_csms.certify.verdicts import CaseResult, Verdict
from mock_csms.client import AsyncClient
from tests.support.station import connected_to


def case_of(function: CaseFunction) -> Case:
    return Case("TC_B_01_CS", "A test", function)


@asynccontextmanager
async def bench(
    client: AsyncClient,
    addresses: Addresses,
    misbehaviours: Sequence[str] = (),
    *,
    has_rig: bool = True,
    message_s: float = MESSAGE_S,
    options: CaseOptions | None = None,
) -> AsyncIterator[Bench]:
    assert addresses.ws is not None
    async with box_station("CS001", addresses.ws, misbehaviours) as rig:
        await client.station("CS001").waits_for("StatusNotification", evseId=2)
        file = file_of_box("CS001")
        times = file.times.model_copy(update={"message": message_s})
        file = file.model_copy(update={"times": times})
        yield Bench(client, file, rig if has_rig else NoHands(), options)


def file_with(boot_s: float) -> StationFile:
    file = file_of_box("CS001")
    return file.model_copy(update={"times": file.times.model_copy(update={"boot": boot_s})})


async def result_of(
    function: CaseFunction,
    client: AsyncClient,
    addresses: Addresses,
    *misbehaviours: str,
    message_s: float = MESSAGE_S,
) -> CaseResult:
    async with bench(client, addresses, misbehaviours, message_s=message_s) as tested:
        return await tested.carry_out(case_of(function))


async def rebooted(run: CaseRun) -> None:
    await run.state.booted()


async def charging(run: CaseRun) -> None:
    await run.given.energy_transfer_started()


async def test_conforming_station_passes_with_its_steps(client: AsyncClient, addresses: Addresses) -> None:
    result = await result_of(rebooted, client, addresses)

    assert (result.verdict, result.reason) == (Verdict.PASS, "")
    assert "the station sends BootNotification" in [step.text for step in result.steps]
    assert all(step.outcome == "ok" for step in result.steps)


async def test_wrong_message_fails_with_step_frame_and_fields(
    client: AsyncClient, addresses: Addresses
) -> None:
    async def scheduled(run: CaseRun) -> None:
        await run.state.booted(reason="ScheduledReset")

    result = await result_of(scheduled, client, addresses)

    assert result.verdict is Verdict.FAIL
    assert result.failed_step == "the station sends BootNotification (reason ScheduledReset)"
    assert 'reason: expected "ScheduledReset", got "RemoteReset"' in result.reason
    (boot,) = await client.verify("BootNotification", reason="RemoteReset")
    assert result.frame == boot.number


async def test_state_that_is_not_reached_in_preparation_is_inconclusive(
    client: AsyncClient, addresses: Addresses
) -> None:
    result = await result_of(charging, client, addresses, "omit Authorize", message_s=1)

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "TC_E_" in result.reason


async def test_same_state_as_a_step_fails_the_case(client: AsyncClient, addresses: Addresses) -> None:
    async def main_part(run: CaseRun) -> None:
        await run.state.energy_transfer_started()

    result = await result_of(main_part, client, addresses, "omit Authorize", message_s=1)

    assert result.verdict is Verdict.FAIL


async def test_stimulus_that_nobody_can_give_skips_the_case(
    client: AsyncClient, addresses: Addresses
) -> None:
    async with bench(client, addresses, has_rig=False) as tested:
        result = await tested.carry_out(case_of(charging))

    assert result.verdict is Verdict.SKIPPED
    assert "Plug the cable in" in result.reason


async def test_rig_that_does_not_work_is_an_error_and_the_station_is_settled(
    client: AsyncClient, addresses: Addresses
) -> None:
    class Breaking:
        def __init__(self, rig: Rig) -> None:
            self.rig = rig

        async def do(self, stimulus: Stimulus) -> None:
            if stimulus.name == "unplug":
                raise OSError("the arm is stuck")
            await self.rig.do(stimulus)

    async def unplugs(run: CaseRun) -> None:
        await run.given.energy_transfer_started()
        await run.rig.unplugs()

    assert addresses.ws is not None
    async with box_station("CS001", addresses.ws) as rig:
        await client.station("CS001").waits_for("StatusNotification", evseId=2)
        result = await Bench(client, file_of_box("CS001"), Breaking(rig)).carry_out(case_of(unplugs))
        state = await client.station("CS001").state()

    assert result.verdict is Verdict.ERROR
    assert result.reason == "the rig failed to do unplug evse=1: OSError: the arm is stuck"
    assert [each["ended"] for each in state["transactions"]] == [True]


async def test_answer_that_cannot_be_read_fails_the_case(client: AsyncClient, addresses: Addresses) -> None:
    async def version_read(run: CaseRun) -> None:
        answer = await run.csms.sends("GetLocalListVersion")
        run.check(answer["versionNumber"] == 0, "the version is 0")

    result = await result_of(version_read, client, addresses, "say GetLocalListVersion versionNumber=")

    assert result.verdict is Verdict.FAIL
    assert "answer-violates-schema" in result.reason


async def test_fault_of_a_case_is_an_error_with_its_place(client: AsyncClient, addresses: Addresses) -> None:
    async def broken(run: CaseRun) -> None:
        raise KeyError(run.evse)

    result = await result_of(broken, client, addresses)

    assert result.verdict is Verdict.ERROR
    assert "KeyError: 1" in result.reason
    assert "test_runner.py" in result.reason


@pytest.mark.parametrize(("is_lenient", "verdict"), [(False, Verdict.FAIL), (True, Verdict.PASS)])
async def test_violation_of_the_specification_fails_a_case_unless_lenient(
    client: AsyncClient, addresses: Addresses, is_lenient: bool, verdict: Verdict
) -> None:
    options = CaseOptions(is_lenient=is_lenient)
    async with bench(
        client, addresses, ["say StatusNotification connectorStatus=Broken"], options=options
    ) as tested:

        async def triggered(run: CaseRun) -> None:
            place = {"evse": {"id": 1, "connectorId": 1}}
            await run.csms.sends("TriggerMessage", place, requestedMessage="StatusNotification")
            await run.station.sends("StatusNotification")

        result = await tested.carry_out(case_of(triggered))

    assert result.verdict is verdict
    assert ("violated the specification" in result.reason) is not is_lenient


async def test_variables_are_put_back_and_the_station_is_idle_after_a_case(
    client: AsyncClient, addresses: Addresses
) -> None:
    async def changes(run: CaseRun) -> None:
        await run.given.variables(OCPPCommCtrlr__OfflineThreshold=17)
        await run.given.energy_transfer_started()
        run.check(False, "the case fails on purpose")

    async with bench(client, addresses) as tested:
        result = await tested.carry_out(case_of(changes))
        variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
        answer = await client.station("CS001").call("GetVariables", {"getVariableData": [variable]})
        state = await client.station("CS001").state()

    assert (result.verdict, result.not_restored) == (Verdict.FAIL, ())
    assert answer["getVariableResult"][0]["attributeValue"] == "60"
    assert [each["ended"] for each in state["transactions"]] == [True]


async def test_station_that_boots_once_per_connection_is_brought_back(
    client: AsyncClient, addresses: Addresses
) -> None:
    async def boots_once(url: str) -> None:
        while True:
            async with connected_to(url, "CS001") as station:
                await station.boot()
                await station.connection.wait_closed()

    async def rejected(run: CaseRun) -> None:
        await run.csms.answers("BootNotification", {"status": "Rejected", "interval": 300})
        await run.csms.closes_the_connection()
        await run.station.sends("BootNotification")

    handle = client.station("CS001")
    station = asyncio.ensure_future(boots_once(str(addresses.ws)))
    await handle.waits_for("BootNotification")
    tested = Bench(client, file_with(boot_s=1), NoHands())
    result = await tested.carry_out(case_of(rejected))
    is_back = await tested.is_in_service()
    station.cancel()

    assert (result.verdict, result.not_restored, is_back) == (Verdict.PASS, (), True)


async def test_report_of_a_connector_may_be_repeated(client: AsyncClient, addresses: Addresses) -> None:
    async with connected_to(str(addresses.ws), "CS001") as station:
        await station.boot()

        async def vacated(run: CaseRun) -> None:
            for status in ("Occupied", "Occupied", "Available"):
                await station.status(status)
            await run.station.reports("Occupied")
            await run.station.reports("Available")

        result = await Bench(client, file_of_box("CS001"), NoHands()).carry_out(case_of(vacated))

    assert (result.verdict, result.reason) == (Verdict.PASS, "")


async def test_reports_before_a_boot_do_not_count_after_it(client: AsyncClient, addresses: Addresses) -> None:
    async with connected_to(str(addresses.ws), "CS001") as station:
        await station.boot()

        async def restarted(run: CaseRun) -> None:
            await station.status("Unavailable")
            await station.boot("RemoteReset")
            await station.status("Available")
            await run.station.sends("BootNotification")
            await run.station.reports("Available")

        result = await Bench(client, file_of_box("CS001"), NoHands()).carry_out(case_of(restarted))

    assert (result.verdict, result.reason) == (Verdict.PASS, "")


async def test_change_that_cannot_be_undone_is_named(client: AsyncClient, addresses: Addresses) -> None:
    async def changes(run: CaseRun) -> None:
        async def undo() -> None:
            run.check(False, "the station takes it back")

        run.undo_with("the setting", undo)

    result = await result_of(changes, client, addresses)

    assert (result.verdict, result.not_restored) == (Verdict.PASS, ("the setting",))


class JammedRig:
    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    async def do(self, stimulus: Stimulus) -> None:
        if stimulus.name == "unplug":
            raise RuntimeError("the arm is stuck")
        await self._rig.do(stimulus)


async def test_fault_of_a_rig_after_a_case_leaves_its_verdict(
    client: AsyncClient, addresses: Addresses
) -> None:
    async def plugs_in(run: CaseRun) -> None:
        await run.rig.plugs_in()

    assert addresses.ws is not None
    async with box_station("CS001", addresses.ws) as rig:
        await client.station("CS001").waits_for("StatusNotification", evseId=2)
        jammed = Bench(client, file_of_box("CS001"), JammedRig(rig))
        result = await jammed.carry_out(case_of(plugs_in))

    assert result.verdict is Verdict.PASS
    assert result.not_restored == ("the rig failed to do unplug evse=1: RuntimeError: the arm is stuck",)


async def test_changes_are_undone_when_the_run_is_cancelled(
    client: AsyncClient, addresses: Addresses
) -> None:
    undone, begun = asyncio.Event(), asyncio.Event()

    async def endless(run: CaseRun) -> None:
        async def undo() -> None:
            undone.set()

        run.undo_with("the setting", undo)
        begun.set()
        await run.station.sends("Heartbeat", within=1000)

    async with bench(client, addresses) as tested:
        running = asyncio.ensure_future(tested.carry_out(case_of(endless)))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    assert undone.is_set()


async def test_rules_of_a_case_end_with_it(client: AsyncClient, addresses: Addresses) -> None:
    async def answers(run: CaseRun) -> None:
        await run.csms.answers("Heartbeat", {"fault": {"kind": "no-answer"}})

    await result_of(answers, client, addresses)

    assert await client.rules.list() == []


async def reports(run: CaseRun) -> None:
    await run.csms.sends("GetBaseReport", requestId=1, reportBase="SummaryInventory", expect="Accepted")
    run.station.were_generated_now(await run.station.collects("NotifyReport", requestId=1))


@pytest.mark.parametrize("time", ["2026-11-01T00:00:00Z", "2126-11-01T00:00:00Z"])
async def test_report_with_a_time_outside_of_the_case_fails(
    client: AsyncClient, addresses: Addresses, time: str
) -> None:
    result = await result_of(reports, client, addresses, f"say NotifyReport generatedAt={time}")
    assert result.verdict is Verdict.FAIL
    assert f"not {time} in #" in result.reason


async def test_optional_connection_is_returned_once_it_comes(
    client: AsyncClient, addresses: Addresses
) -> None:
    async def connects_once(run: CaseRun) -> None:
        assert await run.station.optionally_connects(within=0) is None
        await run.csms.closes_the_connection()
        connection = await run.station.optionally_connects(within=run.times.boot)
        assert connection is not None
        assert connection.type == "connected"

    result = await result_of(connects_once, client, addresses)
    assert result.verdict is Verdict.PASS, result.reason
