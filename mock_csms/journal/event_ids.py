"""Ids of the events that clients follow: 412 for the entry with this number, 412.1 for a finding after it."""

import re
from typing import Final, NamedTuple, Self

EVENT_ID: Final = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))?")


class EventId(NamedTuple):
    """Id of an event; ids increase in the order of events.

    The entry with the number 412 has the id ``412``. The findings made after this entry, and before the next
    one, have the ids ``412.1``, ``412.2``, ...
    """

    number: int
    ordinal: int = 0

    def __str__(self) -> str:
        return f"{self.number}.{self.ordinal}" if self.ordinal else f"{self.number}"

    @property
    def next_finding(self) -> Self:
        """Id of the finding that is recorded next, if no entry is recorded before it."""
        return self._replace(ordinal=self.ordinal + 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an id; raises ValueError."""
        match = EVENT_ID.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not the id of an event; write an id such as 412 or 412.1")
        return cls(int(match[1]), int(match[2] or 0))
