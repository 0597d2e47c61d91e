"""Checks of a station: small functions that judge one message, and the kinds of findings that they report."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from mock_csms.findings.facts import Known
from mock_csms.findings.kinds import FindingKind, Severity
from mock_csms.messages import JsonObject


class Broken(NamedTuple):
    """A requirement that a station broke."""

    sentence: str
    """States the violation, and what the station must or should do."""
    frames: tuple[int, ...] = ()
    """Numbers of earlier journal entries involved."""


MET: Final = "met"
type Outcome = Broken | Literal["met"] | None
"""Result of a check; None if the check does not apply to the message or too little is known."""


class StationCall(NamedTuple):
    """A CALL of the station whose payload is valid."""

    at: float
    """Seconds since the epoch."""
    frame: int
    """Number of the CALL's journal entry."""
    action: str
    payload: JsonObject


class AnsweredStationCall(NamedTuple):
    """A CALL of the station with the CALLRESULT of this server."""

    at: float
    frame: int
    """Number of the answer's journal entry."""
    action: str
    payload: JsonObject
    answer: JsonObject


class CommandCall(NamedTuple):
    """A CALL to the station."""

    at: float
    frame: int
    action: str
    request: JsonObject


class AnsweredCommand(NamedTuple):
    """A CALL to the station with its valid CALLRESULT."""

    at: float
    frame: int
    """Number of the answer's journal entry."""
    action: str
    request: JsonObject
    answer: JsonObject
    sent_at: float
    sent_frame: int


class RefusedCommand(NamedTuple):
    """A valid CALL to the station with its CALLERROR."""

    at: float
    frame: int
    """Number of the CALLERROR's journal entry."""
    action: str
    request: JsonObject
    code: str


class Check[Message, State: Known](NamedTuple):
    """A function that judges messages, the requirements that it checks, and the kind of its findings."""

    kind: str
    requirements: tuple[str, ...]
    judge: Callable[[Message, State], Outcome]


type Learner[Message, State: Known] = Callable[[Message, State], None]
"""A function that updates what is known about a station from a message."""


class EventScope(NamedTuple):
    """The TransactionEvents with one of these event types and trigger reasons; an empty set allows all."""

    types: frozenset[str]
    triggers: frozenset[str]

    def covers(self, event_type: str, trigger: str) -> bool:
        """Return whether events with this type and trigger reason belong to the scope."""
        return (not self.types or event_type in self.types) and (
            not self.triggers or trigger in self.triggers
        )


class EventJudges[State: Known](NamedTuple):
    """Checks and learners of TransactionEvents with one event type and trigger reason."""

    checks: tuple[Check[StationCall, State], ...]
    first_checks: tuple[Check[StationCall, State], ...]
    """Checks that skip an event if an earlier one of its transaction has the same type and trigger reason."""
    learners: tuple[Learner[StationCall, State], ...]


def _add[Value](table: dict[str, tuple[Value, ...]], actions: Iterable[str], value: Value) -> None:
    for action in actions:
        table[action] = (*table.get(action, ()), value)


