"""How a misbehaving station causes the findings about certificates."""

from mock_csms.simulator.device_model import Key
from tests.support.observed_station import ObservedStation
from tests.support.roots import CSMS_ROOT, MO_ROOT, authority, hash_data
from tests.v201.findings.checks.scenes import Scene

V2G_CHAIN = "V2GCertificateChain"
ROOT_CHECK = Key("SecurityCtrlr", "AdditionalRootCertificateCheck")


def install(observed: ObservedStation, name: str = "Root", certificate_type: str = MO_ROOT) -> None:
    root = {"certificateType": certificate_type, "certificate": authority(name).pem}
    observed.command("InstallCertificate", root)


def list_certificates(observed: ObservedStation, *types: str) -> None:
    observed.command("GetInstalledCertificateIds", {"certificateType": list(types)} if types else {})


def delete(observed: ObservedStation) -> None:
    observed.command("DeleteCertificate", {"certificateHashData": hash_data()})


def read_variable(observed: ObservedStation, name: str) -> None:
    named = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": name}}
    observed.command("GetVariables", {"getVariableData": [named]})


def install_unreadable(observed: ObservedStation) -> None:
    observed.command("InstallCertificate", {"certificateType": MO_ROOT, "certificate": "x"})


def install_and_list(observed: ObservedStation) -> None:
    install(observed)
    list_certificates(observed)


def install_and_list_others(observed: ObservedStation) -> None:
    install(observed)
    list_certificates(observed, CSMS_ROOT)


def install_twice(observed: ObservedStation) -> None:
    install(observed)
    install(observed)


def delete_twice(observed: ObservedStation) -> None:
    install_and_list(observed)
    delete(observed)
    delete(observed)


def install_beside_others(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(5)
    list_certificates(observed)
    read_variable(observed, "CertificateEntries")
    install(observed)


def list_csms_roots(observed: ObservedStation) -> None:
    observed.station.core.variables.put(ROOT_CHECK, "true")
    read_variable(observed, "AdditionalRootCertificateCheck")
    install(observed, "Root", CSMS_ROOT)
    list_certificates(observed, CSMS_ROOT)


def replace_csms_root(observed: ObservedStation) -> None:
    list_csms_roots(observed)
    install(observed, "Successor", CSMS_ROOT)
    list_certificates(observed, CSMS_ROOT)


def renew_v2g_certificate(observed: ObservedStation) -> None:
    install(observed, "V2G", "V2GRootCertificate")
    observed.command("TriggerMessage", {"requestedMessage": "SignV2GCertificate"})
    observed.advance(5)
    csr = observed.calls("SignCertificate")[-1]["csr"]
    chain = authority("Sub").sign(csr) + authority("Sub").pem
    observed.command("CertificateSigned", {"certificateChain": chain, "certificateType": "V2GCertificate"})
    observed.advance(5)
    list_certificates(observed, V2G_CHAIN)


SCENES = {
    "bad-root-certificate-accepted": Scene(install_unreadable),
    "certificate-accepted-above-limit": Scene(install_beside_others),
    "certificate-deleted-twice": Scene(delete_twice),
    "certificate-not-asked-for": Scene(install_and_list_others),
    "certificates-listed-with-not-found": Scene(install_and_list),
    "installed-certificate-refused": Scene(install_twice),
    "replaced-csms-root-not-kept": Scene(replace_csms_root),
    "too-many-csms-roots": Scene(list_csms_roots, also=frozenset({"certificate-list-wrong"})),
    "v2g-chain-incomplete": Scene(renew_v2g_certificate),
}
