"""Undocumented names of argparse that mock_csms/private_api/argparse.py uses."""

from argparse import ArgumentParser


def test_option_string_actions_has_each_flag_of_a_parser() -> None:
    parser = ArgumentParser(add_help=False)
    parser.add_argument("-p", "--port")

    flags = getattr(parser, "_option_string_actions", None)

    assert flags is not None, "argparse has no ArgumentParser._option_string_actions any more"
    assert {*flags} == {"-p", "--port"}, "ArgumentParser._option_string_actions is not by flag any more"
