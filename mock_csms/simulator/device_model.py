"""The device model: components and variables of the station, read, set and validated (B05 to B08)."""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import Final, NamedTuple

from ocpp.v201.enums import DataEnumType as DataType

from mock_csms.messages import JsonObject
from mock_csms.simulator.signals import Signal
from mock_csms.simulator.variables import TABLE, Scope, VariableDefinition

MAX_INTEGER: Final = 2**31 - 1
"""Largest integer in OCPP (part 2, 2.1.3)."""
INTEGER_TEXT: Final = re.compile(r"-?[0-9]{1,10}")
DECIMAL_TEXT: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
DATE_TIME_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)

PATTERNS: Final = {
    # At least 16 characters (A00.FR.205). The errata of 2025-01 lift the limit on the symbols; RFC 7617
    # still forbids control characters.
    ("SecurityCtrlr", "BasicAuthPassword"): re.compile(r"[^\x00-\x1f\x7f]{16,}"),
    ("ClockCtrlr", "TimeOffset"): re.compile(r"Z|[+-]([01]\d|2[0-3]):[0-5]\d", re.ASCII),
    ("ClockCtrlr", "TimeZone"): re.compile(r"([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?"),
    ("ISO15118Ctrlr", "CountryName"): re.compile(r"[A-Z]{2}"),
    ("TariffCostCtrlr", "Currency"): re.compile(r"[A-Z]{3}"),
    ("TxCtrlr", "TxStartPoint"): re.compile(r".+"),
    ("TxCtrlr", "TxStopPoint"): re.compile(r".+"),
}
"""Format that values of a variable must have in addition to their data type, by component and variable."""


class Key(NamedTuple):
    """Identifies a variable of a component."""

    component: str
    variable: str
    instance: str | None = None
    """Instance of the variable, if the component has several variables of this name."""
    evse_id: int | None = None
    connector_id: int | None = None
    component_instance: str | None = None

    @property
    def component_key(self) -> tuple[str, str | None, int | None, int | None]:
        """The parts of the key that identify the component."""
        return self.component, self.component_instance, self.evse_id, self.connector_id

    @property
    def component_json(self) -> JsonObject:
        """ComponentType of the component."""
        component: JsonObject = {"name": self.component}
        if self.component_instance is not None:
            component["instance"] = self.component_instance
        if self.evse_id is not None:
            component["evse"] = {"id": self.evse_id}
            if self.connector_id is not None:
                component["evse"]["connectorId"] = self.connector_id
        return component

    @property
    def variable_json(self) -> JsonObject:
        """VariableType of the variable."""
        instance = {} if self.instance is None else {"instance": self.instance}
        return {"name": self.variable, **instance}

    @property
    def folded(self) -> "Key":
        """The key in lower case, because names and instances are case-insensitive."""
        return self._replace(
            component=self.component.lower(),
            variable=self.variable.lower(),
            instance=self.instance.lower() if self.instance else None,
            component_instance=self.component_instance.lower() if self.component_instance else None,
        )

    @classmethod
    def of_json(cls, component: JsonObject, variable: JsonObject) -> "Key":
        """Make a key from ComponentType and VariableType; an empty instance counts as absent (B06.FR.15)."""
        evse = component.get("evse") or {}
        return cls(
            component["name"],
            variable["name"],
            variable.get("instance") or None,
            evse.get("id"),
            evse.get("connectorId"),
            component.get("instance") or None,
        )


BASIC_AUTH_PASSWORD: Final = Key("SecurityCtrlr", "BasicAuthPassword")


class ValueViolation(NamedTuple):
    """The reason why a value is rejected."""

    reason_code: str
    text: str

    @property
    def as_json(self) -> JsonObject:
        """The reason as StatusInfoType."""
        return {"reasonCode": self.reason_code, "additionalInfo": self.text}


INVALID_VALUE: Final = "InvalidValue"
OUT_OF_RANGE: Final = "ValueOutOfRange"


def violation(variable: VariableDefinition, value: str) -> ValueViolation | None:
    """Return how a value violates its variable's data type, limits or format; None if it does not (B05.FR.07,
    B05.FR.08).
    """
    match variable.data_type:
        case DataType.integer | DataType.decimal:
            return _number_violation(variable, value)
        case DataType.option_list | DataType.member_list | DataType.sequence_list:
            found = _list_violation(variable, value)
        case DataType.boolean if value not in {"true", "false"}:
            found = ValueViolation(INVALID_VALUE, "not true or false")
        case DataType.date_time if not _is_date_time(value):
            found = ValueViolation(INVALID_VALUE, "not an RFC 3339 date and time")
        case _:
            found = None
    return found or _text_violation(variable, value)


