"""Files with passwords, certificates and keys of stations."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from mock_csms.errors import UsageError
from mock_csms.simulator.certificate_data import InvalidCertificate, is_ca, parse_chain, parse_key

MAX_FILE: Final = 1_000_000
"""Maximum bytes of a file with a password or certificates."""


class CredentialFiles:
    """Reads the password, certificate and key files that the flags of the `station` command name.

    All methods raise UsageError.

    Each file is read and checked once, because the stations share files, and a pipe can be read only once.
    """

    def __init__(self) -> None:
        self._text: Callable[[Path], str] = cache(read_text)
        self._checked_chain: Callable[[Path], str] = cache(self._check_chain)
        self._checked_roots: Callable[[Path, str], str] = cache(self._check_roots)

    def password(self, path: Path) -> str:
        """Read a password and strip the line ending."""
        return self._text(path).rstrip("\r\n")

    def chain(self, path: Path | None) -> str:
        """Read certificates; without a path, the result is empty."""
        return "" if path is None else self._checked_chain(path)

    def roots(self, path: Path | None, flag: str) -> str:
        """Read root certificates; without a path, the result is empty. The flag is for the error message."""
        return "" if path is None else self._checked_roots(path, flag)

    def client_certificate(self, path: Path | None, key_path: Path | None) -> tuple[str, str]:
        """Read a client certificate and its key; without a path, both are empty."""
        if path is None or key_path is None:
            return "", ""
        chain, key = self.chain(path), self._text(key_path)
        if parse_chain(chain)[0].public_key() != _parsed(key_path, lambda: parse_key(key)).public_key():
            raise UsageError(f"the key in {key_path} does not belong to the certificate in {path}")
        return chain, key

    def _check_chain(self, path: Path) -> str:
        text = self._text(path)
        _parsed(path, lambda: parse_chain(text))
        return text

    def _check_roots(self, path: Path, flag: str) -> str:
        text = self.chain(path)
        if not all(map(is_ca, parse_chain(text))):
            raise UsageError(f"{path} is not the certificate of a CA; give {flag} a root certificate")
        return text


def _parsed[T](path: Path, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except InvalidCertificate as error:
        raise UsageError(f"cannot use {path}: {error}") from None


def read_text(path: Path) -> str:
    """Read a small text file; raises UsageError."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, ValueError):
        raise UsageError(f"cannot use {path}: it is not UTF-8 text") from None
    if len(content) > MAX_FILE:
        raise UsageError(f"{path} is longer than {MAX_FILE} bytes")
    return text
