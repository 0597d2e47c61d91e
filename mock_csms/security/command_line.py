"""``python server.py password``: hashes a password for the settings, or makes a new one."""

import argparse
import secrets
import string
import sys
from collections.abc import Sequence
from getpass import getpass
from typing import Final

from mock_csms.errors import WRONG_USAGE
from mock_csms.launch import COMMAND, PROGRAM
from mock_csms.process import print_text
from mock_csms.security.passwords import (
    HASH_PREFIX,
    MAX_NEW_LENGTH,
    flaw_of_new_password,
    parse_password,
    salted_hash,
)

ALPHANUMERIC: Final = string.ascii_letters + string.digits
PASSWORD_PROGRAM: Final = f"{PROGRAM} password"


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    is_new = _parser().parse_args(arguments).new
    password = _new_password() if is_new else _password_from_input()
    if flaw := _flaw_of_password(password):
        sys.stderr.write(f"{PASSWORD_PROGRAM}: {flaw}\n")
        return WRONG_USAGE
    if flaw := flaw_of_new_password(password):
        sys.stderr.write(f"{PASSWORD_PROGRAM}: a station may reject it: {flaw} (A00.FR.205)\n")
    print_text("".join([f"{password}\n" if is_new else "", f"{salted_hash(password)}\n"]), PASSWORD_PROGRAM)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PASSWORD_PROGRAM,
        usage=f"{COMMAND} password [--new]",
        description="Read a password from standard input and print its salted hash. A settings file accepts "
        "the hash as the value of password.",
    )
    parser.add_argument(
        "--new", action="store_true", help="make a random password and print it above its hash"
    )
    return parser


def _new_password() -> str:
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(MAX_NEW_LENGTH))


def _password_from_input() -> str:
    """Return the password from a terminal or a pipe; empty without any input."""
    if sys.stdin is None:  # closed
        return ""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return getpass("Password: ")
    except (EOFError, KeyboardInterrupt):
        return ""


def _flaw_of_password(password: str) -> str:
    if not password:
        return "there is no password on standard input; write one there, or use --new"
    if password.startswith(HASH_PREFIX):
        return f"the text begins with {HASH_PREFIX}, so it is already a hash; use it as it is"
    try:
        parse_password(password)
    except ValueError as error:
        return f"the password {error}"
    return ""
