"""Kinds of findings that are silenced through the control API."""

from typing import Any

import pytest

from mock_csms.csms import Csms
from mock_csms.v201.findings.kinds import FINDING_KINDS
from tests.support.control import Mock, driven, problem_detail
from tests.support.station import raw_connection, receive

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN_ACTION = "unknown-action"


async def provoke(csms: Csms, station_id: str, message_id: str) -> None:
    """Connect and send a CALL that causes the finding unknown-action; wait for the answer."""
    async with raw_connection(csms, station_id) as connection:
        await connection.send(f'[2,"{message_id}","Foo",{{}}]')
        await receive(connection)


async def finding_ids(mock: Mock, station_id: str) -> list[str]:
    """Ids of the findings about a station."""
    findings = (await mock[1].get("/v1/findings", params={"station": station_id})).json()
    return [finding["id"] for finding in findings]


async def test_silenced_kind_is_not_reported_until_it_is_reported_again(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.patch("/v1/findings", json={"silence": [UNKNOWN_ACTION]})
    await provoke(csms, station_id, "1")
    silenced = await finding_ids(mock, station_id)
    await client.patch("/v1/findings", json={"report": [UNKNOWN_ACTION]})
    await provoke(csms, station_id, "2")

    assert UNKNOWN_ACTION not in silenced
    assert UNKNOWN_ACTION in await finding_ids(mock, station_id)


async def test_silence_takes_effect_on_open_connections(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with raw_connection(csms, station_id) as connection:
        await connection.send('[2,"1","Foo",{}]')
        await receive(connection)
        await client.patch("/v1/findings", json={"silence": [UNKNOWN_ACTION]})
        await connection.send('[2,"2","Foo",{}]')
        await receive(connection)
    await client.patch("/v1/findings", json={"report": [UNKNOWN_ACTION]})

    assert (await finding_ids(mock, station_id)).count(UNKNOWN_ACTION) == 1


async def test_change_answers_all_silenced_kinds() -> None:
    async with driven(silence="heartbeat-missing") as (_, client):
        answer = await client.patch("/v1/findings", json={"silence": ["call-unanswered"]})
        kinds: list[Any] = (await client.get("/v1/findings/kinds")).json()

    hints = [name for name, kind in FINDING_KINDS.items() if kind.severity == "hint"]
    assert set(answer.json()["silenced"]) == {"heartbeat-missing", "call-unanswered", *hints}
    assert [kind["id"] for kind in kinds if kind["silenced"]] == answer.json()["silenced"]
    assert [kind["id"] for kind in kinds] == list(FINDING_KINDS)
    [reused] = [kind for kind in kinds if kind["id"] == "message-id-reused"]
    assert reused == {
        "id": "message-id-reused",
        "severity": "error",
        "section": "OCPP-J 4.1.4",
        "description": "a CALL reuses the message id of an earlier one",
        "condition": "",
        "silenced": False,
    }


async def test_reset_returns_to_the_kinds_silenced_at_the_start() -> None:
    async with driven(silence="heartbeat-missing", hints=True) as (csms, client):
        change = {"silence": ["call-unanswered"], "report": ["heartbeat-missing"]}
        changed = await client.patch("/v1/findings", json=change)
        await client.post("/v1/reset")

        assert changed.json()["silenced"] == ["call-unanswered"]
        assert csms.records.silences.silenced() == ["heartbeat-missing"]


async def test_reset_of_one_station_keeps_the_silences(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await provoke(csms, station_id, "1")
    await client.patch("/v1/findings", json={"silence": ["answer-repeated"]})
    assert (await client.post("/v1/reset", params={"station": station_id})).status_code == 204

    assert "answer-repeated" in csms.records.silences
    await client.patch("/v1/findings", json={"report": ["answer-repeated"]})


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        pytest.param({"silence": ["heartbeat-mising"]}, "unknown-finding", "did you mean heartbeat-missing?"),
        pytest.param({"report": ["?"]}, "unknown-finding", "choose from message-id-reused, "),
        pytest.param({}, "invalid-request", 'name the ids of findings under "silence" or "report"'),
        pytest.param(
            {"silence": ["call-unanswered"], "report": ["call-unanswered"]},
            "invalid-request",
            'call-unanswered is under both "silence" and "report"; choose one',
        ),
        pytest.param({"silence": "call-unanswered"}, "invalid-request", "silence: "),
        pytest.param({"silent": ["call-unanswered"]}, "invalid-request", "did you mean silence?"),
        pytest.param([], "invalid-request", "body"),
    ],
)
async def test_invalid_change_is_422_and_silences_nothing(
    mock: Mock, body: Any, kind: str, detail: str
) -> None:
    csms, client = mock
    before = csms.records.silences.silenced()

    answer = await client.patch("/v1/findings", json=body)

    assert detail in problem_detail(answer, 422, kind)
    assert csms.records.silences.silenced() == before
