"""Publishing of firmware by a Local Controller (L03, L04)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.publications import PUBLISH_STATUS, Publications
from mock_csms.v201.findings.known import Known201

PUBLISHED_WITHOUT_LOCATION: Final = CHECKS.kind(
    "published-without-location",
    "error",
    "a PublishFirmwareStatusNotification with the status Published has no location",
)
UNPUBLISH_ANSWER_WRONG: Final = CHECKS.kind(
    "unpublish-answer-wrong",
    "error",
    "the answer to UnpublishFirmware is wrong about whether the file is published",
    "the status Published, or an earlier answer about the same file, on the same connection",
)


@PUBLISHED_WITHOUT_LOCATION.on_call("L03.FR.04", of=PUBLISH_STATUS)
def _judge_location(call: StationCall, known: Known201) -> Outcome:
    """Check that a published file has a location."""
    if call.payload["status"] != "Published":
        return None
    if call.payload.get("location"):
        return MET
    return Broken(
        "a PublishFirmwareStatusNotification Published was sent without location; it must name where "
        "stations find the file"
    )


@UNPUBLISH_ANSWER_WRONG.on_command("L04.FR.02", of=Action.unpublish_firmware)
def _judge_published(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an UnpublishFirmware for a published file is answered with Unpublished."""
    checksum, status = command.request["checksum"], command.answer["status"]
    if known[Publications].states.get(checksum.lower()) != "published" or status == "DownloadOngoing":
        return None
    if status == "Unpublished":
        return MET
    return Broken(
        f"UnpublishFirmware for the checksum {short(checksum)} was answered with {status}, although the "
        "station has published this file; the answer must be Unpublished",
        (command.sent_frame,),
    )


@UNPUBLISH_ANSWER_WRONG.on_command("L04.FR.03", of=Action.unpublish_firmware)
def _judge_gone(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an UnpublishFirmware for a file that is not published any more is answered with
    NoFirmware.
    """
    checksum, status = command.request["checksum"], command.answer["status"]
    if known[Publications].states.get(checksum.lower()) != "gone" or status == "DownloadOngoing":
        return None
    if status == "NoFirmware":
        return MET
    return Broken(
        f"UnpublishFirmware for the checksum {short(checksum)} was answered with {status}, although the "
        "station has said before that this file is not published; the answer must be NoFirmware",
        (command.sent_frame,),
    )
