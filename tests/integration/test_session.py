"""A whole session of one station, and the state that outlives its connection."""

from ocpp.v201 import call

from mock_csms.csms import Csms
from tests.conftest import Serve
from tests.support.station import ID_TOKEN, connected


def energy(at: str, wh: float) -> list[dict[str, object]]:
    return [{"timestamp": at, "sampled_value": [{"value": wh}]}]


async def test_session_from_boot_to_stop(serve: Serve) -> None:
    csms = await serve(cost_per_kwh=0.4, heartbeat_interval=60)
    async with connected(csms) as station:
        assert (await station.boot()).interval == 60
        await station.status("Available")
        assert (await station.send(call.Heartbeat())).current_time
        assert (await station.send(call.Authorize(id_token=ID_TOKEN))).id_token_info["status"] == "Accepted"
        await station.status("Occupied")
        started = await station.transaction(
            "Started",
            0,
            id_token=ID_TOKEN,
            evse={"id": 1, "connector_id": 1},
            meter_value=energy("2026-01-01T10:00:00Z", 500),
        )
        await station.send(call.MeterValues(evse_id=1, meter_value=energy("2026-01-01T10:05:00Z", 1500)))
        updated = await station.transaction("Updated", 1, meter_value=energy("2026-01-01T10:10:00Z", 3000))
        ended = await station.transaction(
            "Ended", 2, id_token=ID_TOKEN, meter_value=energy("2026-01-01T10:20:00Z", 5500)
        )
        await station.status("Available")
    assert started.id_token_info == ended.id_token_info == {"status": "Accepted"}
    assert (updated.total_cost, ended.total_cost) == (1.0, 2.0)
    state = csms.stations["CS1"]
    assert state.connectors == {(1, 1): "Available"}
    assert state.transactions["tx-1"].ended
    assert not list(state.running_transactions)


async def test_running_transaction_survives_a_reconnect(serve: Serve) -> None:
    csms = await serve(cost_per_kwh=1.0)
    async with connected(csms) as station:
        await station.boot()
        await station.transaction("Started", 0, meter_value=energy("2026-01-01T10:00:00Z", 0))
    async with connected(csms) as station:
        updated = await station.transaction("Updated", 1, meter_value=energy("2026-01-01T11:00:00Z", 2000))
        assert updated.total_cost == 2.0
        assert [running.id for running in csms.stations["CS1"].running_transactions] == ["tx-1"]
        ended = await station.transaction("Ended", 2, meter_value=energy("2026-01-01T12:00:00Z", 3000))
    assert ended.total_cost == 3.0
    assert csms.stations["CS1"].registration == "Accepted"


async def test_station_is_served_by_a_new_server_without_booting_again(csms: Csms) -> None:
    async with connected(csms) as station:
        assert (await station.send(call.Heartbeat())).current_time


async def test_stations_do_not_share_state(csms: Csms) -> None:
    async with connected(csms, "CS1") as one, connected(csms, "CS2") as two:
        await one.transaction("Started", 0, "tx-one")
        await two.transaction("Started", 0, "tx-two")
        await one.status("Occupied", evse_id=3)
    assert list(csms.stations["CS1"].transactions) == ["tx-one"]
    assert list(csms.stations["CS2"].transactions) == ["tx-two"]
    assert csms.stations["CS2"].connectors == {}


async def test_report_parts_are_collected_by_request_id(csms: Csms) -> None:
    async with connected(csms) as station:
        for seq_no, to_be_continued in ((1, True), (2, True), (4, None)):
            await station.send(
                call.NotifyReport(
                    request_id=9,
                    generated_at="2026-01-01T00:00:00Z",
                    seq_no=seq_no,
                    tbc=to_be_continued,
                    report_data=[
                        {
                            "component": {"name": "EVSE", "evse": {"id": seq_no}},
                            "variable": {"name": "Power"},
                            "variable_attribute": [{"value": str(seq_no)}],
                        }
                    ],
                )
            )
    report = csms.stations["CS1"].reports["NotifyReport", 9]
    assert (report.complete, report.missing) == (False, [0, 3])
    assert [item["variableAttribute"][0]["value"] for item in report.items] == ["1", "2", "4"]
    assert csms.stations["CS1"].device_model["EVSE#2/Power"]["attributes"] == {"Actual": "2"}


async def test_notify_event_updates_the_connector_state(csms: Csms) -> None:
    """NotifyEvent of Connector/AvailabilityState replaces a StatusNotification (P6, reusable states)."""
    event = {
        "event_id": 1,
        "timestamp": "2026-01-01T00:00:00Z",
        "trigger": "Delta",
        "actual_value": "Occupied",
        "event_notification_type": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 2, "connector_id": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    async with connected(csms) as station:
        await station.send(
            call.NotifyEvent(generated_at="2026-01-01T00:00:00Z", seq_no=0, event_data=[event])
        )
    assert csms.stations["CS1"].connectors == {(2, 1): "Occupied"}
