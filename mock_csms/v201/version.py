"""Definition of OCPP 2.0.1: actions, schemas, dialect and limits."""

from collections.abc import Mapping
from typing import Final

from ocpp.v201.enums import Action, MessageTriggerEnumType

from mock_csms.messages import Dialect, ErrorCode
from mock_csms.private_api.ocpp import schema_folder
from mock_csms.v201.action_tables import CSMS_ACTIONS, FULFILLED, OCPP_1_6, STATION_ACTIONS
from mock_csms.v201.blocks import BLOCK_NAMES
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.password_change import flaw_of_command
from mock_csms.v201.requirements.cases import station_cases_of
from mock_csms.v201.summaries import SUMMARIES
from mock_csms.versions import ListLimit, OcppVersion

DIALECT: Final = Dialect(
    error_codes={ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION: "OccurenceConstraintViolation"},
    other_spellings={
        "FormationViolation": "FormatViolation",
        "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    },
    unreadable_id="-1",
)
"""Dialect of OCPP-J 2.0.1 (4.3). From stations, every known spelling of an error code is accepted."""


def _limit(
    list_name: str, controller: str, requirement: str, instance: str = "", setting: str | None = None
) -> ListLimit:
    suffix = f"[{instance}]" if instance else ""
    items, size = (f"{controller}/{kind}PerMessage{suffix}" for kind in ("Items", "Bytes"))
    return ListLimit(list_name, items, size, requirement, setting)


LIST_LIMITS: Final[Mapping[str, ListLimit]] = {
    Action.get_variables: _limit(
        "getVariableData", "DeviceDataCtrlr", "B06.FR.05", Action.get_variables, "get_variables_limit"
    ),
    Action.set_variables: _limit(
        "setVariableData", "DeviceDataCtrlr", "B05.FR.11", Action.set_variables, "set_variables_limit"
    ),
    Action.get_report: _limit(
        "componentVariable", "DeviceDataCtrlr", "B08.FR.06", Action.get_report, "get_report_limit"
    ),
    Action.get_monitoring_report: _limit(
        "componentVariable", "DeviceDataCtrlr", "N02.FR.07", Action.get_report, "get_report_limit"
    ),
    Action.set_variable_monitoring: _limit(
        "setMonitoringData", "MonitoringCtrlr", "N04.FR.09", Action.set_variable_monitoring
    ),
    Action.clear_variable_monitoring: _limit(
        "id", "MonitoringCtrlr", "N06.FR.04", Action.clear_variable_monitoring
    ),
    Action.send_local_list: _limit("localAuthorizationList", "LocalAuthListCtrlr", "D01.FR.11"),
}
"""Lists in commands whose length a station may limit, by command."""

OCPP_2_0_1: Final = OcppVersion(
    name="2.0.1",
    subprotocol="ocpp2.0.1",
    from_station=STATION_ACTIONS,
    from_csms=CSMS_ACTIONS,
    schemas=schema_folder("v201"),
    dialect=DIALECT,
    fulfilled=FULFILLED,
    flaw_of_command=flaw_of_command,
    triggers=tuple(map(str, MessageTriggerEnumType)),
    default_trigger=str(MessageTriggerEnumType.status_notification),
    list_limits=LIST_LIMITS,
    finding_kinds=FINDING_KINDS,
    blocks=BLOCK_NAMES,
    cases_of=station_cases_of,
    summaries=SUMMARIES,
    earlier=OCPP_1_6,
)
