"""Times in OCPP messages."""

from datetime import UTC, datetime

from mock_csms.messages import CallRejected, ErrorCode


def parse_instant(text: str) -> datetime:
    """Parse an RFC 3339 text into a UTC time; without an offset, it is taken as UTC. Raises CallRejected."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise CallRejected(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"not a date and time: {text}") from error
