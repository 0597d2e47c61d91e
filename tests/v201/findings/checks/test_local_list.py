"""Checks of the local authorization list."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import TOKEN, Talk, case
from tests.v201.findings.checks.authorizing import OTHER, entry, send_list

ENABLED = {"LocalAuthListCtrlr.Enabled": "true"}
REMOVED: JsonObject = {"idToken": TOKEN}


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def update(talk: Talk, *entries: JsonObject, update_type: str = "Full", version: int = 1) -> None:
    """Send a list that is accepted, and wait until it is certainly stored."""
    talk.read_variables(ENABLED)
    send_list(talk, *entries, update_type=update_type, version=version)
    talk.wait(10)


def read_version(talk: Talk, version: int) -> None:
    message_id = talk.send_command("GetLocalListVersion", {})
    talk.answer_command(message_id, "GetLocalListVersion", {"versionNumber": version})


def read_entries(talk: Talk, count: int) -> None:
    talk.read_variables({"LocalAuthListCtrlr.Entries": str(count)})


@pytest.mark.parametrize(
    ("version", "findings", "state"),
    [case("other", 6, ["list-version-wrong"], "broken"), case("same", 5, [], "met")],
)
def test_list_must_have_the_version_of_its_update(
    talk: Talk, version: int, findings: list[str], state: str
) -> None:
    update(talk, version=5)
    read_version(talk, version)

    assert talk.ids == findings
    assert states(talk, "D01.FR.01", "D02.FR.01") == {state}


def test_version_right_after_update_is_not_judged(talk: Talk) -> None:
    talk.read_variables(ENABLED)
    send_list(talk, version=5)
    read_version(talk, 4)

    assert talk.ids == []


def test_version_after_update_without_answer_is_not_judged(talk: Talk) -> None:
    update(talk, version=5)
    talk.time_out("SendLocalList", {"versionNumber": 6, "updateType": "Full"})
    talk.findings.clear()
    read_version(talk, 6)

    assert talk.ids == []


def test_version_after_reconnect_is_not_judged(talk: Talk) -> None:
    update(talk, version=5)
    talk.reconnect(5)
    read_version(talk, 6)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("enabled", "version", "findings", "state"),
    [
        case("disabled", "false", 5, ["list-version-while-disabled"], "broken"),
        case("disabled and 0", "false", 0, [], "met"),
        case("enabled", "true", 5, [], "not exercised"),
    ],
)
def test_version_of_disabled_list_must_be_0(
    talk: Talk, enabled: str, version: int, findings: list[str], state: str
) -> None:
    talk.read_variables({"LocalAuthListCtrlr.Enabled": enabled})
    read_version(talk, version)

    assert talk.ids == findings
    assert states(talk, "D02.FR.03") == {state}


@pytest.mark.parametrize(
    ("version", "findings", "state"),
    [
        case("lost", 0, ["list-lost-at-reboot"], "broken"),
        case("kept", 5, [], "met"),
        case("another", 6, [], "not exercised"),
    ],
)
def test_version_must_be_kept_after_restart(
    talk: Talk, version: int, findings: list[str], state: str
) -> None:
    update(talk, version=5)
    talk.reconnect(30)
    talk.boot()
    talk.status()
    read_version(talk, version)

    assert talk.ids == findings
    assert states(talk, "D01.FR.10") == {state}


@pytest.mark.parametrize(
    ("version", "findings", "state"),
    [case("other", 6, ["list-changed-by-itself"], "broken"), case("same", 5, [], "met")],
)
def test_version_must_not_change_without_update(
    talk: Talk, version: int, findings: list[str], state: str
) -> None:
    read_version(talk, 5)
    talk.wait(10)
    read_version(talk, version)

    assert talk.ids == findings
    assert states(talk, "D01.FR.09") == {state}


def test_version_may_change_with_update_or_setting(talk: Talk) -> None:
    read_version(talk, 0)
    update(talk, version=5)
    read_version(talk, 5)
    talk.at += 1
    variable = {
        "component": {"name": "LocalAuthListCtrlr"},
        "variable": {"name": "Enabled"},
        "attributeValue": "false",
    }
    talk.time_out("SetVariables", {"setVariableData": [variable]})
    talk.findings.clear()
    read_version(talk, 0)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("version", "status", "findings", "state"),
    [
        case("lower", 4, "Accepted", ["outdated-list-accepted"], "broken"),
        case("equal", 5, "Accepted", ["outdated-list-accepted"], "broken"),
        case("refused", 4, "VersionMismatch", [], "met"),
        case("failed", 4, "Failed", [], "not exercised"),
        case("higher", 6, "Accepted", [], "not exercised"),
    ],
)
def test_outdated_differential_update_must_be_refused(
    talk: Talk, version: int, status: str, findings: list[str], state: str
) -> None:
    update(talk, version=5)
    talk.command("SendLocalList", {"versionNumber": version, "updateType": "Differential"}, status)

    assert talk.ids == findings
    assert states(talk, "D01.FR.19") == {state}


def test_version_that_was_read_counts(talk: Talk) -> None:
    read_version(talk, 5)
    talk.command("SendLocalList", {"versionNumber": 5, "updateType": "Differential"})

    assert talk.ids == ["outdated-list-accepted"]


def test_list_may_be_lost_by_an_update_that_failed(talk: Talk) -> None:
    update(talk, version=5)
    read_version(talk, 5)
    talk.command("SendLocalList", {"versionNumber": 6, "updateType": "Full"}, "Failed")
    read_version(talk, 0)
    talk.command("SendLocalList", {"versionNumber": 5, "updateType": "Differential"})

    assert talk.ids == []


def test_version_may_be_another_after_a_change_of_settings(talk: Talk) -> None:
    update(talk, version=5)
    variable = {
        "component": {"name": "LocalAuthListCtrlr"},
        "variable": {"name": "Enabled"},
        "attributeValue": "false",
    }
    talk.ask_in_vain("SetVariables", {"setVariableData": [variable]})
    talk.command("SendLocalList", {"versionNumber": 4, "updateType": "Differential"})

    assert talk.ids == []


def reboot(talk: Talk, reason: str) -> None:
    talk.boot(reason=reason)
    talk.status()


def test_list_that_is_lost_by_a_reboot_has_no_version_or_entries(talk: Talk) -> None:
    update(talk, entry(), version=5)
    read_version(talk, 5)
    reboot(talk, "PowerUp")
    read_version(talk, 0)
    talk.read_variables(ENABLED)
    read_entries(talk, 0)
    talk.command("SendLocalList", {"versionNumber": 1, "updateType": "Differential"})

    assert talk.ids == ["list-lost-at-reboot"]


def test_list_may_be_lost_at_a_reboot_for_an_unknown_reason(talk: Talk) -> None:
    update(talk, version=5)
    reboot(talk, "Unknown")
    read_version(talk, 0)

    assert talk.ids == []


FULL = [
    case("cleared", (), 0, "D01.FR.04"),
    case("replaced", (entry(), entry(OTHER)), 2, "D01.FR.15"),
]
DIFFERENTIAL = [
    case("added", (entry(OTHER),), 2, "D01.FR.16"),
    case("changed", (entry(status="Blocked"),), 1, "D01.FR.16"),
    case("removed", (REMOVED,), 0, "D01.FR.17"),
]
COUNTS = [case("wrong", 5, ["list-entries-wrong"], "broken"), case("right", 0, [], "met")]


@pytest.mark.parametrize(("entries", "count", "requirement"), FULL)
@pytest.mark.parametrize(("excess", "findings", "state"), COUNTS)
def test_full_update_must_replace_the_entries(
    talk: Talk,
    *,
    entries: tuple[JsonObject, ...],
    count: int,
    requirement: str,
    excess: int,
    findings: list[str],
    state: str,
) -> None:
    update(talk, *entries)
    read_entries(talk, count + excess)

    assert talk.ids == findings
    assert states(talk, requirement) == {state}


@pytest.mark.parametrize(("entries", "count", "requirement"), DIFFERENTIAL)
@pytest.mark.parametrize(("excess", "findings", "state"), COUNTS)
def test_differential_update_must_change_the_entries(
    talk: Talk,
    *,
    entries: tuple[JsonObject, ...],
    count: int,
    requirement: str,
    excess: int,
    findings: list[str],
    state: str,
) -> None:
    update(talk, entry())
    read_entries(talk, 1)
    update(talk, *entries, update_type="Differential", version=2)
    read_entries(talk, count + excess)

    assert talk.ids == findings
    assert states(talk, requirement) == {state}


def test_entries_after_differential_update_of_unconfirmed_list_are_not_judged(talk: Talk) -> None:
    update(talk, entry())
    update(talk, entry(OTHER), update_type="Differential", version=2)
    read_entries(talk, 5)

    assert talk.ids == []


def test_entries_of_list_with_repeated_token_are_not_judged(talk: Talk) -> None:
    update(talk, entry(), entry({**TOKEN, "idToken": TOKEN["idToken"].lower()}))
    read_entries(talk, 2)

    assert talk.ids == []


def report(talk: Talk, available: str, entries: JsonObject | None) -> None:
    """Report LocalAuthListCtrlr in a FullInventory, without the variable Entries if ``entries`` is None."""
    talk.command("GetBaseReport", {"requestId": 20, "reportBase": "FullInventory"})
    component = {"name": "LocalAuthListCtrlr"}
    items: list[JsonObject] = [
        {
            "component": component,
            "variable": {"name": "Available"},
            "variableAttribute": [{"value": available}],
        }
    ]
    if entries is not None:
        item = {
            "component": component,
            "variable": {"name": "Entries"},
            "variableAttribute": [{"value": "0"}],
        }
        items.append({**item, **entries})
    talk.call("NotifyReport", {"requestId": 20, "generatedAt": talk.now, "seqNo": 0, "reportData": items})


UNLIMITED: JsonObject = {"variableCharacteristics": {"dataType": "integer", "supportsMonitoring": True}}
LIMITED: JsonObject = {
    "variableCharacteristics": {"dataType": "integer", "maxLimit": 9, "supportsMonitoring": True}
}


@pytest.mark.parametrize(
    ("available", "entries", "findings", "state"),
    [
        case("missing", "true", None, ["list-entries-not-reported"], "broken"),
        case("without limit", "true", UNLIMITED, ["list-entries-not-reported"], "broken"),
        case("without characteristics", "true", {}, [], "not exercised"),
        case("with limit", "true", LIMITED, [], "met"),
        case("without list", "false", None, [], "not exercised"),
    ],
)
def test_inventory_must_have_the_limit_of_list_entries(
    talk: Talk, available: str, entries: JsonObject | None, findings: list[str], state: str
) -> None:
    report(talk, available, entries)

    assert [found for found in talk.ids if found.startswith("list-")] == findings
    assert states(talk, "D01.FR.12") == {state}
