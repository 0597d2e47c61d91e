"""Addresses to listen on."""

import errno
import socket
from ipaddress import ip_address
from typing import Final

ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Loopback address for a client, by the wildcard address of the listener."""


def parse_address(text: str) -> tuple[str, int]:
    """Parse ``HOST:PORT``, as in 127.0.0.1:9001 or [::1]:9001; raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} must be a host, a colon and a port, as in 127.0.0.1:9001")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address or host name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_and_port(host: str, port: int) -> str:
    """Format an address as in a URL; a wildcard becomes the loopback address."""
    host = ANY_ADDRESS.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listening_socket(host: str, port: int) -> socket.socket:
    """Open a listening socket, on IPv4 if the host has addresses of both families; raises OSError.

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
