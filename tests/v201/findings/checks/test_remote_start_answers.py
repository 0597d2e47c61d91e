"""Checks of the answers to RequestStartTransaction."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, TOKEN, Script, Talk, availability, case, profile, reservation

OTHER_TOKEN = {"idToken": "EEFF0011", "type": "ISO14443"}
GROUP = {"idToken": "GROUP", "type": "Central"}
OTHER_GROUP = {"idToken": "OTHERS", "type": "Central"}


def start_remotely(
    talk: Talk, status: str = "Accepted", *, answer: JsonObject | None = None, **request: Any
) -> None:
    fields = {"remoteStartId": 9, "idToken": TOKEN, "evseId": 1, **request}
    talk.command("RequestStartTransaction", fields, status, **(answer or {}))


def begin_transaction(talk: Talk, *, state: str = "EVConnected", **fields: Any) -> None:
    talk.send_event(
        0, "Started", triggerReason="CablePluggedIn", evse=EVSE, info={"chargingState": state}, **fields
    )


def continue_transaction(talk: Talk, **info: Any) -> None:
    talk.at += 10
    talk.send_event(1, info=info)


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def test_remote_start_for_evse_in_use_is_found_once_the_transaction_goes_on(talk: Talk) -> None:
    begin_transaction(talk, state="Charging", idToken=TOKEN)
    start_remotely(talk)
    continue_transaction(talk)

    assert talk.ids == ["remote-start-accepted-while-in-use"]
    assert states(talk, "F01.FR.24", "F02.FR.26") == {"broken"}


@pytest.mark.parametrize(
    ("fields", "status", "request_fields", "state"),
    [
        case("rejected", {"idToken": TOKEN}, "Rejected", {}, "met"),
        case("not charging", {"idToken": TOKEN, "state": "EVConnected"}, "Accepted", {}, "not exercised"),
        case("other EVSE", {"idToken": TOKEN}, "Accepted", {"evseId": 2}, "not exercised"),
    ],
)
def test_answer_for_evse_with_transaction_is_accepted(
    talk: Talk, fields: JsonObject, status: str, request_fields: JsonObject, state: str
) -> None:
    begin_transaction(talk, **{"state": "Charging", **fields})
    start_remotely(talk, status, **request_fields)
    continue_transaction(talk)

    assert talk.ids == []
    assert states(talk, "F01.FR.24", "F02.FR.26") == {state}


@pytest.mark.parametrize("connector_status", ["Unavailable", "Faulted"])
def test_remote_start_for_unusable_evse_is_found(talk: Talk, connector_status: str) -> None:
    talk.status(connector_status)
    start_remotely(talk)
    talk.wait(6)

    assert talk.ids == ["remote-start-accepted-while-unusable"]
    assert states(talk, "F01.FR.23", "F02.FR.25") == {"broken"}


def test_remote_start_is_accepted_if_the_evse_turns_out_to_be_usable(talk: Talk) -> None:
    talk.status("Unavailable")
    start_remotely(talk)
    talk.status("Available")
    talk.wait(6)

    assert talk.ids == []
    assert states(talk, "F01.FR.23", "F02.FR.25") == {"not exercised"}


def join_midway(talk: Talk) -> None:
    """Make the observer forget the station, as after a restart, and then report EVSE 1 as Faulted."""
    talk.observer.forget(*talk.next_entry())
    talk.status("Faulted")


def lose_connection(talk: Talk) -> None:
    talk.status("Faulted")
    talk.reconnect(5)


def make_operative(talk: Talk) -> None:
    talk.status("Unavailable")
    talk.at += 1
    talk.command("ChangeAvailability", availability("Operative"))


def send_unreadable_status(talk: Talk) -> None:
    talk.status("Faulted")
    talk.call("StatusNotification", violation="evseId is missing")


@pytest.mark.parametrize("doubt", [join_midway, lose_connection, make_operative, send_unreadable_status])
def test_evse_may_be_usable_if_its_status_is_uncertain(talk: Talk, doubt: Script) -> None:
    doubt(talk)
    start_remotely(talk)
    talk.wait(6)

    assert "remote-start-accepted-while-unusable" not in talk.ids
    assert states(talk, "F01.FR.23", "F02.FR.25") == {"not exercised"}


def start_remotely_during(talk: Talk, happen: Script, **answer: Any) -> None:
    """Send a remote start; ``happen`` runs before the station answers the command."""
    request = {"remoteStartId": 9, "idToken": TOKEN, "evseId": 1}
    message_id = talk.send_command("RequestStartTransaction", request)
    happen(talk)
    talk.answer_command(message_id, "RequestStartTransaction", {"status": "Accepted", **answer})


def test_evse_that_becomes_faulted_before_the_answer_was_usable(talk: Talk) -> None:
    start_remotely_during(talk, lambda talk: talk.status("Faulted"))
    talk.wait(6)

    assert talk.ids == []


def test_transaction_that_charges_before_the_answer_may_be_the_started_one(talk: Talk) -> None:
    start_remotely_during(talk, lambda talk: begin_transaction(talk, state="Charging", idToken=TOKEN))
    continue_transaction(talk)

    assert "remote-start-accepted-while-in-use" not in talk.ids


def test_transaction_that_begins_before_the_answer_need_not_be_named(talk: Talk) -> None:
    start_remotely_during(talk, begin_transaction)
    continue_transaction(talk)

    assert "remote-start-transaction-not-named" not in talk.ids


def test_rejected_remote_start_for_unusable_evse_meets_the_requirement(talk: Talk) -> None:
    talk.status("Faulted")
    start_remotely(talk, "Rejected")

    assert talk.ids == []
    assert states(talk, "F01.FR.23", "F02.FR.25") == {"met"}


TOKEN_REQUIREMENTS = ("F01.FR.21", "F02.FR.23")
GROUP_REQUIREMENTS = ("F01.FR.22", "F02.FR.24")


def reserve(talk: Talk, **fields: Any) -> None:
    talk.command("ReserveNow", reservation(talk, **fields))
    talk.status("Reserved")


@pytest.mark.parametrize(
    ("reserved", "requested", "requirements"),
    [
        case("other token", {}, {}, TOKEN_REQUIREMENTS),
        case("other group", {"groupIdToken": GROUP}, {"groupIdToken": OTHER_GROUP}, GROUP_REQUIREMENTS),
    ],
)
def test_remote_start_for_evse_reserved_for_others_is_found(
    talk: Talk, reserved: JsonObject, requested: JsonObject, requirements: tuple[str, ...]
) -> None:
    reserve(talk, **reserved)
    start_remotely(talk, idToken=OTHER_TOKEN, **requested)
    talk.wait(6)

    assert talk.ids == ["remote-start-accepted-while-reserved"]
    assert states(talk, *requirements) == {"broken"}


@pytest.mark.parametrize(
    ("reserved", "requested", "status", "state"),
    [
        case("rejected", {}, {"idToken": OTHER_TOKEN}, "Rejected", "met"),
        case("same token", {}, {"idToken": TOKEN}, "Accepted", "not exercised"),
        case(
            "same group",
            {"groupIdToken": GROUP},
            {"idToken": OTHER_TOKEN, "groupIdToken": GROUP},
            "Accepted",
            "not exercised",
        ),
        case(
            "group not sent", {"groupIdToken": GROUP}, {"idToken": OTHER_TOKEN}, "Accepted", "not exercised"
        ),
    ],
)
def test_answer_for_reserved_evse_is_accepted(
    talk: Talk, reserved: JsonObject, requested: JsonObject, status: str, state: str
) -> None:
    reserve(talk, **reserved)
    start_remotely(talk, status, **requested)
    talk.wait(6)

    assert talk.ids == []
    assert states(talk, *TOKEN_REQUIREMENTS) == {state}


def test_rejected_remote_start_for_other_group_meets_the_requirement(talk: Talk) -> None:
    reserve(talk, groupIdToken=GROUP)
    start_remotely(talk, "Rejected", idToken=OTHER_TOKEN, groupIdToken=OTHER_GROUP)

    assert states(talk, *GROUP_REQUIREMENTS) == {"met"}


def test_remote_start_is_accepted_if_the_reservation_turns_out_to_be_over(talk: Talk) -> None:
    reserve(talk)
    start_remotely(talk, idToken=OTHER_TOKEN)
    talk.call("ReservationStatusUpdate", {"reservationId": 3, "reservationUpdateStatus": "Removed"})
    talk.wait(6)

    assert talk.ids == []


def test_evse_may_be_free_if_its_last_status_cannot_be_read(talk: Talk) -> None:
    reserve(talk)
    talk.call("StatusNotification", violation="evseId is missing")
    start_remotely(talk, idToken=OTHER_TOKEN)
    talk.wait(6)

    assert "remote-start-accepted-while-reserved" not in talk.ids


WRONG_PROFILES = [
    case("purpose", profile(), None),
    case("transactionId", profile(chargingProfilePurpose="TxProfile", transactionId="T1"), None),
]


@pytest.mark.parametrize(("charging_profile", "_"), WRONG_PROFILES)
@pytest.mark.parametrize(
    ("status", "ids", "state"),
    [("Accepted", ["remote-start-profile-accepted"], "broken"), ("Rejected", [], "met")],
)
def test_invalid_profile_must_be_rejected(
    talk: Talk, charging_profile: JsonObject, _: None, status: str, ids: list[str], state: str
) -> None:
    talk.read_variables({"SmartChargingCtrlr.Enabled": "true"})
    start_remotely(talk, status, chargingProfile=charging_profile)

    assert talk.ids == ids
    assert states(talk, "F01.FR.26", "F02.FR.27") == {state}


def test_rejection_before_the_boot_is_accepted_shows_nothing_about_profiles(talk: Talk) -> None:
    talk.read_variables({"SmartChargingCtrlr.Enabled": "true"})
    talk.boot("Pending")
    start_remotely(talk, "Rejected", chargingProfile=profile())

    assert states(talk, "F01.FR.26", "F02.FR.27") == {"not exercised"}


def test_rejection_for_a_faulted_evse_shows_nothing_about_profiles(talk: Talk) -> None:
    talk.read_variables({"SmartChargingCtrlr.Enabled": "true"})
    talk.status("Faulted")
    start_remotely(talk, "Rejected", chargingProfile=profile())

    assert states(talk, "F01.FR.26", "F02.FR.27") == {"not exercised"}


@pytest.mark.parametrize(
    ("variables", "charging_profile"),
    [
        case("Enabled unknown", {}, profile()),
        case("no smart charging", {"SmartChargingCtrlr.Enabled": "false"}, profile()),
        case("valid", {"SmartChargingCtrlr.Enabled": "true"}, profile(chargingProfilePurpose="TxProfile")),
    ],
)
def test_other_profile_may_be_accepted(
    talk: Talk, variables: dict[str, str], charging_profile: JsonObject
) -> None:
    if variables:
        talk.read_variables(variables)
    start_remotely(talk, chargingProfile=charging_profile)

    assert talk.ids == []
    assert states(talk, "F01.FR.26", "F02.FR.27") == {"not exercised"}


@pytest.mark.parametrize("answer", [case("none", {}), case("other", {"transactionId": "T2"})])
def test_answer_without_running_transaction_is_found(talk: Talk, answer: JsonObject) -> None:
    begin_transaction(talk)
    start_remotely(talk, answer=answer)
    continue_transaction(talk)

    assert talk.ids == ["remote-start-transaction-not-named"]
    assert talk.coverage("F01.FR.13") == "broken"


@pytest.mark.parametrize(
    ("fields", "answer", "state"),
    [
        case("named", {}, {"transactionId": "T1"}, "met"),
        case("authorized before", {"idToken": TOKEN}, {}, "not exercised"),
    ],
)
def test_answer_with_running_transaction_is_accepted(
    talk: Talk, fields: JsonObject, answer: JsonObject, state: str
) -> None:
    begin_transaction(talk, **fields)
    start_remotely(talk, answer=answer)
    continue_transaction(talk)

    assert talk.ids == []
    assert talk.coverage("F01.FR.13") == state
