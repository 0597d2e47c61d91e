"""Boot, Heartbeat and clock (B01 to B03, G02)."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ocpp.v201 import call
from ocpp.v201.enums import BootReasonEnumType as BootReason
from ocpp.v201.enums import MessageTriggerEnumType as MessageTrigger
from ocpp.v201.enums import RegistrationStatusEnumType as RegistrationStatus

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.signals import Signal

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

FALLBACK_INTERVAL_S: Final = 30
"""Seconds until the retry of a failed boot, or of a boot whose answer has interval 0 (B02.FR.07,
B03.FR.05).
"""
CLOCK_TOLERANCE_S: Final = 2.0
"""Largest difference from the central system's time that is not corrected; network delays can cause it."""
NAMEPLATE: Final = {
    "model": "Model",
    "vendorName": "VendorName",
    "serialNumber": "SerialNumber",
    "firmwareVersion": "FirmwareVersion",
}
"""Variables of ChargingStation, by the BootNotification field that reports them."""
HEARTBEAT_VARIABLE: Final = Key("OCPPCommCtrlr", "HeartbeatInterval")

CLOCK_YEARS: Final = range(2000, 3000)
"""Years that the clock can be set to. In other years, date arithmetic could overflow."""


class StationRegistration:
    """Sends BootNotifications until one is accepted, then Heartbeats. Sets the clock by the answers."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._boot_reason: str = BootReason.power_up
        self._retry_at: float | None = None
        """Earliest time for the next BootNotification; None if the station may send it at once."""
        self._retry: Timer | None = None
        self._heartbeat: Timer | None = None
        self.answered = Signal[[JsonObject]]()
        """A BootNotification was answered. This is emitted before the answer sets the clock and the
        timers.
        """
        self.clock_set = Signal[[float]]()
        """The clock was corrected by this many seconds, more than CLOCK_TOLERANCE_S."""
        core.connected.connect(self._connected)
        core.disconnected.connect(self._stop_timers)
        core.variables.changed.connect(self._variable_changed)
        core.triggers[MessageTrigger.boot_notification] = self._trigger_boot
        core.triggers[MessageTrigger.heartbeat] = self._trigger_heartbeat

    def restart(self, reason: str) -> None:
        """Forget the registration. Once connected, send a BootNotification with this reason (B01.FR.09)."""
        self._core.registration = None
        self._boot_reason = reason
        self._retry_at = None

    def _connected(self) -> None:
        if self._core.registration == RegistrationStatus.accepted:
            self._schedule_heartbeat()  # a mere reconnect needs no boot (OCPP-J 5.3)
        elif self._retry_at is None:
            self._boot(self._boot_reason)
        else:
            self._retry_in(max(self._retry_at - self._core.host.time(), 0))

    def _stop_timers(self) -> None:
        for timer in (self._retry, self._heartbeat):
            if timer is not None:
                timer.cancel()
        self._retry = self._heartbeat = None

    def _boot(self, reason: str) -> None:
        variables = self._core.variables
        station: JsonObject = {
            name: variables.text("ChargingStation", variable) for name, variable in NAMEPLATE.items()
        }
        self._core.outbox.drop(call.BootNotification.__name__)
        self._core.send(
            call.BootNotification(charging_station=station, reason=reason),
            self._booted,
            self._boot_failed,
            kept=False,
        )

    def _boot_failed(self) -> None:
        """Retry after FALLBACK_INTERVAL_S, or later if the interval of an earlier answer requires it
        (B02.FR.04).
        """
        left_s = 0.0 if self._retry_at is None else self._retry_at - self._core.host.time()
        self._retry_in(max(FALLBACK_INTERVAL_S, left_s))

    def _booted(self, answer: JsonObject) -> None:
        self._core.registration = answer["status"]
        self.answered.emit(answer)
        self._set_clock(answer["currentTime"])
        if answer["status"] != RegistrationStatus.accepted:
            interval_s = answer["interval"] if answer["interval"] > 0 else FALLBACK_INTERVAL_S
            self._retry_in(interval_s)  # B02.FR.04, B03.FR.02
            return
        self._boot_reason = BootReason.power_up
        self._retry_at = None
        if answer["interval"] > 0:
            self._core.variables.put(HEARTBEAT_VARIABLE, str(answer["interval"]))
        self._schedule_heartbeat()
        self._core.boot_accepted.emit()

    def _retry_in(self, delay_s: float) -> None:
        self._stop_timers()
        self._retry_at = self._core.host.time() + delay_s
        if self._core.is_connected:
            self._retry = self._core.after(delay_s, lambda: self._boot(self._boot_reason))

    def _trigger_boot(self, _: JsonObject) -> Callable[[], None] | None:
        if self._core.registration == RegistrationStatus.accepted:
            return None  # F06.FR.17
        return lambda: self._boot(BootReason.triggered)

    def _trigger_heartbeat(self, _: JsonObject) -> Callable[[], None] | None:
        return lambda: self._core.send(call.Heartbeat(), self._heard, kept=False, solicited=True)

    def _schedule_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        interval_s = self._core.variables.integer(*HEARTBEAT_VARIABLE[:3])
        self._heartbeat = self._core.after(interval_s, self._beat) if interval_s > 0 else None

    def _beat(self) -> None:
        if not self._core.outbox.has(call.Heartbeat.__name__):
            self._core.send(call.Heartbeat(), self._heard, kept=False)
        self._schedule_heartbeat()

    def _heard(self, answer: JsonObject) -> None:
        self._set_clock(answer["currentTime"])

    def _set_clock(self, current_time: str) -> None:
        if "Heartbeat" not in self._core.variables.members("ClockCtrlr", "TimeSource"):
            return  # B01.FR.06
        try:
            moment = datetime.fromisoformat(current_time)
            difference_s = (moment - self._core.now()).total_seconds()
        except (ValueError, TypeError, OverflowError):  # not a valid time, or without a time zone
            return
        if moment.year in CLOCK_YEARS and abs(difference_s) > CLOCK_TOLERANCE_S:
            self._core.correct_clock(difference_s)
            self.clock_set.emit(difference_s)

    def _variable_changed(self, key: Key, _old: str, _new: str) -> None:
        if key == HEARTBEAT_VARIABLE and self._core.is_online:
            self._schedule_heartbeat()
