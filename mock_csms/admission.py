"""Admission of connections at the opening handshake (OCPP-J 3).

It checks the identity, the origin, the number of connections, the security profile and the subprotocol. It
also applies handshake faults.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

import orjson
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from mock_csms._version import __version__
from mock_csms.behaviour.faults import Fault, Hang, HttpStatus, WrongSubprotocol
from mock_csms.csms import Csms
from mock_csms.journal.refusals import address_in_words
from mock_csms.log.output import logger
from mock_csms.log.secret_text import MASK, masked_text
from mock_csms.messages import JsonObject
from mock_csms.security.connections import certificate_flaw, tls_facts
from mock_csms.security.profiles import CHALLENGE, Clearance, Presented, Required, has_secret_user, judge
from mock_csms.security.upgrades import proven_profile
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.group import Hooks, Silence
from mock_csms.transport.handshake import (
    BadIdentity,
    HandshakeFailure,
    basic_user,
    choose_subprotocol,
    handshake_facts,
    identity,
    is_identifier_string,
)

HIDDEN_USER: Final = "Basic, with a password as the user name"
"""Recorded in place of the user name of Basic credentials if that user name is a password."""
PASSWORD_IN_PATH: Final = re.compile(r"(/[^/:]*?(?::|%3[Aa]))[^/]*\Z")
"""Matches the last segment of a URL path if the segment contains a colon.

