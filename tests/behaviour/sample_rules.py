"""Rules for the tests of this folder."""

from typing import Any

import pytest

from mock_csms.behaviour.rules import Rule
from mock_csms.settings.check import check
from server import OCPP_VERSIONS

NO_ANSWER = {"fault": {"kind": "no-answer"}}


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def rule(rule_id: str = "tested", action: str | None = "Heartbeat", **fields: Any) -> Rule:
    """A valid rule; by default, it leaves every Heartbeat without an answer."""
    when = {"action": action, **fields.pop("when", {})}
    valid = Rule.model_validate({"id": rule_id, "when": when, "then": NO_ANSWER, **fields})
    assert check(valid, OCPP_VERSIONS) is None
    return valid