@dataclass(eq=False)
class CheckList[State: Known]:
    """All checks and learners of a version, by action.

    For each message, the checks run first and see the state before it; then the learners change the state.
    Messages of actions without a check cost one lookup.
    """

    event_action: str = ""
    """Action whose payloads have an eventType and a triggerReason; empty if the version has none."""
    kinds: dict[str, FindingKind] = field(default_factory=dict)
    """Kinds of findings, by id; the section of a kind lists the requirements of its checks."""
    shapes: Mapping[str, Callable[[JsonObject], Hashable]] = field(default_factory=dict)
    """Functions, by action, that return a key for a payload of this action; checks with ``once`` judge only
    the first CALL with each key.
    """
    calls: dict[str, tuple[Check[StationCall, State], ...]] = field(default_factory=dict)
    first_calls: dict[str, tuple[Check[StationCall, State], ...]] = field(default_factory=dict)
    events: list[tuple[EventScope, Check[StationCall, State]]] = field(default_factory=list)
    first_events: list[tuple[EventScope, Check[StationCall, State]]] = field(default_factory=list)
    event_learners: list[tuple[EventScope, Learner[StationCall, State]]] = field(default_factory=list)
    answered_calls: dict[str, tuple[Check[AnsweredStationCall, State], ...]] = field(default_factory=dict)
    commands: dict[str, tuple[Check[AnsweredCommand, State], ...]] = field(default_factory=dict)
    refusals: dict[str, tuple[Check[RefusedCommand, State], ...]] = field(default_factory=dict)
    call_learners: dict[str, tuple[Learner[StationCall, State], ...]] = field(default_factory=dict)
    answered_call_learners: dict[str, tuple[Learner[AnsweredStationCall, State], ...]] = field(
        default_factory=dict
    )
    sent_learners: dict[str, tuple[Learner[CommandCall, State], ...]] = field(default_factory=dict)
    command_learners: dict[str, tuple[Learner[AnsweredCommand, State], ...]] = field(default_factory=dict)
    _event_judges: dict[tuple[str, str], EventJudges[State]] = field(default_factory=dict)

    def kind(
        self, kind_id: str, severity: Severity, description: str, condition: str = ""
    ) -> "CheckedKind[State]":
        """Define a kind of finding, and return an object whose methods add the checks of this kind."""
        if kind_id in self.kinds:
            raise ValueError(f"the kind {kind_id} is defined twice")
        self.kinds[kind_id] = FindingKind(severity, "", description, condition)
        return CheckedKind(kind_id, self)

    def add_requirements(self, kind_id: str, requirements: Collection[str]) -> None:
        """Add requirements to the section of a kind."""
        kind = self.kinds[kind_id]
        named = [*filter(None, kind.section.split(", ")), *requirements]
        self.kinds[kind_id] = kind._replace(section=", ".join(sorted(set(named))))

    def for_event(self, event_type: str, trigger: str) -> EventJudges[State]:
        """Return the checks and learners of TransactionEvents with this event type and trigger reason."""
        key = event_type, trigger
        judges = self._event_judges.get(key)
        if judges is None:
            judges = self._event_judges[key] = EventJudges(
                (
                    *self.calls.get(self.event_action, ()),
                    *(check for scope, check in self.events if scope.covers(*key)),
                ),
                tuple(check for scope, check in self.first_events if scope.covers(*key)),
                (
                    *self.call_learners.get(self.event_action, ()),
                    *(learn for scope, learn in self.event_learners if scope.covers(*key)),
                ),
            )
        return judges

    # Learners

    def learn_call(
        self, *actions: str
    ) -> Callable[[Learner[StationCall, State]], Learner[StationCall, State]]:
        """Call the decorated function for each valid CALL of the station with one of these actions."""
        return self._learner(self.call_learners, actions)

    def learn_event(
        self, *, types: Collection[str] = (), triggers: Collection[str] = ()
    ) -> Callable[[Learner[StationCall, State]], Learner[StationCall, State]]:
        """Call the decorated function for each TransactionEvent with one of these event types and trigger
        reasons; empty: any.
        """

        def add(learner: Learner[StationCall, State]) -> Learner[StationCall, State]:
            scope = EventScope(frozenset(types), frozenset(triggers))
            self.event_learners.append((scope, learner))
            return learner

        return add

    def learn_answered_call(
        self, *actions: str
    ) -> Callable[[Learner[AnsweredStationCall, State]], Learner[AnsweredStationCall, State]]:
        """Call the decorated function after each non-empty CALLRESULT of this server to a CALL with one of
        these actions.
        """
        return self._learner(self.answered_call_learners, actions)

    def learn_sent(
        self, *actions: str
    ) -> Callable[[Learner[CommandCall, State]], Learner[CommandCall, State]]:
        """Call the decorated function each time one of these commands is sent.

        The station may carry out the command before it answers.
        """
        return self._learner(self.sent_learners, actions)

    def learn_command(
        self, *actions: str
    ) -> Callable[[Learner[AnsweredCommand, State]], Learner[AnsweredCommand, State]]:
        """Call the decorated function after each CALLRESULT of the station to one of these commands."""
        return self._learner(self.command_learners, actions)

    @property
    def answered_actions(self) -> frozenset[str]:
        """Actions of the station's CALLs whose answers a check or a learner needs."""
        return frozenset(self.answered_calls) | frozenset(self.answered_call_learners)

    @staticmethod
    def _learner[Message, Status: Known](
        table: dict[str, tuple[Learner[Message, Status], ...]], actions: tuple[str, ...]
    ) -> Callable[[Learner[Message, Status]], Learner[Message, Status]]:
        def add(learner: Learner[Message, Status]) -> Learner[Message, Status]:
            _add(table, actions, learner)
            return learner

        return add


