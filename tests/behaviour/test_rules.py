"""Rules: which one holds for a message of which station, how often, and what it says."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from pydantic import ValidationError

from mock_csms.behaviour.faults import CloseConnection, Delay, Hang, HttpStatus, NoAnswer, ResetConnection
from mock_csms.behaviour.rulebook import Rulebook, RuleMatch
from mock_csms.behaviour.rules import (
    FIRST_STATE,
    HANDSHAKE,
    Rule,
    RuleDirection,
    When,
    rule_of_flag,
)
from mock_csms.messages import Call
from mock_csms.settings.check import check
from mock_csms.transport.steps import Wait
from server import OCPP_VERSIONS
from tests.support.payloads import call

NO_ANSWER = {"fault": {"kind": "no-answer"}}


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that rules go by."""
    clock = Clock()
    monkeypatch.setattr("mock_csms.behaviour.rulebook.monotonic", clock)
    return clock


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def rule(rule_id: str = "it", action: str | None = "Heartbeat", **fields: Any) -> Rule:
    """A rule about Heartbeats that leaves them without an answer, but for the fields that are given."""
    when = {"action": action, **fields.pop("when", {})}
    made = Rule.model_validate({"id": rule_id, "when": when, "then": NO_ANSWER, **fields})
    assert check(made, OCPP_VERSIONS) is None
    return made


def rulebook(rules: Iterable[Rule] = (), seed: int = 0) -> Rulebook:
    return Rulebook(OCPP_VERSIONS, rules, seed)


def saying(name: str, rule_id: str | None = None, **fields: Any) -> Rule:
    """A rule whose error says its name."""
    return rule(rule_id or name, then={"error": {"description": name}}, **fields)


def hit(
    book: Rulebook,
    *,
    station: str = "CS1",
    action: str = "Heartbeat",
    payload: dict[str, Any] | None = None,
    state: str = FIRST_STATE,
    direction: RuleDirection = "call",
) -> RuleMatch | None:
    """Let a message come, and find the rule that holds for it."""
    applicable = book.about(station, direction).get(action)
    return applicable.hit(station, Call.of_json(action, payload or {}), state) if applicable else None


def holding(book: Rulebook, times: int, **message: Any) -> list[str]:
    """Let a message come so often, and tell the ids of the rules that hold; a dot where none does."""
    hits = [hit(book, **message) for _ in range(times)]
    return [found.rule.id if found else "." for found in hits]


def pattern(book: Rulebook, times: int, **message: Any) -> str:
    """The same, with an x for any rule."""
    return "".join("." if it == "." else "x" for it in holding(book, times, **message))


def said(book: Rulebook, times: int, **message: Any) -> list[str]:
    """Let a message come so often, and tell what the errors say."""
    hits = [hit(book, **message) for _ in range(times)]
    return [found.then.error.description if found and found.then.error else "." for found in hits]


def complaint(**fields: Any) -> str:
    return refusal(lambda: Rule.model_validate(fields))


def refusal(make: Callable[[], Rule]) -> str:
    """Why a rule is refused, for its shape or by the versions that are served; empty if it is not."""
    try:
        flaw = check(make(), OCPP_VERSIONS)
    except ValueError as error:
        return str(error)
    return flaw.sentence if flaw else ""


# Which messages


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        case("first level", {"connectorStatus": "Faulted"}, True),
        case("another value", {"connectorStatus": "Available"}, False),
        case("number", {"evseId": 7}, True),
        case("absent", {"customData": {"vendorId": "x"}}, False),
        case("further than there is", {"connectorStatus": {"title": "x"}}, False),
    ],
)
def test_a_message_that_was_read_is_found_by_what_it_says(asked: dict[str, Any], is_found: bool) -> None:
    rule = Rule.model_validate({"when": {"payload": asked}, "set": "found"})
    notice = {
        "timestamp": "2026-01-01T00:00:00Z",
        "connectorStatus": "Faulted",
        "evseId": 7,
        "connectorId": 1,
    }
    message = call("StatusNotification", notice)
    rules = rulebook([rule]).about("CS1")["StatusNotification"]
    assert (rules.hit("CS1", message, FIRST_STATE) is not None) == is_found
    assert (message.json is None) != is_found, "JSON is made where a rule may hold, and nowhere else"


@pytest.mark.parametrize(
    ("when", "payload"),
    [
        case("nothing said", {}, {"seqNo": 1}),
        case("field", {"payload": {"seqNo": 1}}, {"seqNo": 1, "eventType": "Started"}),
        case("nested", {"payload": {"evse": {"id": 1}}}, {"evse": {"id": 1, "connectorId": 2}}),
        case("list", {"payload": {"meterValue": [{"id": 2}]}}, {"meterValue": [{"id": 1}, {"id": 2}]}),
        case("absent", {"payload": {"idToken": None}}, {"seqNo": 1}),
        case("expression", {"expression": "evse.id == `1`"}, {"evse": {"id": 1}}),
        case("expression of text", {"expression": "eventType != 'Ended'"}, {"eventType": "Started"}),
        case("expression that is a value", {"expression": "idToken.idToken"}, {"idToken": {"idToken": "A"}}),
        case("both", {"payload": {"seqNo": 1}, "expression": "offline"}, {"seqNo": 1, "offline": True}),
        case("state", {"state": "start"}, {}),
    ],
)
def test_a_message_is_one_of_those_asked_for(when: dict[str, Any], payload: dict[str, Any]) -> None:
    assert When.model_validate(when).holds(Call.of_json("Heartbeat", payload), "start")


