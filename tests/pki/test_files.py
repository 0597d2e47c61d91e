"""File names, and the lock of the PKI folder."""

from pathlib import Path

import pytest

from mock_csms.pki.files import lock_folder, safe_file_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CS001", "CS001"),
        ("..", "%2E."),
        (".", "%2E"),
        (".ssh", "%2Essh"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("%2E.", "%252E."),
        ("C:", "C%3A"),
        ("ä\0", "%C3%A4%00"),
    ],
)
def test_text_becomes_a_name_without_separators(text: str, name: str) -> None:
    assert safe_file_name(text) == name


def test_lock_that_another_holds_fails_after_the_time(tmp_path: Path) -> None:
    with (
        lock_folder(tmp_path),
        pytest.raises(TimeoutError, match=r"another process holds the lock \.lock"),
        lock_folder(tmp_path, 0.02),
    ):
        pass


def test_lock_is_free_after_use(tmp_path: Path) -> None:
    for _ in range(2):
        with lock_folder(tmp_path):
            pass
