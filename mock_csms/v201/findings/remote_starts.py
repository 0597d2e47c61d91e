"""Remote starts: the next transaction must report them correctly (F01, F02)."""

from dataclasses import dataclass
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.transactions import IdTokenKey, id_token_key
from mock_csms.v201.findings.transaction_contents import DEAUTHORIZING
from mock_csms.v201.findings.transaction_state import TransactionState

MAX_REMOTE_STARTS: Final = 50
WINDOW_S: Final = 120.0
"""Seconds after the answer to a RequestStartTransaction in which the start is expected; later, the station
has probably given the start up.
"""
SWIPE_WINDOW_S: Final = 10.0
"""Replaces `WINDOW_S` for a token that a driver can present: later, the driver may have started the
transaction with the token at the station.
"""
NOT_AT_STATION: Final = "Central"
"""Type of a token that no driver can present."""
OTHER_STARTS: Final = frozenset({"Authorized", "CablePluggedIn", "ChargingStateChanged", "EVDetected"})
"""Wrong trigger reasons that a station may give in place of RemoteStart."""

TRIGGER_REASON: Final = ("F01.FR.19", "F02.FR.21")
"""Requirements that the event about a remote start has triggerReason RemoteStart."""


@dataclass(slots=True)
class RemoteStart:
    """A RequestStartTransaction that no event has reported yet."""

    id: int
    frame: int
    token: IdTokenKey
    evse_id: int | None
    may_be_at_station: bool
    accepted_at: float | None = None


class RemoteStarts:
    """Compares the events of transactions with the RequestStartTransactions sent to the station."""

    __slots__ = ("_report", "_sent", "open")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._sent = _SentStarts()
        self.open: BoundedDict[int, RemoteStart] = _OpenStarts()

    def command_sent(self, frame: int, request: JsonObject, *, may_be_at_station: bool) -> None:
        """Register a RequestStartTransaction. The station may carry it out before it answers.

        ``may_be_at_station``: whether a driver with the same token may start a transaction at the station.
        """
        start_id = request["remoteStartId"]
        self._sent[start_id] = None
        self.open.pop(start_id, None)
        self.open[start_id] = RemoteStart(
            start_id, frame, id_token_key(request["idToken"]), request.get("evseId"), may_be_at_station
        )

    def answered(self, at: float, request: JsonObject, *, is_accepted: bool) -> None:
        """Register the answer to a RequestStartTransaction."""
        start = self.open.get(request["remoteStartId"])
        if start is not None and is_accepted:
            start.accepted_at = at
        elif not is_accepted:
            self.open.pop(request["remoteStartId"], None)

    def disconnected(self) -> None:
        """Drop the times at which commands were accepted: events from the offline period will arrive late, so
        their arrival times cannot be compared with these times.
        """
        for start in self.open.values():
            start.accepted_at = None

    def judge(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Check whether an event reports a remote start correctly. Called before the event is added to the
        contents of its transaction.
        """
        start_id, contents = event["transactionInfo"].get("remoteStartId"), tracked.contents
        if start_id is not None and start_id != contents.remote_start_id:
            start = self.open.pop(start_id, None)
            if start is not None:
                return self._judge_report(at, frame, tracked, event, start)
            return NO_FINDINGS if start_id in self._sent else self._judge_id(at, frame, tracked, event)
        if start_id is None and "idToken" in event and contents.token is None:
            return self._judge_silent_start(at, frame, tracked, event)
        return NO_FINDINGS

    def _judge_report(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject, start: RemoteStart
    ) -> Findings:
        """Check the first event with the remoteStartId, unless an earlier event may have been lost."""
        if not _is_first_report(tracked, event):
            return NO_FINDINGS
        frames, trigger = (start.frame, frame), event["triggerReason"]
        if trigger in OTHER_STARTS:
            fault = f"its event has triggerReason {trigger}"
            return self._wrong(at, frames, tracked, fault, TRIGGER_REASON)
        token_at, accepted_at = tracked.contents.token_at, start.accepted_at
        is_late = token_at is not None and accepted_at is not None and token_at > accepted_at
        if is_late and not start.may_be_at_station and tracked.contents.token == start.token:
            fault = "its event with the idToken has no remoteStartId"
            return self._wrong(at, frames, tracked, fault, _first_id(event))
        if trigger == "RemoteStart":
            self._report.met(*TRIGGER_REASON, *_first_id(event))
        return NO_FINDINGS

    def _judge_id(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Report a remoteStartId that was never sent, if the transaction has the token of a remote start."""
        contents = tracked.contents
        key = id_token_key(event["idToken"]) if "idToken" in event else contents.token
        starts = [start for start in self.open.values() if start.token == key]
        if not starts or contents.remote_start_id is not None or not _is_first_report(tracked, event):
            return NO_FINDINGS
        start, start_id = starts[-1], event["transactionInfo"]["remoteStartId"]
        del self.open[start.id]
        fault = f"its event has the remoteStartId {start_id}, which was never sent, instead of {start.id}"
        return self._wrong(at, (start.frame, frame), tracked, fault, _first_id(event))

    def _judge_silent_start(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject
    ) -> Findings:
        """Check an event with the token of a remote start but without its remoteStartId."""
        if event.get("offline") or event["eventType"] == "Ended" or event["triggerReason"] in DEAUTHORIZING:
            return NO_FINDINGS
        key = id_token_key(event["idToken"])
        evse_id = event.get("evse", {}).get("id") or (tracked.contents.evse or (None, None))[0]
        starts = [start for start in self.open.values() if start.token == key]
        if len(starts) != 1:
            return NO_FINDINGS
        start = starts[0]
        window_s = WINDOW_S if key[1] == NOT_AT_STATION else SWIPE_WINDOW_S
        is_recent = start.accepted_at is not None and start.accepted_at < at <= start.accepted_at + window_s
        if (
            not is_recent
            or start.may_be_at_station
            or (start.evse_id is not None and evse_id != start.evse_id)
        ):
            return NO_FINDINGS
        del self.open[start.id]
        fault = "its event has no remoteStartId"
        return self._wrong(at, (start.frame, frame), tracked, fault, _first_id(event))

    def _wrong(
        self,
        at: float,
        frames: tuple[int, ...],
        tracked: TransactionState,
        fault: str,
        requirements: tuple[str, ...],
    ) -> Findings:
        return self._report(
            "remote-start-not-reported",
            at,
            frames,
            f"the transaction {short(tracked.id)} follows a RequestStartTransaction but {fault}; the next "
            "event after the command must have triggerReason RemoteStart and the remoteStartId",
            requirements=requirements,
        )


def _first_id(event: JsonObject) -> tuple[str, ...]:
    """Return the requirements to send the remoteStartId in ``event``, depending on whether it is a Started
    event.
    """
    is_new = event["eventType"] == "Started"
    return ("F02.FR.01", "F02.FR.21") if is_new else ("F01.FR.25", "F02.FR.21")


def _is_first_report(tracked: TransactionState, event: JsonObject) -> bool:
    """Return whether an event is certainly the first report of a remote start: no earlier event can have been
    lost.
    """
    is_current = not event.get("offline") and event["eventType"] != "Ended"
    return is_current and tracked.started is not None and not tracked.gaps and event["seqNo"] == tracked.high


class _SentStarts(BoundedDict[int, None]):
    """remoteStartIds that were sent."""

    __slots__ = ()
    limit = 1_000


class _OpenStarts(BoundedDict[int, RemoteStart]):
    __slots__ = ()
    limit = MAX_REMOTE_STARTS
