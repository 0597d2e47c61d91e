"""Models of the server: its health, its addresses and its records."""

from typing import Literal

from mock_csms.control.models.base import Model


class Health(Model):
    """The state of the server."""

    status: Literal["ok"]
    """Always `ok`: a server that is not well does not answer."""
    version: str
    """Version of the server."""


class JournalUse(Model):
    """The journal, and what it may take."""

    last: int
    """Number of the newest entry."""
    stored: int
    """Number of entries in memory."""
    max_entries: int
    """Maximum number of entries in memory; past it, the oldest are dropped."""
    bytes: int
    """Approximate bytes of the entries in memory."""
    max_bytes: int
    """Maximum bytes of the entries in memory."""
    file: str | None
    """Path of the journal file; null without one."""
    missing: int
    """Number of entries that could not be written to the journal file."""


class ScheduledCommand(Model):
    """A command that the settings schedule."""

    stations: str
    """Identity or glob of the stations that get it."""
    action: str
    """Action of the command."""
    delay: float | None
    """Seconds before the command, after the event that starts the schedule or after the previous command;
    null if it is only periodic."""
    period: float | None
    """Seconds between repetitions; null if it is not periodic."""


class ServerFacts(Model):
    """How the server was started."""

    version: str
    """Version of the server."""
    started_at: str
    """Time of the start."""
    ocpp_versions: list[str]
    """OCPP versions that it speaks."""
    station_urls: list[str]
    """URLs for stations; the identity of the station follows. Those for other machines come first."""
    control: str
    """URL of the control API."""
    journal: JournalUse
    """The journal."""
    schedule: list[ScheduledCommand]
    """Commands that the settings schedule, in their order; changes of profiles at run time are left out."""
    files: str | None
    """Folder of the files for stations; null if they are only in memory."""
    pki: str | None
    """Folder of the certificates; null if they are only in memory."""
    seed: int
    """Seed of the random choices of rules, for `--seed` of another run."""
    token_required: bool
    """Whether requests need the token of `--control-token`."""
