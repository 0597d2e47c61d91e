"""What can be found about a station: every kind of finding, and how one is made."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from mock_csms.log.summary import one_line
from mock_csms.messages import JsonObject
from mock_csms.schema.patch import timestamp

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


type Found = tuple[Finding, ...]

NOTHING: Final[Found] = ()


class Kind(NamedTuple):
    """What findings with one id have in common."""

    severity: Severity
    section: str
    description: str


KINDS: Final[Mapping[str, Kind]] = {
    "message-id-reused": Kind("error", "OCPP-J 4.1.4", "a CALL has the message id of an earlier one"),
    "calls-in-parallel": Kind("error", "OCPP-J 4.1.1", "a CALL is sent before the last one is answered"),
    "malformed-frame": Kind("error", "OCPP-J 4.1.7", "a frame is no OCPP-J message"),
    "call-violates-schema": Kind("error", "OCPP-J 4.1.7", "the payload of a CALL breaks its schema"),
    "answer-violates-schema": Kind("error", "OCPP-J 4.1.7", "the payload of a CALLRESULT breaks its schema"),
    "call-unanswered": Kind("error", "OCPP-J 4.1.1", "a CALL to the station is not answered in time"),
    "answer-to-unknown-call": Kind("error", "OCPP-J 4.1.4", "an answer has an id that no CALL had"),
    "answer-repeated": Kind("error", "OCPP-J 4.1.4", "a CALL is answered a second time"),
    "call-before-boot-accepted": Kind("error", "B02.FR.09", "a CALL is sent before the boot is accepted"),
    "boot-retried-too-early": Kind("error", "B02", "a boot is retried before the interval is over"),
    "connector-status-missing": Kind("error", "B01", "a connector's status is not told after a boot"),
    "heartbeat-missing": Kind("error", "G02", "nothing is heard for longer than the Heartbeat interval"),
    "timestamp-invalid": Kind("error", "OCPP-J 4.1.7", "a timestamp is no RFC 3339 date-time with a zone"),
    "timestamp-in-future": Kind("warning", "G02", "a timestamp is ahead of the time the station was told"),
    "timestamp-goes-back": Kind("warning", "E01", "an event of a transaction is older than the one before"),
    "transaction-not-started": Kind("error", "E01", "a transaction does not begin with Started"),
    "transaction-started-twice": Kind("error", "E01", "a transactionId is used for a second transaction"),
    "seq-no-missing": Kind("error", "E01", "events of a transaction are missing by their seqNo"),
    "seq-no-repeated": Kind("error", "E01", "different events of a transaction have the same seqNo"),
    "event-after-ended": Kind("error", "E06", "a transaction goes on after its Ended"),
    "id-token-missing": Kind("error", "E03", "an event that tells of an authorization has no idToken"),
    "evse-missing": Kind("error", "E02", "no event up to the plugging in of the cable names the EVSE"),
    "offline-flag-missing": Kind("warning", "E12", "an event from an offline time is not flagged as such"),
    "offline-flag-wrong": Kind("warning", "E12", "an event from a time online is flagged as offline"),
    "meter-register-decreased": Kind("error", "J02", "the energy register of a transaction goes down"),
    "report-incomplete": Kind("error", "B07", "a report that is to be continued is not"),
    "security-event-unknown": Kind("warning", "A04", "the type of a security event is not in the list"),
    "firmware-status-out-of-order": Kind("error", "L01", "a firmware update cannot take this step now"),
    "log-status-out-of-order": Kind("error", "N01", "a log upload cannot take this step now"),
    "reset-not-carried-out": Kind("error", "B11", "a Reset is accepted and does not follow"),
    "trigger-not-carried-out": Kind(
        "error", "F06", "a TriggerMessage is accepted, its message does not come"
    ),
    "availability-not-carried-out": Kind("error", "G03", "a ChangeAvailability is accepted, no status tells"),
    "stop-not-carried-out": Kind("error", "F03", "a RequestStopTransaction is accepted, nothing stops"),
    "start-not-carried-out": Kind("warning", "F01", "a RequestStartTransaction is accepted, nothing starts"),
}
"""Every id with its severity, the section it goes by and what it means."""


class Reporter:
    """Makes the findings about one station, except those of the silenced kinds."""

    __slots__ = ("_silenced", "_station")

    def __init__(self, station: str, silenced: Container[str]) -> None:
        self._station = station
        self._silenced = silenced

    def __call__(self, kind_id: str, at: float, frames: tuple[int, ...], sentence: str) -> Found:
        """Make one finding, or none if its kind is silenced."""
        kind = KINDS[kind_id]
        if kind_id in self._silenced:
            return NOTHING
        return (Finding(kind_id, kind.severity, kind.section, self._station, at, frames, one_line(sentence)),)
