"""Listening sockets, and the URLs at which clients reach them."""

import errno
import os
import socket

import pytest

from mock_csms.transport.address import host_for, listening_socket, parse_public_url


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


# Public URL


@pytest.mark.parametrize(
    ("text", "url", "place"),
    [
        ("ws://192.0.2.7:9000", "ws://192.0.2.7:9000", "192.0.2.7:9000"),
        ("WSS://CSMS.example.com/", "wss://csms.example.com", "csms.example.com"),
        ("https://csms.example.com/ocpp", "wss://csms.example.com/ocpp", "csms.example.com/ocpp"),
        ("http://[fd00::2]:80", "ws://[fd00::2]:80", "[fd00::2]:80"),
    ],
)
def test_public_url_is_parsed(text: str, url: str, place: str) -> None:
    parsed = parse_public_url(text)

    assert (str(parsed), parsed.place) == (url, place)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "192.0.2.7:9000",
        "ftp://a",
        "ws://",
        "ws://a:0",
        "ws://a:65536",
        "ws://u:p@a",
        "ws://a/?b",
        "ws://a b",
    ],
)
def test_text_that_is_not_a_public_url_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be the URL of a host, as in ws://192\.0\.2\.7:9000"):
        parse_public_url(text)


@pytest.mark.parametrize(
    ("bound", "reached", "host"),
    [
        ("0.0.0.0", "192.0.2.7", "192.0.2.7"),
        ("::", "fd00::2", "fd00::2"),
        ("192.0.2.8", "192.0.2.7", "192.0.2.8"),
        ("0.0.0.0", "fd00::2", "0.0.0.0"),
    ],
)
def test_host_for_a_client_is_the_one_it_has_reached_unless_the_listener_has_its_own(
    bound: str, reached: str, host: str
) -> None:
    assert host_for(bound, reached) == host
