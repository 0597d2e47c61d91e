"""Findings about a station: their kinds and how one is created."""

from collections.abc import Collection, Container, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple, get_args

from mock_csms.findings.coverage import Coverage
from mock_csms.journal.event_ids import EventId
from mock_csms.messages import JsonObject
from mock_csms.text import one_line, suggest_or_list, timestamp

type Severity = Literal["error", "warning", "hint"]
"""A hint is about a recommendation; hints are off by default and never fail a run."""
FINDING_SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity.__value__)
"""All severities, the most serious first."""


class Finding(NamedTuple):
    """One violation of the specification by a station."""

    id: str
    severity: Severity
    section: str
    station: str
    at: float
    """Seconds since the epoch."""
    frames: tuple[int, ...]
    """Numbers of the journal entries involved."""
    sentence: str
    event: EventId = EventId(0)
    """Id of the finding's event; set when the finding is recorded."""

    def as_json(self) -> JsonObject:
        """Return the JSON form used by the control API."""
        return {
            "id": self.id,
            "severity": self.severity,
            "section": self.section,
            "station": self.station,
            "time": timestamp(datetime.fromtimestamp(self.at, UTC)),
            "frames": list(self.frames),
            "sentence": self.sentence,
        }


Watch = Literal["auto", "always", "never"]
"""When to check stations; "auto" pauses under high load."""

type Findings = tuple[Finding, ...]

NO_FINDINGS: Final[Findings] = ()


class FindingKind(NamedTuple):
    """Facts shared by all findings with one id."""

    severity: Severity
    section: str
    """Numbers of the requirements, separated by commas, or the section of OCPP-J."""
    description: str
    condition: str = ""
    """Facts that the mock must know before a finding is possible; empty if none."""


SHARED_KINDS: Final[Mapping[str, FindingKind]] = {
    "message-id-reused": FindingKind(
        "error", "OCPP-J 4.1.4", "a CALL reuses the message id of an earlier one"
    ),
    "calls-in-parallel": FindingKind(
        "error", "OCPP-J 4.1.1", "a CALL is sent before the previous one is answered"
    ),
    "malformed-frame": FindingKind("error", "OCPP-J 4.1.7", "a frame is not a valid OCPP-J message"),
    "call-violates-schema": FindingKind("error", "OCPP-J 4.1.7", "the payload of a CALL violates its schema"),
    "answer-violates-schema": FindingKind(
        "error", "OCPP-J 4.1.7", "the payload of a CALLRESULT violates its schema"
    ),
    "call-unanswered": FindingKind("error", "OCPP-J 4.1.1", "a CALL to the station is not answered in time"),
    "answer-to-unknown-call": FindingKind(
        "error", "OCPP-J 4.1.4", "an answer has a message id that was never sent"
    ),
    "answer-repeated": FindingKind("error", "OCPP-J 4.1.4", "a CALL is answered more than once"),
    "unknown-action": FindingKind(
        "error", "OCPP-J 4.1.7", "a CALL has an action that OCPP does not define for stations"
    ),
}
"""Kinds of findings shared by all OCPP versions, by id."""


def flaw_of_id(name: str, kinds: Collection[str]) -> str:
    """Return an error text if no kind of finding has this id, else an empty text."""
    if name in kinds:
        return ""
    hint = suggest_or_list(name, kinds)
    return f"there is no finding {name}{hint}"


class Reporter:
    """Creates the findings about one station, except findings of silenced kinds."""

    __slots__ = ("_coverage", "_kinds", "_silenced", "_station")

    def __init__(
        self,
        station: str,
        silenced: Container[str],
        kinds: Mapping[str, FindingKind] = SHARED_KINDS,
        coverage: Coverage | None = None,
    ) -> None:
        self._station = station
        self._silenced = silenced
        self._kinds = kinds
        self._coverage = Coverage({}) if coverage is None else coverage

    def __call__(
        self,
        kind_id: str,
        at: float,
        frames: tuple[int, ...],
        sentence: str,
        *,
        requirements: tuple[str, ...] = (),
    ) -> Findings:
        """Mark the requirements as broken. Return a tuple with one finding; empty if its kind is silenced.

        ``requirements``: those that were broken; empty: all of the kind.
        """
        kind = self._kinds[kind_id]
        self._coverage.broken(requirements or kind.section.split(", "))
        if kind_id in self._silenced:
            return NO_FINDINGS
        section = ", ".join(requirements) or kind.section
        return (Finding(kind_id, kind.severity, section, self._station, at, frames, one_line(sentence)),)

    def met(self, *requirements: str) -> None:
        """Mark requirements as met."""
        self._coverage.met(requirements)
