"""Alarms: callbacks when the station's clock reaches a time, even if the clock is corrected meanwhile."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from mock_csms.simulator.host import Timer

LONGEST_WAIT_S: Final = 3600.0
"""Longest time until an alarm reads the clock again, in case the clock of the host has changed."""


class Alarm:
    """A timer that ends when the station's clock, which may be corrected, reaches a moment."""

    def __init__(self, alarms: "Alarms", moment: datetime, callback: Callable[[], object]) -> None:
        self._alarms = alarms
        self._moment = moment
        self._callback = callback
        self._timer: Timer | None = None

    def wait(self) -> None:
        """Start the timer of the host, or restart it after a correction of the station's clock."""
        self._stop()
        left_s = (self._moment - self._alarms.now()).total_seconds()
        self._timer = self._alarms.after(min(max(left_s, 0), LONGEST_WAIT_S), self._timer_ended)

    def cancel(self) -> None:
        """Cancel the callback."""
        self._stop()
        self._alarms.waiting.pop(self, None)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _timer_ended(self) -> None:
        if self._alarms.now() < self._moment:
            self.wait()
        else:
            self.cancel()
            self._callback()


class Alarms:
    """The alarms of a station."""

    def __init__(
        self, now: Callable[[], datetime], after: Callable[[float, Callable[[], object]], Timer]
    ) -> None:
        """``now`` reads the station's clock; ``after`` calls back after a delay in seconds."""
        self.now = now
        self.after = after
        self.waiting: dict[Alarm, None] = {}
        """Pending alarms, in the order in which they were set."""

    def at(self, moment: datetime, callback: Callable[[], object]) -> Alarm:
        """Call back when the station's clock reaches a moment; soon if the moment is in the past."""
        alarm = Alarm(self, moment, callback)
        self.waiting[alarm] = None
        alarm.wait()
        return alarm

    def clock_corrected(self) -> None:
        """Restart the timers of all alarms after a correction of the station's clock."""
        for alarm in list(self.waiting):
            alarm.wait()
