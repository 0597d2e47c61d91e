"""Settings of the listeners: addresses, TLS, and limits of connections."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PositiveInt,
    model_validator,
)

from mock_csms.behaviour.faults import TLS_FAULTS
from mock_csms.settings.field_types import (
    LISTENING_GROUP,
    SECURITY_GROUP,
    SOME_SECONDS,
    TRUE_OR_FALSE,
    WHOLE_NUMBER,
    FilePath,
    FilePaths,
    Period,
    Words,
    setting,
)
from mock_csms.settings.station_settings import Profile
from mock_csms.text import suggest_or_list
from mock_csms.transport.address import ANY_ADDRESS, PublicUrl, parse_public_url

MAIN_LISTENER: Final = "main"
"""Name of the listener of ``--port``."""
TLS_LISTENER: Final = "tls"
"""Name of the listener of ``--tls-port``."""
LISTENER_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")
MAX_LISTENERS: Final = 100
"""Maximum number of ``[listeners.NAME]`` tables."""
PKI_FOLDER: Final = Path(".pki")
"""Default folder of the PKI of a server with TLS."""
LOWEST_TLS_PROFILE: Final = 2
"""Lowest security profile that requires TLS (Part 2 A00)."""


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return origins in the form that browsers send: in lower case, without a slash at the end."""
    origins = tuple(value.lower().rstrip("/") for value in values)
    for origin in origins:
        if origin != "null" and not ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} must be a scheme, a host and, if needed, a port, as in http://localhost:3000"
            )
    return origins


ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#]+")
"""An origin as in the Origin header (RFC 6454 6.2)."""

Origins = Annotated[Words, AfterValidator(_origins)]


class TlsFaultPlan(NamedTuple):
    """A fault of the next ``times`` TLS connections, or of all TLS connections if ``times`` is None."""

    kind: str
    times: int | None = None

    def __str__(self) -> str:
        return self.kind if self.times is None else f"{self.kind}={self.times}"


def _tls_fault(value: object) -> object:
    """Parse a text ``KIND[=TIMES]`` into a `TlsFaultPlan`; return other values unchanged."""
    if not isinstance(value, str):
        return value
    kind, equals, times = value.strip().partition("=")
    if kind not in TLS_FAULTS:
        raise ValueError(f"there is no TLS fault {kind!r}{suggest_or_list(kind, TLS_FAULTS)}")
    if not equals:
        return TlsFaultPlan(kind)
    if not times.isdecimal() or not 0 < int(times) <= MAX_FAULTY_CONNECTIONS:
        raise ValueError(f"{value!r} must end in a number of connections, as in {kind}=2")
    return TlsFaultPlan(kind, int(times))


MAX_FAULTY_CONNECTIONS: Final = 1_000_000_000

TlsFaultSetting = Annotated[TlsFaultPlan, BeforeValidator(_tls_fault), PlainSerializer(str, return_type=str)]
CertificateChoice = Annotated[str, Field(min_length=1, max_length=100)]
"""Server certificates to present: both, rsa, ecdsa, or the name of a certificate in the PKI."""


