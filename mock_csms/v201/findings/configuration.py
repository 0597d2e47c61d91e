"""Known values of the variables that findings depend on."""

from typing import Final

from mock_csms.messages import JsonObject

WATCHED: Final = frozenset(
    {
        "authctrlr/authorizeremotestart",
        "ocppcommctrlr/offlinethreshold",
        "securityctrlr/certsigningwaitminimum",
        "txctrlr/evconnectiontimeout",
        "txctrlr/txstartpoint",
    }
)
"""Names of component and variable in lower case; other variables are not stored."""
CHANGED_LATER: Final = "RebootRequired"


class ReportedConfiguration:
    """Actual values of variables, from reports and from the answers to GetVariables and SetVariables."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """Return the value of a variable in `WATCHED`; None if unknown."""
        return self._values.get(name)

    def members(self, name: str) -> frozenset[str] | None:
        """Return the members of a list in lower case; None if unknown."""
        value = self._values.get(name)
        return None if value is None else frozenset(part.strip().lower() for part in value.split(","))

    def number(self, name: str) -> float | None:
        """Return the value as a number; None if unknown or not a number."""
        try:
            return float(self._values.get(name, ""))
        except ValueError:
            return None

    def apply_report_item(self, item: JsonObject) -> None:
        """Register a variable of a device report."""
        name = name_of(item)
        if name in WATCHED:
            for attribute in item["variableAttribute"]:
                if is_actual(attribute.get("type")) and "value" in attribute:
                    self._values[name] = attribute["value"]

    def variables_read(self, answer: JsonObject) -> None:
        """Register the answer to a GetVariables."""
        for result in answer["getVariableResult"]:
            name = name_of(result)
            is_known = result["attributeStatus"] == "Accepted" and "attributeValue" in result
            if name in WATCHED and is_known and is_actual(result.get("attributeType")):
                self._values[name] = result["attributeValue"]

    def variables_set(self, request: JsonObject, answer: JsonObject) -> None:
        """Register the answer to a SetVariables. If a value needs a reboot, the variable becomes unknown."""
        values: dict[str, str] = {
            name_of(item): item["attributeValue"]
            for item in request["setVariableData"]
            if is_actual(item.get("attributeType"))
        }
        for result in answer["setVariableResult"]:
            name, status = name_of(result), result["attributeStatus"]
            if name not in WATCHED or name not in values or not is_actual(result.get("attributeType")):
                continue
            if status == "Accepted":
                self._values[name] = values[name]
            elif status == CHANGED_LATER:
                self._values.pop(name, None)

    def forget(self) -> None:
        """Drop all values, for example after a firmware update."""
        self._values.clear()


def name_of(item: JsonObject) -> str:
    """Return component and variable in lower case. With an instance or EVSE, the name is a different one."""
    component, variable = item["component"], item["variable"]
    name = f"{component['name']}/{variable['name']}".lower()
    is_of_station = not (component.get("instance") or component.get("evse") or variable.get("instance"))
    return name if is_of_station else f"{name} of a part"


def is_actual(attribute_type: str | None) -> bool:
    """Return whether an attribute type, if any, stands for the actual value."""
    return attribute_type in {None, "Actual"}
