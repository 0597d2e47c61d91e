"""Energy registers at the end of the latest transaction of each connector (J02)."""

from typing import Final

from mock_csms.findings.checks import StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.transactions import ENERGY_REGISTER
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.registers import OUTLET, RegisterValue, register_values
from mock_csms.v201.findings.samples import END, samples_of

_MAX_CONNECTORS: Final = 50

type ConnectorKey = tuple[int, int]


class ByConnector(BoundedDict[ConnectorKey, tuple[RegisterValue, int]]):
    """Energy register, and the number of the frame that contains it, by EVSE id and connector id."""

    __slots__ = ()
    limit = _MAX_CONNECTORS


class LastRegisters(Facts):
    """Energy register at the end of the latest transaction of each connector."""

    __slots__ = ("by_connector",)

    def __init__(self) -> None:
        self.by_connector = ByConnector()

    def booted(self, reason: str) -> None:
        """Drop the registers: a meter may have been replaced."""
        self.by_connector.clear()


def register_in(event: JsonObject, context: str) -> RegisterValue | None:
    """Return the energy register among the readings with a context; None if there is no energy register."""
    samples = [sample for sample in samples_of(event) if sample.get("context") == context]
    for series, value in register_values(samples, OUTLET, is_start=True):
        if series == (ENERGY_REGISTER, None, "Outlet"):
            return value
    return None


@CHECKS.learn_event(types=("Ended",))
def _note_end(call: StationCall, known: Known201) -> None:
    running = known.running.by_id.get(call.payload["transactionInfo"]["transactionId"])
    register = register_in(call.payload, END)
    if running is not None and register is not None and running.evse_id and running.connector_id:
        known[LastRegisters].by_connector[running.evse_id, running.connector_id] = register, call.frame
