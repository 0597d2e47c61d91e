"""Explanations of the failed connection attempts of a simulated station."""

import ssl
from http import HTTPStatus

import pytest
import websockets
from ocpp.v201.enums import SecurityEventType
from websockets import Headers, Response

from mock_csms.simulator.connection_failures import Credentials, connection_failure

NONE = Credentials()
PASSWORD = Credentials(has_password=True)
CERTIFICATE = Credentials(is_tls=True, has_certificate=True)
REJECTED = SecurityEventType.failed_to_authenticate_at_csms


def refusal(status: HTTPStatus, body: bytes = b"") -> websockets.InvalidStatus:
    return websockets.InvalidStatus(Response(status, status.phrase, Headers(), body))


@pytest.mark.parametrize(
    ("status", "used", "event"),
    [
        (HTTPStatus.UNAUTHORIZED, NONE, REJECTED),
        (HTTPStatus.FORBIDDEN, PASSWORD, REJECTED),
        (HTTPStatus.FORBIDDEN, CERTIFICATE, REJECTED),
        (HTTPStatus.FORBIDDEN, NONE, None),
        (HTTPStatus.SERVICE_UNAVAILABLE, PASSWORD, None),
    ],
)
def test_refused_credentials_are_a_security_event(
    status: HTTPStatus, used: Credentials, event: SecurityEventType | None
) -> None:
    failure = connection_failure(refusal(status), used)

    assert failure.event == event
    assert str(status.value) in failure.cause


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"the identity is unknown.\nmore\n", ": the identity is unknown"),
        (b"<html>", ""),
        (b'{"a": 1}', ""),
        (b"\xff", ""),
        (b"bell \x07", ": bell \\x07"),
        (b"x" * 1000, f": {'x' * 297}..."),
    ],
)
def test_first_line_of_a_text_is_shown(body: bytes, shown: str) -> None:
    failure = connection_failure(refusal(HTTPStatus.NOT_FOUND, body), NONE)

    assert failure.text == f"the server answered HTTP 404{shown}"


@pytest.mark.parametrize(
    ("error", "used", "text"),
    [
        (ConnectionRefusedError(), NONE, "connection refused; is the server running?"),
        (OSError("Multiple exceptions: Connect call failed"), NONE, "connection refused; is"),
        (ConnectionResetError(), CERTIFICATE, "closed the connection during the TLS handshake"),
        (TimeoutError(), NONE, "timed out"),
        (websockets.InvalidMessage("x"), NONE, "write wss:// in --to"),
        (websockets.InvalidMessage("x"), CERTIFICATE, "perhaps it refuses the client certificate"),
        (websockets.InvalidMessage("x"), Credentials(is_tls=True), "give one with --client-cert"),
        (ssl.SSLError(1, "[SSL] odd"), CERTIFICATE, "the TLS handshake failed"),
    ],
)
def test_cause_is_in_the_text(error: Exception, used: Credentials, text: str) -> None:
    assert text in connection_failure(error, used).text
