"""The device model of a station: its variables, as far as they were told (B05 to B08)."""

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
    """By the name of each variable its component, itself, and the values of its attributes by their type.

    The values are kept apart from the rest, and are all that is looked at in a report that tells nothing new:
    the models of a whole fleet are too large for the processor's cache. Its stations share names and values.
    """

    __slots__ = ("_values", "_variables")

    def __init__(self) -> None:
        self._variables: dict[str, tuple[JsonObject, JsonObject]] = {}
        self._values: dict[str, dict[str, str | None]] = {}
        """By attribute type, then by the variable's name."""

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
        """Take note of the value of an attribute, of Actual if no type is named."""
        name = intern(variable_key(component, variable))
        if name not in self._variables:
            self._make_room()
            self._variables[name] = component, variable
        self._values.setdefault(kind or ACTUAL, {})[name] = intern(value) if type(value) is str else value

    def _make_room(self) -> None:
        if len(self._variables) >= MAX_REMEMBERED:
            oldest = next(iter(self._variables))
            del self._variables[oldest]
            for values in self._values.values():
                values.pop(oldest, None)

    def report(self, items: Iterable[Any]) -> None:
        """Learn from the reportData of a NotifyReport, looked at by attribute."""
        values_of = self._values.get
        component: Any = None
        place = ""
        for item in items:
            if item.component != component:  # mostly it is that of the item before
                component = item.component
                place = _place(to_json(component))
            variable = item.variable
            name = place + (variable.name if variable.instance is None else _name(to_json(variable)))
            for attribute in item.variableAttribute:
                kind, value = attribute.type or ACTUAL, attribute.value
                if values_of(kind, NO_VALUES).get(name, MISSING) != value:
                    self.set(to_json(component), to_json(variable), value, kind)


def variable_key(component: JsonObject, variable: JsonObject) -> str:
    """Name a variable of the device model: ``EVSE[inst]#1.2/AvailabilityState[inst]``."""
    return _place(component) + _name(variable)


def _place(component: JsonObject) -> str:
    place, evse = _name(component), component.get("evse", NO_EVSE)
    if "id" in evse:
        place += f"#{evse['id']}"
    if "connectorId" in evse:
        place += f".{evse['connectorId']}"
    return f"{place}/"


def _name(thing: JsonObject) -> str:
    name: str = thing["name"]
    return f"{name}[{thing['instance']}]" if "instance" in thing else name
