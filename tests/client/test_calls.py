"""Commands and the checks of their answers."""

import asyncio

import pytest
from ocpp.v201 import call, call_result

from mock_csms.client import (
    ABSENT,
    ANY,
    ApiError,
    AsyncClient,
    AsyncStationHandle,
    WrongAnswer,
)
from tests.support.control import Mock
from tests.support.station import Station, connected

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_call_returns_the_answer_with_its_frames(station: AsyncStationHandle, peer: Station) -> None:
    answer = await station.call("Reset", type="Immediate")

    assert answer.is_("Rejected", "Accepted").has(status="Accepted", statusInfo=ABSENT) is answer
    assert answer.call is not None
    assert answer.entry is not None
    assert (answer.call["type"], answer.entry["status"]) == ("Immediate", "Accepted")
    assert (station.cursor, answer.entry.partner) == (answer.call.number, answer.call.number)
    assert await peer.next("Reset") == {"type": "Immediate"}


async def test_fields_and_options_of_a_call_are_told_apart(
    station: AsyncStationHandle, peer: Station
) -> None:
    await station.call("ChangeAvailability", {"operationalStatus": "Inoperative"}, timeout=5, evse__id=1)

    assert await peer.next("ChangeAvailability") == {"operational_status": "Inoperative", "evse": {"id": 1}}


async def test_call_without_payload_sends_the_default(station: AsyncStationHandle, peer: Station) -> None:
    (await station.call("GetBaseReport")).is_("Accepted")

    assert (await peer.next("GetBaseReport"))["report_base"] == "FullInventory"


async def test_answer_with_another_status_fails_with_the_frames(
    station: AsyncStationHandle, peer: Station
) -> None:
    peer.answers["Reset"] = lambda **_: call_result.Reset(status="Scheduled")
    answer = await station.call("Reset", type="OnIdle")

    with pytest.raises(WrongAnswer) as caught:
        answer.is_("Accepted")

    assert f"the answer of {station.id} to Reset differs:\n" in str(caught.value)
    assert '    status: expected "Accepted", got "Scheduled"\n' in str(caught.value)
    assert '<- Reset result {"status": "Scheduled"}' in str(caught.value)


async def test_callerror_fails_with_its_code(station: AsyncStationHandle, peer: Station) -> None:
    del peer.route_map["Reset"]
    answer = await station.call("Reset", type="OnIdle")

    with pytest.raises(WrongAnswer, match="should have status Accepted, but it is CALLERROR NotImplemented"):
        answer.is_("Accepted")
    with pytest.raises(WrongAnswer, match=r"is CALLERROR NotImplemented: .*, not SecurityError"):
        answer.is_error("SecurityError")
    answer.is_error("NotImplemented").is_error()


async def test_missing_answer_fails(station: AsyncStationHandle, peer: Station) -> None:
    held = asyncio.Event()

    async def never(**_: object) -> None:
        await held.wait()

    peer.answers["Reset"] = never
    answer = await station.call("Reset", {"type": "OnIdle"}, timeout=0.05)

    with pytest.raises(WrongAnswer, match=r"should have a result, but it is missing \(timeout\): no answer"):
        answer.has(status="Accepted")
    held.set()


async def test_result_is_not_an_error(station: AsyncStationHandle) -> None:
    answer = await station.call("Reset", type="OnIdle")

    with pytest.raises(WrongAnswer, match="is not a CALLERROR, but"):
        answer.is_error()


async def test_answer_without_status_says_so(station: AsyncStationHandle) -> None:
    answer = await station.call("GetLocalListVersion")

    with pytest.raises(WrongAnswer, match=r'has no status, it is \{"versionNumber": 4\}; use has'):
        answer.is_("Accepted")


async def test_fields_of_an_answer_are_read_like_those_of_an_entry(
    station: AsyncStationHandle, peer: Station
) -> None:
    assert (await station.call("GetLocalListVersion"))["versionNumber"] == 4

    del peer.route_map["Reset"]
    answer = await station.call("Reset", type="OnIdle")
    with pytest.raises(WrongAnswer, match="should have the field status, but it is CALLERROR NotImplemented"):
        _ = answer["status"]


