"""Root certificates for security profiles, and the password of a station (A00, A01, A05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.csms_root import CsmsRoot
from mock_csms.v201.findings.facts.device_model import (
    DeviceModelFacts,
    VariableName,
    name_of_item,
)
from mock_csms.v201.findings.facts.network_slots import NetworkSlots
from mock_csms.v201.findings.known import Known201

_PRIORITY: Final = VariableName("ocppcommctrlr", "networkconfigurationpriority")
_PASSWORD: Final = VariableName("securityctrlr", "basicauthpassword")
_PROFILE: Final = VariableName("securityctrlr", "securityprofile")
_TAKEN: Final = frozenset({"Accepted", "RebootRequired"})
_LENGTHS: Final = range(40, 65)
"""Values that the maximum length of the password may have (errata of A00.FR.205)."""
_RECONFIGURED: Final = "ReconfigurationOfSecurityParameters"
"""Type of the security event after a change of the password."""
_MIN_SECRET: Final = 16
"""Minimum length of a password (A00.FR.205); a shorter one may occur in a text by chance."""

SECURITY_PROFILE_WITHOUT_ROOT: Final = CHECKS.kind(
    "security-profile-without-root",
    "error",
    "NetworkConfigurationPriority is set to a slot with a higher security profile with TLS although "
    "no CSMSRootCertificate is installed",
    "SecurityCtrlr.SecurityProfile, the accepted SetNetworkProfile for the slot, and the answer to a "
    "GetInstalledCertificateIds",
)
PASSWORD_VARIABLE_MISSING: Final = CHECKS.kind(
    "password-variable-missing",
    "error",
    "a station with HTTP Basic authentication has no BasicAuthPassword",
    "a FullInventory in which SecurityCtrlr.SecurityProfile is 1 or 2",
)
PASSWORD_LIMIT_WRONG: Final = CHECKS.kind(
    "password-limit-wrong",
    "error",
    "the maximum length of BasicAuthPassword is not between 40 and 64",
    "a FullInventory in which SecurityCtrlr.SecurityProfile is 1 or 2",
)
PASSWORD_DISCLOSED: Final = CHECKS.kind(
    "password-disclosed",
    "error",
    "a security event contains the password of the station",
    "an accepted SetVariables of SecurityCtrlr.BasicAuthPassword",
)


def _priorities(command: AnsweredCommand) -> tuple[list[str], str] | None:
    """Return the slots that a SetVariables puts into NetworkConfigurationPriority, and the attributeStatus in
    the result; None if the command does not set this variable or the result is missing.
    """
    answers = {
        name_of_item(result): result["attributeStatus"] for result in command.answer["setVariableResult"]
    }
    for item in command.request["setVariableData"]:
        if name_of_item(item) == _PRIORITY and _PRIORITY in answers:
            return [slot.strip() for slot in item["attributeValue"].split(",")], answers[_PRIORITY]
    return None


def _judge_profiles(command: AnsweredCommand, profiles: set[int], fault: str) -> Outcome:
    """Judge whether a SetVariables of NetworkConfigurationPriority is rejected if its slots have the
    forbidden security profiles in `profiles`; `fault` says why they are forbidden.
    """
    found = _priorities(command)
    if found is None or not profiles:
        return None
    if found[1] not in _TAKEN:
        return MET if found[1] == "Rejected" else None
    named = ", ".join(map(str, sorted(profiles)))
    return Broken(
        f"NetworkConfigurationPriority was set to a network profile with the security profile {named}, "
        f"{fault}; the answer must be Rejected",
        (command.sent_frame,),
    )


def _named_profiles(command: AnsweredCommand, known: Known201) -> set[int]:
    """Return the known security profiles of the slots that a SetVariables puts into
    NetworkConfigurationPriority.
    """
    found, profiles = _priorities(command), known[NetworkSlots].security_profiles(command.sent_frame)
    return {profiles[slot] for slot in found[0] if slot in profiles} if found else set()


def _active_profile(known: Known201) -> int | None:
    """Return the security profile in use; None if it is not known."""
    number = known[DeviceModelFacts].number("SecurityCtrlr", "SecurityProfile")
    return None if number is None else int(number)


@SECURITY_PROFILE_WITHOUT_ROOT.on_command("A05.FR.02", of=Action.set_variables)
def _judge_root(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a network profile with TLS is rejected if no root certificate is installed."""
    active = _active_profile(known)
    if active is None or known[CsmsRoot].is_installed is not False:
        return None
    higher = {profile for profile in _named_profiles(command, known) if profile > active and profile >= 2}
    return _judge_profiles(command, higher, "although no CSMSRootCertificate is installed")


