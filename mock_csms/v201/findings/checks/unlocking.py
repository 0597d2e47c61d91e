"""Answers to UnlockConnector (F05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

UNKNOWN_CONNECTOR_STATUS_WRONG: Final = CHECKS.kind(
    "unknown-connector-status-wrong",
    "error",
    "an UnlockConnector for a connector that does not exist is not answered with UnknownConnector",
    "a complete FullInventory since the last boot, with the Connector components",
)


def _is_missing(place: Connector, known: Known201) -> bool:
    """Return whether the device model is complete and lacks the connector. An EVSE without any Connector
    component tells nothing about its connectors.
    """
    model, (evse_id, _) = known[DeviceModelFacts], place
    if not model.is_complete or place in model.connectors():
        return False
    components = {name.component for name in model.variables() if name.evse_id == evse_id}
    has_connectors = any(name.component == "connector" for name in model.variables())
    return has_connectors and (not components or "connector" in components)


@UNKNOWN_CONNECTOR_STATUS_WRONG.on_command("F05.FR.03", of=Action.unlock_connector)
def _judge_unknown_connector(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the answer is UnknownConnector for a connector that the device model lacks."""
    place = command.request["evseId"], command.request["connectorId"]
    if place in known.connectors.status or not _is_missing(place, known):
        return None
    status = command.answer["status"]
    if status == "UnknownConnector":
        return MET
    return Broken(
        f"an UnlockConnector for connector {place[1]} of EVSE {place[0]} was answered with {status} although "
        "the device model has no such connector; the answer must be UnknownConnector",
        (command.sent_frame,),
    )