A colon is never part of an identity, and a password may follow it.
"""


def hooks(csms: Csms) -> Hooks[WebSocketConnection]:
    """Return the functions that the transport calls for new connections, refusals and exceptions."""
    return Hooks(
        admit=partial(admit, csms), refused=partial(record_refusal, csms), failed=csms.records.guard.failed
    )


def admit(csms: Csms, connection: WebSocketConnection, request: Request) -> "Response | Silence | Admission":
    """Admit a station, or return how to refuse it; also answers health checks (``/health``).

    A URL without a valid identity is refused with 404 (OCPP-J 3.2).
    """
    if request.path == "/health" and "Upgrade" not in request.headers:
        return _health(connection)
    if "Upgrade" not in request.headers and _is_for_page(request):
        reason = _way_to_page(csms, connection)
        response = _refuse(csms, connection, request, HTTPStatus.UPGRADE_REQUIRED, "browser", reason)
        response.headers["Upgrade"] = "websocket"
        return response
    try:
        identity_in_url = identity(request.path)
    except BadIdentity as error:
        return _refuse(csms, connection, request, HTTPStatus.NOT_FOUND, "identity", str(error))
    connection.name = csms.spelling(identity_in_url)
    if connection.name != identity_in_url:
        logger.info(
            "%s  connects with its identity written as %s; identities are not case-sensitive (OCPP-J 3.1.1)",
            connection.name,
            identity_in_url,
        )
    if (refusal := _refused_while_offline(csms, connection, request)) is not None:
        return refusal
    return _admit_if_cleared(csms, connection, request)


def _is_for_page(request: Request) -> bool:
    """Whether a request without an Upgrade header is from a browser or for a path of the control API."""
    accepts_html = any("text/html" in accepted for accepted in request.headers.get_all("Accept"))
    return accepts_html or request.path.startswith("/v1/")


def _way_to_page(csms: Csms, connection: WebSocketConnection) -> str:
    """Sentence that tells a browser on a port for stations where the page and the control API are."""
    host, _ = connection.local_address or csms.listeners.usual_address
    url = csms.listeners.url_from(host, connection.port.name)
    page = f"are at {csms.control}" if csms.control else "are off (--no-control)"
    return (
        f"this port is for stations, which connect to {url}/<station id>; the page and the control API {page}"
    )


def _refused_while_offline(
    csms: Csms, connection: WebSocketConnection, request: Request
) -> Response | Silence | None:
    """Refuse a station for which the mock is offline (``POST .../offline``); None for other stations.

    This check precedes all checks of origin, limits and credentials.
    """
    name, address = connection.name, address_in_words(_address(connection))
    outage = csms.outages.refuse(name, address, connection.port.name)
    if outage is None:
        return None
    csms.refusals.add_offline(name, address, str(outage), _facts(csms, connection, request))
    if isinstance(outage.refusal, HTTPStatus):
        return _injected_response(connection, outage.refusal)
    return Silence[outage.refusal.upper()]


def _admit_if_cleared(
    csms: Csms, connection: WebSocketConnection, request: Request
) -> "Response | Admission":
    """Admit a station unless its origin, the number of connections or its credentials forbid it."""
    name = connection.name
    if foreign := _foreign_origin(csms, request):
        reason = f"pages of {foreign} may not connect; allow them with --station-origins"
        return _refuse(csms, connection, request, HTTPStatus.FORBIDDEN, "origin", reason)
    limit = csms.settings.max_connections
    if len(csms.sessions) >= limit and name not in csms.sessions:
        reason = f"the limit of {limit} connections is reached (--max-connections)"
        return _refuse(csms, connection, request, HTTPStatus.SERVICE_UNAVAILABLE, "connections", reason)
    presented = _presented(csms, connection, request)
    clearance = judge(_required(csms, connection), presented)
    if clearance.status is not None:
        reason = clearance.reason + _upgrade_in_words(csms, connection)
        response = _refuse(csms, connection, request, clearance.status, clearance.kind, reason)
        response.headers.update(clearance.headers)
        return response
    return _admit_unless_rule(csms, connection, request, clearance, proven_profile(presented, clearance))


def _required(csms: Csms, connection: WebSocketConnection) -> Required:
    """Security that the settings of a station and of its port require."""
    profile, port = csms.profile(connection.name), connection.port
    reached = csms.upgrades.reached(connection.name, profile.security_profile)
    security_profile = max(profile.security_profile, port.security_profile, reached)
    passwords, former = csms.passwords.of_station(connection.name, profile.password)
    return Required(connection.name, security_profile, passwords, former)


def _upgrade_in_words(csms: Csms, connection: WebSocketConnection) -> str:
    """Explain the refusal of a station that went back to a lower security profile. Empty for other
    refusals.
    """
    configured = csms.profile(connection.name).security_profile
    reached = csms.upgrades.reached(connection.name, configured)
    if reached <= max(configured, connection.port.security_profile):
        return ""
    return f"; it was upgraded to security profile {reached} and may not use a lower one (A05.FR.07)"


def _presented(csms: Csms, connection: WebSocketConnection, request: Request) -> Presented:
    """Credentials that a station presents."""
    authorization = request.headers.get_all("Authorization")
    if connection.tls is None:
        return Presented(authorization)
    return Presented(
        authorization,
        True,
        certificate_flaw(
            connection.tls,
            _names_of_station(csms, connection.name),
            csms.settings,
            lambda: csms.authority,
        ),
    )


def _names_of_station(csms: Csms, identity: str) -> list[str]:
    """Identity of a station, and the serial number in its last BootNotification, if any (A00.FR.405)."""
    station = csms.stations.get(identity)
    charging_station = (station.boot or {}).get("chargingStation") if station else None
    serial_number = charging_station.get("serialNumber") if isinstance(charging_station, dict) else None
    return [identity, serial_number] if isinstance(serial_number, str) else [identity]


def _refuse(  # noqa: PLR0913, PLR0917 - a connection and all facts of its refusal
    csms: Csms,
    connection: WebSocketConnection,
    request: Request,
    status: HTTPStatus,
    kind: str,
    reason: str,
) -> Response:
    record_refusal(csms, connection, HandshakeFailure(kind, reason), request)
    return connection.respond(status, f"{reason}\n")


def record_refusal(
    csms: Csms, connection: WebSocketConnection, failure: HandshakeFailure, request: Request | None
) -> None:
    """Record an opening handshake that failed; ``request`` is None if the request was unreadable."""
    facts = _facts(csms, connection, request) | (failure.facts or {})
    reason = masked_text(failure.reason)
    csms.refusals.add(failure.kind, connection.name, _address(connection), reason, facts)


def _facts(csms: Csms, connection: WebSocketConnection, request: Request | None) -> JsonObject:
    """Facts about a connection and its opening handshake, for the journal.

    HIDDEN_USER replaces a user name that is a password (credentials in the wrong order).
    """
    facts: JsonObject = {"listener": connection.port.name}
    if request is not None:
        facts |= handshake_facts(request)
        if ":" in facts["path"] or "%3" in facts["path"]:
            facts["path"] = PASSWORD_IN_PATH.sub(rf"\1{MASK}", facts["path"])
        if "authorization" in facts and _has_secret_user(csms, connection, request):
            facts["authorization"] = HIDDEN_USER
    if connection.tls is not None:
        facts["tls"] = tls_facts(connection.tls)
    return facts


def _has_secret_user(csms: Csms, connection: WebSocketConnection, request: Request) -> bool:
    return has_secret_user(_required(csms, connection), request.headers.get_all("Authorization"))


def _foreign_origin(csms: Csms, request: Request) -> str:
    """Origin of a web page that may not connect.

    Empty if the page may connect, or if the client is not a web page: only web pages send the header Origin.
    """
    allowed = csms.settings.station_origins
    origins = request.headers.get_all("Origin") if allowed else []
    return next((origin[:100] for origin in origins if origin.strip().lower() not in allowed), "")


def _admit_unless_rule(
    csms: Csms, connection: WebSocketConnection, request: Request, clearance: Clearance, proven: int
) -> "Response | Admission":
    """Admit a station with the fault of a matching rule, if any; refuse it if that is an `HttpStatus`."""
    name, facts = connection.name, _facts(csms, connection, request)
    authorization = facts.get("authorization")
    user = authorization and ("" if authorization == HIDDEN_USER else basic_user(request.headers))
    admission = Admission(csms, name, facts, clearance, proven, user=user)
    match = csms.match_handshake_rule(name)
    if match is None:
        return admission
    fault = match.then.fault
    tries = csms.refusals.count_try(name) if isinstance(fault, HttpStatus) else ""
    logger.info("%s  fault injected at the handshake by rule %s: %s%s", name, match.rule, match.then, tries)
    if not isinstance(fault, HttpStatus):
        admission.fault = fault
        return admission
    csms.refusals.add_injected(name, str(fault), match.rule.id, facts)
    return _injected_response(connection, fault.status)


def _injected_response(connection: WebSocketConnection, status: HTTPStatus) -> Response:
    response = connection.respond(status, f"{status.phrase}, on purpose\n")
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers.update(CHALLENGE)
    return response


def _health(connection: WebSocketConnection) -> Response:
    response = connection.respond(
        HTTPStatus.OK, orjson.dumps({"status": "ok", "version": __version__}).decode()
    )
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def _address(connection: WebSocketConnection) -> tuple[str, int] | None:
    """Host and port of the station; None if the transport does not know them."""
    address = connection.remote_address
    return (str(address[0]), int(address[1])) if address else None


@dataclass(slots=True)
class Admission:
    """An admitted station, with the facts about its opening handshake, and the fault to inject, if any."""

    csms: Csms
    name: str
    handshake: JsonObject
    clearance: Clearance
    proven_profile: int
    """Highest security profile for which the station has valid credentials."""
    fault: Fault | None = None
    user: str | None = None
    """User name of the Basic credentials, in a form that may be shown; None without an Authorization header.
    """

    def select(self, offered: Sequence[str], connection: WebSocketConnection) -> str | Response | None:
        """Return the first offered subprotocol that is served, or the one that an injected fault names.

        If the station offers no served subprotocol, ``--no-common-subprotocol`` decides: return None to
        accept the connection and close it after the handshake, or a response that refuses it.
        """
        if isinstance(self.fault, WrongSubprotocol):
            return self.fault.subprotocol
        csms = self.csms
        subprotocol = choose_subprotocol(offered, csms.versions)
        if subprotocol is not None:
            return subprotocol
        served = ", ".join(csms.versions)
        reason = (
            f"it offers {', '.join(offered)[:200] or 'no subprotocol'}, but this server speaks {served}; "
            f"set Sec-WebSocket-Protocol to {served} (OCPP-J 3.1.2)"
        )
        csms.refusals.add("subprotocol", self.name, _address(connection), reason, self.handshake)
        if csms.settings.no_common_subprotocol == "close":
            return None
        return connection.respond(HTTPStatus.BAD_REQUEST, f"this server speaks {served}\n")

    def enter(self, connection: WebSocketConnection) -> None:
        """Serve an accepted connection, or close it if it has no subprotocol.

        A connection with the fault `Hang`, or with a subprotocol that is not served, is kept but not read.
        """
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
        csms, guard = self.csms, self.csms.records.guard
        peer = address_in_words(_address(connection))
        tls = connection.tls
        how = f" over {tls.version} ({tls.cipher})" if tls else ""
        logger.info("%s  connected from %s%s%s", self.name, peer, how, "".join(self._remarks()))
        csms.refusals.forget(self.name)
        csms.upgrades.connected(self.name, self.proven_profile)
        if self.clearance.password is not None:
            csms.passwords.used(self.name, self.clearance.password)
        served = csms.versions[subprotocol]
        session = served.charge_point(csms, csms.station(self.name), connection)
        session.security_profile = self.proven_profile
        csms.connect(session)
        with guard.guarding(self.name, "recording a connection"):
            session.recorder.connected(peer, self.handshake)
        connection.serve(session)
        with guard.guarding(self.name, "sending the commands that waited for the connection"):
            csms.arrivals.connected(self.name, session)
        with guard.guarding(self.name, "starting the commands"):
            served.start(csms, session)
        with guard.guarding(self.name, "the follow-up of a connection"):
            session.opened()

    def _remarks(self) -> list[str]:
        """Remarks about the identity and the credentials, for the log."""
        remarks = []
        if not is_identifier_string(self.name):
            remarks.append("; its identity is not a valid identifierString (OCPP-J 3.1.1)")
        if self.clearance.remark:
            remarks.append(f"; {self.clearance.remark}")
        elif self.user is not None and self.clearance.password is None:
            named = f"Basic credentials of user {self.user}" if self.user else "an Authorization header"
            remarks.append(f"; it sent {named}, which this server does not check")
        return remarks