def _profile_in_report(call: StationCall, known: Known201) -> str | None:
    """Return the value of SecurityProfile in this part of a report or, if the part does not have this
    variable, the last known value; None if there is no value.
    """
    model = known[DeviceModelFacts]
    for definition, values in model.reported_in(call):
        if definition.name == _PROFILE:
            return dict(values).get(ACTUAL)
    return model.value(_PROFILE)


@PASSWORD_VARIABLE_MISSING.on_call("A01.FR.01", of=Action.notify_report)
def _judge_password_variable(call: StationCall, known: Known201) -> Outcome:
    """Check that a station with HTTP Basic authentication reports its password variable."""
    inventory = known[DeviceModelFacts].inventory_with(call)
    if inventory is None or _profile_in_report(call, known) not in {"1", "2"}:
        return None
    if _PASSWORD in inventory:
        return MET
    return Broken(
        "a FullInventory lacks SecurityCtrlr.BasicAuthPassword, although the security profile of the station "
        "needs a password; the password must be stored in this variable"
    )


def _judge_limit(call: StationCall, known: Known201, profile: str) -> Outcome:
    """Judge the maxLimit of BasicAuthPassword in a complete FullInventory if SecurityProfile is `profile`."""
    inventory = known[DeviceModelFacts].inventory_with(call)
    if inventory is None or _PASSWORD not in inventory or _profile_in_report(call, known) != profile:
        return None
    limit = inventory[_PASSWORD].max_limit
    if limit is None:
        return None
    if limit in _LENGTHS:
        return MET
    return Broken(
        f"SecurityCtrlr.BasicAuthPassword has the maxLimit {limit:g}; it must be at least {_LENGTHS[0]} and "
        f"at most {_LENGTHS[-1]}"
    )


@PASSWORD_LIMIT_WRONG.on_call("A00.FR.205", of=Action.notify_report)
def _judge_limit_without_tls(call: StationCall, known: Known201) -> Outcome:
    """Check the maximum length of the password in security profile 1."""
    return _judge_limit(call, known, "1")


@PASSWORD_LIMIT_WRONG.on_call("A00.FR.304", of=Action.notify_report)
def _judge_limit_with_tls(call: StationCall, known: Known201) -> Outcome:
    """Check the maximum length of the password in security profile 2."""
    return _judge_limit(call, known, "2")


class PasswordFacts(Facts):
    """The BasicAuthPassword in the latest accepted SetVariables; empty if there is none."""

    __slots__ = ("password",)

    def __init__(self) -> None:
        self.password = ""


@CHECKS.learn_command(Action.set_variables)
def _learn_password(command: AnsweredCommand, known: Known201) -> None:
    """Store the BasicAuthPassword that the station has accepted."""
    statuses = {
        name_of_item(result): result["attributeStatus"] for result in command.answer["setVariableResult"]
    }
    for item in command.request["setVariableData"]:
        if name_of_item(item) == _PASSWORD and statuses.get(_PASSWORD) in _TAKEN:
            known[PasswordFacts].password = item["attributeValue"]


@PASSWORD_DISCLOSED.on_call("A01.FR.12", of=Action.security_event_notification)
def _judge_disclosure(call: StationCall, known: Known201) -> Outcome:
    """Check that a security event does not contain the password."""
    password, text = known[PasswordFacts].password, call.payload.get("techInfo", "")
    if len(password) < _MIN_SECRET:
        return None
    if password not in text:
        return MET if call.payload["type"] == _RECONFIGURED else None
    return Broken(
        "the techInfo of a security event contains the BasicAuthPassword; it must never be disclosed"
    )
