"""Clock of a station: checks of its timestamps, and the periods in which it was online or offline."""

from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.stations.transactions import parse_timestamp

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_SECONDS: Final = 253_402_300_799.0
MARGIN_S: Final = 60.0
"""Tolerated error of a station's clock."""
SKEW_LIMIT_S: Final = 5.0
"""If the currentTime sent to a station is off by more than this, the station's timestamps prove little."""
DAY_S: Final = 86_400.0
RENEWAL_INTERVAL_S: Final = 30.0
MIN_PERIOD_S: Final = 2 * MARGIN_S
"""An offline period that is shorter leaves no certain moment between the margins."""
PERIODS_KEPT: Final = 10


def seconds_of(text: str) -> float | None:
    """Parse a timestamp into seconds since the epoch (UTC if it has no zone); None if invalid."""
    moment = parse_timestamp(text)
    return None if moment is None else (moment - EPOCH).total_seconds()


_cached_seconds_of = lru_cache(maxsize=256)(seconds_of)


@lru_cache(maxsize=64)
def key_of(at: float) -> str:
    """Format a time in UTC with Z, so that it sorts as text except within a second."""
    return datetime.fromtimestamp(min(max(at, 0.0), LATEST_SECONDS), UTC).isoformat()[:-6] + "Z"


def has_zone(text: str) -> bool:
    """Return whether a valid timestamp has a time zone."""
    return text[-1] in "Zz" or "+" in text[10:] or "-" in text[10:]


class Clock:
    """Checks the timestamps of a station.

    Fast path: a timestamp that ends with Z and sorts between ``floor`` and ``limit`` as text is valid. Only
    the others are parsed, which saves the parsing of nearly all timestamps.
    """

    __slots__ = ("_max_ahead_s", "_renewed_at", "_report", "floor", "is_skewed", "limit", "since")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._renewed_at = 0.0
        self._max_ahead_s = 0.0
        self.floor = self.limit = ""
        self.since: float | None = None
        """Time at which a currentTime was first sent to the station; None before."""
        self.is_skewed = False
        """Whether the station was ever sent a currentTime that differs from our time."""

    def set_time(self, at: float, current_time: object) -> bool:
        """Register a currentTime sent to the station; return whether it is the first one."""
        if not isinstance(current_time, str):
            return False
        sent_seconds = _cached_seconds_of(current_time[:19] if current_time.endswith("Z") else current_time)
        if sent_seconds is None:
            self.is_skewed = True
            return False
        if abs(sent_seconds - at) > SKEW_LIMIT_S:
            self.is_skewed = True
            self._max_ahead_s = max(self._max_ahead_s, sent_seconds - at)
        if self.since is not None:
            return False
        self.since = at
        return True

    def read(
        self, at: float, frame: int, action: str, text: str, *, live: bool = True
    ) -> tuple[str | None, Findings]:
        """Judge a timestamp as `check` does; also return it in a sortable form (None if invalid)."""
        if self.floor < text < self.limit and text[-1] == "Z":
            return text, NO_FINDINGS
        seconds = seconds_of(text)
        return None if seconds is None else key_of(seconds), self._examine(at, frame, action, text, live=live)

    def check(self, at: float, frame: int, action: str, text: str, *, live: bool = True) -> Findings:
        """Judge a timestamp.

        With ``live=False`` it may lie in the future, because it may have been taken before the station's
        clock was set.
        """
        if self.floor < text < self.limit and text[-1] == "Z":
            return NO_FINDINGS
        return self._examine(at, frame, action, text, live=live)

    def _examine(self, at: float, frame: int, action: str, text: str, *, live: bool) -> Findings:
        if not 0 <= at - self._renewed_at < RENEWAL_INTERVAL_S:
            self._renewed_at = at
            self.floor, self.limit = key_of(at - DAY_S), key_of(at + MARGIN_S)
        seconds = seconds_of(text)
        if seconds is None:
            is_leap_second = ":60" in text
            return NO_FINDINGS if is_leap_second else self._invalid(at, frame, action, text, "cannot be read")
        if not has_zone(text):
            return self._invalid(at, frame, action, text, "has no zone")
        if live and self.since is not None and seconds > at + self._max_ahead_s + MARGIN_S:
            return self._in_future(at, frame, action, text, seconds - at)
        return NO_FINDINGS

    def _invalid(self, at: float, frame: int, action: str, text: str, fault: str) -> Findings:
        return self._report(
            "timestamp-invalid",
            at,
            (frame,),
            f"the timestamp {short(text)} in {action} {fault}; use an RFC 3339 date-time with a zone",
        )

    def _in_future(self, at: float, frame: int, action: str, text: str, ahead_s: float) -> Findings:
        return self._report(
            "timestamp-in-future",
            at,
            (frame,),
            f"the timestamp {short(text)} in {action} is {ahead_s:.0f} s ahead; a station must set "
            "its clock to the currentTime it receives",
        )


type Periods = tuple[tuple[float, float], ...]


class Online:
    """Since when a station is certainly online, and periods in which it was certainly offline."""

    __slots__ = ("_disconnected_at", "_offline", "_online_since", "offline_before")

    def __init__(self) -> None:
        self._online_since: float | None = None
        self._disconnected_at: float | None = None
        self._offline: Periods = ()
        self.offline_before = ""
        """Sortable timestamp; the station may have been offline before it."""

    def connected(self, at: float) -> None:
        """Register a connection; the end of the previous one may not have been reported."""
        self._online_since = None
        if self._disconnected_at is not None:
            if at - self._disconnected_at > MIN_PERIOD_S:
                self._offline = (*self._offline, (self._disconnected_at, at))[-PERIODS_KEPT:]
            self._disconnected_at = None
            self.offline_before = key_of(ceil(at - MARGIN_S))

    def disconnected(self, at: float) -> None:
        """Register the end of the last connection."""
        if self._disconnected_at is None:
            self._online_since = None
            self._disconnected_at = at

    def settle(self, at: float) -> None:
        """Start a period in which the station must know that it is online."""
        self._online_since = at

    def has_been_online_since(self, moment: float, at: float) -> bool:
        """Return whether the station has certainly been online from ``moment`` until now (``at``)."""
        return self._online_since is not None and self._online_since + MARGIN_S < moment <= at

    def was_offline(self, moment: float) -> bool:
        """Return whether the station was certainly offline at ``moment``."""
        return any(since + MARGIN_S < moment < until - MARGIN_S for since, until in self._offline)
