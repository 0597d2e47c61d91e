"""Addresses to listen on."""

import errno
import re
import socket
from ipaddress import ip_address
from typing import Final, NamedTuple

MAX_PORT: Final = 65535
ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""For each wildcard address of a listener, the loopback address on which this machine reaches it."""


def parse_address(text: str) -> tuple[str, int]:
    """Parse ``HOST:PORT``, as in 127.0.0.1:9001 or [::1]:9001; raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > MAX_PORT:
        raise ValueError(f"{text!r} must be a host, a colon and a port, as in 127.0.0.1:9001")
    return host.strip("[]"), int(port)


class PublicUrl(NamedTuple):
    """URL under which stations reach the server through NAT, a proxy or a container's published port."""

    is_secure: bool
    host: str
    """Host name or address, without brackets."""
    port: int | None
    path: str
    """Path without a slash at the end; usually empty."""

    def __str__(self) -> str:
        return f"{'wss' if self.is_secure else 'ws'}://{self.place}"

    @property
    def place(self) -> str:
        """Host, port and path, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}{'' if self.port is None else f':{self.port}'}{self.path}"


PUBLIC_URL: Final = re.compile(
    r"(?P<scheme>wss?|https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(/[a-z0-9._~-]+)*)/?",
    re.IGNORECASE | re.ASCII,
)


def parse_public_url(text: str) -> PublicUrl:
    """Parse ``ws://HOST:PORT``, ``wss://...`` or the same with http and https; raises ValueError."""
    match = PUBLIC_URL.fullmatch(text)
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (port is not None and not 0 < port <= MAX_PORT):
        raise ValueError(
            f"{text!r} must be the URL of a host, as in ws://192.0.2.7:9000 or wss://csms.example.com"
        )
    is_secure = match["scheme"].lower() in {"wss", "https"}
    return PublicUrl(is_secure, match["host"].strip("[]").lower(), port, match["path"])


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address or host name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_for(bound: str, reached: str) -> str:
    """Host of a listener for a client that has reached this machine at the address ``reached``.

    The host is ``reached`` if the listener is bound to the wildcard address of the same IP version. Otherwise
    it is ``bound``, the address of the listener.
    """
    if bound not in ANY_ADDRESS or (":" in reached) != (":" in bound):
        return bound
    return reached


def host_and_port(host: str, port: int) -> str:
    """Format an address as in a URL; a wildcard becomes the loopback address."""
    host = ANY_ADDRESS.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listening_socket(host: str, port: int) -> socket.socket:
    """Open a listening socket, on IPv4 if the host has IPv4 and IPv6 addresses; raises OSError.

    ``loop.create_server(host=...)`` would be plainer, but it resolves the host in a thread that never ends.
    Once a process has several threads, the kernel counts references on every file that it uses; this costs
    each message a little time.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except ValueError:  # also UnicodeError, from labels that IDNA does not allow
        raise OSError(errno.EINVAL, "not a valid host name or address") from None
    families = {family for family, *_ in addresses}
    family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        reason, _, _ = str(error.strerror).partition(" (while attempting")  # the caller names the address
        raise OSError(error.errno, reason) from None
    # Accepted sockets inherit TCP_NODELAY, so that an answer is sent without waiting for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
