"""The PKI folder: certificate chains and private keys as PEM files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mock_csms.errors import CouldNotStart
from mock_csms.log.output import logger
from mock_csms.pki.csr import PARSE_ERRORS
from mock_csms.pki.files import lock_folder, replace_file, safe_file_name
from mock_csms.pki.issued import PkiKey, private_pem, to_pem, whole_certificates

INDEX_FILE: Final = "index.ndjson"

_FOR_THIS_USER = 0o700
_OTHERS = 0o077


class StoredCertificate(NamedTuple):
    """A chain, leaf first, and its key, as read from files. The chain, the key or both may be missing."""

    chain: list[x509.Certificate]
    key: PkiKey | None


class PkiFolder:
    """Files of a PKI; every write is atomic, and no certificate name leads out of the folder.

    All methods raise CouldNotStart with the path and the reason if a file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._warned: set[Path] = set()

    @property
    def index_path(self) -> Path:
        """File with a line for each issued certificate."""
        return self.path / INDEX_FILE

    def create(self) -> None:
        """Make the folder for this user only, with a ``.gitignore`` that excludes all its files.

        If the folder already has files, no ``.gitignore`` is added.
        """
        try:
            self.path.mkdir(mode=_FOR_THIS_USER, parents=True, exist_ok=True)
            if next(self.path.iterdir(), None) is None:
                replace_file(self.path / ".gitignore", b"*\n")
            self._warn_if_open_to_others(self.path, "open the PKI folder", "700")
        except FileExistsError:
            raise CouldNotStart(f"{self.path} is not a folder; name another one for the PKI") from None
        except OSError as error:
            raise CouldNotStart(f"cannot make the PKI folder {self.path}: {error.strerror}") from None

    @property
    def is_made(self) -> bool:
        """Whether the folder already has a PKI, that is, the file of the root certificate."""
        return self.chain_path("root").is_file()

    def chain_path(self, name: str) -> Path:
        """File with the chain of a certificate."""
        return self._file(name, ".pem")

    def key_path(self, name: str) -> Path:
        """File with the private key of a certificate."""
        return self._file(name, ".key")

    def load(self, name: str) -> StoredCertificate:
        """Read a certificate and its key."""
        return StoredCertificate(self._load_chain(name), self._load_key(name))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing to the folder."""
        try:
            with lock_folder(self.path):
                yield
        except OSError as error:
            raise CouldNotStart(f"cannot write to the PKI folder {self.path}: {error.strerror}") from None

    def save(self, name: str, chain: list[x509.Certificate], key: PkiKey) -> None:
        """Write a key, then its chain, so that no chain is stored without its key."""
        self._write(self.key_path(name), private_pem(key))
        self._write(self.chain_path(name), "".join(map(to_pem, chain)).encode())

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(mode=_FOR_THIS_USER, exist_ok=True)
            replace_file(path, content)
        except OSError as error:
            raise CouldNotStart(f"cannot write {path}: {error.strerror}") from None

    def _file(self, name: str, suffix: str) -> Path:
        """File of a certificate. If its name has a slash, the part before it is a folder."""
        *folder, last = map(safe_file_name, name.split("/", 1))
        return self.path.joinpath(*folder, f"{last}{suffix}")

    def _load_chain(self, name: str) -> list[x509.Certificate]:
        path = self.chain_path(name)
        content = _read(path)
        if content is None:
            return []
        try:
            return whole_certificates(content)
        except (*PARSE_ERRORS, UnsupportedAlgorithm):
            raise CouldNotStart(
                f"{path} is not a certificate chain in PEM; restore it, or delete it to have it made again"
            ) from None

    def _load_key(self, name: str) -> PkiKey | None:
        path = self.key_path(name)
        content = _read(path)
        if content is None:
            return None
        self._warn_if_open_to_others(path, "read the private key", "600")
        try:
            key = load_pem_private_key(content, None)
        except (*PARSE_ERRORS, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise CouldNotStart(
                f"{path} is not an RSA or EC private key in PEM without a password; "
                "restore it, or delete it to have it made again"
            )
        return key

    def _warn_if_open_to_others(self, path: Path, ability: str, wanted_mode: str) -> None:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & _OTHERS and path not in self._warned:
            self._warned.add(path)
            logger.warning(
                "other users can %s %s (mode %04o); run: chmod %s %s",
                ability,
                path,
                mode & 0o7777,
                wanted_mode,
                path,
            )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CouldNotStart(f"cannot read {path}: {error.strerror}") from None
