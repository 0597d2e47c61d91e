"""Running costs of transactions (I02)."""

from ocpp.routing import on
from ocpp.v201 import call_result
from ocpp.v201.enums import Action

from mock_csms.simulator.core import Core


class Costs:
    """Keeps the cost that a display would show, by transaction."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._costs: dict[str, float] = {}

    @on(Action.cost_updated)
    def cost_updated(self, total_cost: float, transaction_id: str) -> call_result.CostUpdated:
        """Store the cost of a transaction if the transaction is running; otherwise, ignore the cost."""
        if any(evse.transaction_id == transaction_id for evse in self._core.evses):
            self._costs[transaction_id] = total_cost
        return call_result.CostUpdated()

    def cost_of(self, transaction_id: str) -> float | None:
        """Cost of a running transaction in the currency of TariffCostCtrlr, or None if it is not known."""
        return self._costs.get(transaction_id)

    def transaction_ended(self, transaction_id: str) -> None:
        """Forget the cost of a transaction."""
        self._costs.pop(transaction_id, None)
