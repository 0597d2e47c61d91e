"""Containers of limited size that drop their oldest entries.

Data from a station are stored as JSON text, whose bytes can be counted; Python objects would take up to 30
times as many bytes. The state of a station takes at most about 4 MiB.
"""

from collections import deque
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any, Final

import orjson

MAX_REMEMBERED: Final = 10_000
"""Maximum entries of one kind (variables, reservations, ...) per station; above it, the oldest are
dropped.
"""
ENTRY_BYTES: Final = 250
"""Approximate bytes of an entry in addition to its text, for its key, object headers and place in a table."""
KIB: Final = 1024
MIB: Final = 1024 * KIB


class BoundedDict[Key, Value](dict[Key, Value]):
    """A dictionary that drops its oldest entry instead of growing past its limit."""

    __slots__ = ()
    limit = MAX_REMEMBERED

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self) >= self.limit and key not in self:
            del self[next(iter(self))]
        dict.__setitem__(self, key, value)


class BoundedJson[Key](MutableMapping[Key, Any]):
    """JSON values by key, within a number of bytes; the oldest entries are dropped.

    A value that is too large on its own, or that cannot be encoded, is not stored. Reading a value returns a
    copy, so changing the copy does not change the stored value.
    """

    __slots__ = ("_encoded", "size")
    max_bytes = 64 * KIB

    def __init__(self) -> None:
        self._encoded: dict[Key, bytes] = {}
        self.size = 0
        """Approximate bytes of all entries."""

    def __getitem__(self, key: Key) -> Any:
        return orjson.loads(self._encoded[key])

    def __setitem__(self, key: Key, value: Any) -> None:
        if key in self._encoded:
            del self[key]
        encoded = encoded_json(value)
        if encoded is None or (size := _entry_size(key, encoded)) > self.max_bytes:
            return
        while self.size + size > self.max_bytes:
            del self[next(iter(self._encoded))]
        self._encoded[key] = encoded
        self.size += size

    def __delitem__(self, key: Key) -> None:
        self.size -= _entry_size(key, self._encoded.pop(key))

    def __iter__(self) -> Iterator[Key]:
        return iter(self._encoded)

    def __reversed__(self) -> Iterator[Key]:
        return reversed(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)})"


class BoundedLog:
    """The latest JSON values, within a number of bytes."""

    __slots__ = ("_encoded", "size")
    max_bytes = 256 * KIB

    def __init__(self) -> None:
        self._encoded: deque[bytes] = deque()
        self.size = 0

    def append(self, value: Any) -> None:
        """Add a value; drop the oldest ones to make room. A value that is too large itself is not stored."""
        encoded = encoded_json(value)
        if encoded is None or (size := len(encoded) + ENTRY_BYTES) > self.max_bytes:
            return
        while self.size + size > self.max_bytes:
            self.size -= len(self._encoded.popleft()) + ENTRY_BYTES
        self._encoded.append(encoded)
        self.size += size

    def pop_oldest(self) -> Any:
        """Remove the oldest value and return it; raises IndexError for an empty log."""
        encoded = self._encoded.popleft()
        self.size -= len(encoded) + ENTRY_BYTES
        return orjson.loads(encoded)

    def __iter__(self) -> Iterator[Any]:
        return map(orjson.loads, self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoundedLog) and self._encoded == other._encoded

    __hash__ = None  # type: ignore[assignment]


def encoded_json(value: Any) -> bytes | None:
    """Encode a value as JSON; None if it cannot be encoded, for example because it is nested too deeply."""
    try:
        # The copy is as long as the text; the object that orjson returns may occupy 4 KiB.
        return b"%b" % orjson.dumps(value)
    except (TypeError, ValueError):
        return None


def within(value: Any, max_bytes: int) -> Any:
    """Return a JSON value if its text has at most ``max_bytes`` bytes; otherwise None."""
    encoded = encoded_json(value)
    return value if encoded is not None and len(encoded) <= max_bytes else None


def first_within(values: Iterable[Any], max_bytes: int) -> list[Any]:
    """Return the values before the first one that cannot be encoded or does not fit into ``max_bytes``
    bytes of JSON text any more.
    """
    fitting, size = [], 0
    for value in values:
        encoded = encoded_json(value)
        size += max_bytes + 1 if encoded is None else len(encoded)
        if size > max_bytes:
            break
        fitting.append(value)
    return fitting


def _entry_size(key: object, encoded: bytes) -> int:
    parts = key if isinstance(key, tuple) else (key,)
    return ENTRY_BYTES + len(encoded) + sum(len(part) for part in parts if isinstance(part, str))


def integer(value: object) -> int:
    """Return an integral number of at most 63 bits as an int; raises TypeError for other values."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    if value % 1 or abs(value) >= 2**63:
        raise TypeError("not an integer")
    return int(value)
