"""A dictionary that forgets."""

from typing import Final

MAX_REMEMBERED: Final = 10_000
"""How many things of one kind (transactions, variables, ...) are kept of one station; then the oldest go."""


class BoundedDict[Key, Value](dict[Key, Value]):
    """A dictionary that forgets its oldest entry when it would grow past its limit."""

    __slots__ = ()
    limit = MAX_REMEMBERED

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self) >= self.limit and key not in self:
            del self[next(iter(self))]
        dict.__setitem__(self, key, value)
