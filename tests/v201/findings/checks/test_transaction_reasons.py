"""Checks of the trigger reasons, charging states and stopped reasons of events."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, REMOTE_START, TOKEN, Talk, case

type Event = tuple[str, JsonObject]

CHARGING: JsonObject = {"info": {"chargingState": "Charging"}}


def send(talk: Talk, *events: Event, transaction_id: str = "T1") -> None:
    """Send the events of a transaction, a second apart."""
    for seq_no, (trigger, fields) in enumerate(events):
        talk.at += 1
        event_type = "Started" if seq_no == 0 else "Ended" if "ended" in fields else "Updated"
        info = {"transactionId": transaction_id, **fields.get("info", {})}
        rest = {name: value for name, value in fields.items() if name not in {"ended", "info"}}
        talk.send_event(seq_no, event_type, triggerReason=trigger, info=info, **rest)


START: Event = ("CablePluggedIn", {"evse": EVSE})


def ended(reason: str | None = None) -> JsonObject:
    return {"ended": True, "info": {} if reason is None else {"stoppedReason": reason}}


# Commands as causes

UNLOCK = {"evseId": 1, "connectorId": 1}
COMMANDS: dict[str, Callable[[Talk], object]] = {
    "RemoteStart": lambda talk: talk.command("RequestStartTransaction", REMOTE_START),
    "RemoteStop": lambda talk: talk.command("RequestStopTransaction", {"transactionId": "T9"}, "Rejected"),
    "ResetCommand": lambda talk: talk.command("Reset", {"type": "Immediate"}, "Rejected"),
    "Trigger": lambda talk: talk.trigger("TransactionEvent", "Rejected"),
    "UnlockCommand": lambda talk: talk.command("UnlockConnector", UNLOCK, "Unlocked"),
}


@pytest.fixture
def uncommanded(unbooted: Talk) -> Talk:
    """A booted station that has been sent no command."""
    unbooted.boot()
    unbooted.status()
    return unbooted


@pytest.mark.parametrize("trigger", COMMANDS)
def test_event_of_a_command_that_was_never_sent_is_found(uncommanded: Talk, trigger: str) -> None:
    send(uncommanded, START, (trigger, {"info": {"chargingState": "Charging"}}))

    assert uncommanded.ids == ["trigger-reason-without-command"]
    assert uncommanded.coverage("E01.FR.15") == "broken"


@pytest.mark.parametrize("trigger", COMMANDS)
def test_event_of_a_command_that_was_sent_is_accepted(uncommanded: Talk, trigger: str) -> None:
    COMMANDS[trigger](uncommanded)
    send(uncommanded, START, (trigger, {"idToken": TOKEN, "info": {"remoteStartId": 9}}))

    assert "trigger-reason-without-command" not in uncommanded.ids
    assert uncommanded.coverage("E01.FR.15") == "met"


def test_started_event_of_a_remote_start_that_was_never_sent_is_found(uncommanded: Talk) -> None:
    send(uncommanded, ("RemoteStart", {"idToken": TOKEN}))

    assert uncommanded.ids == ["trigger-reason-without-command"]


@pytest.mark.parametrize(
    "prepare",
    [
        case("station has not booted", lambda talk: (talk.observer.begin(), talk.connect())),
        case("command with a fault", lambda talk: talk.observer.sent_spoilt_call("1")),
    ],
)
def test_event_of_a_command_that_may_have_been_sent_is_accepted(
    uncommanded: Talk, prepare: Callable[[Talk], object]
) -> None:
    prepare(uncommanded)
    send(uncommanded, START, ("RemoteStop", {}))

    assert uncommanded.ids == []


def test_command_with_a_fault_before_the_boot_may_be_the_cause_of_an_event(unbooted: Talk) -> None:
    unbooted.observer.sent_spoilt_call("1")
    unbooted.boot()
    send(unbooted, START, ("RemoteStop", {}))

    assert "trigger-reason-without-command" not in unbooted.ids


def test_offline_event_and_unknown_start_prove_no_missing_command(uncommanded: Talk) -> None:
    send(uncommanded, START, ("Trigger", {"offline": True}))
    uncommanded.send_event(5, triggerReason="Trigger", info={"transactionId": "T2"})

    assert "trigger-reason-without-command" not in uncommanded.ids


# Charging state


@pytest.mark.parametrize(("fields", "state"), [case("without", {}, "broken"), case("with", CHARGING, "met")])
def test_event_about_the_charging_state_must_have_it(talk: Talk, fields: JsonObject, state: str) -> None:
    send(talk, START)
    for seq_no in (1, 2):
        event = talk.event(seq_no, triggerReason="ChargingStateChanged")
        event["transactionInfo"] = {"transactionId": "T1", **fields.get("info", {})}
        talk.call("TransactionEvent", event)

    assert talk.ids == ["charging-state-missing"] * (state == "broken")
    assert talk.coverage("E01.FR.18") == state


# Authorization during a transaction


@pytest.mark.parametrize("requirement", ["E02.FR.01", "E02.FR.20"])
@pytest.mark.parametrize(
    ("trigger", "state"),
    [
        ("Authorized", "met"),
        ("RemoteStart", "not exercised"),
        ("ChargingStateChanged", "broken"),
        ("Trigger", "broken"),
    ],
)
def test_first_token_must_have_the_trigger_reason_of_an_authorization(
    talk: Talk, requirement: str, trigger: str, state: str
) -> None:
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.trigger("TransactionEvent")
    fields = {"idToken": {"idToken": "OTHER", "type": "ISO14443"}, **CHARGING}
    send(talk, START, (trigger, fields))

    assert ("authorization-not-reported" in talk.ids) == (state == "broken")
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    "events",
    [
        case(
            "token in the Started event",
            [("CablePluggedIn", {"idToken": TOKEN}), ("Trigger", {"idToken": TOKEN})],
        ),
        case("no token", [START, ("ChargingStateChanged", CHARGING)]),
    ],
)
def test_event_without_a_new_authorization_is_accepted(talk: Talk, events: list[Event]) -> None:
    talk.trigger("TransactionEvent")
    send(talk, *events)

    assert "authorization-not-reported" not in talk.ids
    assert talk.coverage("E02.FR.20") == "not exercised"


def test_first_token_without_authorization_is_accepted(talk: Talk) -> None:
    token = {"idToken": "", "type": "NoAuthorization"}
    send(talk, START, ("ChargingStateChanged", {**CHARGING, "idToken": token}))

    assert "authorization-not-reported" not in talk.ids
    assert talk.coverage("E02.FR.20") == "not exercised"


def test_first_token_after_a_gap_is_accepted(talk: Talk) -> None:
    send(talk, START)
    talk.send_event(2, triggerReason="ChargingStateChanged", idToken=TOKEN, **CHARGING)

    assert "authorization-not-reported" not in talk.ids


# Ended events


@pytest.mark.parametrize(
    ("requirement", "kind", "trigger", "reason", "state"),
    [
        ("E06.FR.16", "abnormal-condition-not-reported", "ChargingStateChanged", "GroundFault", "broken"),
        ("E06.FR.16", "abnormal-condition-not-reported", "AbnormalCondition", "OvercurrentFault", "met"),
        ("E06.FR.16", "abnormal-condition-not-reported", "ChargingStateChanged", "Other", "not exercised"),
        ("E07.FR.05", "stopped-reason-unlikely", "StopAuthorized", "PowerQuality", "broken"),
        ("E07.FR.05", "stopped-reason-unlikely", "StopAuthorized", "Local", "met"),
        ("E07.FR.05", "stopped-reason-unlikely", "StopAuthorized", None, "met"),
        ("E07.FR.05", "stopped-reason-unlikely", "StopAuthorized", "MasterPass", "not exercised"),
        ("E07.FR.06", "stopped-reason-unlikely", "EVConnectTimeout", "Local", "broken"),
        ("E07.FR.06", "stopped-reason-unlikely", "Deauthorized", "LocalOutOfCredit", "met"),
        ("E07.FR.06", "stopped-reason-unlikely", "Deauthorized", "Timeout", "met"),
        ("E07.FR.06", "stopped-reason-unlikely", "EnergyLimitReached", "DeAuthorized", "met"),
        ("E07.FR.06", "stopped-reason-unlikely", "Deauthorized", "EVDisconnected", "met"),
        ("E07.FR.06", "stopped-reason-unlikely", "Deauthorized", "Other", "broken"),
        ("E07.FR.06", "stopped-reason-unlikely", "EVDeparted", "Other", "not exercised"),
    ],
)
def test_reason_of_ended_event(  # noqa: PLR0917 - the columns of the table
    talk: Talk, requirement: str, kind: str, trigger: str, reason: str | None, state: str
) -> None:
    charging = CHARGING["info"] if trigger == "ChargingStateChanged" else {}
    fields = ended(reason)
    fields["info"] = {**fields["info"], **charging}
    token = {"idToken": TOKEN} if trigger == "StopAuthorized" else {}
    send(talk, START, (trigger, {**fields, **token}))

    assert talk.ids == [kind] * (state == "broken")
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [("ChargingStateChanged", "GroundFault"), ("StopAuthorized", "PowerQuality"), ("Deauthorized", "Other")],
)
def test_reason_of_ended_event_after_another_stop_is_free(talk: Talk, trigger: str, reason: str) -> None:
    fields = ended(reason)
    fields["info"] = {**fields["info"], **CHARGING["info"]}
    send(talk, START, ("AbnormalCondition", {}), (trigger, {**fields, "idToken": TOKEN}))

    assert not {"abnormal-condition-not-reported", "stopped-reason-unlikely"} & set(talk.ids)


# Number of phases


def charge(talk: Talk, transaction_id: str, **fields: Any) -> None:
    send(
        talk,
        START,
        ("ChargingStateChanged", {**CHARGING, **fields}),
        ("EVCommunicationLost", ended()),
        transaction_id=transaction_id,
    )


def test_number_of_phases_missing_in_later_transaction_is_found(talk: Talk) -> None:
    charge(talk, "T1", numberOfPhasesUsed=3)
    assert talk.coverage("E02.FR.18") == "met"
    charge(talk, "T2")

    assert talk.ids == ["phases-not-reported"]
    assert talk.coverage("E02.FR.18") == "broken"


def test_number_of_phases_in_any_event_is_accepted(talk: Talk) -> None:
    charge(talk, "T1", numberOfPhasesUsed=3)
    send(
        talk,
        START,
        ("ChargingStateChanged", CHARGING),
        ("MeterValuePeriodic", {"numberOfPhasesUsed": 3}),
        ("EVCommunicationLost", ended()),
        transaction_id="T2",
    )

    assert talk.ids == []


def test_station_that_never_reports_phases_is_accepted(talk: Talk) -> None:
    charge(talk, "T1")
    charge(talk, "T2")

    assert talk.ids == []
    assert talk.coverage("E02.FR.18") == "not exercised"


@pytest.mark.parametrize("reason", ["FirmwareUpdate", "Unknown"])
def test_new_firmware_may_report_no_phases(talk: Talk, reason: str) -> None:
    charge(talk, "T1", numberOfPhasesUsed=3)
    talk.boot(reason=reason)
    charge(talk, "T2")

    assert talk.ids == []
