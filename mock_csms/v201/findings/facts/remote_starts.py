"""RequestStartTransaction commands, and the authorization of their idTokens (F01, F02)."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, AnsweredStationCall, Command, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import Known201

MAX_REMOTE_STARTS: Final = 20


@dataclass(slots=True, eq=False)
class SentRemoteStart:
    """A RequestStartTransaction."""

    frame: int
    token: IdTokenKey
    must_authorize: bool | None
    """AuthorizeRemoteStart when it was sent; None if it was unknown."""
    is_ambiguous: bool
    """Whether its remoteStartId was sent before with another idToken."""
    is_authorization_known: bool
    """Whether every Authorize that may count was seen."""
    is_accepted: bool = False
    authorize_frame: int | None = None
    """First Authorize of the idToken since the command."""
    is_authorized: bool | None = None
    """Whether an Authorize of the idToken since then was accepted; None without an answer."""


class SentRemoteStarts(BoundedDict[int, SentRemoteStart]):
    """Commands by remoteStartId."""

    __slots__ = ()
    limit = MAX_REMOTE_STARTS


class TransactionStarts(BoundedDict[str, SentRemoteStart]):
    """Commands by the id of the transaction that they started, until it charges."""

    __slots__ = ()
    limit = MAX_REMOTE_STARTS


class RemoteStartFacts(Facts):
    """The latest remote starts."""

    __slots__ = ("sent", "started")

    def __init__(self) -> None:
        self.sent = SentRemoteStarts()
        self.started = TransactionStarts()

    def of_event(self, event: JsonObject) -> SentRemoteStart | None:
        """Return the command whose remoteStartId an event names, if there was only one."""
        command = self.sent.get(event["transactionInfo"].get("remoteStartId", -1))
        return None if command is None or command.is_ambiguous else command

    def with_token(self, id_token: JsonObject) -> list[SentRemoteStart]:
        """Return the commands with an idToken."""
        key = id_token_key(id_token)
        return [command for command in self.sent.values() if command.token == key]

    def disconnected(self) -> None:
        self._lose_track()

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.authorize}:
            self._lose_track()

    def _lose_track(self) -> None:
        for command in self.sent.values():
            command.is_authorization_known = False


@CHECKS.learn_sent(Action.request_start_transaction)
def _add_command(sent: Command, known: Known201) -> None:
    commands, start_id = known[RemoteStartFacts].sent, sent.request["remoteStartId"]
    earlier, token = commands.pop(start_id, None), id_token_key(sent.request["idToken"])
    authorizations = known.transactions.authorizations
    commands[start_id] = SentRemoteStart(
        sent.frame,
        token,
        known[DeviceModelFacts].is_true("AuthCtrlr", "AuthorizeRemoteStart"),
        is_ambiguous=earlier is not None and (earlier.is_ambiguous or earlier.token != token),
        is_authorization_known=not authorizations.may_be_at_station(sent.request["idToken"], sent.at),
    )


@CHECKS.learn_command(Action.request_start_transaction)
def _register_answer(command: AnsweredCommand, known: Known201) -> None:
    sent = known[RemoteStartFacts].sent.get(command.request["remoteStartId"])
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
