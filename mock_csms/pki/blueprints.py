"""The certificates of the PKI by name: subject, issuer, key and lifetime of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

KeyType = Literal["ecdsa", "rsa"]

ORGANIZATION: Final = "OCPP2 Mock Server"
"""O of every subject (A00.FR.509)."""
CLOCK_TOLERANCE: Final = timedelta(hours=1)
"""Time from the start of the validity to the issue, for stations whose clock is behind (A02.FR.06 errata)."""
LEAF_LIFETIME: Final = timedelta(days=365)
CA_LIFETIME: Final = timedelta(days=3650)

_SIGNATURE = ("digital_signature",)
_AGREEMENT = ("digital_signature", "key_agreement")
_TRANSPORT = ("digital_signature", "key_encipherment")
_SIGNING = ("digital_signature", "key_cert_sign", "crl_sign")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """The contents of a certificate, from which the PKI can make it again at any time."""

    common_name: str
    issuer: str = ""
    """Name of the issuing certificate; empty if the certificate signs itself."""
    key_type: KeyType = "ecdsa"
    is_ca: bool = False
    path_length: int | None = None
    """Maximum number of sub-CAs below a CA; None for any."""
    key_usage: tuple[str, ...]
    domain: str = ""
    """DC of the subject, which ISO 15118-2 requires."""
    for_server: bool = False
    """Whether the certificate carries the server's names."""
    start: timedelta = -CLOCK_TOLERANCE
    """Start of the validity, relative to the time of making."""
    lifetime: timedelta = LEAF_LIFETIME
    renews: bool = True
    """Whether the certificate is renewed before it expires."""


def _ca(common_name: str, issuer: str = "", path_length: int | None = None, domain: str = "") -> Blueprint:
    return Blueprint(
        common_name=common_name,
        issuer=issuer,
        is_ca=True,
        path_length=path_length,
        key_usage=_SIGNING,
        domain=domain,
        lifetime=CA_LIFETIME,
    )


def key_usage_of(key_type: KeyType, *, for_server: bool = False) -> tuple[str, ...]:
    """Key usages of a TLS certificate (A00.FR.512).

    An RSA key of a server needs key_encipherment for cipher suites without ECDHE.
    """
    if key_type == "ecdsa":
        return _AGREEMENT
    return _TRANSPORT if for_server else _SIGNATURE


def _server(key_type: KeyType) -> Blueprint:
    return Blueprint(
        common_name="localhost",
        issuer="intermediate",
        key_type=key_type,
        key_usage=key_usage_of(key_type, for_server=True),
        for_server=True,
    )


def _firmware(key_type: KeyType) -> Blueprint:
    """Firmware signing certificate, issued directly by a root (L01, remarks).

    An RSA key signs firmware with RSA-PSS (L01.FR.04).
    """
    return Blueprint(
        common_name=f"{ORGANIZATION} Firmware",
        issuer="manufacturer-root",
        key_type=key_type,
        key_usage=_SIGNATURE,
    )


def _expired(good: Blueprint) -> Blueprint:
    return replace(good, start=-LEAF_LIFETIME, lifetime=LEAF_LIFETIME - timedelta(days=1), renews=False)


def _not_yet_valid(good: Blueprint) -> Blueprint:
    return replace(good, start=CA_LIFETIME)


def _wrong_name(good: Blueprint) -> Blueprint:
    return replace(good, common_name="wrong-name.invalid", for_server=False)


def _unknown_ca(good: Blueprint) -> Blueprint:
    return replace(good, issuer="unknown-root")


def _self_signed(good: Blueprint) -> Blueprint:
    return replace(good, issuer="")


FAULTS: Final = {
    "expired": _expired,
    "not-yet-valid": _not_yet_valid,
    "wrong-name": _wrong_name,
    "unknown-ca": _unknown_ca,
    "self-signed": _self_signed,
}
"""Functions that make the blueprint of a faulty certificate from a good one, by the name of the fault."""

CLIENT_KIND: Final = re.compile(rf"((?P<fault>{'|'.join(FAULTS)})-)?client(?P<rsa>-rsa)?")
"""Pattern of the part before the slash in a client certificate's name, such as ``expired-client-rsa``."""

