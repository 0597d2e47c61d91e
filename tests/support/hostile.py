"""Strings that a station could send to break or forge a log line."""

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
MAX_LINE_LENGTH = 2000
"""Characters. The limit is generous: tests only check that a line does not grow with the message."""


def is_one_clean_line(text: str) -> bool:
    return text.isprintable() and len(text) <= MAX_LINE_LENGTH


each_hostile = pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
