"""Tariff and cost: the cases TC_I_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest

from tests.certification.steps import SessionCase
from tests.support.station import now

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE_PER_KWH = 0.5


def register_value(value_wh: float, context: str) -> list[dict[str, Any]]:
    """The meterValue of an event, with a value of the energy register."""
    return [{"timestamp": now(), "sampled_value": [{"value": value_wh, "context": context}]}]


async def cost_at(session: SessionCase, value_wh: float) -> Any:
    """Report a periodic value of the energy register; return the totalCost in the answer."""
    answer = await session.event(
        "MeterValuePeriodic",
        charging_state="Charging",
        meter_value=register_value(value_wh, "Sample.Periodic"),
    )
    return answer.total_cost


@pytest.mark.also_covers("I02.FR.01")
async def test_tc_i_01_csms_running_cost_is_in_the_answer_to_each_meter_value(session: SessionCase) -> None:
    await session.case.configure(cost_per_kwh=PRICE_PER_KWH)
    await session.authorize()
    await session.connect_vehicle(meter_value=register_value(1000, "Transaction.Begin"))
    await session.transfer_energy()
    assert [await cost_at(session, value_wh) for value_wh in (3000, 5000)] == [1.0, 2.0]


@pytest.mark.also_covers("I02.FR.01")
async def test_tc_i_01_csms_running_cost_is_sent_in_a_cost_updated(session: SessionCase) -> None:
    """The test requests each CostUpdated; with --cost-updates, the mock sends it by itself."""
    await session.case.configure(cost_per_kwh=PRICE_PER_KWH)
    await session.authorize()
    await session.connect_vehicle(meter_value=register_value(1000, "Transaction.Begin"))
    await session.transfer_energy()
    for value_wh, cost in ((3000, 1.0), (5000, 2.0)):
        await cost_at(session, value_wh)
        expected = {"total_cost": cost, "transaction_id": session.transaction_id}
        assert await session.command("CostUpdated") == expected


@pytest.mark.also_covers("I03.FR.02")
async def test_tc_i_02_csms_total_cost_is_in_the_answer_to_the_last_event(session: SessionCase) -> None:
    await session.case.configure(cost_per_kwh=PRICE_PER_KWH)
    await session.connect_vehicle(meter_value=register_value(1000, "Transaction.Begin"))
    answer = await session.disconnect_vehicle(meter_value=register_value(6000, "Transaction.End"))
    assert answer.total_cost == 2.5
