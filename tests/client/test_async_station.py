"""Client methods that wait for messages of an `ocpp` station: waits that pass and waits that fail."""

import asyncio
from functools import partial

import pytest
from ocpp.v201 import call
from websockets.exceptions import InvalidStatus

from mock_csms.client import (
    ABSENT,
    ANY,
    ApiError,
    AsyncClient,
    AsyncStationHandle,
    NotSeen,
    Pattern,
    UnwantedMessage,
    WrongArgument,
    WrongMessage,
)
from tests.support.client import failure_of
from tests.support.control import Mock
from tests.support.station import Station, connected, now

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def report(peer: Station, seq_no: int, tbc: bool = False, request_id: int = 7) -> None:
    """Send a NotifyReport without data; ``tbc`` says that further parts of the report follow."""
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


@pytest.mark.parametrize("seconds", [-1, float("nan")])
async def test_wait_for_less_than_no_time_is_refused(station: AsyncStationHandle, seconds: float) -> None:
    with pytest.raises(WrongArgument, match=f"cannot be {seconds} seconds; write 0 or more"):
        await station.waits_for("Heartbeat", within=seconds)
    with pytest.raises(WrongArgument, match=f"cannot be {seconds} seconds; write 0 or more"):
        await station.never("Heartbeat", during=seconds)


async def test_wait_for_a_command_is_refused_at_once(station: AsyncStationHandle) -> None:
    with pytest.raises(ValueError, match="Reset is a command to stations, not a message from them"):
        await station.waits_for("Reset")


async def test_action_of_a_vendor_can_be_waited_for(station: AsyncStationHandle, peer: Station) -> None:
    await peer.connection.send('[2, "1", "VendorThing", {"a": 1}]')

    assert (await station.waits_for("VendorThing", a=1)).action == "VendorThing"
    text = await failure_of(station.waits_for("VendorThing", within=0), NotSeen)
    assert "the station sent nothing" in text


async def test_wait_for_a_station_that_never_connected_says_so_with_its_address(
    client: AsyncClient, peer: Station, station_id: str
) -> None:
    text = await failure_of(client.station("absent").waits_for("BootNotification", within=0), NotSeen)

    assert f"absent has never connected; is it running, and does it connect to {client.ws}/absent?" in text
    assert "The server has seen " in text
    assert station_id in text


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


async def test_next_message_with_some_fields_has_others(station: AsyncStationHandle, peer: Station) -> None:
    await peer.status("Available", evse_id=1)
    await peer.status("Occupied", evse_id=2)

    entry = await station.next("StatusNotification", where={"evseId": 2}, connectorStatus="Occupied")

    assert (entry["evseId"], station.cursor) == (2, entry.number)


async def test_next_message_with_some_fields_fails_at_once(
    station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Occupied", evse_id=1)
    await peer.status("Available", evse_id=2)
    next_occupied = partial(station.next, "StatusNotification", connectorStatus="Occupied")

    text = await failure_of(next_occupied(where={"evseId": 2}, within=3600), WrongMessage)

    assert f"the next StatusNotification with evseId 2 from {station.id} differs" in text
    assert 'connectorStatus: expected "Occupied", got "Available"' in text
    text = await failure_of(next_occupied(where={"evseId": 3}, within=0), NotSeen)
    assert 'no StatusNotification with evseId 3, connectorStatus "Occupied"' in text


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


async def test_never_refuses_a_mistyped_field_when_a_message_shows_it(
    station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status("Available")

    with pytest.raises(ValueError, match="has no field connectorstatus; did you mean connectorStatus"):
        await station.never("StatusNotification", connectorstatus="Faulted", during=3600)


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


# names and texts


async def test_handle_has_a_time_for_all_its_waits(client: AsyncClient) -> None:
    text = await failure_of(client.station("absent", within=0.01).next("Heartbeat"), NotSeen)

    assert "within 0.01 s" in text


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
