"""Remote starts: authorization and idToken of the transaction (F01, F02)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.stations.transactions import id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.remote_starts import (
    RemoteStartFacts,
    SentRemoteStart,
)
from mock_csms.v201.findings.known import Known201

_REMOTE_START: Final = frozenset({"RemoteStart"})
_BY_AUTHORIZATION: Final = frozenset({"Authorized"})
"""Value of TxStartPoint with which only an authorization starts transactions."""
_NEVER_AUTHORIZED: Final = frozenset({"Central", "NoAuthorization"})
"""Types of idTokens that a station accepts without an Authorize (C05.FR.01)."""

REMOTE_START_TOKEN_WRONG: Final = CHECKS.kind(
    "remote-start-token-wrong",
    "error",
    "the event that reports a remote start has another idToken than the RequestStartTransaction",
    "the RequestStartTransaction",
)
REMOTE_START_NOT_AUTHORIZED: Final = CHECKS.kind(
    "remote-start-not-authorized",
    "error",
    "a remotely started transaction goes on without the authorization that AuthorizeRemoteStart requires",
    "AuthCtrlr.AuthorizeRemoteStart, and the refusal of the Authorize for the idToken; if there was no "
    "Authorize, that AuthCtrlr.LocalPreAuthorize is false or that the local list and the cache are disabled",
)


@REMOTE_START_TOKEN_WRONG.on_event("F01.FR.04", "F02.FR.12", triggers=_REMOTE_START)
def _judge_token(call: StationCall, known: Known201) -> Outcome:
    """Check that an event with triggerReason RemoteStart has the idToken of its RequestStartTransaction."""
    command, id_token = known[RemoteStartFacts].of_event(call.payload), call.payload.get("idToken")
    if command is None or id_token is None or known.clock.is_skewed:
        return None
    key = id_token_key(id_token)
    if key == command.token:
        return MET
    transaction_id = call.payload["transactionInfo"]["transactionId"]
    return Broken(
        f"the transaction {short(transaction_id)} was started remotely but its event has another idToken "
        f"(type {short(key[1])}) than the RequestStartTransaction (type {short(command.token[1])}); the "
        "event must have the same idToken",
        (command.frame,),
    )


@REMOTE_START_NOT_AUTHORIZED.on_event("F02.FR.09", types=("Started",), triggers=_REMOTE_START)
def _judge_start(call: StationCall, known: Known201) -> Outcome:
    """Check that the idToken of a remote start was authorized before the transaction started, if only an
    authorization starts transactions.
    """
    command = known[RemoteStartFacts].of_event(call.payload)
    if command is None or known[DeviceModelFacts].members("TxCtrlr", "TxStartPoint") != _BY_AUTHORIZATION:
        return None
    return _judge_authorization(call, command, known, "started")


@REMOTE_START_NOT_AUTHORIZED.on_event(
    "F01.FR.01", types=("Started", "Updated"), triggers=("ChargingStateChanged", "RemoteStart")
)
def _judge_energy(call: StationCall, known: Known201) -> Outcome:
    """Check that the idToken of a remotely started transaction was authorized before the transaction
    charges.
    """
    info, facts = call.payload["transactionInfo"], known[RemoteStartFacts]
    if info.get("chargingState") != "Charging":
        return None
    command = facts.of_event(call.payload) or facts.started.get(info["transactionId"])
    return _judge_authorization(call, command, known, "transfers energy") if command else None


def _judge_authorization(call: StationCall, command: SentRemoteStart, known: Known201, verb: str) -> Outcome:
    is_decided = command.must_authorize is True and command.is_authorization_known and command.is_accepted
    if not is_decided or call.payload.get("offline") or command.token[1] in _NEVER_AUTHORIZED:
        return None
    if command.is_authorized:
        return MET
    is_asked = command.authorize_frame is not None
    if (is_asked and command.is_authorized is None) or (not is_asked and _may_know_tokens(known)):
        return None
    reason = "that the central system did not accept" if is_asked else "that the station never authorized"
    transaction_id = call.payload["transactionInfo"]["transactionId"]
    return Broken(
        f"the remotely started transaction {short(transaction_id)} {verb} for an idToken {reason}; with "
        "AuthorizeRemoteStart, the station must first authorize the idToken",
        tuple(filter(None, (command.frame, command.authorize_frame))),
    )


def _may_know_tokens(known: Known201) -> bool:
    """Return whether the station may accept a token without asking the central system."""
    model = known[DeviceModelFacts]
    if model.is_true("AuthCtrlr", "Enabled") is False:
        return True
    may_ask = model.is_true("AuthCtrlr", "DisableRemoteAuthorization") is not True
    if may_ask and model.is_true("AuthCtrlr", "LocalPreAuthorize") is False:
        return False
    return any(
        model.is_true(component, "Enabled") is not False
        for component in ("AuthCacheCtrlr", "LocalAuthListCtrlr")
    )
