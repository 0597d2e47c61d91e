"""Requests to the server: settings, journal, findings, scopes and notes."""

from functools import partial

import pytest
from ocpp.v201 import call

from mock_csms.client import (
    ABSENT,
    ANY,
    ApiError,
    AsyncClient,
    AsyncStationHandle,
    ClientError,
    NotVerified,
    UnwantedFindings,
)
from tests.support.client import failure_of
from tests.support.station import ID_TOKEN, Station

pytestmark = pytest.mark.asyncio(loop_scope="module")


# settings


async def test_profile_can_be_changed(station: AsyncStationHandle, peer: Station) -> None:
    changed = await station.change_profile(bootStatus="Rejected")

    assert changed["bootStatus"] == (await station.profile())["bootStatus"] == "Rejected"
    await peer.boot()
    assert (await station.state())["registration"] == "Rejected"


async def test_coverage_has_the_requirements_in_a_state(station: AsyncStationHandle, peer: Station) -> None:
    await peer.boot()
    await peer.status()
    met, unmet = await station.coverage("met"), await station.coverage("not exercised")

    assert {one["state"] for block in met["blocks"] for one in block["requirements"]} <= {"met"}
    assert {one["state"] for block in unmet["blocks"] for one in block["requirements"]} == {"not exercised"}
    assert met["counts"] == (await station.coverage())["counts"]


async def test_listener_is_changed_and_reverted(client: AsyncClient) -> None:
    changed = await client.change_listener("main", certificate="rsa")
    reverted = await client.change_listener("main")

    assert changed["certificate"] == "rsa"
    assert reverted["certificate"] == "both"


async def test_password_is_set(station: AsyncStationHandle) -> None:
    await station.set_password("a-password-of-16-characters")

    assert (await station.profile())["password"] == "***"


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


async def test_port_that_is_not_served_is_named(client: AsyncClient) -> None:
    with pytest.raises(ClientError, match="the server has no port for wss://"):
        _ = client.wss


async def test_client_that_is_not_entered_says_so() -> None:
    with pytest.raises(ClientError, match="use 'async with AsyncClient"):
        AsyncClient("http://127.0.0.1:1").station("CS1")


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
    await client.has_no_findings(station.id)

    assert "call-violates-schema" not in await client.report("call-violates-schema")
    await peer.connection.send('[2, "2", "Heartbeat", {"a": 1}]')
    await station.waits_for("Heartbeat")

    (finding,) = await client.findings(station.id)
    with pytest.raises(UnwantedFindings) as caught:
        await client.has_no_findings(station.id)
    assert str(caught.value) == f"1 finding:\n  {finding}"
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
    await verify("StatusNotification", type=None, times=4)
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


async def test_several_actions_are_verified(
    client: AsyncClient, station: AsyncStationHandle, peer: Station
) -> None:
    await peer.status()
    await peer.availability("Occupied")

    await client.verify(["StatusNotification", "NotifyEvent"], station=station.id, times=2)


@pytest.mark.parametrize("action", ["BootNotificaton", "reset"])
async def test_mistyped_action_is_not_counted(client: AsyncClient, action: str) -> None:
    with pytest.raises(ValueError, match=f"OCPP has no message '{action}'; did you mean"):
        await client.verify(action, times=0)


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
    with pytest.raises(ValueError, match="the name of a scope must have only visible ASCII characters"):
        async with client.scope(name):
            pass


async def test_note_is_in_the_transcript(client: AsyncClient, station: AsyncStationHandle) -> None:
    note = await client.note("the cable is plugged in", station.id)
    await client.note("about all")

    text = await client.transcript()

    assert (note.type, note.note) == ("note", "the cable is plugged in")
    assert f"{station.id} #{note.number}" in text
    assert text.endswith("-- note about all")
