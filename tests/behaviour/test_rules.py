"""Rules: their conditions and effects, the checks of a rule, and its form as a command-line flag."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from mock_csms.behaviour.faults import CloseConnection, Delay, Hang, HttpStatus, NoAnswer, ResetConnection
from mock_csms.behaviour.rules import HANDSHAKE, Rule, When, fault_as_text, rule_of_flag
from mock_csms.messages import Call
from mock_csms.settings.check import check
from server import OCPP_VERSIONS
from tests.behaviour.sample_rules import NO_ANSWER, case, rule


def validation_error(**fields: Any) -> str:
    return rejection(lambda: Rule.model_validate(fields))


def rejection(make: Callable[[], Rule]) -> str:
    """The error of a rule, found by the model `Rule` or by `check`; empty if the rule is valid."""
    try:
        flaw = check(make(), OCPP_VERSIONS)
    except ValueError as error:
        return str(error)
    return flaw.sentence if flaw else ""


# Conditions


@pytest.mark.parametrize(
    ("when", "payload"),
    [
        case("no condition", {}, {"seqNo": 1}),
        case("field", {"payload": {"seqNo": 1}}, {"seqNo": 1, "eventType": "Started"}),
        case("nested", {"payload": {"evse": {"id": 1}}}, {"evse": {"id": 1, "connectorId": 2}}),
        case("list", {"payload": {"meterValue": [{"id": 2}]}}, {"meterValue": [{"id": 1}, {"id": 2}]}),
        case("absent", {"payload": {"idToken": None}}, {"seqNo": 1}),
        case("expression", {"expression": "evse.id == `1`"}, {"evse": {"id": 1}}),
        case("expression on a string", {"expression": "eventType != 'Ended'"}, {"eventType": "Started"}),
        case(
            "expression with a value as result",
            {"expression": "idToken.idToken"},
            {"idToken": {"idToken": "A"}},
        ),
        case(
            "payload and expression",
            {"payload": {"seqNo": 1}, "expression": "offline"},
            {"seqNo": 1, "offline": True},
        ),
        case("state", {"state": "start"}, {}),
    ],
)
def test_when_holds_for_matching_message(when: dict[str, Any], payload: dict[str, Any]) -> None:
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
        case("expression on an absent field", {"expression": "evse.id"}, {}),
        case(
            "expression with an empty list as result",
            {"expression": "meterValue[?id == `3`]"},
            {"meterValue": []},
        ),
        case(
            "payload matches, expression does not",
            {"payload": {"seqNo": 1}, "expression": "offline"},
            {"seqNo": 1},
        ),
        case(
            "expression matches, payload does not",
            {"payload": {"seqNo": 1}, "expression": "offline"},
            {"offline": True},
        ),
        case("other state", {"state": "other"}, {}),
        case("payload matches, state does not", {"state": "other", "payload": {"seqNo": 1}}, {"seqNo": 1}),
    ],
)
def test_when_does_not_hold_for_other_message(when: dict[str, Any], payload: dict[str, Any]) -> None:
    assert not When.model_validate(when).holds(Call.of_json("Heartbeat", payload), "start")


@pytest.mark.parametrize(
    ("when", "message_part"),
    [
        case(
            "mistyped action",
            {"action": "Hartbeat"},
            "no station message 'Hartbeat'; did you mean Heartbeat?",
        ),
        case(
            "command as call",
            {"action": "ClearCache"},
            "the fault no-answer cannot be applied to a command; use delay, duplicate, ",
        ),
        case(
            "message of a station as command",
            {"action": "Heartbeat", "direction": "answer"},
            "there is no command 'Heartbeat'",
        ),
        case(
            "handshake as command",
            {"action": "handshake", "direction": "answer"},
            "there is no command 'handshake'",
        ),
        case("unknown direction", {"direction": "both"}, "Input should be 'call', 'answer' or 'command'"),
        case("invalid JMESPath", {"expression": "a =="}, "the expression 'a ==' is not valid JMESPath: "),
        case("nth 0", {"nth": 0}, "greater than 0"),
        case("unknown field", {"station_id": "CS1"}, "station_id\n  Extra inputs are not permitted"),
    ],
)
def test_invalid_condition_is_rejected_with_reason(when: dict[str, Any], message_part: str) -> None:
    assert message_part in validation_error(when=when, then=NO_ANSWER)


@pytest.mark.parametrize("action", ["ClearCache", "DataTransfer"])
def test_answer_direction_accepts_commands(action: str) -> None:
    assert When(action=action, direction="answer").action == action


def test_invalid_expression_is_reported_in_one_line() -> None:
    with pytest.raises(ValidationError) as caught:
        When(expression="a[?")
    assert "\n" not in str(caught.value.errors()[0]["msg"])


# Effects


def test_single_effect_equals_list_of_one() -> None:
    assert rule(then=NO_ANSWER) == rule(then=[NO_ANSWER])


@pytest.mark.parametrize(
    ("then", "withholds"),
    [
        case("answer", {"answer": {}}, False),
        case("error", {"error": {}}, True),
        case("error with a delay", {"error": {}, "fault": {"kind": "delay", "seconds": 1}}, True),
        case("no-answer fault", NO_ANSWER, True),
        case("answer with a delay", {"answer": {}, "fault": {"kind": "delay", "seconds": 1}}, False),
        case("answer with a wrong id", {"answer": {}, "fault": {"kind": "wrong-id"}}, True),
    ],
)
def test_effect_withholds_usable_answer(then: dict[str, Any], *, withholds: bool) -> None:
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
def test_effect_text_names_error_answer_and_fault(then: dict[str, Any], text: str) -> None:
    assert str(rule(then=then).then[0]) == text


def test_default_error_is_internal_error() -> None:
    error = rule(then={"error": {}}).then[0].error
    assert error is not None
    assert (error.code, error.description, error.details) == ("InternalError", "", {})


# Invalid rules


@pytest.mark.parametrize(
    ("fields", "message_part"),
    [
        case("empty rule", {}, "a rule needs an effect"),
        case("an empty sequence", {"then": []}, "a rule needs an effect"),
        case(
            "answer and error",
            {"then": {"answer": {}, "error": {}}},
            "either an answer or an error, not both",
        ),
        case(
            "error that is only a code",
            {"then": {"error": "InternalError"}},
            'as a table or object whose code is "InternalError"',
        ),
        case("long description", {"then": {"error": {"description": "x" * 256}}}, "at most 255 characters"),
        case("mistyped fault", {"then": {"fault": {"kind": "dely"}}}, "no fault 'dely'; did you mean delay?"),
        case("times 0", {"then": NO_ANSWER, "times": 0}, "greater than 0"),
        case("probability over 1", {"then": NO_ANSWER, "probability": 1.1}, "less than or equal to 1"),
        case("negative probability", {"then": NO_ANSWER, "probability": -0.1}, "greater than or equal to 0"),
        case("priority 0", {"then": NO_ANSWER, "priority": 0}, "greater than or equal to 1"),
        case("ttl 0", {"then": NO_ANSWER, "ttl": 0}, "greater than 0"),
        case("endless ttl", {"then": NO_ANSWER, "ttl": "inf"}, "finite number"),
        case("unknown field", {"then": NO_ANSWER, "often": 1}, "often\n  Extra inputs are not permitted"),
        case(
            "unknown placeholder", {"then": {"answer": {"a": "{{later}}"}}}, "{{later}} is not a placeholder"
        ),
        case(
            "second effect of a sequence",
            {"then": [NO_ANSWER, {"fault": {"kind": "reset", "code": 1}}]},
            "then.1.fault.code\n  Extra inputs are not permitted",
        ),
        case(
            "503 on an answer",
            {"then": {"fault": {"kind": 503}}},
            "the fault 503 cannot be applied to an answer; use delay, no-answer",
        ),
        case(
            "answer at the handshake",
            {"when": {"action": HANDSHAKE}, "then": {"answer": {}}},
            "the handshake has no message to answer; only a fault is possible",
        ),
        case(
            "error at the handshake",
            {"when": {"action": HANDSHAKE}, "then": {"error": {}}},
            "the handshake has no message to answer; only a fault is possible",
        ),
        case(
            "delay at the handshake",
            {"when": {"action": HANDSHAKE}, "then": {"fault": {"kind": "delay", "seconds": 1}}},
            "delay cannot be applied at the handshake; use wrong-subprotocol, hang, expired, ",
        ),
    ],
)
def test_invalid_rule_is_rejected_with_reason(fields: dict[str, Any], message_part: str) -> None:
    assert message_part in validation_error(**fields)


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
    ids=lambda fault: fault["kind"],
)
def test_send_fault_on_a_stations_answer_is_rejected(fault: dict[str, Any]) -> None:
    message_part = "cannot be applied to a station's answer; use close, no-answer, reset, stall"
    assert message_part in validation_error(when={"direction": "answer"}, then={"fault": fault})


@pytest.mark.parametrize(
    ("when", "answer", "message_part"),
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
            "status is missing (required)",
        ),
        case("unknown status", {"action": "BootNotification"}, {"status": "Maybe"}, "status: "),
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
def test_answer_that_violates_schema_is_rejected(
    when: dict[str, Any], answer: dict[str, Any], message_part: str
) -> None:
    message = validation_error(when=when, then={"answer": answer})
    assert message_part in message
    assert "set validate = false to send it anyway" in message


def test_validate_false_accepts_answer_that_violates_schema() -> None:
    answer = {"currentTime": 5}
    accepted = rule(then={"answer": answer}, validate=False)
    assert accepted.then[0].answer == answer
    assert not accepted.check_answer


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        case("some fields", "BootNotification", {"interval": 5}),
        case("some fields of an object", "TransactionEvent", {"idTokenInfo": {"language1": "nl"}}),
        case("time", "Heartbeat", {"currentTime": "{{now+3600}}"}),
        case("field of the request", "Heartbeat", {"currentTime": "{{request.timestamp}}"}),
        case("optional field removed", "TransactionEvent", {"totalCost": None}),
        case("no fields", "Heartbeat", {}),
        case("any action", None, {"currentTime": 5}),
    ],
)
def test_answer_that_can_satisfy_schema_is_accepted(action: str | None, answer: dict[str, Any]) -> None:
    assert rule(action=action, then={"answer": answer}).then[0].answer == answer


# Flags of the command line


@pytest.mark.parametrize(
    ("text", "station", "action"),
    [
        case("action", "Heartbeat:reset", "*", "Heartbeat"),
        case("station and action", "CS1/Heartbeat:reset", "CS1", "Heartbeat"),
        case("stations and action", "CS*/Heartbeat:reset", "CS*", "Heartbeat"),
        case("identity with a slash", "a/b/Heartbeat:reset", "a/b", "Heartbeat"),
        case("empty station", "/Heartbeat:reset", "*", "Heartbeat"),
        case("handshake", "handshake:503", "*", "handshake"),
        case("handshake of a station", "CS1/handshake:503", "CS1", "handshake"),
    ],
)
def test_flag_target_sets_station_and_action(text: str, station: str, action: str) -> None:
    when = rule_of_flag(text).when
    assert (when.station, when.action) == (station, action)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        case("kind", "Heartbeat:no-answer", NoAnswer()),
        case("kind with a value", "Heartbeat:delay=0.5", Delay(seconds=0.5)),
        case("value for the code", "Heartbeat:close=1008", CloseConnection(code=1008)),
        case("key", "Heartbeat:delay:seconds=0.5", Delay(seconds=0.5)),
        case("two keys", "Heartbeat:delay:min=1:max=2", Delay(min=1, max=2)),
        case("value and key", "Heartbeat:close=4000:reason=go", CloseConnection(code=4000, reason="go")),
        case("value with an equals sign", "Heartbeat:close:reason=a=b", CloseConnection(reason="a=b")),
        case("key of the rule", "Heartbeat:reset:times=2", ResetConnection()),
        case("status", "handshake:503", HttpStatus(kind="503")),
        case("hang", "handshake:hang=2", Hang(seconds=2)),
    ],
)
def test_flag_sets_fault_and_parameters(text: str, fault: object) -> None:
    assert rule_of_flag(text).then[0].fault == fault


def test_flag_mixes_rule_and_fault_keys() -> None:
    options = "times=3:min=1:nth=2:probability=0.5:priority=1:max=2:ttl=60:state=a:set=b:enabled=false"
    text = f"Heartbeat:delay:{options}"
    assert rule_of_flag(text) == Rule.model_validate(
        {
            "id": text,
            "when": {"action": "Heartbeat", "nth": 2, "state": "a"},
            "then": {"fault": {"kind": "delay", "min": 1, "max": 2}},
            "times": 3,
            "probability": 0.5,
            "priority": 1,
            "enabled": "false",
            "ttl": 60,
            "set": "b",
        }
    )


def test_flag_without_station_uses_given_station() -> None:
    assert rule_of_flag("Heartbeat:reset", station="CS2*").when.station == "CS2*"


def test_rule_of_flag_has_the_flag_as_id() -> None:
    assert str(rule_of_flag("Heartbeat:no-answer:times=2")) == "Heartbeat:no-answer:times=2"


@pytest.mark.parametrize(
    ("text", "message_part"),
    [
        case(
            "target only",
            "Heartbeat",
            "'Heartbeat' must be a target, a colon and a fault, as in Heartbeat:no-ans",
        ),
        case("nothing after the colon", "Heartbeat:", "must be a target, a colon and a fault"),
        case("empty flag", "", "must be a target, a colon and a fault"),
        case("no target", ":no-answer", "there is no station message ''"),
        case("unknown action", "Hartbeat:reset", "there is no station message 'Hartbeat'; did you mean H"),
        case(
            "command",
            "ClearCache:no-answer",
            "the fault no-answer cannot be applied to a command; use delay, duplicate, ",
        ),
        case("unknown kind", "Heartbeat:rest", "there is no fault 'rest'; did you mean reset?"),
        case(
            "unknown kind with a value", "Heartbeat:dely=5", "there is no fault 'dely'; did you mean delay?"
        ),
        case("empty kind", "Heartbeat::times=1", "there is no fault ''; valid faults are delay"),
        case(
            "value for a kind without parameters",
            "Heartbeat:no-answer=3",
            "the fault no-answer takes no value",
        ),
        case("value for a status", "handshake:503=3", "the fault 503 takes no value"),
        case("wrong value", "Heartbeat:delay=long", "then.0.fault.seconds\n  Input should be a valid number"),
        case("empty value", "Heartbeat:delay=", "a delay needs either seconds, or min and max"),
        case(
            "unknown key", "Heartbeat:delay=5:time=2", "then.0.fault.time\n  Extra inputs are not permitted"
        ),
        case(
            "wrong key of the rule", "Heartbeat:reset:times=often", "times\n  Input should be a valid integer"
        ),
        case("key without a value", "Heartbeat:reset:times", "times\n  Input should be a valid integer"),
        case("wrong nth", "Heartbeat:reset:nth=0", "when.nth\n  Input should be greater than 0"),
        case("status on an answer", "Heartbeat:503", "the fault 503 cannot be applied to an answer"),
        case(
            "reset at the handshake", "handshake:reset", "the fault reset cannot be applied at the handshake"
        ),
    ],
)
def test_invalid_flag_is_rejected_with_reason(text: str, message_part: str) -> None:
    assert message_part in rejection(lambda: rule_of_flag(text))


# Both spellings of a fault


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {}


SAME = rule_of_flag("Heartbeat:delay=2:times=3")


@pytest.mark.parametrize(
    "fields",
    [
        case("table in then", {"then": {"fault": {"kind": "delay", "seconds": 2}}}),
        case("text in then", {"then": {"fault": "delay=2"}}),
        case("named parameter", {"then": {"fault": "delay:seconds=2"}}),
        case("text in the rule", {"fault": "delay=2"}),
        case("table in the rule", {"fault": {"kind": "delay", "seconds": 2}}),
    ],
)
def test_fault_of_a_rule_may_be_text_or_table(fields: dict[str, Any]) -> None:
    written = Rule.model_validate({"when": {"action": "Heartbeat"}, "times": 3, **fields})

    assert (written.when.action, written.then, written.times) == ("Heartbeat", SAME.then, SAME.times)


def test_fault_of_a_rule_may_name_its_target_if_nothing_else_does() -> None:
    written = Rule.model_validate({"fault": "CS1/Heartbeat:delay=2:times=3"})

    assert (written.when.station, written.when.action) == ("CS1", "Heartbeat")
    assert (written.then, written.times) == (SAME.then, SAME.times)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        case("short", {"action": "Heartbeat", "kind": "stall"}, "Heartbeat:stall"),
        case(
            "with parameters",
            {"station": "CS1", "action": "Heartbeat", "kind": "delay", "seconds": 2, "times": 3},
            "CS1/Heartbeat:delay:seconds=2:times=3",
        ),
    ],
)
def test_table_of_a_fault_is_written_as_the_equal_text(table: dict[str, Any], text: str) -> None:
    assert fault_as_text(table) == text


@pytest.mark.parametrize(
    "table",
    [
        case("colon", {"action": "Heartbeat", "kind": "close", "reason": "a:b"}),
        case("payload", {"action": "Heartbeat", "kind": "stall", "payload": {"a": 1}}),
        case("rule", {"when": {"action": "Heartbeat"}, "fault": "stall"}),
    ],
)
def test_table_that_no_short_text_expresses_is_kept_as_json(table: dict[str, Any]) -> None:
    text = fault_as_text(table)
    parsed = rule_of_flag(text)

    assert orjson.loads(text) == table
    assert parsed.when.action == "Heartbeat"
    assert str(parsed.then[0]) in {"stall", "close reason=a:b"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        case(
            "target twice",
            {"when": {}, "fault": "Heartbeat:stall"},
            "names the target Heartbeat; ",
        ),
        case("then and fault", {"then": {}, "fault": "stall"}, 'either "then" or "fault", not both'),
        case("unknown kind", {"when": {}, "fault": "stal"}, "did you mean stall?"),
        case("deep payload", {"when": {"payload": nested(101)}, "set": "x"}, "more than 100 levels deep"),
    ],
)
def test_wrong_fault_of_a_rule_is_rejected_with_reason(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Rule.model_validate(fields)

    assert reason in str(caught.value)


def test_rule_about_an_action_of_the_mock_is_about_the_command() -> None:
    from_station, from_csms = {"Heartbeat", "DataTransfer"}, {"Reset", "DataTransfer"}

    directions = [
        Rule.model_validate({"when": when, "fault": "stall"}).directed(from_station, from_csms).when.direction
        for when in (
            {"action": "Reset"},
            {"action": "Reset", "direction": "answer"},
            {"action": "DataTransfer"},
            {"action": "Heartbeat"},
        )
    ]

    assert directions == ["command", "answer", "call", "call"]
