"""Two OCPP versions on one port: 2.0.1 and a made-up "toy" with other actions, spelling and commands."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
from ocpp.exceptions import GenericError
from ocpp.v201 import call
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import ClientConnection

from mock_csms import MockCsms, Settings
from mock_csms.behaviour.rules import Rule
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.settings.check import check
from mock_csms.settings.command_line import command_line
from mock_csms.verdict.expectations import Expectation
from server import VERSIONS
from tests.conftest import LogLines
from tests.support.control import client_of
from tests.support.station import Station, connected_to, heartbeat_is_answered, raw_connection, receive
from tests.support.toy import TOY, TOY_SUBPROTOCOL, TOY_VERSION, toy_connection

BOTH = {**VERSIONS, TOY_SUBPROTOCOL: TOY}
BOTH_OCPP = [served.version for served in BOTH.values()]


class RunningMock(NamedTuple):
    """A mock of both versions, a client of its control API and a toy station."""

    mock: MockCsms
    api: httpx.AsyncClient
    toy: ClientConnection

    @property
    def csms(self) -> Csms:
        return self.mock.csms

    @property
    def finding_ids(self) -> list[str]:
        """Ids of the findings about the toy station."""
        return [finding.id for finding in self.csms.records.findings if finding.station == "TOY1"]


@asynccontextmanager
async def running_mock(**settings: Any) -> AsyncIterator[RunningMock]:
    """Run a mock of both versions with a toy station while the context lasts."""
    settings = {"port": 0, "control": "127.0.0.1:0", **settings}
    async with AsyncExitStack() as stack:
        mock = await stack.enter_async_context(MockCsms(Settings.model_validate(settings), BOTH))
        api = await stack.enter_async_context(client_of(mock.control_url))
        yield RunningMock(mock, api, await stack.enter_async_context(toy_connection(mock.url)))


@pytest.fixture
async def both() -> AsyncIterator[RunningMock]:
    async with running_mock() as mock:
        yield mock


@pytest.fixture
async def station(both: RunningMock) -> AsyncIterator[Station]:
    """An OCPP 2.0.1 station, connected at the same time as the toy station."""
    async with connected_to(both.mock.url, "CS1") as station:
        yield station


async def ask(connection: ClientConnection, action: str, payload: Any, message_id: str = "1") -> Any:
    """Send a CALL and wait for the next frame."""
    await connection.send(json.dumps([2, message_id, action, payload]))
    return await receive(connection)


async def hello(connection: ClientConnection, message_id: str = "h", name: str = "toy") -> Any:
    return await ask(connection, "Hello", {"name": name}, message_id)


async def answer_next(connection: ClientConnection, payload: JsonObject) -> Any:
    """Answer the next command, and return its action and payload."""
    kind, message_id, action, request = await receive(connection)
    assert kind == 2
    await connection.send(json.dumps([3, message_id, payload]))
    return action, request


# Answers


async def test_each_station_gets_the_answers_of_its_version(both: RunningMock, station: Station) -> None:
    assert (await station.send(call.Heartbeat())).current_time
    assert await hello(both.toy) == [3, "h", {"greeting": "hello toy"}]
    assert await ask(both.toy, "Measure", {"value": 7}) == [3, "1", {}]
    assert (await station.boot()).status == "Accepted"


async def test_toy_station_does_not_know_the_actions_of_2_0_1(both: RunningMock) -> None:
    assert (await ask(both.toy, "Heartbeat", {}))[:3] == [4, "1", "NotImplemented"]


async def test_2_0_1_station_does_not_know_the_actions_of_the_toy(both: RunningMock) -> None:
    async with raw_connection(both.csms) as connection:
        assert (await hello(connection))[:3] == [4, "h", "NotImplemented"]
        assert await heartbeat_is_answered(connection)


async def test_command_sent_by_a_toy_station_is_not_supported(both: RunningMock) -> None:
    assert (await ask(both.toy, "Wave", {"times": 1}))[:3] == [4, "1", "NotSupported"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "TooFewOrTooMany"),
        ({"name": "x", "more": 1}, "FormationViolation"),
        ({"name": 1}, "TypeConstraintViolation"),
    ],
    ids=["missing", "unknown", "type"],
)
async def test_toy_version_uses_its_own_error_codes(
    both: RunningMock, payload: JsonObject, code: str
) -> None:
    assert (await ask(both.toy, "Hello", payload))[:3] == [4, "1", code]
    assert (await hello(both.toy))[0] == 3


async def test_2_0_1_uses_the_error_codes_of_its_specification(both: RunningMock) -> None:
    async with raw_connection(both.csms) as connection:
        answer = await ask(connection, "StatusNotification", {})
        assert answer[:3] == [4, "1", "OccurenceConstraintViolation"]
        assert await heartbeat_is_answered(connection)


@pytest.mark.parametrize("frame", ["{", "[]", '[2,7,"Hello",{}]', b"binary"])
async def test_unreadable_frame_is_answered_as_the_version_says(
    both: RunningMock, frame: str | bytes
) -> None:
    async with raw_connection(both.csms) as connection:
        await connection.send(frame)
        assert (await receive(connection))[:2] == [4, "-1"]
    await both.toy.send(frame)
    assert (await hello(both.toy, "after"))[:2] == [3, "after"]


# Commands


async def test_loop_sends_a_toy_command_with_its_default_payload(log_lines: LogLines) -> None:
    async with running_mock(command="Wave", delay=0, start="connect") as mock:
        assert await answer_next(mock.toy, {"status": "Done"}) == ("Wave", {"times": 3})
        await log_lines.wait_for("TOY1", "Wave result", "Done")
        assert mock.csms.records.statistics.messages["sent", "Wave", "result"] == 1


async def test_loop_repeats_a_toy_command(log_lines: LogLines) -> None:
    async with running_mock(command="Paint", period=0.01, start="connect", payload={"color": "red"}) as mock:
        for _ in range(2):
            assert await answer_next(mock.toy, {"status": "Done"}) == ("Paint", {"color": "red"})


async def test_command_of_another_version_is_skipped(log_lines: LogLines) -> None:
    async with (
        running_mock(command="Wave", delay=0, start="connect") as mock,
        raw_connection(mock.csms) as connection,
    ):
        assert await answer_next(mock.toy, {"status": "Done"}) == ("Wave", {"times": 3})
        await log_lines.wait_for("CS1", "Wave skipped: OCPP 2.0.1 has no such command")
        assert await heartbeat_is_answered(connection)
    assert not [line for line in log_lines.lines if "failed" in line]


async def test_sequence_continues_after_a_command_of_another_version(log_lines: LogLines) -> None:
    async with running_mock(commands="Wave:0,ClearCache:0,Paint:0", start="connect") as mock:
        assert (await answer_next(mock.toy, {"status": "Done"}))[0] == "Wave"
        await log_lines.wait_for("TOY1", "ClearCache skipped: OCPP toy has no such command")
        assert (await answer_next(mock.toy, {"status": "Done"}))[0] == "Paint"


async def send_with_api(
    mock: RunningMock, body: JsonObject, answer: JsonObject, to: str = "TOY1"
) -> tuple[Any, Any]:
    """Send a command with the API and answer it; return the command as received, and the API response."""
    request = asyncio.create_task(mock.api.post(f"/v1/stations/{to}/calls", json=body))
    command = await answer_next(mock.toy, answer)
    return command, (await request).json()


async def test_api_sends_a_toy_command_with_its_default_payload(both: RunningMock) -> None:
    command, answer = await send_with_api(both, {"action": "Wave"}, {"status": "Done"})

    assert command == ("Wave", {"times": 3})
    assert (answer["outcome"], answer["payload"]) == ("result", {"status": "Done"})


async def test_answer_with_a_status_that_the_toy_does_not_fulfil_is_refused(
    both: RunningMock, log_lines: LogLines
) -> None:
    """Only the status Done means success for the toy; Accepted also violates the toy's schema."""
    for status in ("Declined", "Accepted"):
        _, answer = await send_with_api(both, {"action": "Paint"}, {"status": status})
        assert answer.get("outcome") in {"result", "error"}
    await log_lines.wait_for("Paint REFUSED", times=2)
    assert both.csms.records.statistics.messages["sent", "Paint", "refused"] == 2


