"""Whether a station asks about idTokens that it may not accept by itself (C01, C06, C07, C09 to C12, C14)."""

from typing import Final, NamedTuple

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.facts.id_tokens import ACCEPTED, IdTokenFacts, TokenAnswer, TokenRecord, named
from mock_csms.v201.findings.facts.local_list import LocalListFacts, entry_of_token
from mock_csms.v201.findings.known import Known201

_AUTHORIZED: Final = ("Authorized",)
_STOPPED: Final = ("StopAuthorized",)
_ASKED_WITHIN_S: Final = 120.0
"""Maximum time from the Authorize for a token to the event that reports the authorization."""
_NEVER_ASKED_FOR: Final = frozenset({"Central", "NoAuthorization"})
_CACHE: Final = "AuthCacheCtrlr"

TOKEN_NOT_ASKED_FOR: Final = CHECKS.kind(
    "token-not-asked-for",
    "error",
    "an idToken that the station cannot know is used without an Authorize",
    "AuthCtrlr.Enabled, a boot of the station, that the authorization cache is disabled or was "
    "cleared, and that the local list is disabled or was sent",
)
REFUSED_TOKEN_NOT_ASKED_FOR: Final = CHECKS.kind(
    "refused-token-not-asked-for",
    "error",
    "an idToken that is known to be refused starts an authorization without a new Authorize",
    "AuthCtrlr.Enabled, and that the local list is disabled or was sent",
)
EXPIRED_TOKEN_NOT_ASKED_FOR: Final = CHECKS.kind(
    "expired-token-not-asked-for",
    "error",
    "an idToken whose cached or listed information has expired starts an authorization without an Authorize",
    "AuthCtrlr.Enabled, and that the local list is disabled or was sent",
)
STOPPED_BY_REFUSED_TOKEN: Final = CHECKS.kind(
    "stopped-by-refused-token",
    "error",
    "a refused idToken ends the authorization of a transaction that another idToken has started",
    "the answer to the Authorize for the refused idToken",
)


class PresentedToken(NamedTuple):
    """A token that authorized or stopped a transaction while the station was certainly online."""

    at: float
    id_token: JsonObject
    asked_at: float | None
    """Time of the latest Authorize for the token."""
    answer_before: TokenAnswer | None
    """Latest answer about the token before the token was presented."""
    used_at: float | None
    """Time of the latest use of the token before the token was presented."""
    answer: TokenAnswer | None
    """Latest answer about the token, even if it was received after the token was presented."""

    @property
    def key(self) -> IdTokenKey:
        """Key of the token."""
        return id_token_key(self.id_token)

    @property
    def is_asked_for(self) -> bool:
        """Whether the latest Authorize for the token is recent enough to be about this use of the token."""
        return is_recent(self.asked_at, self.at)

    @property
    def last_known_at(self) -> float:
        """Time of the latest use of the token, or of the latest answer about it, before it was presented."""
        return max(self.used_at or 0.0, self.answer_before.at if self.answer_before else 0.0)


def is_recent(asked_at: float | None, at: float) -> bool:
    """Return whether an Authorize at ``asked_at`` may be about a token that was authorized at ``at``."""
    return asked_at is not None and asked_at >= at - _ASKED_WITHIN_S


def _presented(call: StationCall, known: Known201) -> PresentedToken | None:
    """Return the token in an event if the usual rules for online authorization apply to it; a remote start,
    for example, has rules of its own.
    """
    event, facts = call.payload, known[IdTokenFacts]
    id_token, moment = event.get("idToken"), seconds_of(event["timestamp"])
    if id_token is None or moment is None or event.get("offline"):
        return None
    key = id_token_key(id_token)
    is_remote = "remoteStartId" in event["transactionInfo"] or key in facts.remote
    if is_remote or key[1] in _NEVER_ASKED_FOR or not _has_usual_way(moment, call.at, known):
        return None
    record = facts.find(key) or TokenRecord()
    if is_recent(record.asked_at, moment):
        answer, used_at = record.answer_before, record.used_before
    else:
        answer, used_at = record.answer, record.used_at
    return PresentedToken(moment, id_token, record.asked_at, answer, used_at, record.answer)


