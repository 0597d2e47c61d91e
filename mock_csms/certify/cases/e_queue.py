"""Cases of block E, transactions: their status, and events that wait to be delivered."""

from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.client import ABSENT

CASES: Final = CaseList()

UNKNOWN: Final = "no-such-transaction"


async def status_is(run: CaseRun, *, ongoing: Any, queued: bool, **transaction: str) -> None:
    """Ask for the status of a transaction, or of the queue."""
    expected = {"ongoingIndicator": ongoing, "messagesInQueue": queued}
    await run.csms.sends("GetTransactionStatus", transaction, expect=expected)


@CASES.case("TC_E_28_CS", "A transaction that never was is not ongoing and has nothing to be delivered")
async def status_of_unknown_transaction(run: CaseRun) -> None:
    await status_is(run, ongoing=False, queued=False, transactionId=UNKNOWN)


@CASES.case(
    "TC_E_30_CS", "A running transaction whose events have come is ongoing, with nothing in the queue"
)
async def status_of_running_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await status_is(run, ongoing=True, queued=False, transactionId=run.transaction_id)


@CASES.case("TC_E_32_CS", "A transaction that has ended is not ongoing, with nothing in the queue")
async def status_of_ended_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.given.parking_bay_unoccupied()
    await status_is(run, ongoing=False, queued=False, transactionId=run.transaction_id)


@CASES.case("TC_E_34_CS", "Without a transaction, only the queue is reported, which is empty")
async def status_of_empty_queue(run: CaseRun) -> None:
    await status_is(run, ongoing=ABSENT, queued=False)
