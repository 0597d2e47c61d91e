"""Checks of one station across its connections, shared by all OCPP versions."""

from collections.abc import Container, Mapping, Sequence
from contextlib import suppress

from mock_csms.findings.calls import (
    IN_PARALLEL_WITHIN_S,
    NO_REQUIREMENTS,
    VALID_ANSWER,
    AnswerRequirements,
    OurCalls,
    StationCalls,
)
from mock_csms.findings.checks import AnsweredCommand, RefusedCommand
from mock_csms.findings.coverage import Coverage
from mock_csms.findings.kinds import (
    NO_FINDINGS,
    SHARED_KINDS,
    Finding,
    FindingKind,
    Findings,
    Reporter,
)
from mock_csms.findings.requirements import requirement_indexes
from mock_csms.log.summary import short
from mock_csms.messages import UNREADABLE_PAYLOAD, JsonObject


class Observer:
    """Reports violations of OCPP-J by one station; a subclass for an OCPP version adds checks in the hooks.

    Times are seconds since the epoch, and frames are numbers of journal entries. Each event method returns
    the findings caused by the event; no violation is reported twice. The caller must report the start and the
    end of every connection, even of a connection that a newer one replaces.
    """

    __slots__ = (
        "_answered_actions",
        "_calls",
        "_connections",
        "_last_heard",
        "_our_calls",
        "_report",
        "_unreadable_id",
        "coverage",
    )

    answered_actions: frozenset[str] = frozenset()
    """Actions for which `answered` is called. A lookup costs less than a call for every message."""
    csms_actions: frozenset[str] = frozenset()
    """Actions that a central system sends."""
    requirement_indexes: Mapping[str, int] = requirement_indexes(SHARED_KINDS)
    """Position of each requirement in `coverage`."""
    _connections: int

    def __init__(
        self,
        station: str,
        silenced: Container[str],
        kinds: Mapping[str, FindingKind],
        unreadable_id: str | None = "-1",
    ) -> None:
        """``unreadable_id``: message id of CALLERRORs about frames without a readable id; None: not sent."""
        self.coverage = Coverage(self.requirement_indexes)
        """Which requirements the station has met or broken so far; `forget` does not reset this."""
        self._report = Reporter(station, silenced, kinds, self.coverage)
        self._unreadable_id = unreadable_id
        self._answered_actions = self.answered_actions  # reading a slot is faster than a class attribute
        self.begin()

    def forget(self, at: float, frame: int) -> None:
        """Reset all state except `coverage` and whether the station is connected."""
        is_connected = self._connections > 0
        self.begin()
        if is_connected:
            self.connected(at, frame)

    def connected(self, at: float, frame: int) -> Sequence[Finding]:
        """Register a new connection. It may replace one whose end has not been reported yet."""
        if self._connections:
            self._lose(at)
        self._connections += 1
        self.resumed(at)
        self._last_heard = at
        return NO_FINDINGS

    def disconnected(self, at: float, frame: int) -> Sequence[Finding]:
        """Register the end of one connection. If several are open, any of them may have ended."""
        self._connections = max(0, self._connections - 1)
        if not self._connections:
            self._lose(at)
        return NO_FINDINGS

    def _lose(self, at: float) -> None:
        self._calls.disconnected()
        self.gone(at)

    def received_call(  # noqa: PLR0913 - all facts about a CALL
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        payload: JsonObject,
        *,
        violation: str | None,
        together: bool = False,
        known: bool = True,
    ) -> Sequence[Finding]:
        """Judge a CALL of the station.

        ``violation`` describes how the payload violates its schema. ``together`` means that the CALL arrived
        in the same read as the previous one, so it was sent before the previous one was answered. ``known``
        is False for an action that the version does not define for a station.
        """
        self._last_heard = at
        calls = self._calls
        if calls.unanswered:
            self._give_more_time(at, calls.waited(at))
        findings = calls.received(at, frame, message_id, action, payload, together=together)
        if not known:
            return findings + self._unknown_action(at, frame, action)
        if violation is not None:
            return findings + self._schema_violated(at, frame, action, violation)
        return findings + self.judge_call(at, frame, action, payload)

    def exchanged(  # noqa: PLR0913, PLR0917 - hot path; keywords cost time
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        payload: JsonObject,
        answer: JsonObject,
        together: bool = False,
    ) -> Findings:
        """Check a valid CALL that was answered at once; the answer is the next frame.

        Same as `received_call` and `sent_result`, but skips the bookkeeping of unanswered CALLs.
        """
        calls = self._calls
        if calls.unanswered or together:
            findings = self.received_call(
                at, frame, message_id, action, payload, violation=None, together=together
            )
            return (*findings, *self.sent_result(at, frame + 1, message_id, action, answer))
        self._last_heard = at
        findings = calls.identify(at, frame, message_id, action, payload)
        findings += self.judge_call(at, frame, action, payload)
        if answer and action in self._answered_actions:
            findings += self.answered(at, frame + 1, action, payload, answer, 0.0)
        return findings

    def _give_more_time(self, at: float, waited: float) -> None:
        """Extend all deadlines by ``waited`` seconds, if these are at least `IN_PARALLEL_WITHIN_S`."""
        if waited >= IN_PARALLEL_WITHIN_S:
            self.given_more_time(at, waited)

    def _unknown_action(self, at: float, frame: int, action: str) -> Findings:
        fault = f"{short(action)} is not an action of this OCPP version"
        advice = "use DataTransfer for vendor-specific messages"
        if action in self.csms_actions:
            fault, advice = f"{action} is an action of a central system", "a station must not send it"
        return self._report("unknown-action", at, (frame,), f"{fault}; {advice}")

    def _schema_violated(self, at: float, frame: int, action: str, violation: str) -> Findings:
        self.doubt(action)
        return self._report(
            "call-violates-schema",
            at,
            (frame,),
            f"{short(action)} violates its schema: {violation}",
        )

    def malformed(
        self, at: float, frame: int, description: str, *, may_be_valid: bool = False
    ) -> Sequence[Finding]:
        """Check a frame that is not an OCPP-J message. ``may_be_valid``: the frame only exceeds
        a limit of the mock.
        """
        self._last_heard = at
        self.doubt(None)
        if may_be_valid:
            return NO_FINDINGS
        return self._report("malformed-frame", at, (frame,), f"the frame is malformed: {description}")

    def sent_result(
        self, at: float, frame: int, message_id: str, action: str, payload: JsonObject
    ) -> Sequence[Finding]:
        """Register the CALLRESULT of this server to a CALL of the station, and judge the CALL by it."""
        self._last_heard = at
        call = self._calls.answered(at, message_id)
        if call is None:
            return NO_FINDINGS
        called_at, _, _, _, request = call
        waited = at - called_at
        self._give_more_time(at, waited)
        if payload and action in self._answered_actions:
            return self.answered(at, frame, action, request, payload, waited)
        return NO_FINDINGS

    def sent_error(self, at: float, frame: int, message_id: str, action: str) -> Sequence[Finding]:
        """Register the CALLERROR of this server to a CALL of the station."""
        self._last_heard = at
        call = self._calls.answered(at, message_id, is_error=True)
        if call is not None:
            self._give_more_time(at, at - call[0])
            self.left_unanswered(at, action)
        self.refused(at, action)
        return NO_FINDINGS

    def delayed(self, message_id: str) -> None:
        """Register that a fault may delay the answer to a CALL of the station; called before the answer."""
        self._calls.delay(message_id)

    def withheld(self, at: float, message_id: str) -> Sequence[Finding]:
        """Register a CALL of the station that gets no usable answer for now."""
        action = self._calls.withhold(message_id)
        if action is not None:
            self.left_unanswered(at, action)
        return NO_FINDINGS

    def sent_call(
        self, at: float, frame: int, message_id: str, action: str, payload: JsonObject
    ) -> Sequence[Finding]:
        """Register a CALL to the station."""
        self._our_calls.sent(at, frame, message_id, payload)
        with suppress(*UNREADABLE_PAYLOAD):
            self.command_sent(at, frame, message_id, action, payload)
        return NO_FINDINGS

    def sent_spoilt_call(self, message_id: str) -> None:
        """Register a CALL that was sent with a fault; neither its answers nor their number are checked."""
        self._our_calls.sent_spoilt(message_id)

    def received_answer(  # noqa: PLR0913 - all facts about an answer
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str | None,
        payload: JsonObject | None,
        *,
        violation: str | None = None,
        error_code: str = "",
    ) -> Sequence[Finding]:
        """Judge an answer of the station.

        ``action=None``: the answer matches no pending CALL; ``payload=None``: it is a CALLERROR.
        """
        self._last_heard = at
        if action is None:
            return self._stray_answer(at, frame, message_id, is_error=payload is None)
        call = self._our_calls.answered(message_id, frame)
        if call.is_spoilt:
            return NO_FINDINGS
        request, call.payload = call.payload, {}
        requirements = self.answer_requirements(action, request)
        if violation is not None:
            self.command_failed(message_id, action)
            return self._invalid_answer(at, (*call.frames, frame), action, violation, requirements.valid)
        if payload is not None:
            self.coverage.met((*requirements.answered, *requirements.valid))
        findings = NO_FINDINGS
        with suppress(*UNREADABLE_PAYLOAD):
            if payload is not None and call.frames:
                command = AnsweredCommand(at, frame, action, request, payload, call.sent_at, call.frames[0])
                findings = self.judge_command(command)
            elif call.frames and error_code:
                findings = self.judge_refusal(RefusedCommand(at, frame, action, request, error_code))
        with suppress(*UNREADABLE_PAYLOAD):
            findings += self.command_answered(at, frame, message_id, action, request, payload)
        return findings

    def _invalid_answer(
        self, at: float, frames: tuple[int, ...], action: str, violation: str, requirements: tuple[str, ...]
    ) -> Findings:
        return self._report(
            "answer-violates-schema",
            at,
            frames,
            f"the answer to {short(action)} violates its schema: {violation}",
            requirements=(VALID_ANSWER, *requirements),
        )

    def _stray_answer(self, at: float, frame: int, message_id: str, *, is_error: bool) -> Findings:
        """Check an answer without a pending CALL. A CALLERROR may be about an answer of this server
        (OCPP-J 4.2.3).
        """
        if is_error and (message_id == self._unreadable_id or self._calls.has_had(message_id)):
            return NO_FINDINGS
        return self._our_calls.stray_answer(at, frame, message_id)

    def timed_out(
        self, at: float, message_id: str, action: str, timeout_s: float | None = None
    ) -> Sequence[Finding]:
        """Report a CALL to the station that was not answered in time, unless it was sent with a fault."""
        self.command_failed(message_id, action)
        return self._our_calls.timed_out(at, message_id, action, timeout_s)

    def tick(self, at: float) -> Sequence[Finding]:
        """Report overdue messages, unless the station is offline or waits for an answer."""
        if not self._connections or self._calls.waited(at):
            return NO_FINDINGS
        return self.overdue(at)

    def clock_set(self, at: float, seconds: float) -> None:
        """Register that the clock of this machine was set forward by ``seconds``, or back if negative.

        After a step forward, all deadlines are extended by as much. After a step back, the deadlines stay,
        because some may have been computed after the step; those computed before it then end later than they
        should.
        """
        forward = max(seconds, 0.0)
        self._last_heard = min(self._last_heard + forward, at)
        self._calls.shift(seconds)
        self.clock_jumped(at, forward)

    def end(self, at: float) -> Sequence[Finding]:
        """Report everything still missing at the end of the run."""
        return (*self.tick(at), *self.unfinished(at))

    # Hooks: a version overrides those it needs. Only an override of `begin` must call the base method.

    def begin(self) -> None:
        """Reset to the state of an unknown station. The constructor calls it too."""
        self._connections = 0
        self._last_heard = 0.0
        """Time of the last message in either direction."""
        self._calls = StationCalls(self._report)
        self._our_calls = OurCalls(self._report, self.answer_requirements)

    def resumed(self, at: float) -> None:
        """Called when a connection begins; ``_last_heard`` still belongs to the previous connection."""

    def gone(self, at: float) -> None:
        """Called when no connection of the station is left, and when a new connection replaces one.

        An override drops the expectations of messages that the station may have dropped.

        ``_connections`` is 0 if none is left, but not if a new connection replaces one.
        """

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Return the findings about a CALL of the station with a valid payload."""
        return NO_FINDINGS

    def doubt(self, action: str | None) -> None:
        """Called for an invalid frame, which may have been an expected CALL. ``action=None``: the action is
        unknown.
        """

    def answered(  # noqa: PLR0913, PLR0917 - a CALL and its answer
        self,
        at: float,
        frame: int,
        action: str,
        payload: JsonObject,
        answer: JsonObject,
        waited: float,
    ) -> Findings:
        """Judge a CALL whose action is in `answered_actions` by its CALLRESULT, which is not empty.

        ``waited`` is the time until the answer in seconds.
        """
        return NO_FINDINGS

    def refused(self, at: float, action: str) -> None:
        """Called for each CALLERROR to the station."""

    def left_unanswered(self, at: float, action: str) -> None:
        """Called for a CALL that got a CALLERROR or no usable answer. The station may give up or retry."""

    def given_more_time(self, at: float, seconds: float) -> None:
        """Called after the station has waited ``seconds`` for an answer; an override extends deadlines."""

    def clock_jumped(self, at: float, seconds: float) -> None:
        """Called after the clock of this machine was set.

        An override extends its deadlines by ``seconds``, and drops the times that it stored before.
        """

    def command_sent(self, at: float, frame: int, message_id: str, action: str, request: JsonObject) -> None:
        """Called for a CALL to the station. An UNREADABLE_PAYLOAD raised here is ignored."""

    def answer_requirements(self, action: str, request: JsonObject) -> AnswerRequirements:
        """Return the requirements about the answer to a command."""
        return NO_REQUIREMENTS

    def judge_command(self, command: AnsweredCommand) -> Findings:
        """Judge a valid CALLRESULT to a command, before `command_answered`; may raise UNREADABLE_PAYLOAD."""
        return NO_FINDINGS

    def judge_refusal(self, command: RefusedCommand) -> Findings:
        """Judge a CALLERROR to a command, before `command_answered`; may raise UNREADABLE_PAYLOAD."""
        return NO_FINDINGS

    def command_answered(  # noqa: PLR0913, PLR0917 - a command and its answer
        self,
        at: float,
        frame: int,
        message_id: str,
        action: str,
        request: JsonObject,
        answer: JsonObject | None,
    ) -> Findings:
        """Judge the station's valid answer to a command; ``answer=None`` stands for a CALLERROR.

        An UNREADABLE_PAYLOAD raised here is ignored.
        """
        return NO_FINDINGS

    def command_failed(self, message_id: str, action: str) -> None:
        """Called for a CALL to the station that timed out or whose answer violates its schema."""

    def overdue(self, at: float) -> Findings:
        """Report overdue messages of a connected station that does not wait for an answer."""
        return NO_FINDINGS

    def unfinished(self, at: float) -> Findings:
        """Report everything still missing at the end of the run."""
        return NO_FINDINGS