def _has_usual_way(moment: float, at: float, known: Known201) -> bool:
    """Return whether the station authorizes tokens by Authorize and whether, from `_ASKED_WITHIN_S` before
    ``moment`` until now (``at``), it was online, no Authorize was missed, and its settings and its local list
    were not changed.
    """
    facts, model, since = known[IdTokenFacts], known[DeviceModelFacts], moment - _ASKED_WITHIN_S
    return (
        facts.since is not None
        and max(facts.since, facts.settings_sent_at, known[LocalListFacts].sent_at) <= since
        and known.online.has_been_online_since(since, at)
        and model.is_true("AuthCtrlr", "Enabled") is True
        and model.is_true("AuthCtrlr", "DisableRemoteAuthorization") is not True
    )


def _is_not_listed(one: PresentedToken, known: Known201) -> bool:
    """Return whether the local list certainly lacks the token."""
    entry = entry_of_token(known, one.key)
    return entry is not None and not entry.is_listed


def _is_unknown_to_station(one: PresentedToken, known: Known201) -> bool:
    """Return whether the token is certainly in neither the cache nor the local list."""
    return _is_not_listed(one, known) and (known[DeviceModelFacts].is_off(_CACHE) or _is_cleared(one, known))


def _is_cleared(one: PresentedToken, known: Known201) -> bool:
    """Return whether the cache was cleared, and the token was neither used nor named in an answer since."""
    cleared_at = known[IdTokenFacts].cleared_at
    if cleared_at is None or cleared_at > one.at - _ASKED_WITHIN_S:
        return False
    return one.last_known_at < cleared_at


def _judge_asked(one: PresentedToken | None, known: Known201, *, since: float = 0.0) -> Outcome:
    """Check that the station sent an Authorize for a token that it cannot know. Return None if its latest
    Authorize for the token was sent after ``since`` but too early to be about this use of the token.
    """
    if one is None or not _is_unknown_to_station(one, known):
        return None
    if one.is_asked_for:
        return MET
    if one.asked_at is not None and one.asked_at > since:
        return None
    return Broken(
        f"{named(one.id_token)} was used without an Authorize, although it is neither in the local list nor "
        "in the authorization cache; the station must ask the central system about it"
    )


