"""Firmware updates (L01, L02)."""

from datetime import datetime
from functools import partial
from typing import Final

from cryptography import x509
from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import (
    Action,
    FirmwareStatusEnumType,
    MessageTriggerEnumType,
    SecurityEventType,
    UpdateFirmwareStatusEnumType,
)

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import InvalidCertificate
from mock_csms.simulator.core import Core
from mock_csms.simulator.delivery import DeliveryWait
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.firmware_signature import is_signature_valid, signing_certificate
from mock_csms.simulator.host import Timer
from mock_csms.simulator.instants import parse_instant
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.signals import Signal
from mock_csms.simulator.status_reports import StatusReport, StatusReports
from mock_csms.simulator.transfers import Download, Transfer, Transfers, download
from mock_csms.simulator.trust_store import MANUFACTURER_ROOT, TrustStore

FIRMWARE_VERSION: Final = Key("ChargingStation", "FirmwareVersion")
ALLOW_NEW_SESSIONS: Final = ("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate")
INSTALLATION_S: Final = 10.0
"""Duration of an installation at speed 1."""
TRANSACTION_CHECK_S: Final = 1.0
"""Interval of checks whether all transactions have ended."""
REBOOT_AT_LATEST_S: Final = 30.0
"""Maximum seconds between the installation of firmware and the reboot or reconnection that activates it.
During this time, the station delivers its firmware status notifications, unless it is offline.
"""

STEPS: Final = (
    FirmwareStatusEnumType.download_scheduled,
    FirmwareStatusEnumType.downloading,
    FirmwareStatusEnumType.downloaded,
    FirmwareStatusEnumType.signature_verified,
    FirmwareStatusEnumType.install_scheduled,
    FirmwareStatusEnumType.installing,
    FirmwareStatusEnumType.install_rebooting,
    FirmwareStatusEnumType.installed,
)
"""The order of the statuses of a successful update."""

type Status = FirmwareStatusEnumType


class Update:
    """A firmware update, which survives a power cut."""

    def __init__(
        self, request_id: int, location: str, install_at: datetime | None, retries: int | None,
        interval_s: int | None,
    ) -> None:  # fmt: skip
        self.request_id = request_id
        self.location = location
        self.install_at = install_at
        self.retries = retries
        self.interval_s = interval_s
        self.retrieve_at: datetime
        self.certificate: x509.Certificate | None = None
        self.signature: str | None = None
        self.step = -1
        """Index in STEPS of the latest status that the update has reached; -1 before the first status."""
        self.version: str | None = None
        """Version of the firmware that was downloaded and verified."""
        self.is_empty = False
        """Whether the file is empty, so that the installation fails."""
        self.is_activated = False
        """Whether the next boot uses the new firmware."""


