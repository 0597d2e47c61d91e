"""The one line that answers what cannot be used, and says what to write instead."""

import difflib
from collections.abc import Iterable

from mock_csms.log.summary import one_line


class UsageError(Exception):
    """Settings that cannot be used; the message is one line that says what to write instead."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class CouldNotStart(Exception):
    """The server cannot do what its settings ask; the message is one line that says why."""


def closest(word: str, known: Iterable[str]) -> str:
    """Suggest what a mistyped word may have meant: ``; did you mean X?``, or nothing."""
    by_lower_case = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f"; did you mean {by_lower_case[found[0]]}?" if found else ""
