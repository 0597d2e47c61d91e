"""Runs the checks on each message of one station, and then the learners, which update its facts."""

from collections.abc import Hashable
from typing import Any

from mock_csms.findings.checks import (
    MET,
    AnsweredCommand,
    AnsweredStationCall,
    Broken,
    Check,
    CheckList,
    CommandCall,
    Outcome,
    RefusedCommand,
    StationCall,
)
from mock_csms.findings.coverage import Coverage
from mock_csms.findings.facts import Known
from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict


class SeenMessages(BoundedDict[int, None]):
    """Hashes of keys for messages seen so far; similar messages share a key, and a hash takes less memory."""

    __slots__ = ()
    limit = 64


class Checking[State: Known]:
    """The checks of a version, applied to the messages of one station."""

    __slots__ = ("_checks", "_coverage", "_known", "_report", "_seen")

    def __init__(self, checks: CheckList[State], known: State, report: Reporter, coverage: Coverage) -> None:
        self._checks = checks
        self._known = known
        self._report = report
        self._coverage = coverage
        self._seen = SeenMessages()

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        """Judge a valid CALL of the station."""
        checks = self._checks
        if action == checks.event_action:
            judges, first_judges, learners = checks.for_event(payload["eventType"], payload["triggerReason"])
            key = payload["transactionInfo"]["transactionId"], payload["eventType"], payload["triggerReason"]
            if first_judges and self._is_first(key):
                judges += first_judges
        else:
            judges, learners = checks.calls.get(action, ()), checks.call_learners.get(action, ())
            first_judges = checks.first_calls.get(action, ())
            if first_judges and self._is_first(checks.shapes[action](payload)):
                judges += first_judges
        if not judges and not learners:
            return NO_FINDINGS
        call = StationCall(at, frame, action, payload)
        findings = self._judge(judges, call) if judges else NO_FINDINGS
        for learn in learners:
            learn(call, self._known)
        return findings

    def _is_first(self, alike: Hashable) -> bool:
        """Return whether no message with the key ``alike`` was seen before; similar messages share a key."""
        key = hash(alike)
        if key in self._seen:
            return False
        self._seen[key] = None
        return True

    def judge_answered_call(
        self, at: float, frame: int, action: str, payload: JsonObject, answer: JsonObject
    ) -> Findings:
        """Judge a CALL of the station by the CALLRESULT of this server."""
        answered = AnsweredStationCall(at, frame, action, payload, answer)
        findings = self._judge(self._checks.answered_calls.get(action, ()), answered)
        for learn in self._checks.answered_call_learners.get(action, ()):
            learn(answered, self._known)
        return findings

    def command_sent(self, at: float, frame: int, action: str, request: JsonObject) -> None:
        """Register a command that was sent to the station, and call its learners."""
        self._known.command_sent(action)
        if learners := self._checks.sent_learners.get(action):
            command = CommandCall(at, frame, action, request)
            for learn in learners:
                learn(command, self._known)

    def judge_command(self, command: AnsweredCommand) -> Findings:
        """Judge the CALLRESULT of the station to a command."""
        self._known.command_answered(command.action)
        findings = self._judge(self._checks.commands.get(command.action, ()), command)
        for learn in self._checks.command_learners.get(command.action, ()):
            learn(command, self._known)
        return findings

    def judge_refusal(self, command: RefusedCommand) -> Findings:
        """Judge the CALLERROR of the station to a command."""
        return self._judge(self._checks.refusals.get(command.action, ()), command)

    def _judge(
        self,
        checks: tuple[Check[Any, State], ...],
        message: StationCall | AnsweredStationCall | AnsweredCommand | RefusedCommand,
    ) -> Findings:
        broken: dict[tuple[str, Broken], tuple[str, ...]] = {}
        for kind, requirements, judge in checks:
            outcome: Outcome = judge(message, self._known)
            if outcome == MET:
                self._coverage.met(requirements)
            elif outcome is not None:
                violation = kind, outcome
                broken[violation] = (*broken.get(violation, ()), *requirements)
        return self._report_all(broken, message) if broken else NO_FINDINGS

    def _report_all(
        self,
        broken: dict[tuple[str, Broken], tuple[str, ...]],
        message: StationCall | AnsweredStationCall | AnsweredCommand | RefusedCommand,
    ) -> Findings:
        """Report violations; several checks that found the same violation cause a single finding."""
        findings = NO_FINDINGS
        for (kind, outcome), requirements in broken.items():
            frames = (*outcome.frames, message.frame)
            findings += self._report(kind, message.at, frames, outcome.sentence, requirements=requirements)
        return findings
