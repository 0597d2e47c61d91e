"""Text helpers: suggestions for mistyped names, language tags."""

import pytest

from mock_csms.text import is_language_tag, suggest, suggest_or_list


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("REST", "; did you mean Reset?"),
        ("resett", "; did you mean Reset?"),
        ("clear cache", "; did you mean ClearCache?"),
        ("Clea", "; did you mean ClearCache?"),
        ("Cle", ""),
        ("Xyzzy", ""),
        ("", ""),
    ],
)
def test_suggest_offers_only_close_candidates(word: str, hint: str) -> None:
    assert suggest(word, ["Reset", "ClearCache"]) == hint


@pytest.mark.parametrize(
    ("word", "hint"), [("Rset", "; did you mean Reset?"), ("Dance", "; choose from Reset, ClearCache")]
)
def test_all_candidates_are_listed_if_none_is_close(word: str, hint: str) -> None:
    assert suggest_or_list(word, ["Reset", "ClearCache"]) == hint


@pytest.mark.parametrize(
    "tag",
    [
        "en",
        "en-US",
        "de",
        "zh-Hans",
        "es-419",
        "sr-Latn-RS",
        "sl-nedis",
        "de-1901",
        "gsw",
        "x-own",
        "i-klingon",
    ],
)
def test_well_formed_language_tag_is_one(tag: str) -> None:
    """RFC 5646, appendix A."""
    assert is_language_tag(tag)


@pytest.mark.parametrize(
    "tag",
    ["", "e", "en_US", "en-", "-US", "en US", "English (US)", "en-U", "e-US", "1234", "en--US", "\u0435n"],
)
def test_other_text_is_not_a_language_tag(tag: str) -> None:
    assert not is_language_tag(tag)
