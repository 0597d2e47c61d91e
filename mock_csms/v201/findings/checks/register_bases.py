"""Energy registers from one transaction to the next (J02)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.last_registers import LastRegisters, register_in
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.registers import may_be_rounded
from mock_csms.v201.findings.samples import BEGIN

_ROUNDING_WH: Final = 1_000.0
"""Decrease that a change of resolution, such as from Wh to kWh, can explain."""

REGISTER_REBASED: Final = CHECKS.kind(
    "register-rebased",
    "warning",
    "the energy register of a transaction begins below the value at the end of the previous "
    "transaction on the connector",
    "the previous transaction on the connector, and that the station has not booted since",
)


@REGISTER_REBASED.on_event("J02.FR.17", types=("Started",), once=True)
def _judge_begin(call: StationCall, known: Known201) -> Outcome:
    """Check that the register of a transaction does not begin below its value at the end of the previous
    transaction on the connector.
    """
    evse, register = call.payload.get("evse", {}), register_in(call.payload, BEGIN)
    if "connectorId" not in evse or register is None or call.payload.get("offline"):
        return None
    last = known[LastRegisters].by_connector.get((evse["id"], evse["connectorId"]))
    if last is None or last[0][0] == 0:
        return None
    wh, last_wh = register[0], last[0][0]
    if wh >= last_wh:
        return MET
    if (wh > 0 and wh > last_wh - _ROUNDING_WH) or may_be_rounded(last[0], register):
        return None
    return Broken(
        f"the transaction {short(call.payload['transactionInfo']['transactionId'])} begins with {wh:g} Wh, "
        f"but the previous one on connector {evse['connectorId']} of EVSE {evse['id']} ended with "
        f"{last_wh:g} Wh; registers should be reported as the meter shows them",
        (last[1],),
    )
