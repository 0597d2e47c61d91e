"""Checks of security profiles and of the password."""

from typing import TYPE_CHECKING

import pytest

from tests.support.talk import Talk, case

if TYPE_CHECKING:
    from mock_csms.messages import JsonObject

PASSWORD = "correct-horse-battery"


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def found(talk: Talk) -> list[str]:
    """Ids of the findings about passwords and security profiles; other findings do not matter here."""
    return [each for each in talk.ids if each.startswith(("password", "security-profile"))]


def store_profile(talk: Talk, security_profile: int) -> None:
    """Send a SetNetworkProfile for slot 2, which the station accepts."""
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://central-system",
        "messageTimeout": 30,
        "securityProfile": security_profile,
        "ocppInterface": "Wired0",
    }
    talk.command("SetNetworkProfile", {"configurationSlot": 2, "connectionData": data})


def set_variable(talk: Talk, variable: str, value: str, status: str = "Accepted") -> None:
    """Set a variable, named as ``Component.Variable``."""
    component, name = variable.split(".")
    item = {"component": {"name": component}, "variable": {"name": name}}
    message_id = talk.send_command("SetVariables", {"setVariableData": [{**item, "attributeValue": value}]})
    result = {**item, "attributeType": "Actual", "attributeStatus": status}
    talk.answer_command(message_id, "SetVariables", {"setVariableResult": [result]})


def select_slot(talk: Talk, status: str) -> None:
    set_variable(talk, "OCPPCommCtrlr.NetworkConfigurationPriority", "2,1", status)


def list_roots(talk: Talk, *types: str) -> None:
    """Make the station answer a GetInstalledCertificateIds with a certificate of each of these types."""
    hash_data = {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "aa",
        "issuerKeyHash": "bb",
        "serialNumber": "01",
    }
    chains = [{"certificateType": each, "certificateHashData": hash_data} for each in types]
    fields: JsonObject = {"certificateHashDataChain": chains} if chains else {}
    status = "Accepted" if chains else "NotFound"
    talk.command("GetInstalledCertificateIds", {}, status, **fields)


@pytest.mark.parametrize(
    ("roots", "new", "status", "findings", "state"),
    [
        case("without root", (), 2, "Accepted", ["security-profile-without-root"], "broken"),
        case(
            "with other root",
            ("V2GRootCertificate",),
            3,
            "Accepted",
            ["security-profile-without-root"],
            "broken",
        ),
        case("rejected", (), 2, "Rejected", [], "met"),
        case("refused for another reason", (), 2, "NotSupportedAttributeType", [], "not exercised"),
        case("with root", ("CSMSRootCertificate",), 2, "Accepted", [], "not exercised"),
        case("not higher", (), 1, "Accepted", [], "not exercised"),
    ],
)
def test_network_profile_with_tls(
    talk: Talk, *, roots: tuple[str, ...], new: int, status: str, findings: list[str], state: str
) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "1"})
    store_profile(talk, new)
    list_roots(talk, *roots)
    select_slot(talk, status)

    assert found(talk) == findings
    assert states(talk, "A05.FR.02") == {state}


def test_network_profile_after_unanswered_installation_is_accepted(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "1"})
    store_profile(talk, 2)
    list_roots(talk)
    talk.time_out("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": "x"})
    talk.findings.clear()
    select_slot(talk, "Accepted")

    assert found(talk) == []


def test_network_profile_after_a_list_from_before_the_installation_is_accepted(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "1"})
    store_profile(talk, 2)
    installation = {"certificateType": "CSMSRootCertificate", "certificate": "x"}
    message_id = talk.send_command("InstallCertificate", installation)
    list_roots(talk)
    talk.answer_command(message_id, "InstallCertificate", {"status": "Accepted"})
    select_slot(talk, "Accepted")

    assert found(talk) == []


