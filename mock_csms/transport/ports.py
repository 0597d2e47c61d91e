"""Ports for stations, and how each secures its connections."""

from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, NamedTuple, Protocol


class TlsSetup(NamedTuple):
    """TLS context for one new connection, and the fault to inject, if any."""

    context: SSLContext
    fault: str = ""
    """Name of the TLS fault to inject, for the log and the journal; empty for none."""


class TlsFacts(NamedTuple):
    """Facts of a completed TLS handshake."""

    version: str
    """Protocol version, such as TLSv1.3."""
    cipher: str
    certificate: bytes | None
    """Certificate of the client, DER; None if it sent none."""
    server_name: str | None
    """Host name that the client asked for (SNI)."""
    fault: str
    """Name of the TLS fault that was injected; empty for none."""
    ciphers_offered: str = ""
    """Names of the cipher suites that the client offered."""


class Port(Protocol):
    """A port for stations; its properties are read again for each new connection."""

    @property
    def name(self) -> str:
        """Name of the listener."""

    @property
    def security_profile(self) -> int:
        """Lowest security profile of the port's connections (OCPP 2.0.1 A00); not used by the transport."""

    @property
    def accepts_plain(self) -> bool:
        """Whether the port accepts connections without TLS."""

    @property
    def accepts_tls(self) -> bool:
        """Whether the port accepts TLS. If not, the first bytes of a connection are not examined."""

    @property
    def root_hint(self) -> str:
        """File with the root certificate to install in stations, for log lines; may be empty."""

    def server_certificate_flaw(self, server_name: str | None) -> str:
        """Describe why a client that asks for this host name rejects the certificate, and the remedy.

        Return an empty text if no reason is known.
        """

    def tls(self, peer: Any) -> TlsSetup | None:
        """Choose the TLS setup for a new connection from this address; None if the port does not take TLS."""


@dataclass(frozen=True, slots=True)
class PlainPort:
    """A port without TLS."""

    name: str = "main"
    security_profile: int = 0
    accepts_plain: bool = True
    accepts_tls: bool = False
    root_hint: str = ""

    def server_certificate_flaw(self, server_name: str | None) -> str:
        """Return an empty text: a port without TLS presents no certificate."""
        return ""

    def tls(self, peer: Any) -> TlsSetup | None:
        """Return None: the port does not take TLS."""
        return None
