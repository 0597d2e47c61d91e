"""Names and addresses under which stations may reach this machine."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import Final

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", re.ASCII)
_PROBES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Documentation addresses (RFC 5737, RFC 3849); they are reached by the default routes."""


def server_names(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names for the server's certificates, the given names first; raises ValueError.

    Localhost, the loopback addresses, the host name and the addresses of the default routes follow. No name
    server is asked, because that could take seconds.
    """
    own = (*LOCAL_NAMES, *_host_names(), *_route_addresses())
    return tuple(dict.fromkeys((*map(checked_server_name, given), *own)))


def _host_names() -> list[str]:
    """The host name, and the name under which multicast DNS announces it."""
    name = socket.gethostname().lower()
    if not _HOST_NAME.fullmatch(name):
        return []
    return [name] if "." in name else [name, f"{name}.local"]


def checked_server_name(name: str) -> str:
    """Return a host name in ASCII or an address in its usual spelling; raises ValueError."""
    if "*" in name:
        raise ValueError(f"{name!r} has a wildcard, which stations may reject; write each name")
    try:
        return str(ipaddress.ip_address(name.partition("%")[0]))  # a certificate cannot name the interface
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a host name or IP address; write one such as csms.example.com")
    return name.lower()


def _route_addresses() -> list[str]:
    addresses = []
    for family, target in _PROBES:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))  # sends nothing
                addresses.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return addresses
