"""Arrival of clock-aligned readings (J01)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import StationCall
from mock_csms.findings.facts import Facts
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.samples import CLOCK, samples_of

CLOCK_TRIGGER: Final = "MeterValueClock"


class AlignedReadings(Facts):
    """Time of the latest clock-aligned reading, and the time since which the next one is awaited."""

    __slots__ = ("_latest", "has_changed", "last_at", "since")

    def __init__(self) -> None:
        self.since: float | None = None
        """Time since which a clock-aligned reading is awaited, usually the time of the latest such reading or
        of a Heartbeat; None after a boot, a disconnection or a lost message.
        """
        self.has_changed = False
        """Whether a transaction has started or ended after ``since``."""
        self.last_at = 0.0
        """Time of arrival of the latest clock-aligned reading."""
        self._latest = 0, False
        """Frame number of the last message given to `is_aligned`, and the result; kept because several checks
        ask about the same message.
        """

    def is_aligned(self, call: StationCall) -> bool:
        """Return whether a message has clock-aligned readings."""
        if self._latest[0] != call.frame:
            contexts = (sample.get("context") for sample in samples_of(call.payload))
            self._latest = call.frame, CLOCK in contexts
        return self._latest[1]

    def arrived(self, at: float) -> None:
        """Register a clock-aligned reading."""
        self.last_at = at
        self.restart(at)

    def restart(self, at: float) -> None:
        """Wait for the next clock-aligned reading from this time (``at``) on."""
        self.since, self.has_changed = at, False

    def booted(self, reason: str) -> None:
        self.since = None

    def disconnected(self) -> None:
        self.since = None

    def left_unanswered(self, action: str) -> None:
        self.since = None

    def given_more_time(self, seconds: float) -> None:
        if self.since is not None:
            self.since += seconds

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.meter_values, Action.transaction_event}:
            self.since = None


@CHECKS.learn_call(Action.meter_values)
def _note_meter_values(call: StationCall, known: Known201) -> None:
    aligned = known[AlignedReadings]
    if aligned.is_aligned(call):
        aligned.arrived(call.at)


@CHECKS.learn_event(triggers=(CLOCK_TRIGGER,))
def _note_event(call: StationCall, known: Known201) -> None:
    known[AlignedReadings].arrived(call.at)


@CHECKS.learn_call(Action.heartbeat)
def _begin_to_wait(call: StationCall, known: Known201) -> None:
    aligned = known[AlignedReadings]
    if aligned.since is None:
        aligned.restart(call.at)


@CHECKS.learn_event(types=("Started", "Ended"))
def _note_change(_call: StationCall, known: Known201) -> None:
    known[AlignedReadings].has_changed = True