@pytest.mark.parametrize(
    ("when", "payload"),
    [
        case("field", {"payload": {"seqNo": 1}}, {"seqNo": 2}),
        case("field that is absent", {"payload": {"seqNo": 1}}, {}),
        case("nested", {"payload": {"evse": {"id": 1}}}, {"evse": 1}),
        case("list", {"payload": {"meterValue": [{"id": 2}]}}, {"meterValue": [{"id": 1}]}),
        case("absent", {"payload": {"idToken": None}}, {"idToken": {"idToken": "A"}}),
        case("expression", {"expression": "evse.id == `1`"}, {"evse": {"id": 2}}),
        case("expression of what is absent", {"expression": "evse.id"}, {}),
        case("expression that finds no item", {"expression": "meterValue[?id == `3`]"}, {"meterValue": []}),
        case("only the payload", {"payload": {"seqNo": 1}, "expression": "offline"}, {"seqNo": 1}),
        case("only the expression", {"payload": {"seqNo": 1}, "expression": "offline"}, {"offline": True}),
        case("state", {"state": "other"}, {}),
        case("state, for all that", {"state": "other", "payload": {"seqNo": 1}}, {"seqNo": 1}),
    ],
)
def test_a_message_is_none_of_those_asked_for(when: dict[str, Any], payload: dict[str, Any]) -> None:
    assert not When.model_validate(when).holds(Call.of_json("Heartbeat", payload), "start")


@pytest.mark.parametrize(
    ("when", "words"),
    [
        case(
            "no action", {"action": "Hartbeat"}, "no message of a station 'Hartbeat'; did you mean Heartbeat?"
        ),
        case("a command", {"action": "ClearCache"}, "there is no message of a station 'ClearCache'"),
        case(
            "no command",
            {"action": "Heartbeat", "direction": "answer"},
            "there is no command 'Heartbeat'",
        ),
        case(
            "handshake of a command",
            {"action": "handshake", "direction": "answer"},
            "there is no command 'handshake'",
        ),
        case("no direction", {"direction": "both"}, "Input should be 'call' or 'answer'"),
        case("no JMESPath", {"expression": "a =="}, "the expression 'a ==' is no JMESPath: "),
        case("nth 0", {"nth": 0}, "greater than 0"),
        case("an unknown field", {"station_id": "CS1"}, "station_id\n  Extra inputs are not permitted"),
    ],
)
def test_a_wrong_condition_is_refused_with_a_word_that_helps(when: dict[str, Any], words: str) -> None:
    assert words in complaint(when=when, then=NO_ANSWER)


@pytest.mark.parametrize("action", ["ClearCache", "DataTransfer"])
def test_an_answer_is_that_to_a_command(action: str) -> None:
    assert When(action=action, direction="answer").action == action


def test_an_expression_that_cannot_be_read_is_told_in_one_line() -> None:
    with pytest.raises(ValidationError) as caught:
        When(expression="a[?")
    assert "\n" not in str(caught.value.errors()[0]["msg"])


# How often


def test_a_rule_holds_every_time() -> None:
    assert pattern(rulebook([rule()]), 4) == "xxxx"


def test_the_nth_message_only() -> None:
    assert pattern(rulebook([rule(when={"nth": 3})]), 5) == "..x.."


def test_the_nth_counts_only_the_messages_that_the_rule_is_about() -> None:
    book = rulebook([rule(when={"nth": 2, "payload": {"seqNo": 1}})])
    payloads = [{"seqNo": 1}, {"seqNo": 2}, {"seqNo": 2}, {"seqNo": 1}]
    assert [bool(hit(book, payload=payload)) for payload in payloads] == [False, False, False, True]


def test_the_nth_counts_a_message_that_another_rule_takes() -> None:
    book = rulebook([rule("second", when={"nth": 2}), rule("first", times=1, priority=1)])
    assert holding(book, 3) == ["first", "second", "."]


def test_the_nth_is_counted_for_each_station() -> None:
    book = rulebook([rule(when={"nth": 2})])
    found = [pattern(book, 1, station=station) for station in ("CS1", "CS2", "CS1", "CS2")]
    assert found == [".", ".", "x", "x"]


def test_a_rule_that_holds_so_many_times_holds_no_more() -> None:
    assert pattern(rulebook([rule(times=2)]), 5) == "xx..."


def test_times_are_counted_for_each_station() -> None:
    book = rulebook([rule(times=1)])
    assert [pattern(book, 2, station=station) for station in ("CS1", "CS2")] == ["x.", "x."]


def test_times_are_counted_over_all_actions_of_a_rule() -> None:
    book = rulebook([rule(action=None, times=2)])
    actions = ("Heartbeat", "BootNotification", "Authorize")
    assert [bool(hit(book, action=action)) for action in actions] == [True, True, False]


