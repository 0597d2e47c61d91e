"""Publishing of firmware for the local network (L03, L04)."""

from collections.abc import Callable
from typing import Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import (
    Action,
    GenericStatusEnumType,
    MessageTriggerEnumType,
    PublishFirmwareStatusEnumType,
    UnpublishFirmwareStatusEnumType,
)

from mock_csms.simulator.core import Core
from mock_csms.simulator.status_reports import StatusReport, StatusReports
from mock_csms.simulator.transfers import Download, Transfer, Transfers, download
from mock_csms.simulator.trust_store import TrustStore

MAX_PUBLISHED: Final = 16


class Publication:
    """A firmware file that is to be published."""

    def __init__(self, request_id: int, location: str, checksum: str, start: Callable[[], None]) -> None:
        self.request_id = request_id
        self.location = location
        self.checksum = checksum
        self.start = start


class Publisher:
    """Publishing of firmware (L).

    The station has no file server. Once the checksum of a file is verified, the station reports the location
    that it downloaded the file from.
    """

    def __init__(self, core: Core, store: TrustStore) -> None:
        self._core = core
        self._store = store
        self._transfers = Transfers(core)
        self._reports = StatusReports(core, publishing_notification)
        self._published: dict[str, str] = {}
        """Locations of the published files, by MD5 checksum."""
        self._ongoing: Publication | None = None
        self._transfer: Transfer[Download] | None = None
        core.triggers[MessageTriggerEnumType.publish_firmware_status_notification] = lambda _: (
            self._send_status
        )
        core.powered_off.connect(self._power_off)
        core.boot_accepted.connect(self._boot)

    @on(Action.publish_firmware)
    def publish_firmware(
        self, location: str, checksum: str, request_id: int, retries: int | None, retry_interval: int | None
    ) -> call_result.PublishFirmware:
        """Download and publish a file. While another download is running, reject the command (L03)."""
        if self._ongoing is not None or self._transfers.is_busy:
            return call_result.PublishFirmware(GenericStatusEnumType.rejected)

        def start() -> None:
            self._download(publication, retries, retry_interval)

        publication = Publication(request_id, location, checksum.lower(), start)
        self._ongoing = publication
        start()
        return call_result.PublishFirmware(GenericStatusEnumType.accepted)

    def _download(self, publication: Publication, retries: int | None, interval_s: int | None) -> None:
        self._reports.add(PublishFirmwareStatusEnumType.downloading, publication.request_id)
        roots = self._store.trusted_pem
        self._transfer = Transfer(
            lambda: download(publication.location, roots),
            lambda file: self._downloaded(publication, file),
            lambda _: self._end(publication, PublishFirmwareStatusEnumType.download_failed),
            retries,
            interval_s,
        )
        self._transfers.start(self._transfer)

    def _downloaded(self, publication: Publication, file: Download) -> None:
        request_id, checksum = publication.request_id, publication.checksum
        self._reports.add(PublishFirmwareStatusEnumType.downloaded, request_id)
        if file.md5 != checksum:
            self._end(publication, PublishFirmwareStatusEnumType.invalid_checksum)
            return
        self._reports.add(PublishFirmwareStatusEnumType.checksum_verified, request_id)
        if len(self._published) >= MAX_PUBLISHED and checksum not in self._published:
            self._end(publication, PublishFirmwareStatusEnumType.publish_failed)
            return
        self._published[checksum] = publication.location
        self._end(publication, PublishFirmwareStatusEnumType.published)

    def _end(self, publication: Publication, status: PublishFirmwareStatusEnumType) -> None:
        self._transfer = self._ongoing = None
        is_published = status is PublishFirmwareStatusEnumType.published
        location = publication.location if is_published else None
        self._reports.add(status, publication.request_id, location)

    @on(Action.unpublish_firmware)
    def unpublish_firmware(self, checksum: str) -> call_result.UnpublishFirmware:
        """Stop publishing the file with this MD5 checksum (L04)."""
        if self._ongoing is not None and self._ongoing.checksum == checksum.lower():
            status = UnpublishFirmwareStatusEnumType.download_ongoing
        elif self._published.pop(checksum.lower(), None) is None:
            status = UnpublishFirmwareStatusEnumType.no_firmware
        else:
            status = UnpublishFirmwareStatusEnumType.unpublished
        return call_result.UnpublishFirmware(status)

    def _power_off(self) -> None:
        if self._transfer is not None:
            self._transfer.cancel()
            self._transfer = None

    def _boot(self) -> None:
        if self._ongoing is not None and self._transfer is None:
            self._ongoing.start()

    def _send_status(self) -> None:
        """Send the last status; Idle before the first download and after Published (L03.FR.10, L03.FR.11)."""
        last = self._reports.last
        if last is None or last.status == PublishFirmwareStatusEnumType.published:
            message = call.PublishFirmwareStatusNotification(PublishFirmwareStatusEnumType.idle)
        else:
            message = publishing_notification(last)
        self._core.send(message, solicited=True)


def publishing_notification(report: StatusReport) -> call.PublishFirmwareStatusNotification:
    """Notification of a status report, with the location if the status is Published (L03.FR.04)."""
    return call.PublishFirmwareStatusNotification(
        PublishFirmwareStatusEnumType(report.status),
        location=[report.location] if report.location else None,
        request_id=report.request_id,
    )
