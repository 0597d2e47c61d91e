"""Certificates of a station: it must check, list and keep them correctly (A02, M03, M04, M05)."""

from typing import TYPE_CHECKING, Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.clock import DAY_S, Clock
from mock_csms.v201.installed_certificates import listed_hash_data, serial_number_of

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from cryptography import x509

INVALID_CERTIFICATE_EVENT: Final = "InvalidChargingStationCertificate"
EVENT_WITHIN_S: Final = 60.0
MAX_KEYS: Final = 50
"""Maximum number of stored public keys of CSRs; after more CSRs, a certificate may have any key."""
V2G_CERTIFICATE_USE: Final = "V2GCertificate"
_VERIFICATION: Final = ("A02.FR.06", "A03.FR.06")
"""Requirements that the station checks a certificate."""
_REFUSAL: Final = ("A02.FR.07", "A03.FR.07")
"""Requirements that the station rejects an invalid certificate, and reports it."""
HASHED: Final = {
    "issuerNameHash": "name in DER of the issuer",
    "issuerKeyHash": "public key of the issuer, without tag and length,",
}
"""Fields of CertificateHashDataType, and the content of which each field is a hash (Part 2 2.6)."""


class CertificateChange(NamedTuple):
    """An accepted InstallCertificate or DeleteCertificate."""

    frame: int
    certificate_type: str = ""
    certificate: "x509.Certificate | None" = None
    """Certificate in the InstallCertificate; None for a DeleteCertificate."""


class RecentChanges(BoundedDict[str, CertificateChange]):
    """The latest changes, by serial number."""

    __slots__ = ()
    limit = 100


