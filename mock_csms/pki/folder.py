"""The PKI folder: certificate chains and private keys as PEM files."""

import os
import tempfile
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mock_csms.errors import CouldNotStart
from mock_csms.log.output import logger
from mock_csms.pki.csr import PARSE_ERRORS
from mock_csms.pki.issued import PkiKey, private_pem, to_pem

CLIENTS: Final = "clients/"
"""Start of the names of client certificates; the station's identity follows."""

_PRIVATE = 0o700
_OTHERS = 0o077


class StoredCertificate(NamedTuple):
    """A chain, leaf first, and its key as read from files; either may be missing."""

    chain: list[x509.Certificate]
    key: PkiKey | None


class PkiFolder:
    """Files of a PKI; every write is atomic, and a file name cannot leave the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._warned: set[Path] = set()

    def create(self) -> None:
        """Make the folder for this user only, unless it exists; raises CouldNotStart."""
        try:
            self.path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise CouldNotStart(f"cannot make the PKI folder {self.path}: {error.strerror}") from None

    def chain_path(self, name: str) -> Path:
        """File with the chain of a certificate."""
        return self._file(name, ".pem")

    def key_path(self, name: str) -> Path:
        """File with the private key of a certificate."""
        return self._file(name, ".key")

    def load(self, name: str) -> StoredCertificate:
        """Read a certificate and its key; raises CouldNotStart if a file is unreadable or malformed."""
        return StoredCertificate(self._load_chain(name), self._load_key(name))

    def save(self, name: str, chain: list[x509.Certificate], key: PkiKey) -> None:
        """Write a key, then its chain, so that a chain always has its key."""
        self.write(self.key_path(name), private_pem(key))
        self.write(self.chain_path(name), "".join(map(to_pem, chain)).encode())

    def write(self, path: Path, content: bytes) -> None:
        """Replace a file atomically, readable for this user only; raises CouldNotStart."""
        try:
            path.parent.mkdir(mode=_PRIVATE, exist_ok=True)
            _replace(path, content)
        except OSError as error:
            raise CouldNotStart(f"cannot write {path}: {error.strerror}") from None

    def _file(self, name: str, suffix: str) -> Path:
        prefix, _, rest = name.rpartition(CLIENTS) if name.startswith(CLIENTS) else ("", "", name)
        folder = self.path / CLIENTS if name.startswith(CLIENTS) else self.path
        return folder / f"{safe_file_name(rest or prefix)}{suffix}"

    def _load_chain(self, name: str) -> list[x509.Certificate]:
        path = self.chain_path(name)
        content = self._read(path)
        if content is None:
            return []
        try:
            return x509.load_pem_x509_certificates(content)
        except PARSE_ERRORS:
            raise CouldNotStart(
                f"{path} is not a certificate chain in PEM; restore it, or delete it to have it made again"
            ) from None

    def _load_key(self, name: str) -> PkiKey | None:
        path = self.key_path(name)
        content = self._read(path)
        if content is None:
            return None
        self._warn_if_readable(path)
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

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CouldNotStart(f"cannot read {path}: {error.strerror}") from None

    def _warn_if_readable(self, path: Path) -> None:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & _OTHERS and path not in self._warned:
            self._warned.add(path)
            logger.warning(
                "other users can read the private key %s (mode %04o); run: chmod 600 %s",
                path,
                mode & 0o7777,
                path,
            )


def safe_file_name(text: str) -> str:
    """Encode any text as a file name without separators, and different texts as different names."""
    name = quote(text, safe="")
    return f"%2E{name[1:]}" if name.startswith(".") else name


def _replace(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")  # with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
