"""Addresses of the network interfaces."""

import socket

import psutil
import pytest

from mock_csms.transport.interfaces import interface_addresses, reachable_addresses


def test_addresses_are_those_of_the_interfaces_that_are_up() -> None:
    is_up = {name: status.isup for name, status in psutil.net_if_stats().items()}
    expected = {
        address.address.partition("%")[0]
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if is_up[name] and address.family in {socket.AF_INET, socket.AF_INET6}
    }

    assert set(interface_addresses()) == expected
    assert "127.0.0.1" in expected


FOUND = ["127.0.0.1", "169.254.7.7", "10.8.0.2", "192.168.1.20", "::1", "fe80::1", "fd00::2"]


@pytest.mark.parametrize(
    ("version", "expected"), [(4, ["192.168.1.20", "10.8.0.2", "127.0.0.1"]), (6, ["fd00::2", "::1"])]
)
def test_reachable_addresses_begin_with_the_default_route_and_end_with_loopback(
    version: int, expected: list[str]
) -> None:
    assert reachable_addresses(FOUND, ["192.168.1.20"], version) == expected
