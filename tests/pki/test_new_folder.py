"""Making a PKI folder: the files in it, and what can go wrong."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mock_csms.errors import CouldNotStart, UsageError
from mock_csms.pki import Pki
from mock_csms.pki.blueprints import BASIC_BLUEPRINTS

only_posix = pytest.mark.skipif(os.name != "posix", reason="the modes of files are those of POSIX")
not_as_root = pytest.mark.skipif(
    os.name == "posix" and os.getuid() == 0, reason="root may write to any folder"
)


@only_posix
def test_new_folder_and_keys_are_for_their_user_only(tmp_path: Path) -> None:
    pki = Pki.open(tmp_path / "pki")
    pki.issue_client("CS1")
    folder = tmp_path / "pki"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.key")} == {0o600}


def test_new_folder_is_ignored_by_git(tmp_path: Path) -> None:
    Pki.open(tmp_path / "pki")
    assert (tmp_path / "pki" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_empty_folder_is_ignored_by_git_and_one_with_files_is_not(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "notes").touch()
    for folder in ("pki", "own"):
        Pki.open(tmp_path / folder)
    assert (tmp_path / "pki" / ".gitignore").is_file()
    assert not (tmp_path / "own" / ".gitignore").exists()


def test_file_in_place_of_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "pki").touch()
    with pytest.raises(CouldNotStart, match="is not a folder; name another one for the PKI"):
        Pki.open(tmp_path / "pki")


@only_posix
def test_folder_in_place_of_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "pki" / "root.pem").mkdir(parents=True)
    with pytest.raises(CouldNotStart, match=r"^cannot read .*root\.pem: Is a directory$"):
        Pki.open(tmp_path / "pki")


@not_as_root
def test_read_only_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir(mode=0o500)
    with pytest.raises(CouldNotStart, match=r"^cannot make the PKI folder .*: Permission denied$"):
        Pki.open(tmp_path / "pki")


def test_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mock_csms.pki.folder.replace_file", fail)
    (tmp_path / "pki" / "notes").mkdir(parents=True)
    with pytest.raises(CouldNotStart, match=r"^cannot write .*root\.key: No space left on device$"):
        Pki.open(tmp_path / "pki")


def test_failed_write_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "pki" / "notes").mkdir(parents=True)
    monkeypatch.setattr("mock_csms.pki.files.os.fsync", fail)
    with pytest.raises(CouldNotStart):
        Pki.open(tmp_path / "pki")
    assert {path.name for path in (tmp_path / "pki").iterdir()} == {".lock", "notes"}


def test_several_starts_at_once_make_one_pki(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        pkis = list(pool.map(lambda _: Pki.open(tmp_path / "pki"), range(4)))
    assert len({tuple(pki.named(name).certificate_pem for name in BASIC_BLUEPRINTS) for pki in pkis}) == 1


@pytest.mark.parametrize("name", ["*.example.com", "a b", "", "-x", "http://example.com"])
def test_invalid_server_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"has a wildcard|is not a host name or IP address"):
        Pki.open(tmp_path / "pki", [name])
    assert not (tmp_path / "pki").exists()
