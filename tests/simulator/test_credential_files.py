"""Files with passwords, certificates and keys of stations."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_csms.errors import UsageError
from mock_csms.simulator.credential_files import CredentialFiles
from tests.support.authority import Authority, key_pem, written

PASSWORD = "a long random password"

type Rewrite = Callable[[Path], object]


@pytest.fixture(scope="module", name="root")
def _root() -> Authority:
    return Authority("Root")


@pytest.fixture
def own_path(root: Authority, tmp_path: Path) -> Path:
    """A file with a certificate of a station and its key."""
    return written(tmp_path, root.certificate_of("CS001"), "CS001.pem")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_pipe_is_read_once_for_all_stations() -> None:
    reader, writer = os.pipe()
    os.write(writer, f"{PASSWORD}\n".encode())
    os.close(writer)
    files = CredentialFiles()
    path = Path(f"/dev/fd/{reader}")

    passwords = [files.password(path), files.password(path)]

    os.close(reader)
    assert passwords == [PASSWORD, PASSWORD]


def test_stations_share_the_text_of_a_file(root: Authority, tmp_path: Path) -> None:
    path = tmp_path / "root.pem"
    path.write_text(root.pem, encoding="ascii")
    files = CredentialFiles()

    assert files.roots(path, "--ca") == root.pem
    assert files.roots(path, "--ca") is files.roots(path, "--manufacturer-ca")


def test_file_that_is_not_named_is_empty() -> None:
    files = CredentialFiles()

    assert (files.chain(None), files.roots(None, "--ca")) == ("", "")
    assert files.client_certificate(None, None) == ("", "")


def test_certificate_of_a_station_is_no_root(own_path: Path) -> None:
    with pytest.raises(UsageError, match="is not the certificate of a CA; give --ca a root certificate"):
        CredentialFiles().roots(own_path, "--ca")


@pytest.mark.parametrize(
    ("rewrite", "error"),
    [
        (lambda path: path.write_bytes(b"\xff"), "it is not UTF-8 text"),
        (lambda path: path.write_bytes(b"x" * 1_000_001), "is longer than 1000000 bytes"),
        (lambda path: path.write_bytes(b"x"), "contains no PEM certificate"),
        (
            lambda path: path.write_text(path.read_text(encoding="ascii").split("-----BEGIN PRIV", 1)[0]),
            "contains no private key",
        ),
    ],
)
def test_wrong_file_is_refused(own_path: Path, rewrite: Rewrite, error: str) -> None:
    rewrite(own_path)

    with pytest.raises(UsageError) as caught:
        CredentialFiles().client_certificate(own_path, own_path)
    assert error in str(caught.value)


def test_key_of_another_certificate_is_refused(root: Authority, own_path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_text(key_pem(root.certificate_of("CS001").key), encoding="ascii")

    with pytest.raises(UsageError, match="does not belong to the certificate"):
        CredentialFiles().client_certificate(own_path, other)
