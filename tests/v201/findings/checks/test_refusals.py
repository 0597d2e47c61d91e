"""CALLERRORs to valid commands."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, case

READ = {"getVariableData": [{"component": {"name": "A"}, "variable": {"name": "B"}}]}
REPORT = {"requestId": 9, "reportBase": "FullInventory"}


def refuse(talk: Talk, action: str, payload: JsonObject, code: str) -> None:
    talk.answer_command(talk.send_command(action, payload), action, code=code)


@pytest.mark.parametrize(
    "code",
    ["FormatViolation", "TypeConstraintViolation", "OccurrenceConstraintViolation", "ProtocolError"],
)
def test_valid_command_called_invalid_is_found(talk: Talk, code: str) -> None:
    refuse(talk, "ClearCache", {}, code)

    assert talk.ids == ["valid-command-called-invalid"]
    assert talk.coverage("FR.02") == "broken"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        case("not implemented", "ClearCache", "NotImplemented"),
        case("internal", "ClearCache", "InternalError"),
        case("perhaps too many items", "GetVariables", "OccurrenceConstraintViolation"),
        case("perhaps too many bytes", "GetVariables", "FormatViolation"),
    ],
)
def test_other_refusal_is_accepted(unbooted: Talk, action: str, code: str) -> None:
    unbooted.boot()
    refuse(unbooted, action, READ if action == "GetVariables" else {}, code)

    assert not unbooted.findings
    assert unbooted.coverage("FR.02") == "not exercised"


def test_result_meets_the_requirement(unbooted: Talk) -> None:
    unbooted.boot()
    unbooted.command("ClearCache", {})

    assert unbooted.coverage("FR.02") == "met"
    assert unbooted.coverage("B02.FR.01") == "not exercised"


def test_command_without_answer_breaks_the_requirement(talk: Talk) -> None:
    talk.time_out("ClearCache", {})

    assert talk.ids == ["call-unanswered"]
    assert talk.coverage("FR.02") == "broken"


@pytest.mark.parametrize(
    ("code", "state"),
    [
        case("refused", "SecurityError", "broken"),
        case("called invalid", "ProtocolError", "broken"),
        case("not implemented", "NotImplemented", "broken"),
        case("failed", "InternalError", "not exercised"),
    ],
)
def test_command_about_variables_must_be_answered_while_pending(
    unbooted: Talk, code: str, state: str
) -> None:
    unbooted.boot("Pending", 0)
    refuse(unbooted, "GetVariables", READ, code)

    assert unbooted.ids == (["command-refused-while-pending"] if state == "broken" else [])
    assert unbooted.coverage("B02.FR.01") == state


def test_result_while_pending_meets_the_requirement(unbooted: Talk) -> None:
    unbooted.boot("Pending", 0)
    unbooted.command("GetBaseReport", REPORT)

    assert unbooted.coverage("B02.FR.01") == "met"


def test_command_may_be_refused_while_rejected(unbooted: Talk) -> None:
    unbooted.boot("Rejected", 0)
    refuse(unbooted, "GetVariables", READ, "SecurityError")

    assert not unbooted.findings


def test_call_before_the_answer_to_the_previous_one_breaks_the_order(talk: Talk) -> None:
    assert talk.coverage("FR.01") == "met"

    talk.send_call("Heartbeat", {})
    talk.call("StatusNotification", talk.status_payload())

    assert talk.ids == ["calls-in-parallel"]
    assert talk.coverage("FR.01") == "broken"


def test_answered_reset_meets_the_requirement(unbooted: Talk) -> None:
    unbooted.boot()
    assert unbooted.coverage("B11.FR.01") == "not exercised"

    unbooted.command("Reset", {"type": "OnIdle"}, "Rejected")

    assert unbooted.coverage("B11.FR.01") == "met"