async def test_answer_that_violates_the_toy_schema_is_reported(both: RunningMock) -> None:
    _, answer = await send_with_api(both, {"action": "Wave"}, {"status": "Done", "more": 1})

    assert (
        answer["violation"]
        == "payload: has a property that the schema does not define (additionalProperties)"
    )
    assert both.finding_ids == ["answer-violates-schema"]


async def test_command_of_2_0_1_for_a_toy_station_is_a_problem_and_is_not_sent(both: RunningMock) -> None:
    answer = await both.api.post(
        "/v1/stations/TOY1/calls", json={"action": "Reset", "payload": {"type": "OnIdle"}}
    )

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ocpp2-mock-server:unknown-command")
    assert answer.json()["detail"] == "TOY1 speaks OCPP toy, which has no command 'Reset'"
    assert (await hello(both.toy))[0] == 3


async def test_toy_command_for_a_2_0_1_station_is_a_problem_and_is_not_sent(
    both: RunningMock, station: Station
) -> None:
    answer = await both.api.post("/v1/stations/CS1/calls", json={"action": "Wave"})

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ocpp2-mock-server:unknown-command")
    assert not station.order


async def test_glob_sends_a_command_to_the_stations_whose_version_has_it(
    both: RunningMock, station: Station
) -> None:
    command, answer = await send_with_api(both, {"action": "Wave"}, {"status": "Done"}, to="*")

    assert command == ("Wave", {"times": 3})
    assert {name: outcome["outcome"] for name, outcome in answer.items()} == {
        "TOY1": "result",
        "CS1": "error",
    }
    assert not station.order