def _number_violation(variable: VariableDefinition, value: str) -> ValueViolation | None:
    is_integer = variable.data_type is DataType.integer
    if not (INTEGER_TEXT if is_integer else DECIMAL_TEXT).fullmatch(value):
        return ValueViolation(INVALID_VALUE, "not an integer" if is_integer else "not a decimal number")
    number = float(value)
    if (is_integer and abs(number) > MAX_INTEGER) or not isfinite(number):
        return ValueViolation(OUT_OF_RANGE, "number is too large")
    if variable.min_limit is not None and number < variable.min_limit:
        return ValueViolation(OUT_OF_RANGE, f"less than {variable.min_limit:g}")
    if variable.max_limit is not None and number > variable.max_limit:
        return ValueViolation(OUT_OF_RANGE, f"more than {variable.max_limit:g}")
    return None


def _list_violation(variable: VariableDefinition, value: str) -> ValueViolation | None:
    if variable.data_type is DataType.option_list:
        items = [value]
    else:
        items = [item.strip() for item in value.split(",")] if value else []
    if variable.data_type is DataType.sequence_list and not items:
        return ValueViolation(INVALID_VALUE, "list is empty")
    if unknown := [item for item in items if item not in variable.values]:
        return ValueViolation(INVALID_VALUE, f"not in the list of values: {unknown[0][:50]}")
    if len(set(items)) < len(items):
        return ValueViolation(INVALID_VALUE, "item is repeated")
    return None


def _is_date_time(value: str) -> bool:
    if not DATE_TIME_TEXT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _text_violation(variable: VariableDefinition, value: str) -> ValueViolation | None:
    if variable.max_limit is not None and len(value) > variable.max_limit:
        return ValueViolation(OUT_OF_RANGE, f"longer than {variable.max_limit:g} characters")
    pattern = PATTERNS.get((variable.component, variable.name))
    if pattern is not None and not pattern.fullmatch(value):
        return ValueViolation(INVALID_VALUE, "value does not match the format of this variable")
    return None


def places(scope: Scope, evses: int, connectors: int) -> Iterator[tuple[int | None, int | None]]:
    """EVSE id and connector id of every place where a variable with this scope exists."""
    if scope is Scope.STATION:
        yield None, None
        return
    for evse_id in range(1, evses + 1):
        if scope is Scope.EVSE:
            yield evse_id, None
        else:
            yield from ((evse_id, connector_id) for connector_id in range(1, connectors + 1))


@dataclass(frozen=True, kw_only=True)
class Nameplate:
    """Identity, ratings, and the security profile and password that one station starts with."""

    identity: str = ""
    vendor: str = ""
    model: str = ""
    serial_number: str = ""
    firmware_version: str = ""
    security_profile: int = 0
    password: str = field(default="", repr=False)
    max_power_w: float = 22080.0
    """Maximum power of each EVSE; the default is three phases of 32 A at 230 V."""

    @property
    def values(self) -> dict[Key, str]:
        """Values of the variables that report the nameplate."""
        return {
            Key("ChargingStation", "FirmwareVersion"): self.firmware_version,
            Key("ChargingStation", "Model"): self.model,
            Key("ChargingStation", "SerialNumber"): self.serial_number,
            Key("ChargingStation", "VendorName"): self.vendor,
            Key("Controller", "FirmwareVersion"): self.firmware_version,
            BASIC_AUTH_PASSWORD: self.password,
            Key("SecurityCtrlr", "Identity"): self.identity,
            Key("SecurityCtrlr", "SecurityProfile"): str(self.security_profile),
        }


BLANK: Final = Nameplate()


@dataclass(frozen=True)
class Layout:
    """The components and variables of a station; stations of the same kind share one layout."""

    variables: Mapping[Key, VariableDefinition]
    by_folded_key: Mapping[Key, Key]
    components: Set[tuple[str, str | None, int | None, int | None]]


@lru_cache(maxsize=8)
def layout_of(evses: int, connectors: int, max_power_w: float) -> Layout:
    """Layout of a station, made from the arguments of `LocalDeviceModel` and `Nameplate`."""
    variables = {
        Key(variable.component, variable.name, variable.instance, *place): variable
        for variable in TABLE
        for place in places(variable.scope, evses, connectors)
    }
    for evse_id in range(1, evses + 1):
        power = Key("EVSE", "Power", None, evse_id)
        variables[power] = replace(variables[power], max_limit=max_power_w)
    by_folded_key = {key.folded: key for key in variables}
    return Layout(variables, by_folded_key, {key.component_key for key in by_folded_key})


