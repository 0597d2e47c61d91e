"""Availability: the cases TC_G_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.v201 import call, call_result

from tests.certification.steps import SessionCase, report_connector
from tests.support.station import now

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVSE = {"id": 1}
CONNECTOR = {"id": 1, "connectorId": 1}
STATUS_OF = {"Inoperative": "Unavailable", "Operative": "Available"}


async def change(session: SessionCase, status: str, evse: dict[str, int] | None) -> None:
    """Make the mock send a ChangeAvailability for a connector or EVSE, or the station if ``evse`` is None."""
    if evse is None:
        await session.case.configure(availability_status=status)
        received = await session.command("ChangeAvailability")
    else:
        received = await session.command("ChangeAvailability", {"operationalStatus": status, "evse": evse})
    place = {} if evse is None else {"evse": {name.replace("Id", "_id"): evse[name] for name in evse}}
    assert received == {"operational_status": status, **place}


async def report_status(session: SessionCase, status: str, *evse_ids: int) -> None:
    """Report the status of the connectors of these EVSEs, which the mock has to show."""
    for evse_id in evse_ids:
        await report_connector(session.station, status, evse_id)
    connectors = (await session.case.state())["connectors"]
    shown = {connector["evseId"]: connector["connectorStatus"] for connector in connectors}
    assert [shown[evse_id] for evse_id in evse_ids] == [status] * len(evse_ids)


async def changes(
    session: SessionCase, status: str, evse: dict[str, int] | None, evse_ids: tuple[int, ...] = (1,)
) -> None:
    """Make the mock change the availability; the station accepts this and reports the new status."""
    await change(session, status, evse)
    await report_status(session, STATUS_OF[status], *evse_ids)


async def test_tc_g_03_csms_evse_becomes_inoperative(session: SessionCase) -> None:
    await changes(session, "Inoperative", EVSE)


async def test_tc_g_04_csms_evse_becomes_operative(session: SessionCase) -> None:
    await changes(session, "Inoperative", EVSE)
    await changes(session, "Operative", EVSE)


async def test_tc_g_05_csms_station_becomes_inoperative(session: SessionCase) -> None:
    await changes(session, "Inoperative", None, (1, 2))


async def test_tc_g_06_csms_station_becomes_operative(session: SessionCase) -> None:
    await changes(session, "Inoperative", None, (1, 2))
    await changes(session, "Operative", None, (1, 2))


async def test_tc_g_07_csms_connector_becomes_inoperative(session: SessionCase) -> None:
    await changes(session, "Inoperative", CONNECTOR)


async def test_tc_g_08_csms_connector_becomes_operative(session: SessionCase) -> None:
    await changes(session, "Inoperative", CONNECTOR)
    await changes(session, "Operative", CONNECTOR)


async def schedules(
    session: SessionCase, evse: dict[str, int] | None, idle_evse_ids: tuple[int, ...] = ()
) -> None:
    """Make a connector, an EVSE or the station inoperative during a transaction on EVSE 1.

    Idle EVSEs become Unavailable at once, EVSE 1 at the end of the transaction.
    """
    await session.transfer_energy()
    answer = call_result.ChangeAvailability(status="Scheduled")
    session.station.answers["ChangeAvailability"] = lambda **_: answer
    await change(session, "Inoperative", evse)
    await report_status(session, "Unavailable", *idle_evse_ids)
    assert not (await session.stored())["ended"]
    await session.disconnect_vehicle()
    await report_status(session, "Unavailable", 1)
    assert (await session.stored())["ended"]


async def test_tc_g_11_csms_evse_with_a_transaction_becomes_inoperative_later(session: SessionCase) -> None:
    await schedules(session, EVSE)


async def test_tc_g_14_csms_station_with_a_transaction_becomes_inoperative_later(
    session: SessionCase,
) -> None:
    await schedules(session, None, (2,))


async def test_tc_g_17_csms_connector_with_a_transaction_becomes_inoperative_later(
    session: SessionCase,
) -> None:
    await schedules(session, CONNECTOR)


@pytest.mark.also_covers("G05.FR.03")
async def test_tc_g_20_csms_failure_of_a_connector_lock_is_answered(session: SessionCase) -> None:
    event: dict[str, Any] = {
        "event_id": 1,
        "timestamp": now(),
        "trigger": "Delta",
        "actual_value": "true",
        "event_notification_type": "HardWiredNotification",
        "component": {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connector_id": 1}},
        "variable": {"name": "Problem"},
    }
    await session.station.send(call.NotifyEvent(generated_at=now(), seq_no=0, event_data=[event]))
    model = (await session.case.state())["deviceModel"]
    assert model["ConnectorPlugRetentionLock#1.1/Problem"]["attributes"] == {"Actual": "true"}