KEY_TYPES: Final[tuple[KeyType, ...]] = ("ecdsa", "rsa")

BASIC_BLUEPRINTS: Final[Mapping[str, Blueprint]] = {
    "root": _ca(f"{ORGANIZATION} Root CA"),
    "intermediate": _ca(f"{ORGANIZATION} Intermediate CA", "root", 0),
    **{f"server-{key_type}": _server(key_type) for key_type in KEY_TYPES},
    "v2g-root": _ca(f"{ORGANIZATION} V2G Root CA", domain="V2G"),
    "v2g-sub-ca-1": _ca(f"{ORGANIZATION} CPO Sub-CA 1", "v2g-root", 1, "V2G"),
    "v2g-sub-ca-2": _ca(f"{ORGANIZATION} CPO Sub-CA 2", "v2g-sub-ca-1", 0, "V2G"),
    "secc": Blueprint(common_name="SECC-0001", issuer="v2g-sub-ca-2", key_usage=_AGREEMENT, domain="CPO"),
    "mo-root": _ca(f"{ORGANIZATION} MO Root CA", domain="MO"),
    "mo-sub-ca-1": _ca(f"{ORGANIZATION} MO Sub-CA 1", "mo-root", 1, "MO"),
    "mo-sub-ca-2": _ca(f"{ORGANIZATION} MO Sub-CA 2", "mo-sub-ca-1", 0, "MO"),
    "contract": Blueprint(
        common_name="NLMCKC00000001", issuer="mo-sub-ca-2", key_usage=_AGREEMENT, domain="MO"
    ),
    "manufacturer-root": _ca(f"{ORGANIZATION} Manufacturer Root CA"),
    "firmware": _firmware("rsa"),
}
"""Certificates that every PKI has."""

BLUEPRINTS: Final[Mapping[str, Blueprint]] = {
    **BASIC_BLUEPRINTS,
    "firmware-ecdsa": _firmware("ecdsa"),
    "unknown-root": _ca("Unknown Root CA"),
    "second-root": _ca(f"{ORGANIZATION} Second Root CA", "root"),
    "second-server": replace(_server("ecdsa"), issuer="second-root"),
    "root-expired": _expired(BASIC_BLUEPRINTS["root"]),
    **{
        f"{fault}-{key_type}": make(_server(key_type))
        for fault, make in FAULTS.items()
        for key_type in KEY_TYPES
    },
    **{
        f"firmware-{fault}": FAULTS[fault](BASIC_BLUEPRINTS["firmware"])
        for fault in ("expired", "not-yet-valid", "unknown-ca", "self-signed")
    },
    "contract-expired": _expired(BASIC_BLUEPRINTS["contract"]),
    "contract-unknown-ca": _unknown_ca(BASIC_BLUEPRINTS["contract"]),
}
"""All certificates with a fixed name; certificates that are not basic are made on demand."""

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "server": tuple(f"server-{key_type}" for key_type in KEY_TYPES),
    **{fault: tuple(f"{fault}-{key_type}" for key_type in KEY_TYPES) for fault in FAULTS},
    **{name: (name,) for name in BLUEPRINTS if not name.startswith(("server-", *FAULTS))},
}
"""Names of the certificates of each kind; a server has an ECDSA and an RSA certificate (A00.FR.421)."""


def client_name(identity: str, key_type: KeyType = "ecdsa", fault: str = "") -> str:
    """Name of the client certificate of a station, with the name of a fault for a faulty certificate."""
    kind = "client" if key_type == "ecdsa" else f"client-{key_type}"
    return f"{fault}-{kind}/{identity}" if fault else f"{kind}/{identity}"


def client_blueprint(name: str) -> Blueprint | None:
    """Blueprint of a client certificate by its name, or None for another name."""
    kind, slash, identity = name.partition("/")
    match = CLIENT_KIND.fullmatch(kind)
    if not (slash and match):
        return None
    key_type: KeyType = "rsa" if match["rsa"] else "ecdsa"
    good = Blueprint(
        common_name=identity, issuer="intermediate", key_type=key_type, key_usage=key_usage_of(key_type)
    )
    return FAULTS[match["fault"]](good) if match["fault"] else good
