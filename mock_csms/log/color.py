"""Colours of log lines on a terminal: by level, and by station."""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Final, Literal

Color = Literal["auto", "always", "never"]
"""When to colour the log; "auto": always with FORCE_COLOR, never with NO_COLOR, otherwise on a terminal."""

LEVEL_COLORS: Final = {"DEBUG": "\x1b[2m", "WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31m"}
"""Terminal sequences that start the colour of a level."""
STATION_COLORS: Final = ("\x1b[36m", "\x1b[35m", "\x1b[32m", "\x1b[34m", "\x1b[96m", "\x1b[95m")
"""Terminal sequences for identities, without the colours of levels."""
END_OF_COLOR: Final = "\x1b[0m"


def is_colored(color: Color) -> bool:
    """Whether to colour the lines on standard output."""
    return color == "always" or (color == "auto" and _suits_color(os.environ))


def _suits_color(environment: Mapping[str, str]) -> bool:
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    has_terminal = sys.stdout is not None and sys.stdout.isatty()
    return has_terminal and environment.get("TERM") != "dumb"


def color_level(text: str, level: str) -> str:
    """Colour a text by the level of its record; INFO has no colour."""
    return f"{LEVEL_COLORS[level]}{text}{END_OF_COLOR}" if level in LEVEL_COLORS else text


def color_station(text: str, station: str) -> str:
    """Colour the identity at the beginning of a text, so that the lines of one station are easy to follow.

    Consecutive identities, such as CS1 and CS2, get different colours. An identity with characters that the
    log escapes gets no colour.
    """
    if not station or not text.startswith(station):
        return text
    start = STATION_COLORS[sum(map(ord, station)) % len(STATION_COLORS)]
    return f"{start}{station}{END_OF_COLOR}{text[len(station) :]}"


def color_stations(text: str, stations: Iterable[str], column: int) -> str:
    """Colour the identities of many lines. All identities begin at the same column."""
    lines = zip(text.split("\n"), stations, strict=True)
    return "\n".join(f"{line[:column]}{color_station(line[column:], station)}" for line, station in lines)
