"""The new password in a SetVariables of SecurityCtrlr.BasicAuthPassword, and the answer to it (A01)."""

from typing import Any, Final

from ocpp.v201.enums import Action

from mock_csms.log.output import logger
from mock_csms.messages import UNREADABLE_PAYLOAD, CallResult, JsonObject
from mock_csms.ocppj.exchange import Answer
from mock_csms.security.passwords import flaw_of_new_password
from mock_csms.security.rotation import PasswordChanges
from mock_csms.settings import Profile
from mock_csms.v201.variables import is_actual, name_of

BASIC_AUTH_VARIABLE: Final = "securityctrlr/basicauthpassword"
"""Component and variable in lower case: their case does not matter (Part 2, identifierString)."""


def new_password(action: str, payload: Any) -> str | None:
    """Return the new password in a command; None if it sets no password. The payload may be any JSON."""
    if action != Action.set_variables:
        return None
    values = [item.get("attributeValue") for item in _password_items(payload, "setVariableData")]
    return next((value for value in reversed(values) if isinstance(value, str)), None)


def status_of_change(answer: Any) -> str:
    """Return the attributeStatus of BasicAuthPassword in the answer to a SetVariables; empty if missing."""
    statuses = [item.get("attributeStatus") for item in _password_items(answer, "setVariableResult")]
    return str(statuses[-1]) if statuses else ""


def note_password_change(  # noqa: PLR0913, PLR0917 - a command and the state that it changes
    changes: PasswordChanges,
    identity: str,
    profile: Profile,
    action: str,
    payload: Any,
    answer: Answer | None,
) -> None:
    """Record that a new password was sent to a station, or the station's ``answer`` to it."""
    password = new_password(action, payload)
    if password is None:
        return
    if answer is None:
        changes.sent(identity, password, profile.password)
        return
    status = status_of_change(answer.payload) if isinstance(answer, CallResult) else ""
    if effect := changes.answered(identity, status):
        logger.info("%s  %s", identity, effect)


def flaw_of_command(action: str, payload: JsonObject) -> str:
    """Describe the flaw of the new password in a valid command; empty if there is no flaw or no password."""
    password = new_password(action, payload)
    return "" if password is None else flaw_of_new_password(password)


def _password_items(payload: Any, name: str) -> list[JsonObject]:
    items = payload.get(name) if isinstance(payload, dict) else None
    return [item for item in items if _is_password(item)] if isinstance(items, list) else []


def _is_password(item: Any) -> bool:
    try:
        return name_of(item) == BASIC_AUTH_VARIABLE and is_actual(item.get("attributeType"))
    except UNREADABLE_PAYLOAD:
        return False
