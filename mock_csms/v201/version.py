"""Definition of OCPP 2.0.1: actions, schemas, dialect and limits."""

from typing import Final

from ocpp.v201.enums import Action, MessageTriggerEnumType

from mock_csms.messages import Dialect, ErrorCode
from mock_csms.private_api.ocpp import schema_folder
from mock_csms.v201.action_tables import CSMS_ACTIONS, FULFILLED, SECRET_COMMANDS, STATION_ACTIONS
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.versions import ListLimit, OcppVersion

DIALECT: Final = Dialect(
    error_codes={ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: "OccurenceConstraintViolation"},
    other_spellings={
        "FormationViolation": "FormatViolation",
        "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    },
    unreadable_id="-1",
)
"""Dialect of OCPP-J 2.0.1; the missing r in "Occurence" is a misspelling in the specification (4.3)."""


def _limit(command: Action, list_name: str, setting: str) -> ListLimit:
    return ListLimit(list_name, setting, f"DeviceDataCtrlr/ItemsPerMessage[{command}]")


OCPP_2_0_1: Final = OcppVersion(
    name="2.0.1",
    subprotocol="ocpp2.0.1",
    from_station=STATION_ACTIONS,
    from_csms=CSMS_ACTIONS,
    schemas=schema_folder("v201"),
    dialect=DIALECT,
    fulfilled=FULFILLED,
    secret_commands=SECRET_COMMANDS,
    triggers=tuple(map(str, MessageTriggerEnumType)),
    default_trigger=str(MessageTriggerEnumType.status_notification),
    list_limits={
        Action.get_variables: _limit(Action.get_variables, "getVariableData", "get_variables_limit"),
        Action.set_variables: _limit(Action.set_variables, "setVariableData", "set_variables_limit"),
        Action.get_report: _limit(Action.get_report, "componentVariable", "get_report_limit"),
    },
    finding_kinds=FINDING_KINDS,
)
