"""Effects of the answer to a SetVariables with a new BasicAuthPassword."""

from mock_csms.messages import CallResult, JsonObject
from mock_csms.security.rotation import PasswordChanges
from mock_csms.settings import Profile
from mock_csms.v201.password_change import note_password_change
from tests.conftest import LogLines

VARIABLE = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
REQUEST: JsonObject = {"setVariableData": [{**VARIABLE, "attributeValue": "correct-horse-battery"}]}
ANSWER: JsonObject = {"setVariableResult": [{**VARIABLE, "attributeStatus": "Accepted"}]}


def note(changes: PasswordChanges, answer: CallResult | None) -> None:
    note_password_change(changes, "CS1", Profile(), "SetVariables", REQUEST, answer)


async def test_accepted_password_has_a_log_line(log_lines: LogLines) -> None:
    changes = PasswordChanges()
    note(changes, None)

    note(changes, CallResult("1", ANSWER))

    assert log_lines.lines == ["CS1  only its new password is valid now, the old password is not (A01.FR.03)"]


async def test_answer_to_a_change_that_is_forgotten_has_no_log_line(log_lines: LogLines) -> None:
    changes = PasswordChanges()
    note(changes, None)
    changes.forget("CS1")

    note(changes, CallResult("1", ANSWER))

    assert log_lines.lines == []
