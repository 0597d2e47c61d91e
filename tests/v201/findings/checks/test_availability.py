"""Checks of the answers to ChangeAvailability."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, availability, case

EVSE_1 = {"evse_id": 1}
CONNECTOR_1 = {"evse_id": 1, "connector_id": 1}
REQUIREMENTS = [
    case("station", {}, "G04.FR.04"),
    case("EVSE", EVSE_1, "G03.FR.03"),
    case("connector", CONNECTOR_1, "G03.FR.03"),
]
TOLD = {"Operative": "Available", "Inoperative": "Unavailable"}


def change(talk: Talk, status: str, scope: dict[str, int], answer: str = "Accepted") -> None:
    talk.command("ChangeAvailability", availability(status, **scope), answer)


@pytest.mark.parametrize(("scope", "requirement"), REQUIREMENTS)
@pytest.mark.parametrize("operational_status", ["Operative", "Inoperative"])
@pytest.mark.parametrize(
    ("answer", "ids", "state"),
    [
        ("Rejected", ["same-availability-not-accepted"], "broken"),
        ("Scheduled", ["same-availability-not-accepted"], "broken"),
        ("Accepted", [], "met"),
    ],
)
def test_change_to_the_same_availability_must_be_accepted(  # noqa: PLR0917 - a table of cases
    talk: Talk,
    scope: dict[str, int],
    requirement: str,
    operational_status: str,
    answer: str,
    ids: list[str],
    state: str,
) -> None:
    change(talk, operational_status, scope)
    talk.status(TOLD[operational_status])
    change(talk, operational_status, scope, answer)

    assert talk.ids == ids
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    ("first", "between", "told", "second"),
    [
        case("first refused", "Rejected", None, "Unavailable", "Inoperative"),
        case("scheduled", "Scheduled", None, "Unavailable", "Inoperative"),
        case("other status told", "Accepted", None, "Available", "Inoperative"),
        case("changed back in part", "Accepted", CONNECTOR_1, "Unavailable", "Inoperative"),
        case("other availability", "Accepted", None, "Unavailable", "Operative"),
    ],
)
def test_change_may_be_rejected_if_the_state_is_uncertain(
    talk: Talk, first: str, between: JsonObject | None, told: str, second: str
) -> None:
    change(talk, "Inoperative", EVSE_1, first)
    talk.status(told)
    if between:
        change(talk, "Operative", between)
        talk.status(told)
    change(talk, second, EVSE_1, "Rejected")

    assert "same-availability-not-accepted" not in talk.ids
    assert talk.coverage("G03.FR.03") == "not exercised"


@pytest.mark.parametrize("disturb", ["reconnect", "status in between"])
def test_change_may_be_rejected_if_the_status_may_have_changed(talk: Talk, disturb: str) -> None:
    change(talk, "Operative", EVSE_1)
    talk.status()
    if disturb == "reconnect":
        talk.reconnect(5)
    message_id = talk.send_command("ChangeAvailability", availability("Operative", **EVSE_1))
    if disturb == "status in between":
        talk.at += 1
        talk.status("Faulted")
        talk.status()
    talk.answer_command(message_id, "ChangeAvailability", {"status": "Rejected"})

    assert "same-availability-not-accepted" not in talk.ids
