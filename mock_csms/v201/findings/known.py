"""Everything known about an OCPP 2.0.1 station, for its checks."""

from typing import Final

from mock_csms.findings.expectations import ExpectedMessages
from mock_csms.findings.facts import Known
from mock_csms.v201.findings.clock import Clock, Online
from mock_csms.v201.findings.connectors import Connectors
from mock_csms.v201.findings.progress import Progress
from mock_csms.v201.findings.registration import Registration
from mock_csms.v201.findings.running import RunningTransactions
from mock_csms.v201.findings.transactions import Transactions

MAY_HAVE_NEW_FIRMWARE: Final = frozenset({"FirmwareUpdate", "Unknown"})
"""Reasons of a boot after which the firmware may be a different one, and stored settings may be gone."""


class Known201(Known):
    """The facts of `Known`, and the parts of the observer that keep facts of their own."""

    __slots__ = (
        "clock",
        "connectors",
        "online",
        "progress",
        "registration",
        "running",
        "transactions",
    )

    def __init__(  # noqa: PLR0913 - all parts of the observer
        self,
        expectations: ExpectedMessages,
        *,
        clock: Clock,
        connectors: Connectors,
        online: Online,
        progress: Progress,
        registration: Registration,
        running: RunningTransactions,
        transactions: Transactions,
    ) -> None:
        super().__init__(expectations)
        self.clock = clock
        self.connectors = connectors
        self.online = online
        self.progress = progress
        self.registration = registration
        self.running = running
        self.transactions = transactions
