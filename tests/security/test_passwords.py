"""Passwords: notation, hashes, and no secret in ``str()``, ``repr()`` or an error."""

import pytest

from mock_csms.security.passwords import parse_password, salted_hash

SECRET = "correct-horse-battery"


def test_hash_matches_its_password_only() -> None:
    password = parse_password(salted_hash(SECRET))

    assert password.matches(SECRET.encode())
    assert not password.matches(SECRET.upper().encode())
    assert not password.matches(b"")


def test_hashes_of_a_password_differ_by_their_salt() -> None:
    assert salted_hash(SECRET) != salted_hash(SECRET)


@pytest.mark.also_covers("A01.FR.08")
def test_plain_password_is_kept_as_a_hash() -> None:
    password = parse_password(SECRET)

    assert parse_password(str(password)) == password == parse_password(SECRET)
    assert SECRET not in f"{password} {password!r}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must not be empty"),
        ("a\nb", "control characters"),
        ("x" * 1025, "at most 1024 characters"),
        ("{SSHA256}secret", "python server.py password"),
        ("{SSHA256}" + "A" * 40, "python server.py password"),
    ],
)
def test_unusable_password_is_rejected_without_its_text(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parse_password(text)

    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("prefix", ["{SHA}", "{SSHA}", "{ssha256}", "{SSHA-512}"])
def test_hash_of_another_kind_has_a_flaw(prefix: str) -> None:
    password = parse_password(prefix + "W6ph5Mm5Pz8GgiULbPgzG37mj9g=")

    assert (
        password.flaw == "it looks like a hash, but is used as plain text; a hash must begin with {SSHA256}"
    )
