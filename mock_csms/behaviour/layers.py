"""Changes made while the mock runs. A scope (X-Scope) is a name for changes that are reverted together."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Final

MAX_SCOPES: Final = 1_000
"""Maximum number of scopes at a time."""


class Layers[Key: Hashable, Value]:
    """Values by key. Each scope may have its own value; the scope None stands for changes without a scope.

    The value that was written last is in force. Reverting a scope removes only the values written under this
    scope; the latest of the remaining values is then in force.
    """

    __slots__ = ("_keys", "_values")

    def __init__(self) -> None:
        self._values: dict[Key, dict[str | None, Value]] = {}
        """Values by key and scope, in the order of writing."""
        self._keys: dict[str | None, dict[Key, None]] = {}
        """Keys by scope, in the order of their first writing."""

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[Key]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: Key) -> Value:
        """The value in force."""
        values = self._values[key]
        return values[next(reversed(values))]

    def of(self, key: Key) -> Mapping[str | None, Value]:
        """All values of a key by scope; the last of them is in force."""
        return self._values.get(key, {})

    @property
    def number(self) -> int:
        """Number of values, including those that are not in force."""
        return sum(map(len, self._keys.values()))

    @property
    def scopes(self) -> list[str]:
        """Scopes under which values were written, in the order of their first value."""
        return [scope for scope in self._keys if scope is not None]

    def keys_of(self, scope: str | None) -> list[Key]:
        """Keys that have a value written under a scope."""
        return list(self._keys.get(scope, ()))

    def write(self, key: Key, value: Value, scope: str | None = None) -> None:
        """Write a value under a scope; it is in force until a later value is written for the key."""
        values = self._values.setdefault(key, {})
        values.pop(scope, None)
        values[scope] = value
        self._keys.setdefault(scope, {})[key] = None

    def lay_beneath(self, key: Key, value: Value) -> None:
        """Set the value without a scope as if it had been written before the values of all scopes."""
        values: dict[str | None, Value] = {None: value}
        values.update((scope, other) for scope, other in self.of(key).items() if scope is not None)
        self._values[key] = values
        self._keys.setdefault(None, {})[key] = None

    def revert_scope(self, key: Key, scope: str | None) -> None:
        """Remove the value of a key that was written under a scope, if any."""
        values = self._values.get(key, {})
        if scope not in values:
            return
        del values[scope]
        if not values:
            del self._values[key]
        keys = self._keys[scope]
        del keys[key]
        if not keys:
            del self._keys[scope]

    def drop(self, key: Key) -> None:
        """Remove a key with the values of all scopes."""
        for scope in list(self._values.get(key, ())):
            self.revert_scope(key, scope)

    def clear(self) -> None:
        """Remove all keys."""
        self._values.clear()
        self._keys.clear()
