"""Whether a station has a root certificate for TLS (A05)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_CSMS_ROOT: Final = "CSMSRootCertificate"


class CsmsRoot(Facts):
    """Whether a CSMSRootCertificate is installed."""

    __slots__ = ("is_installed",)

    def __init__(self) -> None:
        self.is_installed: bool | None = None
        """Whether a CSMSRootCertificate is installed; None if it is not known."""

    def booted(self, reason: str) -> None:
        self.is_installed = None


@CHECKS.learn_sent(Action.install_certificate)
def _root_sent(_: CommandCall, known: Known201) -> None:
    known[CsmsRoot].is_installed = None


@CHECKS.learn_command(Action.install_certificate)
def _root_answered(_: AnsweredCommand, known: Known201) -> None:
    """Set `is_installed` to unknown: its value may come from a list that the station sent before it installed
    the certificate.
    """
    known[CsmsRoot].is_installed = None


@CHECKS.learn_command(Action.get_installed_certificate_ids)
def _roots_read(command: AnsweredCommand, known: Known201) -> None:
    types = command.request.get("certificateType")
    if types is not None and _CSMS_ROOT not in types:
        return
    chains = command.answer.get("certificateHashDataChain", [])
    known[CsmsRoot].is_installed = any(chain["certificateType"] == _CSMS_ROOT for chain in chains)
