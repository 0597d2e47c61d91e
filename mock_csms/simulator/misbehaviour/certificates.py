"""Misbehaviours with certificates (A02, M03, M04)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.simulator.misbehaviour.changes import alter, put, where
from mock_csms.simulator.misbehaviour.deviations import ChangeAnswer, IgnoreCommand, SkipCall
from mock_csms.simulator.misbehaviour.record import Misbehaviour

INVALID_CERTIFICATE: Final = "InvalidChargingStationCertificate"

CERTIFICATE_MISBEHAVIOURS: Final = (
    Misbehaviour(
        "accept-any-certificate",
        "A CertificateSigned is answered with Accepted, even if its certificate is invalid.",
        "bad-certificate-accepted",
        (ChangeAnswer(Action.certificate_signed, put("status", "Accepted")),),
    ),
    Misbehaviour(
        "hide-invalid-certificate",
        "No SecurityEventNotification is sent about a rejected certificate.",
        "certificate-refusal-not-reported",
        (SkipCall(Action.security_event_notification, when=where("type", INVALID_CERTIFICATE)),),
    ),
    Misbehaviour(
        "delete-own-certificate",
        "A DeleteCertificate for the certificate of the station is answered with Accepted.",
        "own-certificate-deleted",
        (
            ChangeAnswer(
                Action.delete_certificate,
                alter("status", lambda status: "Accepted" if status == "Failed" else status),
            ),
        ),
    ),
    Misbehaviour(
        "keep-deleted-certificate",
        "The first DeleteCertificate is accepted but not carried out.",
        "certificate-list-wrong",
        (IgnoreCommand(Action.delete_certificate, {"status": "Accepted"}, limit=1),),
    ),
    Misbehaviour(
        "hash-other-key",
        "The issuerKeyHash in the answer to a GetInstalledCertificateIds is that of another key.",
        "certificate-hash-wrong",
        (
            ChangeAnswer(
                Action.get_installed_certificate_ids,
                alter("certificateHashDataChain.certificateHashData.issuerKeyHash", lambda _: "0" * 64),
            ),
        ),
    ),
    Misbehaviour(
        "omit-certificates",
        "A GetInstalledCertificateIds is answered with NotFound.",
        "certificate-list-wrong",
        (IgnoreCommand(Action.get_installed_certificate_ids, {"status": "NotFound"}),),
    ),
)
