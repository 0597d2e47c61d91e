"""Cases of block I, tariff and cost."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()

READINGS_EVERY_S: Final = 2
"""Seconds between the events with readings; the server sends the cost after each of them."""
COSTS: Final = (1.25, 2.5)
WITH_READINGS: Final = {"triggerReason": "MeterValuePeriodic"}


def cost_text(cost: float) -> dict[str, str]:
    """Return the MessageContentType of a cost."""
    return {"format": "UTF8", "content": f"Cost: {cost:.2f}"}


async def charges_with_tariff(run: CaseRun) -> None:
    """Authorize with a cost in the server's answer, and charge with periodic readings."""
    await run.given.variables(SampledDataCtrlr__TxUpdatedInterval=READINGS_EVERY_S)
    await run.given.ev_connected()
    info = {"status": "Accepted", "personalMessage": cost_text(0)}
    await run.csms.answers("Authorize", {"idTokenInfo": info})
    await run.state.authorized(by="local")
    await run.state.energy_transfer_started()


async def answers_readings(run: CaseRun, **answer: Any) -> None:
    """Make the server put these fields into its answer to the next event that has periodic readings."""
    rule = await run.csms.answers("TransactionEvent", answer, where=WITH_READINGS)
    await run.station.sends("TransactionEvent", WITH_READINGS, eventType="Updated")
    await run.csms.takes_back(rule)


@CASES.case("TC_I_01_CS", "Accept CostUpdated, and show the running cost")
async def running_cost_by_command(run: CaseRun) -> None:
    await charges_with_tariff(run)
    for cost in COSTS:
        await answers_readings(run, updatedPersonalMessage=cost_text(cost))
        await run.csms.sends("CostUpdated", totalCost=cost, transactionId=run.transaction_id)
        await run.rig.confirms(f"the running cost {cost:.2f} is shown")


@CASES.case("TC_I_07_CS", "Show the running cost from the answers to TransactionEvents")
async def running_cost_by_answers(run: CaseRun) -> None:
    await charges_with_tariff(run)
    for cost in COSTS:
        await answers_readings(run, totalCost=cost, updatedPersonalMessage=cost_text(cost))
        await run.rig.confirms(f"the running cost {cost:.2f} is shown")


@CASES.case("TC_I_02_CS", "Show the total cost after charging")
async def total_cost(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.csms.answers("TransactionEvent", {"totalCost": COSTS[-1]}, where={"eventType": "Ended"})
    await run.state.parking_bay_unoccupied()
    await run.rig.confirms(f"the total cost {COSTS[-1]:.2f} is shown")
