"""Recorder of one connection. It passes every message to the journal, the statistics and the observer."""

from collections.abc import Callable, Sequence
from time import time
from typing import Any, Final, Literal

import msgspec

from mock_csms.behaviour.faults import DELIVERS_ONCE
from mock_csms.behaviour.rule_sets import RuleMatch
from mock_csms.findings.kinds import Finding
from mock_csms.findings.observer import Observer
from mock_csms.journal.records import Records
from mock_csms.journal.store import Direction, EntryKind
from mock_csms.log.redact import SECRET_CHECKS, masked_frame
from mock_csms.log.secret_text import masked_text
from mock_csms.messages import (
    Call,
    CallError,
    CallRejected,
    CallResult,
    JsonObject,
    MalformedAnswer,
    MalformedFrame,
)
from mock_csms.schema.validation import Violation
from mock_csms.versions import OcppVersion

UNKNOWN_ACTION: Final = "unknown action"
"""Name under which all actions that the station's OCPP version lacks are counted."""


class AnsweredCall(msgspec.Struct, gc=False):
    """A CALL of a station with its answer: a ``payload``, a ``refusal``, or neither if it gets no answer."""

    call: Call
    is_checked: bool
    """Whether the payload was checked against its schema."""
    is_unknown: bool
    """Whether the OCPP version lacks this action for stations."""
    pipelined: bool
    """Whether the CALL came in one read with the previous message, before that message could be answered."""
    violation: Violation | None = None
    hit: RuleMatch | None = None
    """Rule that decided the answer, if any."""
    payload: JsonObject | None = None
    """Payload of the CALLRESULT."""
    refusal: CallRejected | None = None
    """Reason for a CALLERROR."""
    is_found: bool = False
    """Whether a finding already reports the schema violation of the CALL."""
    number: int = 0
    """Number of the CALL in the journal, if the CALL was recorded before its answer; otherwise 0."""


