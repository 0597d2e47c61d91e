"""Activation of new firmware (L01, L02)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredStationCall, Broken, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.firmware import (
    FIRMWARE_STATUS,
    FirmwareUpdate,
    FirmwareUpdates,
    on_new_status,
)
from mock_csms.v201.findings.facts.firmware_activation import (
    FIRMWARE_UPDATE,
    FirmwareActivation,
    activated_update,
)
from mock_csms.v201.findings.known import Known201

_REPORTED_WITHIN_S: Final = 300.0
_BEFORE_REBOOT: Final = frozenset({"Installing", "InstallRebooting"})
_BY_REBOOT: Final = "Reboot"
"""stoppedReason of a transaction that a reboot has ended."""

FIRMWARE_INSTALLED_NOT_REPORTED: Final = CHECKS.kind(
    "firmware-installed-not-reported",
    "error",
    "the station boots with new firmware, but the update gets no further status",
    "that the last status was Installing or InstallRebooting, an accepted boot with the reason "
    "FirmwareUpdate, and that the station has stayed connected for 5 minutes since",
)
FIRMWARE_ACTIVATED_DURING_TRANSACTION: Final = CHECKS.kind(
    "firmware-activated-during-transaction",
    "error",
    "the station reboots into new firmware before all transactions have ended",
    "the running transaction and the status of the firmware update, both from before the boot",
)


@on_new_status(FIRMWARE_INSTALLED_NOT_REPORTED, signed="L01.FR.28", unsigned="L02.FR.20")
def _judge_installed(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Return MET if the status is Installed."""
    return MET if call.payload["status"] == "Installed" else None


@on_new_status(FIRMWARE_INSTALLED_NOT_REPORTED, signed="L01.FR.32", unsigned="L02.FR.21")
def _judge_reboot(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Return MET if the status is Installed and was sent after a reboot into the new firmware."""
    is_met = call.payload["status"] == "Installed" and known[FirmwareActivation].rebooted is update
    return MET if is_met else None


@CHECKS.learn_answered_call(Action.boot_notification)
def _expect_end(boot: AnsweredStationCall, known: Known201) -> None:
    """Expect a further status of the latest firmware update after a boot that belongs to this update."""
    update = known[FirmwareUpdates].latest
    if update is None or boot.answer["status"] != "Accepted" or update.status not in _BEFORE_REBOOT:
        return
    has_installed = update.statuses[-2:] == ("Installing", "InstallRebooting")
    if boot.payload["reason"] != FIRMWARE_UPDATE or not (has_installed or _is_new(boot, known)):
        return
    if has_installed:
        known[FirmwareActivation].rebooted = update
    known.expectations.drop(FIRMWARE_INSTALLED_NOT_REPORTED.id)
    known.expectations.add(_end_of(update, boot, has_installed=has_installed))


def _is_new(boot: AnsweredStationCall, known: Known201) -> bool:
    """Return whether a boot has certainly activated new firmware."""
    version = boot.payload["chargingStation"].get("firmwareVersion")
    previous = known[FirmwareActivation].previous_version
    return None not in {version, previous} and version != previous


def _end_of(update: FirmwareUpdate, boot: AnsweredStationCall, *, has_installed: bool) -> ExpectedMessage:
    requirements = ("L01.FR.32", "L02.FR.21") if has_installed else ("L01.FR.28", "L02.FR.20")
    return ExpectedMessage(
        FIRMWARE_INSTALLED_NOT_REPORTED.id,
        (requirements[0 if update.is_signed else 1],),
        since=boot.at,
        within_s=_REPORTED_WITHIN_S,
        actions=frozenset({FIRMWARE_STATUS}),
        is_fulfilled_by=_is_status_of(update),
        sentence=f"the station booted after {update.status} of the update with requestId "
        f"{update.request_id} but sent no further status of it within {_REPORTED_WITHIN_S:g} s; it must send "
        "Installed",
        frames=(update.frame, boot.frame),
        counts_as_met=False,
    )


def _is_status_of(update: FirmwareUpdate) -> Callable[[str, JsonObject], bool]:
    return lambda _, status: status.get("requestId", update.request_id) == update.request_id


def _judge_boot(*, is_signed: bool) -> Callable[[StationCall, Known201], Outcome]:
    def judge(call: StationCall, known: Known201) -> Outcome:
        """Return MET if the station has waited for the end of all transactions before it rebooted."""
        update = activated_update(call, known)
        if update is None or update.is_signed != is_signed or known.running.by_id:
            return None
        return MET if known[FirmwareActivation].has_waited else None

    return judge


def _judge_end(*, is_signed: bool) -> Callable[[StationCall, Known201], Outcome]:
    def judge(call: StationCall, known: Known201) -> Outcome:
        """Check that a transaction had ended when the station rebooted."""
        info = call.payload["transactionInfo"]
        activation = known[FirmwareActivation].interrupted.get(info["transactionId"])
        ended_at = seconds_of(call.payload["timestamp"])
        if activation is None or activation.is_signed != is_signed or ended_at is None:
            return None
        if not known.clock.is_right:
            return None
        if ended_at <= activation.at + CLOCK_ERROR_S and info.get("stoppedReason") != _BY_REBOOT:
            return None
        return Broken(
            f"the transaction {short(info['transactionId'])} was not over when the station booted new "
            "firmware; the station must wait for the end of all transactions",
            (activation.frame,),
        )

    return judge


for _requirement, _is_signed in (("L01.FR.33", True), ("L02.FR.22", False)):
    FIRMWARE_ACTIVATED_DURING_TRANSACTION.on_call(_requirement, of=Action.boot_notification)(
        _judge_boot(is_signed=_is_signed)
    )
    FIRMWARE_ACTIVATED_DURING_TRANSACTION.on_event(_requirement, types=("Ended",))(
        _judge_end(is_signed=_is_signed)
    )
