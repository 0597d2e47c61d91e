"""Certificate management (M03 to M06), and the contract certificates of vehicles (M01, M02)."""

from base64 import b64encode
from collections.abc import Callable
from typing import Final

from cryptography import x509
from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import (
    Action,
    DeleteCertificateStatusEnumType,
    GetInstalledCertificateStatusEnumType,
    InstallCertificateStatusEnumType,
    SecurityEventType,
)
from ocpp.v201.enums import CertificateActionEnumType as CertificateAction

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import (
    InvalidCertificate,
    certificate_hash_data,
    is_ca,
    is_current,
    is_issued_by,
    is_strong,
    ocsp_responder,
    parse_chain,
    rejection,
)
from mock_csms.simulator.core import Core
from mock_csms.simulator.host import Timer
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.security_setup import TLS_PROFILES
from mock_csms.simulator.trust_store import CSMS_ROOT, STATION_CERTIFICATE, V2G, Chain, TrustStore
from mock_csms.simulator.variables import MAX_CERTIFICATES

ISO_15118_2: Final = "urn:iso:15118:2:2013:MsgDef"
EXI_REQUESTS: Final = {
    CertificateAction.install: b64encode(b"CertificateInstallationReq").decode(),
    CertificateAction.update: b64encode(b"CertificateUpdateReq").decode(),
}
"""Base64 placeholders for the EXI requests of a vehicle, by the requested action."""
OCSP_REFRESH_S: Final = 6 * 24 * 3600.0
"""Refresh interval of OCSP responses, shorter than the week that M06.FR.10 allows."""

REJECTED_ROOT: Final = InstallCertificateStatusEnumType.rejected