# Rules

RULE_FOR_HELLO = {"when": {"action": "Hello"}}


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ({"answer": {"greeting": "go away"}}, [3, "h", {"greeting": "go away"}]),
        ({"error": {"code": "TooShy"}}, [4, "h", "TooShy", "", {}]),
        ({"fault": {"kind": "wrong-type"}}, [9, "h", {"greeting": "hello toy"}]),
    ],
    ids=["answer", "error", "fault"],
)
async def test_rule_decides_the_answer_to_a_toy_action(
    both: RunningMock, then: JsonObject, expected: Any
) -> None:
    creation = await both.api.post(
        "/v1/rules", json={"id": "r", "when": {"action": "Hello"}, "then": then, "times": 1}
    )
    matches = await both.api.post("/v1/rules/match", json={"station": "TOY1", "action": "Hello"})

    assert (creation.status_code, matches.json()["rules"]) == (201, ["r"])
    assert await hello(both.toy) == expected
    assert await hello(both.toy, "h2") == [3, "h2", {"greeting": "hello toy"}]


async def test_rule_without_an_action_applies_to_both_versions(both: RunningMock, station: Station) -> None:
    await both.api.post("/v1/rules", json={"then": {"error": {"code": "GenericError"}}, "times": 1})

    assert (await hello(both.toy))[:3] == [4, "h", "GenericError"]
    with pytest.raises(GenericError):
        await station.send(call.Heartbeat())


async def test_rule_decides_on_the_answer_to_a_toy_command(both: RunningMock) -> None:
    rule = {"when": {"action": "Wave", "direction": "answer"}, "then": {"answer": {"status": "Declined"}}}
    assert (await both.api.post("/v1/rules", json=rule)).status_code == 201

    _, answer = await send_with_api(both, {"action": "Wave"}, {"status": "Done"})

    assert answer["payload"] == {"status": "Declined"}


async def test_rule_whose_answer_breaks_the_schema_of_the_toy_is_rejected(both: RunningMock) -> None:
    answer = await both.api.post("/v1/rules", json={**RULE_FOR_HELLO, "then": {"answer": {"greeting": 1}}})

    assert answer.status_code == 422
    assert "its answer breaks the schema of Hello" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("action", "suggestion"), [("Helo", "Hello"), ("Hartbeat", "Heartbeat"), ("Measures", "Measure")]
)
async def test_check_suggests_an_action_of_any_version(
    both: RunningMock, action: str, suggestion: str
) -> None:
    rule = {"when": {"action": action}, "then": {"fault": {"kind": "no-answer"}}}
    expected = f"there is no station message {action!r}; did you mean {suggestion}?"

    flaw = check(Rule.model_validate(rule), BOTH_OCPP)
    answer = await both.api.post("/v1/rules", json=rule)

    assert flaw is not None
    assert flaw.sentence == expected
    assert answer.status_code == 422
    assert expected in answer.json()["detail"]


# The journal, findings, counts


async def test_journal_records_messages_of_a_toy_station(both: RunningMock) -> None:
    await hello(both.toy)
    await both.toy.send("{")
    await hello(both.toy, "h2")

    entries = (await both.api.get("/v1/journal?station=TOY1")).json()["entries"]

    assert [(entry["type"], entry.get("action")) for entry in entries] == [
        ("connected", None),
        ("call", "Hello"),
        ("result", "Hello"),
        ("malformed", None),
        ("call", "Hello"),
        ("result", "Hello"),
    ]


async def malformed_frame(mock: RunningMock) -> None:
    await mock.toy.send("{")


async def call_violates_schema(mock: RunningMock) -> None:
    await ask(mock.toy, "Hello", {})


async def calls_in_parallel(mock: RunningMock) -> None:
    for message_id in ("a", "b"):
        mock.toy.protocol.send_text(json.dumps([2, message_id, "Measure", {"value": 1}]).encode())
    mock.toy.send_data()
    await receive(mock.toy)
    await receive(mock.toy)


