"""Sockets to listen on."""

import errno
import os
import socket

import pytest

from mock_csms.address import listener


def test_what_is_written_to_who_connects_is_sent_at_once() -> None:
    with (
        listener("127.0.0.1", 0, 1) as opened,
        socket.create_connection(opened.getsockname()),
        opened.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_name_is_looked_up() -> None:
    with listener("localhost", 0, 1) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"


def test_why_it_cannot_be_opened_is_said_without_what_was_asked_for() -> None:
    with listener("127.0.0.1", 0, 1) as opened, pytest.raises(OSError, match="in use") as failure:
        listener("127.0.0.1", opened.getsockname()[1], 1)
    assert failure.value.strerror == os.strerror(errno.EADDRINUSE)
