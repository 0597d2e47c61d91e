"""Undocumented names of argparse that mock_csms/private_api/argparse.py uses."""

from argparse import ArgumentParser
from io import StringIO
from typing import Any

import pytest

from mock_csms.private_api.argparse import UnbrokenFlagsFormatter


def test_option_string_actions_has_every_flag() -> None:
    parser = ArgumentParser(add_help=False)
    parser.add_argument("-p", "--port")

    flags = getattr(parser, "_option_string_actions", None)

    assert flags is not None, "argparse has removed ArgumentParser._option_string_actions"
    assert {*flags} == {"-p", "--port"}, "ArgumentParser._option_string_actions is no longer keyed by flag"


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_are_printed_with_print_message(flag: str) -> None:
    printed = StringIO()

    class Parser(ArgumentParser):
        def _print_message(self, message: str, file: Any = None) -> None:
            printed.write(message)

    parser = Parser(prog="p")
    parser.add_argument("--version", action="version", version="1")
    with pytest.raises(SystemExit):
        parser.parse_args([flag])

    assert printed.getvalue(), "argparse prints without ArgumentParser._print_message"


@pytest.mark.parametrize("width", range(50, 90))
def test_help_formatter_wraps_help_with_split_lines(width: int) -> None:
    parser = ArgumentParser(prog="p", formatter_class=lambda prog: UnbrokenFlagsFormatter(prog, width=width))
    parser.add_argument("--port", help="a port that is in use already; see --max-connections")

    assert "--max-connections" in parser.format_help().split(), "argparse wraps help in another way"
