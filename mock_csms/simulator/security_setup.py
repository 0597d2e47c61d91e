"""Initial security profile, password and certificates of a station."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

type KeyKind = Literal["ecdsa", "rsa"]
type Rotation = Literal["accept", "reject", "reboot"]

HIGHEST_PROFILE: Final = 3
PASSWORD_PROFILES: Final = frozenset({1, 2})
"""Security profiles with HTTP Basic authentication (A00.FR.202, A00.FR.301)."""
TLS_PROFILES: Final = frozenset({2, 3})
CLIENT_CERTIFICATE_PROFILE: Final = 3


@dataclass(frozen=True, kw_only=True)
class SecuritySetup:
    """Credentials of a station before its first connection; certificates and keys are PEM texts."""

    profile: int = 0
    password: str = field(default="", repr=False)
    roots: Mapping[str, str] = MappingProxyType({})
    """Root certificates by their InstallCertificateUseEnumType; one text may hold several."""
    client_chain: str = ""
    """Client certificate and its sub-CAs, leaf first."""
    client_key: str = field(default="", repr=False)
    key_kind: KeyKind = "ecdsa"
    """Kind of the keys that the station generates for certificate signing requests."""
    rotation: Rotation = "accept"
    """Answer to a new BasicAuthPassword: Accepted, Rejected or RebootRequired."""
    contract_chain: str = ""
    """Contract certificate of the vehicles and its sub-CAs, leaf first."""


NO_SECURITY: Final = SecuritySetup()


def scheme_of(security_profile: int) -> str:
    """Scheme of the addresses that a security profile uses."""
    return "wss" if security_profile in TLS_PROFILES else "ws"


def basic_authorization(identity: str, password: str) -> str:
    """Authorization header for HTTP Basic authentication (A00.FR.203 to FR.205)."""
    return f"Basic {b64encode(f'{identity}:{password}'.encode()).decode()}"
