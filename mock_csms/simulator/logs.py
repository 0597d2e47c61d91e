"""Upload of the diagnostics and security log (N01)."""

import re
from datetime import datetime
from typing import Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import (
    Action,
    LogEnumType,
    LogStatusEnumType,
    MessageTriggerEnumType,
    UploadLogStatusEnumType,
)

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.instants import parse_instant
from mock_csms.simulator.rolling_log import RollingLog
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.status_reports import StatusReport, StatusReports
from mock_csms.simulator.transfers import Transfer, Transfers, http_status, upload
from mock_csms.simulator.trust_store import TrustStore
from mock_csms.text import truncate

MAX_LOG_LINE: Final = 500
MAX_IDENTITY_IN_NAME: Final = 48

STATUS_OF_HTTP: Final = {
    400: UploadLogStatusEnumType.bad_message,
    401: UploadLogStatusEnumType.permission_denied,
    403: UploadLogStatusEnumType.permission_denied,
    405: UploadLogStatusEnumType.not_supported_operation,
    415: UploadLogStatusEnumType.bad_message,
    501: UploadLogStatusEnumType.not_supported_operation,
}
"""Status of a failed upload, by HTTP status code; other codes mean UploadFailure (N01.FR.10)."""


class Logs:
    """Diagnostics log, and uploads of logs (N01)."""

    def __init__(self, core: Core, security: SecurityEvents, store: TrustStore) -> None:
        self._core = core
        self._security = security
        self._store = store
        self._diagnostics = RollingLog()
        self._transfers = Transfers(core)
        self._reports = StatusReports(core, log_notification)
        self._request_id: int | None = None
        """Request id of the upload in progress, or None."""
        self._transfer: Transfer[None] | None = None
        core.triggers[MessageTriggerEnumType.log_status_notification] = lambda _: self._send_status
        core.connected.connect(lambda: self.log("connected"))
        core.disconnected.connect(lambda: self.log("disconnected"))
        core.boot_accepted.connect(self._boot)
        core.powered_off.connect(self._power_off)
        self.log("started")

    def log(self, line: str) -> None:
        """Append a line to the diagnostics log."""
        self._diagnostics.add(self._core.now(), truncate(line, MAX_LOG_LINE))

    @on(Action.get_log)
    def get_log(
        self,
        log: JsonObject,
        log_type: str,
        request_id: int,
        retries: int | None,
        retry_interval: int | None,
    ) -> call_result.GetLog:
        """Upload a log, replacing an upload in progress (N01.FR.12)."""
        lines = self._lines(log_type, log.get("oldestTimestamp"), log.get("latestTimestamp"))
        if not lines or self._transfers.is_busy:
            return call_result.GetLog(LogStatusEnumType.rejected)  # N01.FR.05
        is_in_place = self._cancel(request_id)
        filename = file_name(self._core.setup.identity, log_type, self._core.now())
        content = "".join(f"{line}\n" for line in lines).encode()
        location, roots = log["remoteLocation"], self._store.trusted_pem
        self._start(
            request_id,
            Transfer(
                lambda: upload(location, filename, content, roots),
                lambda _: self._end(request_id, UploadLogStatusEnumType.uploaded),
                lambda error: self._end(request_id, failure_status(error)),
                retries,
                retry_interval,
            ),
        )
        accepted, canceled = LogStatusEnumType.accepted, LogStatusEnumType.accepted_canceled
        return call_result.GetLog(canceled if is_in_place else accepted, filename=filename)

    def _lines(self, log_type: str, oldest: str | None, latest: str | None) -> list[str]:
        start = parse_instant(oldest) if oldest else None
        end = parse_instant(latest) if latest else None
        if log_type == LogEnumType.security_log:
            return self._security.lines(start, end)
        return self._diagnostics.lines(start, end)

    def _start(self, request_id: int, transfer: Transfer[None]) -> None:
        self._request_id, self._transfer = request_id, transfer
        self._reports.add(UploadLogStatusEnumType.uploading, request_id)
        self._transfers.start(transfer)

    def _cancel(self, next_request_id: int) -> bool:
        """Cancel the upload in progress before the next upload; return whether there was one."""
        if self._transfer is None or self._request_id is None:
            return False
        self._transfer.cancel()
        self._reports.drop_unsent(self._request_id)
        # If the new upload has the same requestId, no AcceptedCanceled is sent, unlike N01.FR.20: this status
        # would look like one of the new upload.
        if self._request_id != next_request_id:
            self._reports.add(UploadLogStatusEnumType.accepted_canceled, self._request_id)
        return True

    def _end(self, request_id: int, status: UploadLogStatusEnumType) -> None:
        self._request_id = self._transfer = None
        self._reports.add(status, request_id)

    def _power_off(self) -> None:
        if self._transfer is not None:
            self._transfer.cancel()

    def _boot(self) -> None:
        self.log("boot accepted")
        if self._request_id is not None and self._transfer is not None and self._transfer.is_cancelled:
            # The content of the log was lost with the power.
            self._end(self._request_id, UploadLogStatusEnumType.upload_failure)

    def _send_status(self) -> None:
        """Send Uploading while a log is uploaded, otherwise Idle (F06.FR.14, F06.FR.15)."""
        if self._request_id is None:
            message = call.LogStatusNotification(UploadLogStatusEnumType.idle)
        else:
            uploading = UploadLogStatusEnumType.uploading
            message = call.LogStatusNotification(uploading, request_id=self._request_id)
        self._core.send(message, solicited=True)


def log_notification(report: StatusReport) -> call.LogStatusNotification:
    """LogStatusNotification for a status report."""
    return call.LogStatusNotification(UploadLogStatusEnumType(report.status), request_id=report.request_id)


def failure_status(error: OSError) -> UploadLogStatusEnumType:
    """Status of an upload that failed (N01.FR.10)."""
    return STATUS_OF_HTTP.get(http_status(error) or 0, UploadLogStatusEnumType.upload_failure)


def file_name(identity: str, log_type: str, at: datetime) -> str:
    """Name of a log file; all its characters are valid in any file system."""
    station = re.sub(r"[^A-Za-z0-9_-]", "_", identity)[:MAX_IDENTITY_IN_NAME]
    return f"{station}-{log_type}-{at:%Y%m%dT%H%M%SZ}.log"
