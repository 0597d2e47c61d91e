"""Transactions: whether their events are complete, in order and consistent (E, J02)."""

from sys import intern
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.v201.findings.clock import Clock, Online, utc_text
from mock_csms.v201.findings.event_contents import NOTABLE_TRIGGERS, EventContents
from mock_csms.v201.findings.event_times import EventTimes
from mock_csms.v201.findings.evse_use import EvseUse
from mock_csms.v201.findings.meters import TRANSACTION_EVENT, Meters
from mock_csms.v201.findings.remote_starts import RemoteStarts
from mock_csms.v201.findings.reservations import ObservedReservations
from mock_csms.v201.findings.tokens import Authorizations
from mock_csms.v201.findings.transaction_state import (
    INTERRUPTIONS,
    TransactionState,
    content_hash,
    event_key,
    is_retry,
)
from mock_csms.v201.findings.whole_transactions import WholeTransactions

UPDATED: Final = "Updated"
SETTLING_TIME_S: Final = 5.0
"""Time for missing events to arrive after the Ended event; each later event restarts the time."""
_RETRY_TIME_S: Final = 300.0
"""Time for a retry of an event that was answered with a CALLERROR."""
MAX_OPEN_TRANSACTIONS: Final = 500
MAX_JUDGED: Final = 10


class UsedIds(BoundedDict[int, int]):
    """Hash of the Started event, by the hash of the transactionId. Hashes take less memory than texts."""

    __slots__ = ()
    limit = 1000