def test_a_rule_whose_nth_comes_after_its_times_holds_once() -> None:
    assert pattern(rulebook([rule(when={"nth": 2}, times=1)]), 4) == ".x.."


# Chance


def test_a_rule_with_a_chance_holds_about_as_often() -> None:
    assert 650 < pattern(rulebook([rule(probability=0.7)], seed=1), 1000).count("x") < 750


def test_a_rule_with_probability_0_never_holds() -> None:
    assert pattern(rulebook([rule(probability=0)], seed=1), 100) == "." * 100


def test_the_same_seed_gives_the_same_sequence() -> None:
    first, second = (pattern(rulebook([rule(probability=0.5)], seed=42), 100) for _ in range(2))
    assert first == second


def test_another_seed_gives_another_sequence() -> None:
    first, second = (pattern(rulebook([rule(probability=0.5)], seed=seed), 100) for seed in (42, 43))
    assert first != second


def test_each_station_has_its_own_chance() -> None:
    book = rulebook([rule(probability=0.5)], seed=42)
    assert pattern(book, 100, station="CS1") != pattern(book, 100, station="CS2")


def test_the_chance_of_a_station_does_not_depend_on_who_comes_between() -> None:
    alone, together = (rulebook([rule(probability=0.5)], seed=42) for _ in range(2))
    expected = pattern(alone, 100)
    found = ""
    for _ in range(100):
        found += pattern(together, 1)
        pattern(together, 3, station="CS2")
    assert found == expected


def test_the_chance_of_a_rule_does_not_depend_on_the_other_rules() -> None:
    alone = rulebook([rule("a", probability=0.5)], seed=42)
    together = rulebook([rule("b", probability=0.5), rule("a", probability=0.5, priority=1)], seed=42)
    expected = [it == "a" for it in holding(alone, 100)]
    assert [it == "a" for it in holding(together, 100)] == expected


def test_each_rule_has_its_own_chance() -> None:
    first, second = (rulebook([rule(name, probability=0.5)], seed=42) for name in "ab")
    assert pattern(first, 100) != pattern(second, 100)


def test_a_fault_draws_from_the_chance_of_its_rule_and_station() -> None:
    then = {"fault": {"kind": "delay", "min": 0, "max": 100}}
    books = [rulebook([rule(then=then)], seed=seed) for seed in (42, 42, 43)]
    delays = []
    for book in books:
        found = hit(book)
        assert found is not None
        assert found.then.fault is not None
        wait, _ = found.then.fault.steps(b"", found.rng)
        assert isinstance(wait, Wait)
        delays.append(wait.seconds)
    assert delays[0] == delays[1] != delays[2]


# Which one of several


def test_of_two_rules_the_newer_holds() -> None:
    assert holding(rulebook([rule("old"), rule("new")]), 2) == ["new", "new"]


def test_of_two_rules_the_one_with_the_lower_priority_number_holds() -> None:
    assert holding(rulebook([rule("first", priority=1), rule("newer")]), 2) == ["first", "first"]


def test_a_priority_is_5_unless_said_otherwise() -> None:
    book = rulebook([rule("4", priority=4), rule("plain"), rule("5", priority=5), rule("6", priority=6)])
    assert [it.id for it in book] == ["4", "5", "plain", "6"]


def test_when_the_times_of_a_rule_are_used_up_the_next_takes_over() -> None:
    book = rulebook([rule("always"), rule("twice", times=2)])
    assert holding(book, 4) == ["twice", "twice", "always", "always"]


def test_a_rule_that_another_was_asked_before_keeps_its_times() -> None:
    book = rulebook([rule("below", times=1), rule("above", times=2)])
    assert holding(book, 4) == ["above", "above", "below", "."]


def test_where_the_newer_rule_does_not_hold_the_older_does() -> None:
    book = rulebook([rule("any"), rule("seqNo 1", when={"payload": {"seqNo": 1}})])
    assert holding(book, 1, payload={"seqNo": 2}) == ["any"]
    assert holding(book, 1, payload={"seqNo": 1}) == ["seqNo 1"]


def test_where_chance_spares_the_newer_rule_the_older_holds() -> None:
    book = rulebook([rule("always"), rule("sometimes", probability=0.5)], seed=1)
    assert {*holding(book, 100)} == {"always", "sometimes"}


@pytest.mark.parametrize("newest_first", [False, True])
def test_rules_that_ask_for_values_of_different_fields_keep_their_order(*, newest_first: bool) -> None:
    rules = [
        rule("seqNo", when={"payload": {"seqNo": 1}}, priority=2),
        rule("event", when={"payload": {"eventType": "Ended"}}, priority=1),
        rule("evse", when={"payload": {"evse": {"id": 1}}}, priority=3),
        rule("expression", when={"expression": "seqNo"}, priority=4),
    ]
    book = rulebook(reversed(rules) if newest_first else rules)
    payload: dict[str, Any] = {"seqNo": 1, "eventType": "Ended", "evse": {"id": 1}}
    found = []
    for name in (None, "eventType", "seqNo", "evse"):
        payload = {key: value for key, value in payload.items() if key != name}
        found += holding(book, 1, payload={"seqNo": 2, **payload})
    assert found == ["event", "seqNo", "evse", "expression"]


