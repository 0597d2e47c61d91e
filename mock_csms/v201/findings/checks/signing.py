"""Certificate signing requests: format, key, subject and use (A00, A02, A03)."""

from ipaddress import ip_address
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.recent_settings import RecentSettings
from mock_csms.v201.findings.facts.signing import FOR_STATION, SigningFacts, SigningTrigger, digest_of
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.signing_request import MIN_KEY_BITS, CertificateRequest, read_signing_request

_FOLLOWS_WITHIN_S: Final = 60.0
_WEAK_HASHES: Final = frozenset({"md5", "sha1"})
"""Hash algorithms that are in no edition of the BSI recommendations."""

CSR_UNREADABLE: Final = CHECKS.kind(
    "csr-unreadable", "error", "a SignCertificate has no valid certificate signing request in PEM"
)
CSR_KEY_WEAK: Final = CHECKS.kind(
    "csr-key-weak", "error", "the key of a certificate signing request is too short"
)
CSR_SIGNATURE_WEAK: Final = CHECKS.kind(
    "csr-signature-weak", "error", "a certificate signing request is signed with MD5 or SHA-1"
)
CSR_SUBJECT_WRONG: Final = CHECKS.kind(
    "csr-subject-wrong",
    "error",
    "the subject of a certificate signing request lacks the organization or the serial number of the station",
    "for the organization, SecurityCtrlr.OrganizationName; for the serial number, a BootNotification "
    "that contains it",
)
CSR_KEY_REUSED: Final = CHECKS.kind(
    "csr-key-reused",
    "error",
    "the certificate signing request after a TriggerMessage has the key of an earlier one",
    "an accepted TriggerMessage on the same connection, and that no earlier SignCertificate is still "
    "waiting for its certificate",
)
CSR_TYPE_WRONG: Final = CHECKS.kind(
    "csr-type-wrong",
    "error",
    "the SignCertificate after a TriggerMessage has another certificateType than the one that was asked for",
    "an accepted TriggerMessage on the same connection, and that no earlier SignCertificate is still "
    "waiting for its certificate",
)
PRIVATE_KEY_SENT: Final = CHECKS.kind("private-key-sent", "error", "a SignCertificate contains a private key")


def _request_in(call: StationCall) -> CertificateRequest | None:
    """Parse the `csr` of a SignCertificate; None if it is not PKCS#10 in PEM or uses an unsupported
    algorithm.
    """
    try:
        return read_signing_request(call.payload["csr"])
    except NotImplementedError:
        return None


@CSR_UNREADABLE.on_call("A02.FR.03", "A03.FR.03", of=Action.sign_certificate)
def _judge_format(call: StationCall, _: Known201) -> Outcome:
    """Check that the request is PKCS#10 in PEM with a valid signature."""
    try:
        request = read_signing_request(call.payload["csr"])
    except NotImplementedError:
        return None
    if request is not None and request.hash_name in _WEAK_HASHES:
        return None  # its signature cannot be verified
    if request is not None and request.is_signed:
        return MET
    fault = "is not a PKCS#10 request in PEM" if request is None else "has an invalid signature"
    return Broken(f"the csr in SignCertificate {fault}; it must be a PEM-encoded PKCS#10 request")


def _judge_key(call: StationCall, kinds: tuple[str, ...]) -> Outcome:
    """Judge the length of the key, if the key is of one of these kinds."""
    request = _request_in(call)
    if request is None or request.key_kind not in kinds:
        return None
    minimum = MIN_KEY_BITS[request.key_kind]
    if request.key_bits >= minimum:
        return MET
    return Broken(
        f"the {request.key_kind} key in SignCertificate has {request.key_bits} bits; it must have at least "
        f"{minimum}"
    )


@CSR_KEY_WEAK.on_call("A00.FR.501", of=Action.sign_certificate)
def _judge_any_key(call: StationCall, _: Known201) -> Outcome:
    """Check that the key of the request is long enough, whether it is RSA, DSA or EC."""
    return _judge_key(call, tuple(MIN_KEY_BITS))


@CSR_KEY_WEAK.on_call("A00.FR.502", of=Action.sign_certificate)
def _judge_rsa_key(call: StationCall, _: Known201) -> Outcome:
    """Check that an RSA or DSA key is long enough."""
    return _judge_key(call, ("RSA", "DSA"))


@CSR_KEY_WEAK.on_call("A00.FR.503", of=Action.sign_certificate)
def _judge_ec_key(call: StationCall, _: Known201) -> Outcome:
    """Check that a key on an elliptic curve is long enough."""
    return _judge_key(call, ("EC",))