class Transactions:
    """Checks the transactions of a station. Stores unchecked transactions, and the last checked ones."""

    __slots__ = (
        "_clock",
        "_complete_since",
        "_contents",
        "_evse_use",
        "_has_been_offline",
        "_has_rebooted",
        "_is_after_unreadable",
        "_judge_after",
        "_judged",
        "_meters",
        "_online",
        "_open",
        "_report",
        "_times",
        "_used_ids",
        "_whole",
        "authorizations",
        "remote_starts",
        "reservations",
    )

    def __init__(self, report: Reporter, clock: Clock, online: Online) -> None:
        self._report = report
        self._clock = clock
        self._online = online
        self._times = EventTimes(report, clock, online)
        self._contents = EventContents(report)
        self._evse_use = EvseUse(report, clock)
        self._meters = Meters(report, clock)
        self._whole = WholeTransactions(report)
        self._open: dict[str, TransactionState] = {}
        self._judged: dict[str, TransactionState] = {}
        self._judge_after: dict[str, float] = {}
        self._used_ids = UsedIds()
        self._is_after_unreadable = False
        self._complete_since: str | None = None
        """Sortable time; transactions that began later must be complete. None before the first boot."""
        self._has_been_offline = False
        """Whether the station was offline since its first boot."""
        self._has_rebooted = False
        """Whether the station restarted after its first boot."""
        self.remote_starts = RemoteStarts(report)
        self.reservations = ObservedReservations(report, clock)
        self.authorizations = Authorizations()
        """Times of the answers to Authorize, which show whether an idToken may start a transaction."""

    def booted(self, at: float) -> None:
        """Expect the transactions after this boot to be complete."""
        self._meters.booted()
        if self._complete_since is None:
            self._complete_since = utc_text(at)
        else:
            self._has_rebooted = True

    def has_ended(self, transaction_id: str) -> bool:
        """Return whether the Ended event of a transaction was received."""
        tracked = self.find(transaction_id)
        return tracked is not None and tracked.ended is not None

    def has_had(self, transaction_id: str) -> bool:
        """Return whether an event of a transaction may have been received."""
        return self.find(transaction_id) is not None or hash(transaction_id) in self._used_ids

    @property
    def has_seen_boot(self) -> bool:
        """Whether the station has booted since it became known."""
        return self._complete_since is not None

    def unreadable_event(self) -> None:
        """Register an unreadable message that may have been an event of any transaction."""
        self._is_after_unreadable = True
        for tracked in self._open.values():
            tracked.is_doubtful = True

    def clock_set(self) -> None:
        """Drop the times of all events so far: the station's clock has been set only now."""
        for tracked in self._open.values():
            tracked.events.clear()
            tracked.key = ""

    def judge_event(self, at: float, frame: int, event: JsonObject) -> Findings:
        """Register a TransactionEvent and judge it.

        The usual event, the next Updated in order, takes a fast path: it is not sorted in, its timestamp is
        not parsed, and of its contents, usually only the meter values are checked.
        """
        tracked = self._open.get(event["transactionInfo"]["transactionId"])
        if tracked is not None and self._is_next(tracked, event):
            text, findings = event["timestamp"], NO_FINDINGS
            tracked.high = tracked.key_seq_no = seq_no = event["seqNo"]
            tracked.last_frame, tracked.key = frame, text
            tracked.keep((seq_no, text, UPDATED, intern(event["triggerReason"]), False))
            is_plain = self._is_plain(tracked, event)
        else:
            tracked, findings = self._register_event(at, frame, event)
            if tracked is None:
                return findings
            is_plain = False
            if event["eventType"] != UPDATED:
                self._meters.transaction_started_or_ended()
        if tracked.located is None or tracked.plugged_in is None or event["seqNo"] != tracked.high:
            tracked.locate(event)
        if not is_plain:
            findings += self._judge_contents(at, frame, tracked, event)
        if "meterValue" in event and not tracked.is_judged:
            findings += self._meters.judge_event(at, frame, tracked, event)
        if tracked.ended is not None and tracked.is_complete:
            findings += self._judge(at, tracked)
        return findings

    def _judge_contents(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject
    ) -> Findings:
        findings = NO_FINDINGS
        if self.remote_starts.open:
            findings = self.remote_starts.judge(at, frame, tracked, event)
        if self.reservations.open:
            findings += self.reservations.judge(at, frame, tracked, event)
        findings += self._contents.judge(at, frame, tracked, event)
        return findings + self._evse_use.judge(at, frame, tracked, event)

    def command_sent(self, at: float, frame: int, action: str, request: JsonObject) -> None:
        """Register a command that starts a transaction or concerns a reservation."""
        if action == Action.request_start_transaction:
            is_here = self.authorizations.may_be_at_station(request["idToken"], at)
            self.remote_starts.command_sent(frame, request, may_be_at_station=is_here)
        elif action == Action.reserve_now:
            self.reservations.end(request["id"])
        elif action == Action.cancel_reservation:
            self.reservations.end(request["reservationId"])

    def command_answered(
        self, at: float, frame: int, action: str, request: JsonObject, *, is_accepted: bool
    ) -> None:
        """Register the answer to a RequestStartTransaction or ReserveNow; other answers are ignored."""
        if action == Action.request_start_transaction:
            self.remote_starts.answered(at, request, is_accepted=is_accepted)
            if is_accepted:
                self.reservations.token_presented(request["idToken"])
        elif action == Action.reserve_now and is_accepted:
            self.reservations.accepted(at, frame, request)

    def judge_meter_values(self, at: float, frame: int, payload: JsonObject) -> Findings:
        """Judge the payload of MeterValues."""
        self._evse_use.judge_meter_values(at, frame, payload)
        return self._meters.judge_meter_values(at, frame, payload)

    def _is_next(self, tracked: TransactionState, event: JsonObject) -> bool:
        """Return whether an event is the next Updated in order with a current timestamp. Most events are."""
        text, clock = event["timestamp"], self._clock
        return (
            event["seqNo"] == tracked.high + 1
            and event["eventType"] == UPDATED
            and tracked.ended is None
            and tracked.key <= text < clock.limit
            and clock.floor < text
            and text[-1] == "Z"
            and text >= self._online.offline_before
            and not event.get("offline", False)
        )

    def _is_plain(self, tracked: TransactionState, event: JsonObject) -> bool:
        """Return whether nothing in the contents of an Updated event needs to be judged or kept."""
        return (
            event["triggerReason"] not in NOTABLE_TRIGGERS
            and "idToken" not in event
            and "reservationId" not in event
            and "remoteStartId" not in event["transactionInfo"]
            and ("evse" not in event or tracked.contents.knows_repetition_of(event["evse"]))
            and not self.remote_starts.open
            and not self._evse_use.doubts
        )

    def _register_event(
        self, at: float, frame: int, event: JsonObject
    ) -> tuple[TransactionState | None, Findings]:
        """Register an event by seqNo and check its time. Return no state for a retry, or for an event after
        the Ended event.

        An event that repeats a seqNo has no place in the order, so only its contents are left to judge.
        """
        key_fields = event_key(event)
        seq_no, text, *_, is_offline = key_fields
        key, findings = self._clock.read(at, frame, TRANSACTION_EVENT, text, live=not is_offline)
        if is_offline and self._judge_after:
            self.resumed(at)
        known_state = self.find(event["transactionInfo"]["transactionId"])
        if known_state is None and self._is_retry_of_used_id(event):
            return None, findings
        tracked, is_new, more_findings = self._add_seq_no(
            at, frame, known_state or self._create(frame, event, key), event, key
        )
        findings += more_findings
        if tracked is None or not is_new:
            return tracked, findings
        tracked.last_frame = frame
        if is_offline or key is None or seq_no <= tracked.key_seq_no:
            findings += self._times.judge(at, frame, tracked, key_fields)
        else:
            if key < tracked.key or key < self._online.offline_before:
                findings += self._times.judge(at, frame, tracked, key_fields)
            tracked.key, tracked.key_seq_no = key, seq_no
        tracked.keep(key_fields)
        return tracked, findings

    def _is_retry_of_used_id(self, event: JsonObject) -> bool:
        """Return whether an event may be a retry in a transaction whose details were dropped."""
        started = self._used_ids.get(hash(event["transactionInfo"]["transactionId"]))
        is_other_start = event["eventType"] == "Started" and started != hash(event_key(event)[:4])
        return started is not None and not is_other_start

    def _create(self, frame: int, event: JsonObject, key: str | None) -> TransactionState:
        if len(self._open) == MAX_OPEN_TRANSACTIONS:
            self._forget_oldest(self._open)
        transaction_id, seq_no = event["transactionInfo"]["transactionId"], event["seqNo"]
        since, is_started = self._complete_since, event["eventType"] == "Started"
        tracked = TransactionState(
            id=transaction_id,
            first_frame=frame,
            last_frame=frame,
            low=seq_no,
            high=seq_no - 1,
            key_seq_no=seq_no - 1,
            may_be_older=since is None or key is None or key <= since,
            is_doubtful=self._is_after_unreadable and not is_started,
        )
        self._is_after_unreadable = False
        self._judged.pop(transaction_id, None)
        self._open[transaction_id] = tracked
        return tracked

    def find(self, transaction_id: str) -> TransactionState | None:
        """Return the state of a transaction that is open or was checked lately; None if it is neither."""
        return self._open.get(transaction_id) or self._judged.get(transaction_id)

    def _forget_oldest(self, transactions: dict[str, TransactionState]) -> None:
        """Drop the oldest transaction. Its later events may then look like those of a new transaction."""
        oldest = transactions.pop(next(iter(transactions)))
        oldest.is_doubtful = True
        self._judge_after.pop(oldest.id, None)
        if self._complete_since is not None:
            self._complete_since = max(self._complete_since, oldest.key)

    def _add_seq_no(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject, key: str | None
    ) -> tuple[TransactionState | None, bool, Findings]:
        """Register the seqNo of an event, which may be out of order.

        Returns the state of the transaction (None for a retry, and for an event after the Ended event), and
        whether the seqNo is new.
        """
        seq_no, findings = event["seqNo"], NO_FINDINGS
        if tracked.id in self._judge_after:
            self._judge_after[tracked.id] = at + SETTLING_TIME_S
        if event["eventType"] == "Started":
            if tracked.started and is_retry(event_key(event), tracked.started):
                return None, False, NO_FINDINGS
            tracked, findings = self._start(at, frame, tracked, event, key)
        if tracked.ended is not None and seq_no > tracked.ended:
            return None, False, findings + self._after_ended(at, (frame,), tracked, seq_no)
        is_new = tracked.sort_in(seq_no, is_offline=event.get("offline", False))
        is_retried = not is_new and not self._is_different(frame, tracked, event)
        if event["eventType"] == "Ended":
            findings += self._end(at, frame, tracked, event)
        if is_retried:
            return None, False, findings
        if tracked.is_judged and not is_new:
            return None, False, findings + self._whole.judge_repeats(at, tracked)
        return tracked, is_new, findings

    def _start(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject, key: str | None
    ) -> tuple[TransactionState, Findings]:
        """Register a Started event that is not a retry. Return the state of its transaction."""
        findings, id_hash = NO_FINDINGS, hash(tracked.id)
        if tracked.started is not None:
            findings = self._started_twice(at, (tracked.first_frame, frame), tracked.id)
            findings += self._judge(at, tracked)
            tracked = self._create(frame, event, key)
        elif id_hash in self._used_ids:
            findings = self._started_twice(at, (frame,), tracked.id)
        else:
            self._report.met("E01.FR.08")
        tracked.started = event_key(event)
        self._used_ids.pop(id_hash, None)
        self._used_ids[id_hash] = hash(tracked.started[:4])
        return tracked, findings

    def _is_different(self, frame: int, tracked: TransactionState, event: JsonObject) -> bool:
        """Return whether an event with a known seqNo is certainly not a retry. If so, register it."""
        is_ended_again = event["eventType"] == "Ended" and tracked.ended == event["seqNo"]
        if not is_ended_again:
            return tracked.repeat(frame, event_key(event))
        if content_hash(event) == tracked.ended_content:
            return False
        tracked.add_repeated(event["seqNo"], frame)
        return True

    def _end(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Register an Ended event. Of several, the one with the lowest seqNo counts."""
        seq_no, earlier = event["seqNo"], tracked.ended
        if earlier is not None and earlier <= seq_no:
            return NO_FINDINGS
        tracked.ended, tracked.ended_content = seq_no, content_hash(event)
        if not tracked.is_judged:
            self._judge_after[tracked.id] = at + SETTLING_TIME_S
        if tracked.high <= seq_no:
            return NO_FINDINGS
        return self._after_ended(at, (tracked.last_frame, frame), tracked, tracked.high)

    def _started_twice(self, at: float, frames: tuple[int, ...], transaction_id: str) -> Findings:
        return self._report(
            "transaction-started-twice",
            at,
            frames,
            f"the transaction {short(transaction_id)} has a second, different Started event; each "
            "transaction must have its own transactionId",
        )

    def _after_ended(
        self, at: float, frames: tuple[int, ...], tracked: TransactionState, seq_no: int
    ) -> Findings:
        return self._report(
            "event-after-ended",
            at,
            frames,
            f"the transaction {short(tracked.id)} has an event with seqNo {seq_no} after its Ended "
            f"event with seqNo {tracked.ended}; the Ended event must be the last one",
        )

    def shift(self, seconds: float) -> None:
        """Extend the time for missing events of ended transactions."""
        for transaction_id in self._judge_after:
            self._judge_after[transaction_id] += seconds
        self._evse_use.shift(seconds)

    def event_refused(self, at: float) -> None:
        """Allow time for the retry of an event that was answered with a CALLERROR."""
        for transaction_id, due in self._judge_after.items():
            self._judge_after[transaction_id] = max(due, at + _RETRY_TIME_S)
        self._evse_use.event_refused(at + _RETRY_TIME_S)

    def disconnected(self) -> None:
        """Register the end of a connection: the station may be offline."""
        self._has_been_offline = self._complete_since is not None
        for tracked in self._open.values():
            tracked.offline_after = tracked.high
        self.remote_starts.disconnected()
        self.reservations.disconnected()

    def resumed(self, at: float) -> None:
        """Extend the time for missing events; called after a reconnect and for each queued event."""
        due = at + SETTLING_TIME_S
        self._judge_after = {name: max(due, other) for name, other in self._judge_after.items()}
        self._evse_use.resumed(at)

    def overdue(self, at: float) -> Findings:
        """Check the ended transactions whose time for missing events is over."""
        findings = self._evse_use.overdue(at) if self._evse_use.doubts else NO_FINDINGS
        if not self._judge_after:
            return findings
        for transaction_id in [key for key, due in self._judge_after.items() if at > due]:
            findings += self._judge(at, self._open[transaction_id])
        return findings

    def end(self, at: float) -> Findings:
        """Judge all transactions, ended or not."""
        findings = NO_FINDINGS
        for tracked in list(self._open.values()):
            findings += self._judge(at, tracked)
        return findings

    def _judge(self, at: float, tracked: TransactionState) -> Findings:
        """Check a transaction as a whole, once."""
        self._judge_after.pop(tracked.id, None)
        if tracked.is_judged:
            return NO_FINDINGS
        if tracked.registers.are_comparable:
            self._report.met("J02.FR.16")
        tracked.close()
        del self._open[tracked.id]
        if len(self._judged) == MAX_JUDGED:
            self._forget_oldest(self._judged)
        self._judged[tracked.id] = tracked
        findings = self._whole.judge_repeats(at, tracked)
        if not tracked.is_doubtful:
            may_be_older = tracked.may_be_older or self._may_be_older_than_boot(tracked)
            findings += self._whole.judge(at, tracked, may_be_older=may_be_older)
            findings += self._contents.judge_whole(at, tracked)
        return findings

    def _may_be_older_than_boot(self, tracked: TransactionState) -> bool:
        """Return whether only the Ended event is known, and the transaction may have begun before the
        boot.

        A station may write the Ended event of an interrupted transaction after it has restarted.
        """
        ending = tracked.contents.ending
        if not tracked.is_just_ended or self._has_rebooted:
            return False
        is_interrupted = ending is not None and ending.stopped_reason in INTERRUPTIONS
        return is_interrupted or not self._has_been_offline
