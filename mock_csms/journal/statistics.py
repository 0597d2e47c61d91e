"""Counts of messages, faults and connections, and how long stations took to answer."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

BOUNDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
"""Upper bounds in seconds of the buckets that answers of stations are counted in."""


@dataclass
class Latency:
    """How long answers took, in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    sum: float = 0.0
    count: int = 0

    def note(self, seconds: float) -> None:
        """Count an answer."""
        self.sum += seconds
        self.count += 1
        for number, bound in enumerate(BOUNDS):
            if seconds <= bound:
                self.buckets[number] += 1
                return


class Statistics:
    """What is counted across stations and connections."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str, str]] = Counter()
        """Messages by direction, action and outcome, but for the CALLs that brought a CALLRESULT."""
        self.answered: defaultdict[str, int] = defaultdict(int)
        """CALLs of stations that were answered with a CALLRESULT, by action.

        They are most of all messages, and counted apart: a key of three strings takes longer to hash.
        """
        self.faults: Counter[str] = Counter()
        self.latencies: dict[str, Latency] = {}
        """By command."""
        self.connections = 0
        """Connections that were ever opened."""
        self._stations: set[str] = set()

    @property
    def messages(self) -> Counter[tuple[str, str, str]]:
        """All messages by direction, action and outcome."""
        results = {("received", action, "result"): count for action, count in self.answered.items()}
        return self.outcomes + Counter(results)

    @property
    def stations(self) -> int:
        """Stations that ever connected."""
        return len(self._stations)

    def connected(self, station: str) -> int:
        """Count a connection, and return its number."""
        self.connections += 1
        self._stations.add(station)
        return self.connections

    def command_answered(self, action: str, outcome: str, elapsed: float) -> None:
        """Count the answer to a command."""
        self.outcomes["sent", action, outcome] += 1
        self.latencies.setdefault(action, Latency()).note(elapsed)
