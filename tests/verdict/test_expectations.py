"""Expectations: parsing and counts."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_csms.messages import JsonObject
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.verdict.expectations import (
    OPERATORS,
    Expectation,
    ExpectationResult,
    Expectations,
)
from mock_csms.verdict.matches import Match
from server import OCPP_VERSIONS
from tests.verdict.sample_entries import CONNECTED, ENDED, MALFORMED, call, case, command, result

# The text of an expectation


def refusal(text: str) -> str:
    """Return the error message for the text of an expectation; empty if the text is valid."""
    try:
        Expectation.parse(text, OCPP_VERSIONS)
    except ValueError as error:
        return str(error)
    return ""


def match_of(text: str) -> Match:
    return Expectation.parse(text, OCPP_VERSIONS).match


@pytest.mark.parametrize(
    ("text", "operator", "count"),
    [
        ("Heartbeat", ">=", 1),
        ("Heartbeat==0", "==", 0),
        ("Heartbeat!=2", "!=", 2),
        ("Heartbeat>=10", ">=", 10),
        ("Heartbeat<=3", "<=", 3),
        ("Heartbeat>1", ">", 1),
        ("Heartbeat<5", "<", 5),
        (" Heartbeat >= 2 ", ">=", 2),
        (">Reset>2", ">", 2),
    ],
)
def test_operator_and_count_are_parsed(text: str, operator: str, count: int) -> None:
    expectation = Expectation.parse(text, OCPP_VERSIONS)

    assert (expectation.operator, expectation.count) == (operator, count)


@pytest.mark.parametrize(
    ("text", "direction", "kind"),
    [("DataTransfer", "received", "call"), (">DataTransfer", "sent", "call"),
     ("<DataTransfer", "received", "result")],
)  # fmt: skip
def test_prefix_selects_direction_and_type(text: str, direction: str, kind: str) -> None:
    match = match_of(text)

    assert (match.direction, match.type) == (direction, kind)


@pytest.mark.parametrize(
    ("text", "station"),
    [
        ("Heartbeat", "*"),
        ("CS1/Heartbeat", "CS1"),
        ("CS*/Heartbeat", "CS*"),
        ("CS[1-3]/Heartbeat>=2", "CS[1-3]"),
        (">a=b:c|d/Reset", "a=b:c|d"),
        ("DataTransfer[data=a/Heartbeat]", "*"),
    ],
)
def test_station_before_slash_is_parsed(text: str, station: str) -> None:
    assert match_of(text).station == station


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("Heartbeat", None),
        ("TransactionEvent[eventType=Ended]", {"eventType": "Ended"}),
        ("StatusNotification[connectorStatus=Available,evseId=1]",
         {"connectorStatus": "Available", "evseId": 1}),
        ("TransactionEvent[transactionInfo.transactionId=x]", {"transactionInfo": {"transactionId": "x"}}),
        ("TransactionEvent[evse.id=1,evse.connectorId=2]", {"evse": {"id": 1, "connectorId": 2}}),
        ("TransactionEvent[offline=true]", {"offline": True}),
        ("TransactionEvent[reservationId=null]", {"reservationId": None}),
        ("DataTransfer[data=1.5]", {"data": 1.5}),
        ("DataTransfer[data=1.5.2]", {"data": "1.5.2"}),
        ("DataTransfer[data=NaN]", {"data": "NaN"}),
        ("DataTransfer[data={}]", {"data": "{}"}),
        ("DataTransfer[data=]", {"data": ""}),
        ("DataTransfer[data=a]b]", {"data": "a]b"}),
        ("DataTransfer[data=a=b]", {"data": "a=b"}),
        ('DataTransfer[data="a,b",vendorId=c]', {"data": "a,b", "vendorId": "c"}),
        ("DataTransfer[data='a,\"b\"']", {"data": 'a,"b"'}),
        ('DataTransfer[data="1"]', {"data": "1"}),
        (r'DataTransfer[data="a\"b\n"]', {"data": 'a"b\n'}),
        ("DataTransfer[ vendorId = a b , data = 1 ]", {"vendorId": "a b", "data": 1}),
        ("NotifyEvent[eventData[].trigger=Alerting]", {"eventData": [{"trigger": "Alerting"}]}),
        ("NotifyEvent[eventData[].trigger=Alerting,eventData[].component.name=EVSE]",
         {"eventData": [{"trigger": "Alerting", "component": {"name": "EVSE"}}]}),
        ("DataTransfer[data[]=1,data[]=2]", {"data": [1, 2]}),
        ("<Reset[status=Accepted]", {"status": "Accepted"}),
    ],
)  # fmt: skip
def test_fields_in_brackets_are_parsed(text: str, payload: JsonObject | None) -> None:
    assert match_of(text).payload == payload


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        case("number for a text", "Authorize[idToken.idToken=1234]", {"idToken": {"idToken": "1234"}}),
        case("number for a number", "StatusNotification[evseId=1234]", {"evseId": 1234}),
        case("null for an optional text", "StatusNotification[customData=null]", {"customData": None}),
    ],
)
def test_field_value_gets_the_type_of_the_schema(text: str, payload: JsonObject) -> None:
    assert match_of(text).payload == payload


@pytest.mark.parametrize(
    ("text", "error"),
    [
        case("empty", "", "write, for example, NotifyReport>=1"),
        case("wrong operator", "Heartbeat=3", "write, for example, NotifyReport>=1"),
        case("operator without a count", "Heartbeat>=", "write, for example, NotifyReport>=1"),
        case("negative count", "Heartbeat>=-1", "write, for example, NotifyReport>=1"),
        case("huge count", "Heartbeat>=" + "9" * 5000, "write, for example, NotifyReport>=1"),
        case("text after the count", "Heartbeat>=1 x", "write, for example, NotifyReport>=1"),
        case("unclosed bracket", "Heartbeat[a=1", "write, for example, NotifyReport>=1"),
        case("mistyped action", "Hearbeat", "no station message 'Hearbeat'; did you mean Heartbeat?"),
        case("action of a vendor", "Dance", "POST /v1/wait of the control API waits for any action"),
        case("mistyped command", ">Rest", "no command 'Rest'; did you mean Reset?"),
        case("mistyped result", "<Rest", "no command 'Rest'; did you mean Reset?"),
        case("command without prefix", "Reset", "write >Reset for the command or <Reset for its result"),
        case("wrong prefix", ">Heartbeat", "is a message of the station; write Heartbeat without < or >"),
        case("no fields", "Heartbeat[]", "[] must be field=value"),
        case("no value", "StatusNotification[evseId]", "[evseId] must be field=value"),
        case("comma at the end", "StatusNotification[evseId=1,]", "[evseId=1,] must be field=value"),
        case("comparison", "StatusNotification[evseId==1]", "[evseId==1] must be field=value"),
        case("unclosed quote", 'DataTransfer[data="a]', "must be field=value"),
        case("invalid escape", r'DataTransfer[data="\x"]', "invalid escaped"),
        case("same field twice", "StatusNotification[evseId=1,evseId=2]", "evseId is given twice"),
        case("field of a scalar", "DataTransfer[data=1,data.a=2]", "data.a is given twice"),
        case("item of a scalar", "DataTransfer[data=1,data[]=2]", "data[] is given twice"),
        case(
            "field of an item that is a scalar",
            "DataTransfer[data[]=1,data[].a=2]",
            "data[].a is given twice",
        ),
        case("step without a name", "DataTransfer[data..a=1]", "data..a is given twice"),
        case("field without a name", "DataTransfer[data.=1]", "data. is given twice"),
        case("list without a name", "DataTransfer[[]=1]", "[] is given twice"),
        case("unknown field", "StatusNotification[evse=1]", "('evse' was unexpected)"),
        case("value of the wrong type", "StatusNotification[evseId=x]", 'evseId: "x" is not of type'),
        case(
            "value outside of the enumeration",
            "StatusNotification[connectorStatus=Avail]",
            '"Avail" is not one',
        ),
        case("field of a command for its result", "<Reset[type=OnIdle]", "('type' was unexpected)"),
        case("very long path", f"DataTransfer[data{'.a' * 500}=1]", "nested too deeply"),
        case("path beyond the recursion limit", f"DataTransfer[data{'.a' * 50_000}=1]", "nested too deeply"),
    ],
)
def test_invalid_expectation_is_rejected_in_one_line(text: str, error: str) -> None:
    assert error in refusal(text)
    assert refusal(text).isprintable()


def test_error_message_escapes_unprintable_characters() -> None:
    assert refusal("DataTransfer[vendorId=\x1b[2J,data='\n]").isprintable()


QUOTED = st.text(st.characters(codec="utf-8"), max_size=12).map(
    lambda text: json.dumps(text, ensure_ascii=False)
)
FIELDS = st.dictionaries(st.sampled_from("abcdef"), QUOTED, max_size=4)
STATIONS = st.sampled_from(["", "CS1", "CS*", "CS[12]?", "a:b=c|d@e"])
COUNTS = st.none() | st.tuples(st.sampled_from(sorted(OPERATORS)), st.integers(0, 999_999_999))


@given(STATIONS, st.sampled_from(["", ">", "<"]), st.data())
def test_expectation_keeps_its_parts_and_its_text(station: str, prefix: str, data: Any) -> None:
    action = data.draw(st.sampled_from(sorted(CSMS_ACTIONS if prefix else STATION_ACTIONS)))
    fields, counts = data.draw(FIELDS), data.draw(COUNTS)
    inner = ",".join(f"customData.{name}={value}" for name, value in fields.items())
    comparison = "".join(map(str, counts or ()))
    text = f"{prefix}{station and station + '/'}{action}{inner and f'[{inner}]'}{comparison}"

    expectation = Expectation.parse(text, OCPP_VERSIONS)

    expected = {name: json.loads(value) for name, value in fields.items()}
    assert str(expectation) == text
    assert (expectation.operator, expectation.count) == (counts or (">=", 1))
    assert expectation.match.station == (station or "*")
    assert expectation.match.action == action
    assert expectation.match.payload == ({"customData": expected} if fields else None)


@given(st.text(st.sampled_from("<>=!/[]., '\"aR1") | st.characters(), max_size=30))
def test_arbitrary_text_raises_only_value_error(text: str) -> None:
    assert refusal(text).isprintable()


# Counts


@pytest.mark.parametrize(
    ("text", "actual", "met", "final", "failed"),
    [
        ("Heartbeat==2", 1, False, False, False),
        ("Heartbeat==2", 2, True, False, False),
        ("Heartbeat==2", 3, False, False, True),
        ("Heartbeat==0", 0, True, False, False),
        ("Heartbeat==0", 1, False, False, True),
        ("Heartbeat!=2", 1, True, False, False),
        ("Heartbeat!=2", 2, False, False, False),
        ("Heartbeat!=2", 3, True, True, False),
        ("Heartbeat>=2", 1, False, False, False),
        ("Heartbeat>=2", 2, True, True, False),
        ("Heartbeat>=2", 3, True, True, False),
        ("Heartbeat>=0", 0, True, True, False),
        ("Heartbeat>2", 2, False, False, False),
        ("Heartbeat>2", 3, True, True, False),
        ("Heartbeat<=2", 0, True, False, False),
        ("Heartbeat<=2", 2, True, False, False),
        ("Heartbeat<=2", 3, False, False, True),
        ("Heartbeat<2", 1, True, False, False),
        ("Heartbeat<2", 2, False, False, True),
        ("Heartbeat<0", 0, False, False, True),
    ],
)
def test_count_makes_expectation_met_final_or_failed(
    text: str, actual: int, met: bool, final: bool, failed: bool
) -> None:
    expectations = Expectations([Expectation.parse(text, OCPP_VERSIONS)])

    for _ in range(actual):
        expectations.note(call("Heartbeat"))

    assert (expectations.met, expectations.final, expectations.failed) == (met, final, failed)


def counted(texts: Sequence[str], entries: Sequence[JsonObject], *, in_order: bool = False) -> Expectations:
    expectations = Expectations([Expectation.parse(text, OCPP_VERSIONS) for text in texts], in_order=in_order)
    for entry in entries:
        expectations.note(entry)
    return expectations


def counts_of(texts: Sequence[str], entries: Sequence[JsonObject], *, in_order: bool = False) -> list[int]:
    return [outcome.actual for outcome in counted(texts, entries, in_order=in_order).outcomes()]


@pytest.mark.parametrize(
    "entry",
    [
        case("another action", call("BootNotification")),
        case("our own message", command("Heartbeat")),
        case("our answer", result("Heartbeat", direction="sent")),
        case("another station", call("Heartbeat", station="CS2")),
        case("not a message", CONNECTED),
        case("malformed", MALFORMED),
        case("nothing", {}),
    ],
)
def test_unrelated_entry_is_not_counted(entry: JsonObject) -> None:
    assert counts_of(["CS1/Heartbeat"], [entry]) == [0]


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("DataTransfer", call("DataTransfer")),
        (">DataTransfer", command("DataTransfer")),
        ("<DataTransfer", result("DataTransfer")),
    ],
)
def test_message_counts_only_for_its_prefix(text: str, entry: JsonObject) -> None:
    texts = ["DataTransfer", ">DataTransfer", "<DataTransfer"]

    assert counts_of(texts, [entry]) == [int(text == expected) for expected in texts]


def test_message_counts_for_every_matching_expectation() -> None:
    texts = ["TransactionEvent", "TransactionEvent[eventType=Ended]", "TransactionEvent[eventType=Started]"]

    assert counts_of(texts, [ENDED, ENDED]) == [2, 2, 0]


@pytest.mark.parametrize(("entry", "counts"), [(call("Heartbeat"), True), (ENDED, False), (CONNECTED, False)])
def test_note_returns_whether_entry_counts(entry: JsonObject, counts: bool) -> None:
    assert Expectations([Expectation.parse("Heartbeat", OCPP_VERSIONS)]).note(entry) is counts


@pytest.mark.parametrize(
    ("texts", "met", "final", "failed"),
    [
        (["Heartbeat", "BootNotification"], True, True, False),
        (["Heartbeat", "BootNotification==1"], True, False, False),
        (["Heartbeat", "Authorize"], False, False, False),
        (["Heartbeat", "BootNotification==0"], False, False, True),
    ],
)
def test_expectations_need_all_met_and_fail_with_one(
    texts: list[str], met: bool, final: bool, failed: bool
) -> None:
    expectations = counted(texts, [call("Heartbeat"), call("BootNotification")])

    assert (expectations.met, expectations.final, expectations.failed) == (met, final, failed)


def test_outcomes_contain_expected_and_actual_count() -> None:
    assert counted(["Heartbeat", "BootNotification==2"], [call("Heartbeat")] * 3).outcomes() == [
        ExpectationResult("Heartbeat", ">=1", 3, met=True),
        ExpectationResult("BootNotification==2", "==2", 0, met=False),
    ]


def test_length_is_the_number_of_expectations() -> None:
    assert [len(counted([], [])), len(counted(["Heartbeat", "Authorize"], []))] == [0, 2]


# In order

BOOT, BEAT = call("BootNotification"), call("Heartbeat")


@pytest.mark.parametrize(
    ("texts", "entries", "actual"),
    [
        case("in order", ["BootNotification", "Heartbeat"], [BOOT, BEAT], [1, 1]),
        case("reverse order", ["BootNotification", "Heartbeat"], [BEAT, BOOT], [1, 0]),
        case("counted after the first is met", ["BootNotification", "Heartbeat"], [BEAT, BOOT, BEAT], [1, 1]),
        case("one message is not two", ["Heartbeat", "Heartbeat"], [BEAT], [1, 0]),
        case("two messages for two", ["Heartbeat", "Heartbeat"], [BEAT, BEAT], [2, 1]),
        case("first needs two", ["BootNotification>=2", "Heartbeat"], [BOOT, BEAT, BOOT, BEAT], [2, 1]),
        case("first one keeps counting", ["BootNotification==1", "Heartbeat"], [BOOT, BEAT, BOOT], [2, 1]),
        case("met without a message", ["Authorize==0", "Heartbeat"], [BEAT], [0, 1]),
        case("several met without a message", ["Authorize<5", "BootNotification<=1", "Heartbeat"], [BEAT],
             [0, 0, 1]),
        case("stays active after an earlier one fails", ["BootNotification==1", "Heartbeat"],
             [BOOT, BOOT, BEAT], [2, 1]),
        case("by payload", ["TransactionEvent[eventType=Started]", "TransactionEvent[eventType=Ended]"],
             [ENDED, call("TransactionEvent", {"eventType": "Started"})], [1, 0]),
        case("nothing expected", [], [BEAT], []),
    ],
)  # fmt: skip
def test_in_order_expectation_counts_after_earlier_ones_are_met(
    texts: list[str], entries: list[JsonObject], actual: list[int]
) -> None:
    assert counts_of(texts, entries, in_order=True) == actual


def test_in_order_expectations_are_met_by_messages_in_order() -> None:
    assert counted(["BootNotification", "Heartbeat"], [BOOT, BEAT], in_order=True).met


@given(st.lists(st.sampled_from([BOOT, BEAT, ENDED]), max_size=12))
def test_final_expectation_stays_met_and_failed_one_is_never_met(entries: list[JsonObject]) -> None:
    texts = ["BootNotification>=1", "Heartbeat!=1", "TransactionEvent<4"]
    for text in texts:
        expectations = counted([text], [])
        was_final = was_failed = False
        for entry in entries:
            expectations.note(entry)
            assert expectations.met or not was_final
            assert not (expectations.met and was_failed)
            was_final, was_failed = expectations.final, expectations.failed
