"""Contract certificates of vehicles, which the central system checks for the station (C07)."""

from datetime import datetime
from typing import Final, NamedTuple

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import (
    certificate_hash_data,
    is_chain,
    is_current,
    is_issued_by,
    ocsp_responder,
    parse_chain,
    pem,
    subject_value,
)
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.trust_store import MO_ROOT, V2G_ROOT, Chain, TrustStore

PNC_ENABLED: Final = Key("ISO15118Ctrlr", "PnCEnabled")
MAX_HASHES: Final = 4
"""Maximum length of iso15118CertificateHashData."""


class ContractProof(NamedTuple):
    """Proof of a contract, with the arguments for the Authorize of an idToken of type eMAID."""

    fields: JsonObject
    """Arguments of the Authorize: ``certificate`` or ``iso15118_certificate_hash_data``; may be empty."""
    is_valid: bool
    """Whether the station itself found the chain valid."""

    @property
    def can_be_checked(self) -> bool:
        """Whether the Authorize has data with which the central system can check the certificate."""
        return bool(self.fields)


class Contracts:
    """The contract certificate of the vehicles that charge at the station."""

    def __init__(self, core: Core, store: TrustStore) -> None:
        self._core = core
        self._store = store
        text = core.setup.security.contract_chain
        self._chain: Chain = parse_chain(text) if text else []
        if self._chain:
            core.variables.put(PNC_ENABLED, "true")

    @property
    def has_contract(self) -> bool:
        """Whether the vehicles have a contract certificate."""
        return bool(self._chain)

    @property
    def is_enabled(self) -> bool:
        """Whether the station offers Plug and Charge."""
        return self._core.variables.acted_on(PNC_ENABLED) == "true"

    @property
    def id_token(self) -> JsonObject:
        """The eMAID of the contract: the common name of its certificate."""
        return {"idToken": subject_value(self._chain[0].subject), "type": "eMAID"}

    def proof(self) -> ContractProof:
        """Proof of the contract (C07.FR.02, C07.FR.06)."""
        roots = [*self._store.roots(MO_ROOT), *self._store.roots(V2G_ROOT)]
        is_central = self._core.variables.boolean("ISO15118Ctrlr", "CentralContractValidationAllowed")
        return contract_proof(self._chain, roots, self._core.now(), allows_central=is_central)


def contract_proof(chain: Chain, roots: Chain, now: datetime, *, allows_central: bool) -> ContractProof:
    """Make the proof of a contract.

    If the root of the contract is installed, the proof is hash data. Otherwise, the proof is the chain if
    ``allows_central`` is true, and empty if ``allows_central`` is false.
    """
    root = next((root for root in roots if is_current(root, now) and is_issued_by(chain[-1], root)), None)
    if root is None:
        fields = {"certificate": pem(chain)} if allows_central else {}
        return ContractProof(fields, is_valid=False)
    is_valid = is_chain([*chain, root]) and all(is_current(one, now) for one in chain)
    issuers = [*chain[1:], root]
    hashes = [
        {**certificate_hash_data(one, issuer), "responderURL": ocsp_responder(one)}
        for one, issuer in zip(chain, issuers, strict=True)
    ]
    return ContractProof({"iso15118_certificate_hash_data": hashes[:MAX_HASHES]}, is_valid)
