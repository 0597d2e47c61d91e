"""Limits the memory for the states of all connected stations."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from mock_csms.stations.bounded import KIB, MIB
from mock_csms.stations.station import Station

MAX_CONNECTED_BYTES: Final = 512 * MIB
"""Maximum bytes of the states of all connected stations; above it, the largest are trimmed."""
MIN_MEASURED: Final = 200
"""Minimum number of stations that a call of `measure` measures; each takes about five microseconds."""
MIN_TRIMMED: Final = 64 * KIB
"""Minimum bytes of a state that is trimmed; smaller states have little to drop."""
TURNS: Final = 20
"""Number of calls of `measure` that together measure each station once, if there are many stations."""


class Trimmed(NamedTuple):
    """A station whose state was trimmed, and the bytes that were freed."""

    station: str
    freed: int


class ConnectedStates:
    """Sizes of the states of connected stations, which are measured in turn.

    Counting the bytes of every message would slow down each message. Measuring in turn is enough, because a
    state grows little between two measurements.
    """

    def __init__(self) -> None:
        self._sizes: OrderedDict[str, int] = OrderedDict()
        """Bytes by identity, the one measured the longest ago first."""
        self.size = 0
        """Bytes of all states, as last measured."""

    def __contains__(self, identity: str) -> bool:
        return identity in self._sizes

    def add(self, identity: str) -> None:
        """Add a station that has connected."""
        self._sizes.setdefault(identity, 0)
        self._sizes.move_to_end(identity, last=False)

    def remove(self, identity: str) -> None:
        """Remove a station that is not connected any more."""
        self.size -= self._sizes.pop(identity, 0)

    def measure(self, stations: Mapping[str, Station]) -> Iterator[Trimmed]:
        """Measure the stations that were measured the longest ago. If all states together then exceed
        MAX_CONNECTED_BYTES, trim the largest ones, and yield them.
        """
        count = max(MIN_MEASURED, len(self._sizes) // TURNS)
        for identity in list(islice(self._sizes, count)):
            self._set_size(identity, stations)
        if self.size > MAX_CONNECTED_BYTES:
            yield from self._trim(stations)

    def _set_size(self, identity: str, stations: Mapping[str, Station]) -> None:
        station = stations.get(identity)
        size = station.size if station else 0
        self.size += size - self._sizes[identity]
        self._sizes[identity] = size
        self._sizes.move_to_end(identity)

    def _trim(self, stations: Mapping[str, Station]) -> Iterator[Trimmed]:
        """Trim until 1/64 of the limit is free; otherwise every measurement would trim again."""
        limit = MAX_CONNECTED_BYTES - MAX_CONNECTED_BYTES // 64
        for identity, size in sorted(self._sizes.items(), key=lambda item: item[1], reverse=True):
            if self.size <= limit or size < MIN_TRIMMED:
                return
            if identity in stations:
                stations[identity].trim()
            self._set_size(identity, stations)
            if (freed := size - self._sizes[identity]) >= MIN_TRIMMED:
                yield Trimmed(identity, freed)
