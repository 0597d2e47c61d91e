"""Finds objects with the same property twice; only the last of the two counts (RFC 8259, 4)."""

import json
from typing import Any, Final

from mock_csms.stations.bounded import BoundedDict

MAX_SIZES: Final = 10_000
"""Maximum number of remembered message sizes. Above it, all are dropped, which only costs time."""


class _Repeated(Exception):
    """Raised for an object that has a property twice; the argument is the name of the property."""


def repeated_property(raw: bytes) -> str | None:
    """Return the first property that an object of valid JSON has twice, or None."""
    try:
        json.loads(raw, object_pairs_hook=_check)
    except _Repeated as repeated:
        return str(repeated)
    return None


def _check(properties: list[tuple[str, Any]]) -> None:
    if len(properties) == len(names := {name for name, _ in properties}):
        return
    for name, _ in properties:
        if name not in names:
            raise _Repeated(name)
        names.remove(name)


class Reported(BoundedDict[tuple[str, str], bool]):
    """Pairs of station and action for which a repeated property has been reported."""

    __slots__ = ()
    limit = 10_000


class RepeatCheck:
    """Checks messages for repeated properties; reports at most one property for each action of a station.

    Fast path: the plain way is to parse each message a second time. Here, a message is not parsed if an
    earlier message of the same action and size had no repeats: the messages of stations have few different
    sizes, and a repeated property makes a message longer.
    """

    def __init__(self) -> None:
        self.clean: set[tuple[str, int]] = set()
        """Actions and sizes of messages without repeats."""
        self._reported = Reported()

    def repeat_in(self, station: str, action: str, raw: bytes) -> str | None:
        """Return a property that an object in a message has twice, or None.

        None also if a repeated property was already reported for this action of the station.
        """
        name = repeated_property(raw)
        if name is None:
            if len(self.clean) >= MAX_SIZES:
                self.clean.clear()
            self.clean.add((action, len(raw)))
            return None
        if (station, action) in self._reported:
            return None
        self._reported[station, action] = True
        return name
