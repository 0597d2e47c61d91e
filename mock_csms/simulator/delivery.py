"""Waits until messages of a station are delivered, for example before a restart."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mock_csms.simulator.core import Core

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

DELIVERY_CHECK_S: Final = 0.1
"""Interval in seconds at which ``is_delivered`` is called."""


class DeliveryWait:
    """Calls ``callback`` once ``is_delivered`` returns true, or after a time-out.

    The time-out does not depend on the station's clock, which may be set back.
    """

    def __init__(
        self,
        core: Core,
        is_delivered: Callable[[], bool],
        timeout_s: float,
        callback: Callable[[], object],
    ) -> None:
        """Start to wait, or call ``callback`` at once if ``is_delivered`` returns true."""
        self._core = core
        self._is_delivered = is_delivered
        self._deadline = core.host.time() + timeout_s
        self._callback = callback
        self._timer: Timer | None = None
        self._check()

    def cancel(self) -> None:
        """Stop waiting; the callback is not called any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _check(self) -> None:
        if self._is_delivered() or self._core.host.time() >= self._deadline:
            self._callback()
        else:
            self._timer = self._core.after(DELIVERY_CHECK_S, self._check)