class Firmware:
    """Firmware updates (L)."""

    _timer: Timer | None = None

    def __init__(self, core: Core, security: SecurityEvents, store: TrustStore) -> None:
        self.reboot_requested = Signal[[]]()
        """The new firmware is installed; the station must reboot with the reason FirmwareUpdate."""
        self._core = core
        self._security = security
        self._store = store
        self._transfers = Transfers(core)
        self._reports = StatusReports(core, firmware_notification)
        self._update: Update | None = None
        self._transfer: Transfer[Download] | None = None
        self._is_interrupted = False
        core.triggers[MessageTriggerEnumType.firmware_status_notification] = lambda _: self._send_status
        core.powered_off.connect(self._power_off)
        core.boot_accepted.connect(self._boot)

    @on(Action.update_firmware)
    def update_firmware(
        self, request_id: int, firmware: JsonObject, retries: int | None, retry_interval: int | None
    ) -> call_result.UpdateFirmware:
        """Download and install firmware, replacing an update in progress (L01.FR.24)."""
        update = Update(request_id, firmware["location"], None, retries, retry_interval)
        update.retrieve_at = parse_instant(firmware["retrieveDateTime"])
        if at := firmware.get("installDateTime"):
            update.install_at = parse_instant(at)
        update.signature = firmware.get("signature")
        try:
            update.certificate = self._signing_certificate(firmware)
        except InvalidCertificate as error:  # L01.FR.22
            self._security.report(SecurityEventType.invalid_firmware_signing_certificate, str(error))
            return call_result.UpdateFirmware(
                UpdateFirmwareStatusEnumType.invalid_certificate, status_info=error.status_info
            )
        return call_result.UpdateFirmware(self._start(update))

    def _signing_certificate(self, firmware: JsonObject) -> x509.Certificate | None:
        """Return the valid signing certificate; None for an update without security (L02).

        Raises InvalidCertificate, also for unsigned firmware if the station has a manufacturer root.
        """
        roots = self._store.roots(MANUFACTURER_ROOT)
        if not roots and "signingCertificate" not in firmware and "signature" not in firmware:
            return None
        return signing_certificate(firmware.get("signingCertificate", ""), roots, self._core.now())

    def _start(self, update: Update) -> UpdateFirmwareStatusEnumType:
        is_in_place = self._update is not None
        if self._transfers.is_busy or (is_in_place and not self._can_cancel):
            return UpdateFirmwareStatusEnumType.rejected  # L01.FR.27
        self._cancel()
        self._update = update
        self._schedule_download(update)
        if is_in_place:
            return UpdateFirmwareStatusEnumType.accepted_canceled
        return UpdateFirmwareStatusEnumType.accepted

    @property
    def _can_cancel(self) -> bool:
        is_activated = self._update is not None and self._update.is_activated
        return self._core.setup.cancels_updates and not is_activated

    def _cancel(self) -> None:
        if self._update is not None:
            self._stop()
            self._reports.drop_unsent(self._update.request_id)
            self._set_pending(False)
            self._update = None

    def _stop(self) -> None:
        if self._transfer is not None:
            self._transfer.cancel()
            self._transfer = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _enter(self, update: Update, status: Status) -> None:
        """Report a status, unless the update has already reached it.

        An update repeats steps after a power cut or a correction of the clock.
        """
        if status in STEPS:
            if STEPS.index(status) <= update.step:
                return
            update.step = STEPS.index(status)
        self._reports.add(status, update.request_id)

    def _schedule_download(self, update: Update) -> None:
        if update.retrieve_at > self._core.now():
            self._enter(update, FirmwareStatusEnumType.download_scheduled)  # L01.FR.13
            self._timer = self._core.at(update.retrieve_at, lambda: self._download_if_possible(update))
        else:
            self._download_if_possible(update)

    def _download_if_possible(self, update: Update) -> None:
        """Download now or, if updates must wait for transactions, once all have ended (L01.FR.06)."""
        if self._core.setup.update_while_charging == "no" and self._is_charging:
            self._set_pending(self._is_new_session_refused)
            self._enter(update, FirmwareStatusEnumType.download_scheduled)
            again = partial(self._download_if_possible, update)
            self._timer = self._core.after(TRANSACTION_CHECK_S, again)
        else:
            self._download(update)

    def _download(self, update: Update) -> None:
        self._enter(update, FirmwareStatusEnumType.downloading)
        location, roots = update.location, self._store.trusted_pem
        self._transfer = Transfer(
            lambda: download(location, roots),
            lambda file: self._downloaded(update, file),
            lambda _: self._fail(update, FirmwareStatusEnumType.download_failed),
            update.retries,
            update.interval_s,
        )
        self._transfers.start(self._transfer)

    def _downloaded(self, update: Update, file: Download) -> None:
        self._transfer = None
        self._enter(update, FirmwareStatusEnumType.downloaded)
        if update.certificate is not None:
            if not is_signature_valid(file.sha256, update.signature, update.certificate):
                self._fail(update, FirmwareStatusEnumType.invalid_signature)
                self._security.report(SecurityEventType.invalid_firmware_signature, update.location)
                return
            self._enter(update, FirmwareStatusEnumType.signature_verified)
        update.version = firmware_version(file.sha256)
        update.is_empty = file.size == 0
        self._schedule_installation(update)

    def _fail(self, update: Update, status: Status) -> None:
        self._transfer = self._update = None
        self._enter(update, status)

    def _schedule_installation(self, update: Update) -> None:
        if update.install_at is not None and update.install_at > self._core.now():
            self._enter(update, FirmwareStatusEnumType.install_scheduled)  # L01.FR.16
            self._timer = self._core.at(update.install_at, lambda: self._install_when_idle(update))
        else:
            self._install_when_idle(update)

    def _install_when_idle(self, update: Update) -> None:
        """Install once no transaction runs (L01.FR.06), or now if installing is allowed while charging."""
        if self._core.setup.update_while_charging != "install":
            self._set_pending(self._is_new_session_refused)
        if self._core.setup.update_while_charging != "install" and self._is_charging:
            self._enter(update, FirmwareStatusEnumType.install_scheduled)  # L01.FR.34
            self._timer = self._core.after(TRANSACTION_CHECK_S, lambda: self._install_when_idle(update))
        else:
            self._set_pending(not self._is_charging)
            self._enter(update, FirmwareStatusEnumType.installing)
            self._timer = self._core.after_scaled(INSTALLATION_S, lambda: self._installed(update))

    def _set_pending(self, is_pending: bool) -> None:
        """Set whether idle EVSEs are unavailable until the firmware is installed (L01.FR.07)."""
        if self._core.evses.is_update_pending != is_pending:
            self._core.evses.is_update_pending = is_pending
            for connector in self._core.evses.connectors():
                self._core.connector_changed.emit(connector)

    @property
    def _is_charging(self) -> bool:
        return any(evse.transaction_id is not None for evse in self._core.evses)

    @property
    def _is_new_session_refused(self) -> bool:
        return not self._core.variables.boolean(*ALLOW_NEW_SESSIONS)

    def _installed(self, update: Update) -> None:
        if update.is_empty:
            self._set_pending(False)
            self._fail(update, FirmwareStatusEnumType.install_verification_failed)
            return
        if self._is_charging:
            activate = self._reconnect
        else:
            activate = self._reboot
            self._enter(update, FirmwareStatusEnumType.install_rebooting)
            update.is_activated = True
        self._timer = DeliveryWait(  # L01.FR.32
            self._core, lambda: self._reports.is_delivered, REBOOT_AT_LATEST_S, lambda: activate(update)
        )

    def _reconnect(self, update: Update) -> None:
        """Activate the new firmware by reconnecting, because a reboot would end the transactions."""
        self._activate(update)
        self._is_interrupted = False
        self._update = None
        self._core.link.close()
        self._core.link.open()
        self._finish(update)

    def _reboot(self, update: Update) -> None:
        self._activate(update)
        self.reboot_requested.emit()

    def _activate(self, update: Update) -> None:
        # InstallRebooting is only sent before the reboot.
        self._reports.drop_unsent(update.request_id, FirmwareStatusEnumType.install_rebooting)
        self._core.evses.is_update_pending = False
        self._core.variables.put(FIRMWARE_VERSION, update.version or "")
        self._is_interrupted = True

    def _power_off(self) -> None:
        self._is_interrupted = True
        self._stop()
        self._core.evses.is_update_pending = False
        if self._update is not None and self._update.is_activated:
            self._activate(self._update)

    def _boot(self) -> None:
        """Finish an update after its reboot, or continue an update that a power cut interrupted."""
        update, is_interrupted, self._is_interrupted = self._update, self._is_interrupted, False
        if update is None or not is_interrupted:
            return
        if update.is_activated:
            self._update = None
            self._finish(update)
        elif update.version is not None:
            self._schedule_installation(update)
        else:
            self._schedule_download(update)

    def _finish(self, update: Update) -> None:
        self._enter(update, FirmwareStatusEnumType.installed)
        self._security.report(SecurityEventType.firmware_updated, update.version)  # L01.FR.31

    def _send_status(self) -> None:
        """Send the last status; Idle before the first update and after Installed (L01.FR.25, L01.FR.26)."""
        last = self._reports.last
        if last is None or last.status == FirmwareStatusEnumType.installed:
            message = call.FirmwareStatusNotification(FirmwareStatusEnumType.idle)
        else:
            message = firmware_notification(last)
        self._core.send(message, solicited=True)


def firmware_notification(report: StatusReport) -> call.FirmwareStatusNotification:
    """FirmwareStatusNotification for a status report."""
    return call.FirmwareStatusNotification(
        FirmwareStatusEnumType(report.status), request_id=report.request_id
    )


def firmware_version(sha256: bytes) -> str:
    """Derive a version from the hash of a firmware file, because the file itself has none."""
    major, minor, patch = sha256[:3]
    return f"{major}.{minor}.{patch}+{sha256[3:7].hex()}"
