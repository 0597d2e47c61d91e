"""Times in OCPP messages."""

from datetime import UTC, datetime

from mock_csms.messages import CallRejected, ErrorCode


def moment(text: str) -> datetime:
    """Parse an RFC 3339 text; a time without an offset is UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def parse_instant(text: str) -> datetime:
    """Parse a time as `moment` does; raises CallRejected."""
    try:
        return moment(text)
    except ValueError as error:
        raise CallRejected(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"not a date and time: {text}") from error


def optional_moment(text: str | None) -> datetime | None:
    """Parse a time as `moment` does; None if it is missing or invalid."""
    try:
        return None if text is None else moment(text)
    except ValueError:
        return None


def has_passed(text: str | None, now: datetime) -> bool:
    """Whether a time has passed; false for a missing or invalid time."""
    parsed = optional_moment(text)
    return parsed is not None and parsed < now