@pytest.mark.parametrize(
    ("asked", "came"),
    [
        case("1 and 1.0", 1, 1.0),
        case("text", "Ended", "Ended"),
        case("false", False, False),
        case("object", {"id": 1}, {"id": 1}),
        case("list", [1], [2, 1]),
        case("null", None, None),
        case("any object", {}, {"id": 1}),
    ],
)
def test_a_rule_among_others_is_found_by_any_value_it_asks_for(asked: object, came: object) -> None:
    others = [rule(f"other {number}", when={"payload": {"field": f"{number}"}}) for number in range(10)]
    book = rulebook([*others, rule("it", when={"payload": {"field": asked}}), rule("more", times=1)])
    assert holding(book, 2, payload={"field": came}) == ["more", "it"]


@pytest.mark.parametrize("came", ["x", 1, None, [], {}, {"id": []}, {"id": {"a": 1}}], ids=repr)
def test_a_rule_that_asks_for_a_nested_value_passes_over_anything_else(came: object) -> None:
    book = rulebook([rule(when={"payload": {"field": {"id": {"deep": 1}}}})])
    assert hit(book, payload={"field": came}) is None


def test_one_of_a_hundred_rules_is_found_by_its_value() -> None:
    book = rulebook(rule(f"{number}", when={"payload": {"seqNo": number}}) for number in range(100))
    assert holding(book, 1, payload={"seqNo": 57}) == ["57"]


# For how long


def test_a_rule_is_over_after_its_ttl(clock: Clock) -> None:
    book = rulebook([rule(ttl=10)])
    found = pattern(book, 1)
    clock.seconds += 9.9
    found += pattern(book, 1)
    clock.seconds += 0.1
    assert found + pattern(book, 1) == "xx."


def test_a_ttl_begins_when_the_rule_is_added(clock: Clock) -> None:
    book = rulebook()
    clock.seconds += 100
    book.add(rule(ttl=10))
    assert pattern(book, 1) == "x"


def test_when_a_rule_is_over_the_next_takes_over(clock: Clock) -> None:
    book = rulebook([rule("always"), rule("for a while", ttl=10)])
    found = holding(book, 1)
    clock.seconds += 10
    assert found + holding(book, 1) == ["for a while", "always"]


# What then


def test_a_sequence_is_said_one_after_the_other_and_the_last_one_stays() -> None:
    then = [{"error": {"description": text}} for text in ("first", "second", "last")]
    assert said(rulebook([rule(then=then)]), 5) == ["first", "second", "last", "last", "last"]


def test_a_sequence_goes_on_for_each_station_by_itself() -> None:
    then = [{"error": {"description": text}} for text in ("first", "last")]
    book = rulebook([rule(then=then)])
    assert said(book, 2, station="CS1") == ["first", "last"]
    assert said(book, 2, station="CS2") == ["first", "last"]


def test_a_sequence_goes_on_only_when_its_rule_holds() -> None:
    then = [{"error": {"description": text}} for text in ("first", "last")]
    book = rulebook([rule(then=then), saying("above", priority=1, times=2)])
    assert said(book, 4) == ["above", "above", "first", "last"]


def test_a_sequence_ends_with_the_times_of_its_rule() -> None:
    then = [{"error": {"description": text}} for text in ("first", "second", "last")]
    assert said(rulebook([rule(then=then, times=2)]), 4) == ["first", "second", ".", "."]


def test_one_thing_may_stand_alone_or_in_a_list() -> None:
    assert rule(then=NO_ANSWER) == rule(then=[NO_ANSWER])


def test_a_rule_that_only_sets_a_state_says_nothing_of_the_answer() -> None:
    found = hit(rulebook([Rule.model_validate({"when": {"action": "Heartbeat"}, "set": "beating"})]))
    assert found is not None
    assert found.rule.set == "beating"
    assert (found.then.answer, found.then.error, found.then.fault) == (None, None, None)
    assert not found.then.withholds


def test_a_rule_with_a_state_holds_in_that_state_only() -> None:
    book = rulebook([rule("first", when={"state": FIRST_STATE}), rule("then", when={"state": "then"})])
    states = (FIRST_STATE, "then", "other", "then", FIRST_STATE)
    found = [it for state in states for it in holding(book, 1, state=state)]
    assert found == ["first", "then", ".", "then", "first"]


@pytest.mark.parametrize(
    ("then", "withholds"),
    [
        case("answer", {"answer": {}}, False),
        case("error", {"error": {}}, True),
        case("error later", {"error": {}, "fault": {"kind": "delay", "seconds": 1}}, True),
        case("no answer", NO_ANSWER, True),
        case("answer later", {"answer": {}, "fault": {"kind": "delay", "seconds": 1}}, False),
        case("answer with a wrong id", {"answer": {}, "fault": {"kind": "wrong-id"}}, True),
    ],
)
def test_an_answer_of_use_is_withheld_by(then: dict[str, Any], *, withholds: bool) -> None:
    assert rule(then=then).then[0].withholds == withholds


