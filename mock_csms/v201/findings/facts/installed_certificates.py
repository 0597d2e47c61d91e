"""Certificates that are certainly installed on a station, or certainly not (M03, M04, M05)."""

from collections import Counter
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName, name_of_item
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.pem import certificates_in, issuer_hash, serial_number
from mock_csms.v201.installed_certificates import USUAL_ALGORITHM, listed_hash_data, serial_number_of

CSMS_ROOT_TYPE: Final = "CSMSRootCertificate"
_V2G_CERTIFICATE: Final = "V2GCertificate"
_ENTRIES: Final = VariableName("securityctrlr", "certificateentries")

type HashKey = tuple[str, ...]
"""The hash data of a certificate."""


def hash_key(hash_data: JsonObject) -> HashKey:
    """Return hash data as a key, without regard to case."""
    names = hash_data["issuerNameHash"].lower(), hash_data["issuerKeyHash"].lower()
    return (hash_data["hashAlgorithm"], *names, serial_number_of(hash_data))


class InstalledRoots(BoundedDict[tuple[str, int], int]):
    """Frame numbers of accepted installations, by certificate type and hash of the PEM text."""

    __slots__ = ()
    limit = 20


class DeletedCertificates(BoundedDict[HashKey, int]):
    """Frame numbers of accepted deletions, by hash data."""

    __slots__ = ()
    limit = 20


