"""Status notifications of a long task, delivered in order."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from mock_csms.simulator.core import Core

MAX_WAITING: Final = 50


class StatusReport:
    """A status to report in a notification, for example in a FirmwareStatusNotification."""

    __slots__ = ("location", "request_id", "status")

    def __init__(self, status: str, request_id: int, location: str | None) -> None:
        self.status = status
        self.request_id = request_id
        self.location = location


class StatusReports:
    """Sends one notification at a time. The next one waits until the previous one is answered or fails.

    A notification that was lost in a power cut is sent again after the boot, so the central system may
    receive a status twice. It receives all statuses in order, because each waits for the earlier ones.
    """

    def __init__(self, core: Core, message: Callable[[StatusReport], Any]) -> None:
        self.last: StatusReport | None = None
        """The last report that was sent."""
        self._core = core
        self._message = message
        self._waiting: deque[StatusReport] = deque(maxlen=MAX_WAITING)
        self._attempt: object | None = None
        """Identifies the notification that awaits its answer; None if no notification does."""
        self._is_off = False
        core.powered_off.connect(self._power_off)
        core.boot_accepted.connect(self._boot)

    @property
    def is_delivered(self) -> bool:
        """Whether no notification waits to be sent or answered."""
        return not self._waiting

    def add(self, status: str, request_id: int, location: str | None = None) -> None:
        """Queue a report, unless the newest report is about the same status and request."""
        newest = self._waiting[-1] if self._waiting else self.last
        if newest is None or (newest.status, newest.request_id) != (status, request_id):
            self._waiting.append(StatusReport(status, request_id, location))
            self._send_next()

    def drop_unsent(self, request_id: int, status: str | None = None) -> None:
        """Drop the unsent reports of a request; with ``status``, only the reports of this status."""
        keep = [
            report
            for report in self._waiting
            if report is self.last or report.request_id != request_id or status not in {None, report.status}
        ]
        self._waiting.clear()
        self._waiting.extend(keep)

    def _send_next(self) -> None:
        if self._is_off or self._attempt is not None or not self._waiting:
            return
        report = self.last = self._waiting[0]
        attempt = self._attempt = object()

        def done(_: object = None) -> None:
            self._delivered(attempt, report)

        self._core.send(self._message(report), done, done)

    def _delivered(self, attempt: object, report: StatusReport) -> None:
        if self._attempt is not attempt:
            return
        self._attempt = None
        if self._waiting and self._waiting[0] is report:
            self._waiting.popleft()
        self._send_next()

    def _power_off(self) -> None:
        self._is_off = True
        self._attempt = None

    def _boot(self) -> None:
        self._is_off = False
        self._attempt = None
        self._send_next()
