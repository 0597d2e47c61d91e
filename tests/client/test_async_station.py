"""Verbs of a station, each passing and failing, against a server and a real `ocpp` station."""

import asyncio
from collections.abc import Awaitable
from functools import partial

import pytest
from ocpp.v201 import call, call_result
from websockets.exceptions import InvalidStatus

from mock_csms.client import (
    ABSENT,
    ANY,
    ApiError,
    AsyncClient,
    AsyncStationHandle,
    ClientError,
    NotSeen,
    NotVerified,
    Pattern,
    StationFailure,
    UnwantedMessage,
    WrongAnswer,
    WrongMessage,
)
from tests.support.control import Mock
from tests.support.station import ID_TOKEN, Station, connected, now

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def failure_of(verb: Awaitable[object], kind: type[StationFailure]) -> str:
    """Return the text of a failure."""
    with pytest.raises(StationFailure) as caught:
        await verb
    assert type(caught.value) is kind
    return str(caught.value)


async def report(peer: Station, seq_no: int, tbc: bool = False, request_id: int = 7) -> None:
    """Send a part of a report."""
    await peer.send(call.NotifyReport(request_id, now(), seq_no, tbc=tbc))


# waits_for


async def test_first_handle_sees_messages_from_before_it_was_made(station: AsyncStationHandle) -> None:
    boot = await station.waits_for("BootNotification", reason="PowerUp")

    assert boot["chargingStation"]["model"] == "Model"
    assert station.cursor == boot.number


async def test_later_handle_starts_at_the_newest_entry(
    client: AsyncClient, station: AsyncStationHandle, station_id: str
) -> None:
    await station.waits_for("BootNotification")

    text = await failure_of(client.station(station_id).waits_for("BootNotification", within=0), NotSeen)

    assert "matches, but it came before" in text


async def test_message_that_comes_later_ends_a_wait(station: AsyncStationHandle, peer: Station) -> None:
    waiting = asyncio.create_task(station.waits_for("StatusNotification", connectorStatus="Occupied"))
    await peer.status("Available")
    await peer.status("Occupied")

    assert (await waiting)["connectorStatus"] == "Occupied"


