"""The states of all known stations, within limits."""

from collections.abc import Iterator, Mapping
from typing import Final

from mock_csms.log.output import logger
from mock_csms.stations.bounded import MIB
from mock_csms.stations.memory import MAX_CONNECTED_BYTES, ConnectedStates
from mock_csms.stations.station import Station

MAX_DISCONNECTED: Final = 10_000
"""Maximum number of disconnected stations whose state is kept."""
MAX_DISCONNECTED_BYTES: Final = 512 * MIB
"""Maximum bytes of the state of all stations that are not connected."""


class KnownStations(Mapping[str, Station]):
    """States of stations by identity. States of connected stations are trimmed but never dropped."""

    def __init__(self) -> None:
        self._states: dict[str, Station] = {}
        self._connected = ConnectedStates()
        self._disconnected: dict[str, int] = {}
        """Bytes of each disconnected station, the longest disconnected first."""
        self._disconnected_bytes = 0

    def __getitem__(self, identity: str) -> Station:
        return self._states[identity]

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    def add(self, identity: str) -> Station:
        """Add a station that is not known yet, and return its new state."""
        station = self._states[identity] = Station(identity)
        if identity not in self._connected:
            self._keep(station)
        return station

    def remove(self, identity: str) -> None:
        """Remove the state of a station that is not connected."""
        self._dismiss(identity)
        del self._states[identity]

    def connect(self, identity: str) -> None:
        """Mark a station as connected, so that its state is not dropped."""
        self._dismiss(identity)
        self._connected.add(identity)

    def disconnect(self, identity: str) -> bool:
        """Mark a station as disconnected. Return False if its messages have left no state."""
        self._connected.remove(identity)
        station = self._states.get(identity)
        if station is None:
            return True
        self._keep(station)
        return bool(station.boots) or station != Station(identity)

    def surplus(self) -> Iterator[str]:
        """While a limit is exceeded, yield the station that has been disconnected longest.

        The caller must remove each station before it asks for the next.
        """
        while len(self._disconnected) > MAX_DISCONNECTED or self._disconnected_bytes > MAX_DISCONNECTED_BYTES:
            yield next(iter(self._disconnected))

    def _keep(self, station: Station) -> None:
        self._dismiss(station.id)
        self._disconnected[station.id] = size = station.size
        self._disconnected_bytes += size

    def _dismiss(self, identity: str) -> None:
        self._disconnected_bytes -= self._disconnected.pop(identity, 0)

    def limit_memory(self) -> None:
        """Trim the largest states of connected stations if all together take too much memory."""
        for identity, freed in self._connected.measure(self._states):
            logger.warning(
                "%s  its reports and lists (%.1f MiB) are dropped, because the states of all connected "
                "stations exceed %d MiB",
                identity,
                freed / MIB,
                MAX_CONNECTED_BYTES // MIB,
            )
