"""POST /v1/reset: the mock resets its state of one station, or of all stations."""

import pytest
from ocpp.exceptions import InternalError
from ocpp.v201 import call
from websockets.exceptions import InvalidStatus

from tests.support.control import (
    Mock,
    authorize,
    booted,
    driven,
    journal_entries,
    problem_detail,
    wait_for_entry,
)
from tests.support.station import raw_connection

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_reset_of_one_station_keeps_its_profile_unless_asked_and_the_other_stations(
    mock: Mock, station_id: str
) -> None:
    csms, client = mock
    async with booted(csms, station_id) as station, booted(csms, f"{station_id}-b"):
        for identity in (station_id, f"{station_id}-b"):
            await client.patch(f"/v1/stations/{identity}/profile", json={"heartbeatInterval": 7})
        kept = await client.post("/v1/reset", params={"station": station_id})
        assert (await station.boot()).interval == 7
        reverted = await client.post("/v1/reset", params={"station": station_id, "profiles": True})
        assert (kept.status_code, reverted.status_code) == (204, 204)
        after_reset = (await client.get(f"/v1/stations/{station_id}")).json()
        other = (await client.get(f"/v1/stations/{station_id}-b")).json()
        assert (await station.boot()).interval != 7
        assert (await client.get(f"/v1/stations/{station_id}-b/profile")).json()["heartbeatInterval"] == 7
    assert (after_reset["boots"], after_reset["boot"], after_reset["connected"]) == (0, None, True)
    assert (other["boots"], other["connected"]) == (1, True)


async def test_reset_of_a_glob_resets_all_matching_stations(mock: Mock, station_id: str) -> None:
    csms, client = mock
    async with booted(csms, f"{station_id}-a"), booted(csms, f"{station_id}-b"):
        assert (await client.post("/v1/reset", params={"station": f"{station_id}-*"})).status_code == 204
        listed = (await client.get("/v1/stations")).json()
    assert [station["boots"] for station in listed if station["id"].startswith(f"{station_id}-")] == [0, 0]


@pytest.mark.parametrize(
    ("station", "detail"),
    [
        pytest.param("garage-nort", "did you mean garage-north?", id="misspelt identity"),
        pytest.param("X*", "X*", id="glob"),
    ],
)
async def test_reset_of_an_unknown_station_is_404(mock: Mock, station: str, detail: str) -> None:
    csms, client = mock
    async with booted(csms, "garage-north"):
        answer = await client.post("/v1/reset", params={"station": station})
    assert detail in problem_detail(answer, 404, "unknown-station")


async def test_station_rejected_at_the_handshake_can_be_reset() -> None:
    async with driven(faults="handshake:503:times=1") as (csms, client):
        for _ in range(2):
            with pytest.raises(InvalidStatus, match="503"):
                async with raw_connection(csms):
                    pass
            assert (await client.post("/v1/reset", params={"station": "CS1"})).status_code == 204


async def test_reset_of_all_clears_everything_and_keeps_connections() -> None:
    rule = {"id": "beat", "when": {"action": "Heartbeat"}, "then": {"error": {}}, "times": 1}
    async with driven(unknown_token="Unknown", rules=(rule,)) as (csms, client), booted(csms) as station:
        await client.put("/v1/tokens/AABBCCDD", json={"status": "Accepted"})
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())
        assert (await client.post("/v1/reset")).status_code == 204
        assert (await client.get("/v1/tokens")).json() == {}
        assert await journal_entries(client) == []
        assert (await client.get("/v1/rules")).json()[0]["uses"] == {}
        (listed,) = (await client.get("/v1/stations")).json()
        assert (listed["boots"], listed["connected"]) == (0, True)
        with pytest.raises(InternalError):
            await station.send(call.Heartbeat())
        await station.boot()
        assert await authorize(station) == "Unknown"


async def test_reset_of_many_stations_goes_through_the_records_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven() as (csms, client):
        for number in range(10_000):
            csms.station(f"CS{number}").boots = 1
        cleared: list[object] = []
        monkeypatch.setattr(csms.records, "clear", cleared.append)
        assert (await client.post("/v1/reset", params={"station": "CS1*"})).status_code == 204
        remaining = (await client.get("/v1/stations")).json()
    assert len(cleared) == 1
    assert len(remaining) == 10_000 - 1111


async def test_misspelt_name_among_many_stations_gets_a_hint() -> None:
    async with driven() as (csms, client):
        for number in range(10_000):
            csms.station(f"garage-{number:05}")
        answer = await client.get("/v1/stations/garage-0123x")
        assert "did you mean garage-01" in problem_detail(answer, 404, "unknown-station")


async def test_disconnected_station_is_forgotten_by_a_reset() -> None:
    async with driven() as (csms, client), booted(csms, "CS1"):
        async with booted(csms, "CS2"):
            pass
        await wait_for_entry(client, station="CS2", type="disconnected")
        assert (len(csms.stations), csms.records.observed) == (2, 2)
        assert (await client.post("/v1/reset", params={"station": "CS*"})).status_code == 204
        assert (list(csms.stations), csms.records.observed) == (["CS1"], 1)


async def test_station_that_says_nothing_is_not_remembered() -> None:
    async with driven() as (csms, client):
        async with raw_connection(csms, "CS1"):
            pass
        await wait_for_entry(client, station="CS1", type="disconnected")
        assert (len(csms.stations), csms.records.observed) == (0, 0)