class StationCertificates:
    """Certificates that are certainly on the station, or certainly not. In doubt, an entry is dropped."""

    __slots__ = (
        "_clock",
        "_deleted",
        "_event_at",
        "_installed",
        "_is_listing",
        "_keys",
        "_own",
        "_refusal",
        "_report",
    )

    def __init__(self, report: Reporter, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._installed = RecentChanges()
        self._deleted = RecentChanges()
        self._is_listing = False
        """Whether a GetInstalledCertificateIds is unanswered; its list may miss a change made meanwhile."""
        self._keys: set[bytes] | None = set()
        """Public keys of all CSRs; None if one could not be read or there are too many."""
        self._own: tuple[str, int] | None = None
        """Serial number of the station's certificate, and the frame in which the station accepted it."""
        self._event_at: float | None = None
        """Time of the last security event about a certificate."""
        self._refusal: tuple[float, int] | None = None
        """Time and frame of the answer by which the station refused an invalid certificate; None if no
        security event about a refusal is expected.
        """

    def forget(self) -> None:
        """Drop facts that are certain only within one connection, for example after a reconnect."""
        self._installed.clear()
        self._deleted.clear()
        self._is_listing = False
        self.expect_no_event()

    def expect_no_event(self) -> None:
        """Stop expecting a security event about a refused certificate."""
        self._refusal = None

    def shift(self, seconds: float) -> None:
        """Move the deadline of an expected security event ``seconds`` later."""
        if self._refusal is not None:
            at, frame = self._refusal
            self._refusal = at + seconds, frame

    def security_event(self, at: float, event_type: str) -> None:
        """Record the time of a security event about an invalid certificate, which is then no longer expected;
        ignore other security events.
        """
        if event_type == INVALID_CERTIFICATE_EVENT:
            if self._refusal is not None:
                self._report.met(*_REFUSAL)
            self._event_at, self._refusal = at, None

    def overdue(self, at: float) -> Findings:
        """Report that the station refused an invalid certificate but sent no security event in time."""
        if self._refusal is None or at - self._refusal[0] <= EVENT_WITHIN_S:
            return NO_FINDINGS
        _, frame = self._refusal
        self._refusal = None
        return self._report(
            "certificate-refusal-not-reported",
            at,
            (frame,),
            "a CertificateSigned with an invalid certificate was Rejected, but no SecurityEventNotification "
            f"{INVALID_CERTIFICATE_EVENT} was sent within {EVENT_WITHIN_S:g} s; the station must report it",
        )

    def certificate_requested(self, request: JsonObject) -> None:
        """Store the public key of a CSR."""
        key = _key_of_csr(request["csr"])
        if key is None:
            self._keys = None
        elif self._keys is not None:
            self._keys.add(key)
            if len(self._keys) > MAX_KEYS:
                self._keys = None

    def command_sent(self, action: str, request: JsonObject) -> None:
        """Drop the certificates that a command may change, because its answer may get lost."""
        if action == Action.get_installed_certificate_ids:
            self._is_listing = True
        elif action == Action.install_certificate:
            for serial_number, change in list(self._installed.items()):
                if change.certificate_type == request["certificateType"]:
                    del self._installed[serial_number]  # a new one may replace it (M05.FR.10)
            self._deleted.clear()
        elif action == Action.delete_certificate:
            self._installed.clear()  # also others may be deleted (M04.FR.08)
            self._deleted.pop(serial_number_of(request["certificateHashData"]), None)

    def command_failed(self, action: str) -> None:
        """Stop waiting for a list of certificates if the command that asked for it got no valid
        CALLRESULT.
        """
        if action == Action.get_installed_certificate_ids:
            self._is_listing = False

    def judge(self, at: float, frame: int, action: str, request: JsonObject, answer: JsonObject) -> Findings:
        """Check the answer to a command about certificates."""
        is_accepted = answer.get("status") == "Accepted"
        match action:
            case Action.get_installed_certificate_ids:
                self._is_listing = False
                self._note_list(request.get("certificateType"), answer)
                return self._judge_list(at, frame, request.get("certificateType"), answer)
            case Action.install_certificate if is_accepted:
                certificate = _parsed(request["certificate"])
                if certificate is not None and not self._is_listing:
                    change = CertificateChange(frame, request["certificateType"], certificate)
                    self._installed[f"{certificate.serial_number:x}"] = change
            case Action.delete_certificate if is_accepted:
                return self._judge_deletion(at, frame, serial_number_of(request["certificateHashData"]))
            case Action.delete_certificate if answer.get("status") == "Failed" and self._is_own(request):
                self._report.met("M04.FR.06")
            case Action.certificate_signed if is_accepted:
                return self._judge_acceptance(at, frame, request)
            case Action.certificate_signed if answer.get("status") == "Rejected":
                self._expect_event(at, frame, request)
        return NO_FINDINGS

    def _note_list(self, types: list[str] | None, answer: JsonObject) -> None:
        """Mark the requirements as met that a list of certificates shows to be met."""
        serial_numbers = {
            serial_number_of(data) for data in listed_hash_data(answer.get("certificateHashDataChain", []))
        }
        if not serial_numbers.isdisjoint(self._installed):
            self._report.met("M03.FR.03", "M03.FR.04", "M05.FR.02")
        if types is None and self._deleted.keys() - serial_numbers:
            self._report.met("M04.FR.02")

    def _is_own(self, request: JsonObject) -> bool:
        """Return whether a DeleteCertificate is about the certificate of the station."""
        return self._own is not None and self._own[0] == serial_number_of(request["certificateHashData"])

    def _judge_list(self, at: float, frame: int, types: list[str] | None, answer: JsonObject) -> Findings:
        chains = answer.get("certificateHashDataChain", [])
        listed = {serial_number_of(data): data for data in listed_hash_data(chains)}
        for serial_number, change in list(self._installed.items()):
            is_asked_for = types is None or change.certificate_type in types
            if is_asked_for and serial_number not in listed:
                del self._installed[serial_number]
                requirement = "M03.FR.03" if answer["status"] == "NotFound" else "M03.FR.04"
                return self._wrong_list(
                    at,
                    (change.frame, frame),
                    serial_number,
                    ("lacks", "installed"),
                    (requirement, "M05.FR.02"),
                )
            if serial_number in listed and (field := _wrong_field(listed[serial_number], change.certificate)):
                del self._installed[serial_number]
                return self._wrong_hash(at, (change.frame, frame), serial_number, field)
        for serial_number in self._deleted.keys() & listed.keys():
            change = self._deleted.pop(serial_number)
            return self._wrong_list(
                at, (change.frame, frame), serial_number, ("lists", "deleted"), ("M04.FR.02",)
            )
        return NO_FINDINGS

    def _wrong_list(
        self,
        at: float,
        frames: tuple[int, int],
        serial_number: str,
        verbs: tuple[str, str],
        requirements: tuple[str, ...],
    ) -> Findings:
        verb, change = verbs
        return self._report(
            "certificate-list-wrong",
            at,
            frames,
            f"the answer to GetInstalledCertificateIds {verb} the certificate with the serial number "
            f"{serial_number}, which the station has {change} before; it must list the installed "
            "certificates",
            requirements=requirements,
        )

    def _wrong_hash(self, at: float, frames: tuple[int, int], serial_number: str, field: str) -> Findings:
        return self._report(
            "certificate-hash-wrong",
            at,
            frames,
            f"the {field} of the certificate with the serial number {serial_number} is not the hash of the "
            f"{HASHED[field]} that the station has installed",
        )

    def _judge_deletion(self, at: float, frame: int, serial_number: str) -> Findings:
        if not self._is_listing:
            self._deleted[serial_number] = CertificateChange(frame)
        if self._own is None or self._own[0] != serial_number:
            return NO_FINDINGS
        _, accepted_in = self._own
        self._own = None
        return self._report(
            "own-certificate-deleted",
            at,
            (accepted_in, frame),
            "a DeleteCertificate for the Charging Station certificate was answered with Accepted; the answer "
            "must be Failed",
        )

    def _judge_acceptance(self, at: float, frame: int, request: JsonObject) -> Findings:
        certificate = _parsed(request["certificateChain"])
        if fault := self._fault_in(certificate, at):
            return self._report(
                "bad-certificate-accepted",
                at,
                (frame,),
                f"a CertificateSigned was answered with Accepted although {fault}; the answer must be "
                "Rejected",
            )
        if certificate is not None and request.get("certificateType") != V2G_CERTIFICATE_USE:
            self._own = f"{certificate.serial_number:x}", frame
        return NO_FINDINGS

    def _expect_event(self, at: float, frame: int, request: JsonObject) -> None:
        """Expect the security event about an invalid certificate; it may also come before the answer."""
        is_reported = self._event_at is not None and at - self._event_at <= EVENT_WITHIN_S
        is_for_station = request.get("certificateType") != V2G_CERTIFICATE_USE
        if not is_for_station or not self._fault_in(_parsed(request["certificateChain"]), at):
            return
        self._report.met(*_VERIFICATION)
        if is_reported:
            self._report.met(*_REFUSAL)
        else:
            self._refusal = at, frame

    def _fault_in(self, certificate: "x509.Certificate | None", at: float) -> str:
        """Return why the station has to reject a certificate; empty if it may accept it."""
        if certificate is None:
            return "its chain is not readable PEM"
        if self._clock.since is not None and not self._clock.is_skewed:
            if certificate.not_valid_after_utc.timestamp() < at - DAY_S:
                return f"the certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
            if certificate.not_valid_before_utc.timestamp() > at + DAY_S:
                return f"the certificate is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
        if self._keys and _public_bytes(certificate) not in self._keys:
            return "the key of the certificate is not in any CSR of the station"
        return ""


def _wrong_field(hash_data: JsonObject, certificate: "x509.Certificate | None") -> str | None:
    """Return the wrong field in the hash data of a self-signed certificate, or None."""
    from mock_csms.pki.hash_data import HASH_ALGORITHMS, issuer_hashes  # noqa: PLC0415 - see above

    algorithm = hash_data["hashAlgorithm"]
    if certificate is None or certificate.issuer != certificate.subject or algorithm not in HASH_ALGORITHMS:
        return None
    hashes = issuer_hashes(certificate, algorithm)
    return next(
        (
            field
            for field, expected in zip(HASHED, hashes, strict=True)
            if hash_data[field].lower() != expected.hex()
        ),
        None,
    )


def _parsed(pem: str) -> "x509.Certificate | None":
    """The first certificate in PEM; None if it is unreadable."""
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except (ValueError, TypeError, x509.InvalidVersion):
        return None


def _key_of_csr(pem: str) -> bytes | None:
    from cryptography import x509  # noqa: PLC0415 - see above

    try:
        return _public_bytes(x509.load_pem_x509_csr(pem.encode()))
    except (ValueError, TypeError, x509.InvalidVersion):
        return None


def _public_bytes(certified: "x509.Certificate | x509.CertificateSigningRequest") -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    try:
        return certified.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UnsupportedAlgorithm:
        raise ValueError("a key of an unsupported kind") from None