class Recorder:
    """Records the messages and events of one connection of a station."""

    __slots__ = (
        "_activity",
        "_observer",
        "_records",
        "_version",
        "connected_at",
        "connection",
        "repeats",
        "station",
    )

    def __init__(self, records: Records, station: str, version: OcppVersion, observer: Observer) -> None:
        self.station = station
        self.connection = records.statistics.connected(station)
        self.connected_at = time()
        """Time of the opening handshake in seconds since the epoch."""
        self.repeats = records.repeats
        self._activity = records.activities.of(station)
        self._records = records
        self._version = version
        self._observer = observer

    def _note(self, direction: Direction | None, kind: EntryKind, *fields: Any, **named_fields: Any) -> int:
        if raw := named_fields.get("raw"):
            named_fields["raw"] = masked_frame(raw)
        if note := named_fields.get("note"):
            named_fields["note"] = masked_text(note)
        number = self._records.journal.note(
            self.station, self.connection, direction, kind, *fields, **named_fields
        )
        self._activity.last_entry = number
        if direction is not None:
            self._records.statistics.frames[direction, kind] += 1
        if direction == "received":
            self._activity.last_message = time()
        return number

    def _observe[**Event](
        self, observe: Callable[Event, Sequence[Finding]], *args: Event.args, **kwargs: Event.kwargs
    ) -> bool:
        """Pass an event to a method of the observer, and store its findings. Return whether there are any.

        An exception is only logged.
        """
        try:
            findings = observe(*args, **kwargs)
            if findings and self._records.observing:
                self._records.find(findings)
                return True
        except Exception as error:
            self._records.guard.failed(self.station, f"looking for findings ({observe.__name__})", error)
        return False

    # The connection

    def changed(self) -> None:
        """Mark the station as changed although no journal entry records the change."""
        self._records.activities.changed(self.station)

    def connected(self, peer: str, handshake: JsonObject | None = None) -> None:
        """Record that the connection has been opened, with the facts of its opening handshake."""
        number = self._note(None, "connected", note=f"from {peer}", handshake=handshake)
        self._observe(self._observer.connected, time(), number)

    def disconnected(self, reason: str) -> None:
        """Record that the connection has ended, and why."""
        number = self._note(None, "disconnected", note=reason)
        self._observe(self._observer.disconnected, time(), number)

    # CALLs of the station

    def answered(self, answered: AnsweredCall, frame: bytes, elapsed: float) -> None:
        """Record an answer, and its CALL if not recorded yet; ``elapsed`` is the seconds between the two."""
        payload = answered.payload
        call, is_unusual = (
            answered.call,
            answered.hit or answered.violation or not answered.is_checked or answered.number,
        )
        may_have_secret = SECRET_CHECKS[type(call.content)]
        if payload is None or is_unusual or (may_have_secret and may_have_secret(call.content, call.raw)):
            self.sent(answered, answered.number or self.received(answered), frame, elapsed)
            return
        # Fast path: nearly all CALLs are valid and answered with a CALLRESULT. Recording both in one step
        # takes half the time of the plain way above, with two journal entries and two observer events.
        at, records = time() - elapsed, self._records
        message_id, action = call.message_id, call.action
        number = records.journal.note_exchange(self, at, message_id, action, elapsed, call.raw, frame)
        activity = self._activity
        activity.last_entry, activity.last_message = number + 1, at
        records.statistics.answered[action] += 1
        if records.observing:
            findings = self._observer.exchanged(
                at, number, message_id, action, call.payload, payload, answered.pipelined
            )
            if findings:
                records.find(findings)

    def received(self, answered: AnsweredCall) -> int:
        """Record a CALL; return its number in the journal."""
        call, violation = answered.call, answered.violation
        description = violation.description if violation else None
        message_id, action = call.message_id, call.action
        number = self._note("received", "call", action, message_id, violation=description, raw=call.raw)
        if (answered.is_checked or answered.is_unknown) and self._records.observing:
            is_found = self._observe(
                self._observer.received_call,
                time(),
                number,
                message_id,
                action,
                call.payload,
                violation=description,
                together=answered.pipelined,
                known=not answered.is_unknown,
            )
            answered.is_found = is_found and "call-violates-schema" not in self._records.silences
            if answered.hit is not None and answered.hit.then.fault is not None:
                self._observer.delayed(message_id)
        return number

    def sent(self, answered: AnsweredCall, partner: int, frame: bytes | None, elapsed: float) -> None:
        """Record the answer to the CALL with the number ``partner``. ``frame=None``: the answer was not
        sent.
        """
        call, hit = answered.call, answered.hit
        fault = hit.then.fault if hit else None
        kind: EntryKind = "withheld" if frame is None else "error" if answered.payload is None else "result"
        number = self._note(
            "sent",
            kind,
            call.action,
            call.message_id,
            partner,
            elapsed,
            rule=hit.rule.id if hit else None,
            injected=hit is not None and hit.then.alters,
            note=str(fault) if fault else None,
            raw=frame,
        )
        self._count(call.action, kind, fault.kind if fault else None)
        observer, observe = self._observer, self._observe
        if frame is None or (fault and fault.withholds):
            observe(observer.withheld, time(), call.message_id)
        elif answered.payload is None:
            observe(observer.sent_error, time(), number, call.message_id, call.action)
        else:
            observe(observer.sent_result, time(), number, call.message_id, call.action, answered.payload)

    def _count(self, action: str, kind: EntryKind, fault: str | None) -> None:
        statistics = self._records.statistics
        if kind == "result":
            statistics.answered[action] += 1
        else:
            statistics.outcomes["received", self._known(action), kind] += 1
        if fault is not None:
            statistics.faults[fault] += 1

    def _known(self, action: str) -> str:
        """Return the name under which an action is counted; all unknown actions share one name."""
        return action if action in self._version.actions else UNKNOWN_ACTION

    def malformed(self, raw: bytes, malformed: MalformedFrame | MalformedAnswer) -> tuple[int, bool]:
        """Record a frame that is not a valid OCPP-J message.

        Return its number in the journal, and whether it is a finding.
        """
        description = malformed.description
        raw = masked_frame(raw, is_malformed=True)
        number = self._note("received", "malformed", violation=description, raw=raw)
        self._records.statistics.outcomes["received", "", "malformed"] += 1
        is_found = self._observe(
            self._observer.malformed, time(), number, description, may_be_valid=malformed.may_be_valid
        )
        return number, is_found

    def answered_malformed(self, raw: bytes, message_id: str, partner: int) -> None:
        """Record the CALLERROR that answers a malformed frame."""
        self._note("sent", "error", None, message_id, partner, raw=raw)

    # Commands

    def sent_call(  # noqa: PLR0913 - a command and the rule that applies to it
        self,
        raw: bytes,
        message_id: str,
        action: str,
        payload: Any,
        *,
        valid: bool,
        hit: RuleMatch | None = None,
    ) -> int:
        """Record a command; return its number in the journal.

        The observer gets no command that is not ``valid``: its payload may be any JSON, and the station is
        not expected to act on it. If a fault keeps the command from arriving once and intact, the observer
        gets only the message id of the command, and does not judge the station's answer.
        """
        fault = hit.then.fault if hit else None
        number = self._note(
            "sent",
            "call" if fault is None or fault.needs_answer else "withheld",
            action,
            message_id,
            rule=hit.rule.id if hit else None,
            injected=fault is not None,
            note=str(fault) if fault else None,
            raw=raw,
        )
        if fault is not None:
            self.fault(fault.kind)
        if fault is not None and fault.kind not in DELIVERS_ONCE:
            self._observer.sent_spoilt_call(message_id)
        elif valid:
            self._observe(self._observer.sent_call, time(), number, message_id, action, payload)
        return number

    def received_answer(  # noqa: PLR0913 - an answer and the command it answers
        self,
        raw: bytes,
        answer: CallResult | CallError,
        *,
        action: str | None,
        partner: int | None,
        elapsed: float | None,
        violation: Violation | None,
    ) -> bool:
        """Record the station's answer to a command. ``action=None``: no pending command matches.

        Return whether the answer is a finding.
        """
        is_result = isinstance(answer, CallResult)
        description = violation.description if violation else None
        kind: EntryKind = "result" if is_result else "error"
        message_id = answer.message_id
        number = self._note("received", kind, action, message_id, partner, elapsed, description, raw=raw)
        if action is not None and elapsed is not None:
            self._records.statistics.command_answered(self._known(action), self._outcome(answer), elapsed)
        payload = answer.payload if isinstance(answer, CallResult) else None
        code = answer.code if isinstance(answer, CallError) else ""
        observe = self._observer.received_answer
        return self._observe(
            observe, time(), number, message_id, action, payload, violation=description, error_code=code
        )

    def _outcome(self, answer: CallResult | CallError) -> str:
        return "error" if isinstance(answer, CallError) else self._version.outcome(answer.payload)

    def timed_out(self, message_id: str, action: str, timeout_s: float | None = None) -> bool:
        """Record that a command was not answered in time. Return whether that is a finding."""
        self.failed(action, "timeout")
        return self._observe(self._observer.timed_out, time(), message_id, action, timeout_s)

    def failed(self, action: str, outcome: Literal["disconnected", "malformed", "timeout"]) -> None:
        """Count a command without a valid answer."""
        self._records.statistics.outcomes["sent", self._known(action), outcome] += 1

    def fault(self, kind: str) -> None:
        """Count a fault that was injected into a command, or into the answer to a command."""
        self._records.statistics.faults[kind] += 1
