"""How a misbehaving station causes the findings about provisioning."""

from collections.abc import Callable
from functools import partial

from mock_csms.messages import JsonObject
from mock_csms.simulator.security_setup import SecuritySetup
from tests.support.observed_station import TOKEN, ObservedStation
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
    """Make a function that reads these variables."""

    def play(observed: ObservedStation) -> None:
        observed.command("GetVariables", {"getVariableData": list(variables)})

    return play


def set_value(item: JsonObject, value: str) -> Callable[[ObservedStation], None]:
    """Make a function that sets this variable."""

    def play(observed: ObservedStation) -> None:
        observed.command("SetVariables", {"setVariableData": [{**item, "attributeValue": value}]})

    return play


def play_all(*plays: Callable[[ObservedStation], object]) -> Callable[[ObservedStation], None]:
    """Make a function that calls these functions one after the other."""

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
    """Make a function that requests a report about these variables."""

    def play(observed: ObservedStation) -> None:
        observed.command("GetReport", {"requestId": 2, "componentVariable": list(entries)})
        observed.advance(3)

    return play


def set_network_profiles(observed: ObservedStation) -> None:
    """Send a SetNetworkProfile for a slot that does not exist; set NetworkConfigurationPriority to it."""
    observed.command("SetNetworkProfile", {"configurationSlot": 999, "connectionData": PROFILE})
    set_value(PRIORITY, "999")(observed)


def set_lower_profile(observed: ObservedStation) -> None:
    """Set a network profile with security profile 1."""
    observed.command("SetNetworkProfile", {"configurationSlot": 1, "connectionData": PROFILE})


def reset_evse(observed: ObservedStation) -> None:
    """Reset an idle EVSE."""
    observed.command("Reset", {"type": "OnIdle", "evseId": 1})
    observed.advance(3)


def reset_after_transaction(observed: ObservedStation) -> None:
    """Schedule a reset, then end the transaction that it waits for."""
    observed.station.plug_in()
    observed.station.present(TOKEN)
    observed.advance(5)
    observed.command("Reset", {"type": "OnIdle"})
    observed.station.unplug()
    observed.advance(15)


PROFILE = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "ws://host",
    "messageTimeout": 30,
    "securityProfile": 1,
    "ocppInterface": "Wired0",
}
PRIORITY = variable("OCPPCommCtrlr", "NetworkConfigurationPriority")
ALLOW_RESET = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AllowReset"}}
EVSES = {"component": {"name": "EVSE"}}
read_and_set = play_all(read(HEARTBEAT, START_POINT), set_value(HEARTBEAT, "60"))
read_unknown = Scene(play_all(take_inventory, read(HEARTBEAT, UNKNOWN)))

SCENES = {
    "answer-does-not-match": Scene(read_and_set),
    "answer-without-data": Scene(read_and_set),
    "attribute-type-missing": Scene(read_and_set),
    "base-report-not-supported": Scene(take_inventory),
    "command-refused-while-pending": Scene(read(HEARTBEAT), station={"boots": ("Pending",)}),
    "clock-not-synchronized": Scene(play_all(take_inventory, take_summary)),
    "empty-report-status-wrong": Scene(play_all(take_inventory, get_report(EVSES))),
    "evse-reset-accepted": Scene(play_all(read(ALLOW_RESET), reset_evse)),
    "evse-reset-not-announced": Scene(play_all(take_inventory, reset_evse)),
    "instance-guessed": Scene(play_all(take_inventory, read(INSTANCES_ONLY))),
    "inventory-incomplete": read_unknown,
    "network-slot-unknown": Scene(play_all(take_inventory, set_network_profiles)),
    "network-slots-too-few": Scene(take_inventory),
    "read-only-variable-set": Scene(play_all(take_inventory, set_value(READ_ONLY, "X"))),
    "report-after-refusal": Scene(take_summary),
    "report-characteristics-missing": Scene(take_inventory),
    "report-item-unasked": Scene(get_report(EVSES)),
    "report-variables-missing": Scene(
        play_all(take_inventory, get_report(EVSES)), also=frozenset({"report-item-unasked"})
    ),
    "reported-variable-unknown": read_unknown,
    "result-before-answer": Scene(take_inventory),
    "security-downgrade-accepted": Scene(
        play_all(take_inventory, set_lower_profile), station={"security": SecuritySetup(profile=2)}
    ),
    "transaction-ended-by-scheduled-reset": Scene(
        reset_after_transaction, also=frozenset({"stopped-reason-wrong"})
    ),
    "unknown-variable-has-value": read_unknown,
    "unknown-variable-status-wrong": read_unknown,
    "write-only-variable-read": Scene(play_all(take_inventory, read(PASSWORD))),
    "valid-command-called-invalid": Scene(take_inventory),
    "write-only-value-reported": Scene(take_inventory),
    "wrong-value-accepted": Scene(play_all(take_inventory, set_value(HEARTBEAT, "often"))),
}
