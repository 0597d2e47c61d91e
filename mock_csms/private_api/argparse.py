"""Undocumented names of `argparse` that this project uses.

- ``_option_string_actions``: the actions of a parser, by flag.
- ``ArgumentParser._print_message``: prints the help page and the version; ignores write errors.
- ``HelpFormatter._split_lines``: wraps the help of an argument.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Collection, Mapping
from shutil import get_terminal_size
from textwrap import fill, wrap
from types import MappingProxyType
from typing import Any, Final, NoReturn

from mock_csms.errors import UsageError
from mock_csms.process import print_text
from mock_csms.text import suggest

UNRECOGNIZED: Final = "unrecognized arguments: "
"""Beginning of argparse's message about arguments that no flag takes."""
NO_SYNONYMS: Final[Mapping[str, str]] = MappingProxyType({})
PAGE_WIDTHS: Final = 80, 120
"""Minimum and maximum columns of a help page."""
USUAL_COLUMNS: Final = 110
"""Columns of a help page that is not printed on a terminal."""

NAME_WIDTH: Final = 22
"""Columns for the names in a list on a help page."""


def page_width() -> int:
    """Columns of text on a help page: $COLUMNS or the terminal's, within PAGE_WIDTHS, less a margin of 2."""
    columns = get_terminal_size((USUAL_COLUMNS, 24)).columns
    lowest, highest = PAGE_WIDTHS
    return min(max(columns, lowest), highest) - 2


def paragraph(text: str, indent: str = "  ", first_indent: str | None = None) -> str:
    """Wrap a text to the width of a help page, without breaking words at hyphens."""
    first = indent if first_indent is None else first_indent
    return fill(text, page_width(), initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)


def list_entry(name: str, text: str) -> str:
    """Entry of a list on a help page: a name, and its description in a column."""
    return paragraph(text, " " * (NAME_WIDTH + 2), f"  {name:{NAME_WIDTH}}")


class SuggestingParser(ArgumentParser):
    """A parser that raises UsageError with the closest flag. If no flag is close, the error ends in ``hint``.

    ``synonyms`` are flags of other programs, with the flag to write instead. For an argument that is not a
    flag, the error names the closest of ``subcommands``, or ends in ``hint_about_words``.
    """

    def __init__(
        self,
        *,
        hint: str,
        synonyms: Mapping[str, str] = NO_SYNONYMS,
        hint_about_words: str = "",
        subcommands: Collection[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._hint = hint
        self._synonyms = synonyms
        self._hint_about_words = hint_about_words or hint
        self._subcommands = subcommands

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of exiting."""
        wrong = message.removeprefix(UNRECOGNIZED).split(" ", 1)[0].partition("=")[0]
        if wrong in self._synonyms:
            raise UsageError(f"{message}; did you mean {self._synonyms[wrong]}?")
        if wrong.startswith("-") or not message.startswith(UNRECOGNIZED):
            raise UsageError(message + (suggest(wrong, self._option_string_actions) or self._hint))
        raise UsageError(message + (suggest(wrong, self._subcommands) or self._hint_about_words))

    def _print_message(self, message: str, file: object = None) -> None:
        """Print a help page or the version to standard output."""
        print_text(message, self.prog)


class UnbrokenFlagsFormatter(RawDescriptionHelpFormatter):
    """A help page as wide as `page_width`. Flags such as ``--fail-on`` are not broken at the hyphen."""

    def __init__(self, prog: str, *, max_help_position: int = 34, width: int | None = None) -> None:
        super().__init__(prog, max_help_position=max_help_position, width=width or page_width())

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width, break_on_hyphens=False)
