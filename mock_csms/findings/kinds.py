"""What can be found about a station: every kind of finding, and how one is made."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from mock_csms.messages import JsonObject
from mock_csms.text import one_line, timestamp

type Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """One thing that a station did against the specification."""

    id: str
    severity: Severity
    section: str
    station: str
    at: float
    """In seconds since the epoch."""
    frames: tuple[int, ...]
    """The numbers of the journal entries that it is about."""
    sentence: str

    def as_json(self) -> JsonObject:
        """Write it as the control API does."""
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
"""When findings are looked for."""

type Findings = tuple[Finding, ...]

NO_FINDINGS: Final[Findings] = ()


class FindingKind(NamedTuple):
    """What findings with one id have in common."""

    severity: Severity
    section: str
    description: str


SHARED_KINDS: Final[Mapping[str, FindingKind]] = {
    "message-id-reused": FindingKind("error", "OCPP-J 4.1.4", "a CALL has the message id of an earlier one"),
    "calls-in-parallel": FindingKind(
        "error", "OCPP-J 4.1.1", "a CALL is sent before the last one is answered"
    ),
    "malformed-frame": FindingKind("error", "OCPP-J 4.1.7", "a frame is no OCPP-J message"),
    "call-violates-schema": FindingKind("error", "OCPP-J 4.1.7", "the payload of a CALL breaks its schema"),
    "answer-violates-schema": FindingKind(
        "error", "OCPP-J 4.1.7", "the payload of a CALLRESULT breaks its schema"
    ),
    "call-unanswered": FindingKind("error", "OCPP-J 4.1.1", "a CALL to the station is not answered in time"),
    "answer-to-unknown-call": FindingKind("error", "OCPP-J 4.1.4", "an answer has an id that no CALL had"),
    "answer-repeated": FindingKind("error", "OCPP-J 4.1.4", "a CALL is answered a second time"),
    "unknown-action": FindingKind("error", "OCPP-J 4.1.7", "a CALL has an action that OCPP does not define"),
}
"""Findings that every version shares, by id."""


class Reporter:
    """Makes the findings about one station, except those of the silenced kinds."""

    __slots__ = ("_kinds", "_silenced", "_station")

    def __init__(
        self, station: str, silenced: Container[str], kinds: Mapping[str, FindingKind] = SHARED_KINDS
    ) -> None:
        self._station = station
        self._silenced = silenced
        self._kinds = kinds

    def __call__(self, kind_id: str, at: float, frames: tuple[int, ...], sentence: str) -> Findings:
        """Make one finding, or none if its kind is silenced."""
        kind = self._kinds[kind_id]
        if kind_id in self._silenced:
            return NO_FINDINGS
        return (Finding(kind_id, kind.severity, kind.section, self._station, at, frames, one_line(sentence)),)