@dataclass(frozen=True, slots=True)
class CheckedKind[State: Known]:
    """A kind of finding; its methods are decorators that add a function as a check of some requirements."""

    id: str
    _checks: CheckList[State]

    def on_call(
        self, *requirements: str, of: str | Collection[str], once: bool = False
    ) -> Callable[[Callable[[StationCall, State], Outcome]], Callable[[StationCall, State], Outcome]]:
        """Judge each valid CALL of the station whose action is in ``of``.

        ``once``: only the first of the CALLs to which `CheckList.shapes` gives the same key.
        """
        return self._decorator(self._checks.first_calls if once else self._checks.calls, requirements, of)

    def on_event(
        self,
        *requirements: str,
        types: Collection[str] = (),
        triggers: Collection[str] = (),
        once: bool = False,
    ) -> Callable[[Callable[[StationCall, State], Outcome]], Callable[[StationCall, State], Outcome]]:
        """Judge each TransactionEvent with one of these event types and trigger reasons; empty: any.

        ``once``: skip an event if an earlier one of its transaction has the same type and trigger reason,
        because such events are alike.
        """

        def add(judge: Callable[[StationCall, State], Outcome]) -> Callable[[StationCall, State], Outcome]:
            events = self._checks.first_events if once else self._checks.events
            scope = EventScope(frozenset(types), frozenset(triggers))
            events.append((scope, Check(self.id, requirements, judge)))
            self.names(*requirements)
            return judge

        return add

    def on_answered_call(
        self, *requirements: str, of: str | Collection[str]
    ) -> Callable[
        [Callable[[AnsweredStationCall, State], Outcome]], Callable[[AnsweredStationCall, State], Outcome]
    ]:
        """Judge each CALL of the station whose action is in ``of``, after a non-empty CALLRESULT to it."""
        return self._decorator(self._checks.answered_calls, requirements, of)

    def on_command(
        self, *requirements: str, of: str | Collection[str]
    ) -> Callable[[Callable[[AnsweredCommand, State], Outcome]], Callable[[AnsweredCommand, State], Outcome]]:
        """Judge each command whose action is in ``of``, after the CALLRESULT of the station."""
        return self._decorator(self._checks.commands, requirements, of)

    def on_refusal(
        self, *requirements: str, of: str | Collection[str]
    ) -> Callable[[Callable[[RefusedCommand, State], Outcome]], Callable[[RefusedCommand, State], Outcome]]:
        """Judge each command whose action is in ``of``, after the CALLERROR of the station."""
        return self._decorator(self._checks.refusals, requirements, of)

    def names(self, *requirements: str) -> None:
        """Add requirements that no check judges to this kind, such as those of an ExpectedMessage."""
        self._checks.add_requirements(self.id, requirements)

    def _decorator[Message](
        self,
        table: dict[str, tuple[Check[Message, State], ...]],
        requirements: tuple[str, ...],
        actions: str | Collection[str],
    ) -> Callable[[Callable[[Message, State], Outcome]], Callable[[Message, State], Outcome]]:
        def add(judge: Callable[[Message, State], Outcome]) -> Callable[[Message, State], Outcome]:
            _add(
                table,
                (actions,) if isinstance(actions, str) else actions,
                Check(self.id, requirements, judge),
            )
            self.names(*requirements)
            return judge

        return add
