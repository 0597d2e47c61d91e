"""Names and addresses under which stations may reach this machine."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import Final

from mock_csms.transport.interfaces import interface_addresses, reachable_addresses, route_addresses

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", re.ASCII)


def server_names(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names for the server's certificates, the given names first; raises ValueError.

    Localhost, the loopback addresses, the host name and the addresses of the interfaces follow. No name
    server is asked, because that could take seconds.
    """
    own = (*LOCAL_NAMES, *_host_names(), *_own_addresses())
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


def _own_addresses() -> list[str]:
    found, preferred = interface_addresses(), route_addresses()
    return [address for version in (4, 6) for address in reachable_addresses(found, preferred, version)]
