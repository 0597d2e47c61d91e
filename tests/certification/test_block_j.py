"""Meter values: the cases TC_J_*_CSMS of Part 6, with their errata."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ocpp.v201 import call

from mock_csms.text import timestamp
from tests.certification.steps import SessionCase

pytestmark = pytest.mark.asyncio(loop_scope="session")

INTERVAL_S = 900
SIGNATURE = {
    "signed_meter_data": "AA==",
    "signing_method": "",
    "encoding_method": "OCMF",
    "public_key": "",
}


def last_times(count: int) -> list[str]:
    """The latest ``count`` multiples of the clock-aligned interval, the oldest first."""
    last = int(datetime.now(UTC).timestamp()) // INTERVAL_S * INTERVAL_S
    moment = datetime.fromtimestamp(last, UTC)
    return [timestamp(moment - timedelta(seconds=INTERVAL_S * back)) for back in reversed(range(count))]


def meter_value(time: str, context: str, wh: float, **fields: Any) -> dict[str, Any]:
    """A reading of the energy register."""
    sample = {"value": wh, "context": context, "measurand": "Energy.Active.Import.Register", **fields}
    return {"timestamp": time, "sampled_value": [sample]}


async def report_without_transaction(session: SessionCase, time: str, evse_id: int) -> None:
    """Report a clock-aligned value of an EVSE without a transaction, by MeterValues and by NotifyEvent."""
    values = [meter_value(time, "Sample.Clock", 100.0)]
    await session.station.send(call.MeterValues(evse_id=evse_id, meter_value=values))
    event: dict[str, Any] = {
        "event_id": evse_id,
        "timestamp": time,
        "trigger": "Periodic",
        "actual_value": "100.0",
        "event_notification_type": "PreconfiguredMonitor",
        "component": {"name": "FiscalMetering", **({"evse": {"id": evse_id}} if evse_id else {})},
        "variable": {"name": "EnergyImportRegister"},
        "variable_monitoring_id": 1,
    }
    await session.station.send(call.NotifyEvent(generated_at=time, seq_no=0, event_data=[event]))


@pytest.mark.also_covers("J01.FR.18")
async def test_tc_j_01_csms_clock_aligned_values_without_a_transaction_are_answered(
    session: SessionCase,
) -> None:
    for time in last_times(3):
        for evse_id in (0, 1, 2):
            await report_without_transaction(session, time, evse_id)
    assert (await session.case.state())["transactions"] == []


@pytest.mark.also_covers("J02.FR.19")
async def test_tc_j_02_csms_clock_aligned_values_of_a_transaction_are_answered(session: SessionCase) -> None:
    await session.transfer_energy()
    for number, time in enumerate(last_times(3)):
        for evse_id in (0, 2):
            await report_without_transaction(session, time, evse_id)
        values = [meter_value(time, "Sample.Clock", 100.0 + number)]
        await session.event("MeterValueClock", meter_value=values)
    assert (await session.stored())["energyWh"] == 2.0


async def ends_with_values(session: SessionCase, context: str, **fields: Any) -> None:
    """End a transaction by a TransactionEvent with all its meter values.

    The mock must show the difference of the first and the last value as the energy of the transaction.
    """
    await session.transfer_energy()
    *times, last = last_times(4)
    values = [meter_value(time, context, 100.0 * number, **fields) for number, time in enumerate(times)]
    await session.disconnect_vehicle(
        meter_value=[*values, meter_value(last, "Transaction.End", 300.0, **fields)]
    )
    stored = await session.stored()
    assert (stored["ended"], stored["energyWh"]) == (True, 300.0)


async def test_tc_j_03_csms_clock_aligned_values_at_the_end_are_answered(session: SessionCase) -> None:
    await ends_with_values(session, "Sample.Clock")


async def test_tc_j_04_csms_signed_clock_aligned_values_at_the_end_are_answered(session: SessionCase) -> None:
    await ends_with_values(session, "Sample.Clock", signed_meter_value=SIGNATURE)


async def begins_with_value(session: SessionCase) -> None:
    """Plug in with a meter value in the TransactionEvent; the mock must show it as ``meterStart``."""
    [time] = last_times(1)
    await session.connect_vehicle(meter_value=[meter_value(time, "Transaction.Begin", 7.0)])
    assert (await session.stored())["meterStart"] == {"timestamp": time, "wh": 7.0}


async def test_tc_j_07_csms_value_at_the_start_of_a_transaction_is_answered(session: SessionCase) -> None:
    await begins_with_value(session)


async def test_tc_j_08_csms_value_after_the_authorization_is_answered(session: SessionCase) -> None:
    await session.authorize()
    await begins_with_value(session)
    await session.transfer_energy()


async def test_tc_j_09_csms_sampled_values_of_a_transaction_are_answered(session: SessionCase) -> None:
    await session.transfer_energy()
    for number, time in enumerate(last_times(3)):
        values = [meter_value(time, "Sample.Periodic", 100.0 * number)]
        await session.event("MeterValuePeriodic", meter_value=values)
    assert (await session.stored())["energyWh"] == 200.0


async def test_tc_j_10_csms_sampled_values_at_the_end_are_answered(session: SessionCase) -> None:
    await ends_with_values(session, "Sample.Periodic")


async def test_tc_j_11_csms_signed_sampled_values_at_the_end_are_answered(session: SessionCase) -> None:
    await ends_with_values(session, "Sample.Periodic", signed_meter_value=SIGNATURE)
