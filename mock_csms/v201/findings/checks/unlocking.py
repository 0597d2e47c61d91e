"""Answers to UnlockConnector (F05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

STATUS_WRONG: Final = CHECKS.kind(
    "unknown-connector-status-wrong",
    "error",
    "an UnlockConnector for a connector that does not exist is not answered with UnknownConnector",
    "a complete FullInventory since the last boot",
)


@STATUS_WRONG.on_command("F05.FR.03", of=Action.unlock_connector)
def judge_unknown_connector(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check the answer for a connector that the station has not reported."""
    place = command.request["evseId"], command.request["connectorId"]
    reported = known[DeviceModelFacts].connectors()
    if not reported or place in reported or place in known.connectors.status:
        return None
    status = command.answer["status"]
    if status == "UnknownConnector":
        return MET
    return Broken(
        f"an UnlockConnector for connector {place[1]} of EVSE {place[0]} was answered with {status} although "
        "the device model has no such connector; the answer must be UnknownConnector",
        (command.sent_frame,),
    )
