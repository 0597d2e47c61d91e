"""The actions, their schemas and their default payloads in the control API."""

from typing import Any

import pytest

from mock_csms.v201.version import OCPP_2_0_1
from tests.support.control import Mock, booted, driven, problem_detail, send_command

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_actions_are_listed_by_version_and_sender_with_a_summary(mock: Mock) -> None:
    _, client = mock

    [version] = (await client.get("/v1/actions")).json()

    assert (version["version"], version["subprotocol"]) == ("2.0.1", "ocpp2.0.1")
    listed = {sender: [item["action"] for item in version[sender]] for sender in ("fromStation", "fromCsms")}
    assert listed == {
        "fromStation": sorted(OCPP_2_0_1.from_station),
        "fromCsms": sorted(OCPP_2_0_1.from_csms),
    }
    assert all(item["summary"] for item in version["fromStation"] + version["fromCsms"])


@pytest.mark.parametrize(
    ("action", "senders"),
    [("Reset", ["csms"]), ("Heartbeat", ["station"]), ("DataTransfer", ["station", "csms"])],
)
async def test_action_names_its_senders(mock: Mock, action: str, senders: list[str]) -> None:
    _, client = mock

    details = (await client.get(f"/v1/actions/{action}")).json()

    assert (details["action"], details["version"], details["sentBy"]) == (action, "2.0.1", senders)


async def test_schemas_of_an_action_are_complete(mock: Mock) -> None:
    """A schema may have a property named `password`; the property is not masked as a secret."""
    _, client = mock

    details = (await client.get("/v1/actions/SetNetworkProfile")).json()

    assert details["request"] == OCPP_2_0_1.request("SetNetworkProfile").read()
    assert details["response"] == OCPP_2_0_1.response("SetNetworkProfile").read()
    assert details["request"]["definitions"]["VPNType"]["properties"]["password"]["type"] == "string"


async def test_default_payload_is_the_one_that_a_station_gets(mock: Mock, station_id: str) -> None:
    csms, client = mock
    await client.patch(f"/v1/stations/{station_id}/profile", json={"resetType": "OnIdle"})
    async with booted(csms, station_id) as station:
        shown = await client.get("/v1/actions/Reset", params={"station": station_id})
        await send_command(client, station_id, "Reset")
        sent = await station.next("Reset")
    general = (await client.get("/v1/actions/Reset")).json()

    assert (shown.json()["defaultPayload"], sent) == ({"type": "OnIdle"}, {"type": "OnIdle"})
    assert (general["defaultPayload"], general["noDefault"]) == ({"type": "Immediate"}, None)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        pytest.param("RequestStopTransaction", "no transaction", id="nothing to do"),
        pytest.param("Heartbeat", "the mock does not send Heartbeat", id="sent by stations"),
    ],
)
async def test_missing_default_payload_has_a_reason(mock: Mock, action: str, reason: str) -> None:
    _, client = mock

    details = (await client.get(f"/v1/actions/{action}")).json()

    assert details["defaultPayload"] is None
    assert reason in details["noDefault"]


async def test_secrets_of_a_default_payload_are_masked() -> None:
    async with driven(set_variables="SecurityCtrlr.BasicAuthPassword=a-password-of-20-characters") as mock:
        details = (await mock[1].get("/v1/actions/SetVariables")).json()

    assert "a-password-of-20-characters" not in str(details)
    assert details["defaultPayload"]["setVariableData"][0]["variable"] == {"name": "BasicAuthPassword"}


async def test_all_default_payloads_leave_no_station_behind(mock: Mock) -> None:
    csms, client = mock
    before: list[str] = list(csms.stations)
    details: list[Any] = [
        (await client.get(f"/v1/actions/{action}")).json() for action in OCPP_2_0_1.from_csms
    ]

    assert list(csms.stations) == before
    payloads = {one["action"]: one["defaultPayload"] for one in details if one["defaultPayload"] is not None}
    assert len(payloads) > 20
    violations = [OCPP_2_0_1.request(action).violation(payload) for action, payload in payloads.items()]
    assert violations == [None] * len(payloads)


@pytest.mark.parametrize(
    ("action", "hint"),
    [
        ("Rset", "OCPP 2.0.1 has no action 'Rset'; did you mean Reset?"),
        ("StartTransaction/x", "did you mean"),
        ("?!", "GET /v1/actions lists all of them"),
    ],
)
async def test_unknown_action_is_404_with_a_suggestion(mock: Mock, action: str, hint: str) -> None:
    _, client = mock

    answer = await client.get(f"/v1/actions/{action.replace('?', '%3F')}")

    assert hint in problem_detail(answer, 404, "unknown-action")


async def test_default_payload_for_an_unknown_station_is_404(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, station_id):
        answer = await client.get("/v1/actions/Reset", params={"station": f"{station_id}x"})

    assert f"did you mean {station_id}?" in problem_detail(answer, 404, "unknown-station")


async def test_misspelt_parameter_of_an_action_is_422(mock: Mock) -> None:
    _, client = mock

    answer = await client.get("/v1/actions/Reset", params={"sation": "CS1"})

    assert "did you mean station?" in problem_detail(answer, 422, "unknown-parameter")
