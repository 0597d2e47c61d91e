"""Variables in commands: their names, and whether a station knows them."""

from collections.abc import Iterable

from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.settings import Variable
from mock_csms.stations.device_model import variable_key
from mock_csms.stations.station import Station


def variable_data(variable: Variable) -> JsonObject:
    """Return the component and variable of an item in GetVariables or SetVariables."""
    component: JsonObject = {"name": variable.component}
    if variable.component_instance is not None:
        component["instance"] = variable.component_instance
    if variable.evse_id is not None:
        evse = {"id": variable.evse_id, "connectorId": variable.connector_id}
        component["evse"] = {name: number for name, number in evse.items() if number is not None}
    name: JsonObject = {"name": variable.name}
    if variable.instance is not None:
        name["instance"] = variable.instance
    return {"component": component, "variable": name}


def last_of_each(variables: Iterable[Variable]) -> list[Variable]:
    """Return the last item for each variable; names are not case-sensitive."""
    return list({_key(variable).lower(): variable for variable in variables}.values())


def may_know(station: Station, variables: Iterable[Variable]) -> list[Variable]:
    """Return the variables that may be known to the station; raises NothingToDo if all are unknown to it."""
    variables = list(variables)
    known = [variable for variable in variables if not _is_unknown(station, _key(variable))]
    if not known:
        raise NothingToDo(f"the station does not know {' or '.join(map(_key, variables))}")
    return known


def _is_unknown(station: Station, key: str) -> bool:
    return key in station.unknown_variables and key not in station.device_model


def _key(variable: Variable) -> str:
    data = variable_data(variable)
    return variable_key(data["component"], data["variable"])


def name_of(item: JsonObject) -> str:
    """Return component and variable in lower case; add "of a part" if ``item`` names an instance or EVSE."""
    component, variable = item["component"], item["variable"]
    name = f"{component['name']}/{variable['name']}".lower()
    is_of_station = not (component.get("instance") or component.get("evse") or variable.get("instance"))
    return name if is_of_station else f"{name} of a part"


def is_actual(attribute_type: str | None) -> bool:
    """Return whether an attribute type, if any, stands for the actual value."""
    return attribute_type in {None, "Actual"}
