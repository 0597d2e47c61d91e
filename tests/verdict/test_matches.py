"""Matches: conditions, differences, and the nearest miss."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mock_csms.journal.entries import payload_in
from mock_csms.messages import JsonObject
from mock_csms.verdict.matches import Difference, Match, NearestMiss
from tests.verdict.sample_entries import CONNECTED, ENDED, MALFORMED, call, case, command, error, result

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
    action=st.sampled_from([None, "Heartbeat", "Reset", ["Heartbeat"], ["Heartbeat", "Reset"]]),
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
        case("one of several actions", {"action": ["Heartbeat", "TransactionEvent"]}, ENDED),
        case("action of a vendor", {"action": "Dance"}, call("Dance")),
        case("direction", {"direction": "received"}, ENDED),
        case("type", {"type": "connected"}, CONNECTED),
        case("payload", {"payload": {"eventType": "Ended"}}, ENDED),
        case("nested payload", {"payload": {"evse": {"id": 1}}}, ENDED),
        case("item of a list", {"payload": {"list": [{"b": 2}]}}, ENDED),
        case("absent field", {"payload": {"reason": None}}, ENDED),
        case("expression", {"expression": "evse.id == `1`"}, ENDED),
        case("error code", {"payload": {"errorCode": "GenericError"}}, error("GenericError")),
        case("answer, by its direction", {"action": "Reset", "direction": "received"}, result("Reset", {})),
        case("answer, for any type", {"action": "Reset", "type": None}, result("Reset", {})),
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
        case("none of several actions", {"action": ["Heartbeat", "Reset"]}, ENDED),
        case("several actions, entry without one", {"action": ["Heartbeat"]}, CONNECTED),
        case("direction", {"direction": "sent"}, ENDED),
        case("type", {"type": "result"}, ENDED),
        case("answer, for an action alone", {"action": "Reset"}, result("Reset", {})),
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
        case("number as action", {"action": 1}, "write an action, or a list of actions"),
        case(
            "number as one of the actions", {"action": ["Reset", 1]}, "write an action, or a list of actions"
        ),
        case("no action", {"action": []}, "write an action, or a list of actions"),
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
        case("several actions", {"action": ["Reset"]}, [("action", ["Reset"], "TransactionEvent")]),
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


def closest(match: Match, entries: Sequence[JsonObject]) -> tuple[JsonObject, Sequence[Difference]] | None:
    """The nearest miss among entries, with its differences; later entries are compared first."""
    nearest, miss = NearestMiss(match), None
    for entry in reversed(entries):
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
             {"action": "Reset", "direction": "received", "payload": {"status": "Accepted"}},
             [result("Reset", {"status": "Rejected"}), command("Reset", {"type": "OnIdle"})], 0),
        case("by the expression, an entry with that field",
             {"action": "StatusNotification", "expression": "evseId > `5`"}, [OCCUPIED, OUR_ANSWER], 0),
        case("the station", {"station": "CS1", "action": "Heartbeat", "payload": {"a": 1}},
             [call("Heartbeat", {"a": 2}), call("Heartbeat", {"a": 1}, "CS2")], 0),
        case("another action of the station", {"station": "CS2", "action": "Heartbeat"},
             [call("Reset", station="CS2"), call("Heartbeat")], 0),
        case("one of the actions", {"action": ["Heartbeat", "Reset"], "payload": {"a": 1}},
             [call("Reset"), call("BootNotification", {"a": 1})], 0),
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


def test_closest_entry_of_several_matches_is_that_of_the_nearest_one() -> None:
    matches = [
        Match(action="Reset", payload={"type": "OnIdle"}),
        Match(action="TransactionEvent", payload={"eventType": "Started"}),
    ]
    nearest = NearestMiss(*matches)

    assert [nearest.is_nearer(entry) for entry in (CONNECTED, ENDED, CONNECTED)] == [True, True, False]
    assert nearest.match is matches[1]
    assert nearest.differences == [Difference("payload.eventType", "Started", "Ended")]


def test_entry_that_matches_one_of_several_is_no_near_miss() -> None:
    nearest = NearestMiss(Match(action="Reset"), Match(action="TransactionEvent"))

    assert not nearest.is_nearer(ENDED)


@pytest.mark.parametrize(
    "entries",
    [
        case("no entries", []),
        case("only a matching entry", [call("TransactionEvent", {"eventType": "Ended", "seqNo": 3})]),
    ],
)
def test_closest_without_near_miss_is_none(entries: list[JsonObject]) -> None:
    assert closest(MATCH, entries) is None
