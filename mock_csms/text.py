"""Small functions for texts in log lines, errors and messages."""

import difflib
from collections.abc import Iterable
from datetime import datetime


def one_line(text: str) -> str:
    """Escape unprintable characters, so that a text from outside cannot break or forge a line."""
    if text.isprintable():
        return text
    return "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text)


def truncate(text: str, widest: int) -> str:
    """Cut a text to so many characters."""
    return text if len(text) <= widest else f"{text[: widest - 3]}..."


def suggest(word: str, known: Iterable[str]) -> str:
    """Suggest the known word closest to a mistyped one: ``; did you mean X?``, or nothing."""
    by_lower_case = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f"; did you mean {by_lower_case[found[0]]}?" if found else ""


def timestamp(moment: datetime) -> str:
    """Write a moment in UTC with milliseconds and Z (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
