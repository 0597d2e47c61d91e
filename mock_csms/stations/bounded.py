"""A dictionary of limited size."""

from typing import Final

MAX_REMEMBERED: Final = 10_000
"""Maximum entries of one kind (variables, reservations, ...) per station; the oldest are dropped."""


class BoundedDict[Key, Value](dict[Key, Value]):
    """A dictionary that drops its oldest entry instead of growing past its limit."""

    __slots__ = ()
    limit = MAX_REMEMBERED

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self) >= self.limit and key not in self:
            del self[next(iter(self))]
        dict.__setitem__(self, key, value)
