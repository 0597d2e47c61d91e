"""Security profiles that NetworkConfigurationPriority may select (A05, with the errata of 2025-09)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.network_profiles import NETWORK_CONFIGURATION_PRIORITY, may_downgrade
from mock_csms.v201.findings.checks.variable_results import SET, WHOLE_MODEL, results_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, name_of_item
from mock_csms.v201.findings.facts.network_slots import NetworkSlots
from mock_csms.v201.findings.known import Known201

SECURITY_DOWNGRADE_SELECTED: Final = CHECKS.kind(
    "security-downgrade-selected",
    "error",
    "NetworkConfigurationPriority is set to a slot with a security profile that the station may not use",
    "an accepted SetNetworkProfile for the slot, SecurityCtrlr.SecurityProfile, and "
    "SecurityCtrlr.AllowSecurityProfileDowngrade or, if the station lacks this variable, "
    f"{WHOLE_MODEL}",
)


def _lowest_profile(command: AnsweredCommand, known: Known201) -> int | None:
    """Return the lowest known security profile that a SetVariables selects; None if none is known."""
    profiles = known[NetworkSlots].security_profiles(command.sent_frame)
    for item in command.request["setVariableData"]:
        if name_of_item(item) == NETWORK_CONFIGURATION_PRIORITY:
            slots = (slot.strip() for slot in item["attributeValue"].split(","))
            return min((profiles[slot] for slot in slots if slot in profiles), default=None)
    return None


def _judge(command: AnsweredCommand, profile: int, active: float) -> Outcome:
    status = next(
        (result.status for result in results_of(command) if result.name == NETWORK_CONFIGURATION_PRIORITY),
        None,
    )
    if status in SET:
        return Broken(
            f"NetworkConfigurationPriority was set to a slot with security profile {profile} although the "
            f"active one is {active:g}; the status must be Rejected"
        )
    return MET if status == "Rejected" else None


@SECURITY_DOWNGRADE_SELECTED.on_command("A00.FR.005", "A05.FR.09", of=Action.set_variables)
def _judge_profile_1(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that security profile 1 is not selected even if downgrades are allowed."""
    model = known[DeviceModelFacts]
    active, lowest = model.number("SecurityCtrlr", "SecurityProfile"), _lowest_profile(command, known)
    if active is None or active <= 1 or lowest != 1 or not may_downgrade(model):
        return None
    return _judge(command, lowest, active)


@SECURITY_DOWNGRADE_SELECTED.on_command("A00.FR.005", "A05.FR.10", of=Action.set_variables)
def _judge_lower_profile(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that no security profile below the active one is selected unless AllowSecurityProfileDowngrade is
    true.
    """
    model = known[DeviceModelFacts]
    active, lowest = model.number("SecurityCtrlr", "SecurityProfile"), _lowest_profile(command, known)
    if active is None or lowest is None or lowest >= active or may_downgrade(model) is not False:
        return None
    return _judge(command, lowest, active)
