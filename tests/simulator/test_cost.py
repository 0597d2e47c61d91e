"""Running costs of the transactions of a simulated station."""

import pytest

from mock_csms.simulator.cost import Costs
from tests.support.virtual_station import Workbench


@pytest.fixture
def bench() -> Workbench:
    bench = Workbench(Costs)
    bench.core.evses.by_id[1].transaction_id = "T1"
    return bench


@pytest.fixture
def costs(bench: Workbench) -> Costs:
    block: Costs = bench.blocks[0]
    return block


def test_newest_cost_of_running_transaction_is_kept(bench: Workbench, costs: Costs) -> None:
    for cost in (1.5, 2.25):
        assert bench.command("CostUpdated", {"totalCost": cost, "transactionId": "T1"}) == {}

    assert costs.cost_of("T1") == 2.25


def test_cost_of_unknown_transaction_is_ignored(bench: Workbench, costs: Costs) -> None:
    assert bench.command("CostUpdated", {"totalCost": 1.5, "transactionId": "T2"}) == {}

    assert costs.cost_of("T2") is None


def test_cost_is_forgotten_with_its_transaction(bench: Workbench, costs: Costs) -> None:
    bench.command("CostUpdated", {"totalCost": 1.5, "transactionId": "T1"})
    costs.transaction_ended("T1")

    assert costs.cost_of("T1") is None
