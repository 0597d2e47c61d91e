"""Admission of connections at the opening handshake (OCPP-J 3).

It checks the identity, the number of connections and the subprotocol, and applies handshake faults.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from mock_csms._version import __version__
from mock_csms.behaviour.faults import Fault, Hang, HttpStatus, WrongSubprotocol
from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.handshake import BadIdentity, choose_subprotocol, identity, is_identifier_string


def admit(csms: Csms, connection: WebSocketConnection, request: Request) -> "Response | Admission":
    """Admit a station by its identity, reject it (404, OCPP-J 3.2), or answer a health check."""
    if request.path == "/health" and "Upgrade" not in request.headers:
        return _health(connection)
    try:
        name = identity(request.path)
    except BadIdentity as error:
        peer = _peer(connection)
        logger.warning("refused a connection from %s: %s", peer, error)
        csms.records.refused("", f"{peer}: {error}")
        return connection.respond(HTTPStatus.NOT_FOUND, f"{error}\n")
    if len(csms.sessions) >= csms.settings.max_connections and name not in csms.sessions:
        logger.warning(
            "refused %s: the limit of %d connections is reached (--max-connections)",
            name,
            csms.settings.max_connections,
        )
        csms.records.refused(name, "too many connections")
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
    connection.name = name
    return _admit_unless_rule(csms, connection)


def _admit_unless_rule(csms: Csms, connection: WebSocketConnection) -> "Response | Admission":
    """Apply the handshake fault that a rule asks for, if any."""
    name = connection.name
    match = csms.match_handshake_rule(name)
    if match is None:
        return Admission(csms, name)
    fault = match.then.fault
    logger.info("%s  fault injected at the handshake by rule %s: %s", name, match.rule, match.then)
    if not isinstance(fault, HttpStatus):
        return Admission(csms, name, fault)
    csms.records.refused(name, str(fault), match.rule.id)
    response = connection.respond(fault.status, f"{fault.status.phrase}, on purpose\n")
    if fault.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
    return response


def _health(connection: WebSocketConnection) -> Response:
    response = connection.respond(
        HTTPStatus.OK, orjson.dumps({"status": "ok", "version": __version__}).decode()
    )
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def _peer(connection: WebSocketConnection) -> str:
    address = connection.remote_address
    return f"{address[0]}:{address[1]}" if address else "an unknown address"


@dataclass(slots=True)
class Admission:
    """An admitted station, with the fault of its opening handshake, if any."""

    csms: Csms
    name: str
    fault: Fault | None = None

    def select(self, offered: Sequence[str]) -> str | None:
        """Choose the subprotocol; if None, the connection is accepted without one and then closed."""
        if isinstance(self.fault, WrongSubprotocol):
            return self.fault.subprotocol
        served = self.csms.versions
        subprotocol = choose_subprotocol(offered, served)
        if subprotocol is None:
            logger.warning(
                "%s offers %s, but this server speaks %s; closing the connection",
                self.name,
                ", ".join(offered) or "no subprotocol",
                ", ".join(served),
            )
        return subprotocol

    def enter(self, connection: WebSocketConnection) -> None:
        """Start serving the connection after the handshake."""
        csms, subprotocol = self.csms, connection.subprotocol
        if subprotocol is None:
            reason = f"this server speaks {', '.join(csms.versions)}"
            connection.close_deaf(CloseCode.PROTOCOL_ERROR, reason)
        elif isinstance(self.fault, Hang):
            connection.spawn(connection.hang(self.fault.seconds))
        elif subprotocol not in csms.versions:  # WrongSubprotocol chose it
            connection.spawn(connection.hang(None))
        else:
            self._serve(connection, subprotocol)

    def _serve(self, connection: WebSocketConnection, subprotocol: str) -> None:
        csms, peer, guard = self.csms, _peer(connection), self.csms.records.guard
        note = "" if is_identifier_string(self.name) else "; its identity is not a valid identifierString"
        logger.info("%s  connected from %s%s", self.name, peer, note)
        served = csms.versions[subprotocol]
        session = served.charge_point(csms, csms.station(self.name), connection)
        csms.connect(session)
        with guard.guarding(self.name, "recording a connection"):
            session.recorder.connected(peer)
        connection.serve(session)
        with guard.guarding(self.name, "starting the commands"):
            served.start(csms, session)
        with guard.guarding(self.name, "the follow-up of a connection"):
            session.opened()
