"""Lists of installed certificates (M03, M04, M05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.installed_certificates import (
    CSMS_ROOT_TYPE,
    InstalledCertificates,
    asks_for,
)
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.installed_certificates import serial_number_of

_LIST: Final = Action.get_installed_certificate_ids
_V2G_CHAIN: Final = "V2GCertificateChain"
_MAX_CSMS_ROOTS: Final = 2
"""Maximum number of CSMS roots on a station: the current root and the one before it."""
_MAX_CHILDREN: Final = 4

CERTIFICATES_LISTED_WITH_NOT_FOUND: Final = CHECKS.kind(
    "certificates-listed-with-not-found", "error", "an answer with the status NotFound lists certificates"
)
CERTIFICATE_NOT_ASKED_FOR: Final = CHECKS.kind(
    "certificate-not-asked-for",
    "error",
    "an answer to GetInstalledCertificateIds lists a certificate of a type that was not asked for",
)
V2G_CHAIN_INCOMPLETE: Final = CHECKS.kind(
    "v2g-chain-incomplete",
    "error",
    "an answer to GetInstalledCertificateIds lacks the V2G certificate of the station or its sub-CAs",
    "the accepted CertificateSigned on the same connection",
)
TOO_MANY_CSMS_ROOTS: Final = CHECKS.kind(
    "too-many-csms-roots",
    "error",
    "more than two CSMS roots are listed although AdditionalRootCertificateCheck is true",
    "that SecurityCtrlr.AdditionalRootCertificateCheck is true",
)
REPLACED_CSMS_ROOT_NOT_KEPT: Final = CHECKS.kind(
    "replaced-csms-root-not-kept",
    "error",
    "a replaced CSMS root is missing from the list although the station has not reconnected yet",
    "SecurityCtrlr.AdditionalRootCertificateCheck, and that the replaced root was listed or installed"
    " on the same connection",
)


@CERTIFICATES_LISTED_WITH_NOT_FOUND.on_command("M03.FR.02", of=_LIST)
def _judge_status(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that an answer with the status NotFound lists no certificates."""
    if command.answer["status"] != "NotFound":
        return None
    chains = _chains(command)
    if not chains:
        return MET
    return Broken(
        f"the answer to GetInstalledCertificateIds has the status NotFound, but lists {len(chains)} "
        "certificates; the status must be NotFound only if there is none"
    )


@CERTIFICATE_NOT_ASKED_FOR.on_command("M03.FR.04", of=_LIST)
def _judge_types(command: AnsweredCommand, _: Known201) -> Outcome:
    """Check that all listed certificates have a type that the command asks for."""
    chains = _chains(command)
    for chain in chains:
        if not asks_for(command.request, chain["certificateType"]):
            return Broken(
                f"the answer to GetInstalledCertificateIds lists a {chain['certificateType']}; it must list "
                f"only {', '.join(command.request['certificateType'])}"
            )
    return MET if chains and "certificateType" in command.request else None


@V2G_CHAIN_INCOMPLETE.on_command("M03.FR.05", of=_LIST)
def _judge_v2g_chain(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the V2G certificate of the station is listed with its sub-CAs."""
    v2g_chain = known[InstalledCertificates].v2g_chain
    if v2g_chain is None or not asks_for(command.request, _V2G_CHAIN):
        return None
    leaf, sub_cas, frame = v2g_chain
    if command.sent_frame < frame:
        return None  # the list may be older
    children = _listed_children(_chains(command), leaf)
    if children is None:
        missing = (
            f"lacks the V2G certificate with the serial number {leaf}; it must be listed as a {_V2G_CHAIN}"
        )
    elif len(children) < _MAX_CHILDREN and (lost := sub_cas - children):
        missing = f"lacks the sub-CA {min(lost)} under the V2G certificate {leaf}; all sub-CAs must be listed"
    else:
        return MET
    return Broken(f"the answer to GetInstalledCertificateIds {missing}", (frame,))


@TOO_MANY_CSMS_ROOTS.on_command("M05.FR.09", of=_LIST)
def _judge_number_of_roots(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that there is one CSMS root, or two while one of them is replaced."""
    roots = _csms_roots(command)
    if not roots or not has_root_check(known):
        return None
    if len(roots) <= _MAX_CSMS_ROOTS:
        return MET
    return Broken(
        f"{len(roots)} certificates of the type {CSMS_ROOT_TYPE} are listed; while "
        "AdditionalRootCertificateCheck is true, the station must have one of them, and may keep the one "
        "that it replaced for a time"
    )


@REPLACED_CSMS_ROOT_NOT_KEPT.on_command("M05.FR.12", of=_LIST)
def _judge_replaced_root(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a replaced CSMS root is still listed; the station must keep it until it has connected with
    the new one.
    """
    replaced = known[InstalledCertificates].replaced_root
    if replaced is None or not has_root_check(known) or not asks_for(command.request, CSMS_ROOT_TYPE):
        return None
    serial_number, frame = replaced
    if command.sent_frame < frame:
        return None  # the list may be older
    if serial_number in {serial_number_of(chain["certificateHashData"]) for chain in _csms_roots(command)}:
        return MET
    return Broken(
        f"the CSMS root with the serial number {serial_number} was replaced, and is not listed any more; the "
        "station must keep it until it has connected with the new one",
        (frame,),
    )


def has_root_check(known: Known201) -> bool:
    """Return whether a new CSMS root must be signed by the previous one."""
    return known[DeviceModelFacts].is_true("SecurityCtrlr", "AdditionalRootCertificateCheck") is True


def _chains(command: AnsweredCommand) -> list[JsonObject]:
    chains: list[JsonObject] = command.answer.get("certificateHashDataChain", [])
    return chains


def _csms_roots(command: AnsweredCommand) -> list[JsonObject]:
    return [chain for chain in _chains(command) if chain["certificateType"] == CSMS_ROOT_TYPE]


def _listed_children(chains: list[JsonObject], leaf: str) -> set[str] | None:
    """Return the serial numbers of the sub-CAs listed with a V2G certificate; None if it is not listed."""
    for chain in chains:
        if chain["certificateType"] == _V2G_CHAIN and serial_number_of(chain["certificateHashData"]) == leaf:
            return {serial_number_of(child) for child in chain.get("childCertificateHashData", ())}
    return None
