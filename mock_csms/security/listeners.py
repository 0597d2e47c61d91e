"""The running listeners: the ports for stations, whose TLS settings can change at run time."""

from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple

from mock_csms.errors import CouldNotStart, UsageError
from mock_csms.log.output import logger
from mock_csms.security.tls_provider import Injected, NoFolder, TlsProvider
from mock_csms.settings.listening_settings import (
    LOWEST_TLS_PROFILE,
    MAIN_LISTENER,
    ListenerSettings,
    ListeningSettings,
    TlsFaultPlan,
)
from mock_csms.text import one_line, suggest
from mock_csms.transport.address import ANY_ADDRESS, PublicUrl, host_and_port, host_for
from mock_csms.transport.interfaces import interface_addresses, reachable_addresses, route_addresses
from mock_csms.transport.ports import TlsSetup


class Listener:
    """A running listener. It is a `Port` of the transport; its settings may change at run time."""

    def __init__(
        self,
        name: str,
        settings: ListenerSettings,
        host: str,
        tls: TlsProvider,
        public_url: PublicUrl | None = None,
    ) -> None:
        self.name = name
        self.host = host
        self.address = host_and_port(host, settings.port)
        """Host and port as in a URL. Before the listener is bound, the port is that of the settings."""
        self.root_hint = ""
        self._public_url = public_url
        self._tls = tls
        self._settings = settings
        self._faulty = 0
        """Number of connections that have got the current fault."""

    def __repr__(self) -> str:
        return f"<Listener {self.name} at {self.address}>"

    @property
    def settings(self) -> ListenerSettings:
        """Current settings, with the changes at run time."""
        return self._settings

    @property
    def security_profile(self) -> int:
        """Lowest security profile of the listener's stations."""
        return self._settings.security_profile

    @property
    def accepts_plain(self) -> bool:
        """Whether the listener accepts connections without TLS."""
        return self._settings.plain

    @property
    def accepts_tls(self) -> bool:
        """Whether the listener accepts TLS."""
        return self._settings.tls

    @property
    def fault(self) -> TlsFaultPlan | None:
        """The fault for the next connections, and the number of connections that still get it, if limited."""
        plan = self._settings.tls_fault
        if plan is None or plan.times is None:
            return plan
        return TlsFaultPlan(plan.kind, plan.times - self._faulty) if self._faulty < plan.times else None

    def url(self, lowest_profile: int = 0) -> str:
        """URL for stations on this machine, without the identity.

        It begins with wss if the listener takes only TLS, or if its security profile or ``lowest_profile`` is
        at least 2.
        """
        return f"{'wss' if self._is_secure(lowest_profile) else 'ws'}://{self.address}"

    def _is_secure(self, lowest_profile: int) -> bool:
        return max(lowest_profile, self.security_profile) >= LOWEST_TLS_PROFILE or not self.accepts_plain

    def url_from(self, host: str, lowest_profile: int = 0) -> str:
        """URL, as in `url`, for a station that has reached this machine at the address ``host``."""
        public_url = self._public_url
        is_public_tls = public_url is not None and public_url.is_secure and self.name == MAIN_LISTENER
        scheme = "wss" if is_public_tls or self._is_secure(lowest_profile) else "ws"
        return f"{scheme}://{self.place_from(host)}"

    def place_from(self, host: str) -> str:
        """Host, port and path for a station that has reached this machine at the address ``host``.

        With ``--public-url``, the listener of ``--port`` has the host, port and path of that URL. The other
        listeners have the host of the URL and their own ports.
        """
        port = int(self.address.rpartition(":")[2])
        if self._public_url is None:
            return host_and_port(host_for(self.host, host), port)
        if self.name == MAIN_LISTENER:
            return self._public_url.place
        return host_and_port(self._public_url.host, port)

    def check(self, settings: ListenerSettings) -> None:
        """Check settings by making their TLS contexts; raises CouldNotStart, OSError or ValueError."""
        if settings.tls:
            own = {settings.tls_fault.kind} if settings.tls_fault else set()
            for fault in ("", *own, *self._tls.faults_of_rules):
                self._tls.setup(settings, fault)

    def prepare(self) -> None:
        """Make the TLS contexts for the current settings; raises CouldNotStart, OSError or ValueError."""
        self.check(self._settings)
        self.change(self._settings)

    def change(self, settings: ListenerSettings) -> None:
        """Apply settings to new connections, and count the connections with a fault from 0 again."""
        self._settings = settings
        self._faulty = 0
        self.root_hint = self._tls.root_file if settings.tls else ""

    def server_certificate_flaw(self, server_name: str | None) -> str:
        """Describe why a client that asks for this host name rejects the certificate, and the remedy.

        The result is empty if no reason is known.
        """
        return self._tls.server_certificate_flaw(self._settings.certificate, server_name)

    def tls(self, peer: Any) -> TlsSetup | None:
        """Return the TLS setup of a new connection: its context, and the fault to inject, if any.

        None if the listener does not accept TLS.
        """
        if not self.accepts_tls:
            return None
        fault = self._next_fault()
        if fault.kind:
            cause = f"rule {fault.rule}" if fault.rule else f"the settings of the listener {self.name}"
            logger.info("TLS fault injected by %s for %s: %s", cause, _in_words(peer), fault.kind)
        try:
            return self._tls.setup(self._settings, fault.kind)
        except (OSError, ValueError, CouldNotStart) as error:
            if not fault.kind:
                raise
            logger.error("cannot inject the TLS fault %s: %s", fault.kind, one_line(str(error)))
            return self._tls.setup(self._settings)

    def _next_fault(self) -> Injected:
        if (by_rule := self._tls.fault_of_rule()).kind:
            return by_rule
        if (plan := self.fault) is None:
            return Injected()
        self._faulty += 1
        return Injected(plan.kind)


