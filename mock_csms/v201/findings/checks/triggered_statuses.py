"""Triggered statuses of firmware updates and publications (L01, L02, L03)."""

from collections.abc import Callable
from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.firmware import FIRMWARE_STATUS, FirmwareUpdates
from mock_csms.v201.findings.facts.publications import PUBLISH_STATUS
from mock_csms.v201.findings.facts.triggered_statuses import (
    TriggeredStatuses,
)
from mock_csms.v201.findings.known import Known201

_IDLE: Final = "Idle"
_DONE: Final = frozenset({"Installed", "Published"})
_FAILED: Final = frozenset(
    {
        "DownloadFailed",
        "InstallationFailed",
        "InstallVerificationFailed",
        "InvalidChecksum",
        "InvalidSignature",
        "PublishFailed",
    }
)
"""Statuses after which a TriggerMessage may get the same status again (L01.FR.26) or Idle (F06.FR.16)."""

TRIGGERED_FIRMWARE_STATUS_WRONG: Final = CHECKS.kind(
    "triggered-firmware-status-wrong",
    "error",
    "after a TriggerMessage for a firmware status, the station sends Idle during an update, or sends "
    "Installed or Published again",
    "the last status before the TriggerMessage, on the same connection; for an update also its "
    "UpdateFirmware",
)

type LastStatusJudge = Callable[[StationCall, Known201], Outcome]


def _last_status(call: StationCall, known: Known201) -> tuple[JsonObject, int] | None:
    return known[TriggeredStatuses].triggered_after(call.action, call.at)


def _is_of(call: StationCall, known: Known201, *, is_signed: bool | None) -> bool:
    """Return whether the last status before the TriggerMessage is about a signed update (``is_signed`` is
    True), an unsigned update (False) or a publication (None).
    """
    last = _last_status(call, known)
    if is_signed is None or last is None:
        return last is not None
    update = known[FirmwareUpdates].by_id.get(last[0].get("requestId", -1))
    return update is not None and update.is_signed == is_signed


def _after_end(*, is_signed: bool | None) -> LastStatusJudge:
    def judge(call: StationCall, known: Known201) -> Outcome:
        last = _last_status(call, known)
        if last is None or last[0]["status"] not in _DONE or not _is_of(call, known, is_signed=is_signed):
            return None
        (payload, frame), status = last, call.payload["status"]
        if status == _IDLE:
            return MET
        if (status, call.payload.get("requestId")) != (payload["status"], payload.get("requestId")):
            return None
        return Broken(
            f"the station answered a TriggerMessage with {call.action} {status}, which it has sent before; "
            f"after {status} it must send Idle",
            (frame,),
        )

    return judge


def _before_end(*, is_signed: bool | None) -> LastStatusJudge:
    def judge(call: StationCall, known: Known201) -> Outcome:
        last = _last_status(call, known)
        if last is None or not _is_of(call, known, is_signed=is_signed):
            return None
        (payload, frame), status = last, call.payload["status"]
        expected = payload["status"]
        if expected in _DONE | {_IDLE}:
            return None
        if status == expected:
            return MET
        if status != _IDLE or expected in _FAILED:
            return None
        return Broken(
            f"the station answered a TriggerMessage with {call.action} Idle after {expected}; it must send "
            "the last status again",
            (frame,),
        )

    return judge


for action, is_signed, after_end, before_end in (
    (FIRMWARE_STATUS, True, "L01.FR.25", "L01.FR.26"),
    (FIRMWARE_STATUS, False, "L02.FR.16", "L02.FR.17"),
    (PUBLISH_STATUS, None, "L03.FR.10", "L03.FR.11"),
):
    TRIGGERED_FIRMWARE_STATUS_WRONG.on_call(after_end, of=action)(_after_end(is_signed=is_signed))
    TRIGGERED_FIRMWARE_STATUS_WRONG.on_call(before_end, of=action)(_before_end(is_signed=is_signed))
