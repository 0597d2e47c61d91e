"""Checks the contract certificates in Authorize, and answers about OCSP statuses (C07, M06)."""

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.messages import Call, JsonObject
from mock_csms.settings.files import read_file
from mock_csms.text import truncate

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from mock_csms.pki import ChainVerdict

MAX_OCSP_RESULT: Final = 5500
"""Maximum characters of an ocspResult (Part 2, GetCertificateStatusResponse)."""
MAX_INFO: Final = 512
"""Maximum characters of an additionalInfo."""
ASKING: Final = frozenset({Action.authorize.value, Action.get_certificate_status.value})
"""Messages for which an OCSP responder may be asked."""


class StatusAnswer(NamedTuple):
    """The answer to a GetCertificateStatus: an OCSPResponse in base64, or why the status is Failed."""

    response: str | None
    reason_code: str = ""
    problem: str = ""

    @property
    def status_info(self) -> JsonObject:
        """StatusInfoType of a status Failed."""
        return status_info(self.reason_code, self.problem)


def status_info(reason_code: str, problem: str) -> JsonObject:
    """Make a StatusInfoType. The problem is shortened if it quotes a long text of the station."""
    return {"reasonCode": reason_code, "additionalInfo": truncate(problem, MAX_INFO)}


def judge_contract(
    csms: Csms, identity: str, certificate: str | None, hash_data: Sequence[JsonObject]
) -> "ChainVerdict":
    """Check the chain of a contract certificate, given in PEM, as hashes or both; no responder is asked."""
    from mock_csms.pki import ChainVerdict  # noqa: PLC0415 - see above
    from mock_csms.pki.roots import read_roots  # noqa: PLC0415

    authority, wanted = csms.authority, csms.profile(identity).contract_roots
    try:
        roots = None
        if wanted != "any":
            roots = authority.contract_roots()
            roots += [] if wanted == "own" else read_roots(read_file(Path(wanted)))
    except (OSError, ValueError) as error:
        return ChainVerdict("unverifiable", f"the roots in {wanted} cannot be read: {error}")
    verdict = authority.judge_chain(certificate, hash_data, roots=roots)
    if wanted == "own" and verdict.state == "valid" and verdict.unknown:
        return ChainVerdict("unverifiable", "the hashes belong to a CA that is not in the PKI")
    return verdict


def log_verdict(identity: str, verdict: "ChainVerdict") -> None:
    """Log why a contract certificate is not accepted."""
    if verdict.reason:
        logger.info("%s  contract certificate %s: %s", identity, verdict.state, verdict.reason)


def question_for(csms: Csms, identity: str, call: Call) -> Coroutine[Any, Any, Any] | None:
    """Return a coroutine that asks OCSP responders about the certificates in a message.

    None if there is nothing to ask.
    """
    if csms.profile(identity).ocsp == "off" or call.content is None:
        return None
    payload = call.payload
    if call.action == Action.get_certificate_status:
        data = payload["ocspRequestData"]
        return _relayed_status(csms, identity, data) if csms.authority.is_foreign(data) else None
    certificate, hash_data = payload.get("certificate"), payload.get("iso15118CertificateHashData", [])
    if certificate is None and not hash_data:
        return None
    return _asked_verdict(csms, identity, judge_contract(csms, identity, certificate, hash_data))


async def _asked_verdict(csms: Csms, identity: str, verdict: "ChainVerdict") -> "ChainVerdict":
    from mock_csms.pki.ocsp_client import ask_responders  # noqa: PLC0415 - see above

    timeout_s = csms.profile(identity).ocsp_timeout
    return await ask_responders(verdict, timeout_s=timeout_s, roots_pem=csms.authority.root_pem)


async def _relayed_status(csms: Csms, identity: str, data: JsonObject) -> StatusAnswer:
    from mock_csms.pki.ocsp_relay import OcspFailed, relay  # noqa: PLC0415 - see above

    try:
        response = await relay(data, csms.profile(identity).ocsp_timeout, csms.authority.root_pem)
    except OcspFailed as failure:
        return StatusAnswer(None, "Unspecified", f"the responder {failure}")
    if len(response) > MAX_OCSP_RESULT:
        problem = f"the responder sent {len(response)} characters in base64, more than {MAX_OCSP_RESULT}"
        return StatusAnswer(None, "TooLargeElement", problem)
    return StatusAnswer(response)


def own_status(csms: Csms, data: JsonObject) -> StatusAnswer:
    """Answer a GetCertificateStatus from the mock's own OCSP responder."""
    try:
        return StatusAnswer(csms.authority.ocsp_response(data))
    except ValueError as error:
        return StatusAnswer(None, "InvalidHash", str(error))
