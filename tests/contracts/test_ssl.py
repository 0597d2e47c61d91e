"""Undocumented names of ssl that mock_csms/private_api/ssl.py uses."""

import ssl
from contextlib import suppress

import pytest
from cryptography import x509

from mock_csms.private_api.ssl import leaf_certificate, observing_certificates
from tests.support.tls import client_context, issue, port_context, root


def shake_hands(*sides: ssl.SSLObject) -> None:
    for side in sides * 3:
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()


def certificates_of_refused_client(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> list[bytes]:
    certificates: list[bytes] = []
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="localhost")
    with observing_certificates(server_context, certificates.append):
        server = server_context.wrap_bio(to_server, to_client, server_side=True)
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(client, server)
    return certificates


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_msg_callback_shows_the_certificate_of_a_client_that_is_refused(version: str) -> None:
    stranger = issue("CS1", issue("another root"))
    context = port_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=root().pem.decode())

    [certificate] = certificates_of_refused_client(
        context, stranger.load_into(client_context(version=version))
    )

    assert x509.load_der_x509_certificate(certificate) == stranger.certificate, (
        "SSLContext._msg_callback no longer shows the Certificate message"
    )


def test_empty_or_damaged_certificate_message_has_no_leaf() -> None:
    for message in b"", b"\x0b\x00\x00\x03\x00\x00\x00", b"\x0b\x00\x00\x04\x00\x00\x00\x00":
        assert leaf_certificate(message, has_context=True) == b""
        assert leaf_certificate(message, has_context=False) == b""
