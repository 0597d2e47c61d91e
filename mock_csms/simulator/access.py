"""Credentials of the station for connections to the central system, and their changes (A00 to A03)."""

import ssl
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import quote

from ocpp.v201.enums import SecurityEventType

from mock_csms.simulator.connection_failures import Credentials, Failure
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import BASIC_AUTH_PASSWORD, Key, ValueViolation
from mock_csms.simulator.network import Network
from mock_csms.simulator.resets import ANSWER_S
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.security_setup import (
    CLIENT_CERTIFICATE_PROFILE,
    PASSWORD_PROFILES,
    TLS_PROFILES,
    basic_authorization,
)
from mock_csms.simulator.tls import client_context, server_only_context
from mock_csms.simulator.trust_store import STATION_CERTIFICATE, OwnCertificate, TrustStore

SECURITY_PROFILE: Final = Key("SecurityCtrlr", "SecurityProfile")
PASSWORD_IS_FIXED: Final = ValueViolation("Unspecified", "the station was started to reject new passwords")
DISCARDED_CERTIFICATE: Final = "DiscardedRenewedClientCertificate"


class ConnectionAttempt(NamedTuple):
    """An attempt of the station to connect to the central system."""

    number: int
    """Number of failed attempts between the last connection and this attempt."""
    address: str
    """Address of the central system, without the identity."""
    url: str
    security_profile: int
    authorization: str = ""
    """Value of the Authorization header; empty: the request has no such header."""
    certificate: OwnCertificate | None = None
    """Client certificate to present; None: the station presents none."""
    subprotocol: str = ""
    """Subprotocol to offer; empty: the subprotocol of the station's OCPP version."""
    trusted_pem: str = ""
    """Root certificates to trust for the server; empty: the root certificates of the operating system."""

    @property
    def used(self) -> Credentials:
        """The kinds of credentials that the attempt uses, to explain a failure."""
        return Credentials(
            is_tls=self.security_profile in TLS_PROFILES,
            has_password=bool(self.authorization),
            has_certificate=self.certificate is not None,
        )


type Choose = Callable[[ConnectionAttempt], ConnectionAttempt]
"""Gets the attempt that a correct station would make, and returns the attempt to make instead."""

type NewContext = Callable[[str, OwnCertificate | None], ssl.SSLContext]
"""Makes a TLS context from the trusted roots and the client certificate, if there is one."""


def context_of(roots_pem: str, certificate: OwnCertificate | None) -> ssl.SSLContext:
    """Return a TLS context. Stations with the same roots and no client certificate share one context."""
    if certificate is None:
        return server_only_context(roots_pem)
    return client_context(roots_pem, certificate)


class Access:
    """Chooses the credentials for each connection. Reconnects after a change of the credentials.

    `mock_csms.simulator.misbehaviour` replaces `choose`, `new_context` or `wait_s`.
    """

    def __init__(self, core: Core, network: Network, store: TrustStore, security: SecurityEvents) -> None:
        self._core = core
        self._network = network
        self._store = store
        self._security = security
        self.choose: Choose = lambda attempt: attempt
        self.new_context: NewContext = context_of
        self.wait_s: Callable[[float], float] = lambda back_off_s: back_off_s
        """Returns the seconds to wait before the next attempt, given the back-off of OCPP-J 5.3."""
        self._reported: set[SecurityEventType] = set()
        """Security events of failed attempts that were reported since the last successful connection."""
        core.variables.changed.connect(self._variable_changed)
        match core.setup.security.rotation:
            case "reject":
                core.variables.add_rule(BASIC_AUTH_PASSWORD, lambda _: PASSWORD_IS_FIXED)
            case "reboot":
                core.variables.defer(BASIC_AUTH_PASSWORD)

    def attempt(self, number: int) -> ConnectionAttempt:
        """Choose the address and credentials for an attempt to connect.

        ``number`` counts the failed attempts since the last connection.
        """
        identity = self._core.setup.identity
        profile = self._network.profile_for_attempt(number)
        password = self._core.variables.acted_on(BASIC_AUTH_PASSWORD)
        has_password = profile.security_profile in PASSWORD_PROFILES and bool(password)
        has_certificate = profile.security_profile == CLIENT_CERTIFICATE_PROFILE
        cycle = self._network.cycle_of_attempt(number)
        return self.choose(
            ConnectionAttempt(
                number,
                profile.url,
                f"{profile.url.rstrip('/')}/{quote(identity, safe='')}",
                profile.security_profile,
                basic_authorization(identity, password) if has_password else "",
                self._store.client_certificate(cycle) if has_certificate else None,
                trusted_pem=self._store.trusted_for(uses_replaced=self._network.uses_replaced_root(number)),
            )
        )

    def context(self, attempt: ConnectionAttempt) -> ssl.SSLContext | None:
        """TLS context for an attempt; None for plain text."""
        if attempt.security_profile not in TLS_PROFILES:
            return None
        return self.new_context(attempt.trusted_pem, attempt.certificate)

    def connected(self, attempt: ConnectionAttempt) -> None:
        """Record that an attempt succeeded.

        If the station has two client certificates, discard the one that was not used (A02.FR.10).
        """
        self._reported.clear()
        if attempt.security_profile in TLS_PROFILES:
            self._store.confirm_roots(attempt.trusted_pem)
        is_mutual = attempt.security_profile == CLIENT_CERTIFICATE_PROFILE
        if is_mutual and self._store.keep_only(attempt.certificate):  # A02.FR.29
            self._security.report(DISCARDED_CERTIFICATE)

    def failed(self, failure: Failure) -> None:
        """Report the security event of a failed attempt, but not again until a connection succeeds
        (A00.FR.316).
        """
        if failure.event is not None and failure.event not in self._reported:
            self._reported.add(failure.event)
            self._security.report(failure.event, failure.cause)

    def certificate_renewed(self, use: str) -> None:
        """Reconnect if the renewed certificate is the one that the station connects with (A02.FR.08)."""
        if use == STATION_CERTIFICATE and self._security_profile == CLIENT_CERTIFICATE_PROFILE:
            self._reconnect_soon()

    def _variable_changed(self, key: Key, _old: str, new: str) -> None:
        if key == BASIC_AUTH_PASSWORD:  # the log must not contain the password (A01.FR.11, A01.FR.12)
            self._security.report(SecurityEventType.reconfiguration_of_security_parameters, key.variable)
            if self._security_profile in PASSWORD_PROFILES:
                self._reconnect_soon()
        elif key == SECURITY_PROFILE:
            info = f"{key.variable} {new}"
            self._security.report(SecurityEventType.reconfiguration_of_security_parameters, info)

    @property
    def _security_profile(self) -> int:
        return self._core.variables.integer("SecurityCtrlr", "SecurityProfile")

    def _reconnect_soon(self) -> None:
        if self._core.is_connected:  # otherwise the next attempt uses the new credentials
            self._core.after(ANSWER_S, self._reconnect)

    def _reconnect(self) -> None:
        if self._core.is_connected:
            self._core.link.close()
            self._core.link.open()
