"""Expectations: matches, the nearest miss, parsing, and counts."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mock_csms.journal.entries import payload_in
from mock_csms.messages import JsonObject
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.verdict.expectations import (
    OPERATORS,
    Difference,
    Expectation,
    Expectations,
    Match,
    NearestMiss,
    Outcome,
)
from server import OCPP_VERSIONS


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def call(action: str, payload: Any = None, station: str = "CS1", direction: str = "received") -> JsonObject:
    frame = [2, "id", action, {} if payload is None else payload]
    return {"station": station, "direction": direction, "type": "call", "action": action, "frame": frame}


def command(action: str, payload: Any = None) -> JsonObject:
    return call(action, payload, direction="sent")


def result(action: str, payload: Any = None, direction: str = "received") -> JsonObject:
    frame = [3, "id", {} if payload is None else payload]
    return {"station": "CS1", "direction": direction, "type": "result", "action": action, "frame": frame}


def error(code: str, description: str = "", details: Any = None) -> JsonObject:
    frame = [4, "id", code, description, {} if details is None else details]
    return {"station": "CS1", "direction": "received", "type": "error", "action": "Reset", "frame": frame}


ENDED = call("TransactionEvent", {"eventType": "Ended", "evse": {"id": 1}, "list": [{"a": 1, "b": 2}, 3]})
CONNECTED: JsonObject = {"station": "CS1", "type": "connected", "note": "from 127.0.0.1"}
MALFORMED: JsonObject = {"station": "CS1", "type": "malformed", "direction": "received", "text": "not json {"}

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "station": st.sampled_from(["CS1", "CS2"]) | JSON,
        "direction": st.sampled_from(["received", "sent"]) | JSON,
        "type": st.sampled_from(["call", "result", "error", "connected"]) | st.text(max_size=3),
        "action": st.sampled_from(["Heartbeat", "Reset"]) | JSON,
        "frame": JSON
        | OBJECTS.map(lambda payload: [2, "id", "Heartbeat", payload])
        | OBJECTS.map(lambda payload: [3, "id", payload])
        | OBJECTS.map(lambda details: [4, "id", "GenericError", "why", details]),
    },
)
EXPRESSIONS = [
    "a",
    "length(a)",
    "a > `1`",
    "floor(to_number(a))",
    "sort_by(a, &b)",
    "a[::0]",
    "keys(a)",
    "!a",
]
MATCHES = st.builds(
    Match,
    station=st.sampled_from(["*", "CS1", "CS[", "[!C]*"]),
    action=st.none() | st.sampled_from(["Heartbeat", "Reset"]),
    direction=st.sampled_from([None, "received", "sent"]),
    type=st.sampled_from([None, "call", "result", "error"]),
    payload=st.none() | OBJECTS,
    expression=st.none() | st.sampled_from(EXPRESSIONS),
)


# Payloads


@pytest.mark.parametrize(
    ("entry", "payload"),
    [
        case("CALL", call("Heartbeat", {"a": 1}), {"a": 1}),
        case("CALLRESULT", result("Reset", {"status": "Accepted"}), {"status": "Accepted"}),
        case("CALLERROR", error("GenericError", "why", {"a": 1}),
             {"a": 1, "errorCode": "GenericError", "errorDescription": "why"}),
        case("details with an errorCode", error("GenericError", "why", {"errorCode": "x"}),
             {"errorCode": "GenericError", "errorDescription": "why"}),
        case("details not an object", error("GenericError", "why", [1]),
             {"errorCode": "GenericError", "errorDescription": "why"}),
        case("payload not an object", call("Heartbeat", [1]), None),
        case("connection", CONNECTED, None),
        case("malformed", MALFORMED, None),
        case("frame too short", {"type": "call", "frame": [2]}, None),
        case("nothing", {}, None),
    ],
)  # fmt: skip
def test_payload_in_entry(entry: JsonObject, payload: JsonObject | None) -> None:
    assert payload_in(entry) == payload


# Matches


@pytest.mark.parametrize(
    ("match", "entry"),
    [
        case("no condition", {}, ENDED),
        case("no condition, not a message", {}, CONNECTED),
        case("station", {"station": "CS1"}, ENDED),
        case("glob", {"station": "CS*"}, ENDED),
        case("action", {"action": "TransactionEvent"}, ENDED),
        case("action of a vendor", {"action": "Dance"}, call("Dance")),
        case("direction", {"direction": "received"}, ENDED),
        case("type", {"type": "connected"}, CONNECTED),
        case("payload", {"payload": {"eventType": "Ended"}}, ENDED),
        case("nested payload", {"payload": {"evse": {"id": 1}}}, ENDED),
        case("item of a list", {"payload": {"list": [{"b": 2}]}}, ENDED),
        case("absent field", {"payload": {"reason": None}}, ENDED),
        case("expression", {"expression": "evse.id == `1`"}, ENDED),
        case("error code", {"payload": {"errorCode": "GenericError"}}, error("GenericError")),
        case("all", {"station": "CS?", "action": "Reset", "direction": "received", "type": "result",
                     "payload": {"status": "Accepted"}, "expression": "status"},
             result("Reset", {"status": "Accepted"})),
    ],
)  # fmt: skip
def test_match_holds_for_entry(match: JsonObject, entry: JsonObject) -> None:
    assert Match(**match).holds(entry)


@pytest.mark.parametrize(
    ("match", "entry"),
    [
        case("station", {"station": "CS2"}, ENDED),
        case("glob is case-sensitive", {"station": "cs*"}, ENDED),
        case("action", {"action": "Heartbeat"}, ENDED),
        case("direction", {"direction": "sent"}, ENDED),
        case("type", {"type": "result"}, ENDED),
        case("payload", {"payload": {"eventType": "Started"}}, ENDED),
        case("fields spread over two items", {"payload": {"list": [{"a": 1, "c": 3}]}}, ENDED),
        case("field that must be absent", {"payload": {"eventType": None}}, ENDED),
        case("payload of an event without one", {"payload": {}}, CONNECTED),
        case("expression that is false", {"expression": "evse.id == `2`"}, ENDED),
        case("expression on an entry without payload", {"expression": "!a"}, MALFORMED),
        case("expression that fails", {"expression": "length(absent)"}, ENDED),
        case("number too large for its function", {"expression": "floor(to_number(a))"},
             call("DataTransfer", {"a": "Infinity"})),
    ],
)  # fmt: skip
def test_match_does_not_hold_for_entry(match: JsonObject, entry: JsonObject) -> None:
    assert not Match(**match).holds(entry)


@pytest.mark.parametrize(
    ("match", "complaint"),
    [
        case("direction", {"direction": "up"}, "'received' or 'sent'"),
        case("type", {"type": "frame"}, "'malformed'"),
        case("expression", {"expression": "a ="}, "is not valid JMESPath"),
        case("unknown key", {"stations": "*"}, "Extra inputs are not permitted"),
    ],
)
def test_invalid_match_is_rejected(match: JsonObject, complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Match(**match)

    assert complaint in str(refused.value)


@given(MATCHES, ENTRIES)
def test_match_never_raises(match: Match, entry: JsonObject) -> None:
    assert match.holds(entry) in {True, False}


# Differences


@given(MATCHES, ENTRIES)
def test_differences_are_empty_exactly_for_matching_entry(match: Match, entry: JsonObject) -> None:
    assert match.holds(entry) == (not match.differences(entry))


@pytest.mark.parametrize(
    ("match", "differences"),
    [
        case("none", {}, []),
        case("station", {"station": "CS2*"}, [("station", "CS2*", "CS1")]),
        case("action", {"action": "Heartbeat"}, [("action", "Heartbeat", "TransactionEvent")]),
        case("direction", {"direction": "sent"}, [("direction", "sent", "received")]),
        case("type", {"type": "result"}, [("type", "result", "call")]),
        case("field", {"payload": {"eventType": "Started"}}, [("payload.eventType", "Started", "Ended")]),
        case("nested field", {"payload": {"evse": {"id": 2}}}, [("payload.evse.id", 2, 1)]),
        case("missing field", {"payload": {"reason": "x"}}, [("payload.reason", "x", None)]),
        case("object instead of a scalar", {"payload": {"evse": 1}}, [("payload.evse", 1, {"id": 1})]),
        case("scalar instead of an object", {"payload": {"eventType": {"a": 1}}},
             [("payload.eventType", {"a": 1}, "Ended")]),
        case("the closest item", {"payload": {"list": [{"a": 1, "b": 3}]}}, [("payload.list[0].b", 3, 2)]),
        case("the closest item, all fields wrong", {"payload": {"list": [{"a": 5, "b": 6}]}},
             [("payload.list[0].a", 5, 1), ("payload.list[0].b", 6, 2)]),
        case("scalar instead of a list", {"payload": {"eventType": ["x"]}},
             [("payload.eventType", ["x"], "Ended")]),
        case("expression", {"expression": "evse.connectorId"}, [("expression", "evse.connectorId", None)]),
        case("expression that is false", {"expression": "evse.id > `1`"},
             [("expression", "evse.id > `1`", False)]),
        case("several", {"station": "CS2", "payload": {"evse": {"id": 2}, "eventType": "Ended"}},
             [("station", "CS2", "CS1"), ("payload.evse.id", 2, 1)]),
    ],
)  # fmt: skip
def test_differences_name_each_field(match: JsonObject, differences: Sequence[tuple[str, Any, Any]]) -> None:
    assert Match(**match).differences(ENDED) == [Difference(*difference) for difference in differences]


def test_missing_item_of_empty_list_is_a_difference_of_the_list() -> None:
    entry = call("DataTransfer", {"data": []})

    assert Match(payload={"data": [{"a": 1}]}).differences(entry) == [
        Difference("payload.data", [{"a": 1}], [])
    ]


def test_entry_without_payload_differs_in_whole_payload() -> None:
    assert Match(payload={"a": 1}).differences(CONNECTED) == [Difference("payload", {"a": 1}, None)]


# The closest entry


def closest(match: Match, entries: Iterable[JsonObject]) -> tuple[JsonObject, Sequence[Difference]] | None:
    """The nearest miss among entries, with its differences."""
    nearest, miss = NearestMiss(match), None
    for entry in entries:
        miss = entry if nearest.is_nearer(entry) else miss
    return None if miss is None else (miss, nearest.differences)


MATCH = Match(action="TransactionEvent", type="call", payload={"eventType": "Ended", "seqNo": 3})


@pytest.mark.parametrize(
    ("entries", "number"),
    [
        case("fewest differences",
             [call("TransactionEvent", {"eventType": "Started", "seqNo": 1}),
              call("TransactionEvent", {"eventType": "Ended", "seqNo": 2}),
              call("TransactionEvent", {"eventType": "Updated", "seqNo": 4})], 1),
        case("the same action first",
             [call("Heartbeat", {"eventType": "Ended", "seqNo": 3}),
              call("TransactionEvent", {"eventType": "Started", "seqNo": 1})], 1),
        case("the last of equals",
             [call("TransactionEvent", {"eventType": "Ended", "seqNo": 1}),
              call("TransactionEvent", {"eventType": "Ended", "seqNo": 2})], 1),
        case("matching entry is skipped",
             [call("TransactionEvent", {"eventType": "Ended", "seqNo": 1}),
              call("TransactionEvent", {"eventType": "Ended", "seqNo": 3})], 0),
        case("any entry rather than none", [CONNECTED], 0),
    ],
)  # fmt: skip
def test_closest_entry(entries: list[JsonObject], number: int) -> None:
    nearest = closest(MATCH, entries)

    assert nearest is not None
    assert nearest[0] is entries[number]


FAULTED = {"connectorStatus": "Faulted", "evseId": 1, "connectorId": 1}
OCCUPIED = call("StatusNotification", {"connectorStatus": "Occupied", "evseId": 2, "connectorId": 2})
OUR_ANSWER = result("StatusNotification", direction="sent")
WITHHELD = {**OUR_ANSWER, "type": "withheld", "frame": None}


@pytest.mark.parametrize(
    ("match", "entries", "number"),
    [
        case("its CALL, not our answer",
             {"action": "StatusNotification", "payload": {"connectorStatus": "Faulted"}},
             [OCCUPIED, OUR_ANSWER], 0),
        case("a CALL of the station of another action, though our answer has the field",
             {"action": "FirmwareStatusNotification", "payload": {"status": "Installed"}},
             [call("Heartbeat"), result("BootNotification", {"status": "Accepted"}, "sent"),
              command("TriggerMessage", {"status": "Accepted"})], 0),
        case("many other values rather than no payload",
             {"action": "StatusNotification", "payload": FAULTED}, [OCCUPIED, WITHHELD], 0),
        case("the direction, though more fields differ",
             {"action": "DataTransfer", "direction": "received", "payload": {"vendorId": "a", "data": "b"}},
             [call("DataTransfer", {"vendorId": "x", "data": "y"}),
              command("DataTransfer", {"vendorId": "a", "data": "b"})], 0),
        case("the type, though more fields differ",
             {"action": "DataTransfer", "type": "result", "payload": {"status": "Accepted", "data": "b"}},
             [result("DataTransfer", {"status": "Rejected"}),
              call("DataTransfer", {"status": "Accepted", "data": "b"})], 0),
        case("the station's answer, which alone has the field",
             {"action": "Reset", "payload": {"status": "Accepted"}},
             [result("Reset", {"status": "Rejected"}), command("Reset", {"type": "OnIdle"})], 0),
        case("by the expression, an entry with that field",
             {"action": "StatusNotification", "expression": "evseId > `5`"}, [OCCUPIED, OUR_ANSWER], 0),
        case("the station", {"station": "CS1", "action": "Heartbeat", "payload": {"a": 1}},
             [call("Heartbeat", {"a": 2}), call("Heartbeat", {"a": 1}, "CS2")], 0),
        case("the action of another station", {"station": "CS2", "action": "Heartbeat"},
             [call("Heartbeat"), call("Reset", station="CS2")], 0),
        case("its CALL where only the station differs", {"station": "CS2", "action": "StatusNotification"},
             [OCCUPIED, OUR_ANSWER], 0),
        case("a field more where all else is the same", {"payload": {"list": [1, 2, 3]}},
             [call("DataTransfer", {"list": [1, 2]}), call("DataTransfer", {"list": [1]})], 0),
    ],
)  # fmt: skip
def test_closest_entry_prefers_the_relevant_difference(
    match: JsonObject, entries: list[JsonObject], number: int
) -> None:
    nearest = closest(Match(**match), entries)

    assert nearest is not None
    assert nearest[0] is entries[number]


def test_closest_entry_comes_with_its_differences() -> None:
    nearest = closest(MATCH, [call("TransactionEvent", {"eventType": "Updated", "seqNo": 3})])

    assert nearest is not None
    assert nearest[1] == [Difference("payload.eventType", "Ended", "Updated")]


@pytest.mark.parametrize(
    "entries",
    [
        case("no entries", []),
        case("only a matching entry", [call("TransactionEvent", {"eventType": "Ended", "seqNo": 3})]),
    ],
)
def test_closest_without_near_miss_is_none(entries: list[JsonObject]) -> None:
    assert closest(MATCH, entries) is None


# The text of an expectation


def refusal(text: str) -> str:
    """Return the error for a text, or an empty text if it is valid."""
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
        case("wrong prefix", ">Heartbeat", "write it without < or >"),
        case("no fields", "Heartbeat[]", "[] must be field=value"),
        case("no value", "StatusNotification[evseId]", "[evseId] must be field=value"),
        case("comma at the end", "StatusNotification[evseId=1,]", "[evseId=1,] must be field=value"),
        case("comparison", "StatusNotification[evseId==1]", "[evseId==1] must be field=value"),
        case("unclosed quote", 'DataTransfer[data="a]', "must be field=value"),
        case("invalid escape", r'DataTransfer[data="\x"]', "invalid escaped sequence"),
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
        Outcome("Heartbeat", ">=1", 3, met=True),
        Outcome("BootNotification==2", "==2", 0, met=False),
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
