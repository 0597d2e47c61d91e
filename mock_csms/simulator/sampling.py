"""Meter values: periodic samples in transactions, and clock-aligned samples of all EVSEs (J)."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from ocpp.v201 import call
from ocpp.v201.enums import MessageTriggerEnumType as MessageTrigger
from ocpp.v201.enums import ReadingContextEnumType as ReadingContext
from ocpp.v201.enums import TriggerReasonEnumType as TriggerReason

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.sessions import ChargingSession, RunningTransaction
from mock_csms.simulator.transactions import ALIGNED, SAMPLED, StationTransactions
from mock_csms.text import timestamp

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

SECONDS_PER_DAY: Final = 86400
SHORTEST_ALIGNED_WAIT_S: Final = 0.001


class Sampling:
    """Sends meter values at the intervals that SampledDataCtrlr and AlignedDataCtrlr set."""

    def __init__(self, core: Core, transactions: StationTransactions) -> None:
        self._core = core
        self._transactions = transactions
        self._timers: dict[tuple[str, int], Timer] = {}
        """Timers for the periodic samples in transactions, by name of the interval variable and EVSE id."""
        self._aligned_samples = {"Interval": self._send_aligned, "TxEndedInterval": self._keep_aligned}
        self._aligned_timers: dict[str, Timer] = {}
        """Timers for the next clock-aligned samples, by name of the interval variable."""
        transactions.started.connect(self._start)
        transactions.ended.connect(self._stop)
        core.variables.changed.connect(self._variable_changed)
        core.boot_accepted.connect(self.align)
        core.triggers[MessageTrigger.meter_values] = self._trigger_meter_values
        core.triggers[MessageTrigger.transaction_event] = self._trigger_transaction_event

    def _start(self, session: ChargingSession) -> None:
        self._schedule(session, "TxUpdatedInterval", self._send_update)
        self._schedule(session, "TxEndedInterval", self._keep_for_end)

    def _stop(self, session: ChargingSession, _: RunningTransaction) -> None:
        for variable in ("TxUpdatedInterval", "TxEndedInterval"):
            if (timer := self._timers.pop((variable, session.evse.id), None)) is not None:
                timer.cancel()

    def _schedule(
        self, session: ChargingSession, variable: str, sample: Callable[[ChargingSession], None]
    ) -> None:
        """Call ``sample`` after each interval while the transaction is running. An interval of 0 means
        never.
        """
        interval_s = self._core.variables.integer(SAMPLED, variable)
        place = (variable, session.evse.id)
        if (timer := self._timers.pop(place, None)) is not None:
            timer.cancel()
        if interval_s > 0 and session.transaction is not None:
            self._timers[place] = self._core.after(
                interval_s, partial(self._interval_over, session, variable, sample)
            )

    def _interval_over(
        self, session: ChargingSession, variable: str, sample: Callable[[ChargingSession], None]
    ) -> None:
        if session.transaction is not None:
            if self._core.is_powered and self._core.variables.boolean(SAMPLED, "Enabled"):
                sample(session)
            self._schedule(session, variable, sample)

    def _send_update(self, session: ChargingSession) -> None:
        measurands = self._core.variables.members(SAMPLED, "TxUpdatedMeasurands")
        values = self._transactions.sample(session, measurands, ReadingContext.sample_periodic)
        if values:
            self._transactions.send_sample(session, TriggerReason.meter_value_periodic, values)

    def _keep_for_end(self, session: ChargingSession) -> None:
        measurands = self._core.variables.members(SAMPLED, "TxEndedMeasurands")
        if session.transaction is not None:
            self._transactions.keep_sample(
                session.transaction,
                self._transactions.sample(session, measurands, ReadingContext.sample_periodic),
            )

    def _variable_changed(self, key: Key, _old: str, _new: str) -> None:
        if key.component == SAMPLED and key.variable == "TxUpdatedInterval":
            for session in self._transactions.running():
                self._schedule(session, key.variable, self._send_update)
        elif key.component == SAMPLED and key.variable == "TxEndedInterval":
            for session in self._transactions.running():
                self._schedule(session, key.variable, self._keep_for_end)
        elif key.component == ALIGNED and key.variable in self._aligned_samples:
            self._wait_for_multiple(key.variable)

    def align(self) -> None:
        """Set the timers of clock-aligned samples to multiples of their intervals since midnight (J 2.2)."""
        for variable in self._aligned_samples:
            self._wait_for_multiple(variable)

    def _wait_for_multiple(self, variable: str, after_s: float = 0) -> None:
        """Set the timer of a clock-aligned sample for the next multiple of its interval since midnight.

        The multiple is later than now and later than ``after_s``, in seconds since the epoch.
        """
        if (timer := self._aligned_timers.pop(variable, None)) is not None:
            timer.cancel()
        interval_s = self._core.variables.integer(ALIGNED, variable)
        if interval_s > 0:
            now_s = self._core.now().timestamp()
            due_s = next_multiple(max(now_s, after_s), interval_s)
            delay_s = max(due_s - now_s, SHORTEST_ALIGNED_WAIT_S)
            self._aligned_timers[variable] = self._core.after(
                delay_s, partial(self._aligned_due, variable, due_s)
            )

    def _aligned_due(self, variable: str, due_s: float) -> None:
        if self._core.now().timestamp() < due_s:  # the timer is a little early
            self._wait_for_multiple(variable)
            return
        if self._core.is_powered and self._core.variables.boolean(ALIGNED, "Enabled"):
            # The sample gets the time at which it was due, even if the timer fired later.
            self._aligned_samples[variable](timestamp(datetime.fromtimestamp(due_s, UTC)))
        self._wait_for_multiple(variable, due_s)

    def _send_aligned(self, at: str) -> None:
        measurands = self._core.variables.members(ALIGNED, "Measurands")
        is_only_idle = self._core.variables.boolean(ALIGNED, "SendDuringIdle")
        if is_only_idle and self._transactions.running():
            return  # J01.FR.20
        for session in self._transactions.sessions.values():
            values = self._transactions.sample(session, measurands, ReadingContext.sample_clock, at)
            if values and session.transaction is not None:
                self._transactions.send_sample(session, TriggerReason.meter_value_clock, values)
            elif values and self._core.is_online:
                self._core.send(call.MeterValues(evse_id=session.evse.id, meter_value=values), kept=False)

    def _keep_aligned(self, at: str) -> None:
        measurands = self._core.variables.members(ALIGNED, "TxEndedMeasurands")
        for session in self._transactions.running():
            if session.transaction is not None:
                values = self._transactions.sample(session, measurands, ReadingContext.sample_clock, at)
                self._transactions.keep_sample(session.transaction, values)

    def _triggered(self, request: JsonObject) -> list[ChargingSession]:
        """Session of the EVSE in a TriggerMessage; all sessions if there is no EVSE in it (F06.FR.11)."""
        evse_id = request.get("evse", {}).get("id") or None
        sessions = self._transactions.sessions.values()
        return [session for session in sessions if evse_id in {None, session.evse.id}]

    def _trigger_meter_values(self, request: JsonObject) -> Callable[[], None] | None:
        sessions = [session for session in self._triggered(request) if self._triggered_values(session)]
        return partial(self._send_triggered_values, sessions) if sessions else None

    def _triggered_values(self, session: ChargingSession) -> list[JsonObject]:
        """Meter value with the measurands of AlignedDataCtrlr; empty if the meter has none of these
        measurands (F06.FR.06).
        """
        measurands = self._core.variables.members(ALIGNED, "Measurands")
        return self._transactions.sample(session, measurands, ReadingContext.trigger)

    def _send_triggered_values(self, sessions: list[ChargingSession]) -> None:
        for session in sessions:
            if values := self._triggered_values(session):
                self._core.send(call.MeterValues(evse_id=session.evse.id, meter_value=values), solicited=True)

    def _trigger_transaction_event(self, request: JsonObject) -> Callable[[], None] | None:
        sessions = [session for session in self._triggered(request) if session.transaction is not None]
        return partial(self._send_triggered_events, sessions) if sessions else None

    def _send_triggered_events(self, sessions: list[ChargingSession]) -> None:
        """Send an Updated event for each session, with the measurands of Updated events (F06.FR.07)."""
        measurands = self._core.variables.members(SAMPLED, "TxUpdatedMeasurands")
        for session in sessions:
            values = self._transactions.sample(session, measurands, ReadingContext.trigger)
            self._transactions.send_sample(session, TriggerReason.trigger, values)


def next_multiple(time_s: float, interval_s: int) -> float:
    """Next time that is midnight or a multiple of an interval since midnight."""
    midnight_s = time_s - time_s % SECONDS_PER_DAY
    past = (time_s - midnight_s) // interval_s
    return midnight_s + min((past + 1) * interval_s, SECONDS_PER_DAY)
