"""Mutations, such as ``omit Heartbeat``: the simulated station deviates as the words describe."""

from typing import Any

import pytest

from mock_csms.errors import UsageError
from mock_csms.simulator.misbehaviour import FORMS, deviations_of
from mock_csms.simulator.verbs import VERBS, step_of
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.observed_station import TOKEN, ObservedStation

STATUS, EVENT = "StatusNotification", "TransactionEvent"
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


@pytest.mark.parametrize("written", ["299", '"299"'])
def test_say_sends_a_number_as_text_where_a_text_is_due(written: str) -> None:
    observed = booted(f"say GetVariables getVariableResult.attributeValue={written}")

    answer = observed.command("GetVariables", GET_INTERVAL)

    assert answer is not None
    assert answer["getVariableResult"][0]["attributeValue"] == "299"


def test_say_changes_only_what_meets_the_condition() -> None:
    observed = booted("say StatusNotification connectorStatus=Faulted if evseId=2")

    assert statuses(observed) == [(1, "Available"), (2, "Faulted")]


def test_say_with_unequal_condition_changes_the_others() -> None:
    observed = booted("say StatusNotification connectorStatus=Faulted if evseId!=2")

    assert statuses(observed) == [(1, "Faulted"), (2, "Available")]


@pytest.mark.parametrize(("sign", "is_changed"), [("=", True), ("!=", False)])
def test_say_condition_without_value_is_about_the_presence(sign: str, is_changed: bool) -> None:
    (boot,) = booted(f"say BootNotification reason=Unknown if customData{sign}").calls("BootNotification")

    assert (boot["reason"] == "Unknown") is is_changed


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

    assert "Charging" in [each["transactionInfo"].get("chargingState") for each in charge(observed)]


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


def test_ignore_neither_answers_nor_carries_out() -> None:
    observed = booted("ignore Reset if type=Immediate")

    assert observed.command("Reset", {"type": "Immediate"}) is None
    observed.advance(60)
    assert len(observed.calls("BootNotification")) == 1


def test_ignore_leaves_other_commands_and_messages_alone() -> None:
    observed = booted("ignore DataTransfer if vendorId=X times 1")

    assert observed.command("DataTransfer", {"vendorId": "X"}) is None
    assert observed.command("DataTransfer", {"vendorId": "X"}) is not None
    assert observed.command("ClearCache") == {"status": "Accepted"}


def test_repeat_sends_a_message_twice_with_two_ids() -> None:
    observed = booted("repeat StatusNotification if evseId=1")

    assert statuses(observed) == [(1, "Available"), (1, "Available"), (2, "Available")]
    ids = {frame[1] for _, way, frame in observed.journal if way == "received" and frame[2:3] == [STATUS]}
    assert len(ids) == 3


def test_delay_sends_a_message_later() -> None:
    observed = booted("delay StatusNotification 20.5 if evseId=1")

    assert statuses(observed) == [(2, "Available")]
    observed.advance(11)
    assert statuses(observed) == [(2, "Available"), (1, "Available")]


def test_delay_answers_a_command_later() -> None:
    observed = booted("delay ClearCache 5")
    start = observed.host.time()

    assert observed.command("ClearCache") == {"status": "Accepted"}
    assert 5 < observed.host.time() - start < 6


def test_delayed_answer_does_not_outlive_its_connection() -> None:
    observed = booted("delay ClearCache 5 times 1")
    observed.host.call_later(1, observed.link.lose)

    assert observed.command("ClearCache") is None
    observed.advance(10)
    assert observed.command("ClearCache") == {"status": "Accepted"}
    assert observed.end() == []


def order(observed: ObservedStation, *actions: str) -> list[str]:
    """Actions of the station's CALLs, oldest first; other actions than ``actions`` are left out."""
    frames = [frame for _, way, frame in observed.journal if way == "received" and frame[0] == 2]
    return [frame[2] for frame in frames if frame[2] in actions]


def test_send_on_a_message_adds_a_message_after_it() -> None:
    observed = booted("send Heartbeat on TransactionEvent if eventType=Started")
    charge(observed)

    assert order(observed, "Heartbeat", "TransactionEvent")[:3] == [EVENT, "Heartbeat", EVENT]


def test_send_on_a_message_takes_values_from_it_and_its_answer() -> None:
    mutation = "send DataTransfer vendorId=@reason messageId=@status on BootNotification"
    observed = booted(mutation)

    assert observed.calls("DataTransfer")[0] == {"vendorId": "PowerUp", "messageId": "Accepted"}
    assert order(observed, "DataTransfer", STATUS)[:2] == ["DataTransfer", STATUS]


def test_send_on_a_rejected_boot_does_not_wait() -> None:
    mutation = "send StatusNotification timestamp=now connectorStatus=Available evseId=1 connectorId=1"
    observed = booted(f"{mutation} on BootNotification if status=Rejected", boots=["Rejected"])

    assert statuses(observed) == [(1, "Available")]