class Certificates:
    """Installs, deletes and lists certificates, and requests OCSP responses and contract certificates (M)."""

    _ocsp_timer: Timer | None = None

    def __init__(self, core: Core, security: SecurityEvents, store: TrustStore) -> None:
        self.store = store
        self.ocsp_responses: dict[str, str] = {}
        """OCSP responses (base64) for the station's V2G certificates, by serial number in hex (M06.FR.06)."""
        self._core = core
        self._security = security
        core.powered_off.connect(self._power_off)
        core.boot_accepted.connect(self._boot)

    @on(Action.install_certificate)
    def install_certificate(self, certificate_type: str, certificate: str) -> call_result.InstallCertificate:
        """Install a root certificate (M05)."""
        try:
            new = self._checked_root(certificate)
        except InvalidCertificate as error:
            return call_result.InstallCertificate(REJECTED_ROOT, status_info=error.status_info)
        if self.store.is_full_for(certificate_type, new):
            reason = rejection("OutOfStorage", f"{MAX_CERTIFICATES} certificates are installed")
            return call_result.InstallCertificate(REJECTED_ROOT, status_info=reason)
        others = [root for root in self.store.roots(certificate_type) if root != new]
        if certificate_type == CSMS_ROOT and self._has_root_check() and others:
            if not is_issued_by(new, others[-1]):  # M05.FR.11
                reason = rejection("InvalidCertificate", "the installed root has not signed the new one")
                return call_result.InstallCertificate(REJECTED_ROOT, status_info=reason)
            self.store.replace_csms_root(new)
        else:
            self.store.set_roots(certificate_type, [*others, new])  # M05.FR.17
        self._security.report(SecurityEventType.reconfiguration_of_security_parameters, certificate_type)
        return call_result.InstallCertificate(InstallCertificateStatusEnumType.accepted)

    def _has_root_check(self) -> bool:
        return self._core.variables.boolean("SecurityCtrlr", "AdditionalRootCertificateCheck")

    def _checked_root(self, text: str) -> x509.Certificate:
        """Parse and check a root certificate; raises InvalidCertificate."""
        root, *others = parse_chain(text)
        if others:
            raise InvalidCertificate("the text contains more than one certificate")
        if not is_ca(root) or (root.subject == root.issuer and not is_issued_by(root, root)):
            raise InvalidCertificate("the certificate does not belong to a CA, or its signature is wrong")
        if not is_strong(root):
            raise InvalidCertificate("the key is too weak")
        if not is_current(root, self._core.now()):
            raise InvalidCertificate("the certificate is not valid now")
        return root

    @on(Action.delete_certificate)
    def delete_certificate(self, certificate_hash_data: JsonObject) -> call_result.DeleteCertificate:
        """Delete an installed certificate (M04).

        The station deletes neither its client certificate nor the sub-CAs of this certificate. While it uses
        TLS, the station does not delete the last CSMS root either.
        """
        status = DeleteCertificateStatusEnumType.not_found
        if self._is_needed(certificate_hash_data):
            status = DeleteCertificateStatusEnumType.failed  # M04.FR.03, M04.FR.06
        elif self.store.delete(certificate_hash_data):
            status = DeleteCertificateStatusEnumType.accepted
            self._security.report(SecurityEventType.reconfiguration_of_security_parameters, "deleted")
        return call_result.DeleteCertificate(status)

    def _is_needed(self, wanted: JsonObject) -> bool:
        """Whether the station needs the certificate with the hash data ``wanted`` in order to connect."""
        has_tls = self._core.variables.integer("SecurityCtrlr", "SecurityProfile") in TLS_PROFILES
        is_last_root = has_tls and self.store.is_only_root(CSMS_ROOT, wanted)
        return is_last_root or self.store.is_in_chain(STATION_CERTIFICATE, wanted)

    @on(Action.get_installed_certificate_ids)
    def get_installed_certificate_ids(
        self, certificate_type: list[str] | None
    ) -> call_result.GetInstalledCertificateIds:
        """List the hash data of installed certificates (M03)."""
        if found := self.store.hash_data_chains(certificate_type):
            return call_result.GetInstalledCertificateIds(
                GetInstalledCertificateStatusEnumType.accepted, certificate_hash_data_chain=found
            )
        return call_result.GetInstalledCertificateIds(GetInstalledCertificateStatusEnumType.notFound)

    def vehicle_connected_15118(
        self,
        request: CertificateAction | None = CertificateAction.install,
        on_contract: Callable[[], object] = lambda: None,
    ) -> None:
        """Forward a vehicle's request for a contract certificate, and request missing OCSP responses (M01,
        M02, M06).

        ``on_contract`` is called if the central system accepts the request for a contract certificate.
        """

        def forward(answer: JsonObject) -> None:
            if answer["status"] == "Accepted":
                on_contract()

        if request is not None and self.sends_request(request):
            self._core.send(
                call.Get15118EVCertificate(ISO_15118_2, request, EXI_REQUESTS[request]),
                forward,
                kept=False,  # the vehicle waits only 5 s
            )
        if any(f"{one.serial_number:x}" not in self.ocsp_responses for one in self.store.chain(V2G)):
            self.request_ocsp()

    def sends_request(self, request: CertificateAction | None) -> bool:
        """Whether the station forwards this request of a vehicle to the central system."""
        return request is not None and self._is_contract_installation_enabled()

    def _is_contract_installation_enabled(self) -> bool:
        return self._core.variables.boolean("ISO15118Ctrlr", "ContractCertificateInstallationEnabled")

    def request_ocsp(self) -> None:
        """Request OCSP responses for the V2G certificates at once, and again every six days (M06.FR.06,
        M06.FR.10).
        """
        if self._ocsp_timer is not None:
            self._ocsp_timer.cancel()
            self._ocsp_timer = None
        chain: Chain = []
        for certificate, issuer in self.store.with_issuers(V2G):
            chain.append(certificate)
            self._request_status(certificate, issuer)
        serial_numbers = {f"{certificate.serial_number:x}" for certificate in chain}
        self.ocsp_responses = {
            number: response for number, response in self.ocsp_responses.items() if number in serial_numbers
        }
        if chain:
            self._ocsp_timer = self._core.after(OCSP_REFRESH_S, self.request_ocsp)

    def _power_off(self) -> None:
        self.ocsp_responses.clear()
        if self._ocsp_timer is not None:
            self._ocsp_timer.cancel()
            self._ocsp_timer = None

    def _boot(self) -> None:
        if self._ocsp_timer is None:
            self.request_ocsp()

    def _request_status(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        def store(answer: JsonObject) -> None:
            if "ocspResult" in answer and certificate in self.store.chain(V2G):
                self.ocsp_responses[f"{certificate.serial_number:x}"] = answer["ocspResult"]

        request = {**certificate_hash_data(certificate, issuer), "responderURL": ocsp_responder(certificate)}
        self._core.send(call.GetCertificateStatus(request), store)
