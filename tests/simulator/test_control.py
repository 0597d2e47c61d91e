import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mock_csms.errors import CouldNotStart
from mock_csms.simulator.control import control_app, served_control
from mock_csms.simulator.core import Setup
from mock_csms.simulator.fleet import Fleet, FleetOptions
from mock_csms.simulator.watch import Console
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.station import PATIENCE

ONE, TWO = ["CS001"], ["CS001", "CS002"]


def fleet_of(identities: list[str]) -> Fleet:
    setups = [Setup(identity=identity, url="ws://127.0.0.1:9") for identity in identities]
    return Fleet(FleetOptions(setups=setups), OCPP_2_0_1, Console(is_quiet=True))


def client_of(fleet: Fleet) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=control_app(fleet.members))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.fixture
async def one() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(fleet_of(ONE)) as client:
        yield client


@pytest.fixture
async def two() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(fleet_of(TWO)) as client:
        yield client


def status_of(state: dict[str, Any], evse: int = 1) -> str:
    return str(state["evses"][evse - 1]["connectors"][0]["status"])


async def test_plug_in_occupies_the_connector(one: httpx.AsyncClient) -> None:
    response = await one.post("/plug-in", json={"evse": 2})

    assert response.status_code == 200
    assert status_of(response.json(), 2) == "Occupied"


async def test_post_without_body_uses_the_defaults(one: httpx.AsyncClient) -> None:
    response = await one.post("/plug-in")

    assert status_of(response.json()) == "Occupied"


@pytest.mark.parametrize("path", ["/plug-in?station=CS002", "/CS002/plug-in"])
async def test_station_is_named_in_query_or_path(path: str, two: httpx.AsyncClient) -> None:
    await two.post(path)

    states = (await two.get("/status")).json()["stations"]
    assert [status_of(state) for state in states] == ["Available", "Occupied"]


async def test_state_of_one_station_is_found_by_path_or_query(two: httpx.AsyncClient) -> None:
    assert (await two.get("/CS002/status")).json()["station"] == "CS002"
    assert (await two.get("/status?station=CS002")).json()["station"] == "CS002"


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/status?station=CS9", 404, "there is no station 'CS9'"),
        ("/CS9", 404, "there is no station 'CS9'"),
        ("/plug-in", 405, "plug-in is a step; send it as a POST request"),
        ("/CS002/unplug", 405, "unplug is a step; send it as a POST request"),
    ],
)
async def test_wrong_get_request_says_what_to_do(
    two: httpx.AsyncClient, path: str, status: int, detail: str
) -> None:
    response = await two.get(path)

    assert response.status_code == status
    assert response.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/plugin", {}, 404, "unknown step 'plugin'; did you mean plug-in?"),
        ("/", {}, 404, "the path has no step; write, for example, POST /plug-in"),
        ("/CS001", {}, 404, "the path has no step; write, for example, POST /CS001/plug-in"),
        ("/CS001/", {}, 404, "the path has no step; write, for example, POST /plug-in"),
        ("/CS01/plug-in", {}, 404, "there is no station 'CS01'; did you mean CS001?"),
        ("/plug-in?station=x", {}, 404, "there is no station 'x'; GET /status lists the stations"),
        ("/plug-in", {"evse": 3}, 422, "evse must be 1 to 2, not 3"),
        ("/plug-in", [1], 422, 'the body must be a JSON object, for example {"evse": 1}'),
        ("/present", {}, 422, "present needs token"),
        ("/unplug", {}, 409, "unplug has no effect: nothing is plugged in at EVSE 1"),
        ("/renegotiate", {}, 409, "renegotiate has no effect: nothing is plugged in at EVSE 1"),
        ("/leave", {}, 409, "leave has no effect: no vehicle is parked at EVSE 1"),
    ],
)
async def test_wrong_request_is_answered_with_a_sentence(
    path: str, body: object, status: int, detail: str, one: httpx.AsyncClient
) -> None:
    response = await one.post(path, json=body)

    assert response.status_code == status
    assert response.json()["detail"].startswith(detail)


async def test_vehicle_without_iso_15118_does_not_renegotiate(one: httpx.AsyncClient) -> None:
    await one.post("/plug-in", json={})

    response = await one.post("/renegotiate", json={})

    assert response.json()["detail"].endswith("the vehicle at EVSE 1 does not speak ISO 15118")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/plug-in"), ("DELETE", "/status")])
async def test_other_method_is_answered_with_a_sentence(
    method: str, path: str, one: httpx.AsyncClient
) -> None:
    response = await one.request(method, path)

    assert response.status_code == 405
    assert response.json()["detail"].startswith(f"{method} is not served; GET /status shows the stations")


async def test_busy_port_is_reported_with_the_flag_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(CouldNotStart, match=f"port {port}: .*; choose another port with --http"):
            async with served_control(fleet_of(ONE).members, port):
                pass


async def test_body_that_is_not_json_is_rejected(one: httpx.AsyncClient) -> None:
    response = await one.post("/plug-in", content=b"evse=1")

    assert response.status_code == 422
    assert response.json()["detail"].startswith("the body is not JSON")


async def test_token_that_is_no_text_is_rejected(one: httpx.AsyncClient) -> None:
    assert (await one.post("/present", json={"token": True})).status_code == 422


async def test_huge_body_of_unknown_length_is_rejected(one: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 10_000

    response = await one.post("/plug-in", content=chunks())
    assert response.status_code == 413


async def test_several_stations_need_a_name(two: httpx.AsyncClient) -> None:
    response = await two.post("/plug-in")

    assert response.status_code == 422
    assert response.json()["detail"] == "there are 2 stations; add ?station=CS001 to name one"


async def test_request_for_another_host_is_rejected(one: httpx.AsyncClient) -> None:
    response = await one.get("/status", headers={"Host": "example.org"})

    assert response.status_code == 400


async def test_control_listens_on_a_free_port() -> None:
    fleet = fleet_of(ONE)
    async with (
        served_control(fleet.members, 0) as address,
        httpx.AsyncClient(base_url=address, timeout=PATIENCE, trust_env=False) as client,
    ):
        state = (await client.get("/")).json()

    assert state["stations"][0]["registration"] is None
