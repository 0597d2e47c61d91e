"""The flags of the `station` command about security, and the files that they name."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mock_csms.errors import UsageError
from mock_csms.simulator.certificate_data import InvalidCertificate, is_ca, parse_chain, parse_key
from mock_csms.simulator.device_model import BASIC_AUTH_PASSWORD, LocalDeviceModel
from mock_csms.simulator.security_setup import (
    CLIENT_CERTIFICATE_PROFILE,
    HIGHEST_PROFILE,
    PASSWORD_PROFILES,
    SecuritySetup,
    scheme_of,
)
from mock_csms.simulator.trust_store import CSMS_ROOT, MANUFACTURER_ROOT

PASSWORD_VARIABLE: Final = "OCPP_MOCK_PASSWORD"  # noqa: S105 - the name of an environment variable
IDENTITY_FIELD: Final = "{identity}"
DEFAULT_ADDRESS: Final = "127.0.0.1:9000"
MAX_FILE: Final = 1_000_000
"""Maximum bytes of a file with a password or certificates."""


def add_security(add: Callable[..., argparse.Action]) -> None:
    """Add the flags."""
    add(
        "--security-profile",
        metavar="N",
        type=_profile,
        help="0 none, 1 password, 2 password over TLS, 3 client certificate "
        "(default: the highest that --to and the credentials allow)",
    )
    add("--password", metavar="TEXT", help="password for HTTP Basic; other users of the machine can see it")
    add(
        "--password-file",
        metavar="FILE",
        help=f"file with the password (default: the environment variable {PASSWORD_VARIABLE})",
    )
    add(
        "--ca",
        metavar="FILE",
        help="trusted root of the server's certificate, in PEM (default: the roots of the system)",
    )
    add(
        "--client-cert",
        metavar="FILE",
        help=f"client certificate and its sub-CAs, in PEM; {IDENTITY_FIELD} in FILE is replaced",
    )
    add("--client-key", metavar="FILE", help="its private key (default: in the file of the certificate)")
    add(
        "--manufacturer-ca",
        metavar="FILE",
        help="manufacturer root that the station trusts when it checks firmware",
    )


def _profile(text: str) -> int:
    if text not in map(str, range(HIGHEST_PROFILE + 1)):
        raise argparse.ArgumentTypeError(f"expected 0 to {HIGHEST_PROFILE}, not {text!r}")
    return int(text)


def url_of(given: argparse.Namespace) -> str:
    """Address of the server; the default is a TLS address if the other flags call for TLS."""
    if given.to is not None:
        return str(given.to)
    if given.security_profile is not None:
        scheme = scheme_of(given.security_profile)
    else:
        scheme = "wss" if given.ca or given.client_cert else "ws"
    return f"{scheme}://{DEFAULT_ADDRESS}"


def security_of(given: argparse.Namespace, url: str, identity: str) -> SecuritySetup:
    """Read the security of one station from its flags; raises UsageError."""
    password = _password(given.password, given.password_file)
    chain, key = _client_certificate(given.client_cert, given.client_key, identity)
    roots = {
        CSMS_ROOT: _roots(given.ca, "--ca"),
        MANUFACTURER_ROOT: _roots(given.manufacturer_ca, "--manufacturer-ca"),
    }
    profile = given.security_profile
    if profile is None:
        profile = best_profile(url, has_password=bool(password), has_certificate=bool(chain))
    elif problem := profile_problem(profile, url, has_password=bool(password), has_certificate=bool(chain)):
        raise UsageError(f"security profile {profile} {problem}")
    return SecuritySetup(
        profile=profile,
        password=password,
        roots={use: text for use, text in roots.items() if text},
        client_chain=chain,
        client_key=key,
    )


def best_profile(url: str, *, has_password: bool, has_certificate: bool) -> int:
    """Highest security profile that an address and credentials allow; TLS without a password counts as 2."""
    if urlsplit(url).scheme == "wss":
        return 3 if has_certificate else 2
    return 1 if has_password else 0


def profile_problem(profile: int, url: str, *, has_password: bool, has_certificate: bool) -> str:
    """Return what keeps a station from using a security profile, or an empty text."""
    wanted = scheme_of(profile)
    if urlsplit(url).scheme != wanted:
        return f"needs {'TLS' if wanted == 'wss' else 'plain text'}; write --to {wanted}://..."
    if profile in PASSWORD_PROFILES and not has_password:
        return f"needs a password; give --password-file, --password or {PASSWORD_VARIABLE}"
    if profile == CLIENT_CERTIFICATE_PROFILE and not has_certificate:
        return (
            "needs a client certificate; give --client-cert and --client-key "
            "(python server.py pki client IDENTITY makes them)"
        )
    return ""


def _password(text: str | None, path: str | None) -> str:
    if text is not None and path is not None:
        raise UsageError("give either --password or --password-file")
    if path is not None:
        text = _read(path).rstrip("\r\n")
    elif text is None:
        text = os.environ.get(PASSWORD_VARIABLE, "")
        if not text:
            return ""
    if LocalDeviceModel().violation(BASIC_AUTH_PASSWORD, text):
        raise UsageError("the password must have 16 to 40 characters and no control characters")
    return text


def _client_certificate(path: str | None, key_path: str | None, identity: str) -> tuple[str, str]:
    """Read a client certificate and its key; both are empty without the flag."""
    if path is None:
        if key_path is not None:
            raise UsageError("--client-key needs --client-cert")
        return "", ""
    path = path.replace(IDENTITY_FIELD, identity)
    key_path = path if key_path is None else key_path.replace(IDENTITY_FIELD, identity)
    chain, key = _read(path), _read(key_path)
    leaf = _parsed(path, lambda: parse_chain(chain))[0]
    if leaf.public_key() != _parsed(key_path, lambda: parse_key(key)).public_key():
        raise UsageError(f"the key in {key_path} is not that of the certificate in {path}")
    return chain, key


def _roots(path: str | None, flag: str) -> str:
    """Read root certificates; empty without the flag."""
    if path is None:
        return ""
    text = _read(path)
    if not all(map(is_ca, _parsed(path, lambda: parse_chain(text)))):
        raise UsageError(f"{path} is not the certificate of a CA; give {flag} a root certificate")
    return text


def _parsed[T](path: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except InvalidCertificate as error:
        raise UsageError(f"cannot use {path}: {error}") from None


def _read(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_FILE + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, ValueError):
        raise UsageError(f"cannot use {path}: it is not UTF-8 text") from None
    if len(content) > MAX_FILE:
        raise UsageError(f"{path} is longer than {MAX_FILE} bytes")
    return text
