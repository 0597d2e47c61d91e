"""``python server.py password``."""

import io

import pytest

from mock_csms.security.passwords import flaw_of_new_password, parse_password, salted_hash
from server import main


def test_password_on_standard_input_is_hashed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse-battery\n"))

    assert main(["password"]) == 0

    printed = capsys.readouterr()
    assert parse_password(printed.out.strip()).matches(b"correct-horse-battery")
    assert "correct-horse-battery" not in printed.out + printed.err
    assert printed.err == ""


def test_new_password_is_printed_above_its_hash(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["password", "--new"]) == 0

    password, hashed = capsys.readouterr().out.splitlines()
    assert flaw_of_new_password(password) == ""
    assert parse_password(hashed).matches(password.encode())


def test_short_password_is_hashed_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short"))

    assert main(["password"]) == 0

    printed = capsys.readouterr()
    assert parse_password(printed.out.strip()).matches(b"short")
    assert "16 to 40 characters, not 5 (A00.FR.205)" in printed.err


@pytest.mark.parametrize(
    ("standard_input", "words"),
    [
        (io.StringIO(""), "there is no password on standard input; write one there, or use --new"),
        (None, "there is no password on standard input; write one there, or use --new"),
        (io.StringIO(salted_hash("correct-horse-battery")), "it is already a hash; use it as it is"),
        (io.StringIO("a\tb"), "the password must have no control characters"),
    ],
    ids=["empty", "closed", "hash", "control character"],
)
def test_unusable_password_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    standard_input: io.StringIO | None,
    words: str,
) -> None:
    monkeypatch.setattr("sys.stdin", standard_input)

    assert main(["password"]) == 2

    assert words in capsys.readouterr().err
