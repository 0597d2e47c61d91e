"""The station as seen by a case: the messages that it has to send, their order and times."""

from collections.abc import Mapping, Sequence
from copy import copy
from time import monotonic
from typing import Any, Final, Self

from mock_csms.certify.case_steps import CaseSteps
from mock_csms.certify.charging import time_of
from mock_csms.certify.station_file import StationFile
from mock_csms.certify.verbs.cursor import Cursor, UnusedPattern, UsedPattern
from mock_csms.certify.verbs.texts import fields_text, pattern_text
from mock_csms.certify.verdicts import CaseFailed
from mock_csms.client import AsyncStationHandle, NotSeen, Pattern, TranscriptEntry

type Statuses = str | set[str] | Mapping[tuple[int, int], str]
"""A status, a set of possible ones, or the status of each connector ``(evse, connector)``."""

DELTA: Final = "Delta"
PERIODIC_REASONS: Final = frozenset({"MeterValuePeriodic", "MeterValueClock"})
"""triggerReason of events with periodic or clock-aligned readings, which may come between other events."""

CONNECTION_EVENTS: Final[Mapping[str, str]] = {
    "connected": "the connection",
    "disconnected": "the end of the connection",
    "refused": "the refused connection",
}
"""Names of connection events in the texts of steps."""


