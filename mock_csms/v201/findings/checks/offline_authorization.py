"""IdTokens that authorize a transaction while the station is offline (C07, C13)."""

from typing import Final

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.id_tokens import ACCEPTED, IdTokenFacts, TokenAnswer, named
from mock_csms.v201.findings.facts.local_list import ListEntry, LocalListFacts, entry_of_token
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.transaction_contents import NO_AUTHORIZATION

_AUTHORIZED: Final = ("Authorized",)
_ACCEPTED_WITHIN_S: Final = 600.0
"""Maximum time from an answer that accepts an idToken to the start of the transaction that the idToken
authorizes: the driver may take some minutes to plug in.
"""
_NEVER_LISTED: Final = frozenset({"Central", NO_AUTHORIZATION})

TOKEN_ACCEPTED_OFFLINE: Final = CHECKS.kind(
    "token-accepted-offline",
    "error",
    "an idToken authorizes a transaction offline although the local list does not allow it",
    "the contents of the local list, that the station was offline, and for some idTokens also "
    "AuthCtrlr.OfflineTxForUnknownIdEnabled, LocalAuthListCtrlr.SupportsExpiryDateTime and that the "
    "authorization cache is disabled",
)
CONTRACT_ACCEPTED_OFFLINE: Final = CHECKS.kind(
    "contract-accepted-offline",
    "error",
    "a contract authorizes a transaction offline although contracts must not be checked offline",
    "ISO15118Ctrlr.PnCEnabled, ISO15118Ctrlr.ContractValidationOffline, the contents of the local "
    "list, and that the station was offline",
)


def _token_offline(call: StationCall, known: Known201) -> tuple[float, JsonObject, ListEntry] | None:
    """Return the time, the idToken and its entry in the local list if the idToken in an event was presented
    while the station was certainly offline.
    """
    event, facts = call.payload, known[IdTokenFacts]
    id_token, moment = event.get("idToken"), seconds_of(event["timestamp"])
    if id_token is None or moment is None or not event.get("offline"):
        return None
    changed_at = max(facts.settings_sent_at, known[LocalListFacts].sent_at)
    if id_token["type"] in _NEVER_LISTED or changed_at > moment - CLOCK_ERROR_S:
        return None
    if known.clock.is_skewed or _was_accepted_before(moment, id_token, known):
        return None
    entry = entry_of_token(known, id_token_key(id_token))
    return (moment, id_token, entry) if entry and known.online.was_offline(moment) else None


def _latest_answer(id_token: JsonObject, known: Known201) -> TokenAnswer | None:
    """Return the latest answer about a token."""
    record = known[IdTokenFacts].find(id_token_key(id_token))
    return record.answer if record else None


def _was_accepted_before(moment: float, id_token: JsonObject, known: Known201) -> bool:
    """Return whether the central system may have accepted a token for this transaction while the station was
    still online. Only the latest answer is known: if it was given after ``moment`` and accepts the token, an
    earlier answer may have accepted it before ``moment``.
    """
    answer = _latest_answer(id_token, known)
    return answer is not None and answer.status == ACCEPTED and answer.at > moment - _ACCEPTED_WITHIN_S


def _refused(id_token: JsonObject, why: str) -> Broken:
    """Return the violation that a station accepted a token offline; ``why`` says why it had to refuse it."""
    return Broken(f"{named(id_token)} authorized a transaction offline although {why}")


def _can_expire(known: Known201) -> bool | None:
    """Return whether entries of the local list expire; None if it is not known."""
    model = known[DeviceModelFacts]
    value = model.is_true("LocalAuthListCtrlr", "SupportsExpiryDateTime")
    return False if value is None and model.is_complete else value


def _accepts_unknown(known: Known201) -> bool | None:
    """Return whether unknown tokens are accepted offline; None if it is not known."""
    return known[DeviceModelFacts].is_true("AuthCtrlr", "OfflineTxForUnknownIdEnabled")