@CSR_SIGNATURE_WEAK.on_call("A00.FR.504", of=Action.sign_certificate)
def _judge_hash(call: StationCall, _: Known201) -> Outcome:
    """Check that the signature does not use a broken hash algorithm."""
    request = _request_in(call)
    if request is None or not request.hash_name:
        return None
    if request.hash_name not in _WEAK_HASHES:
        return MET
    return Broken(
        f"the csr in SignCertificate is signed with {request.hash_name.upper()}; it must be signed with an "
        "algorithm that BSI recommends, such as SHA-256"
    )


def _request_for_station(call: StationCall, known: Known201) -> CertificateRequest | None:
    """Return the request in a SignCertificate if it is certainly for a ChargingStationCertificate only; None
    otherwise.
    """
    use = call.payload.get("certificateType")
    is_for_station = use == FOR_STATION or (use is None and known[DeviceModelFacts].is_off("ISO15118Ctrlr"))
    return _request_in(call) if is_for_station else None


@CSR_SUBJECT_WRONG.on_call("A00.FR.509", of=Action.sign_certificate)
def _judge_organization(call: StationCall, known: Known201) -> Outcome:
    """Check that the organization in the subject of the request is the OrganizationName of the station."""
    required = known[DeviceModelFacts].of_station("SecurityCtrlr", "OrganizationName")
    request = _request_for_station(call, known)
    if request is None or not required or not known[RecentSettings].is_settled("SecurityCtrlr", call.at):
        return None
    if digest_of(request.public_key) in known[SigningFacts].keys:
        return None  # a repeated request may be older than the OrganizationName
    if request.organization == required:
        return MET
    return Broken(
        f"the subject of the csr in SignCertificate has the organization {short(request.organization)}; it "
        f"must be the OrganizationName {short(required)}"
    )


@CSR_SUBJECT_WRONG.on_call("A00.FR.511", of=Action.sign_certificate)
def _judge_common_name(call: StationCall, known: Known201) -> Outcome:
    """Check that the common name in the subject of the request is the serial number of the station, and not a
    URL or an IP address.
    """
    request, serial_number = _request_for_station(call, known), known[SigningFacts].serial_number
    if request is None:
        return None
    name = request.common_name
    if serial_number and name == serial_number and not _is_address(name):
        return MET
    if not serial_number and not _is_address(name):
        return None
    required = f"the serial number {short(serial_number)}" if serial_number else "a serial number"
    return Broken(
        f"the subject of the csr in SignCertificate has the common name {short(name)}; it must be {required} "
        "of the station, and not a URL or an IP address"
    )


def _is_address(name: str) -> bool:
    """Return whether a name is a URL or an IP address."""
    if "://" in name:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _trigger_of(call: StationCall, known: Known201) -> SigningTrigger | None:
    """Return the TriggerMessage that certainly caused a SignCertificate; None if there is none."""
    trigger = known[SigningFacts].trigger
    is_its = trigger is not None and trigger.is_certain and call.at - trigger.at <= _FOLLOWS_WITHIN_S
    return trigger if is_its else None


@CSR_KEY_REUSED.on_call("A02.FR.02", of=Action.sign_certificate)
def _judge_new_key(call: StationCall, known: Known201) -> Outcome:
    """Check that a request after a TriggerMessage has a new key."""
    trigger, request = _trigger_of(call, known), _request_in(call)
    if trigger is None or request is None:
        return None
    frame = known[SigningFacts].keys.get(digest_of(request.public_key))
    if frame is None:
        return MET
    return Broken(
        "the csr in SignCertificate has the same key as an earlier one; after a TriggerMessage the station "
        "must generate a new key",
        (frame, trigger.frame),
    )


@CSR_TYPE_WRONG.on_call("A02.FR.13", of=Action.sign_certificate)
def _judge_use(call: StationCall, known: Known201) -> Outcome:
    """Check that a request after a TriggerMessage is for the requested certificate."""
    trigger, use = _trigger_of(call, known), call.payload.get("certificateType")
    if trigger is None or trigger.use is None or use is None:
        return None
    if use == trigger.use:
        return MET
    return Broken(
        f"SignCertificate has the certificateType {use} after a TriggerMessage for a {trigger.use}; it must "
        "be for the certificate that was asked for",
        (trigger.frame,),
    )


@PRIVATE_KEY_SENT.on_call("A02.FR.05", "A03.FR.05", of=Action.sign_certificate)
def _judge_private_key(call: StationCall, _: Known201) -> Outcome:
    """Check that the csr of a SignCertificate does not also contain a private key."""
    if "PRIVATE KEY-----" not in call.payload["csr"]:
        return MET
    return Broken("SignCertificate contains a private key; a private key must never leave the station")
