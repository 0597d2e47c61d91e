"""The deviation of the mutation ``connect``: the station connects with other options, such as a password."""

import re
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from itertools import count
from typing import Final
from urllib.parse import quote

from mock_csms.simulator.access import ConnectionAttempt
from mock_csms.simulator.device_model import BASIC_AUTH_PASSWORD
from mock_csms.simulator.misbehaviour.deviations import Deviation
from mock_csms.simulator.security_setup import basic_authorization
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.tls import client_context, new_context
from mock_csms.simulator.trust_store import OwnCertificate

CONNECT_OPTIONS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "password": (re.compile(r".*"), "any text, or nothing for no Authorization header"),
    "user": (re.compile(r"[^:]*"), "a text without a colon"),
    "identity": (re.compile(r".+"), "the identity in the address"),
    "subprotocol": (re.compile(r"[\w.-]+", re.ASCII), "a subprotocol such as ocpp1.6"),
    "certificate": (re.compile("none"), "none"),
    "verify": (re.compile("no"), "no"),
    "tls": (re.compile(r"1\.[0-3]"), "the lowest version that is accepted: 1.0 to 1.3"),
    "ciphers": (re.compile(r"[\w:@=+!-]+", re.ASCII), "cipher suites as OpenSSL names them"),
    "after": (re.compile(r"[1-9]\d?", re.ASCII), "the number of attempts that are made as usual, 1 to 99"),
    "wait": (re.compile(r"0\.[1-9]\d*|[1-9]\d{0,5}(\.\d+)?", re.ASCII), "seconds from 0.1"),
}
"""Pattern and description of the values of each option of ``connect``."""
TLS_OPTIONS: Final = frozenset({"verify", "tls", "ciphers"})
LOWEST_TLS: Final = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
ANY_CIPHER: Final = "ALL:@SECLEVEL=0"
"""Cipher suites of OpenSSL, including those for TLS 1.0 and 1.1."""


@dataclass(frozen=True)
class ConnectOtherwise(Deviation):
    """Connect with other options; ``action``, ``when`` and ``limit`` are ignored."""

    _: KW_ONLY
    values: Mapping[str, str]
    """Values of options, by name in CONNECT_OPTIONS."""

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        access = station.access
        usual_choice, usual_context = access.choose, access.new_context
        usual_attempts = int(self.values.get("after", "0"))
        numbers = count()
        is_usual = True

        def choose(attempt: ConnectionAttempt) -> ConnectionAttempt:
            nonlocal is_usual
            is_usual = next(numbers) < usual_attempts
            chosen = usual_choice(attempt)
            return chosen if is_usual else self._changed(station, chosen)

        def context(roots_pem: str, own: OwnCertificate | None) -> ssl.SSLContext:
            make = usual_context if is_usual else self._new_context
            return make(roots_pem, own)

        access.choose = choose
        if self.values.keys() & TLS_OPTIONS:
            access.new_context = context
        if "wait" in self.values:
            access.wait_s = lambda _: float(self.values["wait"])

    def _changed(self, station: SimulatedStation, attempt: ConnectionAttempt) -> ConnectionAttempt:
        if "password" in self.values or "user" in self.values:
            attempt = attempt._replace(authorization=self._authorization(station))
        if "identity" in self.values:
            path = quote(self.values["identity"], safe="")
            attempt = attempt._replace(url=f"{attempt.address.rstrip('/')}/{path}")
        if "certificate" in self.values:
            attempt = attempt._replace(certificate=None)
        return attempt._replace(subprotocol=self.values.get("subprotocol", attempt.subprotocol))

    def _authorization(self, station: SimulatedStation) -> str:
        user = self.values.get("user", station.core.setup.identity)
        password = self.values.get("password", station.core.variables.acted_on(BASIC_AUTH_PASSWORD))
        return basic_authorization(user, password) if password else ""

    def _new_context(self, roots_pem: str, own: OwnCertificate | None) -> ssl.SSLContext:
        context = new_context(roots_pem) if own is None else client_context(roots_pem, own)
        if "verify" in self.values:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if "tls" in self.values:
            _accept_from(context, LOWEST_TLS[self.values["tls"]])
        if "ciphers" in self.values:
            context.set_ciphers(self.values["ciphers"])
        return context


def _accept_from(context: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    """Accept a TLS version and later ones, without Python's warning about versions before 1.2."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers(ANY_CIPHER)


def has_ciphers(text: str) -> bool:
    """Whether OpenSSL knows at least one of the cipher suites in a text."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(text)
    except ssl.SSLError:
        return False
    return True
