"""The device model of a station: the variables it has reported (B05 to B08)."""

from collections.abc import Iterable, Iterator, Mapping
from sys import intern
from typing import Any, Final

from mock_csms.messages import JsonObject
from mock_csms.schema.structs import to_json
from mock_csms.stations.bounded import MAX_REMEMBERED

ACTUAL: Final = "Actual"
NO_EVSE: Final[JsonObject] = {}
NO_VALUES: Final[Mapping[str, str | None]] = {}
MISSING: Final = object()


class DeviceModel(Mapping[str, JsonObject]):
    """Maps the name of each variable to its component, variable and attribute values.

    The plain way would be one dictionary with everything. Values are kept apart so that a report without
    changes reads only values: the device models of a fleet do not fit into the CPU caches. Names and values
    are interned, so that stations of the same model share them.
    """

    __slots__ = ("_values", "_variables")

    def __init__(self) -> None:
        self._variables: dict[str, tuple[JsonObject, JsonObject]] = {}
        self._values: dict[str, dict[str, str | None]] = {}
        """Values by attribute type, then by variable name."""

    def __getitem__(self, name: str) -> JsonObject:
        component, variable = self._variables[name]
        attributes = {kind: values[name] for kind, values in self._values.items() if name in values}
        return {"component": component, "variable": variable, "attributes": attributes}

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def set(
        self, component: JsonObject, variable: JsonObject, value: str | None, kind: str | None = None
    ) -> None:
        """Store the value of an attribute; the default type is Actual."""
        name = intern(variable_key(component, variable))
        if name not in self._variables:
            self._drop_oldest_if_full()
            self._variables[name] = component, variable
        self._values.setdefault(kind or ACTUAL, {})[name] = intern(value) if type(value) is str else value

    def _drop_oldest_if_full(self) -> None:
        if len(self._variables) >= MAX_REMEMBERED:
            oldest = next(iter(self._variables))
            del self._variables[oldest]
            for values in self._values.values():
                values.pop(oldest, None)

    def report(self, items: Iterable[Any]) -> None:
        """Store the reportData of a NotifyReport, given as structs with attributes."""
        values_of = self._values.get
        component: Any = None
        prefix = ""
        for item in items:
            # Consecutive items mostly share a component; comparing it is cheaper than rebuilding its name.
            if item.component != component:
                component = item.component
                prefix = _component_prefix(to_json(component))
            variable = item.variable
            name = prefix + (variable.name if variable.instance is None else _name(to_json(variable)))
            for attribute in item.variableAttribute:
                kind, value = attribute.type or ACTUAL, attribute.value
                if values_of(kind, NO_VALUES).get(name, MISSING) != value:
                    self.set(to_json(component), to_json(variable), value, kind)


def variable_key(component: JsonObject, variable: JsonObject) -> str:
    """Name of a variable in the device model, as in ``EVSE[inst]#1.2/AvailabilityState[inst]``."""
    return _component_prefix(component) + _name(variable)


def _component_prefix(component: JsonObject) -> str:
    prefix, evse = _name(component), component.get("evse", NO_EVSE)
    if "id" in evse:
        prefix += f"#{evse['id']}"
    if "connectorId" in evse:
        prefix += f".{evse['connectorId']}"
    return f"{prefix}/"


def _name(component_or_variable: JsonObject) -> str:
    name: str = component_or_variable["name"]
    return f"{name}[{component_or_variable['instance']}]" if "instance" in component_or_variable else name
