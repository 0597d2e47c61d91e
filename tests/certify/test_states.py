"""The states of a session at the simulated station, with several start and stop points."""

import pytest

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.f_remote_control import triggers_downloading, triggers_uploading
from mock_csms.certify.registry import CaseFunction
from mock_csms.certify.stimuli import NoHands
from mock_csms.certify.verdicts import Inconclusive, Skipped
from mock_csms.client import StationFailure
from tests.certify.conftest import Boxes

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("start", "stop", "by"),
    [
        ("ParkingBayOccupancy", "ParkingBayOccupancy", "remote"),
        ("DataSigned", "EnergyTransfer", "local"),
    ],
)
async def test_session_goes_through_all_states(box: Boxes, start: str, stop: str, by: str) -> None:
    async with box() as run:
        await run.given.transaction_points(start=start, stop=stop)
        await run.state.authorized(by=by)
        await run.state.energy_transfer_started()
        await run.state.stop_authorized(by=by)
        await run.state.parking_bay_unoccupied()

        assert run.transaction_id
        assert await run.settle() == []


async def test_suspension_that_ends_the_transaction_leaves_nothing_to_stop(box: Boxes) -> None:
    async with box() as run:
        await run.given.transaction_points(stop="EnergyTransfer")
        await run.state.energy_transfer_suspended()
        await run.state.parking_bay_unoccupied()

        assert [step.text for step in run.steps.taken if "present" in step.text] == [
            "the rig does present evse=1 token=AABBCCDD type=ISO14443"
        ]


async def test_refused_token_ends_the_authorization(box: Boxes) -> None:
    async with box() as run:
        await run.csms.answers(
            "TransactionEvent", {"idTokenInfo": {"status": "Invalid"}}, expression="idToken"
        )
        await run.state.ev_connected()
        await run.state.authorized()
        await run.state.deauthorized()


async def test_list_and_cache_let_a_transaction_run_while_the_server_is_offline(box: Boxes) -> None:
    async with box() as run:
        await run.given.variables(
            OCPPCommCtrlr__RetryBackOffWaitMinimum=0, OCPPCommCtrlr__RetryBackOffRandomRange=0
        )
        await run.given.token_known_offline()
        await run.given.transaction_ended_offline()

        await run.station.sends("TransactionEvent", eventType="Started", offline=True)
        await run.station.at_last_sends("TransactionEvent", eventType="Ended", offline=True)


async def test_station_is_idle_again_after_a_case_that_ends_offline_with_a_locked_cable(box: Boxes) -> None:
    async with box() as run:
        await run.given.variables(
            OCPPCommCtrlr__RetryBackOffWaitMinimum=0,
            OCPPCommCtrlr__RetryBackOffRandomRange=0,
            OCPPCommCtrlr__UnlockOnEVSideDisconnect=False,
        )
        await run.given.energy_transfer_started()
        await run.given.unplugged_at_vehicle()
        await run.csms.goes_offline()

        assert await run.settle() == []
        assert run.rig.plugged == set()


@pytest.mark.parametrize(
    ("misbehaviour", "field"),
    [
        ("omit-evse", "evse"),
        ("omit-id-token", "idToken"),
        ("say TransactionEvent triggerReason=Authorized if triggerReason=CablePluggedIn", "triggerReason"),
        ("say TransactionEvent transactionInfo.stoppedReason=EVDisconnected", "stoppedReason"),
        ("say TransactionEvent transactionInfo.transactionId=T2 if eventType=Updated", "same transaction"),
    ],
)
async def test_event_without_what_is_due_fails(box: Boxes, misbehaviour: str, field: str) -> None:
    async with box(misbehaviour) as run:
        with pytest.raises(StationFailure, match=field):
            await run.state.parking_bay_unoccupied()

    assert run.steps.taken[-1].outcome == "failed"


@pytest.mark.parametrize(
    ("case", "command"), [(triggers_uploading, "GetLog"), (triggers_downloading, "UpdateFirmware")]
)
async def test_transfer_that_the_station_refuses_is_not_waited_for_after_the_case(
    box: Boxes, case: CaseFunction, command: str
) -> None:
    async with box(f"pretend {command} status=Rejected") as run:
        with pytest.raises(StationFailure, match=command):
            await case(run)

        assert await run.settle() == []


