"""Text helpers for log lines, errors and messages."""

import difflib
from collections.abc import Iterable
from datetime import datetime


def one_line(text: str) -> str:
    """Escape unprintable characters, so that text from a station cannot break or forge a line."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def truncate(text: str, width: int) -> str:
    """Shorten text to at most ``width`` characters, ending in an ellipsis if it was cut."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def suggest(word: str, candidates: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the candidate closest to a mistyped word, or an empty text."""
    by_lower_case = {name.lower(): name for name in candidates}
    matches = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f"; did you mean {by_lower_case[matches[0]]}?" if matches else ""


def timestamp(moment: datetime) -> str:
    """Format a time in UTC with milliseconds and Z (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
