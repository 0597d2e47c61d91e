"""Firmware files that a Local Controller has published (L03, L04)."""

from typing import Final, Literal

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

PUBLISH_STATUS: Final = Action.publish_firmware_status_notification.value

_State = Literal["published", "gone"]


class _States(BoundedDict[str, _State]):
    __slots__ = ()
    limit = 20


class Publications(Facts):
    """Whether each firmware file is published or gone according to the messages on this connection, by its
    MD5 checksum in lower case.
    """

    __slots__ = ("latest", "states")

    def __init__(self) -> None:
        self.states = _States()
        self.latest: tuple[int | None, str] = (None, "")
        """requestId and checksum of the latest PublishFirmware."""

    def disconnected(self) -> None:
        self.states.clear()

    def booted(self, reason: str) -> None:
        self.states.clear()

    def doubt(self, action: str | None) -> None:
        if action in {None, PUBLISH_STATUS}:
            self.states.clear()

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.publish_firmware, Action.unpublish_firmware}:
            self.states.clear()


@CHECKS.learn_sent(Action.publish_firmware)
def _begin(command: CommandCall, known: Known201) -> None:
    """Clear the states of all files: the file to be published may replace any of them."""
    publications = known[Publications]
    publications.states.clear()
    publications.latest = command.request["requestId"], command.request["checksum"].lower()


@CHECKS.learn_call(PUBLISH_STATUS)
def _apply_status(call: StationCall, known: Known201) -> None:
    if call.payload["status"] != "Published":
        return
    publications = known[Publications]
    request_id, checksum = publications.latest
    if call.payload.get("requestId") == request_id:
        publications.states[checksum] = "published"
    else:
        publications.states.clear()


@CHECKS.learn_command(Action.unpublish_firmware)
def _unpublish(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] in {"Unpublished", "NoFirmware"}:
        known[Publications].states[command.request["checksum"].lower()] = "gone"
