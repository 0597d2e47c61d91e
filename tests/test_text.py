"""Text helpers: suggestions for mistyped names."""

import pytest

from mock_csms.text import suggest


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("REST", "; did you mean Reset?"),
        ("resett", "; did you mean Reset?"),
        ("clear cache", "; did you mean ClearCache?"),
        ("Xyzzy", ""),
        ("", ""),
    ],
)
def test_suggest_offers_only_close_candidates(word: str, hint: str) -> None:
    assert suggest(word, ["Reset", "ClearCache"]) == hint
