"""Certificate signing requests of a station, and what they are for (A02, A03)."""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.signing_request import read_signing_request

_MAX_KEYS: Final = 50
FOR_STATION: Final = "ChargingStationCertificate"
_USES: Final = {
    "SignChargingStationCertificate": "ChargingStationCertificate",
    "SignV2GCertificate": "V2GCertificate",
    "SignCombinedCertificate": None,
}
"""certificateType of the SignCertificate that a TriggerMessage requests, by requestedMessage; None: any."""


@dataclass(slots=True, eq=False)
class SigningTrigger:
    """An accepted TriggerMessage for a SignCertificate that the station has not sent yet."""

    at: float
    frame: int
    use: str | None
    """Required certificateType; None: any."""
    is_certain: bool
    """Whether the next SignCertificate certainly follows from the trigger, and does not repeat an earlier
    SignCertificate.
    """


class _Keys(BoundedDict[bytes, int]):
    __slots__ = ()
    limit = _MAX_KEYS


class SigningFacts(Facts):
    """Public keys in the station's SignCertificates, the TriggerMessage that requested the next
    SignCertificate, and the station's serial number.
    """

    __slots__ = ("keys", "serial_number", "trigger", "waiting")

    def __init__(self) -> None:
        self.keys: dict[bytes, int] = _Keys()
        """Frame number of the first SignCertificate with each public key, by a digest of the key."""
        self.trigger: SigningTrigger | None = None
        self.waiting: set[str] = set()
        """certificateTypes of the SignCertificates for which the station has not answered a
        CertificateSigned; the station may repeat them.
        """
        self.serial_number = ""
        """Serial number of the station in the latest BootNotification."""

    def booted(self, reason: str) -> None:
        self.trigger = None

    def disconnected(self) -> None:
        self.trigger = None

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.sign_certificate}:
            self.trigger = None


def digest_of(public_key: bytes) -> bytes:
    """Return a short digest of a public key."""
    return sha256(public_key).digest()[:16]


@CHECKS.learn_call(Action.boot_notification)
def _booted(call: StationCall, known: Known201) -> None:
    known[SigningFacts].serial_number = call.payload["chargingStation"].get("serialNumber", "")


@CHECKS.learn_command(Action.trigger_message)
def _triggered(command: AnsweredCommand, known: Known201) -> None:
    requested, facts = command.request["requestedMessage"], known[SigningFacts]
    if requested not in _USES:
        return
    is_accepted = command.answer["status"] == "Accepted"
    facts.trigger = (
        SigningTrigger(command.at, command.sent_frame, _USES[requested], not facts.waiting)
        if is_accepted
        else None
    )


@CHECKS.learn_call(Action.sign_certificate)
def _requested(call: StationCall, known: Known201) -> None:
    facts = known[SigningFacts]
    facts.trigger = None
    facts.waiting.add(_use_of(call.payload))
    with suppress(NotImplementedError):
        request = read_signing_request(call.payload["csr"])
        if request is not None:
            facts.keys.setdefault(digest_of(request.public_key), call.frame)


@CHECKS.learn_command(Action.certificate_signed)
def _signed(command: AnsweredCommand, known: Known201) -> None:
    known[SigningFacts].waiting.discard(_use_of(command.request))


def _use_of(payload: JsonObject) -> str:
    use: str = payload.get("certificateType", FOR_STATION)
    return use
