"""Descriptions of failed TLS connections."""

import ssl
from contextlib import suppress

import pytest

from mock_csms.transport.tls_failures import (
    MAX_SUITES_NAMED,
    TLS_REASONS,
    Attempt,
    closed_handshake,
    describe_error,
    failed_handshake,
    suite_name,
)
from tests.support.tls import TlsPort
from tests.transport.test_client_hello import client_hello, with_suites


def error_of(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


@pytest.mark.parametrize("reason", TLS_REASONS)
def test_every_reason_has_complete_words(reason: str) -> None:
    words = describe_error(error_of(reason), TlsPort())
    assert "{" not in words
    assert words.startswith(("it ", "its ", "for it", "a record that it sent"))


def test_unknown_reason_keeps_its_name() -> None:
    assert describe_error(error_of("NEW_REASON"), TlsPort()) == "TLS failed (NEW_REASON)"


def test_root_without_a_file_is_named_in_words() -> None:
    words = describe_error(error_of("TLSV1_ALERT_UNKNOWN_CA"), TlsPort(root_hint=""))
    assert "install this server's root certificate in the station" in words


def test_client_certificate_that_cannot_be_read_is_described() -> None:
    words = describe_error(error_of("CERTIFICATE_VERIFY_FAILED"), TlsPort(), b"not a certificate")
    assert "its client certificate (which is not a valid X.509 certificate) is not accepted" in words


def test_offer_has_versions_host_name_and_protocols() -> None:
    hello = client_hello("TLSv1_3", alpn=["h2"])
    failure = closed_handshake(Attempt(TlsPort(), hello, has_answered=True), "it closed the connection")
    assert "it offered TLS 1.3, " in failure.reason
    assert failure.reason.endswith("host name cs.example, ALPN h2")


def test_several_versions_are_listed() -> None:
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="cs.example").do_handshake()
    failure = closed_handshake(
        Attempt(TlsPort(), outgoing.read(), has_answered=True), "it closed the connection"
    )
    assert "it offered TLS 1.3, 1.2, " in failure.reason


def test_many_cipher_suites_are_named_up_to_a_limit() -> None:
    hello = with_suites(*range(0xC023, 0xC023 + MAX_SUITES_NAMED + 5))
    failure = failed_handshake(Attempt(TlsPort(), hello, has_answered=False), error_of("NO_SHARED_CIPHER"))
    assert "ECDHE-ECDSA-AES128-SHA256" in failure.reason
    assert "and 5 more" in failure.reason


def test_long_host_name_is_cut() -> None:
    hello = client_hello("TLSv1_3", server_name=".".join(["x" * 60] * 4))
    failure = closed_handshake(Attempt(TlsPort(), hello, has_answered=True), "it closed the connection")
    assert failure.facts is not None
    assert len(failure.facts["serverName"]) == 120


def test_unknown_cipher_suite_has_its_number() -> None:
    assert suite_name(0xFFFE) == "0xfffe"
