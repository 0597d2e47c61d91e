"""Addresses to listen on."""

import socket
from ipaddress import ip_address
from typing import Final

WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses to listen on that nobody can connect to, and one of those they stand for."""


def parse_address(text: str) -> tuple[str, int]:
    """Read ``HOST:PORT``, as in 127.0.0.1:9001 or [::1]:9001; raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} must be a host, a colon and a port, as in 127.0.0.1:9001")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Tell whether an address or a name is one that only this machine reaches."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_and_port(host: str, port: int) -> str:
    """Write an address as in a URL; one that nobody can connect to as one that it stands for."""
    host = WILDCARDS.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listening_socket(host: str, port: int) -> socket.socket:
    """Open a socket to listen on, on IPv4 where a name has addresses of both kinds; raises OSError.

    An event loop that is told a host starts threads to look it up, and keeps them. In a process with several
    threads the kernel takes more care of every file, which costs each message a little. As with what a loop
    opens, what is written is sent at once: connections have that from the socket that accepts them.
    """
    families = {family for family, *_ in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    try:
        opened = socket.create_server((host, port), family=family)
    except OSError as error:
        reason, _, _ = str(error.strerror).partition(" (while attempting")  # whoever asks knows at what
        raise OSError(error.errno, reason) from None
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened
