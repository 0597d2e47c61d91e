"""Network connection profiles of a station, and whether it has a root for TLS (A05, B09)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, Command
from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

MAX_SLOTS: Final = 20
CSMS_ROOT: Final = "CSMSRootCertificate"


class _Slots(BoundedDict[int, int]):
    __slots__ = ()
    limit = MAX_SLOTS


class NetworkFacts(Facts):
    """Security profiles of the slots, and the CSMS root."""

    __slots__ = ("has_csms_root", "security_profiles")

    def __init__(self) -> None:
        self.security_profiles: dict[int, int] = _Slots()
        """Security profile of the latest accepted SetNetworkProfile, by slot."""
        self.has_csms_root: bool | None = None
        """Whether a CSMSRootCertificate is installed; None if it is not known."""

    def booted(self, reason: str) -> None:
        self.has_csms_root = None


@CHECKS.learn_sent(Action.set_network_profile)
def _profile_sent(command: Command, known: Known201) -> None:
    known[NetworkFacts].security_profiles.pop(command.request["configurationSlot"], None)


@CHECKS.learn_command(Action.set_network_profile)
def _profile_stored(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted":
        profile = command.request["connectionData"]["securityProfile"]
        known[NetworkFacts].security_profiles[command.request["configurationSlot"]] = profile


@CHECKS.learn_sent(Action.install_certificate)
def _root_sent(_: Command, known: Known201) -> None:
    known[NetworkFacts].has_csms_root = None


@CHECKS.learn_command(Action.get_installed_certificate_ids)
def _roots_read(command: AnsweredCommand, known: Known201) -> None:
    types = command.request.get("certificateType")
    if types is not None and CSMS_ROOT not in types:
        return
    chains = command.answer.get("certificateHashDataChain", [])
    known[NetworkFacts].has_csms_root = any(chain["certificateType"] == CSMS_ROOT for chain in chains)
