"""Provisioning."""

from mock_csms.messages import JsonObject
from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.scenes import Scene


def variable(component: str, name: str, **fields: object) -> JsonObject:
    return {"component": {"name": component}, "variable": {"name": name}, **fields}


HEARTBEAT = variable("OCPPCommCtrlr", "HeartbeatInterval")
START_POINT = variable("TxCtrlr", "TxStartPoint")


def read_and_set(observed: ObservedStation) -> None:
    observed.command("GetVariables", {"getVariableData": [HEARTBEAT, START_POINT]})
    observed.command("SetVariables", {"setVariableData": [{**HEARTBEAT, "attributeValue": "60"}]})


SCENES = {
    "answer-does-not-match": Scene(read_and_set),
    "answer-without-data": Scene(read_and_set),
}