@TOKEN_NOT_ASKED_FOR.on_event("C01.FR.02", triggers=_AUTHORIZED)
def _judge_any_token(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for a token that it cannot know."""
    return _judge_asked(_presented(call, known), known)


def _judge_type(call: StationCall, known: Known201, token_type: str) -> Outcome:
    """Check that the station sends an Authorize for a token that has the type ``token_type`` and that it
    cannot know.
    """
    one = _presented(call, known)
    return _judge_asked(one, known) if one is not None and one.key[1] == token_type else None


@TOKEN_NOT_ASKED_FOR.on_event("C06.FR.02", triggers=_AUTHORIZED)
def _judge_local_token(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for a token of type Local."""
    return _judge_type(call, known, "Local")


@TOKEN_NOT_ASKED_FOR.on_event("C07.FR.01", triggers=_AUTHORIZED)
def _judge_contract(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for the eMAID of a contract."""
    if known[DeviceModelFacts].is_true("ISO15118Ctrlr", "PnCEnabled") is not True:
        return None
    return _judge_type(call, known, "eMAID")


@TOKEN_NOT_ASKED_FOR.on_event("C10.FR.11", triggers=_AUTHORIZED)
def _judge_without_cache(call: StationCall, known: Known201) -> Outcome:
    """Check that a disabled cache is not used."""
    if known[DeviceModelFacts].is_true(_CACHE, "Enabled") is not False:
        return None
    return _judge_asked(_presented(call, known), known)


@TOKEN_NOT_ASKED_FOR.on_event("C11.FR.01", triggers=_AUTHORIZED)
def _judge_after_clearing(call: StationCall, known: Known201) -> Outcome:
    """Check that a cleared cache is not used."""
    one, cleared_at = _presented(call, known), known[IdTokenFacts].cleared_at
    if one is None or cleared_at is None or not _is_cleared(one, known):
        return None
    return _judge_asked(one, known, since=cleared_at)


@TOKEN_NOT_ASKED_FOR.on_event("C09.FR.05", triggers=_STOPPED)
def _judge_other_token(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for a token that stops the transaction of another token."""
    return _judge_asked(_other_token(call, known), known)


def _other_token(call: StationCall, known: Known201) -> PresentedToken | None:
    """Return the token in an event if it stops the transaction of another token."""
    one = _presented(call, known)
    tracked = known.transactions.find(call.payload["transactionInfo"]["transactionId"])
    if one is None or tracked is None or tracked.contents.token in {None, one.key}:
        return None
    return one


@STOPPED_BY_REFUSED_TOKEN.on_event("C09.FR.11", triggers=_STOPPED)
def _judge_refused_stop(call: StationCall, known: Known201) -> Outcome:
    """Check that a token whose Authorize was not Accepted does not stop the transaction of another token."""
    one = _other_token(call, known)
    if one is None or one.answer is None or not one.is_asked_for or not _is_not_listed(one, known):
        return None
    answer = one.answer
    if not one.at - _ASKED_WITHIN_S <= answer.at <= one.at:
        return None
    if answer.status == ACCEPTED:
        return MET
    return Broken(
        f"{named(one.id_token)} ended the authorization of a transaction that another idToken had started, "
        f"although its own Authorize was answered with {answer.status}; a refused idToken must not end it",
        (answer.frame,),
    )


@REFUSED_TOKEN_NOT_ASKED_FOR.on_event("C10.FR.03", "C12.FR.05", triggers=_AUTHORIZED)
def _judge_refused(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends another Authorize for a token if the latest answer refused the token."""
    one = _presented(call, known)
    if (
        one is None
        or one.answer_before is None
        or one.answer_before.status == ACCEPTED
        or not _is_not_listed(one, known)
    ):
        return None
    if one.is_asked_for:
        return MET
    if one.answer_before.at > one.at - _ASKED_WITHIN_S:
        return None
    return Broken(
        f"{named(one.id_token)} was authorized without an Authorize, although the station was last told that "
        f"its status is {one.answer_before.status}; the station must ask again",
        (one.answer_before.frame,),
    )


@REFUSED_TOKEN_NOT_ASKED_FOR.on_event("C14.FR.01", "C14.FR.03", triggers=_AUTHORIZED)
def _judge_refused_by_list(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for a token that the local list refuses."""
    one = _presented(call, known)
    entry = None if one is None else entry_of_token(known, one.key)
    if one is None or entry is None or not entry.is_listed or entry.status == ACCEPTED:
        return None
    if one.is_asked_for:
        return MET
    return Broken(
        f"{named(one.id_token)} was authorized without an Authorize, although its status in the local list "
        f"is {entry.status}; the station must ask the central system about it"
    )


@EXPIRED_TOKEN_NOT_ASKED_FOR.on_event("C14.FR.05", triggers=_AUTHORIZED)
def _judge_expired_entry(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for a token whose entry in the local list has expired."""
    one = _presented(call, known)
    entry = None if one is None else entry_of_token(known, one.key)
    if one is None or entry is None or entry.status != ACCEPTED:
        return None
    if known[DeviceModelFacts].is_true("LocalAuthListCtrlr", "SupportsExpiryDateTime") is not True:
        return None
    return _judge_expired(one, entry.expires_at, "in the local list")


@EXPIRED_TOKEN_NOT_ASKED_FOR.on_event("C10.FR.13", triggers=_AUTHORIZED)
def _judge_expired_cache(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for a token whose cacheExpiryDateTime is over."""
    one = _presented(call, known)
    if one is None or one.answer_before is None or not _is_not_listed(one, known):
        return None
    return _judge_expired(one, one.answer_before.expires_at, "in the authorization cache")


@EXPIRED_TOKEN_NOT_ASKED_FOR.on_event("C10.FR.08", "C10.FR.10", triggers=_AUTHORIZED)
def _judge_lifetime(call: StationCall, known: Known201) -> Outcome:
    """Check that the station sends an Authorize for a token that was not used for longer than LifeTime."""
    one, lifetime_s = _presented(call, known), known[DeviceModelFacts].number(_CACHE, "LifeTime")
    if one is None or one.answer_before is None or not lifetime_s or not _is_not_listed(one, known):
        return None
    if one.answer_before.expires_at is not None or known.clock.is_skewed:
        return None
    return _judge_expired(one, one.last_known_at + lifetime_s, "in the authorization cache")


def _judge_expired(one: PresentedToken, expires_at: float | None, place: str) -> Outcome:
    """Judge whether the station asked about a token whose information has expired."""
    if expires_at is None or expires_at > one.at - _ASKED_WITHIN_S - CLOCK_ERROR_S:
        return None
    if one.is_asked_for:
        return MET
    return Broken(
        f"{named(one.id_token)} was authorized without an Authorize, although its information {place} "
        f"expired {one.at - expires_at:.0f} s before; the station must ask the central system about it"
    )