@TOKEN_ACCEPTED_OFFLINE.on_event("C13.FR.01", triggers=_AUTHORIZED)
def _judge_listed(call: StationCall, known: Known201) -> Outcome:
    """Check that a token is refused offline if its status in the local list is not Accepted."""
    found = _token_offline(call, known)
    if found is None or not found[2].is_listed:
        return None
    _, id_token, entry = found
    if entry.status == ACCEPTED:
        answer = _latest_answer(id_token, known)
        return MET if answer is not None and answer.status != ACCEPTED else None
    return _refused(id_token, f"its status in the local list is {entry.status}; it must be refused")


def _judge_unknown(call: StationCall, known: Known201, *, with_expiry: bool) -> Outcome:
    """Judge a token that authorized a transaction offline at a station that must refuse unknown tokens
    offline. The check applies only to stations whose list entries expire (``with_expiry``), or only to those
    whose entries do not.
    """
    found, model = _token_offline(call, known), known[DeviceModelFacts]
    if found is None or _accepts_unknown(known) is not False or _can_expire(known) is not with_expiry:
        return None
    moment, id_token, entry = found
    if entry.is_listed:
        return _judge_entry(id_token, entry, moment, with_expiry=with_expiry)
    is_uncached = (
        model.is_off("AuthCacheCtrlr") or model.is_true("AuthCtrlr", "LocalAuthorizeOffline") is False
    )
    if not is_uncached:
        return None
    return _refused(
        id_token,
        "it is not in the local list and AuthCtrlr.OfflineTxForUnknownIdEnabled is false; it must be refused",
    )


def _judge_entry(id_token: JsonObject, entry: ListEntry, moment: float, *, with_expiry: bool) -> Outcome:
    """Check that the entry of a token that authorized a transaction offline is Accepted and, with
    ``with_expiry``, had not expired.
    """
    if entry.status != ACCEPTED:
        return _refused(id_token, f"its status in the local list is {entry.status}; it must be refused")
    if not with_expiry or entry.expires_at is None or moment < entry.expires_at - CLOCK_ERROR_S:
        return MET
    if moment < entry.expires_at + CLOCK_ERROR_S:
        return None
    return _refused(
        id_token,
        f"its entry in the local list had expired {moment - entry.expires_at:.0f} s before; it must be "
        "refused",
    )


@TOKEN_ACCEPTED_OFFLINE.on_event("C13.FR.02", triggers=_AUTHORIZED)
def _judge_without_expiry(call: StationCall, known: Known201) -> Outcome:
    """Check that a token that authorized a transaction offline is known to the station, if unknown tokens
    must be refused and list entries do not expire.
    """
    return _judge_unknown(call, known, with_expiry=False)


@TOKEN_ACCEPTED_OFFLINE.on_event("C13.FR.05", triggers=_AUTHORIZED)
def _judge_with_expiry(call: StationCall, known: Known201) -> Outcome:
    """Check that a token that authorized a transaction offline is known to the station and has not expired,
    if unknown tokens must be refused and list entries expire.
    """
    return _judge_unknown(call, known, with_expiry=True)


@TOKEN_ACCEPTED_OFFLINE.on_event("C13.FR.06", triggers=_AUTHORIZED)
def _judge_expired(call: StationCall, known: Known201) -> Outcome:
    """Check that a station that accepts unknown tokens offline refuses a token whose entry has expired."""
    found = _token_offline(call, known)
    if found is None or _accepts_unknown(known) is not True or _can_expire(known) is not True:
        return None
    moment, id_token, entry = found
    return _judge_entry(id_token, entry, moment, with_expiry=True) if entry.is_listed else None


@CONTRACT_ACCEPTED_OFFLINE.on_event("C07.FR.07", triggers=_AUTHORIZED)
def _judge_contract(call: StationCall, known: Known201) -> Outcome:
    """Check that the eMAID of a contract, unless the local list has it, does not authorize a transaction
    offline while ContractValidationOffline is false.
    """
    id_token, model = call.payload.get("idToken"), known[DeviceModelFacts]
    if id_token is None or id_token["type"] != "eMAID":
        return None
    if model.is_true("ISO15118Ctrlr", "PnCEnabled") is not True:
        return None
    if model.is_true("ISO15118Ctrlr", "ContractValidationOffline") is not False:
        return None
    found = _token_offline(call, known)
    if found is None or found[2].is_listed:
        return None
    return _refused(
        id_token, "ISO15118Ctrlr.ContractValidationOffline is false; charging must not be allowed"
    )
