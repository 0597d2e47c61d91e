"""Features of a station, derived from its full inventory: the rows of a base report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, assert_never

from mock_csms.certify.features import FEATURES, Evidence, Feature, Sign


class WrongReport(Exception):
    """A device report whose rows violate the schema of ReportData."""


@dataclass(frozen=True)
class LearntFeatures:
    """Features that the device model of a station shows, and those that a person must be asked about."""

    claimed: tuple[str, ...]
    denied: tuple[str, ...]
    """Features that the device model contradicts."""
    asked: tuple[str, ...]
    """Features about which the device model says nothing, or nothing certain."""
    evses: Mapping[int, tuple[int, ...]]
    """Ids of the connectors by the id of their EVSE."""


@dataclass(frozen=True)
class _ReportedVariable:
    """A variable in a device report, with its actual value."""

    component: str
    name: str
    instance: str | None
    evse: int | None
    connector: int | None
    value: str
    is_writable: bool
    options: tuple[str, ...]

    def can_be(self, value: str) -> bool:
        return self.is_writable or self.value.casefold() == value.casefold()

    def offers(self, value: str) -> bool:
        return value.casefold() in (*_words(self.value), *(self.options if self.is_writable else ()))


def learn_features(report: Iterable[Mapping[str, Any]]) -> LearntFeatures:
    """Derive the features from the ReportData objects of a FullInventory; raises WrongReport."""
    try:
        variables = [_reported_variable(data) for data in report]
    except (LookupError, TypeError, AttributeError):
        raise WrongReport("a row of the device report violates its schema") from None
    shown = [feature.id for feature in FEATURES.values() if _is_shown(feature, variables)]
    uncertain = [feature.id for feature in FEATURES.values() if not feature.evidence or feature.is_hint]
    denied = [feature.id for feature in FEATURES.values() if feature.evidence and feature.id not in shown]
    return LearntFeatures(
        claimed=tuple(id_ for id_ in shown if id_ not in uncertain),
        denied=tuple(denied),
        asked=tuple(id_ for id_ in uncertain if id_ not in denied),
        evses=_evses(variables),
    )


def _is_shown(feature: Feature, variables: Sequence[_ReportedVariable]) -> bool:
    return any(_shows(evidence, variables) for evidence in feature.evidence)


def _shows(evidence: Evidence, variables: Sequence[_ReportedVariable]) -> bool:
    found = [variable for variable in variables if _is_named(variable, evidence)]
    match evidence.sign:
        case Sign.IMPLEMENTED:
            return bool(found)
        case Sign.WRITABLE:
            return any(variable.is_writable for variable in found)
        case Sign.CAN_BE:
            return any(variable.can_be(evidence.value) for variable in found)
        case Sign.OFFERS:
            return any(variable.offers(evidence.value) for variable in found)
        case Sign.STARTS_WITH:
            return any(variable.value.startswith(evidence.value) for variable in found)
        case Sign.SEVERAL_EVSES:
            return len({variable.evse for variable in found}) > 1
        case _:
            assert_never(evidence.sign)


def _is_named(variable: _ReportedVariable, evidence: Evidence) -> bool:
    """Whether the evidence is about the variable; names are not case-sensitive."""
    return (
        variable.name == evidence.variable_name.casefold()
        and evidence.component.casefold() in ("", variable.component)
        and evidence.instance in (None, variable.instance)
    )


def _evses(variables: Iterable[_ReportedVariable]) -> Mapping[int, tuple[int, ...]]:
    places = {(variable.evse, variable.connector) for variable in variables if variable.evse}
    return MappingProxyType(
        {
            evse: tuple(sorted(connector for other, connector in places if other == evse and connector))
            or (1,)  # each EVSE has a connector, even if the station reports none
            for evse in sorted({evse for evse, _ in places if evse is not None})
        }
    )


def _reported_variable(data: Mapping[str, Any]) -> _ReportedVariable:
    component, variable = data["component"], data["variable"]
    evse = component.get("evse", {})
    actual = next(
        (attribute for attribute in data["variableAttribute"] if attribute.get("type", "Actual") == "Actual"),
        {"mutability": "ReadOnly"},
    )
    return _ReportedVariable(
        component=component["name"].casefold(),
        name=variable["name"].casefold(),
        instance=variable.get("instance"),
        evse=evse.get("id"),
        connector=evse.get("connectorId"),
        value=actual.get("value", ""),
        is_writable=actual.get("mutability", "ReadWrite") != "ReadOnly",
        options=_words(data.get("variableCharacteristics", {}).get("valuesList", "")),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().casefold() for word in text.split(",") if word.strip())
