"""Globs for the identities of stations."""

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

GLOB_CHARACTERS: Final = re.compile(r"[*?\[]")


@lru_cache(maxsize=65536)
def matches_glob(station: str, glob: str) -> bool:
    """Return whether a glob for stations matches an identity, or equals it without regard to case."""
    is_same = station.lower() == glob.lower()  # the case of identities does not matter
    return is_same or fnmatchcase(station, glob)


def is_glob(station: str) -> bool:
    """Return whether a text may match the identities of several stations."""
    return GLOB_CHARACTERS.search(station) is not None


def exactly(station: str) -> str:
    """Return a glob that matches the identity of one station only."""
    return GLOB_CHARACTERS.sub(r"[\g<0>]", station)
