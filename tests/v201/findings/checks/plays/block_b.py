"""Provisioning."""

from collections.abc import Callable
from functools import partial

from mock_csms.messages import JsonObject
from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.scenes import Scene


def variable(component: str, name: str, **fields: object) -> JsonObject:
    return {"component": {"name": component}, "variable": {"name": name}, **fields}


HEARTBEAT = variable("OCPPCommCtrlr", "HeartbeatInterval")
START_POINT = variable("TxCtrlr", "TxStartPoint")
UNKNOWN = variable("OCPPCommCtrlr", "Unknown")
INSTANCES_ONLY = variable("MonitoringCtrlr", "ItemsPerMessage")
PASSWORD = variable("SecurityCtrlr", "BasicAuthPassword")
READ_ONLY = variable("ChargingStation", "Model")


def read(*variables: JsonObject) -> Callable[[ObservedStation], None]:
    """Read variables."""

    def play(observed: ObservedStation) -> None:
        observed.command("GetVariables", {"getVariableData": list(variables)})

    return play


def set_value(item: JsonObject, value: str) -> Callable[[ObservedStation], None]:
    """Set a variable."""

    def play(observed: ObservedStation) -> None:
        observed.command("SetVariables", {"setVariableData": [{**item, "attributeValue": value}]})

    return play


def play_all(*plays: Callable[[ObservedStation], object]) -> Callable[[ObservedStation], None]:
    """Play one after the other."""

    def play(observed: ObservedStation) -> None:
        for one in plays:
            one(observed)

    return play


def report(base: str, observed: ObservedStation) -> None:
    """Request a base report and wait until it has arrived."""
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": base})
    observed.advance(3)


take_inventory = partial(report, "FullInventory")
take_summary = partial(report, "SummaryInventory")


def get_report(*entries: JsonObject) -> Callable[[ObservedStation], None]:
    """Request a report about variables."""

    def play(observed: ObservedStation) -> None:
        observed.command("GetReport", {"requestId": 2, "componentVariable": list(entries)})
        observed.advance(3)

    return play


EVSES = {"component": {"name": "EVSE"}}
read_and_set = play_all(read(HEARTBEAT, START_POINT), set_value(HEARTBEAT, "60"))
read_unknown = Scene(play_all(take_inventory, read(HEARTBEAT, UNKNOWN)))

SCENES = {
    "answer-does-not-match": Scene(read_and_set),
    "answer-without-data": Scene(read_and_set),
    "attribute-type-missing": Scene(read_and_set),
    "base-report-not-supported": Scene(take_inventory),
    "empty-report-status-wrong": Scene(play_all(take_inventory, get_report(EVSES))),
    "instance-guessed": Scene(play_all(take_inventory, read(INSTANCES_ONLY))),
    "inventory-incomplete": read_unknown,
    "read-only-variable-set": Scene(play_all(take_inventory, set_value(READ_ONLY, "X"))),
    "report-after-refusal": Scene(take_summary),
    "report-characteristics-missing": Scene(take_inventory),
    "report-item-unasked": Scene(get_report(EVSES)),
    "report-variables-missing": Scene(
        play_all(take_inventory, get_report(EVSES)), also=frozenset({"report-item-unasked"})
    ),
    "reported-variable-unknown": read_unknown,
    "unknown-variable-has-value": read_unknown,
    "unknown-variable-status-wrong": read_unknown,
    "write-only-variable-read": Scene(play_all(take_inventory, read(PASSWORD))),
    "write-only-value-reported": Scene(take_inventory),
    "wrong-value-accepted": Scene(play_all(take_inventory, set_value(HEARTBEAT, "often"))),
}
