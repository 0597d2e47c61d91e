"""Transactions: whether their events are complete, in order and consistent (E, J02)."""

from sys import intern
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import LenientPayload
from mock_csms.stations.transactions import ENERGY_REGISTER, register_wh
from mock_csms.v201.findings.clock import Clock, Online, key_of, seconds_of
from mock_csms.v201.findings.tokens import RefusedTokens
from mock_csms.v201.findings.transaction_state import (
    BEFORE_ALL,
    MAX_READINGS,
    EventKey,
    Reading,
    TransactionState,
    is_retry,
)
from mock_csms.v201.version import OCPP_2_0_1

TRANSACTION_EVENT: Final = "TransactionEvent"
UPDATED: Final = "Updated"
SETTLING_TIME_S: Final = 5.0
"""Time for missing events to arrive after the Ended event; each later event restarts it."""
RETRY_TIME_S: Final = 300.0
"""Time for a retry of an event that was answered with a CALLERROR."""
MAX_OPEN_TRANSACTIONS: Final = 500
MAX_JUDGED: Final = 10
MAX_CLOCK_CORRECTION_S: Final = 10.0
"""A correction may set a station's clock back by this much."""
MAX_RANGES_SHOWN: Final = 10


class Transactions:
    """Checks the transactions of a station; keeps those not judged yet and the last judged ones."""

    __slots__ = (
        "_clock",
        "_complete_since",
        "_is_after_unreadable",
        "_judge_after",
        "_judged",
        "_online",
        "_open",
        "_report",
        "refused_tokens",
    )

    def __init__(self, report: Reporter, clock: Clock, online: Online) -> None:
        self._report = report
        self._clock = clock
        self._online = online
        self._open: dict[str, TransactionState] = {}
        self._judged: dict[str, TransactionState] = {}
        self._judge_after: dict[str, float] = {}
        self._is_after_unreadable = False
        self._complete_since: str | None = None
        """Sortable time since which all transactions must be complete; None before the first boot."""
        self.refused_tokens = RefusedTokens()
        """Tokens that the central system refused; no transaction has to start for them."""

    def booted(self, at: float) -> None:
        """Expect the transactions after this boot to be complete."""
        if self._complete_since is None:
            self._complete_since = key_of(at)

    def has_ended(self, transaction_id: str) -> bool:
        """Return whether the Ended event of a transaction was received."""
        tracked = self._find(transaction_id)
        return tracked is not None and tracked.ended is not None

    def unreadable_event(self) -> None:
        """Register an unreadable message that may have been an event of any transaction."""
        self._is_after_unreadable = True
        for tracked in self._open.values():
            tracked.is_doubtful = True

    def clock_set(self) -> None:
        """Drop the times of the events so far, because the station's clock was not set before now."""
        for tracked in self._open.values():
            tracked.events.clear()
            tracked.key = ""

    def judge_event(self, at: float, frame: int, event: JsonObject) -> Findings:
        """Register a TransactionEvent and judge it.

        Fast path for the usual case, the next Updated in order: nothing to sort and no timestamp to parse.
        """
        tracked = self._open.get(event["transactionInfo"]["transactionId"])
        if tracked is not None and self._is_next(tracked, event):
            text, findings = event["timestamp"], NO_FINDINGS
            tracked.high = tracked.key_seq_no = seq_no = event["seqNo"]
            tracked.last_frame, tracked.key = frame, text
            tracked.keep((seq_no, text, UPDATED, intern(event["triggerReason"]), False))
        else:
            tracked, findings = self._register_event(at, frame, event)
            if tracked is None:
                return findings
        if event["triggerReason"] == "Authorized" and "idToken" not in event:
            findings += self._id_token_missing(at, frame, tracked)
        if tracked.located is None or tracked.plugged_in is None or event["seqNo"] != tracked.high:
            tracked.locate(event)
        if "meterValue" in event and not tracked.is_judged:
            findings += self._judge_meter(at, frame, tracked, event)
        if tracked.ended is not None and tracked.is_complete:
            findings += self._judge(at, tracked)
        return findings

    def _is_next(self, tracked: TransactionState, event: JsonObject) -> bool:
        """Return whether an event is the next Updated in order with a current timestamp, as most are."""
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

    def _register_event(
        self, at: float, frame: int, event: JsonObject
    ) -> tuple[TransactionState | None, Findings]:
        """Register an event by seqNo and judge its time; return None as the state if the event is not new."""
        key_fields = event_key(event)
        seq_no, text, *_, is_offline = key_fields
        key, findings = self._clock.read(at, frame, TRANSACTION_EVENT, text, live=not is_offline)
        known_state = self._find(event["transactionInfo"]["transactionId"])
        tracked, more_findings = self._add_seq_no(
            at, frame, known_state or self._create(frame, event, key), event, key
        )
        findings += more_findings
        if tracked is None:
            return None, findings
        tracked.last_frame = frame
        if is_offline or key is None or seq_no <= tracked.key_seq_no:
            findings += self._judge_time(at, frame, tracked, key_fields)
        else:
            if key < tracked.key or key < self._online.offline_before:
                findings += self._judge_time(at, frame, tracked, key_fields)
            tracked.key, tracked.key_seq_no = key, seq_no
        tracked.keep(key_fields)
        return tracked, findings

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

    def _find(self, transaction_id: str) -> TransactionState | None:
        return self._open.get(transaction_id) or self._judged.get(transaction_id)

    def _forget_oldest(self, transactions: dict[str, TransactionState]) -> None:
        """Make room for a transaction; later events of the dropped one may look like a new transaction."""
        oldest = transactions.pop(next(iter(transactions)))
        self._judge_after.pop(oldest.id, None)
        if self._complete_since is not None:
            self._complete_since = max(self._complete_since, oldest.key)

    def _add_seq_no(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject, key: str | None
    ) -> tuple[TransactionState | None, Findings]:
        """Register the seqNo of an event that may be out of order; a known seqNo gives None for the state."""
        seq_no, findings = event["seqNo"], NO_FINDINGS
        if tracked.id in self._judge_after:
            self._judge_after[tracked.id] = at + SETTLING_TIME_S
        if event["eventType"] == "Started":
            key_fields = event_key(event)
            if tracked.started and is_retry(key_fields, tracked.started):
                return None, NO_FINDINGS
            if tracked.started is not None:
                findings += self._started_twice(at, frame, tracked) + self._judge(at, tracked)
                tracked = self._create(frame, event, key)
            tracked.started = key_fields
        if tracked.ended is not None and seq_no > tracked.ended:
            return None, findings + self._after_ended(at, (frame,), tracked, seq_no)
        is_new = tracked.sort_in(seq_no)
        if not is_new:
            tracked.repeat(frame, event_key(event))
        if event["eventType"] == "Ended" and tracked.ended is None:
            tracked.ended = seq_no
            self._judge_after[tracked.id] = at + SETTLING_TIME_S
            if tracked.high > seq_no:
                findings += self._after_ended(at, (tracked.last_frame, frame), tracked, tracked.high)
        return tracked if is_new else None, findings

    def _started_twice(self, at: float, frame: int, tracked: TransactionState) -> Findings:
        return self._report(
            "transaction-started-twice",
            at,
            (tracked.first_frame, frame),
            f"the transaction {short(tracked.id)} has a second, different Started; each transaction must "
            "have its own transactionId",
        )

    def _after_ended(
        self, at: float, frames: tuple[int, ...], tracked: TransactionState, seq_no: int
    ) -> Findings:
        return self._report(
            "event-after-ended",
            at,
            frames,
            f"the transaction {short(tracked.id)} has an event with seqNo {seq_no} after its Ended with "
            f"seqNo {tracked.ended}; the Ended must be the last event",
        )

    def _judge_time(self, at: float, frame: int, tracked: TransactionState, key_fields: EventKey) -> Findings:
        """Judge the time of an event, if the station's clock had been set by then, and to our time."""
        seq_no, text, *_, is_offline = key_fields
        clock, seconds = self._clock, seconds_of(text)
        if seconds is None or clock.since is None or seconds < clock.since or clock.is_skewed:
            return NO_FINDINGS
        if is_offline:
            return (
                self._wrongly_flagged(at, frame, tracked, text)
                if self._online.was_online(seconds, at)
                else NO_FINDINGS
            )
        findings = NO_FINDINGS
        if self._online.was_offline(seconds):
            findings = self._flag_missing(at, frame, tracked, text)
        before, after = tracked.neighbours(seq_no)
        if before and self._is_decreasing(before, key_fields):
            findings += self._backwards(at, frame, tracked, before, key_fields)
        elif after and self._is_decreasing(key_fields, after):
            findings += self._backwards(at, frame, tracked, key_fields, after)
        return findings

    def _is_decreasing(self, first: EventKey, second: EventKey) -> bool:
        since = self._clock.since
        if since is None:
            return False
        earlier, later = seconds_of(first[1]), seconds_of(second[1])
        return earlier is not None and later is not None and since <= later < earlier - MAX_CLOCK_CORRECTION_S

    def _wrongly_flagged(self, at: float, frame: int, tracked: TransactionState, text: str) -> Findings:
        return self._report(
            "offline-flag-wrong",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} at {text} is flagged as offline, but the "
            "station was online at that time",
        )

    def _flag_missing(self, at: float, frame: int, tracked: TransactionState, text: str) -> Findings:
        return self._report(
            "offline-flag-missing",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} at {text} is not flagged as offline, but the "
            "station was not connected at that time",
        )

    def _backwards(
        self, at: float, frame: int, tracked: TransactionState, first: EventKey, second: EventKey
    ) -> Findings:
        return self._report(
            "timestamp-goes-back",
            at,
            (frame,),
            f"the transaction {short(tracked.id)} goes back in time from {short(first[1])} (seqNo "
            f"{first[0]}) to {short(second[1])} (seqNo {second[0]}); timestamps must follow "
            "the order of the seqNos",
        )

    def _id_token_missing(self, at: float, frame: int, tracked: TransactionState) -> Findings:
        return self._report(
            "id-token-missing",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} has triggerReason Authorized but no idToken; "
            "the event must contain the authorized idToken",
        )

    def _judge_meter(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Judge the energy register in order of the timestamps."""
        findings, readings, clock = NO_FINDINGS, tracked.readings, self._clock
        sampled_value = (
            OCPP_2_0_1.request(TRANSACTION_EVENT).content.nested["meterValue"].nested["sampledValue"]
        )
        for meter_value in event["meterValue"]:
            key = text = meter_value["timestamp"]
            if not (clock.floor < text < clock.limit and text[-1] == "Z"):
                live = not event.get("offline", False)
                key, more_findings = clock.read(at, frame, TRANSACTION_EVENT, text, live=live)
                findings = findings or (more_findings if text != event["timestamp"] else NO_FINDINGS)
            wh = register_wh(
                LenientPayload(sample, sampled_value)
                for sample in meter_value["sampledValue"]
                if sample.get("measurand", ENERGY_REGISTER) == ENERGY_REGISTER
            )
            if wh is None or key is None:
                continue
            last = readings[-1] if readings else BEFORE_ALL
            if key >= last[0] and wh >= last[1] and len(readings) < MAX_READINGS:
                readings.append((key, wh, event["seqNo"], frame))
            elif down := tracked.read((key, wh, event["seqNo"], frame)):
                findings += self._register_down(at, tracked, *down)
        return findings

    def _register_down(
        self, at: float, tracked: TransactionState, earlier: Reading, later: Reading
    ) -> Findings:
        frames = tuple(sorted({earlier[3], later[3]}))
        return self._report(
            "meter-register-decreased",
            at,
            frames,
            f"the {ENERGY_REGISTER} of the transaction {short(tracked.id)} went down from {earlier[1]:g} Wh "
            f"at {earlier[0]} to {later[1]:g} Wh at {later[0]}; an energy register must not decrease",
        )

    def shift(self, seconds: float) -> None:
        """Extend the time for missing events of ended transactions."""
        for transaction_id in self._judge_after:
            self._judge_after[transaction_id] += seconds

    def event_refused(self, at: float) -> None:
        """Allow time for the retry of an event that was answered with a CALLERROR."""
        for transaction_id, due in self._judge_after.items():
            self._judge_after[transaction_id] = max(due, at + RETRY_TIME_S)

    def resumed(self, at: float) -> None:
        """Allow time for queued events after a reconnect."""
        self._judge_after = dict.fromkeys(self._judge_after, at + SETTLING_TIME_S)

    def overdue(self, at: float) -> Findings:
        """Judge the ended transactions whose time for missing events is over."""
        if not self._judge_after:
            return NO_FINDINGS
        findings = NO_FINDINGS
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
        """Judge a transaction as a whole, once."""
        self._judge_after.pop(tracked.id, None)
        if tracked.is_judged:
            return NO_FINDINGS
        tracked.close()
        del self._open[tracked.id]
        if len(self._judged) == MAX_JUDGED:
            self._forget_oldest(self._judged)
        self._judged[tracked.id] = tracked
        findings = self._judge_repeats(at, tracked)
        if not tracked.is_doubtful:
            findings += (
                self._judge_start(at, tracked) + self._judge_gaps(at, tracked) + self._judge_evse(at, tracked)
            )
        return findings

    def _judge_start(self, at: float, tracked: TransactionState) -> Findings:
        if tracked.started is not None:
            if tracked.started[0] == tracked.low:
                return NO_FINDINGS
            fault = f"has seqNo {tracked.low} before its Started with seqNo {tracked.started[0]}"
        elif tracked.low > 0 and (tracked.may_be_older or tracked.is_just_ended):
            return NO_FINDINGS
        else:
            fault = "has no Started"
        return self._report(
            "transaction-not-started",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} {fault}; the first event of a transaction must be its "
            "Started",
        )

    def _judge_gaps(self, at: float, tracked: TransactionState) -> Findings:
        missing = list(tracked.missing())
        if not missing:
            return NO_FINDINGS
        return self._report(
            "seq-no-missing",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} lacks seqNo {_ranges(missing)} between {tracked.low} and "
            f"{tracked.high}; seqNo must increase by 1",
        )

    def _judge_repeats(self, at: float, tracked: TransactionState) -> Findings:
        if not tracked.repeated:
            return NO_FINDINGS
        numbers = sorted({seq_no for seq_no, _ in tracked.repeated})
        return self._report(
            "seq-no-repeated",
            at,
            tuple(frame for _, frame in tracked.repeated),
            f"the transaction {short(tracked.id)} has different events with the same seqNo, "
            f"{_ranges([(number, number) for number in numbers])}; each event must have its own seqNo",
        )

    def _judge_evse(self, at: float, tracked: TransactionState) -> Findings:
        """Report a complete transaction whose EVSE is not named by the time the cable is plugged in."""
        plugged_in, located = tracked.plugged_in, tracked.located
        is_known = tracked.started is not None and tracked.ended is not None and not tracked.gaps
        if not is_known or plugged_in is None or (located is not None and located <= plugged_in):
            return NO_FINDINGS
        return self._report(
            "evse-missing",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} has no evse in any event up to seqNo {plugged_in}, when "
            "the cable was plugged in; that event or an earlier one must name the EVSE",
        )


def event_key(event: JsonObject) -> EventKey:
    """Return the fields of a TransactionEvent that are kept."""
    return (
        event["seqNo"],
        event["timestamp"],
        intern(event["eventType"]),
        intern(event["triggerReason"]),
        event.get("offline", False),
    )


def _ranges(ranges: list[tuple[int, int]]) -> str:
    """Format ranges, as in ``3, 5 to 7``."""
    parts = [
        f"{first}" if first == last else f"{first} to {last}" for first, last in ranges[:MAX_RANGES_SHOWN]
    ]
    return ", ".join(parts) + (", ..." if len(ranges) > MAX_RANGES_SHOWN else "")
