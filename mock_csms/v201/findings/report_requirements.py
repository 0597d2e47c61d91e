"""Requirements about a report, by the command that asks for it."""

from collections.abc import Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject

type Requirements = tuple[str, ...]

SEQ_NO: Final[Mapping[str, Requirements]] = {
    Action.get_base_report: ("B07.FR.10",),
    Action.get_report: ("B08.FR.14",),
    Action.get_monitoring_report: ("N02.FR.09",),
    Action.customer_information: ("Part 2 1.34.1",),
}
"""Requirements that the parts of a report are numbered."""
TBC: Final[Mapping[str, Requirements]] = {
    Action.get_base_report: ("B07.FR.03",),
    Action.get_report: ("B08.FR.03",),
    Action.get_monitoring_report: ("N02.FR.03",),
    Action.get_charging_profiles: ("K09.FR.02",),
    Action.customer_information: ("N09.FR.05",),
}
"""Requirements that a part with tbc=true is followed by another one."""
REQUEST_ID: Final[Mapping[str, Requirements]] = {
    Action.notify_report: ("B07.FR.04", "B08.FR.04"),
    Action.notify_monitoring_report: ("N02.FR.04",),
    Action.report_charging_profiles: ("K09.FR.01",),
    Action.notify_display_messages: ("O03.FR.05", "O04.FR.06"),
    Action.notify_customer_information: ("Part 2 1.34.1",),
}
"""Requirements about the requestId of a report, by the action of its parts."""


def sent(action: str, request: JsonObject) -> Requirements:
    """Return the requirements to send the report that a command requests; empty if it requests none."""
    match action:
        case Action.get_charging_profiles:
            return ("K09.FR.05",) if request.get("evseId") == 0 else ("K09.FR.04",)
        case Action.get_display_messages:
            return ("O04.FR.03",) if _is_filtered(request) else ("O03.FR.02",)
        case Action.customer_information if not request["clear"]:
            return "N09.FR.05", "N09.FR.06"
        case Action.customer_information:
            return ("N10.FR.03", "N10.FR.04") if request["report"] else ("N10.FR.06",)
        case Action.get_base_report | Action.get_report | Action.get_monitoring_report:
            return TBC[action]
    return ()


def continued(action: str, request: JsonObject) -> Requirements:
    """Return the requirements that a part with tbc=true is followed by another one."""
    if action == Action.get_display_messages:
        return ("O04.FR.05",) if _is_filtered(request) else ("O03.FR.04",)
    return TBC.get(action, ())


def _is_filtered(request: JsonObject) -> bool:
    """Return whether a GetDisplayMessages asks for some messages only (O04)."""
    return not request.keys().isdisjoint({"id", "priority", "state"})
