"""Builds charging profiles for smart charging cases; compares them with reports and composite schedules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from mock_csms.client import ABSENT

TX_DEFAULT: Final = "TxDefaultProfile"
STATION_MAX: Final = "ChargingStationMaxProfile"
TX_ONLY: Final = "TxProfile"
SCHEDULE_S: Final = 300
"""Default duration of a charging schedule, in seconds."""
PHASE_VOLTAGE_V: Final = 230
LIMIT_TOLERANCE: Final = 0.1
"""Largest difference between two limits that count as equal, because limits have one decimal."""
TIMES: Final = frozenset({"startSchedule", "validFrom", "validTo"})


@dataclass(frozen=True, slots=True)
class LimitUnit:
    """The unit of the limits in a charging schedule, and the number of phases to which a limit applies."""

    name: str = "A"
    phases: int = 3

    def limit(self, amperes: float) -> float:
        """Convert a limit in amperes per phase to this unit (the limit multiplier of Part 6)."""
        return amperes if self.name == "A" else amperes * PHASE_VOLTAGE_V * self.phases

    def schedule(
        self,
        limits: Mapping[int, float] | None = None,
        *,
        start: datetime | None = None,
        duration: int | None = SCHEDULE_S,
    ) -> dict[str, Any]:
        """Return a ChargingScheduleType that starts now or at ``start``; ``limits`` as for `relative`."""
        begin = {"startSchedule": time_text(start or now())}
        lasting = {} if duration is None else {"duration": duration}
        return {**begin, **lasting, **self.relative(limits)}

    def relative(self, limits: Mapping[int, float] | None = None) -> dict[str, Any]:
        """Return a ChargingScheduleType without startSchedule.

        ``limits`` maps start seconds to amperes per phase; the default is 6 A from the start.
        """
        periods = [
            {"startPeriod": second, "limit": self.limit(amperes), "numberPhases": self.phases}
            for second, amperes in (limits or {0: 6}).items()
        ]
        return {"id": 1, "chargingRateUnit": self.name, "chargingSchedulePeriod": periods}


class LimitFrom(NamedTuple):
    """A limit in a composite schedule, and the second at which it begins."""

    start: int
    limit: float


def charging_profile(
    profile_id: int, purpose: str, schedule: Mapping[str, Any], **members: Any
) -> dict[str, Any]:
    """Make a ChargingProfileType, by default with stackLevel 0, and Absolute if the schedule has a start."""
    return {
        "id": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute" if "startSchedule" in schedule else "Relative",
        **members,
        "chargingSchedule": [schedule],
    }


def as_reported(value: Any) -> Any:
    """Return the fields expected in a report of this charging profile; times may be written differently."""
    if isinstance(value, Mapping):
        return {
            name: _same_time(part) if name in TIMES else as_reported(part) for name, part in value.items()
        }
    if isinstance(value, list):
        return {**{place: as_reported(item) for place, item in enumerate(value)}, len(value): ABSENT}
    return value


def limits_of(periods: Iterable[Mapping[str, Any]]) -> list[LimitFrom]:
    """Return the limits of a composite schedule; a period that repeats the limit before it is left out."""
    limits = [LimitFrom(each["startPeriod"], each["limit"]) for each in periods]
    changes = [later for earlier, later in pairwise(limits) if not same_limit(earlier.limit, later.limit)]
    return limits[:1] + changes


def same_limit(one: float, other: float) -> bool:
    """Whether two limits differ by at most `LIMIT_TOLERANCE`."""
    return abs(one - other) <= LIMIT_TOLERANCE


def now() -> datetime:
    """Return the current time (UTC) in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def time_text(moment: datetime) -> str:
    """Format a UTC time as in OCPP messages, such as ``2026-01-31T12:00:00Z``."""
    return moment.isoformat().replace("+00:00", "Z")


def time_of(text: str) -> datetime:
    """Parse a time in an OCPP message, as UTC if it has no time zone; raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def is_readable_time(text: str) -> bool:
    """Whether `time_of` can parse a text."""
    try:
        time_of(text)
    except ValueError:
        return False
    return True


def _same_time(text: str) -> Any:
    def same_time(other: Any) -> bool:
        return time_of(other) == time_of(text)

    return same_time
