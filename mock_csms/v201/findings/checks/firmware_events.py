"""Security events that belong to a firmware update (L01)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.firmware import FirmwareUpdate, on_new_status
from mock_csms.v201.findings.facts.firmware_events import SECURITY_EVENT, FirmwareEvents
from mock_csms.v201.findings.known import Known201

_EVENT_WITHIN_S: Final = 60.0
_ACTIVATED_WITHIN_S: Final = 300.0
_ACTIVATED: Final = "FirmwareUpdated"
"""Event about new firmware; it waits for the end of transactions, as the activation does."""

FIRMWARE_EVENT_MISSING: Final = CHECKS.kind(
    "firmware-event-missing",
    "error",
    "an invalid firmware certificate, an invalid signature or new firmware is not reported as a security "
    "event",
    "the UpdateFirmware with a signing certificate, and that the station has stayed connected for 60 "
    "seconds (for new firmware, 5 minutes)",
)


def _expect(  # noqa: PLR0913, PLR0917 - what is expected, since when, and why
    known: Known201, requirement: str, event_type: str, at: float, within_s: float, cause: str, frame: int
) -> None:
    if not known[FirmwareEvents].is_certain or known.registration.is_unsettled:
        return
    is_activation = event_type == _ACTIVATED
    known.expectations.add(
        ExpectedMessage(
            FIRMWARE_EVENT_MISSING.id,
            (requirement,),
            since=at,
            within_s=within_s,
            actions=frozenset({SECURITY_EVENT}),
            is_fulfilled_by=lambda _, event: bool(event["type"] == event_type),
            sentence=f"{cause} but sent no SecurityEventNotification {event_type} within {within_s:g} s; it "
            "must report this event",
            frames=(frame,),
            is_excused=lambda: (
                known.registration.is_unsettled or (is_activation and _had_transaction_since(at, known))
            ),
        )
    )


def _had_transaction_since(at: float, known: Known201) -> bool:
    """Return whether a transaction may have delayed the activation."""
    return bool(known.running.by_id) or known.running.last_ended_at > at


@FIRMWARE_EVENT_MISSING.on_command("L01.FR.02", of=Action.update_firmware)
def _judge_refusal(command: AnsweredCommand, known: Known201) -> Outcome:
    """Expect the event about an invalid signing certificate; one event may be about several commands."""
    if command.answer["status"] != "InvalidCertificate":
        return None
    if "signingCertificate" not in command.request["firmware"]:
        return None
    event_type = "InvalidFirmwareSigningCertificate"
    if known[FirmwareEvents].was_sent(event_type, command.sent_at - _EVENT_WITHIN_S):
        return MET
    cause = "the station answered UpdateFirmware with InvalidCertificate"
    _expect(known, "L01.FR.02", event_type, command.at, _EVENT_WITHIN_S, cause, command.frame)
    return None


@on_new_status(FIRMWARE_EVENT_MISSING, signed="L01.FR.03")
def _judge_signature(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Expect the event about an invalid signature; it may come before the status InvalidSignature."""
    if call.payload["status"] != "InvalidSignature":
        return None
    event_type = "InvalidFirmwareSignature"
    if known[FirmwareEvents].was_sent(event_type, update.sent_at):
        return MET
    cause = f"the station reported InvalidSignature for the update with requestId {update.request_id}"
    _expect(known, "L01.FR.03", event_type, call.at, _EVENT_WITHIN_S, cause, call.frame)
    return None


@on_new_status(FIRMWARE_EVENT_MISSING, signed="L01.FR.31")
def _judge_installation(call: StationCall, update: FirmwareUpdate, known: Known201) -> Outcome:
    """Expect the event about new firmware; it may come long before the status Installed. During a
    transaction, the station may activate the firmware later.
    """
    if call.payload["status"] != "Installed":
        return None
    if known[FirmwareEvents].was_sent(_ACTIVATED, update.sent_at):
        return MET
    if known.running.by_id:
        return None
    cause = f"the station reported Installed for the update with requestId {update.request_id}"
    _expect(known, "L01.FR.31", _ACTIVATED, call.at, _ACTIVATED_WITHIN_S, cause, call.frame)
    return None
