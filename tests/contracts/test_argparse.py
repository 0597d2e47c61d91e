"""Undocumented names of argparse that mock_csms/private_api/argparse.py uses."""

from argparse import ArgumentParser


def test_option_string_actions_has_every_flag() -> None:
    parser = ArgumentParser(add_help=False)
    parser.add_argument("-p", "--port")

    flags = getattr(parser, "_option_string_actions", None)

    assert flags is not None, "argparse has removed ArgumentParser._option_string_actions"
    assert {*flags} == {"-p", "--port"}, "ArgumentParser._option_string_actions is no longer keyed by flag"