async def test_failure_of_a_preparation_is_inconclusive_and_names_the_case_about_it(box: Boxes) -> None:
    async with box("say RequestStartTransaction status=Rejected") as run:
        with pytest.raises(Inconclusive, match="the case TC_E_04_CS tests these steps"):
            await run.given.authorized(by="remote")


async def test_points_that_cannot_be_set_skip_the_case_unless_they_fit(box: Boxes) -> None:
    misbehaviour = "pretend SetVariables setVariableResult.0.attributeStatus=Rejected"
    async with box(misbehaviour) as run:
        await run.given.transaction_points(start="Authorized", stop=["PowerPathClosed", "EVConnected"])
        with pytest.raises(Skipped, match="stays EVConnected,Authorized, and the case needs DataSigned"):
            await run.given.transaction_points(start="DataSigned")
        with pytest.raises(Skipped, match="needs EVConnected, without Authorized"):
            await run.given.transaction_points(stop="EVConnected", stop_without=["Authorized"])


async def test_message_that_no_step_has_used_is_found(box: Boxes) -> None:
    async with box() as run:
        await run.state.authorized()
        await run.station.has_sent_no_other("Authorize")
        await run.rig.presents(run.tokens.second)
        await run.csms.handle.waits_for("Authorize", idToken=run.tokens.second.as_json)

        with pytest.raises(StationFailure, match="Authorize was not to be sent"):
            await run.station.has_sent_no_other("Authorize")


async def test_energy_flows_at_each_evse_that_is_needed(box: Boxes) -> None:
    async with box() as run:
        first = await run.given.energy_transfer_started_everywhere(at_most=1)
        both = await run.given.energy_transfer_started_everywhere()

        assert list(first) == [1]
        assert list(both) == [1, 2]
        assert len(set(both.values())) == 2


async def test_token_that_is_cached_as_refused_is_checked_again(box: Boxes) -> None:
    async with box() as run:
        await run.given.variables(AuthCtrlr__LocalPreAuthorize=True)
        await run.given.id_token_info_cached(run.tokens.invalid, {"status": "Blocked"})
        await run.state.ev_connected()
        await run.state.authorized(run.tokens.invalid, asks=True)


async def test_token_of_the_group_stops_after_an_authorize(box: Boxes) -> None:
    async with box() as run:
        info = {"idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "G", "type": "Central"}}}
        await run.csms.answers("Authorize", info)
        await run.csms.answers("TransactionEvent", info, expression="idToken")

        stop = await run.state.stop_authorized(run.tokens.second, by="local", asks=True)

        assert stop is not None
        assert stop["idToken"] == run.tokens.second.as_json


async def test_station_without_start_points_is_inconclusive_unless_its_file_claims_them(box: Boxes) -> None:
    async with box("say GetVariables getVariableResult.attributeStatus=UnknownVariable") as boxed:
        with pytest.raises(Inconclusive, match=r"TxCtrlr\.TxStartPoint, which it needs; claim C-09\.1"):
            await with_features(boxed).given.ev_connected()
        with pytest.raises(Skipped, match="Plug the cable in"):
            await with_features(boxed, "C-09.2", "C-10.2").given.ev_connected()


async def test_variable_that_is_read_without_a_value_is_inconclusive(box: Boxes) -> None:
    async with box("say GetVariables getVariableResult.attributeValue=") as run:
        with pytest.raises(Inconclusive, match="OfflineThreshold cannot be set to 300: the station gives no"):
            await run.given.variables(OCPPCommCtrlr__OfflineThreshold=300)


def with_features(run: CaseRun, *features: str) -> CaseRun:
    """Return a run at the same station without a rig; the run's station file claims only these features."""
    file = run.file.model_copy(
        update={"station": run.file.station.model_copy(update={"features": list(features)})}
    )
    return CaseRun(run.csms.client, run.csms.handle, file, NoHands())
