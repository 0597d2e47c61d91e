"""IdTokens in Authorize and in events, and the authorization cache (C01 to C03, C05, C07, C09, C11)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.id_tokens import IdTokenFacts, named
from mock_csms.v201.findings.facts.local_list import entry_of_token
from mock_csms.v201.findings.facts.queue_claims import QueueClaims
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_contents import NO_AUTHORIZATION

_REPEATED_AFTER_S: Final = 30.0
"""An Authorize that arrives more than so many seconds after the first event with its token is a repetition;
an earlier one may have been sent before this event.
"""
_SETTLING_TIME_S: Final = 60.0
"""For so many seconds after a change of settings, an Authorize may arrive that was sent before the change."""

NO_AUTHORIZATION_TOKEN_WITH_VALUE: Final = CHECKS.kind(
    "no-authorization-token-with-value", "error", "an idToken of type NoAuthorization is not empty"
)
CENTRAL_TOKEN_ASKED_FOR: Final = CHECKS.kind(
    "central-token-asked-for",
    "error",
    "an Authorize asks about the Central idToken of a RequestStartTransaction",
    "AuthCtrlr.AuthorizeRemoteStart",
)
OWN_TOKEN_ASKED_FOR: Final = CHECKS.kind(
    "own-token-asked-for",
    "error",
    "an Authorize asks about the idToken that has authorized the running transaction",
    "a FullInventory with exactly one EVSE",
)
CONTRACT_WITHOUT_CERTIFICATE_DATA: Final = CHECKS.kind(
    "contract-without-certificate-data",
    "error",
    "an Authorize for a contract has neither OCSP data nor the certificate",
    "ISO15118Ctrlr.PnCEnabled, and that the local list is disabled or was sent",
)
DISABLED_CACHE_CLEARED: Final = CHECKS.kind(
    "disabled-cache-cleared",
    "error",
    "a ClearCache is accepted although the cache is disabled",
    "AuthCacheCtrlr.Enabled",
)


@NO_AUTHORIZATION_TOKEN_WITH_VALUE.on_event("C02.FR.01", types=("Started",))
@NO_AUTHORIZATION_TOKEN_WITH_VALUE.on_event("C02.FR.01", types=("Updated",), triggers=("Authorized",))
def _judge_empty_token(call: StationCall, known: Known201) -> Outcome:
    """Check that a token of type NoAuthorization is empty."""
    id_token = call.payload.get("idToken")
    if id_token is None or id_token["type"] != NO_AUTHORIZATION:
        return None
    if not id_token["idToken"]:
        return MET
    if id_token_key(id_token) in known[IdTokenFacts].remote:
        return None
    transaction_id = short(call.payload["transactionInfo"]["transactionId"])
    return Broken(
        f"the transaction {transaction_id} has an idToken of type NoAuthorization with the value "
        f"{short(id_token['idToken'])}; the value must be empty"
    )


@CENTRAL_TOKEN_ASKED_FOR.on_call("C03.FR.01", "C05.FR.01", of=Action.authorize)
def _judge_central_token(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends no Authorize for the Central token of a remote start."""
    id_token = call.payload["idToken"]
    frame = known[IdTokenFacts].remote.get(id_token_key(id_token))
    is_off = known[DeviceModelFacts].is_true("AuthCtrlr", "AuthorizeRemoteStart") is False
    is_settled = call.at > known[IdTokenFacts].settings_sent_at + _SETTLING_TIME_S
    if id_token["type"] != "Central" or frame is None or not is_off or not is_settled:
        return None
    return Broken(
        f"an Authorize asks about {named(id_token)}, which a RequestStartTransaction named; a token of type "
        "Central must be accepted without an Authorize",
        (frame,),
    )


@CENTRAL_TOKEN_ASKED_FOR.on_event("C03.FR.01", "C05.FR.01", triggers=("RemoteStart",))
def _judge_central_start(call: StationCall, known: Known201) -> Outcome:
    """Return MET if a transaction starts with a Central token for which no Authorize was sent."""
    id_token = call.payload.get("idToken")
    if id_token is None or id_token["type"] != "Central":
        return None
    record = known[IdTokenFacts].find(id_token_key(id_token))
    return MET if record is None or record.asked_at is None else None


