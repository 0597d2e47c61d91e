"""Explains why a client rejects the certificate of this server, for example if a host name is missing."""

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from mock_csms.transport.handshake import shortened


def flaw_of_choice(certificate: str) -> str:
    """Describe the flaw of a port that presents another kind of certificate than a server certificate."""
    return (
        f"this port presents the certificate {certificate} instead of a server certificate; set "
        f'certificate = "both" for this listener'
    )


def flaw_of_name(server_name: str | None, names: Collection[str], *, is_own: bool) -> str:
    """Describe the flaw of a certificate that lacks a host name, and the remedy; empty if it has the name.

    ``is_own`` means that the certificate is a file of the user, to which the server cannot add a name.
    """
    if server_name is None or not names or _has_name(names, server_name.lower()):
        return ""
    name = shortened(server_name)
    remedy = "use a --tls-cert that has it" if is_own else f"start the server with --tls-name {name}"
    return (
        f"the host name {name} that it asked for is not in the certificate; {remedy}, or connect to "
        f"{shortened(' or '.join(sorted(names)))}"
    )


def _has_name(names: Collection[str], name: str) -> bool:
    _, _, domain = name.partition(".")
    return not {name, f"*.{domain}"}.isdisjoint(map(str.lower, names))


@lru_cache(64)
def names_in_file(path: Path, version: tuple[int, ...]) -> frozenset[str]:
    """Host names and addresses of a certificate in PEM; empty if it cannot be read.

    The file is read again if its ``version``, such as size and time, has changed.
    """
    from cryptography import x509  # noqa: PLC0415 - the import takes a fifth of the start-up time

    from mock_csms.pki.csr import PARSE_ERRORS  # noqa: PLC0415
    from mock_csms.pki.renewal import names_of  # noqa: PLC0415

    try:
        return frozenset(names_of(x509.load_pem_x509_certificates(path.read_bytes())[0]))
    except (OSError, *PARSE_ERRORS):
        return frozenset()
