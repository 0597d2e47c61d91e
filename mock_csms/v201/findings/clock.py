"""The clock of a station: what its timestamps say, and when it was online by them."""

from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.stations.transactions import parse_timestamp

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = 253_402_300_799.0
MARGIN: Final = 60.0
"""Seconds that a clock may be off."""
SKEWED: Final = 5.0
"""Seconds that the time a station is told may be off before its timestamps say little."""
DAY: Final = 86_400.0
RENEWED_EVERY: Final = 30.0
LEAST_PERIOD: Final = 2 * MARGIN
"""Seconds; of a shorter time online or offline no moment is certain."""
PERIODS_KEPT: Final = 10


def seconds_of(text: str) -> float | None:
    """Read a timestamp as seconds since the epoch, one without a zone as UTC; None if it is none."""
    moment = parse_timestamp(text)
    return None if moment is None else (moment - EPOCH).total_seconds()


_seconds_told = lru_cache(maxsize=256)(seconds_of)


@lru_cache(maxsize=64)
def key_of(at: float) -> str:
    """Write a moment so that it sorts as text, but for the order within a second: in UTC with Z."""
    return datetime.fromtimestamp(min(max(at, 0.0), LAST_MOMENT), UTC).isoformat()[:-6] + "Z"


def has_zone(text: str) -> bool:
    """Tell whether what is known to be a timestamp names its zone."""
    return text[-1] in "Zz" or "+" in text[10:] or "-" in text[10:]


class Clock:
    """A station's clock.

    A timestamp that ends with Z and sorts between ``floor`` and ``limit`` is all right; any other has to be
    examined.
    """

    __slots__ = ("_ahead", "_renewed", "_report", "floor", "is_skewed", "limit", "since")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._renewed = 0.0
        self._ahead = 0.0
        self.floor = self.limit = ""
        self.since: float | None = None
        """When the station was first told the time."""
        self.is_skewed = False
        """Whether it was ever told a time that is not ours."""

    def told(self, at: float, current_time: object) -> bool:
        """Take note of the time that the station is told; returns whether it is the first time."""
        if not isinstance(current_time, str):
            return False
        told = _seconds_told(current_time[:19] if current_time.endswith("Z") else current_time)
        if told is None:
            self.is_skewed = True
            return False
        if abs(told - at) > SKEWED:
            self.is_skewed = True
            self._ahead = max(self._ahead, told - at)
        if self.since is not None:
            return False
        self.since = at
        return True

    def read(
        self, at: float, frame: int, action: str, text: str, *, live: bool = True
    ) -> tuple[str | None, Findings]:
        """Make of a timestamp what sorts, and judge it."""
        if self.floor < text < self.limit and text[-1] == "Z":
            return text, NO_FINDINGS
        seconds = seconds_of(text)
        return None if seconds is None else key_of(seconds), self._examine(at, frame, action, text, live=live)

    def check(self, at: float, frame: int, action: str, text: str, *, live: bool = True) -> Findings:
        """Judge a timestamp; one that is not ``live`` may have been made before the station had the time."""
        if self.floor < text < self.limit and text[-1] == "Z":
            return NO_FINDINGS
        return self._examine(at, frame, action, text, live=live)

    def _examine(self, at: float, frame: int, action: str, text: str, *, live: bool) -> Findings:
        if not 0 <= at - self._renewed < RENEWED_EVERY:
            self._renewed = at
            self.floor, self.limit = key_of(at - DAY), key_of(at + MARGIN)
        seconds = seconds_of(text)
        if seconds is None:
            is_leap_second = ":60" in text
            return NO_FINDINGS if is_leap_second else self._invalid(at, frame, action, text, "cannot be read")
        if not has_zone(text):
            return self._invalid(at, frame, action, text, "has no zone")
        if live and self.since is not None and seconds > at + self._ahead + MARGIN:
            return self._in_future(at, frame, action, text, seconds - at)
        return NO_FINDINGS

    def _invalid(self, at: float, frame: int, action: str, text: str, fault: str) -> Findings:
        return self._report(
            "timestamp-invalid",
            at,
            (frame,),
            f"the timestamp {short(text)} in {action} {fault}; it is an RFC 3339 date-time with a zone",
        )

    def _in_future(self, at: float, frame: int, action: str, text: str, ahead: float) -> Findings:
        return self._report(
            "timestamp-in-future",
            at,
            (frame,),
            f"the timestamp {short(text)} in {action} is {ahead:.0f} s ahead; a station goes by the "
            "currentTime that it is told",
        )


type Periods = tuple[tuple[float, float], ...]


class Online:
    """When a station was online and when not, as far as that is certain."""

    __slots__ = ("_certain_since", "_down_since", "_offline", "_online", "offline_before")

    def __init__(self) -> None:
        self._certain_since: float | None = None
        self._down_since: float | None = None
        self._online: Periods = ()
        self._offline: Periods = ()
        self.offline_before = ""
        """A key before which it may have been offline."""

    def connected(self, at: float, heard: float) -> None:
        """Take note of a connection; the one before it may still seem to be open."""
        self._close(heard)
        if self._down_since is not None:
            if at - self._down_since > LEAST_PERIOD:
                self._offline = (*self._offline, (self._down_since, at))[-PERIODS_KEPT:]
            self._down_since = None
            self.offline_before = key_of(ceil(at - MARGIN))

    def disconnected(self, at: float, heard: float) -> None:
        """Take note of the end of the last connection."""
        if self._down_since is None:
            self._close(heard)
            self._down_since = at

    def _close(self, heard: float) -> None:
        if self._certain_since is not None and heard - self._certain_since > LEAST_PERIOD:
            self._online = (*self._online, (self._certain_since, heard))[-PERIODS_KEPT:]
        self._certain_since = None

    def settle(self, at: float) -> None:
        """Hold from now on that the station knows itself to be online."""
        self._certain_since = at

    def was_online(self, moment: float, at: float) -> bool:
        """Tell whether the station was certainly online at a moment."""
        current = self._certain_since
        if current is not None and current + MARGIN < moment <= at:
            return True
        return any(since + MARGIN < moment < until - MARGIN for since, until in self._online)

    def was_offline(self, moment: float) -> bool:
        """Tell whether the station was certainly offline at a moment."""
        return any(since + MARGIN < moment < until - MARGIN for since, until in self._offline)
