"""Clock of a station: checks of its timestamps, and its online and offline periods."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Final

from mock_csms.findings.checks import StationCall
from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.stations.transactions import parse_timestamp

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_SECONDS: Final = 253_402_300_799.0
CLOCK_ERROR_S: Final = 60.0
"""Tolerated error of a station's clock."""
TIMESTAMP_ROUNDING_S: Final = 1.0
"""Seconds that a timestamp without decimal places may leave out."""
LIVE_S: Final = 30.0
"""Age up to which an event is certainly not from a queue."""
SKEW_LIMIT_S: Final = 5.0
"""Maximum error of a currentTime sent to the station; above it, the station's timestamps prove little."""
DAY_S: Final = 86_400.0
CLOCK_NEVER_SET_BEFORE: Final = 946_684_800.0
"""2000-01-01T00:00:00Z. Earlier times come from a clock that was never set."""
TIMESTAMP_FORM: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.(\d+))?(?:[Zz]|[+-]\d\d:\d\d)")
MAX_DECIMALS: Final = 3
"""Decimal places of the seconds (Part 2 3.1)."""
RENEWAL_INTERVAL_S: Final = 30.0
MIN_PERIOD_S: Final = 2 * CLOCK_ERROR_S
"""Minimum offline period. The clock error is taken off at both ends, so the station is not certainly offline
at any moment of a shorter period.
"""
PERIODS_KEPT: Final = 10


def seconds_of(text: str) -> float | None:
    """Parse a timestamp into seconds since the epoch (UTC if it has no zone); None if invalid."""
    moment = parse_timestamp(text)
    return None if moment is None else (moment - EPOCH).total_seconds()


_cached_seconds_of = lru_cache(maxsize=256)(seconds_of)


@lru_cache(maxsize=64)
def utc_text(at: float) -> str:
    """Format a time in UTC with Z. The texts sort by time, except within a second."""
    return datetime.fromtimestamp(min(max(at, 0.0), LATEST_SECONDS), UTC).isoformat()[:-6] + "Z"


def has_zone(text: str) -> bool:
    """Return whether a valid timestamp has a time zone."""
    return text[-1] in "Zz" or "+" in text[10:] or "-" in text[10:]


def is_live(call: StationCall) -> bool:
    """Return whether a TransactionEvent has just happened."""
    seconds = seconds_of(call.payload["timestamp"])
    return not call.payload.get("offline") and seconds is not None and abs(call.at - seconds) <= LIVE_S


class Clock:
    """Checks the timestamps of a station.

    Fast path: a timestamp that ends with Z, has 20 to 24 characters (seconds and at most 3 decimal places)
    and sorts between ``floor`` and ``limit`` as text is valid. All other timestamps are parsed; few stations
    send any.
    """

    __slots__ = (
        "_max_ahead_s",
        "_renewed_at",
        "_report",
        "_requirements",
        "floor",
        "is_skewed",
        "limit",
        "since",
    )

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._renewed_at = 0.0
        self._max_ahead_s = 0.0
        self._requirements: tuple[str, ...] = ()
        """Requirements to set the clock to a currentTime, for each kind of answer with a currentTime that the
        station has received.
        """
        self.floor = self.limit = ""
        self.since: float | None = None
        """Time at which the first currentTime was sent to the station; None if none was sent yet."""
        self.is_skewed = False
        """Whether a currentTime sent to the station was unreadable or off by more than SKEW_LIMIT_S, or the
        server's clock was set meanwhile.
        """

    @property
    def is_right(self) -> bool:
        """Whether the station was sent a currentTime, and every currentTime sent to it was right."""
        return self.since is not None and not self.is_skewed

    def set_time(self, at: float, current_time: object, requirement: str) -> bool:
        """Register a currentTime sent to the station, and the requirement to use it. Return whether it is the
        first one.
        """
        if not self.note_error(at, current_time):
            return False
        if requirement not in self._requirements:
            self._requirements += (requirement,)
        if self.since is not None:
            return False
        self.since = at
        return True

    def note_error(self, at: float, current_time: object) -> bool:
        """Register the error of a currentTime sent to the station. Return whether the currentTime can be
        read.
        """
        if not isinstance(current_time, str):
            return False
        sent_seconds = _cached_seconds_of(current_time[:19] if current_time.endswith("Z") else current_time)
        if sent_seconds is None:
            self.is_skewed = True
            return False
        if abs(sent_seconds - at) > SKEW_LIMIT_S:
            self.is_skewed = True
            self._max_ahead_s = max(self._max_ahead_s, sent_seconds - at)
        return True

    def read(
        self, at: float, frame: int, action: str, text: str, *, live: bool = True
    ) -> tuple[str | None, Findings]:
        """Check a timestamp like `check`; return it in sortable form (None if invalid) and the findings."""
        if self.floor < text < self.limit and text[-1] == "Z" and 20 <= len(text) <= 24:
            return text, NO_FINDINGS
        seconds = seconds_of(text)
        return None if seconds is None else utc_text(seconds), self._examine(
            at, frame, action, text, live=live
        )

    def check(self, at: float, frame: int, action: str, text: str, *, live: bool = True) -> Findings:
        """Judge a timestamp.

        With ``live=False``, the timestamp may lie in the future, because it may have been taken before the
        station's clock was set.
        """
        if self.floor < text < self.limit and text[-1] == "Z" and 20 <= len(text) <= 24:
            return NO_FINDINGS
        return self._examine(at, frame, action, text, live=live)

    def _examine(self, at: float, frame: int, action: str, text: str, *, live: bool) -> Findings:
        if not 0 <= at - self._renewed_at < RENEWAL_INTERVAL_S:
            self._renewed_at = at
            self.floor, self.limit = utc_text(at - DAY_S), utc_text(at + CLOCK_ERROR_S)
        seconds = seconds_of(text)
        if fault := _fault_in(text, seconds):
            return self._invalid(at, frame, action, text, fault)
        if not live or self.since is None or seconds is None:
            return NO_FINDINGS
        if seconds > at + self._max_ahead_s + CLOCK_ERROR_S:
            return self._in_future(at, frame, action, text, seconds - at)
        if seconds < CLOCK_NEVER_SET_BEFORE:
            return self._never_set(at, frame, action, text)
        if abs(seconds - at) <= CLOCK_ERROR_S:
            self._report.met(*self._requirements)
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
            requirements=self._requirements,
        )

    def _never_set(self, at: float, frame: int, action: str, text: str) -> Findings:
        return self._report(
            "clock-not-set",
            at,
            (frame,),
            f"the timestamp {short(text)} in {action} is from a clock that was never set; a station must set "
            "its clock to the currentTime it receives",
            requirements=self._requirements,
        )

    def jumped(self) -> None:
        """Register that the server's clock was set: timestamps before and after it cannot be compared."""
        self.is_skewed = True
        self._renewed_at = 0.0


