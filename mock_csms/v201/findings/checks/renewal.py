"""Signed certificates and contract certificates that a station gets or sends (A00, A02, A03)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.findings.expectations import ExpectedMessage
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.signing import SigningFacts, digest_of
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.pem import certificates_in, has_certificate_form, public_key_of

_RECONNECTS_WITHIN_S: Final = 120.0
_WITH_CLIENT_CERTIFICATE: Final = "3"
_RENEWED: Final = ("A02.FR.08", "A03.FR.08")

LONG_CERTIFICATE_CHAIN_ACCEPTED: Final = CHECKS.kind(
    "long-certificate-chain-accepted",
    "error",
    "a CertificateSigned is accepted although its chain is longer than MaxCertificateChainSize",
    "SecurityCtrlr.MaxCertificateChainSize",
)
NEW_CERTIFICATE_NOT_USED: Final = CHECKS.kind(
    "new-certificate-not-used",
    "error",
    "the station accepts a new certificate but does not reconnect with it",
    "that SecurityCtrlr.SecurityProfile is 3, the SignCertificate for the certificate, a currentTime "
    "sent to the station, and that no transaction has run since",
)
NEW_CERTIFICATE_NOT_USED.names(*_RENEWED)
CONTRACT_CERTIFICATE_UNREADABLE: Final = CHECKS.kind(
    "contract-certificate-unreadable", "error", "the certificate in an Authorize is not in PEM"
)


@LONG_CERTIFICATE_CHAIN_ACCEPTED.on_command("A02.FR.16", "A03.FR.16", of=Action.certificate_signed)
def _judge_length(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a chain that is too long is rejected."""
    limit = known[DeviceModelFacts].number("SecurityCtrlr", "MaxCertificateChainSize")
    size = len(command.request["certificateChain"])
    if not limit or size <= limit:
        return None
    status = command.answer["status"]
    if status == "Rejected":
        return MET
    return Broken(
        f"a CertificateSigned with a chain of {size} characters was accepted although "
        f"MaxCertificateChainSize is {limit:g}; the answer must be Rejected",
        (command.sent_frame,),
    )


@CHECKS.learn_command(Action.certificate_signed)
def _expect_reconnect(command: AnsweredCommand, known: Known201) -> None:
    """Expect the station to reconnect, and so to end the connection, after it has accepted a new client
    certificate.
    """
    use = command.request.get("certificateType", "ChargingStationCertificate")
    profile = known[DeviceModelFacts].of_station("SecurityCtrlr", "SecurityProfile")
    is_accepted = command.answer["status"] == "Accepted"
    if not is_accepted or use != "ChargingStationCertificate" or profile != _WITH_CLIENT_CERTIFICATE:
        return
    if not _is_usable(command.request["certificateChain"], command.at, known):
        return
    known.expectations.add(
        ExpectedMessage(
            NEW_CERTIFICATE_NOT_USED.id,
            _RENEWED,
            since=command.at,
            within_s=_RECONNECTS_WITHIN_S,
            actions=frozenset(),
            is_fulfilled_by=lambda _action, _payload: False,
            is_fulfilled_by_disconnect=True,
            is_excused=lambda: bool(known.running.by_id) or known.running.last_ended_at > command.at,
            sentence="a new certificate was accepted, but the station did not reconnect within "
            f"{_RECONNECTS_WITHIN_S:g} s; it must use the new certificate at once",
            frames=(command.sent_frame, command.frame),
        )
    )


def _is_usable(chain: str, at: float, known: Known201) -> bool:
    """Return whether the first certificate of a chain is certainly valid at the time ``at`` and has a key
    that the station sent in a CSR.
    """
    certificates = certificates_in(chain)
    if not certificates or not known.clock.is_right:
        return False
    leaf = certificates[0]
    key = public_key_of(leaf)
    is_valid = leaf.not_valid_before_utc.timestamp() <= at <= leaf.not_valid_after_utc.timestamp()
    return is_valid and key is not None and digest_of(key) in known[SigningFacts].keys


@CONTRACT_CERTIFICATE_UNREADABLE.on_call("A00.FR.507", of=Action.authorize)
def _judge_contract_certificate(call: StationCall, _: Known201) -> Outcome:
    """Check that a contract certificate is in PEM."""
    pem = call.payload.get("certificate")
    if pem is None:
        return None
    if has_certificate_form(pem):
        return MET
    return Broken("the certificate in Authorize is not in PEM; it must be an X.509 certificate in PEM")
