"""The rulebook: which rule applies to a message of a station, how often and for how long."""

from collections.abc import Iterable
from typing import Any

import pytest

from mock_csms.behaviour.rule_sets import RuleMatch, Usages
from mock_csms.behaviour.rulebook import Rulebook
from mock_csms.behaviour.rules import FIRST_STATE, HANDSHAKE, Rule, RuleDirection
from mock_csms.messages import Call
from mock_csms.transport.steps import Wait
from server import OCPP_VERSIONS
from tests.behaviour.sample_rules import case, rule
from tests.support.payloads import call


class Clock:
    """A monotonic clock that a test sets by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the rulebook reads."""
    clock = Clock()
    for module in ("rulebook", "rule_sets"):
        monkeypatch.setattr(f"mock_csms.behaviour.{module}.monotonic", clock)
    return clock


def rulebook(rules: Iterable[Rule] = (), seed: int = 0) -> Rulebook:
    return Rulebook(OCPP_VERSIONS, rules, seed)


def error_rule(description: str, rule_id: str | None = None, **fields: Any) -> Rule:
    """A rule that answers with an error of this description."""
    return rule(rule_id or description, then={"error": {"description": description}}, **fields)


def hit(
    book: Rulebook,
    *,
    station: str = "CS1",
    action: str = "Heartbeat",
    payload: dict[str, Any] | None = None,
    state: str = FIRST_STATE,
    direction: RuleDirection = "call",
) -> RuleMatch | None:
    """The rule that applies to one message, if any."""
    rule_set = book.about(station, direction).get(action)
    return rule_set.hit(station, Call.of_json(action, payload or {}), state) if rule_set else None


def hit_ids(book: Rulebook, times: int, **message: Any) -> list[str]:
    """The ids of the rules that apply to each of ``times`` equal messages; a dot where none does."""
    matches = [hit(book, **message) for _ in range(times)]
    return [match.rule.id if match else "." for match in matches]


def hit_pattern(book: Rulebook, times: int, **message: Any) -> str:
    """For each of ``times`` equal messages an x if a rule applies to it, otherwise a dot."""
    return "".join("." if rule_id == "." else "x" for rule_id in hit_ids(book, times, **message))


def error_descriptions(book: Rulebook, times: int, **message: Any) -> list[str]:
    """The error descriptions for each of ``times`` equal messages; a dot where no rule applies."""
    matches = [hit(book, **message) for _ in range(times)]
    return [match.then.error.description if match and match.then.error else "." for match in matches]


# Conditions


@pytest.mark.parametrize(
    ("required", "is_hit"),
    [
        case("first level", {"connectorStatus": "Faulted"}, True),
        case("another value", {"connectorStatus": "Available"}, False),
        case("number", {"evseId": 7}, True),
        case("absent field", {"customData": {"vendorId": "x"}}, False),
        case("path into a scalar", {"connectorStatus": {"title": "x"}}, False),
    ],
)
def test_decoded_message_is_matched_by_payload_values(required: dict[str, Any], is_hit: bool) -> None:
    rule = Rule.model_validate({"when": {"payload": required}, "set": "matched"})
    notice = {
        "timestamp": "2026-01-01T00:00:00Z",
        "connectorStatus": "Faulted",
        "evseId": 7,
        "connectorId": 1,
    }
    message = call("StatusNotification", notice)
    rules = rulebook([rule]).about("CS1")["StatusNotification"]
    assert (rules.hit("CS1", message, FIRST_STATE) is not None) == is_hit
    assert (message.json is None) != is_hit, "JSON must be made only where a rule may hold"


# Counts


def test_rule_without_limits_hits_every_time() -> None:
    assert hit_pattern(rulebook([rule()]), 4) == "xxxx"


def test_nth_hits_that_message_only() -> None:
    assert hit_pattern(rulebook([rule(when={"nth": 3})]), 5) == "..x.."


def test_nth_counts_matching_messages_only() -> None:
    book = rulebook([rule(when={"nth": 2, "payload": {"seqNo": 1}})])
    payloads = [{"seqNo": 1}, {"seqNo": 2}, {"seqNo": 2}, {"seqNo": 1}]
    assert [bool(hit(book, payload=payload)) for payload in payloads] == [False, False, False, True]