@pytest.mark.parametrize("action", ["StatusNotification", "TransactionEvent", "BootNotification"])
def test_send_before_a_message_goes_first(action: str) -> None:
    observed = booted(f"send Heartbeat before {action} times 1")
    charge(observed)

    assert order(observed, "Heartbeat", action)[:2] == ["Heartbeat", action]
    assert observed.errors <= {"call-before-boot-accepted"}


def test_send_before_a_message_of_the_other_queue_goes_first() -> None:
    observed = booted("send TransactionEvent eventType=Updated before Heartbeat times 1", heartbeat_s=20)
    observed.advance(30)

    assert order(observed, EVENT, "Heartbeat")[::3] == [EVENT, "Heartbeat"]  # two attempts failed


def test_send_before_a_boot_does_not_hold_it_back() -> None:
    observed = booted("send TransactionEvent eventType=Updated before BootNotification")

    assert len(observed.calls("BootNotification")) == 1


@pytest.mark.parametrize(("word", "types"), [("before", [2, 3]), ("on", [3, 2])])
def test_send_around_the_answer_to_a_command(word: str, types: list[int]) -> None:
    condition = "if type=Immediate status=Accepted"
    observed = booted(f"send SecurityEventNotification type=X timestamp=now {word} Reset {condition}")
    answered = len(observed.journal)
    observed.command("Reset", {"type": "Immediate"})
    observed.advance(0.5)

    frames = [frame for _, way, frame in observed.journal[answered:] if way == "received"]
    assert [frame[0] for frame in frames[:2]] == types


def test_send_on_a_command_with_another_answer_does_nothing() -> None:
    observed = booted("send Heartbeat on ClearCache if status=Rejected")
    observed.command("ClearCache")
    observed.advance(5)

    assert observed.calls("Heartbeat") == []


def step(observed: ObservedStation, verb: str, **given: Any) -> None:
    station = observed.station
    step_of(VERBS[verb], given, station.core.setup).do(station, lambda _: None)
    observed.advance(5)


def test_send_on_a_step_takes_values_from_its_parameters() -> None:
    observed = booted("send DataTransfer vendorId=@token on present if evse=2")
    step(observed, "present", token="A")
    step(observed, "present", token="B", evse=2)

    assert {"vendorId": "B"} in observed.calls("DataTransfer")
    assert {"vendorId": "A"} not in observed.calls("DataTransfer")


def test_do_takes_a_step_after_a_message() -> None:
    observed = booted("do plug-in evse=2 on BootNotification if status=Accepted")
    observed.advance(5)

    assert statuses(observed)[-1] == (2, "Occupied")


def test_do_takes_a_step_after_the_answer_to_a_command() -> None:
    observed = booted("do power-cycle on ClearCache")

    assert observed.command("ClearCache") == {"status": "Accepted"}
    observed.advance(60)
    assert len(observed.calls("BootNotification")) == 2


def test_do_takes_a_step_after_another() -> None:
    observed = booted("do unplug on plug-in")
    step(observed, "plug-in")

    assert [status for _, status in statuses(observed)[2:]] == ["Occupied", "Available"]


def test_do_without_effect_is_skipped() -> None:
    observed = booted("do unplug on ClearCache", "do plug-in evse=9 on ClearCache")

    assert observed.command("ClearCache") == {"status": "Accepted"}
    observed.advance(5)
    assert len(statuses(observed)) == 2


def test_believe_acts_on_a_value_and_reports_another() -> None:
    observed = booted("believe OCPPCommCtrlr.HeartbeatInterval=7")
    observed.advance(60)

    assert len(observed.calls("Heartbeat")) > 5
    answer = observed.command("GetVariables", GET_INTERVAL)
    assert answer is not None
    assert answer["getVariableResult"][0]["attributeValue"] == "300"


def test_believe_concerns_every_evse() -> None:
    observed = booted("believe EVSE.AllowReset=false")

    assert observed.command("Reset", {"type": "Immediate", "evseId": 1}) == {"status": "Rejected"}


