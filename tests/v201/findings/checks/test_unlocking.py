"""Checks of the answers to UnlockConnector."""

import pytest

from tests.support.talk import Talk, case, device_report
from tests.v201.findings.checks.inventory import item, take_inventory


def report_connectors(talk: Talk) -> None:
    """Report connector 1 of EVSE 1 in a FullInventory."""
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    talk.call("NotifyReport", {**device_report((1, 1)), "requestId": 9})


def report_evse_without_connectors(talk: Talk) -> None:
    """Report a Connector component of EVSE 1, but of EVSE 2 only the EVSE component."""
    connector = {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}
    evse = {"name": "EVSE", "evse": {"id": 2}}
    take_inventory(talk, [item(connector, "AvailabilityState"), item(evse, "AvailabilityState")])


def test_connector_of_evse_without_reported_connectors_may_exist(talk: Talk) -> None:
    report_evse_without_connectors(talk)
    talk.command("UnlockConnector", {"evseId": 2, "connectorId": 1}, "Unlocked")

    assert talk.ids == []
    assert talk.coverage("F05.FR.03") == "not exercised"


def unlock(talk: Talk, status: str, connector_id: int) -> None:
    talk.command("UnlockConnector", {"evseId": 1, "connectorId": connector_id}, status)


@pytest.mark.parametrize("status", ["Unlocked", "UnlockFailed"])
def test_unlocking_of_unknown_connector_is_found(talk: Talk, status: str) -> None:
    report_connectors(talk)
    unlock(talk, status, 2)

    assert talk.ids == ["unknown-connector-status-wrong"]
    assert talk.coverage("F05.FR.03") == "broken"


@pytest.mark.parametrize(
    ("is_reported", "status", "connector_id", "state"),
    [
        case("unknown", True, "UnknownConnector", 2, "met"),
        case("known", True, "Unlocked", 1, "not exercised"),
        case("not reported yet", False, "Unlocked", 2, "not exercised"),
    ],
)
def test_possible_answer_is_accepted(
    talk: Talk, *, is_reported: bool, status: str, connector_id: int, state: str
) -> None:
    if is_reported:
        report_connectors(talk)
    unlock(talk, status, connector_id)

    assert talk.ids == []
    assert talk.coverage("F05.FR.03") == state