async def test_wait_without_a_match_names_the_closest_message(
    station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Available", evse_id=2)
    await peer.send(call.Heartbeat())

    text = await failure_of(
        station.waits_for("StatusNotification", connectorStatus="Occupied", evseId={2, 3}, within=0.01),
        NotSeen,
    )

    assert (
        f'no StatusNotification with connectorStatus "Occupied", evseId one of 2, 3 from {station.id}' in text
    )
    assert "within 0.01 s" in text
    assert '    connectorStatus: expected "Occupied", got "Available"\n' in text
    assert "    evseId" not in text
    assert "<- Heartbeat {}" in text.split("last frames")[1]


@pytest.mark.parametrize("action", ["BootNotificaton", "bootnotification"])
async def test_mistyped_action_is_refused_at_once(station: AsyncStationHandle, action: str) -> None:
    with pytest.raises(ValueError, match=f"OCPP has no message '{action}'; did you mean BootNotification"):
        await station.never(action, during=3600)
    with pytest.raises(ValueError, match=action):
        await station.next("Heartbeat", ignoring=[Pattern(action)])


async def test_wait_for_a_command_is_refused_at_once(station: AsyncStationHandle) -> None:
    with pytest.raises(ValueError, match="Reset is a command to stations, not a message from them"):
        await station.waits_for("Reset")


async def test_action_of_a_vendor_can_be_waited_for(station: AsyncStationHandle, peer: Station) -> None:
    await peer.connection.send('[2, "1", "VendorThing", {"a": 1}]')

    assert (await station.waits_for("VendorThing", a=1)).action == "VendorThing"
    text = await failure_of(station.waits_for("VendorThing", within=0), NotSeen)
    assert "the station sent nothing" in text


async def test_wait_for_a_station_that_never_connected_says_so(client: AsyncClient, peer: Station) -> None:
    text = await failure_of(client.station("absent").waits_for("BootNotification", within=0), NotSeen)

    assert "the server has not heard of absent since #0; it has seen" in text


async def test_wait_for_a_station_that_is_gone_says_so(station: AsyncStationHandle, peer: Station) -> None:
    await peer.connection.close()
    await station.disconnects()

    text = await failure_of(station.waits_for("Heartbeat", within=0), NotSeen)

    assert f"{station.id} is not connected" in text


async def test_wait_of_a_client_that_is_younger_than_the_connection_says_so(
    mock: Mock, peer: Station, station_id: str
) -> None:
    async with AsyncClient(mock[0].control) as client:
        await peer.send(call.Heartbeat())

        text = await failure_of(client.station(station_id).waits_for("BootNotification", within=0), NotSeen)

    assert f"{station_id} connected before #" in text


async def test_wait_takes_any_of_several_actions(station: AsyncStationHandle, peer: Station) -> None:
    await peer.availability("Available")

    assert (await station.waits_for(["StatusNotification", "NotifyEvent"])).action == "NotifyEvent"


async def test_condition_that_raises_fails_its_wait_only(station: AsyncStationHandle, peer: Station) -> None:
    def broken(_: object) -> bool:
        raise OSError("broken")

    waiting = asyncio.create_task(station.waits_for("StatusNotification", connectorStatus=broken))
    other = asyncio.create_task(station.waits_for("StatusNotification"))
    await peer.status()

    await other
    with pytest.raises(OSError, match="broken"):
        await waiting


async def test_wait_for_any_returns_the_message_that_comes(
    station: AsyncStationHandle, peer: Station
) -> None:
    await peer.availability("Occupied")

    entry = await station.waits_for_any(
        Pattern("StatusNotification", connectorStatus="Occupied"),
        Pattern("NotifyEvent", eventData=[{"actualValue": "Occupied"}]),
    )

    assert entry.action == "NotifyEvent"


async def test_wait_for_all_takes_any_order(station: AsyncStationHandle, peer: Station) -> None:
    await peer.status("Available", evse_id=2)
    await peer.status("Available", evse_id=1)
    patterns = [Pattern("StatusNotification", evseId=evse) for evse in (1, 2)]

    first, second = await station.waits_for_all(*patterns)

    assert (first["evseId"], second["evseId"]) == (1, 2)
    assert station.cursor == first.number > second.number


async def test_wait_for_all_gives_each_message_to_a_pattern(
    station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Available", evse_id=2)
    await peer.status("Available", evse_id=1)

    any_evse, evse_2 = await station.waits_for_all(
        Pattern("StatusNotification"), Pattern("StatusNotification", evseId=2), within=0
    )

    assert (any_evse["evseId"], evse_2["evseId"]) == (1, 2)


async def test_wait_for_all_names_the_missing_messages(station: AsyncStationHandle, peer: Station) -> None:
    await peer.status("Available", evse_id=1)
    patterns = [Pattern("StatusNotification", evseId=evse) for evse in (1, 2)]

    text = await failure_of(station.waits_for_all(*patterns, within=0.01), NotSeen)

    assert "1 of 2 messages" in text
    assert "missing: StatusNotification with evseId 2\n" in text
    assert "evseId: expected 2, got 1" in text


# next, never, nothing but


async def test_next_message_is_found_behind_other_actions(station: AsyncStationHandle, peer: Station) -> None:
    await peer.send(call.Heartbeat())
    await peer.status("Occupied")

    assert (await station.next("StatusNotification", connectorStatus="Occupied"))["evseId"] == 1


async def test_next_message_that_differs_fails_at_once(station: AsyncStationHandle, peer: Station) -> None:
    await peer.status("Available")
    await peer.status("Occupied")

    text = await failure_of(
        station.next("StatusNotification", connectorStatus="Occupied", within=3600), WrongMessage
    )

    assert f"the next StatusNotification from {station.id} differs from the expected one:" in text
    assert 'connectorStatus: expected "Occupied", got "Available"' in text


async def test_next_message_that_never_comes_fails(station: AsyncStationHandle) -> None:
    text = await failure_of(station.next("StatusNotification", within=0.01), NotSeen)

    assert "no StatusNotification" in text


async def test_next_message_ignores_patterns(station: AsyncStationHandle, peer: Station) -> None:
    await peer.transaction("Updated", 1, trigger_reason="MeterValuePeriodic")
    await peer.transaction("Ended", 2, trigger_reason="StopAuthorized")
    periodic = Pattern("TransactionEvent", triggerReason={"MeterValuePeriodic", "MeterValueClock"})

    entry = await station.next("TransactionEvent", eventType="Ended", ignoring=[periodic])

    assert entry["seqNo"] == 2


async def test_never_passes_without_the_message(station: AsyncStationHandle, peer: Station) -> None:
    await peer.status("Available")

    await station.never("StatusNotification", connectorStatus="Faulted", during=0)


async def test_never_fails_at_once_when_the_message_comes(station: AsyncStationHandle, peer: Station) -> None:
    watching = asyncio.create_task(
        station.never("StatusNotification", connectorStatus="Faulted", during=3600)
    )
    await peer.status("Faulted")

    text = await failure_of(watching, UnwantedMessage)

    assert (
        f'{station.id} sent a message that must not come: StatusNotification with connectorStatus "Fau'
        in text
    )


async def test_never_sees_a_message_of_the_last_moment(station: AsyncStationHandle, peer: Station) -> None:
    await peer.status("Faulted")

    await failure_of(station.never("StatusNotification", during=0), UnwantedMessage)


async def test_nothing_but_allowed_messages_passes(station: AsyncStationHandle, peer: Station) -> None:
    await peer.send(call.Heartbeat())

    await station.sends_nothing_but("BootNotification", Pattern("Heartbeat"), during=0.01)


async def test_nothing_but_fails_with_another_message(station: AsyncStationHandle, peer: Station) -> None:
    await peer.send(call.Heartbeat())

    text = await failure_of(station.sends_nothing_but("BootNotification"), UnwantedMessage)

    assert f"{station.id} may send nothing but BootNotification, but it sent\n" in text
    assert "<- Heartbeat {}" in text


async def test_nothing_but_looks_between_two_entries(station: AsyncStationHandle, peer: Station) -> None:
    first = await station.waits_for("BootNotification")
    await peer.boot("Triggered")
    again = await station.waits_for("BootNotification")
    await peer.send(call.Heartbeat())

    await station.sends_nothing_but(after=first, before=again)
    await failure_of(station.sends_nothing_but(after=first), UnwantedMessage)
    assert again.seconds_since(first) >= 0


# collects


async def test_parts_of_a_report_are_collected_in_their_order(
    station: AsyncStationHandle, peer: Station
) -> None:
    for seq_no in (1, 0, 0):
        await report(peer, seq_no, tbc=True)
    await report(peer, 0, request_id=8)
    await report(peer, 2)

    parts = await station.collects("NotifyReport", requestId=7)

    assert [part["seqNo"] for part in parts] == [0, 1, 2]


async def test_missing_parts_of_a_report_are_named(station: AsyncStationHandle, peer: Station) -> None:
    await report(peer, 0, tbc=True)
    await report(peer, 2)

    text = await failure_of(station.collects("NotifyReport", requestId=7, within=0.01), NotSeen)

    assert (
        f"2 parts of NotifyReport with requestId 7 from {station.id} within 0.01 s; missing: part 1\n" in text
    )


async def test_missing_last_part_of_a_report_is_named(station: AsyncStationHandle, peer: Station) -> None:
    await report(peer, 0, tbc=True)

    text = await failure_of(station.collects("NotifyReport", within=0.01), NotSeen)

    assert "missing: the last part, without tbc" in text


# connections


async def test_connection_and_its_end_are_seen(station: AsyncStationHandle, peer: Station) -> None:
    connected = await station.connects(subprotocols="ocpp2.0.1")
    await station.disconnect(code=1012, reason="restart")

    assert (await station.disconnects()).seconds_since(connected) > 0
    assert peer.connection.close_code == 1012


# call


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


async def test_each_item_of_an_answer_is_checked(station: AsyncStationHandle) -> None:
    variables = [{"component": {"name": name}, "variable": {"name": "V"}} for name in ("A", "B")]
    answer = await station.call("GetVariables", getVariableData=variables)

    answer.each("getVariableResult", attributeStatus="Accepted", attributeValue=ANY)
    with pytest.raises(
        WrongAnswer, match=r'differs in getVariableResult\[0\]:\n    component.name: expected "B"'
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


# settings


async def test_profile_can_be_changed(station: AsyncStationHandle, peer: Station) -> None:
    changed = await station.change_profile(bootStatus="Rejected")

    assert changed["bootStatus"] == (await station.profile())["bootStatus"] == "Rejected"
    await peer.boot()
    assert (await station.state())["registration"] == "Rejected"


async def test_password_is_set(station: AsyncStationHandle) -> None:
    await station.set_password("a-password-of-16-characters")

    assert (await station.profile())["password"] != ABSENT


async def test_cursor_moves_to_now(station: AsyncStationHandle, peer: Station) -> None:
    await peer.status()
    await station.skip_to_now()

    await station.never("StatusNotification", during=0)


async def test_token_and_rule_change_the_answers(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    await client.tokens.put("AABBCCDD", status="Blocked")
    rule = await client.rules.add(
        when={"action": "Authorize", "nth": 2}, then={"answer": {"idTokenInfo": {"status": "Expired"}}}
    )

    statuses = [(await peer.send(call.Authorize(ID_TOKEN))).id_token_info["status"] for _ in range(2)]

    assert statuses == ["Blocked", "Expired"]
    assert [each["id"] for each in await client.rules.list()] == [rule["id"]]
    assert (await client.tokens.list())["AABBCCDD"] == {"status": "Blocked"}
    await client.rules.delete(rule)
    await client.tokens.delete("AABBCCDD")
    assert await client.rules.list() == []


async def test_client_that_is_not_entered_says_so() -> None:
    with pytest.raises(ClientError, match="use 'async with AsyncClient"):
        AsyncClient("http://127.0.0.1:1").station("CS1")


# offline


async def test_attempts_while_offline_are_returned(
    mock: Mock, station: AsyncStationHandle, peer: Station, station_id: str
) -> None:
    await station.offline(refuse=500, close=1001)
    await station.disconnects()
    with pytest.raises(InvalidStatus, match="500"):
        async with connected(mock[0], station_id):
            pass
    await station.is_refused()

    (attempt,) = await station.back_online()

    assert (peer.connection.close_code, attempt.listener) == (1001, "main")
    with pytest.raises(ApiError, match="not offline"):
        await station.back_online()


async def test_time_offline_ends_by_itself(
    mock: Mock, station: AsyncStationHandle, peer: Station, station_id: str
) -> None:
    await station.offline(refuse="reset", seconds=0.001)
    await station.disconnects()

    async with connected(mock[0], station_id):
        await station.connects()
    assert await station.back_online() == []
    assert peer.connection.close_code == 1006


async def test_forbidden_message_fails_at_the_end_of_the_context(
    station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Faulted")
    async with station.forbidding("StatusNotification", connectorStatus="Faulted"):
        await peer.status("Available")

    with pytest.raises(
        UnwantedMessage, match='must not come: StatusNotification with connectorStatus "Faulted"'
    ):
        async with station.forbidding("StatusNotification", connectorStatus="Faulted"):
            await peer.status("Faulted")


# the server's actions and findings


async def test_actions_of_the_server_are_listed(client: AsyncClient, station: AsyncStationHandle) -> None:
    (version,) = await client.actions()

    assert version.subprotocol == "ocpp2.0.1"
    assert "BootNotification" in version.from_station
    assert "Reset" in version.from_csms
    assert (await client.action("Reset"))["sentBy"] == ["csms"]


async def test_silenced_finding_is_not_reported(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    assert "call-violates-schema" in await client.silence("call-violates-schema")
    await peer.connection.send('[2, "1", "Heartbeat", {"a": 1}]')
    await station.waits_for("Heartbeat")
    assert await client.findings(station.id) == []

    assert "call-violates-schema" not in await client.report("call-violates-schema")
    await peer.connection.send('[2, "2", "Heartbeat", {"a": 1}]')
    await station.waits_for("Heartbeat")

    (finding,) = await client.findings(station.id)
    assert finding.id == "call-violates-schema"
    assert repr(finding).startswith(f"<error call-violates-schema (OCPP-J 4.1.7) of {station.id}: ")


# the server's journal


async def test_verified_number_of_entries_returns_them(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Occupied")
    await peer.status("Available", evse_id=2)

    verify = partial(client.verify, station=station.id)
    (entry,) = await verify("StatusNotification", {"evseId": 2}, times=1)
    await verify("StatusNotification", at_least=1, at_most=2, since=entry.number - 4)
    await verify("StatusNotification", type="result", times=2)
    await verify("BootNotification", chargingStation__model="Model", customData=ABSENT)
    await verify(direction="received", type=None, expression="evseId == `2`")
    assert entry["connectorStatus"] == "Available"


async def test_other_number_of_entries_fails_with_the_closest(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Occupied")

    text = await failure_of(
        client.verify("StatusNotification", connectorStatus="Faulted", station=station.id), NotVerified
    )

    assert text.startswith("0 matching entries, expected at least 1\nclosest:\n")
    assert '    payload.connectorStatus: expected "Faulted", got "Occupied"' in text
    text = await failure_of(client.verify("StatusNotification", times=0, station=station.id), NotVerified)
    assert "closest" not in text


@pytest.mark.parametrize("condition", [ANY, {"Faulted", "Available"}, bool, {0: 1}])
async def test_condition_that_the_server_cannot_compare_is_refused(
    client: AsyncClient, condition: object
) -> None:
    with pytest.raises(ValueError, match=r"seqNo: the server cannot compare .*; use 'expression'"):
        await client.verify("NotifyReport", seqNo=condition)


async def test_wrong_expression_is_a_problem(client: AsyncClient) -> None:
    with pytest.raises(ApiError) as caught:
        await client.verify("Heartbeat", expression="][")

    assert caught.value.kind == "invalid-request"


async def test_journal_is_queried_by_expression(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Occupied")

    (entry,) = await client.journal(station=station.id, expression="frame[3].connectorStatus == 'Occupied'")

    assert entry.action == "StatusNotification"


# names and texts


async def test_objects_show_what_they_are(station: AsyncStationHandle, peer: Station) -> None:
    boot = await station.waits_for("BootNotification", chargingStation__model="Model")
    answer = await station.call("Reset", type="OnIdle")

    assert repr(station) == f"AsyncStationHandle({station.id!r}, cursor={station.cursor})"
    assert repr(boot).startswith(f"TranscriptEntry(#{boot.number} ")
    assert repr(answer) == 'CommandAnswer(Reset: {"status": "Accepted"})'
    pattern = Pattern("X", chargingStation__model={"M"}, idToken=ANY)
    assert repr(pattern) == 'Pattern(X with chargingStation.model one of "M", idToken any value)'
    assert repr([ABSENT, ANY]) == "[ABSENT, ANY]"


async def test_pattern_without_action_is_refused() -> None:
    with pytest.raises(ValueError, match="name an action"):
        Pattern([])


async def test_port_that_is_not_served_is_named(client: AsyncClient) -> None:
    with pytest.raises(ClientError, match="the server has no port for wss://"):
        _ = client.wss


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
    assert (await beating).current_time


async def test_field_of_an_answer_that_differs_fails(station: AsyncStationHandle) -> None:
    with pytest.raises(WrongAnswer, match='status: expected "Rejected", got "Accepted"'):
        (await station.call("Reset", type="OnIdle")).has(status="Rejected")


# scopes and notes


async def test_changes_of_a_scope_are_taken_back(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    async with client.scope("case 1") as csms:
        assert csms is client
        await client.rules.add(when={"action": "Heartbeat"}, then={"fault": {"kind": "no-answer"}})
        await station.change_profile(bootStatus="Rejected")
        async with client.scope("inner"):
            await client.tokens.put("AABBCCDD", status="Blocked")
        assert await client.tokens.list() == {}
        assert (await station.profile())["bootStatus"] == "Rejected"

    assert await client.rules.list() == []
    assert (await station.profile())["bootStatus"] == "Accepted"


async def test_scope_without_changes_ends(client: AsyncClient) -> None:
    async with client.scope("nothing"):
        pass


@pytest.mark.parametrize("name", ["", " a", "Zürich", "a\nb"])
async def test_name_that_no_scope_can_have_is_refused(client: AsyncClient, name: str) -> None:
    with pytest.raises(ValueError, match="the name of a scope has visible ASCII characters"):
        async with client.scope(name):
            pass


async def test_note_is_in_the_transcript(client: AsyncClient, station: AsyncStationHandle) -> None:
    note = await client.note("the cable is plugged in", station.id)
    await client.note("about all")

    text = await client.transcript()

    assert (note.type, note.note) == ("note", "the cable is plugged in")
    assert f"{station.id} #{note.number}" in text
    assert text.endswith("-- note about all")
