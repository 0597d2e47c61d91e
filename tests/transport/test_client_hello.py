"""Parsing a ClientHello."""

import ssl
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from mock_csms.transport.client_hello import ClientHello, parse_client_hello


def client_hello(
    version: str, *, server_name: str | None = "cs.example", alpn: list[str] | None = None
) -> bytes:
    """ClientHello of OpenSSL for one TLS version."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    if alpn:
        context.set_alpn_protocols(alpn)
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=server_name)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


HELLO = client_hello("TLSv1_3", alpn=["h2", "http/1.1"])


def parsed(data: bytes) -> ClientHello:
    hello = parse_client_hello(data)
    assert hello is not None
    return hello


def with_suites(*suites: int) -> bytes:
    """ClientHello of TLS 1.2 with these cipher suites, without extensions."""
    listed = b"".join(suite.to_bytes(2) for suite in suites)
    body = b"\x03\x03" + bytes(32) + b"\x00" + len(listed).to_bytes(2) + listed + b"\x01\x00"
    message = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + len(message).to_bytes(2) + message


def test_hello_of_tls_1_3_lists_versions_name_and_protocols() -> None:
    hello = parsed(HELLO)
    assert hello.versions == ("TLSv1.3",)
    assert hello.lists_versions
    assert hello.server_name == "cs.example"
    assert hello.protocols == ("h2", "http/1.1")
    assert 0x1301 in hello.ciphers


def test_hello_of_tls_1_2_has_only_its_highest_version() -> None:
    hello = parsed(client_hello("TLSv1_2", server_name=None))
    assert hello.versions == ("TLSv1.2",)
    assert not hello.lists_versions
    assert hello.server_name is None


def test_hello_in_two_records_is_joined() -> None:
    message = HELLO[5:]
    parts = [message[:50], message[50:]]
    assert parsed(b"".join(b"\x16\x03\x01" + len(part).to_bytes(2) + part for part in parts)) == parsed(HELLO)


def test_signalling_and_made_up_suites_are_left_out() -> None:
    assert parsed(with_suites(0x0A0A, 0xC02B, 0x00FF, 0x5600, 0x1A1A)).ciphers == (0xC02B,)


def test_hello_that_is_cut_short_keeps_its_complete_parts() -> None:
    hello = parsed(HELLO[:120])
    assert 0x1301 in hello.ciphers
    assert hello.versions == ()


def test_server_name_with_control_characters_is_quoted() -> None:
    assert parsed(HELLO.replace(b"cs.example", b"cs\nexample")).server_name == r"'cs\nexample'"


def test_other_handshake_message_is_not_a_hello() -> None:
    assert parse_client_hello(HELLO[:5] + b"\x02" + HELLO[6:]) is None


@given(st.integers(0, len(HELLO)), st.integers(0, len(HELLO) - 1), st.integers(0, 255))
def test_no_damaged_hello_raises(length: int, position: int, byte: int) -> None:
    parse_client_hello(HELLO[:length])
    parse_client_hello(HELLO[:position] + bytes([byte]) + HELLO[position + 1 :])


@given(st.binary(max_size=300))
def test_no_random_bytes_raise(data: bytes) -> None:
    parse_client_hello(data)
    parse_client_hello(b"\x16\x03\x01\x01\x00\x01" + data)
