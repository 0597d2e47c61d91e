"""Contract certificates of vehicles, and their authorization (C07)."""

from typing import Any

import pytest

from mock_csms.simulator.authorization import Authorization, Decision
from mock_csms.simulator.certificate_data import certificate_hash_data, parse_chain, pem
from mock_csms.simulator.contracts import Contracts, contract_proof
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.security_setup import SecuritySetup
from mock_csms.simulator.trust_store import MO_ROOT, Chain, TrustStore
from mock_csms.simulator.verbs import VERBS, step_of
from tests.support.authority import NOW, Authority, common_name
from tests.support.observed_station import ObservedStation
from tests.support.virtual_station import START, Workbench

EMAID = "NLMCKC00000001"
ROOT = Authority("MO root")
SUB_CA = Authority("MO sub-CA", ROOT)


def contract(days: int = 365) -> Chain:
    """A contract certificate with its sub-CA."""
    return [*SUB_CA.certificate_of(EMAID, days).chain, SUB_CA.certificate]


def test_contract_with_installed_root_is_proved_by_hash_data() -> None:
    leaf, sub_ca = contract()

    proof = contract_proof([leaf, sub_ca], [ROOT.certificate], NOW, allows_central=True)

    assert proof.is_valid
    assert proof.fields == {
        "iso15118_certificate_hash_data": [
            {**certificate_hash_data(leaf, sub_ca), "responderURL": ""},
            {**certificate_hash_data(sub_ca, ROOT.certificate), "responderURL": ""},
        ]
    }


def test_expired_contract_is_left_to_the_central_system() -> None:
    proof = contract_proof(contract(-1), [ROOT.certificate], NOW, allows_central=True)

    assert not proof.is_valid
    assert proof.can_be_checked


@pytest.mark.parametrize("allows_central", [True, False])
def test_contract_without_installed_root_is_sent_if_that_is_allowed(allows_central: bool) -> None:
    chain = contract()

    proof = contract_proof(chain, [Authority("Other").certificate], NOW, allows_central=allows_central)

    assert proof.fields == ({"certificate": pem(chain)} if allows_central else {})
    assert not proof.is_valid


class Desk:
    """A `Workbench` that authorizes a contract certificate, and the decisions that it has made."""

    def __init__(self, *, has_root: bool = True) -> None:
        security = SecuritySetup(
            contract_chain=pem(contract()), roots={MO_ROOT: ROOT.pem} if has_root else {}
        )
        self.bench = Workbench(self._contracts, Authorization, security=security)
        self.contracts: Contracts = self.bench.blocks[0]
        self.authorization: Authorization = self.bench.blocks[1]
        self.bench.core.clock_offset_s = NOW.timestamp() - START
        self.decisions: list[Decision] = []

    @staticmethod
    def _contracts(core: Core) -> Contracts:
        return Contracts(core, TrustStore(core))

    def set(self, component: str, variable: str, value: str) -> None:
        """Set a variable."""
        self.bench.core.variables.put(Key(component, variable), value)

    def present(self) -> None:
        """Authorize the contract certificate, as if a vehicle had presented it."""
        proof = self.contracts.proof()
        self.authorization.authorize(self.contracts.id_token, self.decisions.append, proof=proof)

    def status(self) -> str:
        """Status of the only decision."""
        (decision,) = self.decisions
        return str(decision.info["status"])


@pytest.mark.parametrize("has_root", [True, False])
def test_online_station_always_asks_the_central_system(has_root: bool) -> None:
    desk = Desk(has_root=has_root)
    desk.authorization.learn(desk.contracts.id_token, {"status": "Accepted"})
    desk.set("AuthCtrlr", "LocalPreAuthorize", "true")

    desk.present()

    (request,) = desk.bench.payloads("Authorize")
    assert request["idToken"] == {"idToken": EMAID, "type": "eMAID"}
    field = "iso15118CertificateHashData" if has_root else "certificate"
    assert set(request) == {"idToken", field}


@pytest.mark.parametrize(
    ("status", "certificate_status", "decision"),
    [
        ("Accepted", "Accepted", "Accepted"),
        ("Accepted", None, "Accepted"),
        ("Accepted", "CertificateRevoked", "Invalid"),
        ("Blocked", "ContractCancelled", "Blocked"),
    ],
)
def test_both_statuses_of_the_answer_must_accept(
    status: str, certificate_status: str | None, decision: str
) -> None:
    desk = Desk()
    desk.present()
    answer: dict[str, Any] = {"idTokenInfo": {"status": status}}
    if certificate_status is not None:
        answer["certificateStatus"] = certificate_status

    desk.bench.answer(-1, answer)

    assert desk.status() == decision


