"""Listening sockets."""

import errno
import os
import socket

import pytest

from mock_csms.transport.address import listening_socket


def test_accepted_socket_has_nodelay() -> None:
    with (
        listening_socket("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_host_name_is_resolved() -> None:
    with listening_socket("localhost", 0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6")
def test_ipv6_address_is_listened_on() -> None:
    with listening_socket("::1", 0) as listening:
        assert listening.getsockname()[0] == "::1"


def test_error_has_the_reason_without_the_address() -> None:
    with listening_socket("127.0.0.1", 0) as listening, pytest.raises(OSError, match="in use") as failure:
        listening_socket("127.0.0.1", listening.getsockname()[1])
    assert failure.value.strerror == os.strerror(errno.EADDRINUSE)


@pytest.mark.parametrize("host", ["a\0b", "x" * 300, "é" * 300, "a..b"])
def test_host_that_is_no_name_is_an_os_error(host: str) -> None:
    with pytest.raises(OSError, match=r"name|[Nn]ot known|nodename"):
        listening_socket(host, 0)
