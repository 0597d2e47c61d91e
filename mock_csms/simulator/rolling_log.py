"""A bounded log in memory."""

from collections import deque
from datetime import datetime
from typing import Final, NamedTuple

from mock_csms.text import one_line, timestamp

MAX_LINES: Final = 500


class LogLine(NamedTuple):
    """A line of a log."""

    at: datetime
    text: str

    def __str__(self) -> str:
        return f"{timestamp(self.at)} {self.text}"


class RollingLog:
    """A log that keeps only the newest MAX_LINES lines."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=MAX_LINES)

    def add(self, at: datetime, text: str) -> None:
        """Append a line."""
        self._lines.append(LogLine(at, one_line(text)))

    def lines(self, oldest: datetime | None = None, latest: datetime | None = None) -> list[str]:
        """Lines between two times, oldest first; None means no limit."""
        return [
            str(line)
            for line in self._lines
            if (oldest is None or line.at >= oldest) and (latest is None or line.at <= latest)
        ]
