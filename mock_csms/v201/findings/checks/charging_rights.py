"""Whether a transaction may charge: its authorization, its EVSE and its idToken (C01, C06, C12, C16)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.id_tokens import IdTokenFacts, TokenAnswer, TokenRecord, named
from mock_csms.v201.findings.facts.reported import ReportedSubjects
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_state import TransactionState

_CHARGING_STATES: Final = ("ChargingStateChanged",)
_AUTHORIZED: Final = ("Authorized",)
_ENDING_AUTHORIZATION: Final = frozenset({"Deauthorized", "EVConnectTimeout", "RemoteStop", "StopAuthorized"})
"""Trigger reasons of events that end the authorization of a transaction."""
_TOLD_WITHIN_S: Final = 120.0
"""Maximum time from the answer to an Authorize to the event with the same token."""

CHARGING_WITHOUT_AUTHORIZATION: Final = CHECKS.kind(
    "charging-without-authorization",
    "error",
    "a transaction charges before any of its events has an idToken",
    "AuthCtrlr.Enabled, all events of the transaction, and that no Authorize or remote start may have"
    " authorized it",
)
CHARGING_AT_WRONG_EVSE: Final = CHECKS.kind(
    "charging-at-wrong-evse",
    "error",
    "a transaction charges at an EVSE that the answer to the Authorize for its idToken does not list",
    "the Authorize for the idToken, and its answer",
)
MASTER_PASS_STARTED_TRANSACTION: Final = CHECKS.kind(
    "master-pass-started-transaction",
    "error",
    "an idToken of the master pass group authorizes a transaction",
    "AuthCtrlr.MasterPassGroupId, and the groupIdToken of the idToken",
)
SECOND_TOKEN_AUTHORIZED: Final = CHECKS.kind(
    "second-token-authorized",
    "warning",
    "a transaction whose authorization has ended is authorized by another idToken",
    "all events of the transaction",
)


def _is_charging(event: JsonObject) -> bool:
    """Return whether an event reports that energy flows, and is not from an offline period."""
    state: str | None = event["transactionInfo"].get("chargingState")
    return state == "Charging" and not event.get("offline")


def _follows_all(tracked: TransactionState | None, event: JsonObject) -> bool:
    """Return whether all events before this one are known."""
    seq_no: int = event["seqNo"]
    if tracked is None:
        return seq_no == 0
    is_whole = tracked.started is not None and tracked.low == 0 and not tracked.gaps
    return is_whole and not tracked.is_doubtful and seq_no == tracked.high + 1


def _first_token(tracked: TransactionState | None, event: JsonObject) -> IdTokenKey | None:
    """Return the token that the transaction was first authorized with."""
    if tracked is not None and tracked.contents.token is not None:
        return tracked.contents.token
    return id_token_key(event["idToken"]) if "idToken" in event else None


def _state_of(call: StationCall, known: Known201) -> TransactionState | None:
    """Return the transaction of an event as it was before the event."""
    return known.transactions.find(call.payload["transactionInfo"]["transactionId"])


@CHARGING_WITHOUT_AUTHORIZATION.on_event("C01.FR.01", "C06.FR.01", triggers=_CHARGING_STATES)
def _judge_authorization(call: StationCall, known: Known201) -> Outcome:
    """Check that energy flows only in a transaction with an idToken."""
    event, tracked = call.payload, _state_of(call, known)
    is_known = known[DeviceModelFacts].is_true("AuthCtrlr", "Enabled") is True
    if not _is_charging(event) or not is_known or not _follows_all(tracked, event):
        return None
    if _first_token(tracked, event) is not None:
        return MET
    started_at = seconds_of(tracked.started[1] if tracked and tracked.started else event["timestamp"])
    if started_at is None or started_at <= known[IdTokenFacts].settings_sent_at + CLOCK_ERROR_S:
        return None
    if not known.clock.is_right or _may_be_unreported(known, tracked, min(started_at, call.at)):
        return None
    transaction_id = event["transactionInfo"]["transactionId"]
    if not known[ReportedSubjects].is_new(CHARGING_WITHOUT_AUTHORIZATION.id, transaction_id):
        return None
    return Broken(
        f"the transaction {short(transaction_id)} charges although none of its events has an idToken; energy "
        "may only be offered after an authorization"
    )


def _may_be_unreported(known: Known201, tracked: TransactionState | None, started_at: float) -> bool:
    """Return whether an Authorize or a remote start may have authorized the transaction although its events
    have no idToken. The missing idToken then violates another requirement.
    """
    is_remote = tracked is not None and (
        tracked.contents.remote_start_id is not None or tracked.contents.remote_start_frame is not None
    )
    return is_remote or known[IdTokenFacts].latest_at > started_at - _TOLD_WITHIN_S


@CHARGING_AT_WRONG_EVSE.on_event("C01.FR.21", triggers=_CHARGING_STATES)
def _judge_evse(call: StationCall, known: Known201) -> Outcome:
    """Check that energy flows only at the EVSEs that the answer to the Authorize lists."""
    event, tracked = call.payload, _state_of(call, known)
    if tracked is None or not _is_charging(event) or tracked.contents.remote_start_id is not None:
        return None
    contents, key = tracked.contents, tracked.contents.token
    evse_id = event.get("evse", {}).get("id") or (contents.evse or (None, None))[0]
    if key is None or contents.token_at is None or evse_id is None or key in known[IdTokenFacts].remote:
        return None
    answer = (known[IdTokenFacts].find(key) or TokenRecord()).authorize_answer
    if answer is None or not answer.evse_ids or not 0 <= contents.token_at - answer.at <= _TOLD_WITHIN_S:
        return None
    if evse_id in answer.evse_ids:
        return MET
    transaction_id = event["transactionInfo"]["transactionId"]
    if not known[ReportedSubjects].is_new(CHARGING_AT_WRONG_EVSE.id, transaction_id):
        return None
    return Broken(
        f"the transaction {short(transaction_id)} charges at EVSE {evse_id}, although the answer to the "
        f"Authorize for its idToken allows only EVSE {', '.join(map(str, sorted(answer.evse_ids)))}",
        (answer.frame,),
    )


def master_pass_answer(call: StationCall, known: Known201) -> TokenAnswer | None:
    """Return the latest answer about the token in an event, if the token is a master pass."""
    id_token = call.payload.get("idToken")
    master = known[DeviceModelFacts].of_station("AuthCtrlr", "MasterPassGroupId")
    record = known[IdTokenFacts].find(id_token_key(id_token)) if id_token else None
    answer = record.answer if record else None
    is_master = (
        master and answer is not None and answer.group is not None and answer.group[0] == master.lower()
    )
    return answer if is_master else None


@MASTER_PASS_STARTED_TRANSACTION.on_event("C12.FR.09", "C16.FR.03", triggers=_AUTHORIZED)
def _judge_master_pass(call: StationCall, known: Known201) -> Outcome:
    """Check that a master pass does not authorize a transaction."""
    answer, moment = master_pass_answer(call, known), seconds_of(call.payload["timestamp"])
    if answer is None or moment is None or call.payload.get("offline") or answer.at > moment:
        return None
    if known[IdTokenFacts].settings_sent_at > moment - _TOLD_WITHIN_S:
        return None
    return Broken(
        f"{named(call.payload['idToken'])} belongs to the master pass group but authorizes a transaction; it "
        "may only stop transactions",
        (answer.frame,),
    )


@MASTER_PASS_STARTED_TRANSACTION.on_event("C12.FR.09", "C16.FR.03", triggers=("StopAuthorized",))
def _judge_master_stop(call: StationCall, known: Known201) -> Outcome:
    """Return MET for a master pass that stops a transaction."""
    return None if master_pass_answer(call, known) is None else MET


@SECOND_TOKEN_AUTHORIZED.on_event("C01.FR.23", types=("Updated",), triggers=_AUTHORIZED)
def _judge_second_token(call: StationCall, known: Known201) -> Outcome:
    """Check that a transaction is authorized again by its first token only."""
    event, tracked = call.payload, _state_of(call, known)
    if tracked is None or "idToken" not in event or not _follows_all(tracked, event):
        return None
    contents = tracked.contents
    if contents.token is None or contents.first_stop not in _ENDING_AUTHORIZATION:
        return None
    if contents.token == id_token_key(event["idToken"]):
        return MET
    return Broken(
        f"the transaction {short(tracked.id)} was started by another idToken than {named(event['idToken'])}, "
        "which authorizes it now; it should be authorized by its first idToken only"
    )
