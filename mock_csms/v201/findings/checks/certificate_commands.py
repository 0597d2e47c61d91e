"""Answers to commands that install and delete certificates (M04, M05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.checks.certificate_lists import has_root_check
from mock_csms.v201.findings.clock import DAY_S
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.installed_certificates import (
    CSMS_ROOT_TYPE,
    InstalledCertificates,
    hash_key,
)
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.pem import (
    certificates_in,
    has_certificate_form,
    has_wrong_signature,
    is_self_issued,
    issuer_hash,
    names_another_key,
    serial_number,
)

_INSTALL: Final = Action.install_certificate

BAD_ROOT_CERTIFICATE_ACCEPTED: Final = CHECKS.kind(
    "bad-root-certificate-accepted",
    "error",
    "an InstallCertificate is accepted although its certificate is unreadable, expired or wrongly signed",
    "for an expired certificate, a currentTime sent to the station; for one that the previous CSMS "
    "root has not signed, SecurityCtrlr.AdditionalRootCertificateCheck and that a CSMS root was "
    "listed or installed on the same connection",
)
CERTIFICATE_ACCEPTED_ABOVE_LIMIT: Final = CHECKS.kind(
    "certificate-accepted-above-limit",
    "error",
    "an InstallCertificate is accepted although SecurityCtrlr.CertificateEntries is at its maxLimit",
    "SecurityCtrlr.CertificateEntries with its maxLimit and a complete list of the installed "
    "certificates, both read after the last change of the certificates",
)
INSTALLED_CERTIFICATE_REFUSED: Final = CHECKS.kind(
    "installed-certificate-refused",
    "error",
    "an InstallCertificate for a certificate that is already installed is not accepted",
    "the accepted InstallCertificate before it, on the same connection",
)
CERTIFICATE_DELETED_TWICE: Final = CHECKS.kind(
    "certificate-deleted-twice",
    "error",
    "a DeleteCertificate is accepted for a certificate that was deleted before",
    "the earlier DeleteCertificate and, on the same connection, a complete list of the installed "
    "certificates",
)


@BAD_ROOT_CERTIFICATE_ACCEPTED.on_command("M05.FR.07", of=_INSTALL)
def _judge_certificate(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an invalid certificate is rejected."""
    flaw = _flaw(command.request["certificate"], command.at, known)
    return _must_be_rejected(command, flaw) if flaw else None


@BAD_ROOT_CERTIFICATE_ACCEPTED.on_command("M05.FR.11", of=_INSTALL)
def _judge_signature(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a CSMS root that is not signed by the previous root is rejected.

    A root with the name and the key of the previous root counts as signed by it.
    """
    if command.request["certificateType"] != CSMS_ROOT_TYPE or not has_root_check(known):
        return None
    chain = certificates_in(command.request["certificate"])
    if len(chain) != 1 or not is_self_issued(chain[0]) or names_another_key(chain[0]):
        return None
    roots, own = known[InstalledCertificates].csms_roots, serial_number(chain[0])
    others = roots.keys() - {own}
    if not others or any(roots[one] == issuer_hash(chain[0], roots[one][0]) for one in others):
        return None
    return _must_be_rejected(command, f"it is not signed by the installed CSMS root {min(others)}")


@CERTIFICATE_ACCEPTED_ABOVE_LIMIT.on_command("M05.FR.06", of=_INSTALL)
def _judge_limit(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that an InstallCertificate is rejected while CertificateEntries is at its maxLimit."""
    if not known[InstalledCertificates].was_full:
        return None
    if command.request["certificateType"] == CSMS_ROOT_TYPE and _may_have_root_check(known):
        return None  # it replaces another root
    return _must_be_rejected(command, "CertificateEntries is at its maxLimit")


@INSTALLED_CERTIFICATE_REFUSED.on_command("M05.FR.17", of=_INSTALL)
def _judge_repetition(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a certificate that is installed can be installed again."""
    certificate_type, pem = command.request["certificateType"], command.request["certificate"]
    frame = known[InstalledCertificates].installed.get((certificate_type, hash(pem)))
    if frame is None or (certificate_type == CSMS_ROOT_TYPE and _may_have_root_check(known)):
        return None
    if _flaw(pem, command.at, known):
        return None
    if command.answer["status"] == "Accepted":
        return MET
    return Broken(
        f"an InstallCertificate for a {certificate_type} that is installed was answered with "
        f"{command.answer['status']}; the station must replace it and answer with Accepted",
        (frame,),
    )


@CERTIFICATE_DELETED_TWICE.on_command("M04.FR.04", of=Action.delete_certificate)
def _judge_deletion(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a second DeleteCertificate for a deleted certificate is answered with NotFound."""
    hash_data = command.request["certificateHashData"]
    frame = known[InstalledCertificates].absent.get(hash_key(hash_data))
    match frame, command.answer["status"]:
        case int(), "NotFound":
            return MET
        case int(), "Accepted":
            return Broken(
                f"a DeleteCertificate for the serial number {short(hash_data['serialNumber'])} was accepted "
                "although the certificate was deleted before; the answer must be NotFound",
                (frame,),
            )
    return None


def _must_be_rejected(command: AnsweredCommand, flaw: str) -> Outcome:
    match command.answer["status"]:
        case "Rejected":
            return MET
        case "Accepted":
            kind = command.request["certificateType"]
            return Broken(
                f"an InstallCertificate for a {kind} was accepted although {flaw}; it must be Rejected"
            )
    return None


def _may_have_root_check(known: Known201) -> bool:
    return known[DeviceModelFacts].is_true("SecurityCtrlr", "AdditionalRootCertificateCheck") is not False


def _flaw(pem: str, at: float, known: Known201) -> str | None:
    """Return why a station must reject a certificate; None if it may accept it."""
    if not has_certificate_form(pem):
        return "it is not readable PEM"
    chain = certificates_in(pem)
    if not chain:
        return None
    root = chain[0]
    if is_self_issued(root) and not names_another_key(root) and has_wrong_signature(root):
        return "its signature is wrong"
    expires = root.not_valid_after_utc
    if known.clock.is_right and expires.timestamp() < at - DAY_S:
        return f"it expired on {expires:%Y-%m-%d}"
    return None  # a station may store a root before it becomes valid