def _in_words(peer: Any) -> str:
    return f"{peer[0]}:{peer[1]}" if peer else "an unknown address"


class Destination(NamedTuple):
    """Address for a station, and the security profile to use there."""

    url: str
    security_profile: int


class Listeners(Mapping[str, Listener]):
    """All listeners by name; the listener of ``--port`` is the first."""

    def __init__(self, settings: ListeningSettings, tls: TlsProvider) -> None:
        self._tls = tls
        self._listeners = {
            name: Listener(name, listener, listener.host or settings.host, tls, settings.public_url)
            for name, listener in settings.all_listeners.items()
        }
        self._at_start = settings.all_listeners
        self._security_profile = settings.security_profile
        self._public_url = settings.public_url

    def __getitem__(self, name: str) -> Listener:
        return self._listeners[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._listeners)

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def main(self) -> Listener:
        """The listener of ``--port``."""
        return self._listeners[MAIN_LISTENER]

    @property
    def url(self) -> str:
        """URL of the main listener for stations, without their identity."""
        return self.main.url(self._security_profile)

    def at_start(self, name: str) -> ListenerSettings:
        """Settings of a listener without the changes at run time."""
        return self._at_start[name]

    def reset(self) -> None:
        """Revert all changes at run time."""
        for name, listener in self._listeners.items():
            listener.change(self._at_start[name])

    def apply(self, settings: ListeningSettings) -> None:
        """Apply reloaded settings. A listener whose settings are unchanged keeps its changes at run time.

        Raises CouldNotStart, OSError or ValueError, and applies nothing, if TLS cannot be set up.
        """
        changed = {
            name: listener
            for name, listener in self._changed(settings).items()
            if self._is_possible(name, listener)
        }
        for name, listener in changed.items():
            self._listeners[name].change(listener)
        self._at_start |= changed
        self._security_profile = settings.security_profile

    def _changed(self, settings: ListeningSettings) -> dict[str, ListenerSettings]:
        """New settings of the running listeners whose settings have changed, by name."""
        running = {name: one for name, one in settings.all_listeners.items() if name in self._listeners}
        return {name: listener for name, listener in running.items() if listener != self._at_start[name]}

    def prepare_change(self, settings: ListeningSettings, faults: Collection[str]) -> None:
        """Make the TLS contexts for reloaded settings and for the TLS faults of reloaded rules (``faults``).

        Does nothing if no running listener takes TLS. Raises CouldNotStart, OSError or ValueError.
        """
        if self.with_tls:
            self.prepare_faults(faults)
            for name, listener in self._changed(settings).items():
                self._listeners[name].check(listener)

    def _is_possible(self, name: str, settings: ListenerSettings) -> bool:
        try:
            self._listeners[name].check(settings)
        except NoFolder:
            logger.warning("restart the server to apply: TLS of the listener %s", name)
            return False
        return True

    def url_of(self, name: str) -> str:
        """URL of a listener for stations on this machine, without their identity."""
        return self._listeners[name].url(self._security_profile)

    def url_from(self, host: str, name: str = MAIN_LISTENER) -> str:
        """URL of a listener for a station that has reached this machine at ``host``.

        Raises ValueError if there is no listener with this name.
        """
        if name not in self._listeners:
            raise ValueError(f"there is no listener {name}{suggest(name, self._listeners)}")
        return self._listeners[name].url_from(host, self._security_profile)

    def http_url_from(self, host: str, port: int) -> str:
        """Base URL for the downloads and uploads of a station that has reached this machine at ``host``.

        Without ``--public-url``, the URL is plain HTTP even for a station with TLS, because the HTTP client
        of the station may know no root certificate.
        """
        if self._public_url is None:
            return f"http://{host_and_port(host, port)}"
        return f"{'https' if self._public_url.is_secure else 'http'}://{self._public_url.place}"

    @property
    def usual_address(self) -> tuple[str, int]:
        """Host and port of the main listener; the host is the first one that `hosts` returns."""
        return self.hosts(MAIN_LISTENER)[0], int(self.main.address.rpartition(":")[2])

    def hosts(self, name: str) -> list[str]:
        """Addresses of this machine for a listener; those that other machines can reach come first."""
        host = self._listeners[name].host
        if self._public_url is not None or host not in ANY_ADDRESS:
            return [host]
        version = ip_address(host).version
        return reachable_addresses(interface_addresses(), route_addresses(), version) or [ANY_ADDRESS[host]]

    def destination(self, lowest_profile: int, host: str) -> Destination | None:
        """Choose the address that SetNetworkProfile gives to a station.

        ``lowest_profile`` is the lowest security profile that the station may use, and ``host`` the address
        at which the station has reached this machine. None if the station needs TLS and no listener accepts
        it. The first choice is the listener with the lowest security profile that is at least 2 and above
        ``lowest_profile``. The second choice is a listener with ``lowest_profile``, if that is at least 2.
        The third is the main listener, if the station may connect to it without TLS. The last is the first
        listener with TLS.
        """
        above = [one for one in self._listeners.values() if one.security_profile > max(lowest_profile, 1)]
        equal = [one for one in self._listeners.values() if one.security_profile == lowest_profile > 1]
        if candidates := above or equal:
            next_one = min(candidates, key=lambda listener: listener.security_profile)
            return Destination(next_one.url_from(host), next_one.security_profile)
        profile = max(lowest_profile, self._security_profile, 1)
        if profile < LOWEST_TLS_PROFILE and self.main.accepts_plain:
            return Destination(self.main.url_from(host), profile)
        if not self.with_tls:
            return None
        url = self.with_tls[0].url_from(host, LOWEST_TLS_PROFILE)
        return Destination(url, max(profile, LOWEST_TLS_PROFILE))

    @property
    def wss_url(self) -> str:
        """URL of the first listener that takes TLS; empty if no listener does."""
        return next((f"wss://{listener.address}" for listener in self.with_tls), "")

    @property
    def with_tls(self) -> list[Listener]:
        """Listeners that take TLS."""
        return [listener for listener in self._listeners.values() if listener.accepts_tls]

    def check(self) -> None:
        """Check the user's own certificates; raises UsageError."""
        self._tls.check()

    def prepare_faults(self, faults: Collection[str]) -> None:
        """Make the contexts of TLS faults for all listeners; raises CouldNotStart, OSError or ValueError."""
        for listener in self.with_tls:
            for fault in faults:
                self._tls.setup(listener.settings, fault)

    def prepare(self) -> None:
        """Make the TLS contexts of all listeners; warn of flawed certificates and of faults without effect.

        Raises UsageError or CouldNotStart.
        """
        self._tls.warn()
        if not self.with_tls and (faults := self._tls.faults_of_rules):
            names = ", ".join(sorted(faults))
            logger.warning(
                "no port accepts TLS, so the rules with TLS faults have no effect: %s; add --tls", names
            )
        for listener in self._listeners.values():
            try:
                listener.prepare()
            except OSError as error:
                reason = f"cannot prepare TLS for the listener {listener.name}: {error}"
                raise CouldNotStart(one_line(reason)) from None
            except ValueError as error:
                raise UsageError(one_line(f"listeners.{listener.name}: {error}")) from None
