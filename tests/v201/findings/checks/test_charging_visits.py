"""Checks of the cables, tokens and transactions of a driver's visit."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, TOKEN, Talk, case, reservation

ACCEPTED = {"idTokenInfo": {"status": "Accepted"}}


def plug_in(talk: Talk, **fields: Any) -> None:
    required = {"triggerReason": "CablePluggedIn", "evse": EVSE, "info": {"chargingState": "EVConnected"}}
    talk.send_event(0, "Started", **{**required, **fields})


def report_inventory(talk: Talk, evses: int = 1) -> None:
    talk.command("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
    items = [
        {
            "component": {"name": "EVSE", "evse": {"id": number}},
            "variable": {"name": "AvailabilityState"},
            "variableAttribute": [{"value": "Available"}],
        }
        for number in range(1, evses + 1)
    ]
    talk.call("NotifyReport", {"requestId": 9, "generatedAt": talk.now, "seqNo": 0, "reportData": items})


# Occupied


def send_occupied_event(talk: Talk) -> None:
    talk.send_availability_state("Connector", "Occupied", EVSE)


@pytest.mark.parametrize(
    "report",
    [
        case("StatusNotification", lambda talk: talk.status("Occupied")),
        case("NotifyEvent", send_occupied_event),
    ],
)
@pytest.mark.parametrize("is_first", [False, True], ids=["later", "first"])
def test_occupied_connector_is_reported(
    talk: Talk, report: Callable[[Talk], object], *, is_first: bool
) -> None:
    steps = [plug_in, report]
    for step in reversed(steps) if is_first else steps:
        step(talk)
    talk.wait(70)

    assert talk.ids == []
    assert talk.coverage("G01.FR.03") == talk.coverage("E02.FR.05") == "met"


def test_occupied_connector_that_is_not_reported_is_found(talk: Talk) -> None:
    plug_in(talk)
    talk.wait(70)

    assert talk.ids == ["occupied-not-reported"]
    assert talk.coverage("G01.FR.03") == talk.coverage("E02.FR.05") == "broken"


@pytest.mark.parametrize(
    ("before", "fields", "after"),
    [
        case("reserved", "Reserved", {}, None),
        case("offline", "Available", {"offline": True}, None),
        case("unknown connector", "Available", {"evse": {"id": 7, "connectorId": 1}}, None),
        case("unplugged at once", "Available", {}, "Idle"),
    ],
)
def test_occupied_status_is_not_due(talk: Talk, before: str, fields: JsonObject, after: str | None) -> None:
    talk.status(before)
    plug_in(talk, **fields)
    if after:
        talk.send_event(1, triggerReason="EVCommunicationLost", info={"chargingState": after})
    talk.wait(70)

    assert "occupied-not-reported" not in talk.ids
    assert talk.coverage("G01.FR.03") == talk.coverage("E02.FR.05") == "not exercised"


# Unplugging


def leave(talk: Talk) -> None:
    plug_in(talk)
    talk.status("Occupied")
    talk.wait(10)
    talk.status("Available")


def test_unplugging_that_no_event_reports_is_found(talk: Talk) -> None:
    leave(talk)
    talk.wait(70)

    assert talk.ids == ["unplugging-not-reported"]
    assert talk.coverage("E02.FR.17") == "broken"


@pytest.mark.parametrize(
    "event",
    [
        case("lost", {"triggerReason": "EVCommunicationLost"}),
        case("idle", {"triggerReason": "ChargingStateChanged", "info": {"chargingState": "Idle"}}),
        case("ended", {"event_type": "Ended", "triggerReason": "StopAuthorized", "idToken": TOKEN}),
    ],
)
def test_reported_unplugging_is_accepted(talk: Talk, event: JsonObject) -> None:
    leave(talk)
    talk.send_event(1, **event)
    talk.wait(70)

    assert "unplugging-not-reported" not in talk.ids
    assert talk.coverage("E02.FR.17") == "met"


def test_unplugging_is_overdue_after_the_clock_was_set_back(talk: Talk) -> None:
    talk.error(
        talk.send_call("TransactionEvent", talk.event(5, info={"transactionId": "T2"})), "TransactionEvent"
    )
    talk.at -= 86_400
    talk.observer.clock_set(talk.at, -86_400)
    leave(talk)
    talk.wait(421)

    assert "unplugging-not-reported" in talk.ids


def test_unplugging_may_wait_for_a_retry_while_the_clock_is_set_forward(talk: Talk) -> None:
    talk.error(
        talk.send_call("TransactionEvent", talk.event(5, info={"transactionId": "T2"})), "TransactionEvent"
    )
    talk.at += 3600
    talk.observer.clock_set(talk.at, 3600)
    leave(talk)
    talk.wait(200)

    assert "unplugging-not-reported" not in talk.ids


def test_unplugging_may_be_reported_after_the_queued_events_of_another_transaction(talk: Talk) -> None:
    leave(talk)
    for seq_no in range(3):
        talk.wait(50)
        kind = "Updated" if seq_no else "Started"
        talk.send_event(seq_no, kind, offline=True, evse={"id": 2}, info={"transactionId": "T2"})
    talk.wait(50)
    talk.send_event(1, triggerReason="EVCommunicationLost")
    talk.wait(70)

    assert "unplugging-not-reported" not in talk.ids
    assert talk.coverage("E02.FR.17") == "met"


@pytest.mark.parametrize(
    "status",
    [
        case("other connector", lambda talk: talk.status("Available", 1, 2)),
        case("disconnected", lambda talk: (talk.status("Available"), talk.reconnect(1))),
    ],
)
def test_unplugging_is_not_certain(talk: Talk, status: Callable[[Talk], object]) -> None:
    plug_in(talk)
    talk.status("Occupied")
    status(talk)
    talk.wait(70)

    assert "unplugging-not-reported" not in talk.ids
    assert talk.coverage("E02.FR.17") == "not exercised"


def test_connector_that_was_available_before_shows_no_unplugging(talk: Talk) -> None:
    plug_in(talk)
    talk.status("Available")
    talk.wait(70)

    assert talk.ids == ["occupied-not-reported"]


# Tokens that start


def present(talk: Talk, answer: JsonObject = ACCEPTED, *, points: str = "Authorized", evses: int = 1) -> None:
    report_inventory(talk, evses)
    talk.read_variables({"TxCtrlr.TxStartPoint": points})
    talk.exchange("Authorize", {"idToken": TOKEN}, answer)


@pytest.mark.parametrize(("starts", "state"), [(False, "broken"), (True, "met")])
def test_transaction_must_start_after_authorization(talk: Talk, state: str, *, starts: bool) -> None:
    present(talk)
    talk.wait(30)
    if starts:
        talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    talk.wait(40)

    assert ("start-missing-after-authorization" in talk.ids) is not starts
    assert talk.coverage("E01.FR.03") == state


@pytest.mark.parametrize(
    ("prepare", "options"),
    [
        case("other start point", None, {"points": "EVConnected"}),
        case("several EVSEs", None, {"evses": 2}),
        case("refused", None, {"answer": {"idTokenInfo": {"status": "Invalid"}}}),
        case(
            "may be a master pass",
            None,
            {
                "answer": {
                    "idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "G", "type": "Central"}}
                }
            },
        ),
        case("occupied", lambda talk: talk.status("Occupied"), {}),
        case("running transaction", plug_in, {}),
        case("status from an earlier connection", lambda talk: talk.reconnect(1), {}),
        case("reserved", lambda talk: talk.command("ReserveNow", reservation(talk)), {}),
    ],
)
def test_start_after_authorization_is_not_due(
    talk: Talk, prepare: Callable[[Talk], object] | None, options: Any
) -> None:
    if prepare:
        prepare(talk)
    present(talk, **options)
    talk.wait(70)

    assert "start-missing-after-authorization" not in talk.ids
    assert talk.coverage("E01.FR.03") == "not exercised"
