"""Reading, setting and reporting variables (B05 to B08)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import batched
from typing import Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import (
    Action,
    AttributeEnumType,
    GenericDeviceModelStatusEnumType,
    GetVariableStatusEnumType,
    MutabilityEnumType,
    ReportBaseEnumType,
    SetVariableStatusEnumType,
)
from ocpp.v201.enums import ConnectorStatusEnumType as ConnectorStatus

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key, LocalDeviceModel, ValueViolation
from mock_csms.simulator.evses import EvseConnector
from mock_csms.simulator.list_limits import check_size
from mock_csms.simulator.reports import Reports
from mock_csms.simulator.variables import VariableDefinition

EVSE_STATES: Final = ("Occupied", "Available", "Reserved", "Unavailable", "Faulted")
STATION_STATES: Final = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")


class Configuration:
    """Answers the commands that set, read and report variables (B05 to B08)."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._reports = Reports(core, solicited=True)
        self._evse_states = {evse.id: str(ConnectorStatus.available.value) for evse in core.evses}
        self._evses_in_state = Counter(self._evse_states.values())
        core.variables.compute(Key("ClockCtrlr", "DateTime"), core.timestamp)
        core.connector_changed.connect(self._mirror_availability)

    @on(Action.set_variables)
    def set_variables(self, set_variable_data: list[JsonObject]) -> call_result.SetVariables:
        """Set variables one by one (B05)."""
        check_size(self._core.variables, "DeviceDataCtrlr", "SetVariables", set_variable_data)
        return call_result.SetVariables([self._set(item) for item in set_variable_data])

    @on(Action.get_variables)
    def get_variables(self, get_variable_data: list[JsonObject]) -> call_result.GetVariables:
        """Read variables (B06)."""
        check_size(self._core.variables, "DeviceDataCtrlr", "GetVariables", get_variable_data)
        return call_result.GetVariables([self._get(item) for item in get_variable_data])

    @on(Action.get_base_report)
    def get_base_report(self, request_id: int, report_base: str) -> call_result.GetBaseReport:
        """Report the variables of the inventory ``report_base`` (B07)."""
        keys = [key for key in self._core.variables if IN_INVENTORY[report_base](self._core.variables, key)]
        return call_result.GetBaseReport(self._report(request_id, keys))

    @on(Action.get_report)
    def get_report(
        self,
        request_id: int,
        component_variable: list[JsonObject] | None,
        component_criteria: list[str] | None,
    ) -> call_result.GetReport:
        """Report the variables that match a query (B08)."""
        check_size(
            self._core.variables,
            "DeviceDataCtrlr",
            "GetReport",
            component_variable,
        )
        keys = list(matching(self._core.variables, component_variable, component_criteria))
        return call_result.GetReport(self._report(request_id, keys))

    def _set(self, item: JsonObject) -> JsonObject:
        status, reason = self._assign(item)
        result = {
            "attributeType": item.get("attributeType", AttributeEnumType.actual),  # B05.FR.12
            "attributeStatus": status,
            "component": item["component"],
            "variable": item["variable"],
        }
        return result if reason is None else {**result, "attributeStatusInfo": reason.as_json}

    def _assign(self, item: JsonObject) -> tuple[SetVariableStatusEnumType, ValueViolation | None]:
        variables, value = self._core.variables, item["attributeValue"]
        key, problem = _resolve(variables, item)
        if key is None:
            return SetVariableStatusEnumType(problem), None
        if not variables.variable(key).is_writable:  # B05.FR.09
            return SetVariableStatusEnumType.rejected, ValueViolation("ReadOnly", "variable is read-only")
        if violation := variables.violation(key, value):
            return SetVariableStatusEnumType.rejected, violation
        if variables.assign(key, value):
            return SetVariableStatusEnumType.reboot_required, None
        return SetVariableStatusEnumType.accepted, None

    def _get(self, item: JsonObject) -> JsonObject:
        result = {
            "attributeStatus": GetVariableStatusEnumType.accepted,
            "attributeType": item.get("attributeType", AttributeEnumType.actual),  # B06.FR.11
            "component": item["component"],
            "variable": item["variable"],
        }
        key, problem = _resolve(self._core.variables, item)
        if key is None:
            return {**result, "attributeStatus": problem}
        if _is_secret(self._core.variables.variable(key)):  # B06.FR.09
            reason = ValueViolation("WriteOnly", "variable is write-only")
            rejected = GetVariableStatusEnumType.rejected
            return {**result, "attributeStatus": rejected, "attributeStatusInfo": reason.as_json}
        return {**result, "attributeValue": self._core.variables.configured(key)}

    def _report(self, request_id: int, keys: list[Key]) -> GenericDeviceModelStatusEnumType:
        """Queue a report of these variables and return the status for the answer to the command."""
        if not keys:
            return GenericDeviceModelStatusEnumType.empty_result_set  # B08.FR.15
        if self._reports.is_full:
            return GenericDeviceModelStatusEnumType.rejected  # B07.FR.13, B08.FR.16
        self._reports.send(self._parts(request_id, keys))
        return GenericDeviceModelStatusEnumType.accepted

    def _parts(self, request_id: int, keys: list[Key]) -> Iterator[call.NotifyReport]:
        size = self._core.variables.integer("DeviceDataCtrlr", "ItemsPerMessage", "GetReport")
        parts = list(batched(keys, size))
        generated_at = self._core.timestamp()
        for number, part in enumerate(parts):
            yield call.NotifyReport(
                request_id,
                generated_at,
                seq_no=number,
                report_data=[report_data(self._core.variables, key) for key in part],
                tbc=number < len(parts) - 1,
            )

    def _mirror_availability(self, changed: EvseConnector) -> None:
        """Copy the status of the connectors of an EVSE to the device model.

        The states of the EVSE and of the station are derived from the status of their connectors. Other EVSEs
        are not examined again, because a station may have a hundred of them.
        """
        evse = self._core.evses.by_id[changed.evse_id]
        states = {id_: self._core.evses.status(each).value for id_, each in evse.connectors.items()}
        for connector_id, state in states.items():
            self._put_state("Connector", state, evse.id, connector_id)
        evse_state = first_of(EVSE_STATES, set(states.values()))
        self._put_state("EVSE", evse_state, evse.id)
        self._evses_in_state[self._evse_states[evse.id]] -= 1
        self._evses_in_state[evse_state] += 1
        self._evse_states[evse.id] = evse_state
        present = {state for state, number in self._evses_in_state.items() if number}
        self._put_state("ChargingStation", first_of(STATION_STATES, present))

    def _put_state(
        self, component: str, state: str, evse_id: int | None = None, connector_id: int | None = None
    ) -> None:
        self._core.variables.put(Key(component, "AvailabilityState", None, evse_id, connector_id), state)
        is_faulted = "true" if state == ConnectorStatus.faulted else "false"
        self._core.variables.put(Key(component, "Problem", None, evse_id, connector_id), is_faulted)


