"""Changes to payloads, and conditions on payloads.

Both are built from paths such as ``transactionInfo.transactionId``. In a change, a path that leads into a
list continues in every item of the list; if the next part of the path is a number, the path continues only in
the item with this number. In a condition, a path does not continue into a list. Payloads are copied, never
changed.
"""

from collections.abc import Callable
from typing import Any, Final

from mock_csms.messages import JsonObject

type Change = Callable[[JsonObject], JsonObject]
type Condition = Callable[[JsonObject], bool]

NO_PROPERTY: Final = object()
"""Value of a property that is not there."""


def always(_: JsonObject) -> bool:
    """Condition that holds for every payload."""
    return True


def where(path: str, *values: object) -> Condition:
    """Condition that the value at a dotted path is one of ``values``. `NO_PROPERTY` stands for a missing
    property.
    """
    names = path.split(".")

    def holds(payload: JsonObject) -> bool:
        value: Any = payload
        for name in names:
            value = value.get(name, NO_PROPERTY) if isinstance(value, dict) else NO_PROPERTY
        return value in values

    return holds


def both(*conditions: Condition) -> Condition:
    """Condition that holds if all ``conditions`` hold."""
    return lambda payload: all(holds(payload) for holds in conditions)


def put(path: str, value: object) -> Change:
    """Return a change that sets the value at a path, even if there is no value yet.

    If the object that should contain the value is missing, nothing changes.
    """
    return _at(path, lambda _: value)


def drop(path: str) -> Change:
    """Return a change that removes the value at a path."""
    return _at(path, lambda _: NO_PROPERTY)


def alter(path: str, function: Callable[[Any], object]) -> Change:
    """Return a change that replaces the value at a path by ``function(value)``.

    A missing value stays missing.
    """
    return _at(path, lambda value: NO_PROPERTY if value is NO_PROPERTY else function(value))


def each(*changes: Change) -> Change:
    """Return a change that applies ``changes`` one after another."""

    def changed(payload: JsonObject) -> JsonObject:
        for change in changes:
            payload = change(payload)
        return payload

    return changed


def _at(path: str, function: Callable[[Any], object]) -> Change:
    names = path.split(".")
    return lambda payload: _changed(payload, names, function)


def _changed(node: Any, names: list[str], function: Callable[[Any], object]) -> Any:
    name, *rest = names
    if isinstance(node, list):
        if rest and name.isdecimal():
            return [
                _changed(item, rest, function) if number == int(name) else item
                for number, item in enumerate(node)
            ]
        return [_changed(item, names, function) for item in node]
    if not isinstance(node, dict) or (rest and name not in node):
        return node
    value = _changed(node[name], rest, function) if rest else function(node.get(name, NO_PROPERTY))
    if value is NO_PROPERTY:
        return {key: other for key, other in node.items() if key != name}
    return {**node, name: value}