async def unknown_action(mock: RunningMock) -> None:
    await ask(mock.toy, "Heartbeat", {})


async def message_id_reused(mock: RunningMock) -> None:
    await hello(mock.toy, "same")
    await hello(mock.toy, "same")


async def answer_to_unknown_call(mock: RunningMock) -> None:
    await mock.toy.send('[3,"never-sent",{"status":"Done"}]')


async def answer_repeated(mock: RunningMock) -> None:
    request = asyncio.create_task(mock.api.post("/v1/stations/TOY1/calls", json={"action": "Wave"}))
    _, message_id, *_ = await receive(mock.toy)
    for _ in range(2):
        await mock.toy.send(json.dumps([3, message_id, {"status": "Done"}]))
    await request


async def call_unanswered(mock: RunningMock) -> None:
    answer = await mock.api.post("/v1/stations/TOY1/calls", json={"action": "Wave"})
    assert answer.json()["outcome"] == "timeout"
    await receive(mock.toy)


async def answer_violates_schema(mock: RunningMock) -> None:
    await send_with_api(mock, {"action": "Wave"}, {"status": "Waved"})


BREACHES: list[Callable[[RunningMock], Any]] = [
    malformed_frame,
    call_violates_schema,
    calls_in_parallel,
    unknown_action,
    message_id_reused,
    answer_to_unknown_call,
    answer_repeated,
    call_unanswered,
    answer_violates_schema,
]


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: str(breach.__name__))
async def test_toy_station_gets_each_shared_finding(breach: Callable[[RunningMock], Any]) -> None:
    async with running_mock(call_timeout=0.1 if breach is call_unanswered else 10) as mock:
        await hello(mock.toy, "before")
        await breach(mock)
        assert (await hello(mock.toy, "after"))[0] == 3
        findings = (await mock.api.get("/v1/findings?station=TOY1")).json()
    assert [finding["id"] for finding in findings] == [breach.__name__.replace("_", "-")]


async def test_metrics_count_toy_actions(both: RunningMock) -> None:
    await hello(both.toy)
    await ask(both.toy, "Hello", {})
    await send_with_api(both, {"action": "Paint"}, {"status": "Declined"})

    text = (await both.api.get("/metrics")).text
    counts = {
        tuple(sample.labels[name] for name in ("direction", "action", "outcome")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "ocpp_messages_total"
    }

    assert counts["received", "Hello", "result"] == counts["received", "Hello", "error"] == 1
    assert counts["sent", "Paint", "refused"] == 1


# Expectations and help


@pytest.mark.parametrize("text", ["Hello>=1", "Hello[name=x]", ">Wave", "<Wave[status=Done]==1", "Heartbeat"])
def test_expectation_may_name_actions_of_any_version(text: str) -> None:
    assert check(text, BOTH_OCPP) is None
    assert check(Settings(expect=(text,)), BOTH_OCPP) is None
    assert Expectation.parse(text, BOTH_OCPP).text == text


@pytest.mark.parametrize("text", ["Helo", ">Hello", "Wave", "Hello[status=x]"])
def test_expectation_that_no_version_can_meet_is_rejected(text: str) -> None:
    assert check(text, BOTH_OCPP) is not None


async def test_verdict_counts_toy_actions() -> None:
    async with running_mock(expect=["Hello[name=toy]==1", ">Wave", "<Wave[status=Done]"]) as mock:
        await hello(mock.toy)
        await send_with_api(mock, {"action": "Wave"}, {"status": "Done"})
    code, summary = mock.mock.conclude()
    assert code == 0
    assert summary.startswith("passed: 3 expectations met")
    assert "Hello" in summary
    assert "Wave" in summary


async def test_wait_finds_toy_messages(both: RunningMock) -> None:
    await hello(both.toy)
    match = {"action": "Hello", "direction": "received", "payload": {"name": "toy"}}

    answer = await both.api.post("/v1/wait", json={"match": match, "since": 0, "within": 10})

    assert answer.json()["entries"][0]["frame"] == [2, "h", "Hello", {"name": "toy"}]


async def test_wait_suggests_a_toy_action(both: RunningMock) -> None:
    answer = await both.api.post("/v1/wait", json={"match": {"action": "Meassure"}, "within": 0})

    assert "did you mean Measure?" in answer.json()["detail"]


def test_help_lists_versions_and_their_commands() -> None:
    page = command_line(BOTH_OCPP).format_help()

    assert "OCPP 2.0.1, toy" in page
    words = page.split()
    assert {*TOY_VERSION.from_csms, "GetBaseReport"} <= set(words)
