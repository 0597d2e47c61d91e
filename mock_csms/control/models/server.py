"""Models of the server: its health, its addresses and its records."""

from typing import Literal

from mock_csms.control.models.base import Model
from mock_csms.control.models.findings import FindingCounts


class Health(Model):
    """The state of the server."""

    status: Literal["ok"]
    """Always `ok`: a server that is not well does not answer."""
    version: str
    """Version of the server."""


class JournalUse(Model):
    """The journal and its limits."""

    last: int
    """Number of the newest entry."""
    stored: int
    """Number of entries in memory."""
    max_entries: int
    """Maximum number of entries in memory; above it, the oldest are dropped."""
    bytes: int
    """Approximate bytes of the entries in memory."""
    max_bytes: int
    """Maximum bytes of the entries in memory."""
    file: str | None
    """Path of the journal file; null if no file is written."""
    missing: int
    """Number of entries that could not be written to the journal file."""


class ScheduledCommand(Model):
    """A command that the settings schedule."""

    stations: str
    """Identity or glob of the stations that get the command."""
    action: str
    """Action of the command."""
    delay: float | None
    """Seconds to wait before the command. The wait begins with the event that starts the schedule, or with
    the previous command. Null if the command is only periodic.
    """
    period: float | None
    """Seconds between repetitions; null if the command is not periodic."""


class ServerFacts(Model):
    """Facts about the start and the settings of the server."""

    version: str
    """Version of the server."""
    started_at: str
    """Time of the start."""
    ocpp_versions: list[str]
    """OCPP versions that the server speaks."""
    station_urls: list[str]
    """URLs for stations, without the identity at the end. URLs for other machines come first."""
    control: str
    """URL of the control API."""
    journal: JournalUse
    """The journal."""
    schedule: list[ScheduledCommand]
    """Commands that the settings schedule, in the order of the settings. Commands that a change of the
    settings for a station schedules at run time are not included.
    """
    files: str | None
    """Folder of the files for stations; null if they are only in memory."""
    pki: str | None
    """Folder of the certificates; null if they are only in memory."""
    seed: int
    """Random seed of the rules; start the server with it as `--seed` to repeat the random choices."""
    token_required: bool
    """Whether requests need the token of `--control-token`."""


class StatisticsHistory(Model):
    """The last ten minutes in steps of two seconds. All lists have the same length and begin with the oldest
    value.
    """

    time: list[float]
    """Ends of the steps, in seconds since the epoch."""
    received: list[float]
    """Messages from stations per second."""
    sent: list[float]
    """Messages to stations per second."""
    errors: list[float]
    """CALLERRORs and malformed frames per second."""
    connected: list[int]
    """Stations connected at the end of the step."""
    refused: list[float]
    """Refused connections per second."""
    answer_ms: list[float | None]
    """Median response time of stations to commands, in milliseconds; null for a step without
    answers.
    """
    mock_ms: list[float | None]
    """Median time that the server took to answer stations, in milliseconds; null for a step without
    answers.
    """


class ServerStatistics(Model):
    """Counts since the start of the server, and their history."""

    received: int
    """Messages from stations: CALLs, answers, and malformed frames."""
    sent: int
    """Messages to stations: commands and answers."""
    results: int
    """CALLRESULTs, received and sent."""
    errors: int
    """CALLERRORs, received and sent, and malformed frames."""
    timeouts: int
    """Commands that were not answered in time."""
    connections: int
    """Number of opened connections, including closed ones."""
    connected: int
    """Stations connected now."""
    refused: int
    """Refused connections."""
    faults: int
    """Faults that rules have injected."""
    findings: FindingCounts
    """Findings by severity, including those that are no longer stored."""
    history: StatisticsHistory
    """The last ten minutes."""
