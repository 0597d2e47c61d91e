"""Meter values of a station: their timestamps, and registers that decrease (J01, J02)."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.clock import Clock
from mock_csms.v201.findings.registers import (
    FIXED_METERS,
    OUTLET,
    EvseRegisters,
    Reading,
    Series,
    register_values,
    unit_of,
)
from mock_csms.v201.findings.transaction_state import TransactionState

TRANSACTION_EVENT: Final = "TransactionEvent"
METER_VALUES: Final = "MeterValues"


class Meters:
    """Checks the readings in TransactionEvent and MeterValues."""

    __slots__ = ("_clock", "_evse_registers", "_report")

    def __init__(self, report: Reporter, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._evse_registers = EvseRegisters()

    def booted(self) -> None:
        """Drop the last reading of each register of the EVSEs: a meter may have been replaced."""
        self._evse_registers.clear()

    def transaction_started_or_ended(self) -> None:
        """Drop the last reading of each register of the EVSEs: a station may count each transaction from zero
        (J02.FR.17).
        """
        self._evse_registers.clear()

    def judge_event(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Check the meter values of an event: their timestamps, and registers that decrease within the
        transaction.
        """
        findings, registers, clock, seq_no = NO_FINDINGS, tracked.registers, self._clock, event["seqNo"]
        is_start = event["eventType"] == "Started"
        for meter_value in event["meterValue"]:
            key = text = meter_value["timestamp"]
            if not (clock.floor < text < clock.limit and text[-1] == "Z"):
                live = not event.get("offline", False)
                key, more_findings = clock.read(at, frame, TRANSACTION_EVENT, text, live=live)
                findings = findings or (more_findings if text != event["timestamp"] else NO_FINDINGS)
            if key is None:
                continue
            for series, value in register_values(meter_value["sampledValue"], OUTLET, is_start=is_start):
                if decrease := registers.read(series, (key, value[0], seq_no, frame, value)):
                    owner = f"the transaction {short(tracked.id)}"
                    findings += self._decreased(at, owner, series, *decrease)
        return findings

    def judge_meter_values(self, at: float, frame: int, payload: JsonObject) -> Findings:
        """Check the timestamps of MeterValues, and registers that decrease since earlier MeterValues of the
        EVSE.
        """
        findings, evse_id = NO_FINDINGS, payload["evseId"]
        for meter_value in payload["meterValue"]:
            key, more_findings = self._clock.read(at, frame, METER_VALUES, meter_value["timestamp"])
            findings = findings or more_findings
            if key is None:
                continue
            for series, value in register_values(meter_value["sampledValue"], FIXED_METERS):
                if decrease := self._evse_registers.read(evse_id, series, (key, value[0], 0, frame, value)):
                    findings += self._decreased(at, f"EVSE {evse_id}", series, *decrease)
        return findings

    def _decreased(self, at: float, owner: str, series: Series, earlier: Reading, later: Reading) -> Findings:
        unit = unit_of(series)
        return self._report(
            "meter-register-decreased",
            at,
            tuple(sorted({earlier[3], later[3]})),
            f"the {series[0]} of {owner} went down from {earlier[1]:g} {unit} at {earlier[0]} to "
            f"{later[1]:g} {unit} at {later[0]}; an energy register must not decrease",
        )