@pytest.mark.parametrize(
    ("then", "text"),
    [
        case("answer", {"answer": {}}, "answer"),
        case("error", {"error": {"code": "SecurityError"}}, "error SecurityError"),
        case("fault", {"fault": {"kind": "close", "code": 1001}}, "close code=1001"),
        case("answer and fault", {"answer": {}, "fault": {"kind": "duplicate"}}, "answer and duplicate"),
        case("nothing", {}, "as usual"),
    ],
)
def test_what_a_rule_says_is_told_in_a_few_words(then: dict[str, Any], text: str) -> None:
    assert str(rule(then=then).then[0]) == text


def test_an_error_is_an_internal_error_unless_said_otherwise() -> None:
    error = rule(then={"error": {}}).then[0].error
    assert error is not None
    assert (error.code, error.description, error.details) == ("InternalError", "", {})


# What is refused


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        case("nothing", {}, "a rule needs something in then: an answer, an error or a fault"),
        case("an empty sequence", {"then": []}, "a rule needs something in then"),
        case(
            "answer and error",
            {"then": {"answer": {}, "error": {}}},
            "either an answer or an error, not both",
        ),
        case("long description", {"then": {"error": {"description": "x" * 256}}}, "at most 255 characters"),
        case("no fault", {"then": {"fault": {"kind": "dely"}}}, "no fault 'dely'; did you mean delay?"),
        case("no times", {"then": NO_ANSWER, "times": 0}, "greater than 0"),
        case("probability over 1", {"then": NO_ANSWER, "probability": 1.1}, "less than or equal to 1"),
        case("negative probability", {"then": NO_ANSWER, "probability": -0.1}, "greater than or equal to 0"),
        case("priority 0", {"then": NO_ANSWER, "priority": 0}, "greater than or equal to 1"),
        case("ttl 0", {"then": NO_ANSWER, "ttl": 0}, "greater than 0"),
        case("endless ttl", {"then": NO_ANSWER, "ttl": "inf"}, "finite number"),
        case("unknown field", {"then": NO_ANSWER, "often": 1}, "often\n  Extra inputs are not permitted"),
        case("unknown placeholder", {"then": {"answer": {"a": "{{later}}"}}}, "{{later}} stands for nothing"),
        case(
            "second of a sequence",
            {"then": [NO_ANSWER, {"fault": {"kind": "reset", "code": 1}}]},
            "then.1.fault.code\n  Extra inputs are not permitted",
        ),
        case(
            "503 to an answer",
            {"then": {"fault": {"kind": 503}}},
            "the fault 503 cannot be done to an answer; there are delay, no-answer",
        ),
        case(
            "answer at the handshake",
            {"when": {"action": HANDSHAKE}, "then": {"answer": {}}},
            "at the handshake there is nothing to answer yet, only a fault is possible",
        ),
        case(
            "error at the handshake",
            {"when": {"action": HANDSHAKE}, "then": {"error": {}}},
            "at the handshake there is nothing to answer yet, only a fault is possible",
        ),
        case(
            "delay at the handshake",
            {"when": {"action": HANDSHAKE}, "then": {"fault": {"kind": "delay", "seconds": 1}}},
            "delay cannot be done at the handshake; there are wrong-subprotocol, hang, an HTTP status as 503",
        ),
    ],
)
def test_a_wrong_rule_is_refused_with_a_word_that_helps(fields: dict[str, Any], words: str) -> None:
    assert words in complaint(**fields)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "delay", "seconds": 1},
        {"kind": "late-answer"},
        {"kind": "duplicate"},
        {"kind": "wrong-id"},
        {"kind": "malformed"},
        {"kind": "truncated"},
        {"kind": "wrong-type"},
        {"kind": "binary"},
        {"kind": "fragmented"},
        {"kind": "oversized"},
    ],
    ids=lambda it: it["kind"],
)
def test_the_answer_of_a_station_cannot_be_sent_another_way(fault: dict[str, Any]) -> None:
    words = "cannot be done to a station's answer; there are close, no-answer, reset, stall"
    assert words in complaint(when={"direction": "answer"}, then={"fault": fault})


@pytest.mark.parametrize("kind", ["no-answer", "close", "reset", "stall"])
def test_what_is_done_to_a_connection_can_follow_the_answer_of_a_station(kind: str) -> None:
    book = rulebook([rule(action="ClearCache", when={"direction": "answer"}, then={"fault": {"kind": kind}})])
    assert pattern(book, 1, action="ClearCache", direction="answer") == "x"


