"""Undocumented names of `argparse` that this project uses.

- ``_option_string_actions``: the actions of a parser, by flag.
"""

from argparse import ArgumentParser
from typing import Any, NoReturn

from mock_csms.errors import UsageError
from mock_csms.text import suggest


class SuggestingParser(ArgumentParser):
    """A parser that raises UsageError with the closest flag or, if none is close, with ``hint``."""

    def __init__(self, *, hint: str, **options: Any) -> None:
        super().__init__(**options)
        self._hint = hint

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of exiting."""
        wrong = message.removeprefix("unrecognized arguments: ").split(" ", 1)[0]
        raise UsageError(message + (suggest(wrong, self._option_string_actions) or self._hint))
