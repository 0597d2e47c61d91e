"""The device model that a station has reported, and the values that it was told to set (B05 to B08)."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import orjson
from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import MAY_HAVE_NEW_FIRMWARE, Known201

CONNECTED_EV: Final = "connectedev"
"""Component that may exist only while a vehicle is connected."""
MAX_VARIABLES: Final = 5_000
_MAX_LIST_LENGTH: Final = 1_000
"""Maximum length of a valuesList; a list of this length may have been cut off."""
SETTING_IN_FLIGHT_S: Final = 60.0
"""For this many seconds after a SetVariables, a message may still be based on the old value."""


class VariableName(NamedTuple):
    """The name of a variable, in lower case; names are compared without regard to case (B05, B06)."""

    component: str
    variable: str
    component_instance: str = ""
    variable_instance: str = ""
    evse_id: int | None = None
    connector_id: int | None = None


type Attribute = tuple[VariableName, str]
"""A variable and an attribute type."""

_OF_CONNECTION: Final = (
    VariableName("monitoringctrlr", "activemonitoringbase"),
    VariableName("monitoringctrlr", "activemonitoringlevel"),
    VariableName("ocppcommctrlr", "activenetworkprofile"),
    VariableName("securityctrlr", "securityprofile"),
)
"""Variables whose values the station may change by itself when it reconnects or restarts."""
_IDENTITY: Final = ("vendorName", "model", "serialNumber", "firmwareVersion")
"""Fields of a BootNotification that identify the product; each product has its own device model."""


class Definition(NamedTuple):
    """Name and characteristics of a reported variable. Stations of the same model share these objects."""

    name: VariableName
    mutability: Mapping[str, str]
    """Mutability by attribute type; ReadWrite if the report does not name the mutability."""
    data_type: str | None
    unit: str | None
    min_limit: float | None
    max_limit: float | None
    members: frozenset[str] | None
    """Possible values, from valuesList; None if the variable has no valuesList."""
    list_length: int
    """Number of characters of valuesList."""
    supports_monitoring: bool | None
    transient: frozenset[str]
    """Attribute types that a report has called not persistent: a boot drops their values. An absent
    ``persistent`` means false by the schema, but is ignored here, because many stations leave it out for
    lasting variables.
    """

    @property
    def has_characteristics(self) -> bool:
        """Whether the report contained variableCharacteristics, which always have a data type."""
        return self.data_type is not None

    def merged_with(self, known: "Definition") -> "Definition":
        """Return this definition, completed with an earlier one from a report of other attributes."""
        mutability = {**known.mutability, **self.mutability}
        base = self if self.has_characteristics else known
        if base is self and mutability == self.mutability and known.transient <= self.transient:
            return self
        return base._replace(mutability=mutability, transient=known.transient | self.transient)


def name_of_item(item: JsonObject) -> VariableName:
    """Return the name of the variable in an item of a report, a command or an answer."""
    component, variable = item["component"], item["variable"]
    evse = component.get("evse") or {}
    return VariableName(
        component["name"].lower(),
        variable["name"].lower(),
        (component.get("instance") or "").lower(),
        (variable.get("instance") or "").lower(),
        evse.get("id") or None,  # 0 is the whole station (Part 1 7.1)
        evse.get("connectorId") or None,
    )


class ReportedVariable(NamedTuple):
    """An item of a NotifyReport."""

    definition: Definition
    values: tuple[tuple[str, str | None], ...]
    """Attribute types with their values; None for an attribute without a value."""


@lru_cache(maxsize=1_000)
def _name_of_station(component: str, variable: str, instance: str) -> VariableName:
    return VariableName(component.lower(), variable.lower(), variable_instance=instance.lower())


@lru_cache(maxsize=20_000)
def _definition(encoded: bytes) -> Definition:
    item = orjson.loads(encoded)
    characteristics = item["characteristics"] or {}
    values = characteristics.get("valuesList")
    return Definition(
        name=name_of_item(item),
        mutability=dict(item["mutability"]),
        data_type=characteristics.get("dataType"),
        unit=characteristics.get("unit"),
        min_limit=characteristics.get("minLimit"),
        max_limit=characteristics.get("maxLimit"),
        members=None
        if values is None or len(values) >= _MAX_LIST_LENGTH
        else frozenset(part.strip() for part in values.split(",")),
        list_length=len(values or ""),
        supports_monitoring=characteristics.get("supportsMonitoring"),
        transient=frozenset(item["transient"]),
    )


@lru_cache(maxsize=20_000)
def _reported(encoded: bytes) -> ReportedVariable:
    # Reports are long and mostly repeat what stations of the same model have reported. Encoding an item and
    # looking it up takes a fifth of the time of reading its fields. Equal definitions are one object.
    item = orjson.loads(encoded)
    attributes = item["variableAttribute"]
    shared = {
        "component": item["component"],
        "variable": item["variable"],
        "characteristics": item.get("variableCharacteristics"),
        "mutability": [
            (attribute.get("type", ACTUAL), attribute.get("mutability", "ReadWrite"))
            for attribute in attributes
        ],
        "transient": [
            attribute.get("type", ACTUAL) for attribute in attributes if attribute.get("persistent") is False
        ],
    }
    return ReportedVariable(
        _definition(orjson.dumps(shared)),
        tuple((attribute.get("type", ACTUAL), attribute.get("value")) for attribute in attributes),
    )


class DeviceModelFacts(Facts):
    """Definitions and values of variables, and whether they are the whole device model."""

    __slots__ = (
        "_evse_ids",
        "_latest",
        "_next_part",
        "_old",
        "_product",
        "_set_at",
        "_unsettled",
        "_values",
        "definitions",
        "is_complete",
    )

    def __init__(self) -> None:
        self.definitions: dict[VariableName, Definition] = {}
        """Definitions of the variables in reports."""
        self._evse_ids: frozenset[int] = frozenset()
        """EVSEs of the variables in reports."""
        self._values: dict[VariableName, dict[str, str]] = {}
        """Values by variable and attribute type."""
        self.is_complete = False
        """Whether a FullInventory has arrived whole since the last boot; if so, a missing variable does not
        exist.
        """
        self._next_part: tuple[int, int] | None = None
        """requestId and next seqNo of a FullInventory in progress."""
        self._old: set[VariableName] = set()
        """Variables that have not been reported since the last boot."""
        self._product: JsonObject | None = None
        """Fields of the latest BootNotification that identify the product (``_IDENTITY``)."""
        self._set_at: dict[Attribute, float] = {}
        """Times of accepted SetVariables, by attribute."""
        self._unsettled: set[Attribute] = set()
        """Attributes whose value is unknown: a SetVariables for them is not answered yet, or has effect only
        after a reboot.
        """
        self._latest: tuple[int, Sequence[ReportedVariable]] = 0, ()
        """Frame and items of the latest NotifyReport, which several checks read."""

    def value(self, name: VariableName, attribute_type: str = ACTUAL) -> str | None:
        """Return the value of an attribute of a variable; None if it is unknown."""
        values = self._values.get(name)
        if values is None or (self._unsettled and (name, attribute_type) in self._unsettled):
            return None
        return values.get(attribute_type)

    def is_reported(self, name: VariableName) -> bool:
        """Return whether a variable has been reported since the last boot."""
        return name in self.definitions and name not in self._old

    def mutability(self, name: VariableName, attribute_type: str) -> str | None:
        """Return the mutability of an attribute; None if it is unknown."""
        definition = self.definitions.get(name)
        return None if definition is None else definition.mutability.get(attribute_type)

    def is_unset(self, name: VariableName, attribute_type: str) -> bool:
        """Return whether an attribute exists but is known to have no value."""
        definition = self.definitions.get(name)
        is_supported = definition is not None and attribute_type in definition.mutability
        is_settled = (name, attribute_type) not in self._unsettled
        return self.is_complete and is_supported and is_settled and not self.value(name, attribute_type)

    def of_station(self, component: str, variable: str, instance: str = "") -> str | None:
        """Return the actual value of a variable of a component of the whole station, such as
        ``of_station("TxCtrlr", "TxStartPoint")``; None if it is unknown.
        """
        return self.value(_name_of_station(component, variable, instance))

    def is_true(self, component: str, variable: str) -> bool | None:
        """Return whether a variable of the whole station is true; None if its value is unknown."""
        value = self.of_station(component, variable)
        return None if value is None else value.strip().lower() == "true"

    def is_off(self, component: str) -> bool:
        """Return whether a component of the whole station is certainly disabled or does not exist."""
        if self.is_true(component, "Enabled") is False or self.is_true(component, "Available") is False:
            return True
        name = component.lower()
        return self.is_complete and all(known.component != name for known in self.definitions)

    def number(self, component: str, variable: str, instance: str = "") -> float | None:
        """Return the value of a numeric variable of the whole station; None if unknown or not a number."""
        try:
            return float(self.of_station(component, variable, instance) or "")
        except ValueError:
            return None

    def members(self, component: str, variable: str, instance: str = "") -> frozenset[str] | None:
        """Return the members of the list in a variable of the whole station; None if its value is unknown."""
        value = self.of_station(component, variable, instance)
        return None if value is None else frozenset(part.strip() for part in value.split(",") if part.strip())

    def variables(self) -> Iterator[VariableName]:
        """Return the names of all known variables."""
        return iter(self.definitions)

    def lasting(self) -> Iterator[VariableName]:
        """Return the names of all known variables, except those of a vehicle, which come and go with it."""
        return (name for name in self.definitions if name.component != CONNECTED_EV)

    @property
    def only_evse(self) -> int | None:
        """Id of the only EVSE; None if there are several or the model is not complete."""
        return min(self._evse_ids) if self.is_complete and len(self._evse_ids) == 1 else None

    def connectors(self) -> frozenset[tuple[int, int]]:
        """Return EVSE and id of all connectors; empty unless the model is complete."""
        if not self.is_complete:
            return frozenset()
        return frozenset(
            (name.evse_id, name.connector_id)
            for name in self.definitions
            if name.evse_id is not None and name.connector_id is not None
        )

    def set(self, name: VariableName, attribute_type: str, value: str | None) -> None:
        """Store the value of an attribute; None removes it."""
        self._unsettled.discard((name, attribute_type))
        if value is None:
            self._values.get(name, {}).pop(attribute_type, None)
            return
        if name not in self._values and len(self._values) >= MAX_VARIABLES:
            del self._values[next(iter(self._values))]
        self._values.setdefault(name, {})[attribute_type] = value

    def expect_value(self, attribute: Attribute) -> None:
        """Register that an attribute is being set; until the answer, its value is unknown."""
        if len(self._unsettled) < MAX_VARIABLES:
            self._unsettled.add(attribute)

    def accept_value(self, attribute: Attribute, value: str, at: float) -> None:
        """Store a value that an accepted SetVariables has set."""
        self.set(*attribute, value)
        if attribute not in self._set_at and len(self._set_at) >= MAX_VARIABLES:
            del self._set_at[next(iter(self._set_at))]
        self._set_at[attribute] = at

    def keep_value(self, attribute: Attribute) -> None:
        """Register that a SetVariables has not changed an attribute."""
        self._unsettled.discard(attribute)

    def forget_value(self, attribute: Attribute) -> None:
        """Register that the value of an attribute is unknown until it is read."""
        self.set(*attribute, None)
        self.expect_value(attribute)

    def define(self, item: ReportedVariable, at: float) -> None:
        """Store a variable of a report with its values."""
        definition, reported = item
        name = definition.name
        if self.definitions.get(name) is not definition and not self._add(definition):
            return
        if self._old:
            self._old.discard(name)
        values = self._values.get(name)
        for attribute_type, value in reported:
            # a missing value settles an attribute whose value was forgotten
            if values is None or value is None or values.get(attribute_type) != value:
                self._apply_reported((name, attribute_type), value, at)

    def _apply_reported(self, attribute: Attribute, value: str | None, at: float) -> None:
        """Store a value of a report, which may be older than a SetVariables that was just accepted."""
        set_at = self._set_at.get(attribute)
        if set_at is not None and at - set_at < SETTING_IN_FLIGHT_S:
            self.forget_value(attribute)
        else:
            self._set_at.pop(attribute, None)
            self.set(*attribute, value)

    def _add(self, definition: Definition) -> bool:
        """Store a definition; return whether there was room for it."""
        known = self.definitions.get(definition.name)
        if known is None and len(self.definitions) >= MAX_VARIABLES:
            self.is_complete = False
            self._next_part = None
            return False
        self.definitions[definition.name] = definition.merged_with(known) if known else definition
        if definition.name.evse_id and definition.name.evse_id not in self._evse_ids:
            self._evse_ids |= {definition.name.evse_id}
        return True

    def reported_in(self, call: StationCall) -> Sequence[ReportedVariable]:
        """Return the items of a NotifyReport."""
        if self._latest[0] != call.frame:
            items = call.payload.get("reportData", ())
            self._latest = call.frame, tuple(_reported(orjson.dumps(item)) for item in items)
        return self._latest[1]

    def expect_inventory(self, request_id: int) -> None:
        """Start to follow the parts of a FullInventory."""
        self._next_part = request_id, 0

    def expect_no_inventory(self, request_id: int) -> None:
        """Register that reports with a requestId are not, or not certainly, a FullInventory."""
        if self._next_part is not None and self._next_part[0] == request_id:
            self._next_part = None

    def begin_inventory(self, part: JsonObject) -> None:
        """Drop all definitions at the first part of a FullInventory, so that variables that no longer exist
        are dropped too.
        """
        if self._next_part == (part["requestId"], 0) and part["seqNo"] == 0:
            self.definitions.clear()
            self._evse_ids = frozenset()
            self._old.clear()
            self.is_complete = False

    def inventory_with(self, call: StationCall) -> dict[VariableName, Definition] | None:
        """If ``call`` is the last part of a FullInventory, return the whole device model, including the
        variables in this part; otherwise None. Nothing is stored.
        """
        part = call.payload
        if self._next_part != (part["requestId"], part["seqNo"]) or part.get("tbc"):
            return None
        before = self.definitions if part["seqNo"] else {}
        return {**before, **{item.definition.name: item.definition for item in self.reported_in(call)}}

    def follow_inventory(self, part: JsonObject) -> None:
        """Register a part of a report; the last part of a FullInventory completes the model."""
        if self._next_part is None or part["requestId"] != self._next_part[0]:
            return
        request_id, expected = self._next_part
        if part["seqNo"] != expected:
            self._next_part = None
        elif part.get("tbc"):
            self._next_part = request_id, expected + 1
        else:
            self.is_complete, self._next_part = True, None

    def identify(self, product: JsonObject) -> None:
        """Register the product in a BootNotification; if it is a different one, drop the device model."""
        known, self._product = self._product, product
        if known is not None and known != product:
            self._forget_all()

    def _forget_all(self) -> None:
        self.definitions.clear()
        self._evse_ids = frozenset()
        self._values.clear()
        self._old.clear()
        self._set_at.clear()
        self._unsettled.clear()
        self.is_complete = False
        self._next_part = None

    def booted(self, reason: str) -> None:
        self.is_complete = False
        self._next_part = None
        if reason in MAY_HAVE_NEW_FIRMWARE:
            self._forget_all()
            return
        self._old = set(self.definitions)
        self._set_at.clear()
        self._forget_connection()
        for name, definition in self.definitions.items():
            for attribute_type in definition.transient:
                self.forget_value((name, attribute_type))

    def disconnected(self) -> None:
        self._next_part = None
        self._forget_connection()

    def _forget_connection(self) -> None:
        """Forget values that a station may change itself when it reconnects or restarts."""
        for name in _OF_CONNECTION:
            if name in self._values:
                self.forget_value((name, ACTUAL))

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.notify_report}:
            self._next_part = None

    def command_failed(self, action: str | None) -> None:
        if action in {None, Action.set_variables}:
            self._values.clear()
            self._unsettled.clear()
            self.is_complete = False  # otherwise these variables would count as unset


def settings_of(request: JsonObject) -> dict[Attribute, str | None]:
    """Return the values that a SetVariables asks for; None for an attribute it names twice (B05.FR.13)."""
    values: dict[Attribute, str | None] = {}
    for item in request["setVariableData"]:
        key = name_of_item(item), item.get("attributeType", ACTUAL)
        values[key] = None if key in values else item["attributeValue"]
    return values


@CHECKS.learn_call(Action.boot_notification)
def _apply_boot(call: StationCall, known: Known201) -> None:
    product = call.payload["chargingStation"]
    known[DeviceModelFacts].identify({name: product.get(name) for name in _IDENTITY})


@CHECKS.learn_call(Action.notify_report)
def _apply_report(call: StationCall, known: Known201) -> None:
    model = known[DeviceModelFacts]
    model.begin_inventory(call.payload)
    for item in model.reported_in(call):
        model.define(item, call.at)
    model.follow_inventory(call.payload)


@CHECKS.learn_command(Action.get_variables)
def _apply_values(command: AnsweredCommand, known: Known201) -> None:
    model = known[DeviceModelFacts]
    for result in command.answer["getVariableResult"]:
        if result["attributeStatus"] == "Accepted":
            attribute_type = result.get("attributeType", ACTUAL)
            model.set(name_of_item(result), attribute_type, result.get("attributeValue"))


@CHECKS.learn_sent(Action.set_variables)
def _expect_values(command: CommandCall, known: Known201) -> None:
    for attribute in settings_of(command.request):
        known[DeviceModelFacts].expect_value(attribute)


@CHECKS.learn_command(Action.set_variables)
def _apply_set_values(command: AnsweredCommand, known: Known201) -> None:
    """Store accepted values; a value that needs a reboot is unknown until it is read again."""
    model, asked = known[DeviceModelFacts], settings_of(command.request)
    answered: set[Attribute] = set()
    for result in command.answer["setVariableResult"]:
        attribute = name_of_item(result), result.get("attributeType", ACTUAL)
        if attribute not in asked:
            continue
        answered.add(attribute)
        value = asked[attribute]
        if value is None or result["attributeStatus"] == "RebootRequired":
            model.forget_value(attribute)
        elif result["attributeStatus"] == "Accepted":
            model.accept_value(attribute, value, command.at)
        else:
            model.keep_value(attribute)
    for attribute in asked.keys() - answered:
        model.forget_value(attribute)
