"""Network profiles that a station accepts, and the slots that it has for them (B09, B10)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.variable_results import SET, WHOLE_MODEL, results_of
from mock_csms.v201.findings.facts.device_model import (
    DeviceModelFacts,
    VariableName,
    name_of_item,
)
from mock_csms.v201.findings.known import Known201

NETWORK_CONFIGURATION_PRIORITY: Final = VariableName("ocppcommctrlr", "networkconfigurationpriority")
_ALLOWS_DOWNGRADE: Final = VariableName("securityctrlr", "allowsecurityprofiledowngrade")
_MIN_SLOTS: Final = 2
_THE_SLOTS: Final = "a report with the valuesList of OCPPCommCtrlr.NetworkConfigurationPriority"

SECURITY_DOWNGRADE_ACCEPTED: Final = CHECKS.kind(
    "security-downgrade-accepted",
    "error",
    "a SetNetworkProfile with a lower security profile than the active one is accepted",
    "SecurityCtrlr.SecurityProfile, and SecurityCtrlr.AllowSecurityProfileDowngrade or, if the "
    f"station lacks this variable, {WHOLE_MODEL}",
)
NETWORK_SLOT_UNKNOWN: Final = CHECKS.kind(
    "network-slot-unknown",
    "error",
    "a command is accepted although it names a slot that is not in the valuesList of "
    "NetworkConfigurationPriority",
    _THE_SLOTS,
)
NETWORK_SLOTS_TOO_FEW: Final = CHECKS.kind(
    "network-slots-too-few", "error", "a station has less than two slots for network profiles", _THE_SLOTS
)


def may_downgrade(model: DeviceModelFacts) -> bool | None:
    """Return whether the station has AllowSecurityProfileDowngrade and it is true; None if unknown."""
    value = model.value(_ALLOWS_DOWNGRADE)
    if value is not None:
        return value.lower() == "true"
    return False if model.is_complete and _ALLOWS_DOWNGRADE not in model.definitions else None


def _judge_rejection(command: AnsweredCommand, fault: str) -> Outcome:
    status = command.answer["status"]
    if status == "Accepted":
        return Broken(f"a SetNetworkProfile was accepted although {fault}; it must be Rejected")
    return MET if status == "Rejected" else None


@SECURITY_DOWNGRADE_ACCEPTED.on_command("B09.FR.04", of=Action.set_network_profile)
def _judge_downgrade(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that no security profile below the active one is accepted unless AllowSecurityProfileDowngrade is
    true.
    """
    model = known[DeviceModelFacts]
    active, asked = model.number("SecurityCtrlr", "SecurityProfile"), command.request["connectionData"]
    if active is None or asked["securityProfile"] >= active or may_downgrade(model) is not False:
        return None
    return _judge_rejection(
        command,
        f"its security profile is {asked['securityProfile']} and the active one is {active:g}",
    )


@SECURITY_DOWNGRADE_ACCEPTED.on_command("B09.FR.31", of=Action.set_network_profile)
def _judge_downgrade_to_1(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that security profile 1 is not accepted even if downgrades are allowed."""
    model = known[DeviceModelFacts]
    active, asked = model.number("SecurityCtrlr", "SecurityProfile"), command.request["connectionData"]
    if active is None or active <= 1 or asked["securityProfile"] != 1 or not may_downgrade(model):
        return None
    return _judge_rejection(command, f"its security profile is 1 and the active one is {active:g}")


def _slots(model: DeviceModelFacts) -> frozenset[str] | None:
    definition = model.definitions.get(NETWORK_CONFIGURATION_PRIORITY)
    return None if definition is None else definition.members


@NETWORK_SLOT_UNKNOWN.on_command("B09.FR.05", of=Action.set_network_profile)
def _judge_slot(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a profile is not accepted for a slot that does not exist."""
    slot, slots = str(command.request["configurationSlot"]), _slots(known[DeviceModelFacts])
    if slots is None or slot in slots:
        return None
    fault = f"its slot {slot} is not in the valuesList of NetworkConfigurationPriority"
    return _judge_rejection(command, fault)


@NETWORK_SLOT_UNKNOWN.on_command("B10.FR.02", of=Action.set_variables)
def _judge_priority(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that NetworkConfigurationPriority is not set to slots that do not exist."""
    slots = _slots(known[DeviceModelFacts])
    if slots is None:
        return None
    asked = {name_of_item(item): item["attributeValue"] for item in command.request["setVariableData"]}
    for result in results_of(command):
        unknown = {part.strip() for part in asked.get(result.name, "").split(",")} - slots - {""}
        if result.name == NETWORK_CONFIGURATION_PRIORITY and unknown:
            if result.status in SET:
                return Broken(
                    f"NetworkConfigurationPriority was set to slots that are not in its valuesList "
                    f"({', '.join(sorted(unknown))}); the status must be Rejected"
                )
            return MET if result.status == "Rejected" else None
    return None


@NETWORK_SLOTS_TOO_FEW.on_call("B09.FR.06", of=Action.notify_report)
def _judge_slots(call: StationCall, known: Known201) -> Outcome:
    """Check that there are at least two slots."""
    for definition, _ in known[DeviceModelFacts].reported_in(call):
        if definition.name == NETWORK_CONFIGURATION_PRIORITY and definition.members is not None:
            count = len(definition.members - {""})
            if count < _MIN_SLOTS:
                return Broken(
                    f"the valuesList of NetworkConfigurationPriority has {count} slots; a station must have "
                    "at least two slots for network profiles"
                )
            return MET
    return None
