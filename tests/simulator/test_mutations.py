"""Mutations: each form makes the station in the box deviate in the way that it says."""

from typing import Any

import pytest

from mock_csms.errors import UsageError
from mock_csms.simulator.misbehaviour import FORMS, deviations_of
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.observed_station import TOKEN, ObservedStation

GET_INTERVAL = {
    "getVariableData": [
        {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}},
        {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}},
    ]
}


def booted(*mutations: str, **options: Any) -> ObservedStation:
    observed = ObservedStation(*mutations, **options)
    observed.start()
    return observed


def charge(observed: ObservedStation) -> list[Any]:
    """Charge for a minute; return the events of the transaction."""
    observed.station.plug_in()
    observed.advance(2)
    observed.station.present(TOKEN)
    observed.advance(60)
    observed.station.unplug()
    observed.advance(10)
    return observed.calls("TransactionEvent")


def statuses(observed: ObservedStation) -> list[tuple[int, str]]:
    return [(each["evseId"], each["connectorStatus"]) for each in observed.calls("StatusNotification")]


def test_say_changes_a_message() -> None:
    (boot,) = booted("say BootNotification reason=Unknown chargingStation.model=X").calls("BootNotification")

    assert (boot["reason"], boot["chargingStation"]["model"]) == ("Unknown", "X")


def test_say_without_a_value_removes_the_field() -> None:
    (boot,) = booted("say BootNotification chargingStation.serialNumber=").calls("BootNotification")

    assert "serialNumber" not in boot["chargingStation"]


def test_say_sends_invalid_json_types_as_they_are() -> None:
    (boot,) = booted("say BootNotification reason=[5] times 1").calls("BootNotification")[:1]

    assert boot["reason"] == [5]


def test_say_changes_only_what_meets_the_condition() -> None:
    observed = booted("say StatusNotification connectorStatus=Faulted if evseId=2")

    assert statuses(observed) == [(1, "Available"), (2, "Faulted")]


def test_say_with_unequal_condition_changes_the_others() -> None:
    observed = booted("say StatusNotification connectorStatus=Faulted if evseId!=2")

    assert statuses(observed) == [(1, "Faulted"), (2, "Available")]


def test_say_times_and_after_select_messages_by_number() -> None:
    observed = booted("say StatusNotification connectorStatus=Faulted after 1 times 2", evses=4)

    assert [status for _, status in statuses(observed)] == ["Available", "Faulted", "Faulted", "Available"]


def test_say_changes_the_answer_to_a_command() -> None:
    observed = booted("say GetVariables getVariableResult.1.attributeStatus=Rejected")

    answer = observed.command("GetVariables", GET_INTERVAL)

    assert answer is not None
    assert [each["attributeStatus"] for each in answer["getVariableResult"]] == ["Accepted", "Rejected"]


def test_say_condition_on_the_answer_of_a_command() -> None:
    observed = booted("say ClearCache status=Rejected if status=Accepted")

    assert observed.command("ClearCache") == {"status": "Rejected"}


def test_say_condition_in_a_list_holds_for_any_item() -> None:
    condition = "if getVariableData.variable.name=OfflineThreshold"
    observed = booted(f"say GetVariables getVariableResult.attributeStatus=Rejected {condition}")

    answer = observed.command("GetVariables", {"getVariableData": GET_INTERVAL["getVariableData"][:1]})

    assert answer is not None
    assert answer["getVariableResult"][0]["attributeStatus"] == "Accepted"


def test_say_takes_times_from_the_clock_and_values_from_the_message() -> None:
    events = charge(booted("say TransactionEvent seqNo=@seqNo+5 timestamp=now-3600 if eventType=Started"))

    assert events[0]["seqNo"] == 5
    assert events[0]["timestamp"].startswith("2025-12-31T23:00:1")


