"""Sockets to listen on."""

import errno
import os
import socket

import pytest

from mock_csms.transport.address import listening_socket


def test_what_is_written_to_who_connects_is_sent_at_once() -> None:
    with (
        listening_socket("127.0.0.1", 0) as opened,
        socket.create_connection(opened.getsockname()),
        opened.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_name_is_looked_up() -> None:
    with listening_socket("localhost", 0) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6")
def test_an_address_of_ipv6_is_listened_on() -> None:
    with listening_socket("::1", 0) as opened:
        assert opened.getsockname()[0] == "::1"


def test_why_it_cannot_be_opened_is_said_without_what_was_asked_for() -> None:
    with listening_socket("127.0.0.1", 0) as opened, pytest.raises(OSError, match="in use") as failure:
        listening_socket("127.0.0.1", opened.getsockname()[1])
    assert failure.value.strerror == os.strerror(errno.EADDRINUSE)
