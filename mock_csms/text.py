"""Text helpers for log lines, errors and messages."""

import difflib
import re
from bisect import bisect
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

LANGUAGE_TAG: Final = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"  # language
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"  # script, region
    r"(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*"  # variants, extensions
    r"(?:-x(?:-[a-z\d]{1,8})+)?"  # private use
    r"|x(?:-[a-z\d]{1,8})+|i-[a-z]{3,8}",
    re.IGNORECASE | re.ASCII,
)
"""Well-formed language tags (RFC 5646, 2.1)."""


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


MAX_COMPARED: Final = 500
"""Maximum number of candidates that a mistyped word is compared with."""
MAX_WORD: Final = 100
"""Maximum length of a mistyped word; for a longer word, there is no suggestion."""
MIN_BEGINNING: Final = 4
"""Minimum length of a mistyped word for suggesting a candidate that begins with it."""


def suggest(word: str, candidates: Collection[str]) -> str:
    """Return ``; did you mean X?`` with the candidate closest to a mistyped word; empty if none is close."""
    match = closest(word, candidates)
    return "" if match is None else f"; did you mean {match}?"


def closest(word: str, candidates: Collection[str]) -> str | None:
    """Return the candidate closest to a mistyped word, or None if none is similar.

    Of very many candidates, only some that begin like the word are compared.
    """
    if len(word) > MAX_WORD:
        return None
    close_by = candidates if len(candidates) <= MAX_COMPARED else _similar(word, candidates)
    by_lower_case = {name.lower(): name for name in close_by}
    matches = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    if not matches and len(word) >= MIN_BEGINNING:
        matches = [name for name in by_lower_case if name.startswith(word.lower())]
    return by_lower_case[matches[0]] if matches else None


def suggest_or_list(word: str, candidates: Collection[str]) -> str:
    """Return the suggestion for a mistyped word; ``; choose from X, Y`` if no candidate is close."""
    return suggest(word, candidates) or f"; choose from {', '.join(candidates)}"


def is_language_tag(text: str) -> bool:
    """Whether a text is a well-formed language tag, such as en-US."""
    return LANGUAGE_TAG.fullmatch(text) is not None


def _similar(word: str, candidates: Collection[str]) -> Sequence[str]:
    """Return the MAX_COMPARED candidates nearest to a word in an alphabetical list; many begin like it."""
    in_order = sorted(candidates)
    middle = bisect(in_order, word)
    return in_order[max(middle - MAX_COMPARED // 2, 0) : middle + MAX_COMPARED // 2]


def timestamp(moment: datetime) -> str:
    """Format a time in UTC with milliseconds and Z (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