def test_overlook_has_no_effect_of_a_step() -> None:
    observed = booted("overlook plug-in if evse=1")
    step(observed, "plug-in", evse=1)
    step(observed, "plug-in", evse=2)

    assert statuses(observed)[2:] == [(2, "Occupied")]


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
        (
            "say",
            'begins a mutation; write the whole mutation in quotes: "say BootNotification reason=Unknown"',
        ),
        ("say if reason=X", "write say ACTION FIELD=VALUE..."),
        ("say Reset", "write say ACTION FIELD=VALUE..."),
        ("say BootNotificaton reason=X", "unknown action 'BootNotificaton'; did you mean BootNotification?"),
        ("say BootNotification raeson=X", "unknown field 'raeson'; did you mean reason?"),
        ("say BootNotification chargingStation.x=X", "unknown field 'chargingStation.x'; choose from"),
        ("say BootNotification reason.x=X", "'reason.x' leads to no field"),
        ("say BootNotification reason..x=X", "'reason..x' leads to no field"),
        ("say BootNotification reason=X of", "cannot read 'of'; write FIELD=VALUE"),
        ("say BootNotification reason!=X", "reason!=X is a condition; write 'if' in front of it"),
        ("say BootNotification reason=X if", "'if' needs a condition"),
        ("say BootNotification reason=X if reson=Y", "unknown field 'reson'; did you mean reason?"),
        ("say BootNotification reason=X times", "write a whole number from 1 after times"),
        ("say BootNotification reason=X after -1", "write a whole number from 1 after after"),
        ("say BootNotification reason=@raeson", "unknown field 'raeson'; did you mean reason?"),
        ('say BootNotification reason="X', "a double quote is not closed"),
        ("say BootNotification reason=\ud800", "characters that cannot be printed"),
        ("say BootNotification reason=X on Reset", "say takes no on; write say ACTION"),
        ("omit Reset", "Reset is not a message of stations, which omit needs"),
        ("omit Heartbeat currentTime=now", "omit sets no field; write omit ACTION"),
        ("pretend Heartbeat status=Accepted", "Heartbeat is not a command, which pretend needs"),
        ("pretend Reset status=Accepted if reason=X", "Reset: unknown field 'reason'"),
        ("refuse Reset", "write refuse COMMAND CODE"),
        ("ignore Heartbeat", "Heartbeat is not a command, which ignore needs"),
        ("repeat Reset", "Reset is not a message of stations, which repeat needs"),
        ("delay Reset", "write delay ACTION SECONDS"),
        ("delay Reset soon", "'soon' is not a number of seconds; write, for example, 2.5"),
        ("delay Reset 0", "'0' is not a number of seconds"),
        ("send Heartbeat", "write send ACTION FIELD=VALUE... on|before ACTION"),
        ("send Heartbeat on", "unknown action ''"),
        ("send Heartbeat on Boot", "unknown action 'Boot'; did you mean BootNotification?"),
        ("send DataTransfer vendorId=@status before BootNotification", "unknown field 'status'"),
        ("send Heartbeat on Reset vendorId=X", "vendorId=X is a condition; write 'if' in front of it"),
        ("send Heartbeat before plug-in", "nothing can be sent before a step; write on plug-in"),
        (
            "send DataTransfer vendorId=@tokn on present",
            "no parameter 'tokn'; write present TOKEN",
        ),
        ("do plug-in", "write do STEP"),
        ("do plug-in before Reset", "write do STEP"),
        ("do plugin on Reset", "unknown step 'plugin'; did you mean plug-in?"),
        ("do plug-in evs=1 on Reset", "plug-in has no parameter 'evs'"),
        ("do present on Reset", "present needs token; write present TOKEN"),
        ("do unplug on reset", "unknown action 'reset'; did you mean Reset?"),
        ("connect Reset", "write connect OPTION=VALUE..."),
        ("connect pasword=x", "unknown option 'pasword'; did you mean password?"),
        ("connect wait=0", "wait is seconds from 0.1, not '0'"),
        ("connect tls=2", "tls is the lowest version that is accepted: 1.0 to 1.3, not '2'"),
        ("connect ciphers=NONE", "ciphers is cipher suites as OpenSSL names them, not 'NONE'"),
        ("connect wait=5 if x=1", "connect takes no if, times or after"),
        ("believe x", "write believe COMPONENT.VARIABLE"),
        ("believe TxCtrlr=1", "unknown variable 'TxCtrlr'"),
        ("believe TxCtrlr.StopTxOnInvalidID=x", "did you mean TxCtrlr.StopTxOnInvalidId?"),
        (
            "believe TxCtrlr.StopTxOnInvalidId=no",
            "'no' is not a value of TxCtrlr.StopTxOnInvalidId: not",
        ),
        ("believe TxCtrlr.StopTxOnInvalidId=true times 1", "believe takes no if, times or after"),
        ("overlook plugin", "unknown step 'plugin'; did you mean plug-in?"),
        ("overlook plug-in if evs=1", "plug-in has no parameter 'evs'; write plug-in [evse=1]"),
        ("refuse Reset NotSuported", "unknown error code 'NotSuported'; did you mean NotSupported?"),
    ],
)
def test_nonsense_is_refused_in_one_line(text: str, error: str) -> None:
    with pytest.raises(UsageError) as refusal:
        deviations_of(text, OCPP_2_0_1)

    assert error in str(refusal.value)
    assert str(refusal.value).isprintable()
