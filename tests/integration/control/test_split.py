"""Commands with long lists: refused, or sent in parts whose results are joined."""

import asyncio
import json
from itertools import chain
from typing import Any, NamedTuple

import pytest
from ocpp.exceptions import InternalError
from ocpp.v201 import call_result

from mock_csms.csms import Csms
from tests.support.control import (
    Mock,
    booted,
    booted_raw,
    journal_entries,
    problem_detail,
    send_command,
)
from tests.support.station import receive

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPONENT = {"name": "OCPPCommCtrlr"}


def variables(count: int) -> list[dict[str, Any]]:
    return [{"component": COMPONENT, "variable": {"name": f"V{number}"}} for number in range(count)]


def values(count: int) -> list[dict[str, Any]]:
    return [{**item, "attributeValue": "1"} for item in variables(count)]


def limit(csms: Csms, station_id: str, name: str, value: int) -> None:
    """Store a limit as if the station had reported it; ``name`` is like ``Controller/Variable[instance]``."""
    controller, _, variable = name.partition("/")
    base, _, instance = variable.rstrip("]").partition("[")
    named = {"name": base, "instance": instance} if instance else {"name": base}
    csms.stations[station_id].device_model.set({"name": controller}, named, str(value))


MONITORS = [{**item, "value": 1, "type": "Delta", "severity": 5} for item in variables(5)]


class LongList(NamedTuple):
    """A command with a list of five items, and the requirement about the limit of the list."""

    action: str
    name: str
    items: list[Any]
    requirement: str

    @property
    def payload(self) -> dict[str, Any]:
        """Payload with the list."""
        has_request_id = self.action in {"GetReport", "GetMonitoringReport"}
        return {self.name: self.items, **({"requestId": 900} if has_request_id else {})}


LONG_LISTS = [
    LongList("GetVariables", "getVariableData", variables(5), "B06.FR.05"),
    LongList("SetVariables", "setVariableData", values(5), "B05.FR.11"),
    LongList("GetReport", "componentVariable", variables(5), "B08.FR.06"),
    LongList("GetMonitoringReport", "componentVariable", variables(5), "N02.FR.07"),
    LongList("SetVariableMonitoring", "setMonitoringData", MONITORS, "N04.FR.09"),
    LongList("ClearVariableMonitoring", "id", [1, 2, 3, 4, 5], "N06.FR.04"),
]
INSTANCES = {"GetMonitoringReport": "GetReport"}

each_long_list = pytest.mark.parametrize("command", LONG_LISTS, ids=lambda command: command.action)


def limit_items(csms: Csms, station_id: str, action: str, count: int) -> None:
    controller = "MonitoringCtrlr" if action.endswith("VariableMonitoring") else "DeviceDataCtrlr"
    limit(csms, station_id, f"{controller}/ItemsPerMessage[{INSTANCES.get(action, action)}]", count)


@each_long_list
async def test_list_longer_than_the_limit_is_refused_in_one_line(
    mock: Mock, station_id: str, command: LongList
) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        limit_items(csms, station_id, command.action, 2)
        answer = await send_command(client, station_id, command.action, payload=command.payload)
    limit_in_words = f"2 items of {command.name} in a {command.action} ({command.requirement})"
    assert problem_detail(answer, 422, "list-too-long") == (
        f"{station_id} accepts at most {limit_in_words}; "
        '"split": true sends it in parts, and "validate": false sends it as it is'
    )
    assert await journal_entries(client, station=station_id, action=command.action) == []


@each_long_list
async def test_list_is_split_by_the_limit_of_the_station_and_its_results_are_joined(
    mock: Mock, station_id: str, command: LongList
) -> None:
    csms, client = mock
    action, name, items, _ = command
    async with booted(csms, station_id):
        limit_items(csms, station_id, action, 2)
        answer = await send_command(client, station_id, action, payload=command.payload, split=True)
    outcome = answer.json()
    sent = [part["request"][name] for part in outcome["parts"]]
    calls = await journal_entries(client, station=station_id, action=action, type="call")
    assert [len(part) for part in sent] == [2, 2, 1]
    assert list(chain.from_iterable(sent)) == items
    assert [entry["frame"][3][name] for entry in calls] == sent
    assert [part["messageId"] for part in outcome["parts"]] == [entry["messageId"] for entry in calls]
    assert outcome["outcome"] == "result"
    (joined,) = outcome["payload"].values()
    assert joined == "Accepted" or len(joined) == 5


@pytest.mark.parametrize("action", ["GetReport", "GetMonitoringReport"])
async def test_parts_of_a_report_have_request_ids_of_their_own(
    mock: Mock, station_id: str, action: str
) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        limit_items(csms, station_id, action, 2)
        payload = {"requestId": 900, "componentVariable": variables(5)}
        outcome = (await send_command(client, station_id, action, payload=payload, split=True)).json()
    first, *others = (part["request"]["requestId"] for part in outcome["parts"])
    assert first == 900
    assert len({first, *others}) == 3


