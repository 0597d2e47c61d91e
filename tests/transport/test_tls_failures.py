"""Descriptions of failed TLS connections."""

import ssl
from collections.abc import Callable
from contextlib import suppress

import pytest

from mock_csms.transport.handshake import HandshakeFailure
from mock_csms.transport.tls_failures import (
    MAX_SUITES_NAMED,
    TLS_REASONS,
    Attempt,
    closed_before_request,
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
    assert describe_error(error_of("NEW_REASON"), TlsPort()) == (
        "TLS failed with the OpenSSL error NEW_REASON; see the log of the station"
    )


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


FLAW = "this port presents the certificate self-signed-rsa"
FLAW_OF_NAME = "the host name cs.example that it asked for is not in the certificate"


@pytest.mark.parametrize(
    ("reason", "is_of_name"),
    [
        ("TLSV1_ALERT_UNKNOWN_CA", False),
        ("TLSV1_ALERT_DECRYPT_ERROR", False),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", False),
        ("SSLV3_ALERT_BAD_CERTIFICATE", True),
        ("SSLV3_ALERT_CERTIFICATE_UNKNOWN", True),
    ],
)
def test_alert_about_the_certificate_has_its_known_flaw(reason: str, is_of_name: bool) -> None:
    def words_of(port: TlsPort) -> str:
        attempt = Attempt(port, client_hello("TLSv1_3"), has_answered=True)
        return failed_handshake(attempt, error_of(reason)).reason

    assert f"; {FLAW}; it offered" in words_of(TlsPort(flaw=FLAW))
    assert (FLAW_OF_NAME in words_of(TlsPort(flaw_of_name=FLAW_OF_NAME))) is is_of_name


@pytest.mark.parametrize("describe", [closed_handshake, closed_before_request])
def test_closed_connection_has_the_known_flaw_instead_of_the_usual_one(
    describe: Callable[[Attempt, str], HandshakeFailure],
) -> None:
    attempt = Attempt(TlsPort(flaw_of_name=FLAW_OF_NAME), client_hello("TLSv1_3"), has_answered=True)
    reason = describe(attempt, "it closed the connection").reason
    assert f"; {FLAW_OF_NAME}; it offered" in reason
    assert "install" not in reason


def test_other_alert_has_no_flaw_of_the_certificate() -> None:
    attempt = Attempt(TlsPort(flaw=FLAW), client_hello("TLSv1_3"), has_answered=True)
    assert FLAW not in failed_handshake(attempt, error_of("NO_SHARED_CIPHER")).reason


def test_close_notify_during_the_handshake_is_a_closed_connection() -> None:
    attempt = Attempt(TlsPort(), client_hello("TLSv1_3"), has_answered=True)
    failure = failed_handshake(attempt, ssl.SSLZeroReturnError())
    assert failure == closed_handshake(attempt, "it closed the connection")