def test_nth_counts_message_taken_by_another_rule() -> None:
    book = rulebook([rule("second", when={"nth": 2}), rule("first", times=1, priority=1)])
    assert hit_ids(book, 3) == ["first", "second", "."]


def test_nth_is_counted_per_station() -> None:
    book = rulebook([rule(when={"nth": 2})])
    hits = [hit_pattern(book, 1, station=station) for station in ("CS1", "CS2", "CS1", "CS2")]
    assert hits == [".", ".", "x", "x"]


def test_times_limits_hits() -> None:
    assert hit_pattern(rulebook([rule(times=2)]), 5) == "xx..."


def test_times_are_counted_per_station() -> None:
    book = rulebook([rule(times=1)])
    assert [hit_pattern(book, 2, station=station) for station in ("CS1", "CS2")] == ["x.", "x."]


def test_times_are_counted_across_actions() -> None:
    book = rulebook([rule(action=None, times=2)])
    actions = ("Heartbeat", "BootNotification", "Authorize")
    assert [bool(hit(book, action=action)) for action in actions] == [True, True, False]


def test_nth_above_times_still_hits_once() -> None:
    assert hit_pattern(rulebook([rule(when={"nth": 2}, times=1)]), 4) == ".x.."


# Probability


def test_probability_sets_share_of_hits() -> None:
    assert 650 < hit_pattern(rulebook([rule(probability=0.7)], seed=1), 1000).count("x") < 750


def test_probability_0_never_hits() -> None:
    assert hit_pattern(rulebook([rule(probability=0)], seed=1), 100) == "." * 100


def test_same_seed_gives_same_hits() -> None:
    first, second = (hit_pattern(rulebook([rule(probability=0.5)], seed=42), 100) for _ in range(2))
    assert first == second


def test_other_seed_gives_other_hits() -> None:
    first, second = (hit_pattern(rulebook([rule(probability=0.5)], seed=seed), 100) for seed in (42, 43))
    assert first != second


def test_stations_have_independent_random_hits() -> None:
    book = rulebook([rule(probability=0.5)], seed=42)
    assert hit_pattern(book, 100, station="CS1") != hit_pattern(book, 100, station="CS2")


def test_random_hits_do_not_depend_on_other_stations() -> None:
    alone, together = (rulebook([rule(probability=0.5)], seed=42) for _ in range(2))
    expected = hit_pattern(alone, 100)
    hits = ""
    for _ in range(100):
        hits += hit_pattern(together, 1)
        hit_pattern(together, 3, station="CS2")
    assert hits == expected


def test_random_hits_do_not_depend_on_other_rules() -> None:
    alone = rulebook([rule("a", probability=0.5)], seed=42)
    together = rulebook([rule("b", probability=0.5), rule("a", probability=0.5, priority=1)], seed=42)
    expected = [rule_id == "a" for rule_id in hit_ids(alone, 100)]
    assert [rule_id == "a" for rule_id in hit_ids(together, 100)] == expected


def test_rules_have_independent_random_hits() -> None:
    first, second = (rulebook([rule(name, probability=0.5)], seed=42) for name in "ab")
    assert hit_pattern(first, 100) != hit_pattern(second, 100)


def test_random_delay_depends_on_seed() -> None:
    then = {"fault": {"kind": "delay", "min": 0, "max": 100}}
    books = [rulebook([rule(then=then)], seed=seed) for seed in (42, 42, 43)]
    delays = []
    for book in books:
        match = hit(book)
        assert match is not None
        assert match.then.fault is not None
        wait, _ = match.then.fault.steps(b"", match.rng)
        assert isinstance(wait, Wait)
        delays.append(wait.seconds)
    assert delays[0] == delays[1] != delays[2]


# Order


def test_newer_rule_is_tried_first() -> None:
    assert hit_ids(rulebook([rule("old"), rule("new")]), 2) == ["new", "new"]


