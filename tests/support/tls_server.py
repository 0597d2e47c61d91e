"""A TLS server whose alerts reach the client, unlike those of an `asyncio` server."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from mock_csms.simulator.trust_store import OwnCertificate
from tests.support.authority import Authority, written
from tests.support.station import PATIENCE

REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


def server_context(folder: Path, own: OwnCertificate, *, clients: Authority | None = None) -> ssl.SSLContext:
    """Make a context of a server; with ``clients``, a client certificate of this authority is required."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(written(folder, own, "server.pem"))
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.pem)
    return context


class AlertingServer(NamedTuple):
    """Port and TLS errors of a running `alerting_server`."""

    port: int
    alerts: list[str]
    """OpenSSL's reason for each TLS handshake that failed."""


@contextmanager
def alerting_server(context: ssl.SSLContext | None) -> Iterator[AlertingServer]:
    """Run a server in a thread, with TLS if there is a context, that answers each request with 503."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = AlertingServer(listener.getsockname()[1], [])
        thread = threading.Thread(target=_serve, args=(listener, context, server.alerts))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext | None, alerts: list[str]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.settimeout(PATIENCE)
        with connection, suppress(OSError):
            _answer(connection, context, alerts)


def _answer(connection: socket.socket, context: ssl.SSLContext | None, alerts: list[str]) -> None:
    if context is None:
        connection.recv(4096)
        connection.sendall(REFUSAL)
        return
    with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
        try:
            tls.do_handshake()
            tls.recv(4096)
            tls.sendall(REFUSAL)
        except ssl.SSLError as error:
            alerts.append(error.reason or "")
            with socket.socket(fileno=tls.detach()) as raw:
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(4096):  # a reset because of unread data could overtake the alert
                    pass
