"""How a misbehaving station causes the findings about security."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mock_csms.simulator.device_model import Key
from mock_csms.simulator.security_setup import SecuritySetup
from tests.support.authority import Authority
from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.plays.block_c import configure, read
from tests.v201.findings.checks.scenes import Scene

if TYPE_CHECKING:
    from mock_csms.messages import JsonObject

AUTHORITY = Authority("CSMS", start=datetime(2025, 12, 1, tzinfo=UTC))
WITH_PASSWORD = {"security": SecuritySetup(profile=1, password="correct-horse-battery")}
MAX_SIZE = Key("SecurityCtrlr", "MaxCertificateChainSize")


def trigger(observed: ObservedStation) -> None:
    """Make the station send a certificate signing request, by a TriggerMessage."""
    observed.command("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    observed.advance(2)


def trigger_knowing_organization(observed: ObservedStation) -> None:
    read(observed, "SecurityCtrlr.OrganizationName")
    trigger(observed)


def sign(observed: ObservedStation) -> None:
    """Sign the station's latest certificate signing request, and send it the certificate."""
    chain = AUTHORITY.sign(observed.calls("SignCertificate")[-1]["csr"])
    request = {"certificateChain": chain, "certificateType": "ChargingStationCertificate"}
    observed.command("CertificateSigned", request)


def trigger_twice(observed: ObservedStation) -> None:
    trigger(observed)
    sign(observed)
    observed.advance(5)
    trigger(observed)


def renew_certificate(observed: ObservedStation) -> None:
    read(observed, "SecurityCtrlr.SecurityProfile")
    trigger(observed)
    sign(observed)
    observed.advance(122)


def send_long_chain(observed: ObservedStation) -> None:
    request = {"certificateChain": "x" * 10000, "certificateType": "ChargingStationCertificate"}
    observed.station.core.variables.put(MAX_SIZE, "9000")
    read(observed, "SecurityCtrlr.MaxCertificateChainSize")
    observed.command("CertificateSigned", request)


def wait_for_heartbeat(observed: ObservedStation) -> None:
    observed.advance(310)


def set_profile(observed: ObservedStation, security_profile: int, scheme: str) -> None:
    """Send a SetNetworkProfile for slot 2."""
    data: JsonObject = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": f"{scheme}://central-system",
        "messageTimeout": 30,
        "securityProfile": security_profile,
        "ocppInterface": "Wired0",
    }
    observed.command("SetNetworkProfile", {"configurationSlot": 2, "connectionData": data})


def raise_security_profile(observed: ObservedStation) -> None:
    set_profile(observed, 2, "wss")
    observed.command("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]})
    read(observed, "SecurityCtrlr.SecurityProfile")
    configure(observed, {"OCPPCommCtrlr.NetworkConfigurationPriority": "2"})


def report_inventory(observed: ObservedStation) -> None:
    read(observed, "SecurityCtrlr.SecurityProfile")
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(5)


def set_password(observed: ObservedStation) -> None:
    configure(observed, {"SecurityCtrlr.BasicAuthPassword": "correct-horse-battery"})
    observed.advance(5)


SCENES = {
    "csr-unreadable": Scene(trigger),
    "csr-key-weak": Scene(trigger),
    "csr-signature-weak": Scene(trigger),
    "csr-subject-wrong": Scene(trigger_knowing_organization),
    "csr-key-reused": Scene(trigger_twice),
    "csr-type-wrong": Scene(trigger),
    "private-key-sent": Scene(trigger),
    "long-certificate-chain-accepted": Scene(send_long_chain, also=frozenset({"bad-certificate-accepted"})),
    "new-certificate-not-used": Scene(renew_certificate),
    "contract-certificate-unreadable": Scene(wait_for_heartbeat),
    "security-profile-without-root": Scene(raise_security_profile, WITH_PASSWORD),
    "password-variable-missing": Scene(report_inventory, WITH_PASSWORD),
    "password-limit-wrong": Scene(report_inventory, WITH_PASSWORD),
    "password-disclosed": Scene(set_password, WITH_PASSWORD),
}