def report(talk: Talk, security_profile: str, max_limit: float | None) -> None:
    """Report a FullInventory, without BasicAuthPassword if ``max_limit`` is None."""
    talk.command("GetBaseReport", {"requestId": 20, "reportBase": "FullInventory"})
    component = {"name": "SecurityCtrlr"}
    items: list[JsonObject] = [
        {
            "component": component,
            "variable": {"name": "SecurityProfile"},
            "variableAttribute": [{"type": "MaxSet", "value": "3"}, {"value": security_profile}],
        }
    ]
    if max_limit is not None:
        items.append(
            {
                "component": component,
                "variable": {"name": "BasicAuthPassword"},
                "variableAttribute": [{"mutability": "WriteOnly"}],
                "variableCharacteristics": {
                    "dataType": "string",
                    "maxLimit": max_limit,
                    "supportsMonitoring": False,
                },
            }
        )
    talk.call("NotifyReport", {"requestId": 20, "generatedAt": talk.now, "seqNo": 0, "reportData": items})


@pytest.mark.parametrize(
    ("security_profile", "max_limit", "findings", "state"),
    [
        case("missing", "1", None, ["password-variable-missing"], "broken"),
        case("reported", "2", 40, [], "met"),
        case("not needed", "3", None, [], "not exercised"),
    ],
)
def test_password_in_inventory(
    talk: Talk, security_profile: str, max_limit: float | None, findings: list[str], state: str
) -> None:
    report(talk, security_profile, max_limit)

    assert found(talk) == findings
    assert states(talk, "A01.FR.01") == {state}


@pytest.mark.parametrize(
    ("security_profile", "requirement"), [case("1", "1", "A00.FR.205"), case("2", "2", "A00.FR.304")]
)
@pytest.mark.parametrize(
    ("max_limit", "findings", "state"),
    [
        case("too short", 20, ["password-limit-wrong"], "broken"),
        case("too long", 65, ["password-limit-wrong"], "broken"),
        case("shortest", 40, [], "met"),
        case("longest", 64, [], "met"),
    ],
)
def test_maximum_length_of_password_must_be_40_to_64(
    talk: Talk, *, security_profile: str, requirement: str, max_limit: float, findings: list[str], state: str
) -> None:
    report(talk, security_profile, max_limit)

    assert found(talk) == findings
    assert states(talk, requirement) == {state}


@pytest.mark.parametrize(
    ("password", "text", "findings", "state"),
    [
        case("disclosed", PASSWORD, f"new password {PASSWORD}", ["password-disclosed"], "broken"),
        case("kept", PASSWORD, "new password", [], "met"),
        case("too short to be certain", "new password", "new password", [], "not exercised"),
    ],
)
def test_password_in_security_event(
    talk: Talk, password: str, text: str, findings: list[str], state: str
) -> None:
    set_variable(talk, "SecurityCtrlr.BasicAuthPassword", password)
    talk.call(
        "SecurityEventNotification",
        {"type": "ReconfigurationOfSecurityParameters", "timestamp": talk.now, "techInfo": text},
    )

    assert found(talk) == findings
    assert states(talk, "A01.FR.12") == {state}


def test_other_security_event_does_not_show_that_the_password_is_kept(talk: Talk) -> None:
    set_variable(talk, "SecurityCtrlr.BasicAuthPassword", PASSWORD)
    talk.call("SecurityEventNotification", {"type": "StartupOfTheDevice", "timestamp": talk.now})

    assert states(talk, "A01.FR.12") == {"not exercised"}


def test_password_that_needs_a_reboot_must_not_be_disclosed(talk: Talk) -> None:
    set_variable(talk, "SecurityCtrlr.BasicAuthPassword", PASSWORD, "RebootRequired")
    talk.call(
        "SecurityEventNotification",
        {"type": "StartupOfTheDevice", "timestamp": talk.now, "techInfo": PASSWORD},
    )

    assert found(talk) == ["password-disclosed"]
