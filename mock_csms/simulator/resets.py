"""Reset, restart and power cuts (B11, B12)."""

from functools import partial
from typing import Final

from ocpp.routing import on
from ocpp.v201 import call_result
from ocpp.v201.enums import Action
from ocpp.v201.enums import BootReasonEnumType as BootReason
from ocpp.v201.enums import ReasonEnumType as Reason
from ocpp.v201.enums import ResetEnumType as ResetType
from ocpp.v201.enums import ResetStatusEnumType as ResetStatus
from ocpp.v201.enums import TriggerReasonEnumType as TriggerReason

from mock_csms.simulator.charging import ChargingSessions
from mock_csms.simulator.core import Core
from mock_csms.simulator.delivery import DeliveryWait
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.network import Network
from mock_csms.simulator.registration import StationRegistration
from mock_csms.simulator.sessions import Cause, ChargingSession, RunningTransaction
from mock_csms.simulator.signals import Signal
from mock_csms.simulator.transactions import StationTransactions

RESTART_S: Final = 3.0
"""Seconds that a restart takes; divided by ``--speed``."""
ANSWER_S: Final = 0.5
"""Seconds from the Reset command to the reset itself, so that the answer is sent first."""
DELIVERY_S: Final = 5.0
"""Maximum seconds to wait before a reset for the delivery of Ended events (B12.FR.05)."""


class Resets:
    """Restarts the station or resets an EVSE: at once, or as soon as no transaction is running."""

    def __init__(
        self,
        core: Core,
        registration: StationRegistration,
        network: Network,
        transactions: StationTransactions,
        charging: ChargingSessions,
    ) -> None:
        self._core = core
        self._registration = registration
        self._network = network
        self._transactions = transactions
        self._charging = charging
        self.restarting = Signal[[]]()
        """A restart begins. State that does not survive a power-off has already been cleared."""
        self._is_reset_scheduled = False
        transactions.ended.connect(self._ended)

    @on(Action.reset)
    def reset(self, type: str, evse_id: int | None) -> call_result.Reset:  # noqa: A002 - the name in OCPP
        """Accept, schedule or reject a reset."""
        if evse_id is not None and not self._allows_reset(evse_id):
            return call_result.Reset(status=ResetStatus.rejected)  # B11.FR.09, B12.FR.09
        if type == ResetType.on_idle and self._running(evse_id):
            # An EVSE has nothing left to reset once its transaction has ended.
            self._is_reset_scheduled = self._is_reset_scheduled or evse_id is None
            return call_result.Reset(status=ResetStatus.scheduled)  # B12.FR.01
        reset = self._reset_idle if type == ResetType.on_idle else self._reset_now
        self._core.after(ANSWER_S, partial(reset, evse_id))
        return call_result.Reset(status=ResetStatus.accepted)

    def _allows_reset(self, evse_id: int) -> bool:
        is_known = self._core.evses.get(evse_id) is not None
        return is_known and self._core.variables.acted_on(Key("EVSE", "AllowReset", None, evse_id)) == "true"

    def _running(self, evse_id: int | None) -> list[ChargingSession]:
        """Sessions with a transaction, at one EVSE or at all EVSEs (None)."""
        return [session for session in self._transactions.running() if evse_id in {None, session.evse.id}]

    def _reset_idle(self, evse_id: int | None) -> None:
        """Reset now, unless a transaction has started since the answer to the Reset.

        In that case, a reset of the station waits until all transactions have ended, and a reset of one EVSE
        is skipped.
        """
        if not self._running(evse_id):
            self._reset_now(evse_id)
        elif evse_id is None:
            self._is_reset_scheduled = True

    def _reset_now(self, evse_id: int | None) -> None:
        if evse_id is None:
            self._is_reset_scheduled = False  # this reset replaces the scheduled one
        for session in self._running(evse_id):
            self._transactions.end(session, Cause(TriggerReason.reset_command, Reason.immediate_reset))
        if evse_id is None:
            self._restart_when_delivered(BootReason.remote_reset)

    def _ended(self, _session: ChargingSession, _transaction: RunningTransaction) -> None:
        if self._is_reset_scheduled and not self._transactions.running():
            self._is_reset_scheduled = False
            self._restart_when_delivered(BootReason.scheduled_reset)

    def _restart_when_delivered(self, reason: str) -> None:
        DeliveryWait(self._core, self._is_delivered, DELIVERY_S, partial(self.restart, reason))

    def _is_delivered(self) -> bool:
        return not (self._core.is_online and self._core.outbox.has_transaction_messages())

    def restart(self, reason: str) -> None:
        """End the running transactions, then restart.

        Requests that stay queued while the station is offline survive the restart.
        """
        if self._core.is_powered:
            self._charging.end_interrupted(Cause(TriggerReason.abnormal_condition, Reason.reboot))
            self._core.link.close()
            self._power_off()
            self.restarting.emit()
            self._core.after_scaled(RESTART_S, partial(self._power_on, reason))

    def power_cycle(self, off_s: float = RESTART_S) -> None:
        """Cut the power, and restore it after ``off_s`` seconds, divided by ``--speed``."""
        if self._core.is_powered:
            self._core.link.drop()
            self._power_off()
            self._core.after_scaled(off_s, self._power_restored)

    def _power_restored(self) -> None:
        self._power_on(BootReason.power_up)

    def _power_off(self) -> None:
        self._core.is_powered = False
        self._is_reset_scheduled = False
        self._core.powered_off.emit()

    def _power_on(self, reason: str) -> None:
        self._core.is_powered = True
        self._network.apply_pending()
        self._charging.end_interrupted(Cause(TriggerReason.abnormal_condition, Reason.power_loss))
        self._registration.restart(reason)
        self._core.link.open()
