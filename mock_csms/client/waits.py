"""Waits that implement the methods of a station handle, such as `WaitForAny` for `waits_for`.

A wait decides which entry ends it, and its result or failure. It is offered the entries of one station after
the cursor of the handle, one at a time, in the order of their numbers.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from mock_csms.client.entries import TranscriptEntry
from mock_csms.client.explanation import failure_text, with_differences
from mock_csms.client.failures import NotSeen, UnwantedMessage, WrongArgument, WrongMessage
from mock_csms.client.patterns import Pattern, is_from_station
from mock_csms.client.transcript import Transcript

__tracebackhide__ = True


class MessageWait[Result](ABC):
    """A wait for entries of a station with a number above ``after``, for at most ``seconds``."""

    needs_all: ClassVar = False
    """Whether the wait fails if the client missed an entry, because its result would then be uncertain."""

    def __init__(self, station: str, after: int, seconds: float, *patterns: Pattern) -> None:
        self.patterns = patterns
        self.station = station
        self.after = after
        self.seconds = seconds
        self.matched: int | None = None
        """Number of the entry that the cursor moves to; None: it does not move."""

    @abstractmethod
    def offer(self, entry: TranscriptEntry) -> bool:
        """Process the next entry of the station; return whether it ends the wait."""

    @abstractmethod
    def conclude(self, transcript: Transcript) -> Result:
        """Return the result or raise the failure of a wait that has ended or timed out."""

    def _text(self, transcript: Transcript, sentence: str, *expected: Pattern) -> str:
        return failure_text(transcript, self.station, self.after, sentence, expected)


class WaitForAny(MessageWait[TranscriptEntry]):
    """A wait for one of several messages; other messages may come before it."""

    def __init__(self, station: str, after: int, seconds: float, *patterns: Pattern) -> None:
        super().__init__(station, after, seconds, *patterns)
        self._found: TranscriptEntry | None = None

    def offer(self, entry: TranscriptEntry) -> bool:
        """Process an entry; the first one that matches a pattern ends the wait."""
        if any(expected.holds(entry) for expected in self.patterns):
            self._found, self.matched = entry, entry.number
        return self._found is not None

    def conclude(self, transcript: Transcript) -> TranscriptEntry:
        """Return the matching entry; raises NotSeen if there is none."""
        if self._found is not None:
            return self._found
        wanted = " or ".join(map(str, self.patterns))
        sentence = f"no {wanted} from {self.station} within {self.seconds:g} s"
        raise NotSeen(self._text(transcript, sentence, *self.patterns))


class WaitForAll(MessageWait[Sequence[TranscriptEntry]]):
    """A wait for several messages in any order."""

    def __init__(self, station: str, after: int, seconds: float, *patterns: Pattern) -> None:
        super().__init__(station, after, seconds, *patterns)
        self._found: dict[int, TranscriptEntry] = {}

    def offer(self, entry: TranscriptEntry) -> bool:
        """Process an entry; the wait ends when each pattern has an entry of its own."""
        if self._assign(entry, set()):
            self.matched = entry.number
        return len(self._found) == len(self.patterns)

    def _assign(self, entry: TranscriptEntry, tried: set[int]) -> bool:
        """Assign an entry to a pattern; an entry assigned before may move to another pattern that it
        matches.
        """
        for position, pattern in enumerate(self.patterns):
            if position not in tried and pattern.holds(entry):
                tried.add(position)
                other = self._found.get(position)
                if other is None or self._assign(other, tried):
                    self._found[position] = entry
                    return True
        return False

    def conclude(self, transcript: Transcript) -> list[TranscriptEntry]:
        """Return the messages in the order of the patterns; raises NotSeen if one is missing."""
        missing = [each for position, each in enumerate(self.patterns) if position not in self._found]
        if not missing:
            return [self._found[position] for position in range(len(self.patterns))]
        found = len(self._found)
        sentence = f"{found} of {len(self.patterns)} messages from {self.station} within {self.seconds:g} s"
        wanted = "".join(f"\nmissing: {each}" for each in missing)
        raise NotSeen(self._text(transcript, sentence + wanted, *missing))


class WaitForNext(MessageWait[TranscriptEntry]):
    """A wait for the next message that ``where`` matches. ``expected`` must match this message, too.

    Messages that ``ignoring`` matches are skipped.
    """

    needs_all = True

    def __init__(
        self, station: str, after: int, seconds: float, expected: Pattern, where: Pattern, *ignoring: Pattern
    ) -> None:
        super().__init__(station, after, seconds, expected, *ignoring)
        self._expected = expected
        self._where = where
        self._ignoring = ignoring
        self._next: TranscriptEntry | None = None

    def offer(self, entry: TranscriptEntry) -> bool:
        """Process an entry; the first one that ``where`` matches and ``ignoring`` does not ends the wait."""
        if self._where.holds(entry) and not any(each.holds(entry) for each in self._ignoring):
            self._next, self.matched = entry, entry.number
        return self._next is not None

    def conclude(self, transcript: Transcript) -> TranscriptEntry:
        """Return the message; raises NotSeen if none came, and WrongMessage if it is not as expected."""
        if self._next is None:
            sentence = f"no {self._expected} from {self.station} within {self.seconds:g} s"
            raise NotSeen(self._text(transcript, sentence, self._expected))
        if found := self._expected.differences(self._next):
            lines = with_differences(self._next, found)
            sentence = "\n".join(
                [f"the next {self._where} from {self.station} differs from the expected one:", *lines]
            )
            raise WrongMessage(self._text(transcript, sentence), self._next.number)
        return self._next


class WaitForNone(MessageWait[None]):
    """A wait in which a message must not come."""

    needs_all = True

    def __init__(self, station: str, after: int, seconds: float, *unwanted: Pattern) -> None:
        super().__init__(station, after, seconds, *unwanted)
        self._unwanted: TranscriptEntry | None = None
        self._mistyped = ""

    def offer(self, entry: TranscriptEntry) -> bool:
        """Process an entry; it ends the wait if it is unwanted, or shows that a field is mistyped."""
        for pattern in (each for each in self.patterns if each.concerns(entry)):
            found = pattern.differences(entry)
            if not found:
                self._unwanted = entry
            for path, name in ((each.path, each.meant) for each in found if each.meant):
                self._mistyped = f"{entry.action} has no field {path}; did you mean {name}?"
        return self._unwanted is not None or self._mistyped != ""

    def conclude(self, transcript: Transcript) -> None:
        """Raise UnwantedMessage if an unwanted message came, and WrongArgument for a mistyped field."""
        if self._unwanted is not None:
            wanted = " or ".join(map(str, self.patterns))
            sentence = f"{self.station} sent a message that must not come: {wanted}\n  {self._unwanted}"
            raise UnwantedMessage(self._text(transcript, sentence), self._unwanted.number)
        if self._mistyped:
            raise WrongArgument(self._mistyped)


class WaitForOnly(MessageWait[None]):
    """A wait in which only the allowed messages may come, up to the entry ``before``."""

    needs_all = True

    def __init__(
        self, station: str, after: int, seconds: float, *allowed: Pattern, before: int | None = None
    ) -> None:
        super().__init__(station, after, seconds, *allowed)
        self._before = before
        self._unwanted: TranscriptEntry | None = None

    def offer(self, entry: TranscriptEntry) -> bool:
        """Process an entry; the first message that is not allowed, or the entry ``before``, ends the wait."""
        if self._before is not None and entry.number >= self._before:
            return True
        if is_from_station(entry) and not any(allowed.holds(entry) for allowed in self.patterns):
            self._unwanted = entry
        return self._unwanted is not None

    def conclude(self, transcript: Transcript) -> None:
        """Raise UnwantedMessage if a message came that is not allowed."""
        if self._unwanted is not None:
            allowed = f"nothing but {' or '.join(map(str, self.patterns))}" if self.patterns else "nothing"
            sentence = f"{self.station} may send {allowed}, but it sent\n  {self._unwanted}"
            raise UnwantedMessage(self._text(transcript, sentence), self._unwanted.number)


class WaitForParts(MessageWait[Sequence[TranscriptEntry]]):
    """A wait for all parts of a report, in any order; ``tbc`` of the last part is false or absent."""

    def __init__(self, station: str, after: int, seconds: float, expected: Pattern) -> None:
        super().__init__(station, after, seconds, expected)
        self._expected = expected
        self._parts: dict[int, TranscriptEntry] = {}
        self._last: int | None = None
        """seqNo of the last part; None until the last part arrives."""

    def offer(self, entry: TranscriptEntry) -> bool:
        """Process an entry; the wait ends when all parts have come. A part that comes again is ignored."""
        number = entry.payload.get("seqNo")
        if self._expected.holds(entry) and isinstance(number, int) and number not in self._parts:
            self._parts[number], self.matched = entry, entry.number
            if not entry.payload.get("tbc"):
                self._last = number
        return self._last is not None and not self._missing()

    def _missing(self) -> list[int]:
        last = max(self._parts, default=-1) if self._last is None else self._last
        return [number for number in range(last + 1) if number not in self._parts]

    def conclude(self, transcript: Transcript) -> list[TranscriptEntry]:
        """Return the parts in the order of seqNo; raises NotSeen if one is missing."""
        missing = [f"part {number}" for number in self._missing()]
        if self._last is None:
            missing.append("the last part, without tbc")
        if not missing:
            return [self._parts[number] for number in sorted(self._parts)]
        sentence = (
            f"{len(self._parts)} parts of {self._expected} from {self.station} within {self.seconds:g} s; "
            f"missing: {', '.join(missing)}"
        )
        raise NotSeen(self._text(transcript, sentence, *(() if self._parts else (self._expected,))))


class WaitForExchange(MessageWait[Sequence[TranscriptEntry]]):
    """A wait for the entries of a command and of its answer, if there is one."""

    def __init__(self, station: str, after: int, seconds: float, message_id: str, has_answer: bool) -> None:
        super().__init__(station, after, seconds)
        self._message_id = message_id
        self._count = 2 if has_answer else 1
        self._entries: list[TranscriptEntry] = []

    def offer(self, entry: TranscriptEntry) -> bool:
        """Process an entry; the answer ends the wait. Without ``has_answer``, the command itself ends it."""
        if entry.message_id == self._message_id:
            self._entries.append(entry)
            self.matched = self._entries[0].number
        return len(self._entries) >= self._count

    def conclude(self, _: Transcript) -> list[TranscriptEntry]:
        """Return the entries that have come: the command first, then its answer."""
        return self._entries