class StationVerbs:
    """The station as seen by a case. Each message counts for one step only."""

    def __init__(
        self, handle: AsyncStationHandle, cursor: Cursor, steps: CaseSteps, file: StationFile
    ) -> None:
        self.handle = handle
        """Handle of the station, for requests that the verbs do not cover."""
        self._cursor = cursor
        self._steps = steps
        self._file = file

    def of(self, file: StationFile) -> Self:
        """Return the same verbs with another station file."""
        other = copy(self)
        other._file = file
        return other

    async def sends(
        self,
        action: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        within: float | None = None,
        where: Mapping[str, Any] | None = None,
        after: Sequence[Pattern] = (),
        **others: Any,
    ) -> TranscriptEntry:
        """Wait for the next message of this action, which must have these fields, and return it.

        ``where`` selects messages by their fields, such as ``{"evseId": 2}``. Messages that match ``after``
        may come first; they count as used. TransactionEvents with periodic or clock-aligned readings are
        skipped unless ``triggerReason`` asks for them. Raises StationFailure as soon as a field differs, or
        if no message comes within ``times.message``.
        """
        expected = {**(fields or {}), **others}
        ignored = [UsedPattern(self._cursor, action), *_transparent(action, expected)]
        with self._steps.step(f"the station sends {action}{fields_text(where, expected)}") as step:
            if after:
                await self._pass_over(action, after, ignored, within, where)
            self._look_from(self._cursor.start)
            entry = await self.handle.next(
                action, expected, within=self._within(within), where=where, ignoring=ignored
            )
            step.is_about(entry)
        self._cursor.note(entry)
        return entry

    async def _pass_over(
        self,
        action: str,
        optional: Sequence[Pattern],
        ignored: Sequence[Pattern],
        within: float | None,
        where: Mapping[str, Any] | None,
    ) -> None:
        """Mark messages of the action as used until one comes that no pattern in ``optional`` matches."""
        while True:
            self._look_from(self._cursor.start)
            entry = await self.handle.next(action, within=self._within(within), where=where, ignoring=ignored)
            if not any(pattern.holds(entry) for pattern in optional):
                return
            self._cursor.note(entry)

    async def at_last_sends(
        self,
        action: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        within: float | None = None,
        **others: Any,
    ) -> TranscriptEntry:
        """Wait for a message with these fields, and return it; others of its action may come before it.

        Raises NotSeen.
        """
        pattern = Pattern(action, fields, **others)
        with self._steps.step(f"the station at last sends {action}{fields_text(fields, others)}") as step:
            entry = await self._any(pattern, within=within)
            step.is_about(entry)
        return entry

    async def sends_one_of(self, *patterns: Pattern, within: float | None = None) -> TranscriptEntry:
        """Wait for one of several messages, and return it; raises NotSeen."""
        with self._steps.step(f"the station sends {' or '.join(map(pattern_text, patterns))}") as step:
            entry = await self._any(*patterns, within=within)
            step.is_about(entry)
        return entry

    async def sends_in_any_order(
        self, *patterns: Pattern, within: float | None = None
    ) -> Sequence[TranscriptEntry]:
        """Wait for all of several messages, in any order, and return them; raises NotSeen."""
        with self._steps.step(f"the station sends {', '.join(map(pattern_text, patterns))}"):
            self._look_from(self._cursor.start)
            unused = [UnusedPattern(self._cursor, each) for each in patterns]
            entries = await self.handle.waits_for_all(*unused, within=self._within(within))
        for entry in entries:
            self._cursor.note(entry)
        return entries

    async def optionally_sends(
        self, action: str, fields: Mapping[str, Any] | None = None, /, *, within: float, **others: Any
    ) -> TranscriptEntry | None:
        """Wait up to ``within`` seconds for a message with these fields; return it, or None if none comes."""
        try:
            entry = await self._any(Pattern(action, fields, **others), within=within)
        except NotSeen:
            return None
        self._steps.note(f"the station sends {action}{fields_text(fields, others)}", entry.number)
        return entry

    async def is_silent(
        self,
        action: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        during: float | None = None,
        **others: Any,
    ) -> None:
        """Check that no message with these fields comes in ``during`` seconds, by default ``times.silence``.

        A message that came after the newest entry that the case has used counts, too. Raises UnwantedMessage.
        """
        seconds = self._file.times.silence if during is None else during
        with self._steps.step(f"the station sends no {action}{fields_text(fields, others)}"):
            self._look_from(self._cursor.newest)
            await self.handle.never(action, fields, during=seconds, **others)

    async def has_sent(
        self, action: str, fields: Mapping[str, Any] | None = None, /, **others: Any
    ) -> TranscriptEntry:
        """Return the first message with these fields since the case began, even one that a step has used.

        Raises NotSeen.
        """
        with self._steps.step(f"the station has sent {action}{fields_text(fields, others)}") as step:
            self._look_from(self._cursor.start)
            entry = await self.handle.waits_for(action, fields, within=0, **others)
            step.is_about(entry)
        return entry

    async def all_sent(
        self, action: str, fields: Mapping[str, Any] | None = None, /, **others: Any
    ) -> list[TranscriptEntry]:
        """Return all messages with these fields that no step has used, and mark them as used."""
        found = []
        while entry := await self.optionally_sends(action, fields, within=0, **others):
            found.append(entry)
        return found

    async def has_not_sent(
        self,
        action: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        after: TranscriptEntry | None = None,
        **others: Any,
    ) -> None:
        """Check that no message with these fields has come since ``after``, by default since the case began.

        Raises UnwantedMessage.
        """
        with self._steps.step(f"the station has sent no {action}{fields_text(fields, others)}"):
            self._look_from(self._cursor.start if after is None else after.number)
            await self.handle.never(action, fields, during=0, **others)

    async def has_sent_no_other(
        self, action: str, fields: Mapping[str, Any] | None = None, /, **others: Any
    ) -> None:
        """Check that the case has used all messages with these fields so far; raises CaseFailed."""
        with self._steps.step(f"the station has sent no other {action}{fields_text(fields, others)}"):
            try:
                entry = await self._any(Pattern(action, fields, **others), within=0)
            except NotSeen:
                return
            raise CaseFailed(f"#{entry.number} {entry.action} was not to be sent", entry.number)

    async def sends_nothing_but(
        self,
        *allowed: str | Pattern,
        during: float = 0,
        after: TranscriptEntry | None = None,
        before: TranscriptEntry | None = None,
    ) -> None:
        """Check that only these messages come within ``during`` seconds, or between ``after`` and ``before``.

        Raises UnwantedMessage.
        """
        names = " or ".join(map(pattern_text, allowed))
        with self._steps.step(f"the station sends nothing{f' but {names}' if names else ''}"):
            self._look_from(self._cursor.newest)
            await self.handle.sends_nothing_but(*allowed, during=during, after=after, before=before)

    async def reports(
        self,
        status: str | set[str],
        *connectors: tuple[int, int],
        within: float | None = None,
    ) -> Sequence[TranscriptEntry]:
        """Wait for a report of each connector, ``(evse, connector)``, with this status; return the reports.

        The default is the connector of the case. A report is a StatusNotification, or a NotifyEvent of
        the AvailabilityState of the connector. Raises NotSeen, or CaseFailed if the status of a
        connector changes to another one, or the trigger of a NotifyEvent is not Delta.
        """
        found = []
        for evse, connector in connectors or [(self._file.evse, self._file.connector)]:
            found.append(await self._reports(status, evse, connector, within))
        return found

    async def optionally_reports(self, status: str, evse: int, connector: int) -> bool:
        """Return whether an unused report of a connector has this status; if so, mark the report as used."""
        try:
            entry = await self._any(*_status_reports(evse, connector, status), within=0)
        except NotSeen:
            return False
        self._steps.note(f"connector {connector} of EVSE {evse} is reported {status}", entry.number)
        return True

    async def reports_all(self, status: Statuses, *, within: float | None = None) -> None:
        """Wait for a report of each connector of the station with this status; raises as `reports`.

        Connectors that are not in a mapping ``status`` have to be reported Available.
        """
        for evse, connector in self._file.connectors:
            expected = status.get((evse, connector), "Available") if isinstance(status, Mapping) else status
            await self._reports(expected, evse, connector, within)

    async def at_last_reports(
        self, status: str, *connectors: tuple[int, int], within: float | None = None
    ) -> None:
        """Wait until each connector is reported with this status; other reports of it may come before.

        Raises NotSeen.
        """
        for evse, connector in connectors:
            with self._steps.step(f"connector {connector} of EVSE {evse} is at last reported {status}"):
                await self._any(*_status_reports(evse, connector, status), within=within)

    async def never_reports(self, statuses: set[str], *connectors: tuple[int, int]) -> None:
        """Check that no connector is reported with one of these statuses within ``times.silence``.

        The default is all connectors. Raises CaseFailed.
        """
        shown = " or ".join(sorted(statuses))
        unwanted = [
            report
            for evse, connector in connectors or self._file.connectors
            for status in statuses
            for report in _status_reports(evse, connector, status)
        ]
        with self._steps.step(f"no connector is reported {shown}"):
            self._look_from(self._cursor.newest)
            try:
                entry = await self.handle.waits_for_any(*unwanted, within=self._file.times.silence)
            except NotSeen:
                return
            raise CaseFailed(f"#{entry.number} is a report of such a status", entry.number)

    async def _reports(
        self, status: str | set[str], evse: int, connector: int, within: float | None
    ) -> TranscriptEntry:
        wanted = {status} if isinstance(status, str) else status
        shown = " or ".join(sorted(wanted))
        with self._steps.step(f"connector {connector} of EVSE {evse} is reported {shown}") as step:
            entry = await self._next_report(wanted, evse, connector, self._within(within))
            step.is_about(entry)
            actual, trigger = _report_of(entry, evse, connector)
            if actual not in wanted:
                raise CaseFailed(f"connector {connector} of EVSE {evse} is reported {actual}, not {shown}")
            if trigger != DELTA:
                raise CaseFailed(f"connector {connector} of EVSE {evse} is reported by trigger {trigger}")
        return entry

    async def _next_report(
        self, wanted: set[str], evse: int, connector: int, within: float
    ) -> TranscriptEntry:
        """Return the next report of a connector; skip reports that repeat a status that is not wanted.

        A station may repeat a report, such as when the energy transfer begins at an occupied connector.
        Reports from before the latest boot are skipped, too: a station may report Unavailable before it
        restarts.
        """
        end = monotonic() + within
        before = self._cursor.reported.get((evse, connector))
        while True:
            left = max(end - monotonic(), 0)
            entry = await self._any(*_status_reports(evse, connector), within=left, since=self._cursor.boot)
            status, _ = _report_of(entry, evse, connector)
            if status in wanted or status != before:
                self._cursor.reported[evse, connector] = status
                return entry

    async def collects(
        self,
        action: str,
        fields: Mapping[str, Any] | None = None,
        /,
        *,
        within: float | None = None,
        **others: Any,
    ) -> Sequence[TranscriptEntry]:
        """Wait for all parts of a report, and return them in the order of seqNo; raises NotSeen."""
        with self._steps.step(f"the station sends all parts of {action}{fields_text(fields, others)}"):
            self._look_from(self._cursor.start)
            parts = await self.handle.collects(action, fields, within=self._within(within), **others)
        for part in parts:
            self._cursor.note(part)
        return parts

    def were_generated_now(self, messages: Sequence[TranscriptEntry]) -> None:
        """Check that each message was generated (generatedAt) after the case began and before it arrived.

        ``times.deviation`` is accepted at both ends. Raises CaseFailed.
        """
        slack_s = self._file.times.deviation
        longest_s = self._steps.seconds + slack_s
        wrong = [
            f"{each['generatedAt']} in #{each.number}"
            for each in messages
            if not -slack_s <= (each.time - time_of(each["generatedAt"])).total_seconds() <= longest_s
        ]
        self._steps.check_each("all messages have the time at which they were generated", wrong)

    async def connects(
        self, *, after: TranscriptEntry | None = None, within: float | None = None, **facts: Any
    ) -> TranscriptEntry:
        """Wait for a connection with these facts of the handshake, and return its entry; raises NotSeen.

        It has to come after the entry ``after``, by default the newest one that the case has used.
        """
        with self._steps.step(f"the station connects{fields_text(None, facts)}") as step:
            self._look_from(self._cursor.newest if after is None else after.number)
            entry = await self.handle.connects(within=within or self._file.times.boot, **facts)
            step.is_about(entry)
        self._cursor.note(entry)
        return entry

    async def optionally_connects(self, *, within: float) -> TranscriptEntry | None:
        """Wait up to ``within`` seconds for a connection; return its entry, or None if none comes."""
        self._look_from(self._cursor.newest)
        try:
            entry = await self.handle.connects(within=within)
        except NotSeen:
            return None
        self._cursor.note(entry)
        self._steps.note("the station connects", entry.number)
        return entry

    async def tries_to_connect(self, *, within: float | None = None, **facts: Any) -> TranscriptEntry:
        """Wait for a refused connection with these facts, and return its entry; raises NotSeen."""
        with self._steps.step(f"the station tries to connect{fields_text(None, facts)}") as step:
            self._look_from(self._cursor.newest)
            entry = await self.handle.is_refused(within=within or self._file.times.boot, **facts)
            step.is_about(entry)
        self._cursor.note(entry)
        return entry

    async def does_not_connect(self, *, during: float) -> None:
        """Check that the station does not connect within ``during`` seconds; raises CaseFailed."""
        with self._steps.step("the station does not connect"):
            self._look_from(self._cursor.newest)
            try:
                entry = await self.handle.connects(within=during)
            except NotSeen:
                return
            raise CaseFailed(f"#{entry.number}: the station has connected", entry.number)

    async def disconnects(self, *, within: float | None = None) -> TranscriptEntry:
        """Wait until the connection ends, and return the entry; raises NotSeen."""
        with self._steps.step("the connection ends") as step:
            self._look_from(self._cursor.newest)
            entry = await self.handle.disconnects(within=self._within(within))
            step.is_about(entry)
        self._cursor.note(entry)
        return entry

    def at_least(self, earlier: TranscriptEntry, later: TranscriptEntry, seconds: float) -> None:
        """Check that at least ``seconds``, less ``times.deviation``, have passed between two entries."""
        passed = later.seconds_since(earlier)
        self._steps.check(
            passed >= seconds - self._file.times.deviation,
            f"{_kind_of(later)} comes at least {seconds:g} s after {_kind_of(earlier)}",
            later,
        )

    def about(self, earlier: TranscriptEntry, later: TranscriptEntry, seconds: float) -> None:
        """Check that ``seconds``, give or take ``times.deviation``, have passed between two entries."""
        passed = later.seconds_since(earlier)
        self._steps.check(
            abs(passed - seconds) <= self._file.times.deviation,
            f"{_kind_of(later)} comes about {seconds:g} s after {_kind_of(earlier)}",
            later,
        )

    async def _any(
        self, *patterns: Pattern, within: float | None, since: int | None = None
    ) -> TranscriptEntry:
        self._look_from(self._cursor.start if since is None else since)
        unused = [UnusedPattern(self._cursor, each) for each in patterns]
        entry = await self.handle.waits_for_any(*unused, within=self._within(within))
        self._cursor.note(entry)
        return entry

    def _look_from(self, number: int) -> None:
        self.handle.cursor = number

    def _within(self, seconds: float | None) -> float:
        return self._file.times.message if seconds is None else seconds