class InstalledCertificates(Facts):
    """Certificates that are certainly on the station or certainly absent, as far as this connection has
    shown.
    """

    __slots__ = (
        "_deleted",
        "_entries_are_current",
        "_listed",
        "absent",
        "csms_roots",
        "installed",
        "replaced_root",
        "v2g_chain",
        "was_full",
    )

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop everything."""
        self.installed = InstalledRoots()
        self.absent = DeletedCertificates()
        """Deleted certificates; the station certainly has no copy of any of them."""
        self.csms_roots: dict[str, HashKey] = {}
        """Hash data (without the serial number) of each CSMS root on the station, by serial number. The hash
        data of a root that an InstallCertificate contained is calculated as for a certificate that this root
        has issued; for a self-signed root, the result is its own hash data.
        """
        self.replaced_root: tuple[str, int] | None = None
        """Serial number of the CSMS root that stays until the next connection, and the number of the frame in
        which the station accepted the new root.
        """
        self.v2g_chain: tuple[str, frozenset[str], int] | None = None
        """Serial numbers of the leaf and of the sub-CAs in the V2G chain, and the number of the frame in
        which the station accepted the chain.
        """
        self.was_full = False
        """Whether the latest InstallCertificate was for a new certificate while the store was full."""
        self._deleted = DeletedCertificates()
        self._listed: Counter[HashKey] | None = None
        """Number of copies of each certificate in the latest complete list; None once a command may have
        changed them.
        """
        self._entries_are_current = False

    def begin_installing(self, certificate_type: str, pem: str, *, is_full: bool) -> None:
        """Drop the facts that an InstallCertificate may make wrong: other accepted installations of this
        certificate type, and all that `begin_signing` drops. Set `was_full`.
        """
        self.was_full = is_full and self._entries_are_current and self._is_new(pem)
        for key in list(self.installed):
            if key[0] == certificate_type and key != (certificate_type, hash(pem)):
                del self.installed[key]
        self.begin_signing()

    def begin_signing(self) -> None:
        """Drop the facts that any new certificate may make wrong: the latest list, and the deletions."""
        self._entries_are_current = False
        self._listed = None
        self._deleted.clear()
        self.absent.clear()

    def _is_new(self, pem: str) -> bool:
        if self._listed is None or not (chain := certificates_in(pem)):
            return False
        return all(key[-1] != serial_number(chain[0]) for key in self._listed)

    def install(self, frame: int, certificate_type: str, pem: str) -> None:
        """Register an accepted InstallCertificate. The facts that it may change are dropped again, because
        the station may have carried out another command in between.
        """
        self.begin_signing()
        self.installed[certificate_type, hash(pem)] = frame
        if certificate_type == CSMS_ROOT_TYPE and (chain := certificates_in(pem)):
            new = serial_number(chain[0])
            old = self.csms_roots.keys() - {new}
            self.replaced_root = (next(iter(old)), frame) if len(old) == 1 else None
            self.csms_roots[new] = issuer_hash(chain[0], USUAL_ALGORITHM)

    def begin_deleting(self) -> None:
        """Drop the facts that a DeleteCertificate may make wrong: the accepted installations, the CSMS roots
        and the V2G chain. It may delete other certificates than the one it names (M04.FR.08).
        """
        self._entries_are_current = False
        self.installed.clear()
        self.csms_roots = {}
        self.replaced_root = self.v2g_chain = None

    def delete(self, frame: int, key: HashKey) -> None:
        """Register an accepted DeleteCertificate. The facts that it may change are dropped again, because the
        station may have carried out another command in between.
        """
        self.begin_deleting()
        if self._listed is not None and self._listed[key] == 1:
            self.absent[key] = frame
        self._deleted[key] = frame
        self._listed = None

    def list_all(self, chains: list[JsonObject]) -> None:
        """Register a list of all installed certificates."""
        self._listed = Counter(hash_key(data) for data in listed_hash_data(chains))
        for key, frame in self._deleted.items():
            if key not in self._listed:
                self.absent[key] = frame

    def list_csms_roots(self, chains: list[JsonObject]) -> None:
        """Register the listed CSMS roots."""
        self.replaced_root = None
        listed = {
            key[-1]: key[:-1]
            for key in (
                hash_key(chain["certificateHashData"])
                for chain in chains
                if chain["certificateType"] == CSMS_ROOT_TYPE
            )
        }
        self.csms_roots = {root: self.csms_roots.get(root, issuer) for root, issuer in listed.items()}

    def entries_read(self) -> None:
        """Register that the value of CertificateEntries has been read."""
        self._entries_are_current = True

    def booted(self, reason: str) -> None:
        self.forget()

    def disconnected(self) -> None:
        self.forget()

    def command_failed(self, action: str | None) -> None:
        if action is None:
            self.forget()


def asks_for(request: JsonObject, certificate_type: str) -> bool:
    """Return whether a GetInstalledCertificateIds asks for a type."""
    types = request.get("certificateType")
    return types is None or certificate_type in types


@CHECKS.learn_sent(Action.install_certificate)
def _learn_installing(command: CommandCall, known: Known201) -> None:
    model, request = known[DeviceModelFacts], command.request
    definition, value = model.definitions.get(_ENTRIES), model.value(_ENTRIES)
    limit = definition.max_limit if definition else None
    is_full = limit is not None and value is not None and value.isdecimal() and int(value) >= limit
    known[InstalledCertificates].begin_installing(
        request["certificateType"], request["certificate"], is_full=is_full
    )


@CHECKS.learn_command(Action.install_certificate)
def _learn_installed(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted":
        request = command.request
        known[InstalledCertificates].install(
            command.frame, request["certificateType"], request["certificate"]
        )


@CHECKS.learn_sent(Action.delete_certificate)
def _learn_deleting(_: CommandCall, known: Known201) -> None:
    known[InstalledCertificates].begin_deleting()


@CHECKS.learn_command(Action.delete_certificate)
def _learn_deleted(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == "Accepted":
        key = hash_key(command.request["certificateHashData"])
        known[InstalledCertificates].delete(command.frame, key)


@CHECKS.learn_sent(Action.certificate_signed)
def _learn_signing(command: CommandCall, known: Known201) -> None:
    certificates = known[InstalledCertificates]
    certificates.begin_signing()
    if command.request.get("certificateType") == _V2G_CERTIFICATE:
        certificates.v2g_chain = None


@CHECKS.learn_command(Action.certificate_signed)
def _learn_signed(command: AnsweredCommand, known: Known201) -> None:
    request = command.request
    if command.answer["status"] != "Accepted" or request.get("certificateType") != _V2G_CERTIFICATE:
        return
    if chain := certificates_in(request["certificateChain"]):
        sub_cas = (one for one in chain[1:] if one.issuer != one.subject)
        children = frozenset(serial_number(one) for one in sub_cas)
        known[InstalledCertificates].v2g_chain = serial_number(chain[0]), children, command.frame


@CHECKS.learn_command(Action.get_installed_certificate_ids)
def _learn_list(command: AnsweredCommand, known: Known201) -> None:
    certificates = known[InstalledCertificates]
    chains = command.answer.get("certificateHashDataChain", [])
    if command.request.get("certificateType") is None:
        certificates.list_all(chains)
    if asks_for(command.request, CSMS_ROOT_TYPE):
        certificates.list_csms_roots(chains)


@CHECKS.learn_call(Action.notify_report)
def _learn_reported_entries(call: StationCall, known: Known201) -> None:
    items = known[DeviceModelFacts].reported_in(call)
    if any(item.definition.name == _ENTRIES for item in items):
        known[InstalledCertificates].entries_read()


@CHECKS.learn_command(Action.get_variables)
def _learn_entries(command: AnsweredCommand, known: Known201) -> None:
    if any(name_of_item(result) == _ENTRIES for result in command.answer["getVariableResult"]):
        known[InstalledCertificates].entries_read()