def test_hear_changes_a_command_before_it_is_carried_out() -> None:
    observed = booted("hear Reset type=Immediate")
    observed.station.plug_in()
    observed.advance(5)

    assert observed.command("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}


def test_hear_changes_the_answer_to_a_message() -> None:
    observed = booted("hear Authorize idTokenInfo.status=Accepted if idToken.idToken=AABBCCDD")
    observed.answers["Authorize"] = lambda _: {"idTokenInfo": {"status": "Blocked"}}

    assert charge(observed)[-1]["eventType"] == "Ended"


def test_hear_of_an_invalid_answer_counts_as_no_answer() -> None:
    observed = booted("hear BootNotification status= times 1")
    observed.advance(40)

    assert len(observed.calls("BootNotification")) == 2


def test_omit_does_not_send_the_message() -> None:
    observed = booted("omit StatusNotification if evseId=2")

    assert statuses(observed) == [(1, "Available")]


def test_omitted_authorize_counts_as_accepted() -> None:
    observed = booted("omit Authorize")

    events = charge(observed)

    assert observed.calls("Authorize") == []
    assert [event["eventType"] for event in events][:: len(events) - 1] == ["Started", "Ended"]


def test_omitted_boot_counts_as_accepted() -> None:
    observed = booted("omit BootNotification")

    assert observed.calls("BootNotification") == []
    assert len(statuses(observed)) == 2


def test_omitted_event_leaves_no_gap_in_the_sequence_numbers() -> None:
    observed = booted("omit TransactionEvent if transactionInfo.chargingState=Charging times 1")

    events = charge(observed)

    assert [event["seqNo"] for event in events] == list(range(len(events)))
    assert observed.end() == []


def test_pretend_answers_and_does_nothing() -> None:
    observed = booted("pretend Reset status=Accepted if type=Immediate")

    assert observed.command("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
    observed.advance(60)
    assert len(observed.calls("BootNotification")) == 1


def test_pretend_makes_the_objects_and_lists_of_the_answer() -> None:
    path = "getVariableResult"
    observed = booted(
        f"pretend GetVariables {path}.attributeStatus=Accepted {path}.component=@getVariableData.component "
        f"{path}.1.attributeStatus=UnknownVariable"
    )

    assert observed.command("GetVariables", GET_INTERVAL) == {
        "getVariableResult": [
            {"attributeStatus": "Accepted", "component": {"name": "OCPPCommCtrlr"}},
            {"attributeStatus": "UnknownVariable"},
        ]
    }


def test_refuse_answers_with_an_error() -> None:
    observed = booted("refuse ClearCache NotSupported times 1")

    assert observed.command("ClearCache") is None
    assert observed.journal[-1][2][2] == "NotSupported"
    assert observed.command("ClearCache") == {"status": "Accepted"}


def test_same_action_of_both_sides_is_told_apart_by_its_fields() -> None:
    observed = booted("say DataTransfer status=UnknownMessageId")

    assert observed.command("DataTransfer", {"vendorId": "X"}) == {"status": "UnknownMessageId"}


def test_mutations_and_names_combine() -> None:
    observed = booted("report-connector-zero", "say StatusNotification evseId=7 if evseId=0")

    assert statuses(observed)[1] == (7, "Available")


@pytest.mark.parametrize("name", FORMS)
def test_example_of_each_form_can_be_read(name: str) -> None:
    assert FORMS[name].example.startswith(f"{name} ")
    assert FORMS[name].usage.startswith(f"{name} ")
    assert deviations_of(FORMS[name].example, OCPP_2_0_1)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("sya Reset status=X", "unknown form 'sya'; did you mean say?"),
        ("say", "write say ACTION FIELD=VALUE..."),
        ("say Reset", "write say ACTION FIELD=VALUE..."),
        ("say BootNotificaton reason=X", "unknown action 'BootNotificaton'; did you mean BootNotification?"),
        ("say BootNotification raeson=X", "unknown field 'raeson'; did you mean reason?"),
        ("say BootNotification chargingStation.x=X", "unknown field 'chargingStation.x'; choose from"),
        ("say BootNotification reason.x=X", "'reason.x' leads to no field"),
        ("say BootNotification reason..x=X", "'reason..x' leads to no field"),
        ("say BootNotification reason=X of", "cannot read 'of'; write FIELD=VALUE"),
        ("say BootNotification reason!=X", "reason!=X is a condition; write if in front of it"),
        ("say BootNotification reason=X if", "if needs a condition"),
        ("say BootNotification reason=X if reson=Y", "unknown field 'reson'; did you mean reason?"),
        ("say BootNotification reason=X times", "times needs a whole number from 1 after it"),
        ("say BootNotification reason=X after -1", "after needs a whole number from 1 after it"),
        ("say BootNotification reason=@raeson", "unknown field 'raeson'; did you mean reason?"),
        ('say BootNotification reason="X', "a double quote is not closed"),
        ("say BootNotification reason=\ud800", "characters that cannot be printed"),
        ("say BootNotification reason=X on Reset", "say has no on; write say ACTION"),
        ("omit Reset", "Reset is not a message of stations, which omit needs"),
        ("omit Heartbeat currentTime=now", "omit sets no field; write omit ACTION"),
        ("pretend Heartbeat status=Accepted", "Heartbeat is not a command, which pretend needs"),
        ("pretend Reset status=Accepted if reason=X", "Reset: unknown field 'reason'"),
        ("refuse Reset", "write refuse COMMAND CODE"),
        ("refuse Reset NotSuported", "unknown error code 'NotSuported'; did you mean NotSupported?"),
    ],
)
def test_nonsense_is_refused_in_one_line(text: str, error: str) -> None:
    with pytest.raises(UsageError) as refusal:
        deviations_of(text, OCPP_2_0_1)

    assert error in str(refusal.value)
    assert str(refusal.value).isprintable()
