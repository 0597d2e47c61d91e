"""Transactions: whether their events are complete, in order and true (E, J02)."""

from sys import intern
from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.schema.structs import LenientPayload
from mock_csms.stations.transactions import ENERGY_REGISTER, register_wh
from mock_csms.v201.findings.clock import Clock, Online, key_of, seconds_of
from mock_csms.v201.findings.transaction_state import (
    BEFORE_ALL,
    MOST_READINGS,
    EventKey,
    Reading,
    TransactionState,
    is_retry,
)
from mock_csms.v201.version import OCPP_2_0_1

TRANSACTION_EVENT: Final = "TransactionEvent"
UPDATED: Final = "Updated"
SETTLED_AFTER: Final = 5.0
"""Seconds after its Ended, and after each event that comes later, that a transaction may be completed."""
RETRIED_WITHIN: Final = 300.0
MOST_OPEN: Final = 500
MOST_JUDGED: Final = 10
MAX_CLOCK_CORRECTION: Final = 10.0
"""Seconds that a clock may be set back when it is corrected."""
MAX_RANGES_SHOWN: Final = 10


class Transactions:
    """The transactions of a station: those that are not judged yet, and the last that are."""

    __slots__ = (
        "_clock",
        "_is_after_unreadable",
        "_judged",
        "_known_since",
        "_online",
        "_open",
        "_report",
        "_settling",
    )

    def __init__(self, report: Reporter, clock: Clock, online: Online) -> None:
        self._report = report
        self._clock = clock
        self._online = online
        self._open: dict[str, TransactionState] = {}
        self._judged: dict[str, TransactionState] = {}
        self._settling: dict[str, float] = {}
        self._is_after_unreadable = False
        self._known_since: str | None = None
        """From when on every transaction is known from its start, as it sorts; None before the first boot."""

    def booted(self, at: float) -> None:
        """Take note that the station is known from a boot on."""
        if self._known_since is None:
            self._known_since = key_of(at)

    def has_ended(self, transaction_id: str) -> bool:
        """Tell whether the Ended of a transaction has come."""
        tracked = self._find(transaction_id)
        return tracked is not None and tracked.ended is not None

    def unreadable(self) -> None:
        """Take note that something came that may have been an event of any transaction."""
        self._is_after_unreadable = True
        for tracked in self._open.values():
            tracked.is_doubtful = True

    def clock_set(self) -> None:
        """Take note that the times of the events so far were those of a clock that was not set."""
        for tracked in self._open.values():
            tracked.events.clear()
            tracked.key = ""

    def event(self, at: float, frame: int, event: JsonObject) -> Findings:
        """Judge a TransactionEvent, and take it in."""
        tracked = self._open.get(event["transactionInfo"]["transactionId"])
        if tracked is not None and self._is_next(tracked, event):
            text, found = event["timestamp"], NO_FINDINGS
            tracked.high = tracked.key_seq_no = seq_no = event["seqNo"]
            tracked.last_frame, tracked.key = frame, text
            tracked.keep((seq_no, text, UPDATED, intern(event["triggerReason"]), False))
        else:
            tracked, found = self._sort_in(at, frame, event)
            if tracked is None:
                return found
        if event["triggerReason"] == "Authorized" and "idToken" not in event:
            found += self._no_id_token(at, frame, tracked)
        if tracked.located is None or tracked.plugged_in is None or event["seqNo"] != tracked.high:
            tracked.locate(event)
        if "meterValue" in event and not tracked.is_judged:
            found += self._meter(at, frame, tracked, event)
        if tracked.ended is not None and tracked.is_complete:
            found += self._judge(at, tracked)
        return found

    def _is_next(self, tracked: TransactionState, event: JsonObject) -> bool:
        """Tell whether an event is, as nearly all are, just the next Updated of a transaction, and of now."""
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

    def _sort_in(self, at: float, frame: int, event: JsonObject) -> tuple[TransactionState | None, Findings]:
        """Find the place of an event among others, and judge its time; None if there is nothing new in it."""
        told = event_key(event)
        seq_no, text, *_, is_offline = told
        key, found = self._clock.read(at, frame, TRANSACTION_EVENT, text, live=not is_offline)
        known = self._find(event["transactionInfo"]["transactionId"])
        tracked, more = self._place(at, frame, known or self._begin(frame, event, key), event, key)
        found += more
        if tracked is None:
            return None, found
        tracked.last_frame = frame
        if is_offline or key is None or seq_no <= tracked.key_seq_no:
            found += self._time(at, frame, tracked, told)
        else:
            if key < tracked.key or key < self._online.offline_before:
                found += self._time(at, frame, tracked, told)
            tracked.key, tracked.key_seq_no = key, seq_no
        tracked.keep(told)
        return tracked, found

    def _begin(self, frame: int, event: JsonObject, key: str | None) -> TransactionState:
        if len(self._open) == MOST_OPEN:
            self._forget_oldest(self._open)
        transaction_id, seq_no = event["transactionInfo"]["transactionId"], event["seqNo"]
        since, is_started = self._known_since, event["eventType"] == "Started"
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
        """Make room for another; what is left of the oldest may look like a new one."""
        oldest = transactions.pop(next(iter(transactions)))
        self._settling.pop(oldest.id, None)
        if self._known_since is not None:
            self._known_since = max(self._known_since, oldest.key)

    def _place(
        self, at: float, frame: int, tracked: TransactionState, event: JsonObject, key: str | None
    ) -> tuple[TransactionState | None, Findings]:
        """Find the place of an event that is not simply the next; None if there is nothing new in it."""
        seq_no, found = event["seqNo"], NO_FINDINGS
        if tracked.id in self._settling:
            self._settling[tracked.id] = at + SETTLED_AFTER
        if event["eventType"] == "Started":
            told = event_key(event)
            if tracked.started and is_retry(told, tracked.started):
                return None, NO_FINDINGS
            if tracked.started is not None:
                found += self._started_twice(at, frame, tracked) + self._judge(at, tracked)
                tracked = self._begin(frame, event, key)
            tracked.started = told
        if tracked.ended is not None and seq_no > tracked.ended:
            return None, found + self._after_ended(at, (frame,), tracked, seq_no)
        is_new = tracked.sort_in(seq_no)
        if not is_new:
            tracked.repeat(frame, event_key(event))
        if event["eventType"] == "Ended" and tracked.ended is None:
            tracked.ended = seq_no
            self._settling[tracked.id] = at + SETTLED_AFTER
            if tracked.high > seq_no:
                found += self._after_ended(at, (tracked.last_frame, frame), tracked, tracked.high)
        return tracked if is_new else None, found

    def _started_twice(self, at: float, frame: int, tracked: TransactionState) -> Findings:
        return self._report(
            "transaction-started-twice",
            at,
            (tracked.first_frame, frame),
            f"the transaction {short(tracked.id)} started a second time, otherwise than before; each "
            "transaction has a transactionId of its own",
        )

    def _after_ended(
        self, at: float, frames: tuple[int, ...], tracked: TransactionState, seq_no: int
    ) -> Findings:
        return self._report(
            "event-after-ended",
            at,
            frames,
            f"the transaction {short(tracked.id)} has an event with seqNo {seq_no} after its Ended with "
            f"seqNo {tracked.ended}; the Ended is the last",
        )

    def _time(self, at: float, frame: int, tracked: TransactionState, told: EventKey) -> Findings:
        """Judge when an event happened, by a clock that was set before and to our time."""
        seq_no, text, *_, is_offline = told
        clock, seconds = self._clock, seconds_of(text)
        if seconds is None or clock.since is None or seconds < clock.since or clock.is_skewed:
            return NO_FINDINGS
        if is_offline:
            return (
                self._flagged(at, frame, tracked, text)
                if self._online.was_online(seconds, at)
                else NO_FINDINGS
            )
        found = NO_FINDINGS
        if self._online.was_offline(seconds):
            found = self._unflagged(at, frame, tracked, text)
        before, after = tracked.neighbours(seq_no)
        if before and self._goes_back(before, told):
            found += self._backwards(at, frame, tracked, before, told)
        elif after and self._goes_back(told, after):
            found += self._backwards(at, frame, tracked, told, after)
        return found

    def _goes_back(self, first: EventKey, second: EventKey) -> bool:
        since = self._clock.since
        if since is None:
            return False
        earlier, later = seconds_of(first[1]), seconds_of(second[1])
        return earlier is not None and later is not None and since <= later < earlier - MAX_CLOCK_CORRECTION

    def _flagged(self, at: float, frame: int, tracked: TransactionState, text: str) -> Findings:
        return self._report(
            "offline-flag-wrong",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} of {text} is flagged as offline, and the "
            "station was online then",
        )

    def _unflagged(self, at: float, frame: int, tracked: TransactionState, text: str) -> Findings:
        return self._report(
            "offline-flag-missing",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} of {text} is not flagged as offline, and the "
            "station was not connected then",
        )

    def _backwards(
        self, at: float, frame: int, tracked: TransactionState, first: EventKey, second: EventKey
    ) -> Findings:
        return self._report(
            "timestamp-goes-back",
            at,
            (frame,),
            f"the transaction {short(tracked.id)} goes back in time from {short(first[1])} (seqNo "
            f"{first[0]}) to {short(second[1])} (seqNo {second[0]}); events happen in the "
            "order of their seqNo",
        )

    def _no_id_token(self, at: float, frame: int, tracked: TransactionState) -> Findings:
        return self._report(
            "id-token-missing",
            at,
            (frame,),
            f"an event of the transaction {short(tracked.id)} has triggerReason Authorized and no idToken; "
            "it tells who was authorized",
        )

    def _meter(self, at: float, frame: int, tracked: TransactionState, event: JsonObject) -> Findings:
        """Judge the energy register, in order of the timestamps."""
        found, readings, clock = NO_FINDINGS, tracked.readings, self._clock
        sampled_value = (
            OCPP_2_0_1.request(TRANSACTION_EVENT).content.nested["meterValue"].nested["sampledValue"]
        )
        for meter_value in event["meterValue"]:
            key = text = meter_value["timestamp"]
            if not (clock.floor < text < clock.limit and text[-1] == "Z"):
                live = not event.get("offline", False)
                key, more = clock.read(at, frame, TRANSACTION_EVENT, text, live=live)
                found = found or (more if text != event["timestamp"] else NO_FINDINGS)
            wh = register_wh(
                LenientPayload(sample, sampled_value)
                for sample in meter_value["sampledValue"]
                if sample.get("measurand", ENERGY_REGISTER) == ENERGY_REGISTER
            )
            if wh is None or key is None:
                continue
            last = readings[-1] if readings else BEFORE_ALL
            if key >= last[0] and wh >= last[1] and len(readings) < MOST_READINGS:
                readings.append((key, wh, event["seqNo"], frame))
            elif down := tracked.read((key, wh, event["seqNo"], frame)):
                found += self._register_down(at, tracked, *down)
        return found

    def _register_down(
        self, at: float, tracked: TransactionState, earlier: Reading, later: Reading
    ) -> Findings:
        frames = tuple(sorted({earlier[3], later[3]}))
        return self._report(
            "meter-register-decreased",
            at,
            frames,
            f"the {ENERGY_REGISTER} of the transaction {short(tracked.id)} went down from {earlier[1]:g} Wh "
            f"at {earlier[0]} to {later[1]:g} Wh at {later[0]}; a register only goes up",
        )

    def shift(self, seconds: float) -> None:
        """Leave the station as much more time to complete what has ended."""
        for transaction_id in self._settling:
            self._settling[transaction_id] += seconds

    def refused(self, at: float) -> None:
        """Take note that an event was answered with a CALLERROR: the station retries it in its own time."""
        self._settling = {it: max(due, at + RETRIED_WITHIN) for it, due in self._settling.items()}

    def resumed(self, at: float) -> None:
        """Take note that the station is connected again, and may send what it has kept."""
        self._settling = dict.fromkeys(self._settling, at + SETTLED_AFTER)

    def overdue(self, at: float) -> Findings:
        """Judge the transactions that have ended and had time to be completed."""
        if not self._settling:
            return NO_FINDINGS
        found = NO_FINDINGS
        for transaction_id in [it for it, due in self._settling.items() if at > due]:
            found += self._judge(at, self._open[transaction_id])
        return found

    def end(self, at: float) -> Findings:
        """Judge all transactions, ended or not."""
        found = NO_FINDINGS
        for tracked in list(self._open.values()):
            found += self._judge(at, tracked)
        return found

    def _judge(self, at: float, tracked: TransactionState) -> Findings:
        """Judge a transaction as a whole, once."""
        self._settling.pop(tracked.id, None)
        if tracked.is_judged:
            return NO_FINDINGS
        tracked.close()
        del self._open[tracked.id]
        if len(self._judged) == MOST_JUDGED:
            self._forget_oldest(self._judged)
        self._judged[tracked.id] = tracked
        found = self._repeats(at, tracked)
        if not tracked.is_doubtful:
            found += self._start(at, tracked) + self._gaps(at, tracked) + self._place_missing(at, tracked)
        return found

    def _start(self, at: float, tracked: TransactionState) -> Findings:
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
            f"the transaction {short(tracked.id)} {fault}; the first event of a transaction is its Started",
        )

    def _gaps(self, at: float, tracked: TransactionState) -> Findings:
        missing = list(tracked.missing())
        if not missing:
            return NO_FINDINGS
        return self._report(
            "seq-no-missing",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} lacks seqNo {_ranges(missing)} between {tracked.low} and "
            f"{tracked.high}; seqNo goes up by 1",
        )

    def _repeats(self, at: float, tracked: TransactionState) -> Findings:
        if not tracked.repeated:
            return NO_FINDINGS
        numbers = sorted({seq_no for seq_no, _ in tracked.repeated})
        return self._report(
            "seq-no-repeated",
            at,
            tuple(frame for _, frame in tracked.repeated),
            f"the transaction {short(tracked.id)} has different events with the same seqNo, "
            f"{_ranges([(it, it) for it in numbers])}; each has its own",
        )

    def _place_missing(self, at: float, tracked: TransactionState) -> Findings:
        """Judge whether an event up to the plugging in names the EVSE, if all of them are known."""
        plugged_in, located = tracked.plugged_in, tracked.located
        is_known = tracked.started is not None and tracked.ended is not None and not tracked.gaps
        if not is_known or plugged_in is None or (located is not None and located <= plugged_in):
            return NO_FINDINGS
        return self._report(
            "evse-missing",
            at,
            tracked.frames,
            f"the transaction {short(tracked.id)} has no evse in any event up to seqNo {plugged_in}, when "
            "the cable was plugged in; that one names it at the latest",
        )


def event_key(event: JsonObject) -> EventKey:
    """What is kept of a TransactionEvent."""
    return (
        event["seqNo"],
        event["timestamp"],
        intern(event["eventType"]),
        intern(event["triggerReason"]),
        event.get("offline", False),
    )


def _ranges(ranges: list[tuple[int, int]]) -> str:
    """Write ranges, as ``3, 5 to 7``."""
    told = [
        f"{first}" if first == last else f"{first} to {last}" for first, last in ranges[:MAX_RANGES_SHOWN]
    ]
    return ", ".join(told) + (", ..." if len(ranges) > MAX_RANGES_SHOWN else "")