@pytest.mark.parametrize(
    ("when", "answer", "words"),
    [
        case(
            "wrong type",
            {"action": "Heartbeat"},
            {"currentTime": 5},
            'currentTime: 5 is not of type "string"',
        ),
        case("unknown field", {"action": "Heartbeat"}, {"now": "x"}, "Heartbeat: payload: "),
        case(
            "missing field",
            {"action": "BootNotification"},
            {"status": None},
            '"status" is a required property',
        ),
        case("no status", {"action": "BootNotification"}, {"status": "Maybe"}, "status: "),
        case(
            "deep",
            {"action": "Authorize"},
            {"idTokenInfo": {"status": "Accepted", "language1": 5}},
            "idTokenInfo.language1: ",
        ),
        case(
            "answer of a station",
            {"action": "ClearCache", "direction": "answer"},
            {"status": "Maybe"},
            "the schema of ClearCache: status: ",
        ),
    ],
)
def test_an_answer_that_breaks_its_schema_is_refused(
    when: dict[str, Any], answer: dict[str, Any], words: str
) -> None:
    message = complaint(when=when, then={"answer": answer})
    assert words in message
    assert "with validate = false it is sent as it is" in message


def test_an_answer_that_breaks_its_schema_is_taken_with_validate_false() -> None:
    answer = {"currentTime": 5}
    taken = rule(then={"answer": answer}, validate=False)
    assert taken.then[0].answer == answer
    assert not taken.check_answer


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        case("part of it", "BootNotification", {"interval": 5}),
        case("part of an object", "TransactionEvent", {"idTokenInfo": {"language1": "nl"}}),
        case("time", "Heartbeat", {"currentTime": "{{now+3600}}"}),
        case("field of the request", "Heartbeat", {"currentTime": "{{request.timestamp}}"}),
        case("optional field removed", "TransactionEvent", {"totalCost": None}),
        case("nothing", "Heartbeat", {}),
        case("any action", None, {"currentTime": 5}),
    ],
)
def test_an_answer_that_can_keep_to_its_schema_is_taken(action: str | None, answer: dict[str, Any]) -> None:
    assert rule(action=action, then={"answer": answer}).then[0].answer == answer


# As it is written on the command line


@pytest.mark.parametrize(
    ("text", "station", "action"),
    [
        case("action", "Heartbeat:reset", "*", "Heartbeat"),
        case("station and action", "CS1/Heartbeat:reset", "CS1", "Heartbeat"),
        case("stations and action", "CS*/Heartbeat:reset", "CS*", "Heartbeat"),
        case("identity with a slash", "a/b/Heartbeat:reset", "a/b", "Heartbeat"),
        case("no station before the slash", "/Heartbeat:reset", "*", "Heartbeat"),
        case("handshake", "handshake:503", "*", "handshake"),
        case("handshake of a station", "CS1/handshake:503", "CS1", "handshake"),
    ],
)
def test_the_target_of_a_flag_is(text: str, station: str, action: str) -> None:
    when = rule_of_flag(text).when
    assert (when.station, when.action) == (station, action)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        case("kind", "Heartbeat:no-answer", NoAnswer()),
        case("kind with a value", "Heartbeat:delay=0.5", Delay(seconds=0.5)),
        case("value of another name", "Heartbeat:close=1008", CloseConnection(code=1008)),
        case("key", "Heartbeat:delay:seconds=0.5", Delay(seconds=0.5)),
        case("two keys", "Heartbeat:delay:min=1:max=2", Delay(min=1, max=2)),
        case("value and key", "Heartbeat:close=4000:reason=go", CloseConnection(code=4000, reason="go")),
        case("value with an equals sign", "Heartbeat:close:reason=a=b", CloseConnection(reason="a=b")),
        case("key of the rule", "Heartbeat:reset:times=2", ResetConnection()),
        case("status", "handshake:503", HttpStatus(kind="503")),
        case("hang", "handshake:hang=2", Hang(seconds=2)),
    ],
)
def test_the_fault_of_a_flag_is(text: str, fault: object) -> None:
    assert rule_of_flag(text).then[0].fault == fault


def test_the_keys_of_a_rule_stand_beside_those_of_its_fault() -> None:
    text = "Heartbeat:delay:times=3:min=1:nth=2:probability=0.5:priority=1:max=2:ttl=60:state=a:set=b"
    assert rule_of_flag(text) == Rule.model_validate(
        {
            "id": text,
            "when": {"action": "Heartbeat", "nth": 2, "state": "a"},
            "then": {"fault": {"kind": "delay", "min": 1, "max": 2}},
            "times": 3,
            "probability": 0.5,
            "priority": 1,
            "ttl": 60,
            "set": "b",
        }
    )


def test_a_flag_without_a_station_is_about_the_one_that_is_given() -> None:
    assert rule_of_flag("Heartbeat:reset", station="CS2*").when.station == "CS2*"


