"""Coverage of a station over the control API."""

from typing import Any

import pytest
from ocpp.v201 import call

from mock_csms.v201.findings.kinds import FINDING_KINDS, REQUIREMENT_INDEXES
from tests.support.control import Mock, booted, driven, problem_detail
from tests.support.station import Station, now

REPORT = {"component": {"name": "ChargingStation"}, "variable": {"name": "Temperature"}}
MONITOR_EVENT = {
    "event_id": 1,
    "timestamp": "2026-01-01T00:00:00Z",
    "trigger": "Alerting",
    "actual_value": "80",
    "event_notification_type": "CustomMonitor",
    **REPORT,
}


async def send_monitor_event(station: Station, **fields: Any) -> None:
    """Send a NotifyEvent with one event of a monitor; ``fields`` replace fields of the event."""
    event = {**MONITOR_EVENT, "timestamp": now(), **fields}
    await station.send(call.NotifyEvent(generated_at=now(), seq_no=0, event_data=[event]))


async def states(mock: Mock, *wanted: str) -> dict[str, str]:
    """State of each requirement of CS1 that is in one of the ``wanted`` states; if none is given, of all."""
    answer = await mock[1].get("/v1/stations/CS1/coverage", params={"state": wanted})
    return {one["id"]: one["state"] for block in answer.json()["blocks"] for one in block["requirements"]}


async def test_requirement_is_met_once_its_check_has_applied() -> None:
    async with driven() as mock, booted(mock[0]) as station:
        before = await states(mock)
        await send_monitor_event(station, variable_monitoring_id=1)

        assert before["N07.FR.06"] == "not exercised"
        assert (await states(mock))["N07.FR.06"] == "met"


async def test_requirement_stays_broken_after_a_violation_of_a_silenced_kind() -> None:
    async with driven(silence="event-monitor-id-missing") as mock, booted(mock[0]) as station:
        await send_monitor_event(station)
        await send_monitor_event(station, variable_monitoring_id=1)

        assert (await states(mock, "broken")) == {"N07.FR.06": "broken"}


async def test_coverage_has_all_checked_requirements_by_block_with_counts() -> None:
    async with driven() as mock, booted(mock[0]):
        coverage = (await mock[1].get("/v1/stations/CS1/coverage")).json()

    letters = [block["id"] for block in coverage["blocks"]]
    ids = [one["id"] for block in coverage["blocks"] for one in block["requirements"]]
    assert letters == sorted(letters)
    assert sorted(ids) == sorted(REQUIREMENT_INDEXES)
    assert sum(coverage["counts"].values()) == len(ids)
    for block in coverage["blocks"]:
        assert sum(block["counts"].values()) == len(block["requirements"])


async def test_requirement_names_its_findings_and_cases() -> None:
    async with driven() as mock, booted(mock[0]):
        coverage = (await mock[1].get("/v1/stations/CS1/coverage")).json()

    (block,) = (block for block in coverage["blocks"] if block["id"] == "N")
    (requirement,) = (one for one in block["requirements"] if one["id"] == "N07.FR.06")
    assert "event-monitor-id-missing" in requirement["findings"]
    assert requirement["findings"] == [
        kind for kind in FINDING_KINDS if "N07.FR.06" in FINDING_KINDS[kind].section.split(", ")
    ]
    assert all(case.startswith("TC_N_") for case in requirement["cases"])


async def test_reset_clears_the_coverage() -> None:
    async with driven() as mock, booted(mock[0]) as station:
        await send_monitor_event(station)
        await mock[1].post("/v1/reset", params={"station": "CS1"})

        assert await states(mock, "broken", "met") == {}


async def test_coverage_outlives_the_connection() -> None:
    async with driven() as mock:
        async with booted(mock[0]) as station:
            await send_monitor_event(station)
        async with booted(mock[0]):
            assert (await states(mock, "broken")) == {"N07.FR.06": "broken"}


async def test_coverage_of_unknown_station_is_refused() -> None:
    async with driven() as (_, client):
        answer = await client.get("/v1/stations/CS9/coverage")

    assert "CS9" in problem_detail(answer, 404, "unknown-station")


async def test_unknown_state_is_refused_with_the_possible_ones() -> None:
    async with driven() as mock, booted(mock[0]):
        answer = await mock[1].get("/v1/stations/CS1/coverage?state=good")

    assert "'met'" in problem_detail(answer, 422, "invalid-request")


@pytest.mark.parametrize("findings", ["never", "always"])
async def test_coverage_says_whether_the_mock_looks_for_findings(findings: str) -> None:
    async with driven(findings=findings) as mock, booted(mock[0]):
        coverage = (await mock[1].get("/v1/stations/CS1/coverage")).json()

    assert coverage["observed"] is (findings == "always")
