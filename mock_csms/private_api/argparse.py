"""Undocumented names of `argparse` that this project uses.

- ``_option_string_actions``: the actions of a parser, by flag.
- ``ArgumentParser._print_message``: prints the help page and the version; it ignores a full output.
- ``HelpFormatter._split_lines``: wraps the help of an argument.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping
from textwrap import wrap
from types import MappingProxyType
from typing import Any, Final, NoReturn

from mock_csms.errors import UsageError
from mock_csms.process import print_text
from mock_csms.text import suggest

NO_SYNONYMS: Final[Mapping[str, str]] = MappingProxyType({})
PAGE_WIDTH: Final = 108
"""Columns of a help page."""


class SuggestingParser(ArgumentParser):
    """A parser that raises UsageError with the closest flag or, if none is close, with ``hint``.

    ``synonyms`` are flags of other programs, with the flag to write instead.
    """

    def __init__(self, *, hint: str, synonyms: Mapping[str, str] = NO_SYNONYMS, **options: Any) -> None:
        super().__init__(**options)
        self._hint = hint
        self._synonyms = synonyms

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of exiting."""
        wrong = message.removeprefix("unrecognized arguments: ").split(" ", 1)[0].partition("=")[0]
        if wrong in self._synonyms:
            raise UsageError(f"{message}; did you mean {self._synonyms[wrong]}?")
        raise UsageError(message + (suggest(wrong, self._option_string_actions) or self._hint))

    def _print_message(self, message: str, file: object = None) -> None:
        """Print a help page or the version to standard output."""
        print_text(message, self.prog)


class UnbrokenFlagsFormatter(RawDescriptionHelpFormatter):
    """A help page that breaks no flag such as ``--fail-on`` at its hyphen."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width, break_on_hyphens=False)