def first_of(order: Iterable[str], states: set[str]) -> str:
    """Return the item of ``states`` that comes first in ``order``."""
    return next(state for state in order if state in states)


def _resolve(variables: LocalDeviceModel, item: JsonObject) -> tuple[Key | None, str]:
    """Return the key of a variable, or None and the status that rejects the item.

    The statuses follow B05.FR.04 to B05.FR.06 and B06.
    """
    if not variables.has_component(item["component"]):
        return None, "UnknownComponent"
    key = variables.find(item["component"], item["variable"])
    if key is None:
        return None, "UnknownVariable"
    if item.get("attributeType", AttributeEnumType.actual) != AttributeEnumType.actual:
        return None, "NotSupportedAttributeType"
    return key, ""


def _is_secret(variable: VariableDefinition) -> bool:
    return variable.mutability is MutabilityEnumType.write_only


def _in_summary(variables: LocalDeviceModel, key: Key) -> bool:
    """Whether SummaryInventory lists a variable (B07.FR.09); Problem is listed only while it is true."""
    is_reported = key.variable != "Problem" or variables.value(key) == "true"
    return variables.variable(key).in_summary and is_reported


IN_INVENTORY: Final[dict[str, Callable[[LocalDeviceModel, Key], bool]]] = {
    ReportBaseEnumType.configuration_inventory: lambda variables, key: variables.variable(key).is_writable,
    ReportBaseEnumType.full_inventory: lambda variables, key: True,
    ReportBaseEnumType.summary_inventory: _in_summary,
}


def matching(
    variables: LocalDeviceModel, wanted: list[JsonObject] | None, criteria: list[str] | None
) -> Iterator[Key]:
    """Keys that match an item of ``wanted`` and whose component meets one of ``criteria``.

    None for ``wanted`` or ``criteria`` places no restriction.
    """
    components: dict[object, dict[str, set[str]]] = {}
    for key in variables:
        values = components.setdefault(key.component_key, {})
        values.setdefault(key.variable, set()).add(variables.value(key))
    for key in variables:
        is_wanted = wanted is None or any(_matches(key.folded, item) for item in wanted)
        if is_wanted and (
            criteria is None or any(_meets(components[key.component_key], name) for name in criteria)
        ):
            yield key


def _meets(values: dict[str, set[str]], criterion: str) -> bool:
    """Whether a component meets a criterion (B08.FR.07 to FR.10).

    ``values`` are the values of the component's variables, by variable name. A component without the variable
    that a criterion names meets the criterion, unless the criterion is Problem.
    """
    if criterion not in values:
        return criterion != "Problem"
    return "true" in values[criterion]


def _matches(key: Key, item: JsonObject) -> bool:
    """Whether the ComponentVariableType ``item`` matches ``key``, the `Key.folded` of a variable.

    A property that ``item`` omits matches any value (B08.FR.20 to FR.25).
    """
    wanted = Key.of_json(item["component"], item.get("variable") or {"name": ""}).folded
    return (
        wanted.component == key.component
        and wanted.component_instance in {None, key.component_instance}
        and wanted.evse_id in {None, key.evse_id}
        and wanted.connector_id in {None, key.connector_id}
        and wanted.variable in {"", key.variable}
        and wanted.instance in {None, key.instance}
    )


def report_data(variables: LocalDeviceModel, key: Key) -> JsonObject:
    """ReportDataType of a variable; the value is left out if the variable is write-only (B07.FR.03)."""
    variable = variables.variable(key)
    value = {} if _is_secret(variable) else {"value": variables.configured(key)}
    return {
        "component": key.component_json,
        "variable": key.variable_json,
        "variableAttribute": [
            {
                "type": AttributeEnumType.actual,
                **value,
                "mutability": variable.mutability,
                "persistent": variable.is_persistent,
                "constant": variable.is_constant,
            }
        ],
        "variableCharacteristics": characteristics(variable),
    }


def characteristics(variable: VariableDefinition) -> JsonObject:
    """VariableCharacteristicsType of a variable (B07.FR.08, B08.FR.12)."""
    optional = {
        "unit": variable.unit,
        "minLimit": variable.min_limit,
        "maxLimit": variable.max_limit,
        "valuesList": ",".join(variable.values) or None,
    }
    return {
        "dataType": variable.data_type,
        "supportsMonitoring": variable.supports_monitoring,
        **{name: value for name, value in optional.items() if value is not None},
    }