class LocalDeviceModel:
    """Variables with their values, data types, limits and mutability."""

    def __init__(self, evses: int = 2, connectors: int = 1, nameplate: Nameplate = BLANK) -> None:
        self.changed = Signal[[Key, str, str]]()
        """A value changed; the arguments are the key, the old value and the new value."""
        layout = layout_of(evses, connectors, nameplate.max_power_w)
        self._variables = layout.variables
        self._by_folded_key = layout.by_folded_key
        self._components = layout.components
        self._values = nameplate.values
        """Values that replace the defaults of their variables."""
        self._pending: dict[Key, str] = {}
        self._deferred: set[Key] = set()
        """Variables whose new values wait for a reboot although their definitions do not require this."""
        self._computed: dict[Key, Callable[[], str]] = {}
        self._rules: dict[Key, list[Callable[[str], ValueViolation | None]]] = {}
        self.acted_on: Callable[[Key], str] = self.value
        """Returns the value that the station uses. `mock_csms.simulator.misbehaviour` may replace this
        function.
        """

    def __iter__(self) -> Iterator[Key]:
        return iter(self._variables)

    def variable(self, key: Key) -> VariableDefinition:
        """Definition of a variable; the variable must exist."""
        return self._variables[key]

    def find(self, component: JsonObject, variable: JsonObject) -> Key | None:
        """Key of the variable that ComponentType and VariableType name, or None."""
        return self._by_folded_key.get(Key.of_json(component, variable).folded)

    def has_component(self, component: JsonObject) -> bool:
        """Whether the station has the component that a ComponentType names."""
        return Key.of_json(component, {"name": ""}).folded.component_key in self._components

    def value(self, key: Key) -> str:
        """Value in effect; the station must have the variable."""
        if key in self._computed:
            return self._computed[key]()
        return self._stored(key)

    def _stored(self, key: Key) -> str:
        value = self._values.get(key)
        return self._variables[key].default if value is None else value

    def configured(self, key: Key) -> str:
        """Value that was set last; it may still wait for a reboot."""
        return self._pending[key] if key in self._pending else self.value(key)

    def text(self, component: str, variable: str, instance: str | None = None) -> str:
        """Value that the station uses for a variable without an EVSE; the variable must exist."""
        return self.acted_on(Key(component, variable, instance))

    def integer(self, component: str, variable: str, instance: str | None = None) -> int:
        """`text` of an integer variable as a number; 0 if it is empty."""
        return int(self.text(component, variable, instance) or 0)

    def boolean(self, component: str, variable: str, instance: str | None = None) -> bool:
        """`text` of a Boolean variable as a bool."""
        return self.text(component, variable, instance) == "true"

    def members(self, component: str, variable: str, instance: str | None = None) -> list[str]:
        """`text` of a list variable (OptionList, MemberList or SequenceList) as a list of its items."""
        return [item.strip() for item in self.text(component, variable, instance).split(",") if item.strip()]

    def put(self, key: Key, value: str) -> None:
        """Change a value on behalf of the station itself. This also works for read-only variables."""
        old = self._stored(key)
        self._values[key] = value
        if value != old:
            self.changed.emit(key, old, value)

    def compute(self, key: Key, function: Callable[[], str]) -> None:
        """Compute the value of a variable with this function whenever the variable is read."""
        self._computed[key] = function

    def add_rule(self, key: Key, rule: Callable[[str], ValueViolation | None]) -> None:
        """Add a check that may reject new values of a variable from the central system."""
        self._rules.setdefault(key, []).append(rule)

    def defer(self, key: Key) -> None:
        """From now on, put each new value of a variable into effect only at the next reboot."""
        self._deferred.add(key)

    def violation(self, key: Key, value: str) -> ValueViolation | None:
        """Return why a value from the central system is rejected; None if it is acceptable."""
        found = violation(self._variables[key], value)
        for rule in self._rules.get(key, ()):
            found = found or rule(value)
        return found

    def assign(self, key: Key, value: str) -> bool:
        """Set a valid value on behalf of the central system. Return whether the value waits for a reboot."""
        if not (self._variables[key].needs_reboot or key in self._deferred):
            self.put(key, value)
            return False
        if value == self._stored(key):
            self._pending.pop(key, None)
            return False
        self._pending[key] = value
        return True

    def apply_pending(self) -> None:
        """Put the values that wait for a reboot into effect."""
        pending, self._pending = self._pending, {}
        for key, value in pending.items():
            self.put(key, value)
