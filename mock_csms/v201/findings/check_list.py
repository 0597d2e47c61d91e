"""The list that the check modules add their kinds, checks and learners to."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import CheckList
from mock_csms.v201.findings.known import Known201

CHECKS: Final = CheckList[Known201](event_action=Action.transaction_event.value)
"""Checks of OCPP 2.0.1. `all_checks` has them complete."""