@OWN_TOKEN_ASKED_FOR.on_call("C01.FR.03", "C09.FR.07", of=Action.authorize)
def _judge_own_token(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends no Authorize for the token of the running transaction."""
    key = id_token_key(call.payload["idToken"])
    transaction_id = _token_user(call.at, key, known)
    if transaction_id is None or key in known[IdTokenFacts].remote or _may_have_queued_end(call.at, known):
        return None
    return Broken(
        f"an Authorize asks about {named(call.payload['idToken'])}, which has authorized the running "
        f"transaction {short(transaction_id)}; the station must end the authorization without an Authorize"
    )


@OWN_TOKEN_ASKED_FOR.on_event("C01.FR.03", "C09.FR.07", triggers=("StopAuthorized",))
def _judge_own_stop(call: StationCall, known: Known201) -> Outcome:
    """Return MET if a transaction is stopped by its own token without a new Authorize."""
    id_token = call.payload.get("idToken")
    if id_token is None:
        return None
    key = id_token_key(id_token)
    record = known[IdTokenFacts].find(key)
    if _token_user(call.at, key, known) is None or record is None or record.asked_at is None:
        return None
    return MET if call.at - record.asked_at > _REPEATED_AFTER_S else None


def _may_have_queued_end(at: float, known: Known201) -> bool:
    """Return whether an Authorize may have overtaken an Ended event in the queue of the station. The queue
    has certainly been sent once the station has been online for longer than the possible error of its clock.
    """
    return known[QueueClaims].may_have_events(at) or not known.online.has_been_online_since(at, at)


def _token_user(at: float, key: IdTokenKey, known: Known201) -> str | None:
    """Return the id of the only running transaction of a station with one EVSE if the token ``key``
    authorized it more than `_REPEATED_AFTER_S` ago; otherwise None.
    """
    running = known.running.certain_on_evse(None)
    model = known[DeviceModelFacts]
    evse_ids = {name.evse_id for name in model.variables() if name.evse_id is not None}
    if len(running) != 1 or not model.is_complete or len(evse_ids) != 1:
        return None
    tracked = known.transactions.find(running[0][0])
    if tracked is None or tracked.gaps or tracked.is_doubtful:
        return None
    contents = tracked.contents
    is_authorized = contents.token == key and contents.first_stop is None
    is_old = contents.token_at is not None and at - contents.token_at > _REPEATED_AFTER_S
    return tracked.id if is_authorized and is_old else None


@CONTRACT_WITHOUT_CERTIFICATE_DATA.on_call("C07.FR.02", of=Action.authorize)
def _judge_contract_data(call: StationCall, known: Known201) -> Outcome:
    """Check that an Authorize for a contract has data for a check of its certificate."""
    id_token = call.payload["idToken"]
    key = id_token_key(id_token)
    if id_token["type"] != "eMAID" or key in known[IdTokenFacts].remote:
        return None
    if known[DeviceModelFacts].is_true("ISO15118Ctrlr", "PnCEnabled") is not True:
        return None
    if call.payload.get("iso15118CertificateHashData") or call.payload.get("certificate"):
        return MET
    entry = entry_of_token(known, key)
    if entry is None or entry.is_listed:
        return None
    return Broken(
        f"the Authorize for {named(id_token)} has neither iso15118CertificateHashData nor certificate; "
        "it must have one of them, so that the central system can check the contract certificate"
    )


@DISABLED_CACHE_CLEARED.on_command("C11.FR.04", of=Action.clear_cache)
def _judge_clearing(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a ClearCache is rejected while the cache is disabled."""
    if known[DeviceModelFacts].is_true("AuthCacheCtrlr", "Enabled") is not False:
        return None
    status = command.answer["status"]
    if status == "Rejected":
        return MET
    return Broken(
        f"a ClearCache was answered with {status} although AuthCacheCtrlr.Enabled is false; the answer must "
        "be Rejected",
        (command.sent_frame,),
    )
