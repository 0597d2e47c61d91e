"""The flags of the `station` command about security."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from mock_csms.errors import UsageError
from mock_csms.launch import COMMAND
from mock_csms.simulator.credential_files import CredentialFiles
from mock_csms.simulator.device_model import BASIC_AUTH_PASSWORD, LocalDeviceModel
from mock_csms.simulator.security_setup import (
    CLIENT_CERTIFICATE_PROFILE,
    HIGHEST_PROFILE,
    PASSWORD_PROFILES,
    KeyKind,
    Rotation,
    SecuritySetup,
    scheme_of,
)
from mock_csms.simulator.trust_store import CSMS_ROOT, MANUFACTURER_ROOT

PASSWORD_VARIABLE: Final = "OCPP_MOCK_PASSWORD"  # noqa: S105 - the name of an environment variable
KEY_KINDS: Final[tuple[KeyKind, ...]] = ("ecdsa", "rsa")
ROTATIONS: Final[tuple[Rotation, ...]] = ("accept", "reject", "reboot")
IDENTITY_FIELD: Final = "{identity}"
DEFAULT_ADDRESS: Final = "127.0.0.1:9000"


def add_security(add: Callable[..., argparse.Action]) -> None:
    """Add the flags about security."""
    add_passwords(add)
    add_certificates(add)


def add_passwords(add: Callable[..., argparse.Action]) -> None:
    """Add the flags about the security profile and the password."""
    add(
        "--security-profile",
        metavar="N",
        type=_profile,
        help="0 none, 1 password, 2 password over TLS, 3 client certificate "
        "(default: the highest that --to and the credentials allow)",
    )
    add("--password", metavar="TEXT", help="password for HTTP Basic; other users of this machine can read it")
    add(
        "--password-file",
        metavar="FILE",
        help=f"file with the password; {IDENTITY_FIELD} in FILE stands for the identity of the station "
        f"(default: the environment variable {PASSWORD_VARIABLE})",
    )
    add(
        "--on-new-password",
        choices=ROTATIONS,
        default="accept",
        help="answer to a new BasicAuthPassword: Accepted, Rejected or RebootRequired (default: accept)",
    )


def add_certificates(add: Callable[..., argparse.Action]) -> None:
    """Add the flags about certificates."""
    add(
        "--ca",
        metavar="FILE",
        help="root to trust for the server's certificate, in PEM (default: the roots of the system)",
    )
    add(
        "--client-cert",
        metavar="FILE",
        help=f"PEM file of the client certificate and its sub-CAs; {IDENTITY_FIELD} in FILE stands for the "
        "identity of the station",
    )
    add(
        "--client-key",
        metavar="FILE",
        help="private key of the client certificate (default: the .key file beside the certificate, or the "
        "file of the certificate itself)",
    )
    add(
        "--pki",
        metavar="DIR",
        help="PKI folder of the server: its roots and its client and contract certificates are used",
    )
    add(
        "--manufacturer-ca",
        metavar="FILE",
        help="manufacturer root that the station trusts when it checks firmware",
    )
    add(
        "--contract",
        metavar="FILE",
        help="contract certificate of the vehicles, for the step plug-and-charge",
    )
    add(
        "--key-type",
        choices=KEY_KINDS,
        default="ecdsa",
        help="kind of the keys for certificate signing requests (default: ecdsa)",
    )


def _profile(text: str) -> int:
    if text not in map(str, range(HIGHEST_PROFILE + 1)):
        raise argparse.ArgumentTypeError(f"expected 0 to {HIGHEST_PROFILE}, not {text!r}")
    return int(text)


def url_of(given: argparse.Namespace) -> str:
    """Address of the server. The default is a TLS address if other flags require TLS."""
    if given.to is not None:
        return str(given.to)
    if given.security_profile is not None:
        scheme = scheme_of(given.security_profile)
    else:
        scheme = "wss" if given.pki or given.ca or given.client_cert else "ws"
    return f"{scheme}://{DEFAULT_ADDRESS}"


def security_of(given: argparse.Namespace, url: str, identity: str, files: CredentialFiles) -> SecuritySetup:
    """Security profile, password and certificates of one station, from the flags; raises UsageError."""
    paths = security_files(given, identity)
    password = _password(given.password, _own_path(given.password_file, identity), files)
    chain, key = files.client_certificate(paths.client_cert, paths.client_key)
    roots = {
        CSMS_ROOT: files.roots(paths.ca, "--ca"),
        MANUFACTURER_ROOT: files.roots(paths.manufacturer_ca, "--manufacturer-ca"),
    }
    profile = given.security_profile
    if profile is None:
        # A password takes precedence over a certificate of the PKI folder, but not over --client-cert.
        is_certificate_meant = bool(chain) and not (password and given.client_cert is None)
        profile = best_profile(url, has_password=bool(password), has_certificate=is_certificate_meant)
    elif problem := profile_problem(profile, url, has_password=bool(password), has_certificate=bool(chain)):
        raise UsageError(f"security profile {profile} {problem}".replace(IDENTITY_FIELD, identity))
    return SecuritySetup(
        profile=profile,
        password=password,
        roots={use: text for use, text in roots.items() if text},
        client_chain=chain,
        client_key=key,
        key_kind=given.key_type,
        rotation=given.on_new_password,
        contract_chain=files.chain(paths.contract),
    )


class SecurityFiles(NamedTuple):
    """The files with certificates of one station; None for a file that is not given."""

    ca: Path | None
    client_cert: Path | None
    client_key: Path | None
    manufacturer_ca: Path | None
    contract: Path | None


def security_files(given: argparse.Namespace, identity: str) -> SecurityFiles:
    """Files that the flags name. Without a flag, use the file in the PKI folder, if it exists.

    Raises UsageError.
    """
    if given.client_key is not None and given.client_cert is None:
        raise UsageError("--client-key needs --client-cert")
    folder = Path(given.pki) if given.pki else None
    if folder is not None and not (folder / "root.pem").is_file():
        raise UsageError(
            f"{folder} has no root.pem; give --pki the PKI folder of a server started with --tls"
        )
    client_cert = _own_path(given.client_cert, identity)
    if client_cert is None and folder is not None:
        made = _own_path(f"{folder}/client/{IDENTITY_FIELD}.pem", identity)
        client_cert = made if made is not None and made.is_file() else None
    return SecurityFiles(
        ca=_named_or_in(given.ca, folder, "root.pem"),
        client_cert=client_cert,
        client_key=_own_path(given.client_key, identity) or (client_cert and key_file_of(client_cert)),
        manufacturer_ca=_named_or_in(given.manufacturer_ca, folder, "manufacturer-root.pem"),
        contract=_named_or_in(given.contract, folder, "contract.pem"),
    )


def _named_or_in(name: str | None, folder: Path | None, default: str) -> Path | None:
    if name is not None:
        return Path(name)
    path = folder and folder / default
    return path if path is not None and path.is_file() else None


def _own_path(name: str | None, identity: str) -> Path | None:
    """Path with the identity filled in. The identity is encoded, so it cannot lead to another folder."""
    encoded = quote(identity, safe="")
    if encoded.startswith("."):
        encoded = f"%2E{encoded[1:]}"
    return None if name is None else Path(name.replace(IDENTITY_FIELD, encoded))


def key_file_of(certificate: Path) -> Path:
    """File with the key of a certificate: the .key file beside it, or the file of the certificate."""
    beside = certificate.with_suffix(".key")
    return beside if beside.is_file() else certificate


def best_profile(url: str, *, has_password: bool, has_certificate: bool) -> int:
    """Highest security profile for an address and credentials; 2 for TLS without any credentials."""
    if urlsplit(url).scheme == "wss":
        return 3 if has_certificate else 2
    return 1 if has_password else 0


def profile_problem(profile: int, url: str, *, has_password: bool, has_certificate: bool) -> str:
    """Return why a station cannot use a security profile; empty if it can."""
    wanted = scheme_of(profile)
    if urlsplit(url).scheme != wanted:
        return f"needs {'TLS' if wanted == 'wss' else 'plain text'}; write --to {wanted}://..."
    if profile in PASSWORD_PROFILES and not has_password:
        return f"needs a password; give --password-file, --password or {PASSWORD_VARIABLE}"
    if profile == CLIENT_CERTIFICATE_PROFILE and not has_certificate:
        return (
            "needs a client certificate; give --client-cert and --client-key, or --pki "
            f"({COMMAND} pki client {IDENTITY_FIELD} makes them)"
        )
    return ""


def _password(text: str | None, path: Path | None, files: CredentialFiles) -> str:
    if text is not None and path is not None:
        raise UsageError("give either --password or --password-file")
    source = ""
    if path is not None:
        text, source = files.password(path), f" in {path}"
    elif text is None:
        text, source = os.environ.get(PASSWORD_VARIABLE, ""), f" in {PASSWORD_VARIABLE}"
        if not text:
            return ""
    if LocalDeviceModel().violation(BASIC_AUTH_PASSWORD, text):
        raise UsageError(f"the password{source} must have 16 to 40 characters and no control characters")
    return text