def test_contract_that_nobody_may_check_is_invalid() -> None:
    desk = Desk(has_root=False)
    desk.set("ISO15118Ctrlr", "CentralContractValidationAllowed", "false")

    desk.present()

    assert desk.bench.sent == []
    assert desk.status() == "Invalid"


@pytest.mark.parametrize(
    ("has_root", "is_allowed", "status"),
    [(True, "true", "Accepted"), (True, "false", "Invalid"), (False, "true", "Invalid")],
)
def test_offline_station_verifies_the_contract_itself_if_it_may(
    has_root: bool, is_allowed: str, status: str
) -> None:
    desk = Desk(has_root=has_root)
    desk.set("ISO15118Ctrlr", "ContractValidationOffline", is_allowed)
    desk.set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true")
    desk.bench.core.is_connected = False

    desk.present()

    assert desk.status() == status


def test_disabled_authorization_accepts_a_contract() -> None:
    desk = Desk()
    desk.set("AuthCtrlr", "Enabled", "false")

    desk.present()

    assert desk.status() == "Accepted"


def do(observed: ObservedStation, step: str, **arguments: Any) -> list[str]:
    """Do one step of a drivers' script, and return the lines that the step prints."""
    lines: list[str] = []
    step_of(VERBS[step], arguments, observed.station.core.setup).do(observed.station, lines.append)
    return lines


def started(chain: Chain) -> ObservedStation:
    """Start a station whose vehicles have this contract certificate, or none for an empty chain."""
    observed = ObservedStation(security=SecuritySetup(contract_chain=pem(chain) if chain else ""))
    observed.start()
    return observed


def test_plug_and_charge_starts_a_transaction_with_the_emaid() -> None:
    chain = contract()
    observed = started(chain)

    assert do(observed, "plug-and-charge", evse=2) == ["plug-and-charge evse=2"]
    observed.advance(10)

    (request,) = observed.calls("Authorize")
    assert parse_chain(request["certificate"]) == chain
    tokens = [event["idToken"] for event in observed.calls("TransactionEvent") if "idToken" in event]
    assert tokens == [{"idToken": EMAID, "type": "eMAID"}]
    assert observed.calls("Get15118EVCertificate") == []
    assert observed.end() == []


def test_vehicle_with_contract_asks_for_a_newer_one_on_demand() -> None:
    observed = started(contract())

    do(observed, "plug-and-charge", update="yes")
    observed.advance(10)

    (request,) = observed.calls("Get15118EVCertificate")
    assert request["action"] == "Update"
    assert observed.end() == []


@pytest.mark.parametrize(("option", "action"), [("install", "Install"), ("update", "Update")])
@pytest.mark.parametrize(("status", "requests"), [("Accepted", 1), ("Failed", 0)])
def test_vehicle_presents_its_contract_once_it_has_the_certificate(
    option: str, action: str, status: str, requests: int
) -> None:
    observed = started(contract())
    observed.answers["Get15118EVCertificate"] = lambda _: {"status": status, "exiResponse": ""}

    do(observed, "plug-and-charge", **{option: "yes"})
    observed.advance(10)

    assert [each["action"] for each in observed.calls("Get15118EVCertificate")] == [action]
    assert len(observed.calls("Authorize")) == requests


def test_plug_and_charge_without_contract_says_what_to_do() -> None:
    observed = started([])
    step = step_of(VERBS["plug-and-charge"], {}, observed.station.core.setup)

    assert step.verb.obstacle(observed.station, step.arguments).endswith("--contract FILE")


def test_plug_and_charge_needs_pnc_to_be_enabled() -> None:
    observed = started([SUB_CA.issue(common_name(EMAID), SUB_CA.key.public_key())])
    step = step_of(VERBS["plug-and-charge"], {}, observed.station.core.setup)
    assert step.verb.obstacle(observed.station, step.arguments) == ""

    observed.station.core.variables.put(Key("ISO15118Ctrlr", "PnCEnabled"), "false")
    assert step.verb.obstacle(observed.station, step.arguments) == "ISO15118Ctrlr.PnCEnabled is false"
