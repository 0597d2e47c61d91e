"""Models of waits for journal entries, and of checks of the number of journal entries."""

from collections.abc import Iterable
from typing import Annotated, Final, Self

from pydantic import Field, FiniteFloat, model_validator

from mock_csms.control.models.base import Model, RequestBody, absent
from mock_csms.control.models.journal import JournalEntry
from mock_csms.verdict.matches import Match, size_of

MAX_TIMES: Final = 10_000
MAX_COUNT: Final = 1_000_000_000
MAX_MATCHES: Final = 20
"""Maximum number of matches in `any` or in `unless`."""
MAX_SKIPPED_ENTRIES: Final = 10_000
MAX_MATCH_VALUES: Final = 1000
"""Maximum number of values in the payloads of matches; each value may be compared with many values of an
entry.
"""


def _check_size(matches: Iterable[Match]) -> None:
    if sum(size_of(match.payload) for match in matches) > MAX_MATCH_VALUES:
        raise ValueError(f"the payloads of the matches must not have more than {MAX_MATCH_VALUES} values")


EntryNumber = Annotated[int, Field(ge=0)]
Matches = Annotated[list[Match], Field(min_length=1, max_length=MAX_MATCHES)]


class WaitRequest(RequestBody):
    """Entries to wait for: either `match` or `any` is needed."""

    match: Match | None = None
    """Conditions on the entries; an omitted key matches any value."""
    any_of: Annotated[Matches | None, Field(alias="any")] = None
    """Several matches in place of `match`; an entry has to meet only one of them."""
    unless: Annotated[tuple[Match, ...], Field(max_length=MAX_MATCHES, strict=False)] = ()
    """Matches for unwanted entries. An unwanted entry ends the wait at once with 409, unless the same entry
    counts for the wait. Example: with action and payload in `match`, and only the action in `unless`, the
    next message of this action must have this payload.
    """
    skip: Annotated[tuple[EntryNumber, ...], Field(max_length=MAX_SKIPPED_ENTRIES, strict=False)] = ()
    """Numbers of entries to ignore, for example entries that earlier waits have returned."""
    times: Annotated[int, Field(ge=1, le=MAX_TIMES)] = 1
    """Number of matching entries to wait for."""
    within: Annotated[FiniteFloat, Field(ge=0, le=3600)] = 30.0
    """Maximum number of seconds to wait."""
    since: EntryNumber | None = None
    """Only entries with a higher number count, and they may be past entries. With 0, all entries count. With
    the `last` of an earlier journal query, the entries after that query count. If omitted, only future
    entries count.
    """

    @property
    def wanted(self) -> list[Match]:
        """The matches of `match` or `any`; an entry has to meet only one of them."""
        return self.any_of or ([] if self.match is None else [self.match])

    @model_validator(mode="after")
    def _check_matches(self) -> Self:
        if (self.match is None) == (self.any_of is None):
            raise ValueError('give "match", or several matches in "any", but not both')
        _check_size([*self.wanted, *self.unless])
        return self


class MatchingEntries(Model):
    """The entries that a wait has found."""

    entries: list[JournalEntry]
    """The matching entries, as many as `times`, the oldest first."""


class VerifyRequest(RequestBody):
    """The required number of entries: `times` alone, or `atLeast`, `atMost` or both."""

    match: Match
    """Conditions on the entries; an omitted key matches any value."""
    times: Annotated[int | None, Field(ge=0, le=MAX_COUNT)] = None
    """Exact number of matching entries; 0 if no entry may match."""
    at_least: Annotated[int | None, Field(ge=0, le=MAX_COUNT)] = None
    """Minimum number of matching entries."""
    at_most: Annotated[int | None, Field(ge=0, le=MAX_COUNT)] = None
    """Maximum number of matching entries."""
    since: EntryNumber = 0
    """Only entries with a higher number count; 0 means all entries in the journal."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        has_bound = self.at_least is not None or self.at_most is not None
        if has_bound == (self.times is not None):
            raise ValueError('give "times", or "atLeast", "atMost" or both')
        if self.at_most is not None and (self.at_least or 0) > self.at_most:
            raise ValueError('"atLeast" must not be higher than "atMost"')
        _check_size([self.match])
        return self

    @property
    def minimum(self) -> int:
        """The minimum number of matching entries."""
        return self.times if self.times is not None else self.at_least or 0

    @property
    def maximum(self) -> int | None:
        """The maximum number of matching entries; None if there is no maximum."""
        return self.times if self.times is not None else self.at_most

    def __str__(self) -> str:
        """Describe the number, as in ``at least 2``."""
        if self.times is not None:
            return str(self.times)
        bounds = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(f"{words} {number}" for words, number in bounds if number is not None)


class Verified(Model):
    """The number of matching entries, and the newest of them."""

    count: int
    """Number of matching entries."""
    entries: list[JournalEntry]
    """The newest matching entries, at most 100, the oldest first."""
    last: int
    """Number of the newest entry that was compared; later entries did not count."""
    hint: str | None = absent()
    """A hint if the match names an unknown station, or an action that OCPP does not have."""
