"""Addresses of this machine's network interfaces."""

import ctypes
import socket
import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

UP: Final = 1
"""Flag of an interface that is in use (IFF_UP)."""


class _Interface(ctypes.Structure):
    """The first fields of ``struct ifaddrs``. They are the same on Linux, macOS and BSD."""


_Interface._fields_ = [
    ("next", ctypes.POINTER(_Interface)),
    ("name", ctypes.c_char_p),
    ("flags", ctypes.c_uint),
    ("address", ctypes.c_void_p),
]

IPV4: Final = 4, 4
IPV6: Final = 8, 16
"""Offset and size in bytes of an address: IPV4 in ``struct sockaddr_in``, IPV6 in ``sockaddr_in6``."""


def interface_addresses() -> list[str]:
    """Addresses of all interfaces that are up, in the order of the system.

    The standard library has no function for this. Resolving the host name would be the plain way, but a
    name server may take seconds to answer. Windows resolves its own host name without a name server.
    """
    if sys.platform == "win32":
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
        return [str(address[0]) for *_, address in found]
    library = ctypes.CDLL(None, use_errno=True)
    first = ctypes.POINTER(_Interface)()
    if library.getifaddrs(ctypes.byref(first)):
        return []
    try:
        return list(_addresses(first))
    finally:
        library.freeifaddrs(first)


def _addresses(interface: "ctypes._Pointer[_Interface]") -> Iterator[str]:
    while interface:
        entry = interface.contents
        if entry.flags & UP and entry.address:
            family = _family(ctypes.string_at(entry.address, 2))
            if family in {socket.AF_INET, socket.AF_INET6}:
                offset, size = IPV4 if family == socket.AF_INET else IPV6
                yield socket.inet_ntop(family, ctypes.string_at(entry.address + offset, size))
        interface = entry.next


def _family(head: bytes) -> int:
    """Address family at the beginning of a ``struct sockaddr``; BSD and macOS put a length first."""
    return int.from_bytes(head, sys.byteorder) if sys.platform == "linux" else head[1]


ROUTE_PROBES: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses reserved for documentation (RFC 5737, RFC 3849), to which only the default routes lead."""


def route_addresses() -> list[str]:
    """Addresses of this machine on its default routes, of IPv4 and IPv6."""
    addresses = []
    for family, target in ROUTE_PROBES:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))  # sends nothing
                addresses.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return addresses


def reachable_addresses(addresses: Iterable[str], preferred: Iterable[str], version: int) -> list[str]:
    """Choose the addresses of one IP version that stations can use.

    ``preferred`` are the addresses of the default routes; they come first. Loopback comes last. Link-local
    addresses are left out: a URL with such an address would have to name the station's network interface.
    """
    parsed = [ip_address(address) for address in (*preferred, *addresses)]
    usable = [one for one in dict.fromkeys(parsed) if one.version == version and not one.is_link_local]
    return [str(one) for one in sorted(usable, key=_is_loopback)]


def _is_loopback(address: IPv4Address | IPv6Address) -> bool:
    return address.is_loopback