def test_a_flag_is_the_name_of_its_rule() -> None:
    assert str(rule_of_flag("Heartbeat:no-answer:times=2")) == "Heartbeat:no-answer:times=2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        case(
            "no fault",
            "Heartbeat",
            "'Heartbeat' must be a target, a colon and a fault, as in Heartbeat:no-ans",
        ),
        case("nothing after the colon", "Heartbeat:", "must be a target, a colon and a fault"),
        case("nothing", "", "must be a target, a colon and a fault"),
        case("no target", ":no-answer", "there is no message of a station ''"),
        case(
            "unknown action", "Hartbeat:reset", "there is no message of a station 'Hartbeat'; did you mean H"
        ),
        case("command", "ClearCache:reset", "there is no message of a station 'ClearCache'"),
        case("unknown kind", "Heartbeat:rest", "there is no fault 'rest'; did you mean reset?"),
        case(
            "unknown kind with a value", "Heartbeat:dely=5", "there is no fault 'dely'; did you mean delay?"
        ),
        case("no kind", "Heartbeat::times=1", "there is no fault ''; there are delay"),
        case("value of what takes none", "Heartbeat:no-answer=3", "the fault no-answer takes no value"),
        case("value of a status", "handshake:503=3", "the fault 503 takes no value"),
        case("wrong value", "Heartbeat:delay=long", "then.0.fault.seconds\n  Input should be a valid number"),
        case("empty value", "Heartbeat:delay=", "a delay has either seconds, or min and max"),
        case(
            "unknown key", "Heartbeat:delay=5:time=2", "then.0.fault.time\n  Extra inputs are not permitted"
        ),
        case(
            "wrong key of the rule", "Heartbeat:reset:times=often", "times\n  Input should be a valid integer"
        ),
        case("key without a value", "Heartbeat:reset:times", "times\n  Input should be a valid integer"),
        case("wrong nth", "Heartbeat:reset:nth=0", "when.nth\n  Input should be greater than 0"),
        case("status of an answer", "Heartbeat:503", "the fault 503 cannot be done to an answer"),
        case("answer at the handshake", "handshake:reset", "the fault reset cannot be done at the handshake"),
    ],
)
def test_a_wrong_flag_is_refused_with_a_word_that_helps(text: str, words: str) -> None:
    assert words in refusal(lambda: rule_of_flag(text))


# The book


def test_a_rule_can_be_added_and_removed() -> None:
    book = rulebook()
    book.add(rule("it"))
    found = pattern(book, 1)
    assert book.remove("it")
    assert found + pattern(book, 1) == "x."


def test_what_is_not_there_cannot_be_removed() -> None:
    assert not rulebook([rule("it")]).remove("other")


def test_only_the_rule_that_is_named_is_removed() -> None:
    book = rulebook([rule("a"), rule("b"), rule("c")])
    book.remove("b")
    assert [it.id for it in book] == ["c", "a"]


def test_a_rule_that_is_added_is_the_newest() -> None:
    book = rulebook([rule("old")])
    book.add(rule("new"))
    assert holding(book, 1) == ["new"]


def test_a_rule_without_an_id_gets_one_of_its_own() -> None:
    book = rulebook()
    first, second = book.add(rule("")), book.add(rule(""))
    assert first.id
    assert second.id
    assert first.id != second.id
    assert {it.id for it in book} == {first.id, second.id}


def test_a_rule_of_the_same_id_is_replaced() -> None:
    book = rulebook([saying("before", "it"), saying("other", times=1)])
    book.add(saying("after", "it"))
    assert len(list(book)) == 2
    assert said(book, 1) == ["after"]


def test_a_rule_that_is_added_again_counts_from_the_start() -> None:
    book = rulebook([rule("it", times=1)])
    found = pattern(book, 2)
    book.add(rule("it", times=1))
    assert found + pattern(book, 2) == "x.x."


def test_other_rules_take_the_place_of_those_before() -> None:
    book = rulebook([rule("a"), rule("b")])
    book.replace([rule("c"), rule("d")])
    assert [it.id for it in book] == ["d", "c"]
    assert holding(book, 1) == ["d"]


def test_a_rule_that_stays_goes_on_counting() -> None:
    book = rulebook([rule("it", times=3)])
    found = pattern(book, 2)
    book.replace([rule("other", action="Authorize"), rule("it", times=3)])
    assert found + pattern(book, 2) == "xxx."


def test_a_rule_that_nobody_named_goes_on_counting_in_another_place() -> None:
    book = rulebook([rule("rule-1", times=3)])
    found = pattern(book, 2)
    book.replace([rule("rule-1", action="Authorize"), rule("rule-2", times=3)])
    assert found + pattern(book, 2) == "xxx."


def test_of_two_rules_that_say_the_same_each_goes_on_counting_for_itself() -> None:
    book = rulebook([rule("rule-1", times=1), rule("rule-2", times=1)])
    found = pattern(book, 1)
    book.replace([rule("rule-2", times=1), rule("rule-1", times=1)])
    assert found + pattern(book, 3) == "xx.."


def test_a_rule_that_stays_goes_on_with_its_chance() -> None:
    unchanged, replaced = (rulebook([rule(probability=0.5)], seed=42) for _ in range(2))
    found = pattern(replaced, 50)
    replaced.replace([rule(probability=0.5)])
    assert found + pattern(replaced, 50) == pattern(unchanged, 100)


def test_a_rule_that_stays_is_over_when_it_would_have_been(clock: Clock) -> None:
    book = rulebook([rule(ttl=10)])
    clock.seconds += 6
    book.replace([rule(ttl=10)])
    clock.seconds += 6
    assert pattern(book, 1) == "."


def test_a_rule_that_has_changed_counts_from_the_start() -> None:
    book = rulebook([rule("it", times=1)])
    found = pattern(book, 2)
    book.replace([rule("it", times=2)])
    assert found + pattern(book, 3) == "x.xx."