def test_lower_priority_number_is_tried_first() -> None:
    assert hit_ids(rulebook([rule("first", priority=1), rule("newer")]), 2) == ["first", "first"]


def test_default_priority_is_5() -> None:
    book = rulebook([rule("4", priority=4), rule("plain"), rule("5", priority=5), rule("6", priority=6)])
    assert [each.id for each in book] == ["4", "5", "plain", "6"]


def test_next_rule_applies_after_times_are_used_up() -> None:
    book = rulebook([rule("always"), rule("twice", times=2)])
    assert hit_ids(book, 4) == ["twice", "twice", "always", "always"]


def test_message_taken_by_another_rule_does_not_count_in_times() -> None:
    book = rulebook([rule("below", times=1), rule("above", times=2)])
    assert hit_ids(book, 4) == ["above", "above", "below", "."]


def test_older_rule_applies_where_newer_does_not_match() -> None:
    book = rulebook([rule("any"), rule("seqNo 1", when={"payload": {"seqNo": 1}})])
    assert hit_ids(book, 1, payload={"seqNo": 2}) == ["any"]
    assert hit_ids(book, 1, payload={"seqNo": 1}) == ["seqNo 1"]


def test_older_rule_applies_when_newer_misses_its_probability() -> None:
    book = rulebook([rule("always"), rule("sometimes", probability=0.5)], seed=1)
    assert {*hit_ids(book, 100)} == {"always", "sometimes"}


@pytest.mark.parametrize("newest_first", [False, True])
def test_rules_on_different_fields_keep_priority_order(*, newest_first: bool) -> None:
    rules = [
        rule("seqNo", when={"payload": {"seqNo": 1}}, priority=2),
        rule("event", when={"payload": {"eventType": "Ended"}}, priority=1),
        rule("evse", when={"payload": {"evse": {"id": 1}}}, priority=3),
        rule("expression", when={"expression": "seqNo"}, priority=4),
    ]
    book = rulebook(reversed(rules) if newest_first else rules)
    payload: dict[str, Any] = {"seqNo": 1, "eventType": "Ended", "evse": {"id": 1}}
    hits = []
    for name in (None, "eventType", "seqNo", "evse"):
        payload = {key: value for key, value in payload.items() if key != name}
        hits += hit_ids(book, 1, payload={"seqNo": 2, **payload})
    assert hits == ["event", "seqNo", "evse", "expression"]


# Index