def _kind_of(entry: TranscriptEntry) -> str:
    return entry.action or CONNECTION_EVENTS.get(entry.type, entry.type)


def _transparent(action: str, expected: Mapping[str, Any]) -> list[Pattern]:
    """Return patterns of the messages that `StationVerbs.sends` skips."""
    asked = expected.get("triggerReason")
    wanted = {asked} if isinstance(asked, str) else asked if isinstance(asked, set | frozenset) else set()
    if action != "TransactionEvent" or wanted & PERIODIC_REASONS:
        return []
    return [Pattern("TransactionEvent", triggerReason=PERIODIC_REASONS)]


def _status_reports(evse: int, connector: int, status: str | None = None) -> list[Pattern]:
    """Return patterns of the reports of a connector, with any status or this one."""

    def has_state(events: Any) -> bool:
        return any(
            _is_state_of(event, evse, connector) and status in {None, event["actualValue"]}
            for event in events
        )

    wanted = {} if status is None else {"connectorStatus": status}
    return [
        Pattern("StatusNotification", evseId=evse, connectorId=connector, **wanted),
        Pattern("NotifyEvent", eventData=has_state),
    ]


def _is_state_of(event: Mapping[str, Any], evse: int, connector: int) -> bool:
    place = event["component"].get("evse", {})
    return (
        event["component"]["name"] == "Connector"
        and event["variable"]["name"] == "AvailabilityState"
        and (place.get("id"), place.get("connectorId")) == (evse, connector)
    )


def _report_of(entry: TranscriptEntry, evse: int, connector: int) -> tuple[str, str]:
    """Return status and trigger of a report; the trigger of a StatusNotification is Delta."""
    if "connectorStatus" in entry.payload:
        return str(entry["connectorStatus"]), DELTA
    event = next(each for each in entry["eventData"] if _is_state_of(each, evse, connector))
    return str(event["actualValue"]), str(event["trigger"])
