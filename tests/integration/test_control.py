"""The control API as a test uses it: real HTTP, real stations."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from ocpp.exceptions import InternalError, SecurityError
from ocpp.v201 import call, call_result
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus
from websockets.protocol import State

from mock_csms import __version__
from mock_csms.control.firmware import FIRMWARE_BYTES, FIRMWARE_MD5
from mock_csms.csms import Csms
from mock_csms.settings import UsageError, read_settings
from server import OCPP_VERSIONS
from tests.support.control import client_of, driven
from tests.support.station import ID_TOKEN, PATIENCE, Station, connected, now, raw_connection, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")

type Mock = tuple[Csms, httpx.AsyncClient]

TOKEN = "open-sesame"
ORIGIN = "http://dashboard.example:3000"
BOOT = '[2,"boot","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mock() -> AsyncIterator[Mock]:
    """A server with the default settings, for tests that each have a station of their own."""
    async with driven() as (csms, client):
        yield csms, client


@pytest.fixture
def name(numbers: "count[int]") -> str:
    """An identity that no other test uses."""
    return f"CS{next(numbers)}"


@pytest.fixture(scope="module")
def numbers() -> "count[int]":
    return count(1)


@asynccontextmanager
async def booted(csms: Csms, name: str = "CS1") -> AsyncIterator[Station]:
    """Connect a station that boots."""
    async with connected(csms, name) as station:
        await station.boot()
        yield station


@asynccontextmanager
async def bare(csms: Csms, name: str = "CS1") -> AsyncIterator[ClientConnection]:
    """Connect a bare WebSocket that boots and then answers nothing by itself."""
    async with raw_connection(csms, name) as connection:
        await connection.send(BOOT)
        await receive(connection)
        yield connection


def problem(answer: httpx.Response, status: int, kind: str) -> str:
    """See that an answer is a problem of this kind, and return what it says."""
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(said)
    assert (answer.status_code, said["status"]) == (status, status)
    assert said["type"] == f"urn:ocpp2-mock-server:{kind}"
    return str(said["detail"])


async def send(client: httpx.AsyncClient, name: str, action: str, **more: Any) -> httpx.Response:
    """Have a command sent."""
    return await client.post(f"/v1/stations/{name}/calls", json={"action": action, **more})


async def wait_for(client: httpx.AsyncClient, **match: Any) -> Any:
    """Wait for an entry of the journal, which may have come already."""
    answer = await client.post("/v1/wait", json={"match": match, "since": 0, "within": PATIENCE})
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"][0]


async def soon[It](what: Awaitable[It]) -> It:
    async with asyncio.timeout(PATIENCE):
        return await what


async def journal(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """Ask for entries of the journal."""
    answer = await client.get("/v1/journal", params=query)
    assert answer.status_code == 200
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


# Who may use it


async def test_health_says_that_all_is_well(mock: Mock) -> None:
    _, client = mock
    assert (await client.get("/health")).json() == {"status": "ok", "version": __version__}


async def test_without_the_token_nothing_is_told_but_health_docs_and_files() -> None:
    async with driven(control_token=TOKEN) as (_, client):
        assert "Bearer" in problem(await client.get("/v1/stations"), 401, "unauthorized")
        assert (await client.get("/v1/stations")).headers["www-authenticate"] == "Bearer"
        wrong = {"Authorization": "Bearer open-sesam"}
        problem(await client.get("/v1/stations", headers=wrong), 401, "unauthorized")
        problem(await client.get("/metrics"), 401, "unauthorized")
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.get("/v1/stations", headers=right)).json() == []
        for path in ("/health", "/docs", "/files/firmware.bin"):
            assert (await client.get(path)).status_code == 200


async def test_a_page_of_another_origin_is_turned_away(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/v1/stations", headers={"Origin": ORIGIN})
    assert "--control-origins" in problem(answer, 403, "forbidden")


async def test_a_page_of_the_same_origin_may_use_it(mock: Mock) -> None:
    csms, client = mock
    assert (await client.get("/v1/stations", headers={"Origin": csms.control})).status_code == 200


async def test_control_origins_let_a_page_in() -> None:
    async with driven(control_origins=(ORIGIN,)) as (_, client):
        answer = await client.get("/v1/stations", headers={"Origin": ORIGIN})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        other = await client.get("/v1/stations", headers={"Origin": "http://elsewhere.example"})
        problem(other, 403, "forbidden")


async def test_on_loopback_another_host_is_turned_away(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/v1/stations", headers={"Host": "rebound.example"})
    assert "rebound.example" in problem(answer, 403, "forbidden")


async def test_an_address_that_others_reach_needs_a_token() -> None:
    with pytest.raises(UsageError, match="needs a --control-token"):
        read_settings(["--control", "0.0.0.0:0"], {}, OCPP_VERSIONS)


async def test_docs_name_no_other_host(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.", answer.text)
    assert 'href="openapi.json"' in answer.text
    assert "/v1/stations/{station_id}/calls" in (await client.get("/openapi.json")).json()["paths"]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("DELETE", "/v1/stations", 405, "method-not-allowed"),
        ("GET", "/v1/journal?limit=0", 422, "invalid-request"),
        ("POST", "/v1/wait", 422, "invalid-request"),
    ],
)
async def test_every_error_is_told_as_problem_details(
    mock: Mock, method: str, path: str, status: int, kind: str
) -> None:
    _, client = mock
    assert problem(await client.request(method, path), status, kind)


NO_JSON = [
    pytest.param(b"{", id="cut short"),
    pytest.param(b'{"match": {"payload": {"a": NaN}}, "within": 0}', id="NaN"),
    pytest.param(b'{"match": {"payload": {"a": "\\ud800"}}, "within": 0}', id="half of a character"),
    pytest.param(b'{"match": {"payload": {"a": "\xff"}}, "within": 0}', id="no UTF-8"),
    pytest.param(
        b'{"match": {"payload": %b}, "within": 0}' % (b'{"a":' * 200 + b"1" + b"}" * 200), id="too deep"
    ),
    pytest.param(b"[" * 100_000, id="far too deep"),
]


@pytest.mark.parametrize("body", NO_JSON)
async def test_a_body_that_is_no_json_or_cannot_be_written_again_is_a_problem(
    mock: Mock, body: bytes
) -> None:
    _, client = mock
    answer = await client.post("/v1/wait", content=body, headers={"Content-Type": "application/json"})
    assert "cannot be read as JSON" in problem(answer, 422, "invalid-request")


async def test_a_body_that_does_not_say_that_it_is_json_is_told_to(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/wait", content=b'{"match": {}}')
    assert "Content-Type: application/json" in problem(answer, 422, "invalid-request")


async def test_more_than_one_thing_that_is_wrong_is_told(mock: Mock, name: str) -> None:
    _, client = mock
    answer = await client.post(f"/v1/stations/{name}/calls", json={"Action": "Reset"})
    said = problem(answer, 422, "invalid-request")
    assert ("body.action: Field required" in said, "body.Action" in said) == (True, True)


async def test_a_parameter_that_nobody_knows_is_refused_and_nothing_is_done(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name):
        answer = await client.post("/v1/reset", params={"staton": "nobody"})
        boots = (await client.get(f"/v1/stations/{name}")).json()["boots"]
    assert "did you mean station?" in problem(answer, 422, "unknown-parameter")
    assert boots == 1


async def test_a_failure_of_our_own_is_a_problem_too(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    csms, client = mock
    monkeypatch.setattr(csms, "stations", None)
    problem(await client.get("/v1/stations"), 500, "internal-server-error")


async def test_who_looks_around_is_led_to_the_documentation(mock: Mock) -> None:
    _, client = mock
    assert (await client.get("/")).headers["location"] == "docs"
    assert "/docs" in problem(await client.get("/v1"), 404, "not-found")


# Stations


async def test_the_list_tells_of_a_station_in_short(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name):
        listed = (await client.get("/v1/stations")).json()
    (found,) = [it for it in listed if it["id"] == name]
    assert found.pop("connection") > 0
    assert found == {
        "id": name,
        "connected": True,
        "registration": "Accepted",
        "boots": 1,
        "transactions": 0,
        "state": "start",
    }


async def test_a_station_is_told_of_with_its_boot_and_connectors(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        await station.status("Occupied", evse_id=2, connector_id=1)
        known = (await client.get(f"/v1/stations/{name}")).json()
    assert known["boot"]["chargingStation"] == {"model": "Model", "vendorName": "Vendor"}
    assert known["connectors"] == [{"evseId": 2, "connectorId": 1, "connectorStatus": "Occupied"}]
    assert known["pendingCall"] is None


async def test_a_transaction_is_told_with_its_energy_and_cost() -> None:
    def meter(value: float) -> list[dict[str, Any]]:
        return [{"timestamp": now(), "sampled_value": [{"value": value}]}]

    async with driven(cost_per_kwh=0.5) as (csms, client), booted(csms) as station:
        await station.transaction("Started", 0, "tx-9", evse={"id": 1}, meter_value=meter(1000.0))
        await station.transaction("Updated", 1, "tx-9", meter_value=meter(3500.0))
        (told,) = (await client.get("/v1/stations/CS1")).json()["transactions"]
        assert (await client.get("/v1/stations")).json()[0]["transactions"] == 1
    assert (told["transactionId"], told["evseId"], told["ended"]) == ("tx-9", 1, False)
    assert "id" not in told
    assert (told["energyWh"], told["totalCost"]) == (2500.0, 1.25)
    assert (told["meterStart"]["wh"], told["meterLast"]["wh"]) == (1000.0, 3500.0)


async def test_an_unknown_station_is_404_with_a_hint(mock: Mock) -> None:
    csms, client = mock
    async with booted(csms, "garage-left"):
        for answer in (
            await client.get("/v1/stations/garage-lef"),
            await send(client, "garage-lef", "Reset"),
        ):
            assert "did you mean garage-left?" in problem(answer, 404, "unknown-station")


async def test_a_known_station_that_is_not_connected_is_409(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name):
        pass
    await wait_for(client, station=name, type="disconnected")
    assert "not connected" in problem(await send(client, name, "Reset"), 409, "not-connected")
    gone = await client.delete(f"/v1/stations/{name}/connection")
    problem(gone, 409, "not-connected")
    assert (await client.get(f"/v1/stations/{name}")).json()["connected"] is False


# Commands


async def test_a_command_goes_out_with_its_default_payload(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        said = (await send(client, name, "GetVariables")).json()
        asked = (await station.next("GetVariables"))["get_variable_data"]
    assert [it["variable"]["name"] for it in asked] == ["HeartbeatInterval", "SecurityProfile"]
    assert said["outcome"] == "result"
    assert len(said["payload"]["getVariableResult"]) == 2


async def test_a_command_goes_out_with_a_payload_of_ones_own(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        said = (await send(client, name, "Reset", payload={"type": "OnIdle", "evseId": 3})).json()
        assert await station.next("Reset") == {"type": "OnIdle", "evse_id": 3}
    assert said["payload"] == {"status": "Accepted"}


async def test_a_result_is_told_with_its_message_id_and_the_time_it_took(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name):
        said = (await send(client, name, "ClearCache")).json()
    (noted,) = await journal(client, station=name, action="ClearCache", type="call")
    assert said["messageId"] == noted["messageId"]
    assert 0 < said["elapsed"] < PATIENCE


async def test_a_callerror_is_told_with_its_code(mock: Mock, name: str) -> None:
    def refuse(**_: Any) -> Any:
        raise SecurityError("not now", {"why": "night"})

    csms, client = mock
    async with booted(csms, name) as station:
        station.answers["Reset"] = refuse
        said = (await send(client, name, "Reset")).json()
    assert said.pop("messageId")
    assert said.pop("elapsed") > 0
    assert said == {
        "outcome": "error",
        "errorCode": "SecurityError",
        "errorDescription": "not now",
        "errorDetails": {"why": "night"},
    }


async def test_a_station_that_does_not_answer_in_time_is_a_timeout(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        said = (await send(client, name, "Reset", timeout=0.05)).json()
        _, message_id, *_ = await receive(connection)
    assert (said["outcome"], said["messageId"]) == ("timeout", message_id)
    assert "0.05 s" in said["detail"]


async def test_a_timeout_is_told_with_the_time_since_the_command_went_out(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        first = asyncio.create_task(send(client, name, "Reset", timeout=0.5))
        await receive(connection)
        second = asyncio.create_task(send(client, name, "ClearCache", timeout=0.05))
        assert 0.4 < (await first).json()["elapsed"] < PATIENCE
        assert 0.04 < (await second).json()["elapsed"] < 0.5


async def test_a_station_that_goes_before_it_answers_is_disconnected(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        asking = asyncio.create_task(send(client, name, "Reset"))
        _, message_id, *_ = await receive(connection)
        connection.transport.abort()
        said = (await asking).json()
    assert (said["outcome"], said["messageId"]) == ("disconnected", message_id)
    assert 0 < said["elapsed"] < PATIENCE


async def test_the_command_that_is_out_is_told_of_the_station(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        asking = asyncio.create_task(send(client, name, "Reset"))
        _, message_id, *_ = await receive(connection)
        known = (await client.get(f"/v1/stations/{name}")).json()
        await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        await asking
    assert known["pendingCall"] == {"messageId": message_id, "action": "Reset"}


async def test_an_answer_that_breaks_its_schema_is_told_with_what_is_wrong(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        asking = asyncio.create_task(send(client, name, "Reset"))
        _, message_id, *_ = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"status": "Perhaps"}]))
        said = (await asking).json()
    assert (said["outcome"], said["payload"]) == ("result", {"status": "Perhaps"})
    assert "status" in said["violation"]


async def test_a_payload_that_breaks_the_schema_is_422_and_not_sent(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        answer = await send(client, name, "Reset", payload={"type": "Sometime"})
        assert "Reset" in problem(answer, 422, "invalid-payload")
        await send(client, name, "ClearCache")
        assert station.order == ["ClearCache"]


async def test_an_unknown_command_is_422_with_a_hint(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name):
        answer = await send(client, name, "Rest")
    assert "did you mean Reset?" in problem(answer, 422, "unknown-command")


async def test_a_command_that_makes_no_sense_now_is_422(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name):
        answer = await send(client, name, "RequestStopTransaction")
    assert "no transaction is running" in problem(answer, 422, "nothing-to-do")


async def test_several_commands_at_once_are_sent_one_after_the_other_in_their_order(
    mock: Mock, name: str
) -> None:
    csms, client = mock

    async def ask(message: str) -> asyncio.Task[httpx.Response]:
        """Begin to ask for a command, and return when the request is out."""
        is_out = asyncio.Event()

        async def trace(event: str, _: dict[str, Any]) -> None:
            if event == "http11.send_request_body.complete":
                is_out.set()

        body = {"action": "DataTransfer", "payload": {"vendorId": "v", "messageId": message}}
        path = f"/v1/stations/{name}/calls"
        asking = asyncio.create_task(client.post(path, json=body, extensions={"trace": trace}))
        await soon(is_out.wait())
        return asking

    asked = [str(number) for number in range(5)]
    came = []
    async with bare(csms, name) as connection:
        asking = [await ask(message) for message in asked]
        for _ in asked:
            _, message_id, _, payload = await receive(connection)
            came.append(payload["messageId"])
            await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        answers = [(await it).json()["outcome"] for it in asking]
    assert (came, answers) == (asked, ["result"] * 5)
    noted = await journal(client, station=name, action="DataTransfer")
    assert [it["type"] for it in noted] == ["call", "result"] * 5


async def test_a_star_sends_to_every_connected_station() -> None:
    async with driven() as (csms, client), booted(csms, "CS1") as one, booted(csms, "CS2") as two:
        two.answers["Reset"] = lambda **_: call_result.Reset(status="Scheduled")
        said = (await send(client, "*", "Reset", payload={"type": "OnIdle"})).json()
        assert await one.next("Reset") == await two.next("Reset")
    assert {name: it["payload"]["status"] for name, it in said.items()} == {
        "CS1": "Accepted",
        "CS2": "Scheduled",
    }


async def test_a_glob_sends_to_the_connected_stations_that_it_means() -> None:
    async with driven() as (csms, client), booted(csms, "CS1"), booted(csms, "CS2"), booted(csms, "XX1"):
        said = (await send(client, "CS*", "ClearCache")).json()
    assert {name: it["outcome"] for name, it in said.items()} == {"CS1": "result", "CS2": "result"}


async def test_a_glob_that_means_no_station_is_404() -> None:
    async with driven() as (_, client):
        problem(await send(client, "*", "ClearCache"), 404, "unknown-station")


async def test_a_glob_that_means_no_connected_station_is_409() -> None:
    async with driven() as (csms, client):
        async with booted(csms):
            pass
        await wait_for(client, type="disconnected")
        problem(await send(client, "CS*", "ClearCache"), 409, "not-connected")


async def test_a_station_whose_identity_looks_like_a_glob_is_meant_by_it() -> None:
    async with driven() as (csms, client), booted(csms, "CS*"), booted(csms, "CS2"):
        assert (await send(client, "CS*", "ClearCache")).json()["outcome"] == "result"


async def test_a_message_of_a_station_is_no_command_and_said_to_be_one(mock: Mock, name: str) -> None:
    _, client = mock
    answer = await send(client, name, "Heartbeat")
    assert "Heartbeat is a message of a station" in problem(answer, 422, "unknown-command")


async def test_validate_false_sends_any_action_and_any_payload(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        payload = [1, "two", None]
        asking = asyncio.create_task(send(client, name, "Dance", payload=payload, validate=False))
        _, message_id, action, came = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"any": "thing"}]))
        said = (await asking).json()
    assert (action, came) == ("Dance", payload)
    assert (said["outcome"], said["payload"]) == ("result", {"any": "thing"})
    assert "violation" not in said


async def test_a_payload_of_null_is_sent_as_null_without_validation(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        asking = asyncio.create_task(send(client, name, "Reset", payload=None, validate=False))
        _, message_id, *rest = await receive(connection)
        await connection.send(json.dumps([3, message_id, {"status": "Rejected"}]))
        assert (await asking).json()["outcome"] == "result"
    assert rest == ["Reset", None]


async def test_a_payload_of_null_is_422_with_validation(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        answer = await send(client, name, "Reset", payload=None)
        assert "Reset" in problem(answer, 422, "invalid-payload")
        assert station.order == []


async def test_a_star_whose_payload_nobody_can_be_sent_is_422() -> None:
    async with driven() as (csms, client), booted(csms, "CS1"), booted(csms, "CS2"):
        answer = await send(client, "*", "Reset", payload={"type": "Sometime"})
        assert "Reset" in problem(answer, 422, "invalid-payload")


async def test_a_star_tells_of_each_station_what_hinders_it() -> None:
    async with driven() as (csms, client), booted(csms, "CS1") as one, booted(csms, "CS2"):
        await one.transaction("Started", 0)
        said = (await send(client, "*", "RequestStopTransaction")).json()
    assert said["CS1"]["outcome"] == "result"
    assert said["CS2"].pop("detail").endswith("no transaction is running")
    assert said["CS2"] == {"outcome": "error", "messageId": None}


# Connections


async def test_a_connection_is_closed_with_a_code_and_a_reason(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        how: dict[str, str | int] = {"code": 1012, "reason": "back soon"}
        answer = await client.delete(f"/v1/stations/{name}/connection", params=how)
        await soon(station.connection.wait_closed())
    assert answer.status_code == 204
    assert (station.connection.close_code, station.connection.close_reason) == (1012, "back soon")


async def test_a_connection_is_dropped_without_a_close_frame(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        answer = await client.delete(f"/v1/stations/{name}/connection", params={"abort": "true"})
        await soon(station.connection.wait_closed())
    assert answer.status_code == 204
    assert station.connection.close_code == 1006


async def test_a_close_code_that_cannot_be_sent_is_422(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        answer = await client.delete(f"/v1/stations/{name}/connection", params={"code": 1005})
        problem(answer, 422, "invalid-close-code")
        assert station.connection.state is State.OPEN


async def test_a_reason_that_a_close_frame_cannot_have_is_422(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        how = {"reason": "\N{GRINNING FACE}" * 40}
        answer = await client.delete(f"/v1/stations/{name}/connection", params=how)
        problem(answer, 422, "invalid-close-reason")
        assert station.connection.state is State.OPEN


# Profiles, tokens and rules


async def test_a_changed_profile_holds_on_the_present_connection(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        changed = await client.patch(f"/v1/stations/{name}/profile", json={"heartbeatInterval": 7})
        assert changed.json()["heartbeatInterval"] == 7
        assert (await station.boot()).interval == 7
    assert (await client.get(f"/v1/stations/{name}/profile")).json()["heartbeatInterval"] == 7


async def test_a_changed_sequence_of_boot_statuses_holds_on_the_present_connection(
    mock: Mock, name: str
) -> None:
    csms, client = mock
    async with connected(csms, name) as station:
        await wait_for(client, station=name, type="connected")
        changes = {"bootStatusSequence": ["Pending", "Accepted"]}
        assert (await client.patch(f"/v1/stations/{name}/profile", json=changes)).status_code == 200
        assert [(await station.boot()).status for _ in range(2)] == ["Pending", "Accepted"]


async def test_null_takes_a_change_of_a_profile_back(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        usual = (await station.boot()).interval
        await client.patch(f"/v1/stations/{name}/profile", json={"heartbeatInterval": usual + 1})
        await client.patch(f"/v1/stations/{name}/profile", json={"heartbeatInterval": None})
        assert (await station.boot()).interval == usual


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"heartbeatIntervall": 7}, "'heartbeatIntervall'; did you mean heartbeatInterval?"),
        ({"heartbeatInterval": "often"}, "heartbeatInterval: "),
        ({"commands": ["Rest:1"]}, "did you mean Reset?"),
    ],
)
async def test_a_change_that_no_profile_can_have_is_422(
    mock: Mock, name: str, changes: dict[str, Any], complaint: str
) -> None:
    _, client = mock
    before = (await client.get(f"/v1/stations/{name}/profile")).json()
    answer = await client.patch(f"/v1/stations/{name}/profile", json=changes)
    assert complaint in problem(answer, 422, "invalid-profile")
    assert (await client.get(f"/v1/stations/{name}/profile")).json() == before


async def authorize(station: Station) -> Any:
    return (await station.send(call.Authorize(id_token=ID_TOKEN))).id_token_info["status"]


async def test_a_token_that_is_put_into_the_book_takes_effect_and_so_does_its_end() -> None:
    async with driven(unknown_token="Unknown") as (csms, client), booted(csms) as station:
        token = {"status": "NoCredit", "cacheExpiry": 60}
        answer = await client.put("/v1/tokens/AABBCCDD", json=token)
        assert answer.json() == token
        assert (await client.get("/v1/tokens")).json() == {"AABBCCDD": token}
        assert await authorize(station) == "NoCredit"
        assert (await client.delete("/v1/tokens/aabbccdd")).status_code == 204
        assert await authorize(station) == "Unknown"
        problem(await client.delete("/v1/tokens/AABBCCDD"), 404, "unknown-token")


async def test_a_token_with_a_status_that_there_is_not_is_422(mock: Mock) -> None:
    _, client = mock
    answer = await client.put("/v1/tokens/AABBCCDD", json={"status": "Broke"})
    assert "status" in problem(answer, 422, "invalid-token")


async def test_a_rule_takes_effect_from_when_it_is_added_until_it_is_taken_out(mock: Mock, name: str) -> None:
    csms, client = mock
    rule = {"when": {"station": name, "action": "Heartbeat"}, "then": {"error": {"code": "InternalError"}}}
    async with booted(csms, name) as station:
        added = await client.post("/v1/rules", json=rule)
        assert added.status_code == 201
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())
        assert (await client.delete(f"/v1/rules/{added.json()['id']}")).status_code == 204
        await station.send(call.Heartbeat())
        problem(await client.delete(f"/v1/rules/{added.json()['id']}"), 404, "unknown-rule")


async def test_a_rule_that_is_put_replaces_the_one_with_its_id(mock: Mock, name: str) -> None:
    csms, client = mock
    when = {"station": name, "action": "Heartbeat"}
    async with booted(csms, name) as station:
        for code, raised in (("InternalError", InternalError), ("SecurityError", SecurityError)):
            rule = {"when": when, "then": {"error": {"code": code}}}
            assert (await client.put(f"/v1/rules/the-{name}", json=rule)).json()["id"] == f"the-{name}"
            with pytest.raises(raised):
                await station.send(call.Heartbeat())
    rules = [it for it in (await client.get("/v1/rules")).json() if it["id"] == f"the-{name}"]
    assert [it["uses"] for it in rules] == [{name: {"matches": 1, "hits": 1}}]


async def test_a_rule_that_is_none_is_422_with_what_is_wrong(mock: Mock) -> None:
    _, client = mock
    answer = await client.post("/v1/rules", json={"when": {"action": "Hartbeat"}, "then": {"answer": {}}})
    assert "did you mean Heartbeat?" in problem(answer, 422, "invalid-rule")


async def test_a_trial_of_rules_counts_nothing(mock: Mock, name: str) -> None:
    _, client = mock
    about = {"station": name, "action": "Authorize", "payload": {"idToken": {"idToken": "A"}}}
    rule = {"when": about, "then": {"error": {}}, "times": 1}
    await client.put(f"/v1/rules/trial-{name}", json=rule)
    trial = {**about, "payload": {"idToken": {"idToken": "A", "type": "Central"}}}
    for _ in range(2):
        answer = (await client.post("/v1/rules/match", json=trial)).json()
        assert answer == {"state": "start", "rules": [f"trial-{name}"]}
    other = {**about, "payload": {"idToken": {"idToken": "B"}}}
    assert (await client.post("/v1/rules/match", json=other)).json()["rules"] == []
    (listed,) = [it for it in (await client.get("/v1/rules")).json() if it["id"] == f"trial-{name}"]
    assert listed["uses"] == {}


@pytest.mark.parametrize(
    ("direction", "action", "complaint"),
    [("call", "Hearbeat", "did you mean Heartbeat?"), ("answer", "Heartbeat", "'Heartbeat'")],
)
async def test_a_trial_of_a_message_that_no_station_sends_is_422(
    mock: Mock, name: str, direction: str, action: str, complaint: str
) -> None:
    _, client = mock
    trial = {"station": name, "action": action, "direction": direction}
    answer = await client.post("/v1/rules/match", json=trial)
    assert complaint in problem(answer, 422, "invalid-request")


# The journal


async def test_the_journal_is_asked_by_station_action_direction_and_type(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station, booted(csms, f"{name}-b"):
        await send(client, name, "Reset")
        await station.send(call.Heartbeat())

    def kinds(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(it["station"], it.get("action"), it.get("direction"), it["type"]) for it in entries]

    assert kinds(await journal(client, station=name, action="Reset")) == [
        (name, "Reset", "sent", "call"),
        (name, "Reset", "received", "result"),
    ]
    assert kinds(await journal(client, station=name, direction="sent")) == [
        (name, "BootNotification", "sent", "result"),
        (name, "Reset", "sent", "call"),
        (name, "Heartbeat", "sent", "result"),
    ]
    assert kinds(await journal(client, station=f"{name}*", type="connected")) == [
        (name, None, None, "connected"),
        (f"{name}-b", None, None, "connected"),
    ]


async def test_the_journal_is_asked_for_the_newest_and_for_what_came_since(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
        beats = await journal(client, station=name, action="Heartbeat", direction="received")
        assert len(beats) == 3
        newest = await journal(client, station=name, action="Heartbeat", direction="received", limit=2)
        assert newest == beats[1:]
        since = await journal(client, station=name, direction="received", since=beats[1]["number"])
        assert since == beats[2:]


async def test_an_entry_has_its_frame_as_it_came_and_what_it_answers(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        await connection.send('[2,"odd","Heartbeat",{ }]')
        await receive(connection)
        await connection.send("[nonsense")
        await receive(connection)
    asked, answered, malformed, complaint = (await journal(client, station=name, since=0, limit=50))[3:7]
    assert (asked["frame"], asked["messageId"]) == ([2, "odd", "Heartbeat", {}], "odd")
    assert (answered["partner"], answered["frame"][0]) == (asked["number"], 3)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", asked["time"])
    assert (malformed["type"], malformed["text"]) == ("malformed", "[nonsense")
    assert (complaint["type"], complaint["partner"]) == ("error", malformed["number"])


async def test_the_journal_is_forgotten_on_demand_and_its_numbers_go_on() -> None:
    async with driven() as (csms, client), booted(csms) as station:
        before = (await client.get("/v1/journal")).json()["last"]
        assert before > 0
        assert (await client.delete("/v1/journal")).status_code == 204
        assert (await client.get("/v1/journal")).json() == {"last": before, "entries": []}
        await station.send(call.Heartbeat())
        assert (await journal(client))[0]["number"] == before + 1


# Waiting and following


async def test_a_wait_is_over_when_what_it_is_for_comes(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        await station.send(call.Heartbeat())
        last = (await client.get("/v1/journal")).json()["last"]
        match = {"station": name, "action": "Heartbeat", "type": "call"}
        waiting = asyncio.create_task(client.post("/v1/wait", json={"match": match, "within": PATIENCE}))
        while not waiting.done():
            await station.send(call.Heartbeat())
        (found,) = (await waiting).json()["entries"]
    assert found["number"] > last
    assert found["frame"][2] == "Heartbeat"


async def test_a_wait_counts_what_came_already_since_a_number(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        for _ in range(3):
            await station.send(call.Heartbeat())
        match = {"station": name, "action": "Heartbeat", "direction": "received"}
        wanted = {"match": match, "since": 0, "times": 2, "within": 0}
        found = (await client.post("/v1/wait", json=wanted)).json()["entries"]
        beats = await journal(client, station=name, action="Heartbeat", direction="received")
    assert found == beats[:2]


async def test_a_wait_looks_into_payloads(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        await station.status("Available", evse_id=1)
        await station.status("Faulted", evse_id=2)
        found = await wait_for(client, station=name, payload={"connectorStatus": "Faulted"})
        same = await wait_for(client, station=name, type="call", expression="evseId > `1`")
    assert found["frame"][3]["evseId"] == 2
    assert same == found


async def test_a_wait_in_vain_tells_what_came_and_how_the_closest_differs(mock: Mock, name: str) -> None:
    csms, client = mock
    about = {"station": name, "action": "StatusNotification", "type": "call"}
    match = {**about, "payload": {"connectorStatus": "Faulted"}}
    async with booted(csms, name) as station:
        await station.status("Faulted", evse_id=1)
        await station.status("Occupied", evse_id=2)
        wanted = {"match": match, "times": 2, "since": 0, "within": 0.05}
        answer = await client.post("/v1/wait", json=wanted)
    assert "1 of 2" in problem(answer, 408, "wait-timeout")
    said = answer.json()
    assert said["expected"] == {"match": match, "times": 2}
    assert [it["frame"][3]["evseId"] for it in said["actual"]] == [1]
    assert said["closest"]["entry"]["frame"][3]["evseId"] == 2
    assert said["closest"]["differences"] == [
        {"field": "payload.connectorStatus", "expected": "Faulted", "actual": "Occupied"}
    ]


async def test_a_wait_in_vain_points_at_the_call_and_not_at_our_answer(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        await station.status("Occupied")
        match = {"station": name, "action": "StatusNotification", "payload": {"connectorStatus": "Faulted"}}
        answer = await client.post("/v1/wait", json={"match": match, "since": 0, "within": 0})
    found = answer.json()["closest"]
    assert (found["entry"]["type"], found["entry"]["direction"]) == ("call", "received")
    assert found["differences"] == [
        {"field": "payload.connectorStatus", "expected": "Faulted", "actual": "Occupied"}
    ]


async def test_a_wait_in_vain_tells_of_one_that_came_before(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station:
        await station.send(call.Heartbeat())
        match = {"station": name, "action": "Heartbeat", "type": "call"}
        answer = await client.post("/v1/wait", json={"match": match, "within": 0})
        (beat,) = await journal(client, station=name, action="Heartbeat", type="call")
    assert f"one came before, number {beat['number']}," in problem(answer, 408, "wait-timeout")
    assert answer.json()["closest"] is None


async def test_an_action_that_nobody_knows_can_be_waited_for(mock: Mock, name: str) -> None:
    csms, client = mock
    async with bare(csms, name) as connection:
        await connection.send('[2,"odd","Dance",{"steps":3}]')
        await receive(connection)
        found = await wait_for(client, station=name, action="Dance", payload={"steps": 3})
    assert found["frame"] == [2, "odd", "Dance", {"steps": 3}]


async def test_a_wait_in_vain_for_a_misspelt_action_says_which_may_be_meant(mock: Mock, name: str) -> None:
    _, client = mock
    match = {"station": name, "action": "Hearbeat"}
    answer = await client.post("/v1/wait", json={"match": match, "within": 0})
    assert "no action 'Hearbeat'; did you mean Heartbeat?" in problem(answer, 408, "wait-timeout")


async def entries_of(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Read the entries of a stream of events; the first value, when they are followed, is empty."""
    async for line in answer.aiter_lines():
        if line == ": following":
            yield {}
        elif line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def test_events_bring_entries_as_they_happen(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station, client.stream("GET", "/v1/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        entries = entries_of(answer)
        await soon(anext(entries))
        await station.status("Occupied")
        while (entry := await soon(anext(entries))).get("action") != "StatusNotification":
            pass
    assert (entry["station"], entry["type"]) == (name, "call")
    assert entry["frame"][3]["connectorStatus"] == "Occupied"


async def test_events_of_one_station_leave_the_others_out(mock: Mock, name: str) -> None:
    csms, client = mock
    async with (
        booted(csms, name) as station,
        booted(csms, f"{name}-b") as other,
        client.stream("GET", "/v1/events", params={"station": name}) as answer,
    ):
        entries = entries_of(answer)
        await soon(anext(entries))
        await other.send(call.Heartbeat())
        await station.send(call.Heartbeat())
        assert [(await soon(anext(entries)))["station"] for _ in range(2)] == [name, name]


async def test_events_end_after_the_seconds_that_are_asked_for(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/v1/events", params={"within": 0.05})
    assert answer.text.startswith(": following\n\n")


# Findings


@pytest.mark.parametrize(
    ("glob", "meant"), [("CS1", {"CS1"}), ("CS1?", {"CS12"}), ("CS*", {"CS1", "CS12"}), ("cs*", set())]
)
async def test_findings_are_asked_for_by_a_glob(glob: str, meant: set[str]) -> None:
    async with driven(findings="always") as (csms, client):
        for it in ("CS1", "CS12"):
            async with bare(csms, it) as connection:
                await connection.send("[nonsense")
                await receive(connection)
        found = (await client.get("/v1/findings", params={"station": glob})).json()
    assert {it["station"] for it in found} == meant


# Back to the start


async def test_a_reset_of_one_station_leaves_the_others_as_they_are(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station, booted(csms, f"{name}-b"):
        for it in (name, f"{name}-b"):
            await client.patch(f"/v1/stations/{it}/profile", json={"heartbeatInterval": 7})
        assert (await client.post("/v1/reset", params={"station": name})).status_code == 204
        first = (await client.get(f"/v1/stations/{name}")).json()
        other = (await client.get(f"/v1/stations/{name}-b")).json()
        assert (await station.boot()).interval != 7
        assert (await client.get(f"/v1/stations/{name}-b/profile")).json()["heartbeatInterval"] == 7
    assert (first["boots"], first["boot"], first["connected"]) == (0, None, True)
    assert (other["boots"], other["connected"]) == (1, True)


async def test_a_reset_of_a_glob_is_about_all_that_it_means(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, f"{name}-a"), booted(csms, f"{name}-b"):
        assert (await client.post("/v1/reset", params={"station": f"{name}-*"})).status_code == 204
        listed = (await client.get("/v1/stations")).json()
    assert [it["boots"] for it in listed if it["id"].startswith(f"{name}-")] == [0, 0]


@pytest.mark.parametrize(("station", "detail"), [("garage-nort", "did you mean garage-north?"), ("X*", "X*")])
async def test_a_reset_of_a_station_that_was_never_seen_is_404(mock: Mock, station: str, detail: str) -> None:
    csms, client = mock
    async with booted(csms, "garage-north"):
        answer = await client.post("/v1/reset", params={"station": station})
    assert detail in problem(answer, 404, "unknown-station")


async def test_a_station_that_was_turned_away_at_the_door_can_be_reset() -> None:
    async with driven(faults="handshake:503:times=1") as (csms, client):
        for _ in range(2):
            with pytest.raises(InvalidStatus, match="503"):
                async with raw_connection(csms):
                    pass
            assert (await client.post("/v1/reset", params={"station": "CS1"})).status_code == 204


async def test_a_reset_of_all_forgets_everything_and_keeps_the_connections() -> None:
    rule = {"id": "beat", "when": {"action": "Heartbeat"}, "then": {"error": {}}, "times": 1}
    async with driven(unknown_token="Unknown", rules=(rule,)) as (csms, client), booted(csms) as station:
        await client.put("/v1/tokens/AABBCCDD", json={"status": "Accepted"})
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())
        assert (await client.post("/v1/reset")).status_code == 204
        assert (await client.get("/v1/tokens")).json() == {}
        assert await journal(client) == []
        assert (await client.get("/v1/rules")).json()[0]["uses"] == {}
        (known,) = (await client.get("/v1/stations")).json()
        assert (known["boots"], known["connected"]) == (0, True)
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())
        await station.boot()
        assert await authorize(station) == "Unknown"


# Files


async def test_the_firmware_is_there_to_be_downloaded(mock: Mock) -> None:
    _, client = mock
    answer = await client.get("/files/firmware.bin")
    assert answer.content == FIRMWARE_BYTES
    assert answer.headers["content-type"] == "application/octet-stream"


async def test_a_file_of_the_folder_is_there_to_be_downloaded(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"other")
    async with driven(files=tmp_path) as (_, client):
        assert (await client.get("/files/other.bin")).content == b"other"
        await client.put("/files/uploads/log.txt", content=b"log")
    assert (tmp_path / "uploads" / "log.txt").read_bytes() == b"log"


async def test_an_upload_is_kept_as_it_was_put(mock: Mock, name: str) -> None:
    _, client = mock
    content = bytes(range(256)) * 64
    answer = await client.put(f"/files/uploads/{name}.log", content=content)
    assert (answer.status_code, answer.json()) == (201, {"name": f"{name}.log", "size": len(content)})
    assert (await client.get(f"/files/uploads/{name}.log")).content == content
    assert answer.json() in (await client.get("/files/uploads")).json()


@pytest.mark.parametrize("path", ["/files/uploads", "/files/uploads/posted.log"])
async def test_an_upload_is_kept_as_it_was_posted(mock: Mock, path: str) -> None:
    _, client = mock
    answer = await client.post(path, content=b"raw\r\nbytes")
    assert answer.status_code == 201
    assert (await client.get(f"/files/uploads/{answer.json()['name']}")).content == b"raw\r\nbytes"


async def test_an_upload_of_a_form_has_the_name_of_its_file(mock: Mock, name: str) -> None:
    _, client = mock
    content = b"--with\r\n\r\nwhat a form is made of--\r\n"
    answer = await client.post("/files/uploads", files={"file": (f"{name}.tar.gz", content)})
    assert answer.json() == {"name": f"{name}.tar.gz", "size": len(content)}
    assert (await client.get(f"/files/uploads/{name}.tar.gz")).content == content


async def test_an_upload_of_a_form_to_a_name_has_that_name(mock: Mock, name: str) -> None:
    _, client = mock
    answer = await client.post(f"/files/uploads/{name}.log", files={"file": ("other.log", b"log")})
    assert answer.json() == {"name": f"{name}.log", "size": 3}


async def test_a_form_without_a_file_is_422(mock: Mock) -> None:
    _, client = mock
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n--b--\r\n'
    problem(await client.post("/files/uploads", content=body, headers=headers), 422, "no-file")


async def test_an_upload_that_is_too_large_is_413_and_not_kept() -> None:
    async with driven(max_upload=1000) as (_, client):
        assert (await client.put("/files/uploads/fits", content=b"x" * 1000)).status_code == 201
        problem(await client.put("/files/uploads/large", content=b"x" * 1001), 413, "upload-too-large")
        form = {"file": ("large", b"x" * 1001)}
        problem(await client.post("/files/uploads", files=form), 413, "upload-too-large")
        assert [it["name"] for it in (await client.get("/files/uploads")).json()] == ["fits"]


@pytest.mark.parametrize("bad", [".hidden", "%20", "a%00b", "a%0Ab", "a%0A", "caf%C3%A9", "x" * 101, "a:b"])
async def test_an_upload_with_a_bad_name_is_422(mock: Mock, bad: str) -> None:
    _, client = mock
    problem(await client.put(f"/files/uploads/{bad}", content=b"x"), 422, "invalid-request")


async def test_an_upload_that_is_not_there_is_404(mock: Mock) -> None:
    _, client = mock
    problem(await client.get("/files/uploads/nothing"), 404, "unknown-file")
    problem(await client.get("/files/nothing"), 404, "unknown-file")


OUTSIDE = [
    "/files/../secret",
    "/files/%2e%2e/secret",
    "/files/%2e%2e%2fsecret",
    "/files/..%5csecret",
    "/files/uploads/../../secret",
    "/files/uploads/%2e%2e/%2e%2e/secret",
    "/files/uploads/%2e%2e%2f%2e%2e%2fsecret",
    "/files/uploads/..%252f..%252fsecret",
    "/files/uploads/%2e%2e%2fsecret",
    "/files/uploads/%2e%2e",
    "/files//{folder}/secret",
    "/files/%2f{folder}%2fsecret",
    "/files/uploads/%2f{folder}%2fsecret",
]


async def exchange(url: str, method: str, target: str, body: bytes = b"") -> bytes:
    """Ask for exactly this target, which a client would tidy up; return all that is answered."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"{method} {target} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await soon(reader.read())
    writer.close()
    await writer.wait_closed()
    return answer


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_no_name_leads_out_of_the_folders(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"the-secret")
    served = tmp_path / "served"
    served.mkdir()
    before = tree(tmp_path)
    async with driven(files=served) as (csms, client):
        await client.put("/files/uploads/log", content=b"log")
        for target in (it.format(folder=tmp_path) for it in OUTSIDE):
            for method in ("GET", "PUT", "POST"):
                answer = await exchange(csms.control, method, target, b"" if method == "GET" else b"planted")
                assert re.match(rb"HTTP/1.1 4\d\d ", answer), (method, target, answer)
                assert b"the-secret" not in answer, (method, target)
    assert tree(tmp_path) == {**before, "served/uploads/log": b"log"}


async def test_no_name_in_a_form_leads_out_of_the_folder(tmp_path: Path) -> None:
    names, headers = [], {"Content-Type": "multipart/form-data; boundary=b"}
    async with driven(files=tmp_path / "served") as (_, client):
        for given in ("../../secret", "/etc/passwd", "..\\windows", "..", ".", ""):
            head = f'Content-Disposition: form-data; name="f"; filename="{given}"'
            body = f"--b\r\n{head}\r\n\r\nplanted\r\n--b--\r\n".encode()
            answer = await client.post("/files/uploads", content=body, headers=headers)
            assert answer.status_code == 201
            names.append(answer.json()["name"])
    assert tree(tmp_path) == {f"served/uploads/{name}": b"planted" for name in names}
    assert names[:3] == ["secret", "passwd", "windows"]


async def test_a_station_uploads_its_log_to_where_get_log_says(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station, client_of("") as web:
        said = (await send(client, name, "GetLog")).json()
        asked = await station.next("GetLog")
        form = {"file": (f"{name}.log", b"what happened")}
        uploaded = await web.post(asked["log"]["remote_location"], files=form)
        await station.send(call.LogStatusNotification(status="Uploaded", request_id=asked["request_id"]))
        known = (await client.get(f"/v1/stations/{name}")).json()
    assert said["outcome"] == "result"
    assert uploaded.status_code == 201
    assert known["logStatus"] == "Uploaded"
    assert (await client.get(f"/files/uploads/{name}.log")).content == b"what happened"


async def test_a_station_downloads_firmware_from_where_update_firmware_says(mock: Mock, name: str) -> None:
    csms, client = mock
    async with booted(csms, name) as station, client_of("") as web:
        await send(client, name, "UpdateFirmware")
        asked = await station.next("UpdateFirmware")
        firmware = (await web.get(asked["firmware"]["location"])).content
        await station.send(
            call.FirmwareStatusNotification(status="Downloaded", request_id=asked["request_id"])
        )
        known = (await client.get(f"/v1/stations/{name}")).json()
    assert hashlib.md5(firmware).hexdigest() == FIRMWARE_MD5
    assert known["firmwareStatus"] == "Downloaded"


async def test_files_need_no_token_where_the_rest_does() -> None:
    async with driven(control_token=TOKEN) as (_, client):
        assert (await client.put("/files/uploads/log", content=b"log")).status_code == 201
        assert (await client.get("/files/uploads/log")).content == b"log"


# Metrics


async def test_metrics_count_connections_messages_faults_and_answers() -> None:
    async with driven(faults="Heartbeat:no-answer:times=1") as (csms, client), bare(csms) as connection:
        await connection.send('[2,"lost","Heartbeat",{}]')
        await connection.send('[2,"kept","Heartbeat",{}]')
        assert (await receive(connection))[1] == "kept"
        for status in ("Accepted", "Rejected"):
            asking = asyncio.create_task(send(client, "CS1", "Reset"))
            _, message_id, *_ = await receive(connection)
            await connection.send(json.dumps([3, message_id, {"status": status}]))
            await asking
        await send(client, "CS1", "Reset", timeout=0.05)
        answer = await client.get("/metrics")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples["ocpp_connections",] == samples["ocpp_connections_opened_total",] == 1
    assert samples["ocpp_messages_total", "BootNotification", "received", "result"] == 1
    assert samples["ocpp_messages_total", "Heartbeat", "received", "result"] == 1
    assert samples["ocpp_messages_total", "Heartbeat", "received", "withheld"] == 1
    for outcome in ("refused", "result", "timeout"):
        assert samples["ocpp_messages_total", "Reset", *sorted((outcome, "sent"))] == 1
    assert samples["ocpp_faults_total", "no-answer"] == 1
    assert samples["ocpp_answer_seconds_count", "Reset"] == 2
    assert samples["ocpp_answer_seconds_bucket", "+Inf", "Reset"] == 2
    assert samples["ocpp_answer_seconds_bucket", "10.0", "Reset"] == 2
    assert 0 < samples["ocpp_answer_seconds_sum", "Reset"] < PATIENCE
