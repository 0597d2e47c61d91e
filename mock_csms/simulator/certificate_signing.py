"""Renewal of the station's own certificates: sends CSRs and installs signed certificates (A02, A03)."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import (
    Action,
    CertificateSignedStatusEnumType,
    CertificateSigningUseEnumType,
    MessageTriggerEnumType,
    SecurityEventType,
)

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import (
    InvalidCertificate,
    PrivateKey,
    is_chain,
    is_current,
    is_issued_by,
    is_strong,
    parse_chain,
    rejection,
    subject_value,
)
from mock_csms.simulator.certificates import Certificates
from mock_csms.simulator.core import Core
from mock_csms.simulator.host import Timer
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.security_setup import CLIENT_CERTIFICATE_PROFILE, KeyKind
from mock_csms.simulator.signals import Signal
from mock_csms.simulator.trust_store import ROOT_OF, STATION_CERTIFICATE, V2G, Chain, OwnCertificate

MAX_NAME: Final = 64
"""Maximum characters of a name in the subject of a CSR (X.509)."""
MAX_PENDING: Final = 4
RSA_BITS: Final = 2048
RENEW_BEFORE: Final = timedelta(days=30)
BOTH: Final = "both"
USES_OF: Final = {STATION_CERTIFICATE: (STATION_CERTIFICATE,), V2G: (V2G,), BOTH: (STATION_CERTIFICATE, V2G)}


class Signing:
    """A CSR that waits for its signed certificate."""

    timer: Timer | None = None

    def __init__(self, use: str, key: PrivateKey, subject: x509.Name, wait_s: int, repeats: int) -> None:
        self.use = use
        self.key = key
        self.subject = subject
        self.csr = csr_of(key, subject)
        self.wait_s = wait_s
        self.repeats = repeats

    def stop(self) -> None:
        """Stop repeating the CSR; a signed certificate for it is still accepted."""
        self.repeats = 0
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class CertificateSigning:
    """Renews the station's own certificates: sends CSRs and installs the signed certificates (A02, A03)."""

    def __init__(self, core: Core, security: SecurityEvents, certificates: Certificates) -> None:
        self.renewed = Signal[[str]]()
        """Emitted when a new certificate is installed, with its use: STATION_CERTIFICATE or V2G."""
        self._core = core
        self._security = security
        self._certificates = certificates
        self._store = certificates.store
        self._pending: deque[Signing] = deque(maxlen=MAX_PENDING)
        self._renewal: Timer | None = None
        core.boot_accepted.connect(self._boot)
        core.powered_off.connect(self._power_off)
        for message, use in (
            (MessageTriggerEnumType.sign_charging_station_certificate, STATION_CERTIFICATE),
            (MessageTriggerEnumType.sign_v2g_certificate, V2G),
            (MessageTriggerEnumType.sign_combined_certificate, BOTH),
        ):
            core.triggers[message] = partial(self._trigger, use)

    def _trigger(self, use: str, _payload: JsonObject) -> Callable[[], None]:
        return partial(self.sign, use)

    def sign(self, use: str) -> None:
        """Generate a key and send a CSR for the key (A02.FR.02, A02.FR.03).

        The CSR is repeated, up to CertSigningRepeatTimes, until its signed certificate arrives (A02.FR.17,
        A02.FR.19).
        """
        for pending in self._pending:
            if pending.use == use:
                pending.stop()
        key = generated_key(self._core.setup.security.key_kind)
        settings = self._core.variables
        wait_s = max(1, settings.integer("SecurityCtrlr", "CertSigningWaitMinimum"))
        repeats = settings.integer("SecurityCtrlr", "CertSigningRepeatTimes")
        signing = Signing(use, key, self._subject(use), wait_s, repeats)
        if len(self._pending) == MAX_PENDING:
            self._pending[0].stop()
        self._pending.append(signing)
        self._send(signing)

    def _subject(self, use: str) -> x509.Name:
        """Subject for a certificate of the station or its SECC.

        The subject for the station follows A00.FR.509 and A00.FR.511. The subject for the SECC follows
        2.14.9 to 2.14.11 of part 2.
        """
        text = self._core.variables.text
        is_for_secc = use == V2G
        controller = "ISO15118Ctrlr" if is_for_secc else "SecurityCtrlr"
        names = {
            NameOID.COMMON_NAME: (is_for_secc and text(controller, "SeccId"))
            or text("ChargingStation", "SerialNumber"),
            NameOID.ORGANIZATION_NAME: text(controller, "OrganizationName") or self._core.setup.vendor,
            NameOID.COUNTRY_NAME: text(controller, "CountryName") if is_for_secc else "",
        }
        return x509.Name(
            [x509.NameAttribute(field, value[:MAX_NAME]) for field, value in names.items() if value]
        )

    def _send(self, signing: Signing) -> None:
        signing.timer = None
        use = None if signing.use == BOTH else CertificateSigningUseEnumType(signing.use)

        def wait(answer: JsonObject) -> None:
            if answer["status"] == "Accepted" and signing.repeats > 0 and signing in self._pending:
                signing.timer = self._core.after(signing.wait_s, lambda: self._repeat(signing))

        self._core.send(call.SignCertificate(signing.csr, certificate_type=use), wait)

    def _repeat(self, signing: Signing) -> None:
        signing.repeats -= 1
        signing.wait_s *= 2  # A02.FR.18
        self._send(signing)

    @on(Action.certificate_signed)
    def certificate_signed(
        self, certificate_chain: str, certificate_type: str | None
    ) -> call_result.CertificateSigned:
        """Install a signed certificate if it is valid and belongs to a pending CSR (A02.FR.06 to FR.08)."""
        max_size = self._core.variables.integer("SecurityCtrlr", "MaxCertificateChainSize")
        rejected = CertificateSignedStatusEnumType.rejected
        if 0 < max_size < len(certificate_chain):  # A02.FR.16
            reason = rejection("TooLargeElement", f"the chain is longer than {max_size} characters")
            return call_result.CertificateSigned(rejected, status_info=reason)
        try:
            self._use(parse_chain(certificate_chain), certificate_type)
        except InvalidCertificate as error:
            self._stop_waiting(certificate_type)
            self._security.report(SecurityEventType.invalid_charging_station_certificate, str(error))
            return call_result.CertificateSigned(rejected, status_info=error.status_info)
        return call_result.CertificateSigned(CertificateSignedStatusEnumType.accepted)

    def _use(self, chain: Chain, certificate_type: str | None) -> None:
        signing = self._signing_of(chain[0], certificate_type)
        uses = (certificate_type,) if certificate_type else USES_OF[signing.use]
        self._check(chain, signing.subject, uses)
        signing.stop()
        for use in uses:
            # The chain is installed without its root (M03, remarks).
            own = [one for one in chain if one == chain[0] or not is_issued_by(one, one)]
            self._store.set_own(use, OwnCertificate(own, signing.key), keeps_fallback=self._is_in_use(use))
            self._security.report(SecurityEventType.reconfiguration_of_security_parameters, use)
            self.renewed.emit(use)
        if STATION_CERTIFICATE in uses:
            self._await_renewal()
        if V2G in uses:
            self._certificates.request_ocsp()

    def _is_in_use(self, use: str) -> bool:
        """Whether the station connects with its certificate for ``use``. If so, a replaced certificate is
        kept until a connection with the new certificate succeeds.
        """
        security_profile = self._core.variables.integer("SecurityCtrlr", "SecurityProfile")
        return use == STATION_CERTIFICATE and security_profile == CLIENT_CERTIFICATE_PROFILE

    def _signing_of(self, leaf: x509.Certificate, certificate_type: str | None) -> Signing:
        for signing in reversed(self._pending):
            is_wanted = certificate_type is None or certificate_type in USES_OF[signing.use]
            if is_wanted and signing.key.public_key() == leaf.public_key():
                return signing
        raise InvalidCertificate("the key does not match a pending certificate signing request")

    def _check(self, chain: Chain, wanted: x509.Name, uses: tuple[str, ...]) -> None:
        now = self._core.now()
        if not all(is_current(certificate, now) for certificate in chain):
            raise InvalidCertificate("a certificate is not valid now")
        if not all(is_strong(certificate) for certificate in chain):
            raise InvalidCertificate("a key is too weak")
        if subject_value(chain[0].subject) != subject_value(wanted):  # A00.FR.511
            raise InvalidCertificate("the common name is not the one in the certificate signing request")
        if not subject_value(chain[0].subject, NameOID.ORGANIZATION_NAME):  # A00.FR.509
            raise InvalidCertificate("the organization name is missing")
        if not is_chain(chain):
            raise InvalidCertificate("a certificate is not signed by the next one")
        for use in uses:
            self._check_root(chain, use)

    def _check_root(self, chain: Chain, use: str) -> None:
        # If no root of this kind is installed, the station cannot check the signer and accepts the chain.
        roots = self._store.roots(ROOT_OF[use])
        valid = [root for root in roots if is_current(root, self._core.now())]
        if roots and not any(chain[-1] == root or is_issued_by(chain[-1], root) for root in valid):
            raise InvalidCertificate(f"no installed and valid {ROOT_OF[use]} signed the chain")

    def _stop_waiting(self, certificate_type: str | None) -> None:
        """Stop repeating CSRs after an invalid certificate; the next TriggerMessage sends a new CSR
        (A02.FR.20).
        """
        for signing in self._pending:
            if certificate_type is None or certificate_type in USES_OF[signing.use]:
                signing.stop()

    def _power_off(self) -> None:
        for signing in self._pending:
            signing.stop()
        self._stop_renewal()

    def _boot(self) -> None:
        if (due := self._renewal_due()) is not None and due <= self._core.now():
            self.sign(STATION_CERTIFICATE)
        else:
            self._await_renewal()

    def _await_renewal(self) -> None:
        """Schedule the renewal of the station's certificate: RENEW_BEFORE ahead of the expiry (A03.FR.02).

        A certificate that is already due when it is installed is renewed only after the next boot. Otherwise
        the station would renew certificates with a short validity without end.
        """
        self._stop_renewal()
        if (due := self._renewal_due()) is not None and due > self._core.now():
            self._renewal = self._core.at(due, lambda: self.sign(STATION_CERTIFICATE))

    def _renewal_due(self) -> datetime | None:
        chain = self._store.chain(STATION_CERTIFICATE)
        return chain[0].not_valid_after_utc - RENEW_BEFORE if chain else None

    def _stop_renewal(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None


def generated_key(kind: KeyKind) -> PrivateKey:
    """Generate a private key; an RSA key takes about 0.1 s."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, RSA_BITS)
    return ec.generate_private_key(ec.SECP256R1())


def csr_of(key: PrivateKey, subject: x509.Name) -> str:
    """Certificate signing request in PEM."""
    request = x509.CertificateSigningRequestBuilder(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()