def _fault_in(text: str, seconds: float | None) -> str | None:
    """Return the error in the form of a timestamp; None if it is valid or has a leap second."""
    if seconds is None:
        return None if ":60" in text else "cannot be read"
    if not has_zone(text):
        return "has no zone"
    form = TIMESTAMP_FORM.fullmatch(text)
    if form is None:
        return "is not in the form of RFC 3339; a valid one is 2026-01-01T12:00:00+02:00"
    decimals = form[1]
    return "has more than 3 decimal places" if decimals and len(decimals) > MAX_DECIMALS else None


type Periods = tuple[tuple[float, float], ...]


class Online:
    """Time since which a station is certainly online, and periods in which it was certainly offline."""

    __slots__ = ("_disconnected_at", "_offline", "_online_since", "offline_before")

    def __init__(self) -> None:
        self._online_since: float | None = None
        self._disconnected_at: float | None = None
        self._offline: Periods = ()
        self.offline_before = ""
        """Sortable timestamp; the station may have been offline before it."""

    def connected(self, at: float) -> None:
        """Register a connection. The end of the previous one may not have been reported."""
        self._online_since = None
        if self._disconnected_at is not None:
            if at - self._disconnected_at > MIN_PERIOD_S:
                self._offline = (*self._offline, (self._disconnected_at, at))[-PERIODS_KEPT:]
            self._disconnected_at = None
            self.offline_before = utc_text(ceil(at - CLOCK_ERROR_S))

    def disconnected(self, at: float) -> None:
        """Register the end of the last connection."""
        if self._disconnected_at is None:
            self._online_since = None
            self._disconnected_at = at

    def forget(self) -> None:
        """Drop all periods, because the server's clock was set."""
        self._offline = ()
        self._online_since = None
        self._disconnected_at = None

    def settle(self, at: float) -> None:
        """Register that the station is certainly online from the time ``at`` on."""
        self._online_since = at

    def has_been_online_since(self, moment: float, at: float) -> bool:
        """Return whether the station was certainly online from ``moment`` until now (``at``)."""
        return self._online_since is not None and self._online_since + CLOCK_ERROR_S < moment <= at

    def was_followed_by_outage(self, moment: float) -> bool:
        """Return whether the connection was certainly lost after ``moment``."""
        return any(moment < since - CLOCK_ERROR_S for since, _ in self._offline)

    def was_offline(self, moment: float) -> bool:
        """Return whether the station was certainly offline at ``moment``."""
        return any(since + CLOCK_ERROR_S < moment < until - CLOCK_ERROR_S for since, until in self._offline)
