"""The device model of a station: the variables it has reported (B05 to B08)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from mock_csms.log.secret_text import MASK, SECRET_VARIABLES
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import to_json
from mock_csms.stations.bounded import ENTRY_BYTES, MAX_REMEMBERED, MIB, encoded_json

ACTUAL: Final = "Actual"
ATTRIBUTE_TYPES: Final = frozenset({ACTUAL, "Target", "MinSet", "MaxSet"})
NO_EVSE: Final[JsonObject] = {}
NO_VALUES: Final[Mapping[str, str | None]] = {}
MISSING: Final = object()
MAX_DEVICE_MODEL_BYTES: Final = 2 * MIB
"""Approximate maximum bytes of one device model; the oldest variables are dropped."""
VALUE_BYTES: Final = 150
"""Approximate bytes of a value without its text."""


class SharedTexts[Text: (str, bytes)](dict[Text, Text]):
    """Stores equal texts of different stations only once. Drops all texts when it reaches its limit.

    `sys.intern` would keep the texts for ever.
    """

    __slots__ = ()
    limit = 20_000
    max_length = 200

    def share(self, text: Text) -> Text:
        """Return the stored text that equals ``text``. If there is none, store ``text`` and return it.

        A text longer than `max_length` is returned without being stored.
        """
        if len(text) > self.max_length:
            return text
        if len(self) >= self.limit:
            self.clear()
        return self.setdefault(text, text)


NAMES: Final = SharedTexts[str]()
VALUES: Final = SharedTexts[str]()
DEFINITIONS: Final = SharedTexts[bytes]()


class DeviceModel(Mapping[str, JsonObject]):
    """Maps the name of each variable to its component, variable and attribute values.

    The plain way would be one dictionary with everything. Here, values have their own dictionaries, so that
    comparing a report with the stored values reads nothing else: the device models of a fleet do not fit
    into the CPU caches.
    """

    __slots__ = ("_values", "_variables", "size")

    def __init__(self) -> None:
        self._variables: dict[str, bytes] = {}
        """JSON of the component and the variable, by name."""
        self._values: dict[str, dict[str, str | None]] = {}
        """Values by attribute type, then by variable name."""
        self.size = 0
        """Approximate bytes of all variables."""

    def __getitem__(self, name: str) -> JsonObject:
        component, variable = orjson.loads(self._variables[name])
        attributes = {kind: values[name] for kind, values in self._values.items() if name in values}
        return {"component": component, "variable": variable, "attributes": attributes}

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def set(
        self, component: JsonObject, variable: JsonObject, value: str | None, kind: str | None = None
    ) -> None:
        """Store a value of a variable; ``kind`` is the type of the attribute, by default Actual.

        Raises TypeError or ValueError if the arguments are not valid.
        """
        kind = kind or ACTUAL
        if kind not in ATTRIBUTE_TYPES or not (value is None or isinstance(value, str)):
            raise TypeError("the type or the value of an attribute is not valid")
        name = NAMES.share(variable_key(component, variable))
        if value is not None and variable["name"].lower() in SECRET_VARIABLES:
            value = MASK
        if name not in self._variables:
            self._add(name, component, variable)
        values = self._values.setdefault(kind, {})
        self.size += _value_size(value) - (_value_size(values[name]) if name in values else 0)
        values[name] = None if value is None else VALUES.share(value)
        self._drop_oldest_if_full()

    def _add(self, name: str, component: JsonObject, variable: JsonObject) -> None:
        definition = encoded_json((component, variable))
        if definition is None:
            raise ValueError("the component or the variable is nested too deeply")
        self._variables[name] = DEFINITIONS.share(definition)
        self.size += ENTRY_BYTES + len(name) + len(definition)

    def _drop_oldest_if_full(self) -> None:
        while self.size > MAX_DEVICE_MODEL_BYTES or len(self._variables) > MAX_REMEMBERED:
            oldest = next(iter(self._variables))
            self.size -= ENTRY_BYTES + len(oldest) + len(self._variables.pop(oldest))
            for values in self._values.values():
                if oldest in values:
                    self.size -= _value_size(values.pop(oldest))

    def report(self, items: Iterable[Any]) -> None:
        """Store the reportData of a NotifyReport, given as decoded ReportDataType objects."""
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


def _value_size(value: str | None) -> int:
    return VALUE_BYTES + len(value or "")


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
