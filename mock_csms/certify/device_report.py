"""Rows of a device report (ReportData), and checks of them, which return the variables that break a rule."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mock_csms.certify.required_variables import RequiredVariable

LIST_TYPES: Final = frozenset({"OptionList", "MemberList", "SequenceList"})
WRITE_ONLY: Final = "WriteOnly"
READ_ONLY: Final = "ReadOnly"

type ReportRow = Mapping[str, Any]
"""ReportData: component, variable, attributes and characteristics."""
type ComponentPlace = tuple[int | None, int | None]
"""Ids of the EVSE and the connector to which a component belongs; None for each that it does not have."""
type ReportedName = tuple[str, ComponentPlace, str, str | None]
"""Component name, place of the component, variable name, variable instance; both names are case-folded."""


def reported_name(row: ReportRow) -> ReportedName:
    """Return the `ReportedName` that identifies the variable of a row."""
    component, variable = row["component"], row["variable"]
    evse = component.get("evse", {})
    place = (evse.get("id"), evse.get("connectorId"))
    return component["name"].casefold(), place, variable["name"].casefold(), variable.get("instance")


def name_text(row: ReportRow) -> str:
    """Return the variable of a row as readable text, such as ``EVSE[1].Power``."""
    component, variable = row["component"], row["variable"]
    evse = component.get("evse", {})
    place = "".join(
        f"[{number}]" for number in (evse.get("id"), evse.get("connectorId")) if number is not None
    )
    instance = f"[{variable['instance']}]" if variable.get("instance") else ""
    return f"{component['name']}{place}.{variable['name']}{instance}"


def rows_named(rows: Iterable[ReportRow], component: str, variable: str) -> list[ReportRow]:
    """Return the rows about a variable of any component with this name; names are not case-sensitive."""
    wanted = component.casefold(), variable.casefold()
    return [row for row in rows if (reported_name(row)[0], reported_name(row)[2]) == wanted]


def named_variables(rows: Iterable[ReportRow]) -> set[tuple[str, str]]:
    """Return the names of component and variable of each row."""
    return {(row["component"]["name"], row["variable"]["name"]) for row in rows}


def value_of(row: ReportRow) -> str | None:
    """Return the actual value of a row; None if it has none."""
    actual = (each for each in row["variableAttribute"] if each.get("type", "Actual") == "Actual")
    return next((each.get("value") for each in actual), None)


def words_of(text: str) -> list[str]:
    """Split the comma-separated value of a list variable."""
    return [word.strip() for word in text.split(",") if word.strip()]


# Rules


def without_characteristics(rows: Iterable[ReportRow]) -> list[str]:
    """Return the names of variables without characteristics (B07.FR.08, B08.FR.12)."""
    return [name_text(row) for row in rows if "variableCharacteristics" not in row]


def without_options(rows: Iterable[ReportRow]) -> list[str]:
    """Return the names of list variables whose valuesList is missing or empty."""
    return [name_text(row) for row in rows if _is_list(row) and not _options(row)]


def outside_options(rows: Iterable[ReportRow]) -> list[str]:
    """Return the names of list variables with a value that is not in their valuesList."""
    return [name_text(row) for row in rows if _is_list(row) and not set(_chosen(row)) <= set(_options(row))]


def read_only(rows: Iterable[ReportRow]) -> list[str]:
    """Return the names of variables with a read-only attribute."""
    return [
        name_text(row) for row in rows if any(_mutability(each) == READ_ONLY for each in _attributes(row))
    ]


def secrets_shown(rows: Iterable[ReportRow]) -> list[str]:
    """Return the names of write-only variables that are reported with a value."""
    return [
        name_text(row)
        for row in rows
        if any(_mutability(each) == WRITE_ONLY and "value" in each for each in _attributes(row))
    ]


def without_value(rows: Iterable[ReportRow]) -> list[str]:
    """Return the names of variables without a value, except write-only ones and the power of an EVSE."""
    return [
        name_text(row)
        for row in rows
        if not (reported_name(row)[0] == "evse" and reported_name(row)[2] == "power")
        and any(_mutability(each) != WRITE_ONLY and "value" not in each for each in _attributes(row))
    ]


def missing_from(
    rows: Iterable[ReportRow], required: Iterable[RequiredVariable], connectors: Sequence[tuple[int, int]]
) -> list[str]:
    """Return the names of required variables without a row.

    A variable of the component EVSE or Connector needs a row for each EVSE or connector of ``connectors``.
    """
    reported = {reported_name(row) for row in rows}
    evses = sorted({evse for evse, _ in connectors})
    places: Mapping[str, Sequence[ComponentPlace]] = {
        "EVSE": [(evse, None) for evse in evses],
        "Connector": connectors,
    }
    return [
        f"{each.component}.{each.name}{f'[{each.instance}]' if each.instance else ''}"
        for each in required
        for place in places.get(each.component, [(None, None)])
        if (each.component.casefold(), place, each.name.casefold(), each.instance) not in reported
    ]


def _is_list(row: ReportRow) -> bool:
    return row.get("variableCharacteristics", {}).get("dataType") in LIST_TYPES


def _options(row: ReportRow) -> list[str]:
    return words_of(row["variableCharacteristics"].get("valuesList", ""))


def _chosen(row: ReportRow) -> list[str]:
    value = value_of(row)
    if value is None:
        return []
    is_option = row["variableCharacteristics"]["dataType"] == "OptionList"
    return [value] if is_option else words_of(value)


def _attributes(row: ReportRow) -> Sequence[Mapping[str, Any]]:
    attributes: Sequence[Mapping[str, Any]] = row["variableAttribute"]
    return attributes


def _mutability(attribute: Mapping[str, Any]) -> str:
    return str(attribute.get("mutability", "ReadWrite"))
