"""RequestStartTransaction commands, and the authorization of their idTokens (F01, F02)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, AnsweredStationCall, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.station import Connector
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.certain_statuses import certain_statuses
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

_MAX_REMOTE_STARTS: Final = 20


@dataclass(slots=True, eq=False)
class SentRemoteStart:
    """A RequestStartTransaction that was sent, with the facts about it that checks need."""

    at: float
    frame: int
    token: IdTokenKey
    must_authorize: bool | None
    """Value of AuthorizeRemoteStart when the command was sent; None if the value was unknown."""
    is_ambiguous: bool
    """Whether an earlier command had the same remoteStartId with another idToken."""
    is_authorization_known: bool
    """False if an Authorize before the command, or an Authorize that was lost, may have authorized the
    idToken.
    """
    statuses: Mapping[Connector, str] = field(default_factory=dict)
    """Statuses of the connectors of the EVSE when the command was sent; empty if one was uncertain."""
    transactions: frozenset[str] = frozenset()
    """Ids of the transactions that were running on the EVSE when the command was sent."""
    authorized: frozenset[str] = frozenset()
    """Ids of the transactions in `transactions` that were certainly authorized when the command was sent."""
    is_accepted: bool = False
    authorize_frame: int | None = None
    """Frame of the first Authorize of the idToken since the command."""
    is_authorized: bool | None = None
    """Whether the mock has accepted the idToken in the answer to an Authorize since the command; None before
    such an answer.
    """


class SentRemoteStarts(BoundedDict[int, SentRemoteStart]):
    """RequestStartTransactions by remoteStartId."""

    __slots__ = ()
    limit = _MAX_REMOTE_STARTS


class TransactionStarts(BoundedDict[str, SentRemoteStart]):
    """RequestStartTransactions by the id of the transaction that each of them started. A command is removed
    once its transaction charges, or once a driver has presented an idToken for it.
    """

    __slots__ = ()
    limit = _MAX_REMOTE_STARTS


class RemoteStartFacts(Facts):
    """The latest remote starts."""

    __slots__ = ("sent", "started")

    def __init__(self) -> None:
        self.sent = SentRemoteStarts()
        self.started = TransactionStarts()

    def of_event(self, event: JsonObject) -> SentRemoteStart | None:
        """Return the RequestStartTransaction whose remoteStartId an event names; None if the id is unknown,
        if commands with different idTokens had it, or if the event happened before the command was sent.

        Such an event names an earlier remote start, for example one from before the mock was restarted.
        """
        command = self.sent.get(event["transactionInfo"].get("remoteStartId", -1))
        if command is None or command.is_ambiguous:
            return None
        happened_at = seconds_of(event["timestamp"])
        is_earlier = happened_at is None or happened_at + CLOCK_ERROR_S < command.at
        return None if is_earlier else command

    def answered_by(self, command: AnsweredCommand) -> SentRemoteStart | None:
        """Return the entry in `sent` of an answered RequestStartTransaction; None if it is not stored."""
        sent = self.sent.get(command.request["remoteStartId"])
        return sent if sent is not None and sent.frame == command.sent_frame else None

    def with_token(self, id_token: JsonObject) -> list[SentRemoteStart]:
        """Return the stored RequestStartTransactions for an idToken."""
        key = id_token_key(id_token)
        return [command for command in self.sent.values() if command.token == key]

    def disconnected(self) -> None:
        self._lose_track()

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.authorize}:
            self._lose_track()

    def command_failed(self, action: str | None) -> None:
        if action is None:  # it may have had the same remoteStartId and another idToken
            for command in self.sent.values():
                command.is_ambiguous = True

    def _lose_track(self) -> None:
        for command in self.sent.values():
            command.is_authorization_known = False


@CHECKS.learn_sent(Action.request_start_transaction)
def _add_command(sent: CommandCall, known: Known201) -> None:
    commands, start_id = known[RemoteStartFacts].sent, sent.request["remoteStartId"]
    earlier, token = commands.pop(start_id, None), id_token_key(sent.request["idToken"])
    authorizations, evse_id = known.transactions.authorizations, sent.request.get("evseId")
    running = known.running.certain_on_evse(evse_id) if evse_id else []
    commands[start_id] = SentRemoteStart(
        sent.at,
        sent.frame,
        token,
        known[DeviceModelFacts].is_true("AuthCtrlr", "AuthorizeRemoteStart"),
        is_ambiguous=earlier is not None and (earlier.is_ambiguous or earlier.token != token),
        is_authorization_known=not authorizations.may_be_at_station(sent.request["idToken"], sent.at),
        statuses=certain_statuses(known, evse_id) if evse_id else {},
        transactions=frozenset(transaction_id for transaction_id, _ in running),
        authorized=frozenset(number for number, transaction in running if transaction.is_authorized),
    )


@CHECKS.learn_command(Action.request_start_transaction)
def _register_answer(command: AnsweredCommand, known: Known201) -> None:
    sent = known[RemoteStartFacts].answered_by(command)
    if sent is not None:
        sent.is_accepted = command.answer["status"] == "Accepted"


@CHECKS.learn_call(Action.authorize)
def _register_authorize(call: StationCall, known: Known201) -> None:
    for command in known[RemoteStartFacts].with_token(call.payload["idToken"]):
        command.authorize_frame = command.authorize_frame or call.frame


@CHECKS.learn_answered_call(Action.authorize)
def _register_decision(call: AnsweredStationCall, known: Known201) -> None:
    id_token, info = call.payload.get("idToken"), call.answer.get("idTokenInfo")
    if id_token is None or not isinstance(info, dict):
        return
    for command in known[RemoteStartFacts].with_token(id_token):
        command.is_authorized = command.is_authorized or info.get("status") == "Accepted"


@CHECKS.learn_event(types=("Started", "Updated"), triggers=("ChargingStateChanged", "RemoteStart"))
def _follow_transaction(call: StationCall, known: Known201) -> None:
    info, facts = call.payload["transactionInfo"], known[RemoteStartFacts]
    if info.get("chargingState") == "Charging":
        facts.started.pop(info["transactionId"], None)
    elif command := facts.of_event(call.payload):
        facts.started[info["transactionId"]] = command


@CHECKS.learn_event(types=("Started", "Updated"), triggers=("Authorized",))
def _authorized_locally(call: StationCall, known: Known201) -> None:
    """Remove the command of a transaction from `started` once a driver has presented an idToken for it."""
    known[RemoteStartFacts].started.pop(call.payload["transactionInfo"]["transactionId"], None)