@pytest.mark.parametrize(
    ("required", "value"),
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
def test_index_finds_rule_by_any_required_value(required: object, value: object) -> None:
    others = [rule(f"other {number}", when={"payload": {"field": f"{number}"}}) for number in range(10)]
    book = rulebook([*others, rule("tested", when={"payload": {"field": required}}), rule("more", times=1)])
    assert hit_ids(book, 2, payload={"field": value}) == ["more", "tested"]


@pytest.mark.parametrize("value", ["x", 1, None, [], {}, {"id": []}, {"id": {"a": 1}}], ids=repr)
def test_nested_required_value_does_not_match_other_values(value: object) -> None:
    book = rulebook([rule(when={"payload": {"field": {"id": {"deep": 1}}}})])
    assert hit(book, payload={"field": value}) is None


def test_one_of_a_hundred_rules_is_hit_by_value() -> None:
    book = rulebook(rule(f"{number}", when={"payload": {"seqNo": number}}) for number in range(100))
    assert hit_ids(book, 1, payload={"seqNo": 57}) == ["57"]


# Expiry


def test_rule_expires_after_ttl(clock: Clock) -> None:
    book = rulebook([rule(ttl=10)])
    hits = hit_pattern(book, 1)
    clock.seconds += 9.9
    hits += hit_pattern(book, 1)
    clock.seconds += 0.1
    assert hits + hit_pattern(book, 1) == "xx."


def test_ttl_starts_when_rule_is_added(clock: Clock) -> None:
    book = rulebook()
    clock.seconds += 100
    book.add(rule(ttl=10))
    assert hit_pattern(book, 1) == "x"


def test_next_rule_applies_after_expiry(clock: Clock) -> None:
    book = rulebook([rule("always"), rule("for a while", ttl=10)])
    hits = hit_ids(book, 1)
    clock.seconds += 10
    assert hits + hit_ids(book, 1) == ["for a while", "always"]


# Effects


def test_sequence_advances_per_hit_and_repeats_last() -> None:
    then = [{"error": {"description": text}} for text in ("first", "second", "last")]
    assert error_descriptions(rulebook([rule(then=then)]), 5) == ["first", "second", "last", "last", "last"]


def test_sequence_advances_per_station() -> None:
    then = [{"error": {"description": text}} for text in ("first", "last")]
    book = rulebook([rule(then=then)])
    assert error_descriptions(book, 2, station="CS1") == ["first", "last"]
    assert error_descriptions(book, 2, station="CS2") == ["first", "last"]


def test_sequence_does_not_advance_without_hit() -> None:
    then = [{"error": {"description": text}} for text in ("first", "last")]
    book = rulebook([rule(then=then), error_rule("above", priority=1, times=2)])
    assert error_descriptions(book, 4) == ["above", "above", "first", "last"]


def test_sequence_ends_with_times() -> None:
    then = [{"error": {"description": text}} for text in ("first", "second", "last")]
    assert error_descriptions(rulebook([rule(then=then, times=2)]), 4) == ["first", "second", ".", "."]


def test_rule_with_only_set_leaves_answer_unchanged() -> None:
    match = hit(rulebook([Rule.model_validate({"when": {"action": "Heartbeat"}, "set": "beating"})]))
    assert match is not None
    assert match.rule.set == "beating"
    assert (match.then.answer, match.then.error, match.then.fault) == (None, None, None)
    assert not match.then.withholds


def test_state_condition_hits_in_that_state_only() -> None:
    book = rulebook([rule("first", when={"state": FIRST_STATE}), rule("then", when={"state": "then"})])
    states = (FIRST_STATE, "then", "other", "then", FIRST_STATE)
    hits = [rule_id for state in states for rule_id in hit_ids(book, 1, state=state)]
    assert hits == ["first", "then", ".", "then", "first"]


@pytest.mark.parametrize("kind", ["no-answer", "close", "reset", "stall"])
def test_connection_fault_can_follow_a_stations_answer(kind: str) -> None:
    book = rulebook([rule(action="ClearCache", when={"direction": "answer"}, then={"fault": {"kind": kind}})])
    assert hit_pattern(book, 1, action="ClearCache", direction="answer") == "x"


# Adding, removing and replacing


def test_added_rule_hits_until_removed() -> None:
    book = rulebook()
    book.add(rule("tested"))
    hits = hit_pattern(book, 1)
    assert book.remove("tested")
    assert hits + hit_pattern(book, 1) == "x."


def test_remove_returns_false_for_unknown_id() -> None:
    assert not rulebook([rule("tested")]).remove("other")


def test_remove_keeps_other_rules() -> None:
    book = rulebook([rule("a"), rule("b"), rule("c")])
    book.remove("b")
    assert [each.id for each in book] == ["c", "a"]


def test_added_rule_is_newest() -> None:
    book = rulebook([rule("old")])
    book.add(rule("new"))
    assert hit_ids(book, 1) == ["new"]


def test_rule_without_id_gets_unique_id() -> None:
    book = rulebook()
    first, second = book.add(rule("")), book.add(rule(""))
    assert first.id
    assert second.id
    assert first.id != second.id
    assert {each.id for each in book} == {first.id, second.id}


def test_add_replaces_rule_with_same_id() -> None:
    book = rulebook([error_rule("before", "tested"), error_rule("other", times=1)])
    book.add(error_rule("after", "tested"))
    assert len(list(book)) == 2
    assert error_descriptions(book, 1) == ["after"]


def test_rule_added_again_restarts_its_counts() -> None:
    book = rulebook([rule("tested", times=1)])
    hits = hit_pattern(book, 2)
    book.add(rule("tested", times=1))
    assert hits + hit_pattern(book, 2) == "x.x."


def test_replace_swaps_all_rules() -> None:
    book = rulebook([rule("a"), rule("b")])
    book.replace([rule("c"), rule("d")])
    assert [each.id for each in book] == ["d", "c"]
    assert hit_ids(book, 1) == ["d"]


def test_replace_keeps_counts_of_unchanged_rule() -> None:
    book = rulebook([rule("tested", times=3)])
    hits = hit_pattern(book, 2)
    book.replace([rule("other", action="Authorize"), rule("tested", times=3)])
    assert hits + hit_pattern(book, 2) == "xxx."


def test_replace_keeps_counts_of_unnamed_rule_that_moved() -> None:
    book = rulebook([rule("rule-1", times=3)])
    hits = hit_pattern(book, 2)
    book.replace([rule("rule-1", action="Authorize"), rule("rule-2", times=3)])
    assert hits + hit_pattern(book, 2) == "xxx."


def test_replace_keeps_counts_of_equal_rules_apart() -> None:
    book = rulebook([rule("rule-1", times=1), rule("rule-2", times=1)])
    hits = hit_pattern(book, 1)
    book.replace([rule("rule-2", times=1), rule("rule-1", times=1)])
    assert hits + hit_pattern(book, 3) == "xx.."


def test_replace_keeps_random_sequence_of_unchanged_rule() -> None:
    unchanged, replaced = (rulebook([rule(probability=0.5)], seed=42) for _ in range(2))
    hits = hit_pattern(replaced, 50)
    replaced.replace([rule(probability=0.5)])
    assert hits + hit_pattern(replaced, 50) == hit_pattern(unchanged, 100)


def test_replace_keeps_expiry_of_unchanged_rule(clock: Clock) -> None:
    book = rulebook([rule(ttl=10)])
    clock.seconds += 6
    book.replace([rule(ttl=10)])
    clock.seconds += 6
    assert hit_pattern(book, 1) == "."


def test_replace_restarts_counts_of_changed_rule() -> None:
    book = rulebook([rule("tested", times=1)])
    hits = hit_pattern(book, 2)
    book.replace([rule("tested", times=2)])
    assert hits + hit_pattern(book, 3) == "x.xx."


def test_replace_restarts_counts_of_rule_that_was_removed() -> None:
    book = rulebook([rule("tested", times=1)])
    hits = hit_pattern(book, 2)
    book.replace([])
    book.replace([rule("tested", times=1)])
    assert hits + hit_pattern(book, 2) == "x.x."


def test_rule_added_after_replace_is_newest() -> None:
    book = rulebook([rule("a"), rule("b"), rule("c")])
    book.replace([rule("d")])
    book.add(rule("e"))
    assert hit_ids(book, 1) == ["e"]


def test_replace_keeps_seed() -> None:
    expected = hit_pattern(rulebook([rule(probability=0.5)], seed=42), 100)
    book = rulebook(seed=42)
    book.replace([rule(probability=0.5)])
    assert hit_pattern(book, 100) == expected


# Stations and actions


@pytest.mark.parametrize(
    ("glob", "identity", "is_about"),
    [
        case("all", "*", "CS1", True),
        case("literal identity", "CS1", "CS1", True),
        case("literal identity with glob characters", "CS[1]", "CS[1]", True),
        case("prefix", "CS*", "CS1", True),
        case("one character", "CS?", "CS1", True),
        case("set", "CS[12]", "CS1", True),
        case("other identity", "CS2", "CS1", False),
        case("other case", "cs1", "CS1", False),
        case("prefix without asterisk", "CS", "CS1", False),
        case("two characters", "CS?", "CS12", False),
        case("other set", "CS[23]", "CS1", False),
    ],
)
def test_station_glob_selects_stations(glob: str, identity: str, *, is_about: bool) -> None:
    book = rulebook([rule(when={"station": glob})])
    assert ("Heartbeat" in book.about(identity)) == is_about


def test_about_omits_actions_without_rules() -> None:
    assert [*rulebook([rule(action="Authorize")]).about("CS1")] == ["Authorize"]


def test_about_is_empty_without_rules() -> None:
    assert rulebook().about("CS1") == {}


def test_rule_without_action_is_about_all_calls_but_not_handshake() -> None:
    about = rulebook([rule(action=None)]).about("CS1")
    assert {"Heartbeat", "BootNotification", "DataTransfer"} < {*about}
    assert len(about) == 25
    assert HANDSHAKE not in about


def test_answer_rule_without_action_is_about_all_commands() -> None:
    book = rulebook([rule(action=None, when={"direction": "answer"})])
    assert {"ClearCache", "GetVariables", "DataTransfer"} < {*book.about("CS1", "answer")}
    assert len(book.about("CS1", "answer")) == 40


def test_answer_rule_is_not_about_calls() -> None:
    book = rulebook([rule(action="DataTransfer", when={"direction": "answer"})])
    assert [*book.about("CS1")] == []
    assert [*book.about("CS1", "answer")] == ["DataTransfer"]


def test_call_rule_is_not_about_answers() -> None:
    book = rulebook([rule(action="DataTransfer")])
    assert [*book.about("CS1")] == ["DataTransfer"]
    assert [*book.about("CS1", "answer")] == []


def test_stations_with_same_rules_share_rule_sets() -> None:
    book = rulebook([rule(when={"station": "CS*"})])
    assert book.about("CS1") is book.about("CS2")
    assert book.about("CS1") is not book.about("other")


def test_stations_that_share_rule_sets_are_counted_separately() -> None:
    book = rulebook([rule(when={"station": "CS*"}, times=1)])
    assert [hit_pattern(book, 2, station=station) for station in ("CS1", "CS2")] == ["x.", "x."]


# Opening handshake


def test_handshake_rule_is_about_handshake_only() -> None:
    book = rulebook([rule(action=HANDSHAKE, then={"fault": {"kind": 503}})])
    assert [*book.about("CS1")] == [HANDSHAKE]


def test_handshake_rule_counts_times() -> None:
    book = rulebook([rule(action=HANDSHAKE, then={"fault": {"kind": 503}}, times=2)])
    assert hit_pattern(book, 3, action=HANDSHAKE) == "xx."


@pytest.mark.parametrize("kind", [401, "403", 503, "wrong-subprotocol", "hang"])
def test_handshake_fault_is_accepted(kind: object) -> None:
    match = hit(rulebook([rule(action=HANDSHAKE, then={"fault": {"kind": kind}})]), action=HANDSHAKE)
    assert match is not None
    assert match.then.fault is not None
    assert match.then.fault.kind == str(kind)


def test_handshake_rule_can_have_a_sequence() -> None:
    then = [{"fault": {"kind": kind}} for kind in (503, 401, "hang")]
    book = rulebook([rule(action=HANDSHAKE, then=then)])
    matches = [hit(book, action=HANDSHAKE) for _ in range(4)]
    assert [str(match.then) for match in matches if match] == ["503", "401", "hang", "hang"]


def test_counts_of_a_rule_are_limited_to_the_latest_stations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Usages, "limit", 3)
    book = Rulebook(OCPP_VERSIONS, [rule(action="handshake", then={"fault": "503"})])
    for number in range(5):
        identity = f"CS{number}"
        book.about(identity)["handshake"].hit(identity, Call.of_json("handshake", {}), "start")

    assert list(book.entries[0].uses) == ["CS2", "CS3", "CS4"]