async def test_list_is_split_by_the_bytes_that_the_station_accepts(mock: Mock, station_id: str) -> None:
    csms, client = mock
    payload = {"getVariableData": variables(20)}
    async with booted(csms, station_id):
        limit(csms, station_id, "DeviceDataCtrlr/BytesPerMessage[GetVariables]", 500)
        refused = await send_command(client, station_id, "GetVariables", payload=payload)
        outcome = (await send_command(client, station_id, "GetVariables", payload=payload, split=True)).json()
    assert "at most 500 bytes in a GetVariables" in problem_detail(refused, 422, "list-too-long")
    calls = await journal_entries(client, station=station_id, action="GetVariables", type="call")
    assert len(calls) == len(outcome["parts"]) > 2
    assert all(len(json.dumps(entry["frame"], separators=(",", ":"))) <= 500 for entry in calls)
    assert len(outcome["payload"]["getVariableResult"]) == 20


async def test_local_list_ends_with_the_part_that_is_not_accepted(mock: Mock, station_id: str) -> None:
    csms, client = mock
    tokens = [
        {"idToken": {"idToken": f"T{number}", "type": "Central"}, "idTokenInfo": {"status": "Accepted"}}
        for number in range(3)
    ]
    payload = {"versionNumber": 7, "updateType": "Full", "localAuthorizationList": tokens}
    answers = iter(["Accepted", "Failed"])
    async with booted(csms, station_id) as station:
        limit(csms, station_id, "LocalAuthListCtrlr/ItemsPerMessage", 1)
        station.answers["SendLocalList"] = lambda **_: call_result.SendLocalList(status=next(answers))
        answer = await send_command(client, station_id, "SendLocalList", payload=payload, split=True)
    outcome = answer.json()
    assert outcome["payload"] == {"status": "Failed"}
    requests = [part["request"] for part in outcome["parts"]]
    assert [(part["updateType"], part["versionNumber"]) for part in requests] == [
        ("Full", 7),
        ("Differential", 8),
    ]


async def test_error_in_one_part_is_the_outcome_and_the_others_are_sent(mock: Mock, station_id: str) -> None:
    csms, client = mock
    count = 0

    def second_fails(get_variable_data: list[Any], **_: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            raise InternalError("broken")
        results = [{**item, "attribute_status": "UnknownVariable"} for item in get_variable_data]
        return call_result.GetVariables(get_variable_result=results)

    async with booted(csms, station_id) as station:
        limit_items(csms, station_id, "GetVariables", 2)
        station.answers["GetVariables"] = second_fails
        payload = {"getVariableData": variables(5)}
        outcome = (await send_command(client, station_id, "GetVariables", payload=payload, split=True)).json()
    assert (outcome["outcome"], outcome["errorCode"]) == ("error", "InternalError")
    assert [part["outcome"] for part in outcome["parts"]] == ["result", "error", "result"]
    assert len(outcome["payload"]["getVariableResult"]) == 3


async def test_no_part_is_sent_after_the_connection_has_ended(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted_raw(csms, station_id) as connection:
        limit_items(csms, station_id, "GetVariables", 2)
        payload = {"getVariableData": variables(5)}
        sending = asyncio.create_task(
            send_command(client, station_id, "GetVariables", payload=payload, split=True)
        )
        await receive(connection)
        connection.transport.abort()
        outcome = (await sending).json()
    assert [part["outcome"] for part in outcome["parts"]] == ["disconnected"]
    assert outcome["outcome"] == "disconnected"


async def test_invalid_item_in_a_later_part_is_refused_before_anything_is_sent(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    items = [*variables(4), {"component": COMPONENT}]
    async with booted(csms, station_id):
        limit_items(csms, station_id, "GetVariables", 2)
        payload = {"getVariableData": items}
        answer = await send_command(client, station_id, "GetVariables", payload=payload, split=True)
    assert "variable" in problem_detail(answer, 422, "invalid-payload")
    assert await journal_entries(client, station=station_id, action="GetVariables") == []


async def test_short_list_and_command_without_a_list_have_one_part(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        short = (await send_command(client, station_id, "GetVariables", split=True)).json()
        single = (await send_command(client, station_id, "Reset", split=True)).json()
    assert [len(outcome["parts"]) for outcome in (short, single)] == [1, 1]
    assert single["payload"] == {"status": "Accepted"}


async def test_each_station_of_a_glob_gets_parts_by_its_own_limit(mock: Mock, station_id: str) -> None:
    csms, client = mock
    first, second = f"{station_id}-a", f"{station_id}-b"
    async with booted(csms, first), booted(csms, second):
        limit_items(csms, first, "GetVariables", 2)
        limit_items(csms, second, "GetVariables", 3)
        payload = {"getVariableData": variables(5)}
        answer = await send_command(client, f"{station_id}-*", "GetVariables", payload=payload, split=True)
    assert {name: len(outcome["parts"]) for name, outcome in answer.json().items()} == {first: 3, second: 2}


async def test_long_list_is_sent_as_it_is_without_validation(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station:
        limit_items(csms, station_id, "GetVariables", 2)
        payload = {"getVariableData": variables(5)}
        await send_command(client, station_id, "GetVariables", payload=payload, validate=False)
        assert len((await station.next("GetVariables"))["get_variable_data"]) == 5


async def test_split_without_validation_is_422(mock: Mock, station_id: str) -> None:
    _, client = mock
    answer = await send_command(client, station_id, "GetVariables", split=True, validate=False)
    assert 'leave out "split" or "validate": false' in problem_detail(answer, 422, "invalid-request")
