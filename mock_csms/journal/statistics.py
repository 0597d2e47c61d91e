"""Counts of messages, faults and connections, and response times of stations."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

BOUNDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
"""Upper bounds, in seconds, of the response time buckets."""

MAX_IDENTITIES: Final = 100_000
"""Maximum number of counted identities; a client may connect under any number of them."""

MAX_NEWEST_LATENCIES: Final = 1_000
"""Maximum number of response times kept for the median in the next sample of the history."""


@dataclass
class Latency:
    """Response times in seconds, as a histogram."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    sum: float = 0.0
    count: int = 0

    def note(self, seconds: float) -> None:
        """Count an answer by its response time."""
        self.sum += seconds
        self.count += 1
        for index, bound in enumerate(BOUNDS):
            if seconds <= bound:
                self.buckets[index] += 1
                return


class Totals(NamedTuple):
    """Numbers of messages since the start."""

    received: int
    """CALLs and answers of stations, and malformed frames."""
    sent: int
    """Commands, and answers to stations."""
    results: int
    """CALLRESULTs, received and sent."""
    errors: int
    """CALLERRORs, received and sent, and malformed frames."""
    timeouts: int
    """Commands without an answer in time."""


class Statistics:
    """Counters for all stations and connections."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str, str]] = Counter()
        """CALLs by direction, action and outcome, except those in ``answered``; also malformed frames,
        without an action.

        Actions that OCPP lacks must be counted under one name, because stations may send any text.
        """
        self.answered: defaultdict[str, int] = defaultdict(int)
        """CALLs of stations that were answered with a CALLRESULT, by action.

        Most messages are of this kind, so they have a counter of their own: hashing the three-string key of
        ``outcomes`` takes longer.
        """
        self.frames: Counter[tuple[str, str]] = Counter()
        """Messages by direction and kind of journal entry, without exchanges (a CALL and its CALLRESULT that
        are recorded as one row).
        """
        self.faults: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        """Refused opening handshakes by kind."""
        self.latencies: dict[str, Latency] = {}
        """Response times of stations, by action of the command."""
        self.newest_latencies: deque[float] = deque(maxlen=MAX_NEWEST_LATENCIES)
        """Response times since the last sample of the history."""
        self.connections = 0
        """Connections opened since the start, including closed ones."""
        self._stations: set[str] = set()

    @property
    def messages(self) -> Counter[tuple[str, str, str]]:
        """CALLs and malformed frames by direction, action and outcome: ``outcomes`` plus ``answered``."""
        results = {("received", action, "result"): count for action, count in self.answered.items()}
        return self.outcomes + Counter(results)

    @property
    def totals(self) -> Totals:
        """Numbers of messages since the start."""
        frames, results_sent = self.frames, sum(self.answered.values())
        exchanges = results_sent - frames["sent", "result"]
        received = sum(count for (direction, _), count in frames.items() if direction == "received")
        return Totals(
            received=received + exchanges,
            sent=frames["sent", "call"] + frames["sent", "error"] + results_sent,
            results=frames["received", "result"] + results_sent,
            errors=frames["received", "error"] + frames["sent", "error"] + frames["received", "malformed"],
            timeouts=sum(count for (*_, outcome), count in self.outcomes.items() if outcome == "timeout"),
        )

    @property
    def stations(self) -> int:
        """Number of stations that have connected so far; the count stops at `MAX_IDENTITIES`."""
        return len(self._stations)

    def connected(self, station: str) -> int:
        """Count a connection and return its number."""
        self.connections += 1
        if len(self._stations) < MAX_IDENTITIES:
            self._stations.add(station)
        return self.connections

    def command_answered(self, action: str, outcome: str, elapsed: float) -> None:
        """Count the answer to a command; ``elapsed`` is in seconds."""
        self.outcomes["sent", action, outcome] += 1
        self.latencies.setdefault(action, Latency()).note(elapsed)
        self.newest_latencies.append(elapsed)