async def test_answer_that_differs_is_shown_whole(station: AsyncStationHandle, peer: Station) -> None:
    info = {"reasonCode": "ReadOnly", "additionalInfo": "x" * 400}
    peer.answers["Reset"] = lambda **_: call_result.Reset(status="Rejected", status_info=info)
    answer = await station.call("Reset", type="OnIdle")

    with pytest.raises(WrongAnswer) as caught:
        answer.is_("Accepted")

    assert f'"reasonCode": "ReadOnly", "additionalInfo": "{"x" * 400}"' in str(caught.value)


async def test_each_item_of_an_answer_is_checked(station: AsyncStationHandle) -> None:
    variables = [{"component": {"name": name}, "variable": {"name": "V"}} for name in ("A", "B")]
    answer = await station.call("GetVariables", getVariableData=variables)

    answer.each("getVariableResult", attributeStatus="Accepted", attributeValue=ANY)
    with pytest.raises(
        WrongAnswer,
        match=r'differs in getVariableResult\[0\]:\n  \{.*"60"\}\n    component.name: expected "B"',
    ):
        answer.each("getVariableResult", component__name="B")
    with pytest.raises(WrongAnswer, match="has no list items with items"):
        answer.each("items", attributeStatus="Accepted")


async def test_answers_to_the_parts_of_a_command_are_joined(
    mock: Mock, station: AsyncStationHandle, peer: Station
) -> None:
    model = mock[0].stations[station.id].device_model
    model.set({"name": "DeviceDataCtrlr"}, {"name": "ItemsPerMessage", "instance": "GetVariables"}, "1")
    variables = [{"component": {"name": name}, "variable": {"name": "V"}} for name in ("A", "B")]

    answer = await station.call("GetVariables", getVariableData=variables, split=True)

    assert len(answer.payload["getVariableResult"]) == 2
    assert [part.request["getVariableData"] for part in answer.parts] == [[each] for each in variables]
    assert answer.call is not None
    assert answer.call["getVariableData"] == variables[:1]
    with pytest.raises(ApiError, match="accepts at most 1 items"):
        await station.call("GetVariables", getVariableData=variables)


async def test_command_is_sent_when_the_station_connects(
    mock: Mock, client: AsyncClient, station_id: str
) -> None:
    station = client.station(station_id)
    calling = asyncio.create_task(station.call("Reset", type="OnIdle", when="connected", within=10))
    while not calling.done():  # the command may arrive only after the first connection
        async with connected(mock[0], station_id):
            await asyncio.wait([calling], timeout=0.1)
    answer = await calling

    assert answer.is_("Accepted").call is not None
    with pytest.raises(ApiError, match="did not connect within"):
        await station.call("Reset", type="OnIdle", when="connected", within=0.01)


async def test_command_that_is_not_sent_raises_the_problem(client: AsyncClient) -> None:
    with pytest.raises(ApiError, match=r"'absent' is known.*; connects\(\) waits for") as caught:
        await client.station("absent").call("Reset", type="OnIdle")

    assert (caught.value.status, caught.value.kind) == (404, "unknown-station")


async def test_unknown_option_of_a_payload_that_is_not_a_dict_is_refused(station: AsyncStationHandle) -> None:
    with pytest.raises(TypeError, match="fields can only be added to a dict"):
        await station.call("Reset", ["x"], timeouts=3)


async def test_release_without_a_held_command_is_a_problem(station: AsyncStationHandle) -> None:
    with pytest.raises(ApiError) as caught:
        await station.release()

    assert caught.value.kind == "nothing-held"


async def test_held_answer_is_released(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    when = {"action": "Heartbeat", "station": station.id}
    async with client.scope("held"):
        await client.rules.add(when=when, then={"fault": {"kind": "hold"}})
        beating = asyncio.create_task(peer.send(call.Heartbeat()))
        await station.waits_for("Heartbeat")

        (released,) = await station.release("Heartbeat", count=1)

    assert (released.action, released.outcome) == ("Heartbeat", "sent")
    assert repr(released) == "CommandAnswer(Heartbeat: sent)"
    assert (await beating).current_time


async def test_field_of_an_answer_that_differs_fails(station: AsyncStationHandle) -> None:
    with pytest.raises(WrongAnswer, match='status: expected "Rejected", got "Accepted"'):
        (await station.call("Reset", type="OnIdle")).has(status="Rejected")