def test_changed_rules_are_replaced_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replacing rules does not compare each rule with every other."""
    rules = [rule(f"r{number}", then={"fault": f"delay={number}"}) for number in range(300)]
    book = Rulebook(OCPP_VERSIONS, rules)
    changed = [one.model_copy(update={"times": 1}) for one in rules]
    comparisons = 0

    def compare(one: Rule, other: object) -> bool:
        nonlocal comparisons
        comparisons += 1
        return one is other

    monkeypatch.setattr(Rule, "__eq__", compare)
    book.replace(changed)

    assert [one.times for one in book] == [1] * 300
    assert comparisons <= 3 * 300


def test_rule_added_at_run_time_replaces_one_of_the_file_after_a_reload() -> None:
    book = Rulebook(OCPP_VERSIONS, [rule("a")])
    added = book.add(rule("a", times=3))

    book.replace([rule("a"), rule("b")])

    assert [(one.id, one.times) for one in book if one.id == "a"] == [("a", added.times)]


# Disabled rules


def test_disabled_rule_leaves_the_message_to_the_next_one() -> None:
    book = rulebook([rule("next"), rule("disabled", enabled=False)])
    assert hit_ids(book, 1) == ["next"]
    assert [each.id for each in book] == ["disabled", "next"]


def test_switched_rule_keeps_its_counts_and_counts_nothing_meanwhile() -> None:
    book = rulebook([rule("tested", times=3, when={"nth": None})])
    hits = hit_pattern(book, 2)
    book.switch("tested", enabled=False)
    hits += hit_pattern(book, 5)
    assert book.entries[0].uses["CS1"].matches == 2
    book.switch("tested", enabled=True)
    assert hits + hit_pattern(book, 2) == "xx.....x."


def test_switched_rule_keeps_its_place() -> None:
    book = rulebook([rule("a"), rule("b"), rule("c")])
    for scope in (None, "S"):
        book.switch("b", scope, enabled=False)
        book.switch("b", scope, enabled=True)
    assert [each.id for each in book] == ["c", "b", "a"]


def test_rule_switched_in_a_scope_is_as_before_when_that_is_taken_back() -> None:
    book = rulebook([rule("tested", times=3)])
    hits = hit_pattern(book, 1)
    book.switch("tested", "S", enabled=False)
    assert (book.ids_of("S"), hit_pattern(book, 1)) == (["tested"], ".")
    book.revert_scope("tested", "S")
    assert (book.scopes, hits + hit_pattern(book, 3)) == ([], "xxx.")


def test_rule_switched_in_its_own_scope_goes_with_the_scope() -> None:
    book = rulebook()
    book.add(rule("tested"), "S")
    for scope in ("S", None):
        book.switch("tested", scope, enabled=False)
    book.revert_scope("tested", "S")
    assert ([*book], book.scopes) == ([], [])


def test_rule_switched_without_a_scope_stays_so_when_a_scope_that_covers_it_is_taken_back() -> None:
    book = rulebook([rule("tested")])
    book.switch("tested", "S", enabled=False)
    book.switch("tested", "S", enabled=True)
    book.switch("tested", enabled=False)
    assert hit_pattern(book, 1) == "."
    book.revert_scope("tested", "S")
    assert hit_pattern(book, 1) == "."


def test_rule_removed_in_a_scope_can_be_switched_in_another_after_it_is_added_again() -> None:
    book = rulebook([rule("tested")])
    book.remove("tested", "S")
    book.add(rule("tested"), "T")
    book.switch("tested", enabled=False)
    for scope in ("T", "S"):
        book.revert_scope("tested", scope)
    assert ([each.enabled for each in book], hit_pattern(book, 1)) == ([False], ".")


def test_reload_takes_a_switched_rule_from_the_settings_with_its_counts() -> None:
    book = rulebook([rule("tested", times=2)])
    hits = hit_pattern(book, 1)
    book.switch("tested", enabled=False)
    book.replace([rule("tested", times=2)])
    assert hits + hit_pattern(book, 2) == "xx."


def test_reload_leaves_a_rule_switched_in_a_scope() -> None:
    book = rulebook([rule("tested")])
    book.switch("tested", "S", enabled=False)
    book.replace([rule("tested"), rule("other", action="Authorize")])
    assert hit_pattern(book, 1) == "."
    book.revert_scope("tested", "S")
    assert hit_pattern(book, 1) == "x"


@pytest.mark.parametrize("direction", ["call", "answer", "command"])
def test_disabled_rule_without_action_applies_to_nothing(direction: RuleDirection) -> None:
    then = {"fault": {"kind": "close"}}
    book = rulebook([rule(action=None, enabled=False, then=then, when={"direction": direction})])
    assert book.about("CS1", direction) == {}


@pytest.mark.parametrize("kind", ["503", "expired"])
def test_disabled_rule_applies_to_no_handshake(kind: str) -> None:
    book = rulebook([rule(action=HANDSHAKE, then={"fault": {"kind": kind}})])
    book.switch("tested", enabled=False)
    assert book.about("CS1") == {}
    assert book.match_tls_handshake() is None


# Cost of the conditions

COSTLY = "items[*].[@,@,@,@,@,@,@,@,@,@,@,@,@,@,@,@]"
"""An expression that takes all steps allowed for one evaluation, given a few thousand items."""
ITEMS = {"items": list(range(3000))}
NOT_APPLIED = "and later rules with costly conditions, are not applied to a DataTransfer"


def test_conditions_past_the_budget_of_a_message_are_not_applied(caplog: pytest.LogCaptureFixture) -> None:
    """A costly condition may take a quarter of the steps for a message, so four rules use them up."""
    costly = [rule(f"r{number}", "DataTransfer", when={"expression": COSTLY}) for number in range(100)]
    book = rulebook([rule("last", "DataTransfer", when={"expression": "items"}), *costly])

    assert [hit(book, action="DataTransfer", payload=ITEMS) for _ in range(2)] == [None, None]

    errors = [record.getMessage() for record in caplog.records]
    assert len(errors) == 5
    assert [NOT_APPLIED in error for error in errors] == [False] * 4 + [True]


def test_rule_without_an_expression_is_applied_past_the_budget() -> None:
    costly = [rule(f"r{number}", "DataTransfer", when={"expression": COSTLY}) for number in range(100)]
    book = rulebook([rule("cheap", "DataTransfer"), *costly])
    assert hit_ids(book, 1, action="DataTransfer", payload=ITEMS) == ["cheap"]


def test_budget_is_that_of_one_message() -> None:
    costly = [rule(f"r{number}", "DataTransfer", when={"expression": COSTLY}) for number in range(100)]
    book = rulebook([rule("last", "DataTransfer", when={"expression": "items"}), *costly])
    hit(book, action="DataTransfer", payload=ITEMS)
    assert hit_ids(book, 1, action="DataTransfer", payload={"items": [1]}) == ["r99"]


def test_hundreds_of_simple_expressions_are_applied() -> None:
    rules = [rule(f"r{number}", when={"expression": f"a.b == `{number}`"}) for number in range(700)]
    book = rulebook(rules)
    assert hit_ids(book, 1, payload={"a": {"b": 3}}) == ["r3"]
    assert hit_ids(book, 1, payload={"a": {"b": 699}}) == ["r699"]


def test_comparison_of_long_lists_is_limited(caplog: pytest.LogCaptureFixture) -> None:
    wanted = [0] * 2999 + [-1]
    book = rulebook([rule("long", "DataTransfer", when={"payload": {"items": wanted + [2999] * 3000}})])
    assert hit(book, action="DataTransfer", payload=ITEMS) is None
    book = rulebook([rule("long", "DataTransfer", when={"payload": {"items": [2999] * 3000}})])
    assert hit(book, action="DataTransfer", payload=ITEMS) is None
    assert "take more than 200000 steps in all" in caplog.text


# Globs of stations


@pytest.mark.parametrize(
    ("glob", "identity", "is_about"),
    [
        case("any", "*", "CS1", True),
        case("equal", "CS1", "CS1", True),
        case("other", "CS1", "CS2", False),
        case("prefix", "CS*", "CS2", True),
        case("one character", "CS?", "CS12", False),
        case("set", "CS[12]", "CS1", True),
        case("identity with wildcards", "CS[12]", "CS[12]", True),
        case("other case", "cs*", "CS1", False),
    ],
)
def test_rule_is_about_the_stations_of_its_glob(glob: str, identity: str, *, is_about: bool) -> None:
    book = rulebook([rule(when={"station": glob}), rule("other", when={"station": "other"})])
    assert bool(book.about(identity)) is is_about


def test_stations_see_rules_added_and_removed_after_the_first_look() -> None:
    book = rulebook([rule("a", when={"station": "CS*"})])
    assert [*book.about("X1")] == []
    book.add(rule("b", when={"station": "X*"}))
    assert [*book.about("X1")] == ["Heartbeat"]
    book.remove("b")
    assert [*book.about("X1")] == []
