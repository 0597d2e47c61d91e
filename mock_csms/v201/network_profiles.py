"""Learns the security profile of a station from its answers to SetNetworkProfile and SetVariables (A05)."""

from collections.abc import Iterator
from typing import Any, Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject
from mock_csms.security.upgrades import SecurityUpgrades
from mock_csms.v201.variables import is_actual, name_of

NETWORK_COMMANDS: Final = frozenset({Action.set_network_profile, Action.set_variables})
PRIORITY_VARIABLE: Final = "ocppcommctrlr/networkconfigurationpriority"
"""Component and variable in lower case: their case does not matter (Part 2, identifierString)."""
ACCEPTING: Final = frozenset({"Accepted", "RebootRequired"})


def learn_upgrade(  # noqa: PLR0913, PLR0917 - a station with its setting, and a command with its answer
    upgrades: SecurityUpgrades,
    identity: str,
    configured: int,
    action: str,
    request: JsonObject,
    answer: JsonObject,
) -> None:
    """Record the network profile or the priority of configuration slots that a station has accepted.

    May raise UNREADABLE_PAYLOAD for an invalid answer.
    """
    if action == Action.set_network_profile:
        if answer["status"] == "Accepted":
            profile = request["connectionData"]["securityProfile"]
            upgrades.slot_accepted(identity, configured, request["configurationSlot"], profile)
        return
    for slots in _accepted_priorities(request, answer):
        upgrades.priority_accepted(identity, configured, slots)


def _accepted_priorities(request: JsonObject, answer: JsonObject) -> Iterator[list[int]]:
    """Yield the slots of each NetworkConfigurationPriority that the station accepted in a SetVariables."""
    if not any(
        _is_priority(result) and result["attributeStatus"] in ACCEPTING
        for result in answer["setVariableResult"]
    ):
        return
    for item in request["setVariableData"]:
        if _is_priority(item):
            yield [int(slot) for slot in item["attributeValue"].split(",") if slot.strip().isdecimal()]


def _is_priority(item: Any) -> bool:
    return name_of(item) == PRIORITY_VARIABLE and is_actual(item.get("attributeType"))
