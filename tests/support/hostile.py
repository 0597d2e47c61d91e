"""Strings that a station could send to break a line, or to forge one."""

import pytest

HOSTILE = {
    "newline": "one\n12:00:00.000  CS002  forged",
    "carriage return": "one\rtwo",
    "ANSI escape": "\x1b[2J\x1b[31mred",
    "C1 control": "\x9b31mred",
    "NUL": "a\x00b",
    "line separator": "one\u2028two",
    "right to left": "\u202egnikniht",
    "very long": "x" * 100_000,
    "very long and hostile": "\n" * 100_000,
}
WIDEST_LINE = 1000
"""Characters; generous, for what matters is that a line does not grow with what is sent."""


def is_one_clean_line(text: str) -> bool:
    return text.isprintable() and len(text) <= WIDEST_LINE


each_hostile = pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