class ListenerSettings(BaseModel):
    """A table of ``[listeners]``: a port for stations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Annotated[int, Field(ge=0, le=65535)]
    host: str | None = None
    """Address to listen on; None: the address of ``--host``."""
    security_profile: Annotated[int, Field(ge=0, le=3)] = 0
    """Lowest security profile with which stations may connect."""
    tls: bool = False
    plain: bool = True
    """Whether connections without TLS are accepted."""
    certificate: CertificateChoice = "both"
    tls_fault: TlsFaultSetting | None = None

    @model_validator(mode="before")
    @classmethod
    def _implies_tls(cls, value: object) -> object:
        """Set ``tls`` if it is missing: true if the security profile is 2 or 3, or if ``plain`` is false."""
        if not isinstance(value, dict) or "tls" in value:
            return value
        profile = value.get("security_profile", 0)
        needs_tls = isinstance(profile, int) and profile >= LOWEST_TLS_PROFILE
        return {**value, "tls": needs_tls or value.get("plain") is False}

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if not self.tls and self.security_profile >= LOWEST_TLS_PROFILE:
            raise ValueError(f"security_profile = {self.security_profile} needs TLS; set tls = true")
        if not self.tls and not self.plain:
            raise ValueError("a listener accepts plain text, TLS, or both; set plain = true or tls = true")
        if not self.tls and self.tls_fault:
            raise ValueError("tls_fault needs tls = true")
        return self


def _public_url(value: object) -> object:
    return parse_public_url(value.strip()) if isinstance(value, str) else value


PublicUrlSetting = Annotated[PublicUrl, BeforeValidator(_public_url), PlainSerializer(str, return_type=str)]
ListenerTables = Annotated[dict[str, ListenerSettings], Field(max_length=MAX_LISTENERS)]


class ListeningSettings(Profile):
    """Settings of the listeners, and the defaults for every station."""

    config: FilePath | None = setting(
        None,
        "TOML file with settings, tokens, rules and station profiles; the server reloads it when it changes",
        group=LISTENING_GROUP,
        expected="a path",
        example="examples/pending-boot.toml",
        metavar="FILE",
    )
    host: str = setting(
        "127.0.0.1",
        "address to listen on; 0.0.0.0 stands for all interfaces",
        group=LISTENING_GROUP,
        expected="an address of this machine",
        example="0.0.0.0",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = setting(
        9000,
        "TCP port to listen on; 0 picks a free one",
        group=LISTENING_GROUP,
        expected="a port from 0 to 65535",
        example="9000",
    )
    public_url: PublicUrlSetting | None = setting(
        None,
        "URL under which stations reach --port through NAT, a proxy or a container, such as "
        "ws://192.0.2.7:9000. Commands such as UpdateFirmware then point stations to this address",
        group=LISTENING_GROUP,
        expected="a URL such as ws://192.0.2.7:9000",
        example="wss://csms.example.com",
        metavar="URL",
    )
    max_connections: PositiveInt = setting(
        20_000,
        "maximum number of open connections; any further connection is refused with HTTP 503",
        group=LISTENING_GROUP,
        expected=WHOLE_NUMBER,
        example="100",
        metavar="NUMBER",
    )
    max_message_size: PositiveInt = setting(
        2**20,
        "maximum size of a message in bytes; a larger message closes the connection with code 1009",
        group=LISTENING_GROUP,
        expected="a whole number of bytes greater than 0",
        example="65536",
        metavar="BYTES",
    )
    compression: bool = setting(
        True,
        "negotiate permessage-deflate with stations that offer it",
        group=LISTENING_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    ping_interval: Period | None = setting(
        None,
        "send WebSocket pings at this interval in seconds (default: no pings)",
        group=LISTENING_GROUP,
        expected=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    ping_timeout: Period = setting(
        20.0,
        "seconds to wait for the pong after a ping; without a pong, the connection is closed",
        group=LISTENING_GROUP,
        expected=SOME_SECONDS,
        example="20",
        metavar="SECONDS",
    )
    station_origins: Origins = setting(
        (),
        "web origins whose pages may connect as a station, such as http://localhost:3000 (default: any "
        "origin). Stations outside a browser send no origin and are always admitted",
        group=LISTENING_GROUP,
        expected="a list of origins",
        example="http://localhost:3000",
        metavar="ORIGIN",
        many="words",
    )
    no_common_subprotocol: Literal["close", "refuse"] = setting(
        "close",
        "treatment of a station that offers none of the server's subprotocols. close: complete the "
        "handshake, then close the connection (OCPP-J 3.2); refuse: refuse the handshake with HTTP 400, as "
        "test case TC_B_58_CSMS expects",
        group=LISTENING_GROUP,
        expected="close or refuse",
        example="refuse",
        metavar="HOW",
    )
    ready_file: FilePath | None = setting(
        None,
        "JSON file to write as soon as the server listens, with its addresses and process id; the file is "
        "removed at exit",
        group=LISTENING_GROUP,
        expected="a path",
        example="ready.json",
        metavar="PATH",
    )

    tls: bool = setting(
        False,
        "accept TLS (wss://) beside plain text on --port; --security-profile 2 and 3 imply --tls",
        group=SECURITY_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    tls_port: Annotated[int, Field(ge=0, le=65535)] | None = setting(
        None,
        "additional TCP port, which accepts TLS only; 0 picks a free one",
        group=SECURITY_GROUP,
        expected="a port from 0 to 65535",
        example="9443",
        metavar="PORT",
    )
    pki: FilePath | None = setting(
        None,
        "folder of the certificates and private keys that the server makes for itself and for stations "
        "(default: .pki if any port accepts TLS; otherwise the server keeps them in memory)",
        group=SECURITY_GROUP,
        expected="a path",
        example="test-pki",
        metavar="FOLDER",
    )
    tls_name: Words = setting(
        (),
        "additional host names and addresses for the server certificates; localhost and the names and "
        "addresses of this machine are always included",
        group=SECURITY_GROUP,
        expected="a list of names or addresses",
        example="csms.example.org 192.0.2.7",
        metavar="NAME",
        many="words",
    )
    tls_cert: FilePaths = setting(
        (),
        "server certificate chain of your own, in PEM, leaf first; replaces the server certificates of "
        "--pki. Give two files to use both an RSA and an ECDSA certificate",
        group=SECURITY_GROUP,
        expected="a list of paths",
        example="server.pem",
        metavar="FILE",
        many="words",
    )
    tls_key: FilePaths = setting(
        (),
        "private key of each --tls-cert, in the same order",
        group=SECURITY_GROUP,
        expected="a list of paths",
        example="server.key",
        metavar="FILE",
        many="words",
    )
    tls_ca: FilePath | None = setting(
        None,
        "PEM file of additional certificate authorities (CAs). The server trusts client certificates of "
        "these CAs and of --pki",
        group=SECURITY_GROUP,
        expected="a path",
        example="station-ca.pem",
        metavar="FILE",
    )
    client_identity: Literal["cn", "serial-number", "any"] = setting(
        "cn",
        "part of a client certificate (security profile 3) to compare with the station. It must equal the "
        "station's identity or the serial number in its BootNotification. cn: the common name; "
        "serial-number: the serialNumber of the "
        "subject; any: nothing has to match, so any trusted certificate is accepted",
        group=SECURITY_GROUP,
        expected="cn, serial-number or any",
        example="serial-number",
        metavar="WHERE",
    )
    client_organization: Annotated[str, Field(min_length=1, max_length=100)] | None = setting(
        None,
        "organization (O) that a client certificate must name, as A00.FR.404 requires (default: any)",
        group=SECURITY_GROUP,
        expected="the name of an organization",
        example="'Example CSO'",
        metavar="NAME",
    )
    serial_number_mismatch: Literal["log", "close"] = setting(
        "log",
        "reaction to a BootNotification whose serial number is not in the client certificate. log: only log "
        "it; close: also close the connection after the answer, as B01.FR.12 requires",
        group=SECURITY_GROUP,
        expected="log or close",
        example="close",
        metavar="WHAT",
    )
    tls_fault: TlsFaultSetting | None = setting(
        None,
        "fault to inject into TLS connections: KIND for every connection, or KIND=TIMES for the next TIMES "
        f"connections. KIND is one of {', '.join(TLS_FAULTS)}",
        group=SECURITY_GROUP,
        expected="a TLS fault",
        example="expired=2",
        metavar="FAULT",
    )

    listeners: ListenerTables = Field(default_factory=dict)
    """Additional listeners, by name."""

    @model_validator(mode="after")
    def _check_listeners(self) -> Self:
        for name in self.listeners:
            if name in {MAIN_LISTENER, TLS_LISTENER}:
                flag = "--port" if name == MAIN_LISTENER else "--tls-port"
                raise ValueError(
                    f"{name} is the name of the listener of {flag}; give [listeners.{name}] another name"
                )
            if not LISTENER_NAME.fullmatch(name):
                raise ValueError(
                    f"{name[:60]!r} is not a name for a listener; use up to 50 letters, digits, - and _"
                )
        if conflict := next(_shared_ports(self.all_listeners, self.host), None):
            raise ValueError(conflict)
        if flaw := _flaw_of_tls(self):
            raise ValueError(flaw)
        return self

    @property
    def all_listeners(self) -> dict[str, ListenerSettings]:
        """Every listener by name: the listeners of ``--port`` and ``--tls-port``, and of ``[listeners]``."""
        listeners = {
            MAIN_LISTENER: ListenerSettings(
                port=self.port, tls=self.takes_tls, tls_fault=self.tls_fault if self.takes_tls else None
            )
        }
        if self.tls_port is not None:
            listeners[TLS_LISTENER] = ListenerSettings(
                port=self.tls_port, tls=True, plain=False, tls_fault=self.tls_fault
            )
        for name, listener in self.listeners.items():
            inherits_fault = listener.tls and "tls_fault" not in listener.model_fields_set
            fault = {"tls_fault": self.tls_fault} if inherits_fault else {}
            listeners[name] = listener.model_copy(update=fault)
        return listeners

    @property
    def takes_tls(self) -> bool:
        """Whether the listener of ``--port`` accepts TLS."""
        return self.tls or max(self.security_profiles) >= LOWEST_TLS_PROFILE

    @property
    def security_profiles(self) -> frozenset[int]:
        """Values of ``security_profile`` in the settings."""
        return frozenset({self.security_profile})

    @property
    def uses_tls(self) -> bool:
        """Whether any listener accepts TLS."""
        return any(listener.tls for listener in self.all_listeners.values())

    @property
    def pki_folder(self) -> Path | None:
        """Folder of the PKI; None (a PKI in memory) if ``--pki`` is not set and no listener accepts TLS."""
        return self.pki or (PKI_FOLDER if self.uses_tls else None)


def _shared_ports(listeners: Mapping[str, ListenerSettings], host: str) -> Iterator[str]:
    """Yield a sentence for each port that two listeners would use."""
    ports = Counter(listener.port for listener in listeners.values() if listener.port)
    for port, count in ports.items():
        names = [name for name, listener in listeners.items() if listener.port == port]
        hosts = {listeners[name].host or host for name in names}
        if count > 1 and (len(hosts) < count or not hosts.isdisjoint(ANY_ADDRESS)):
            yield f"the listeners {' and '.join(names)} both have port {port}; give each its own port"


def _flaw_of_tls(settings: ListeningSettings) -> str:
    """Describe the first conflict between TLS settings; empty if there is none."""
    certificates, keys = len(settings.tls_cert), len(settings.tls_key)
    if certificates != keys:
        return (
            f"--tls-cert names {_files(certificates)}, but --tls-key {_files(keys)}; give each certificate "
            "its private key, in the same order"
        )
    if not settings.uses_tls:
        for name in ("tls_cert", "tls_ca", "tls_name", "tls_fault"):
            if getattr(settings, name):
                flag = f"--{name.replace('_', '-')}"
                return f"{flag} needs TLS; add --tls, --tls-port or --security-profile 2"
    return ""


def _files(number: int) -> str:
    return f"{number or 'no'} file{'' if number == 1 else 's'}"
