"""Checks of the availability of EVSEs while a firmware update waits."""

import pytest

from tests.support.talk import Script, Talk, case
from tests.v201.findings.checks.firmware import BEFORE_INSTALLATION, begin_update, send_statuses

KIND = "available-during-firmware-update"
UPDATES = pytest.mark.parametrize(
    ("is_signed", "requirement"), [case("signed", True, "L01.FR.07"), case("unsigned", False, "L02.FR.04")]
)


def begin_wait(talk: Talk, *, allows: str = "false", is_signed: bool = True, install_s: float = -61) -> None:
    """Charge at EVSE 1 of two, and begin an update that waits for the end of the transaction."""
    talk.status(evse_id=2)
    talk.read_variables({"ChargingStation.AllowNewSessionsPendingFirmwareUpdate": allows})
    talk.status("Occupied")
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})
    begin_update(talk, is_signed=is_signed, install_s=install_s)
    send_statuses(talk, *BEFORE_INSTALLATION)


@UPDATES
def test_idle_connector_that_stays_available_is_found(talk: Talk, is_signed: bool, requirement: str) -> None:
    begin_wait(talk, is_signed=is_signed)
    send_statuses(talk, "InstallScheduled")
    talk.wait(61)

    assert talk.ids == [KIND]
    assert talk.coverage(requirement) == "broken"


@UPDATES
@pytest.mark.parametrize("is_before", [True, False])
def test_idle_connector_that_becomes_unavailable_is_accepted(
    talk: Talk, is_signed: bool, requirement: str, is_before: bool
) -> None:
    begin_wait(talk, is_signed=is_signed)
    if is_before:
        talk.status("Unavailable", evse_id=2)
    send_statuses(talk, "InstallScheduled")
    if not is_before:
        talk.status("Unavailable", evse_id=2)
    talk.wait(61)

    assert talk.ids == []
    assert talk.coverage(requirement) == "met"


def test_event_reports_the_availability_too(talk: Talk) -> None:
    begin_wait(talk)
    send_statuses(talk, "InstallScheduled")
    talk.send_availability_state("Connector", "Unavailable", {"id": 2, "connectorId": 1})
    talk.wait(61)

    assert talk.ids == []
    assert talk.coverage("L01.FR.07") == "met"


@pytest.mark.parametrize(
    ("allows", "install_s"),
    [
        case("new sessions allowed", "true", -1),
        case("installed later", "false", 500),
        case("perhaps due", "false", 0.05),
    ],
)
def test_update_that_blocks_no_evse_is_accepted(talk: Talk, allows: str, install_s: float) -> None:
    begin_wait(talk, allows=allows, install_s=install_s)
    send_statuses(talk, "InstallScheduled")
    talk.wait(61)

    assert talk.ids == []
    assert talk.coverage("L01.FR.07") == "not exercised"


@pytest.mark.parametrize(
    "happen",
    [
        case("installation", lambda talk: send_statuses(talk, "Installing")),
        case("end of transaction", lambda talk: talk.send_event(1, "Ended")),
        case("EVSE in use", lambda talk: talk.status("Occupied", evse_id=2)),
        case("EVSE unavailable", lambda talk: talk.send_availability_state("EVSE", "Unavailable", {"id": 2})),
    ],
)
def test_wait_may_be_over(talk: Talk, happen: Script) -> None:
    begin_wait(talk)
    send_statuses(talk, "InstallScheduled")
    happen(talk)
    talk.wait(61)

    assert talk.ids == []


def test_evse_with_a_vehicle_at_another_connector_is_in_use(talk: Talk) -> None:
    begin_wait(talk)
    talk.status("Occupied", evse_id=2, connector_id=2)
    send_statuses(talk, "InstallScheduled")
    talk.wait(61)

    assert talk.ids == []
