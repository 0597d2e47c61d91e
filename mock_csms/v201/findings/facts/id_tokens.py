"""IdTokens that a station has used or asked about, and the answers about them (C01, C10, C12)."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, AnsweredStationCall, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.log.summary import short
from mock_csms.messages import UNREADABLE_PAYLOAD, JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import seconds_of
from mock_csms.v201.findings.known import Known201

_MAX_TOKENS: Final = 100
ACCEPTED: Final = "Accepted"
_CONTROLLERS: Final = frozenset({"authctrlr", "authcachectrlr", "iso15118ctrlr", "localauthlistctrlr"})
"""Components whose variables decide how tokens are authorized, in lower case."""


class TokenAnswer(NamedTuple):
    """IdTokenInfo in an answer to the station."""

    at: float
    frame: int
    status: str
    group: IdTokenKey | None
    evse_ids: frozenset[int]
    """EVSEs where the token may charge; empty: all EVSEs."""
    expires_at: float | None
    """The cacheExpiryDateTime in seconds since the epoch; None if the answer has no cacheExpiryDateTime."""


@dataclass(slots=True)
class TokenRecord:
    """The latest Authorize, answer and use of one token."""

    asked_at: float | None = None
    """Time of the latest Authorize."""
    used_at: float | None = None
    """Time of the latest event with the token."""
    answer: TokenAnswer | None = None
    authorize_answer: TokenAnswer | None = None
    """Answer to the latest Authorize."""
    used_before: float | None = None
    """The value of ``used_at`` before the latest Authorize."""
    answer_before: TokenAnswer | None = None
    """The value of ``answer`` before the latest Authorize."""

    def ask(self, at: float) -> None:
        """Register an Authorize."""
        self.used_before, self.answer_before = self.used_at, self.answer
        self.asked_at, self.authorize_answer = at, None


class _Records(BoundedDict[IdTokenKey, TokenRecord]):
    __slots__ = ()
    limit = _MAX_TOKENS


class _RemoteTokens(BoundedDict[IdTokenKey, int]):
    __slots__ = ()
    limit = _MAX_TOKENS


class IdTokenFacts(Facts):
    """Records of the latest tokens, by token."""

    __slots__ = (
        "_records",
        "cleared_at",
        "cleared_in",
        "latest_at",
        "latest_frame",
        "remote",
        "settings_sent_at",
        "since",
    )

    def __init__(self) -> None:
        self._records: dict[IdTokenKey, TokenRecord] = _Records()
        self.remote: dict[IdTokenKey, int] = _RemoteTokens()
        """Frame number of the latest RequestStartTransaction with each token."""
        self.since: float | None = None
        """Time of the boot since which no Authorize can have been missed; None if there is no such boot."""
        self.cleared_at: float | None = None
        """Time of the latest accepted ClearCache."""
        self.cleared_in = 0
        """Frame number of the latest accepted ClearCache."""
        self.latest_at = 0.0
        """Time of the latest Authorize or RequestStartTransaction."""
        self.latest_frame = 0
        """Frame of the latest Authorize or RequestStartTransaction."""
        self.settings_sent_at = 0.0
        """Time of the latest SetVariables that may change how tokens are authorized."""

    def find(self, key: IdTokenKey) -> TokenRecord | None:
        """Return the record of a token."""
        return self._records.get(key)

    def record(self, key: IdTokenKey) -> TokenRecord:
        """Return the record of a token, created if there is none, and make it the newest record."""
        record = self._records.pop(key, None) or TokenRecord()
        if len(self._records) == _MAX_TOKENS:
            self.cleared_at = None  # the dropped token may be in the cache again
        self._records[key] = record
        return record

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.authorize, Action.transaction_event}:
            self.since = None


def named(id_token: JsonObject) -> str:
    """Format a token for a sentence; a KeyCode stays secret (C04.FR.04)."""
    kind = short(id_token["type"])
    return f"a {kind}" if kind == "KeyCode" else f"the {kind} {short(id_token['idToken'])}"


def _group_of(info: JsonObject) -> IdTokenKey | None:
    """Return the groupIdToken of an idTokenInfo; None if there is no groupIdToken."""
    group = info.get("groupIdToken")
    return id_token_key(group) if group and group["idToken"] else None


def _answer_in(answered: AnsweredStationCall) -> TokenAnswer | None:
    """Return the idTokenInfo in an answer, with status Invalid if the certificateStatus is not Accepted; None
    if the answer has no idTokenInfo.
    """
    info = answered.answer.get("idTokenInfo")
    if not info:
        return None
    is_certified = answered.answer.get("certificateStatus", ACCEPTED) == ACCEPTED
    return TokenAnswer(
        answered.at,
        answered.frame,
        info["status"] if is_certified else "Invalid",
        _group_of(info),
        frozenset(info.get("evseId") or ()),
        seconds_of(info.get("cacheExpiryDateTime", "")),
    )


@CHECKS.learn_call(Action.authorize)
def _asked(call: StationCall, known: Known201) -> None:
    facts = known[IdTokenFacts]
    facts.record(id_token_key(call.payload["idToken"])).ask(call.at)
    facts.latest_at, facts.latest_frame = call.at, call.frame


@CHECKS.learn_answered_call(Action.authorize, Action.transaction_event)
def _note_answer(answered: AnsweredStationCall, known: Known201) -> None:
    id_token = answered.payload.get("idToken")
    if id_token is None:
        return
    record = known[IdTokenFacts].record(id_token_key(id_token))
    with suppress(*UNREADABLE_PAYLOAD):
        record.answer = _answer_in(answered) or record.answer
    if answered.action == Action.transaction_event:
        record.used_at = answered.at
    else:
        record.authorize_answer = record.answer


@CHECKS.learn_answered_call(Action.boot_notification)
def _booted(answered: AnsweredStationCall, known: Known201) -> None:
    if answered.answer.get("status") == ACCEPTED and answered.payload.get("reason") != "Triggered":
        known[IdTokenFacts].since = answered.at


@CHECKS.learn_sent(Action.request_start_transaction)
def _requested(command: CommandCall, known: Known201) -> None:
    facts = known[IdTokenFacts]
    facts.remote[id_token_key(command.request["idToken"])] = command.frame
    facts.latest_at, facts.latest_frame = command.at, command.frame


@CHECKS.learn_sent(Action.set_variables)
def _settings_sent(command: CommandCall, known: Known201) -> None:
    names = {item["component"]["name"].lower() for item in command.request["setVariableData"]}
    if not names.isdisjoint(_CONTROLLERS):
        known[IdTokenFacts].settings_sent_at = command.at


@CHECKS.learn_command(Action.clear_cache)
def _cleared(command: AnsweredCommand, known: Known201) -> None:
    if command.answer["status"] == ACCEPTED:
        facts = known[IdTokenFacts]
        facts.cleared_at, facts.cleared_in = command.at, command.frame
