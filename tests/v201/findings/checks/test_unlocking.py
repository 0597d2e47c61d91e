"""Checks of the answers to UnlockConnector."""

import pytest

from tests.support.talk import Talk, case, device_report


def report_connectors(talk: Talk) -> None:
    """Report connector 1 of EVSE 1 in a FullInventory."""
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    talk.call("NotifyReport", {**device_report((1, 1)), "requestId": 9})


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
