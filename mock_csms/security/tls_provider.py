"""Chooses the TLS context of a connection: certificates, client certificates and an injected fault."""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from mock_csms.behaviour.rulebook import Rulebook
from mock_csms.security.contexts import (
    CertificateFiles,
    ClientCertificates,
    ContextPlan,
    Contexts,
    Weakness,
    file_version,
)
from mock_csms.security.own_files import check_own_files, warn_of_own_files
from mock_csms.security.served_names import flaw_of_choice, flaw_of_name, names_in_file
from mock_csms.settings.listening_settings import ListenerSettings, ListeningSettings
from mock_csms.transport.address import ANY_ADDRESS
from mock_csms.transport.ports import TlsSetup

if TYPE_CHECKING:
    from mock_csms.pki import Issued, Pki

WEAKNESSES: Final = frozenset({"tls1.1", "weak-cipher"})
NO_CLIENT_CA: Final = "no-client-ca"
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "both": ("server-ecdsa", "server-rsa"),
    "ecdsa": ("server-ecdsa",),
    "rsa": ("server-rsa",),
}
"""Names of the server certificates in the PKI, by the setting ``certificate`` of a listener."""
USUAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
CERTIFICATE_PROFILE: Final = 3
"""Security profile with client certificates (A00)."""


class Injected(NamedTuple):
    """A TLS fault for one connection."""

    kind: str = ""
    rule: str = ""
    """Id of the rule with the fault; empty if the fault is in the settings of the listener."""


def client_certificates(port_profile: int, station_profiles: Collection[int]) -> ClientCertificates:
    """Return whether a port requires a client certificate, requests one ("optional"), or neither ("none").

    A station at security profile 3 must send one. During the TLS handshake, the identity of the station is
    not known yet. A port whose stations have several profiles can therefore request a certificate, but not
    require one.
    """
    if port_profile >= CERTIFICATE_PROFILE or min(station_profiles) >= CERTIFICATE_PROFILE:
        return "required"
    return "optional" if max(station_profiles) >= CERTIFICATE_PROFILE else "none"


def open_pki(settings: ListeningSettings, ocsp_url: Callable[[], str]) -> "Pki":
    """Open the PKI in ``settings.pki_folder``, or make one in memory if it is None; raises CouldNotStart.

    Importing `cryptography` at the top of the module would take a fifth of the start-up time.
    """
    from mock_csms.pki import Pki  # noqa: PLC0415

    folder = settings.pki_folder
    if folder is None:
        return Pki.in_memory(ocsp_url=ocsp_url)
    return Pki.open(folder, (*settings.tls_name, *_own_hosts(settings)), ocsp_url=ocsp_url)


def _own_hosts(settings: ListeningSettings) -> list[str]:
    """Hosts of the listeners and of ``--public-url`` to add to the names in the server certificates.

    USUAL_HOSTS are left out, because every server certificate has them.
    """
    hosts = [listener.host or settings.host for listener in settings.all_listeners.values()]
    hosts += [settings.public_url.host] if settings.public_url else []
    return [host for host in hosts if host not in ANY_ADDRESS and host not in USUAL_HOSTS]


class TlsProvider:
    """Chooses the TLS context of each connection; all listeners share it."""

    def __init__(
        self,
        settings: ListeningSettings,
        pki: Callable[[], "Pki"],
        station_profiles: Callable[[], Collection[int]],
        rulebook: Rulebook,
    ) -> None:
        self._pki = pki
        self._rulebook = rulebook
        self._station_profiles = station_profiles
        self._own = tuple(map(CertificateFiles, settings.tls_cert, settings.tls_key))
        self._trusted_file = settings.tls_ca
        self._contexts = Contexts()

    def fault_of_rule(self) -> Injected:
        """Return the TLS fault of a rule for the next connection, if any, and count the match of the rule."""
        match = self._rulebook.match_tls_handshake()
        if match is None or match.then.fault is None:
            return Injected()
        return Injected(match.then.fault.kind, match.rule.id)

    @property
    def faults_of_rules(self) -> set[str]:
        """Kinds of TLS faults that rules ask for."""
        return {kind for rule in self._rulebook for kind in rule.tls_faults}

    def check(self) -> None:
        """Raise UsageError if the user's own certificates cannot be used."""
        check_own_files(self._own, self._trusted_file)

    def warn(self) -> None:
        """Warn of flaws in the user's own certificates; the server starts nevertheless."""
        warn_of_own_files(self._own)

    @property
    def root_file(self) -> str:
        """File with the root certificate to install in stations; empty with the user's own certificates."""
        root = None if self._own else self._pki().named("root").chain_path
        return str(root) if root else ""

    def server_certificate_flaw(self, choice: str, server_name: str | None) -> str:
        """Describe why a client that asks for a host name rejects the presented certificates, if known."""
        if choice not in CHOICES and choice not in CHOICES["both"]:
            return flaw_of_choice(choice)
        chains = [files.chain for files in self._certificates(choice, "")]
        names = frozenset[str]().union(*(names_in_file(path, file_version(path)) for path in chains))
        return flaw_of_name(server_name, names, is_own=bool(self._own) and choice in CHOICES)

    def setup(self, listener: ListenerSettings, fault: str = "") -> TlsSetup:
        """Return the TLS context for a connection to ``listener``, with ``fault`` if any.

        Raises OSError or ValueError.
        """
        return TlsSetup(self._contexts.context(self._plan(listener, fault)), fault)

    def _plan(self, listener: ListenerSettings, fault: str) -> ContextPlan:
        certificates = self._certificates(listener.certificate, fault)
        if fault == NO_CLIENT_CA:
            return ContextPlan(certificates, "required")
        mode = client_certificates(listener.security_profile, self._station_profiles())
        weakness = cast("Weakness", fault if fault in WEAKNESSES else "")
        if mode == "none":
            return ContextPlan(certificates, weakness=weakness)
        return ContextPlan(certificates, mode, self._authorities, self._trusted_file, weakness)

    @cached_property
    def _authorities(self) -> tuple[str, ...]:
        return tuple(self._pki().named(name).certificate_pem for name in ("root", "intermediate"))

    def _certificates(self, choice: str, fault: str) -> tuple[CertificateFiles, ...]:
        if fault and fault not in WEAKNESSES and fault != NO_CLIENT_CA:
            key_type = choice if choice in {"ecdsa", "rsa"} else ""
            issued = tuple(one for one in self._pki().make(fault) if one.name.endswith(key_type))
        elif choice in CHOICES and self._own:
            return self._own
        else:
            issued = tuple(self._pki().named(name) for name in CHOICES.get(choice, (choice,)))
        return tuple(map(_files, issued))


class NoFolder(ValueError):
    """Raised if the PKI is only in memory, because OpenSSL reads certificates and keys from files."""

    def __init__(self) -> None:
        super().__init__("the certificates are kept in memory; start the server with --tls or --pki")


def _files(issued: "Issued") -> CertificateFiles:
    if issued.key is None:
        raise ValueError(
            f"the PKI does not have the key of the certificate {issued.name}; name another certificate"
        )
    if issued.chain_path is None or issued.key_path is None:
        raise NoFolder
    return CertificateFiles(issued.chain_path, issued.key_path)
