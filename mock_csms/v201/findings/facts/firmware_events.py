"""Security events about firmware."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_FIRMWARE_EVENTS: Final = frozenset(
    {"FirmwareUpdated", "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate"}
)
SECURITY_EVENT: Final = Action.security_event_notification.value


class FirmwareEvents(Facts):
    """Time of the latest security event of each type that is about firmware."""

    __slots__ = ("is_certain", "sent_at")

    def __init__(self) -> None:
        self.sent_at: dict[str, float] = {}
        self.is_certain = True
        """Whether all security events since the latest UpdateFirmware were readable."""

    def doubt(self, action: str | None) -> None:
        self.is_certain = self.is_certain and action not in {None, SECURITY_EVENT}

    def was_sent(self, event_type: str, since: float) -> bool:
        """Return whether an event of a type was sent at or after a time."""
        return self.sent_at.get(event_type, 0.0) >= since


@CHECKS.learn_sent(Action.update_firmware)
def _begin(_: CommandCall, known: Known201) -> None:
    known[FirmwareEvents].is_certain = True


@CHECKS.learn_call(SECURITY_EVENT)
def _apply_event(call: StationCall, known: Known201) -> None:
    if call.payload["type"] in _FIRMWARE_EVENTS:
        known[FirmwareEvents].sent_at[call.payload["type"]] = call.at