def test_a_rule_that_was_gone_counts_from_the_start() -> None:
    book = rulebook([rule("it", times=1)])
    found = pattern(book, 2)
    book.replace([])
    book.replace([rule("it", times=1)])
    assert found + pattern(book, 2) == "x.x."


def test_a_rule_that_is_added_after_a_replacement_is_the_newest() -> None:
    book = rulebook([rule("a"), rule("b"), rule("c")])
    book.replace([rule("d")])
    book.add(rule("e"))
    assert holding(book, 1) == ["e"]


def test_the_seed_stays_when_rules_are_replaced() -> None:
    expected = pattern(rulebook([rule(probability=0.5)], seed=42), 100)
    book = rulebook(seed=42)
    book.replace([rule(probability=0.5)])
    assert pattern(book, 100) == expected


# Whom and what a rule is about


@pytest.mark.parametrize(
    ("glob", "identity", "is_about"),
    [
        case("all", "*", "CS1", True),
        case("itself", "CS1", "CS1", True),
        case("itself, with the characters of a glob", "CS[1]", "CS[1]", True),
        case("prefix", "CS*", "CS1", True),
        case("one character", "CS?", "CS1", True),
        case("set", "CS[12]", "CS1", True),
        case("other", "CS2", "CS1", False),
        case("case", "cs1", "CS1", False),
        case("part", "CS", "CS1", False),
        case("two characters", "CS?", "CS12", False),
        case("other set", "CS[23]", "CS1", False),
    ],
)
def test_a_rule_is_about_the_stations_that_its_glob_matches(
    glob: str, identity: str, *, is_about: bool
) -> None:
    book = rulebook([rule(when={"station": glob})])
    assert ("Heartbeat" in book.about(identity)) == is_about


def test_an_action_that_no_rule_is_about_is_left_out() -> None:
    assert [*rulebook([rule(action="Authorize")]).about("CS1")] == ["Authorize"]


def test_without_a_rule_there_is_nothing_about_a_station() -> None:
    assert rulebook().about("CS1") == {}


def test_a_rule_without_an_action_is_about_all_that_a_station_sends_but_not_the_handshake() -> None:
    about = rulebook([rule(action=None)]).about("CS1")
    assert {"Heartbeat", "BootNotification", "DataTransfer"} < {*about}
    assert len(about) == 25
    assert HANDSHAKE not in about


def test_a_rule_about_answers_without_an_action_is_about_those_to_all_commands() -> None:
    book = rulebook([rule(action=None, when={"direction": "answer"})])
    assert {"ClearCache", "GetVariables", "DataTransfer"} < {*book.about("CS1", "answer")}
    assert len(book.about("CS1", "answer")) == 40


def test_a_rule_about_answers_is_not_about_calls() -> None:
    book = rulebook([rule(action="DataTransfer", when={"direction": "answer"})])
    assert [*book.about("CS1")] == []
    assert [*book.about("CS1", "answer")] == ["DataTransfer"]


def test_a_rule_about_calls_is_not_about_answers() -> None:
    book = rulebook([rule(action="DataTransfer")])
    assert [*book.about("CS1")] == ["DataTransfer"]
    assert [*book.about("CS1", "answer")] == []


def test_stations_that_the_same_rules_are_about_share_what_is_found() -> None:
    book = rulebook([rule(when={"station": "CS*"})])
    assert book.about("CS1") is book.about("CS2")
    assert book.about("CS1") is not book.about("other")


def test_stations_that_share_what_is_found_are_counted_apart() -> None:
    book = rulebook([rule(when={"station": "CS*"}, times=1)])
    assert [pattern(book, 2, station=station) for station in ("CS1", "CS2")] == ["x.", "x."]


# At the handshake


def test_a_rule_about_the_handshake_is_about_nothing_else() -> None:
    book = rulebook([rule(action=HANDSHAKE, then={"fault": {"kind": 503}})])
    assert [*book.about("CS1")] == [HANDSHAKE]


def test_a_rule_about_the_handshake_counts_as_any_other() -> None:
    book = rulebook([rule(action=HANDSHAKE, then={"fault": {"kind": 503}}, times=2)])
    assert pattern(book, 3, action=HANDSHAKE) == "xx."


@pytest.mark.parametrize("kind", [401, "403", 503, "wrong-subprotocol", "hang"])
def test_what_can_go_wrong_at_the_handshake_is_taken(kind: object) -> None:
    found = hit(rulebook([rule(action=HANDSHAKE, then={"fault": {"kind": kind}})]), action=HANDSHAKE)
    assert found is not None
    assert found.then.fault is not None
    assert found.then.fault.kind == str(kind)


def test_a_sequence_of_refusals_at_the_handshake() -> None:
    then = [{"fault": {"kind": kind}} for kind in (503, 401, "hang")]
    book = rulebook([rule(action=HANDSHAKE, then=then)])
    hits = [hit(book, action=HANDSHAKE) for _ in range(4)]
    assert [str(it.then) for it in hits if it] == ["503", "401", "hang", "hang"]
