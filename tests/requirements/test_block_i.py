"""Tariff and cost: the requirements of block I for a central system."""

from typing import Any

import pytest
from ocpp.v201 import call

from tests.certification.steps import VALID_TOKEN, SessionCase
from tests.support.station import now

pytestmark = pytest.mark.asyncio(loop_scope="session")


def meter_value() -> list[dict[str, Any]]:
    """Build the meterValue of a TransactionEvent, with one reading at the start of the transaction."""
    return [{"timestamp": now(), "sampled_value": [{"value": 1000.0, "context": "Transaction.Begin"}]}]


async def support_display(session: SessionCase, is_supported: str) -> None:
    """Send a NotifyReport with the value of Available for tariffs and for display messages."""
    available = {"variable_attribute": [{"value": is_supported}]}
    names = (
        {"component": {"name": "TariffCostCtrlr"}, "variable": {"name": "Available", "instance": "Tariff"}},
        {"component": {"name": "DisplayMessageCtrlr"}, "variable": {"name": "Available"}},
    )
    data = [{**name, **available} for name in names]
    await session.station.send(
        call.NotifyReport(request_id=1, generated_at=now(), seq_no=0, report_data=data)
    )


async def tariff_of_token(session: SessionCase) -> Any:
    """Send an Authorize; return the personalMessage of the response, or None."""
    answer = await session.station.send(call.Authorize(id_token=VALID_TOKEN))
    return answer.id_token_info.get("personal_message")


async def test_i01_fr_01_tariff_of_a_token_is_sent_if_configured(session: SessionCase) -> None:
    assert await tariff_of_token(session) is None
    await session.case.configure(tokens={"VALID01": {"personalMessage": "0.25 EUR/kWh"}})
    assert (await tariff_of_token(session))["content"] == "0.25 EUR/kWh"


async def test_i01_fr_02_tariff_is_sent_only_to_a_station_that_shows_it(session: SessionCase) -> None:
    await session.case.configure(
        tokens={"VALID01": {"personalMessage": "0.25 EUR/kWh"}}, updated_tariff="0.30 EUR/kWh"
    )
    session.expected_findings = {"request-id-unknown"}
    await support_display(session, "false")
    assert await tariff_of_token(session) is None
    await session.authorize()
    assert (await session.connect_vehicle()).updated_personal_message is None
    await support_display(session, "true")
    assert await tariff_of_token(session) is not None
    assert (await session.transfer_energy()).updated_personal_message is not None


@pytest.mark.parametrize(
    ("settings", "has_meter", "cost"),
    [
        pytest.param({}, False, None, id="not known"),
        pytest.param({"cost_per_kwh": 0}, True, 0.0, id="free"),
        pytest.param({"total_cost": 0}, False, 0.0, id="fixed as free"),
    ],
)
async def test_i03_fr_04_total_cost_of_0_is_only_sent_for_a_free_transaction(
    session: SessionCase, settings: dict[str, Any], has_meter: bool, cost: float | None
) -> None:
    await session.case.configure(**settings)
    await session.connect_vehicle(meter_value=meter_value() if has_meter else None)
    assert (await session.disconnect_vehicle()).total_cost == cost


@pytest.mark.also_covers("I05.FR.01")
@pytest.mark.parametrize("variable", ["TariffFallbackMessage", "TotalCostFallbackMessage"])
async def test_i04_fr_02_fallback_message_is_set_if_commanded(session: SessionCase, variable: str) -> None:
    session.expected_findings = {"attribute-type-missing"}  # in the answer of this station
    await session.case.configure(set_variables=f"TariffCostCtrlr.{variable}=ask at the desk")
    [item] = (await session.command("SetVariables"))["set_variable_data"]
    assert item == {
        "component": {"name": "TariffCostCtrlr"},
        "variable": {"name": variable},
        "attribute_value": "ask at the desk",
    }


@pytest.mark.also_covers("I06.FR.01")
async def test_i06_fr_02_updated_tariff_is_in_the_answer_to_the_next_updated_event(
    session: SessionCase,
) -> None:
    await session.authorize()
    assert (await session.connect_vehicle()).updated_personal_message is None
    for tariff in ("0.30 EUR/kWh", "0.40 EUR/kWh"):
        await session.case.configure(updated_tariff=tariff)
        answer = await session.event("ChargingStateChanged", charging_state="Charging")
        assert answer.updated_personal_message["content"] == tariff
    answer = await session.event("ChargingStateChanged", charging_state="SuspendedEV")
    assert answer.updated_personal_message is None
