"""Models of the findings."""

from mock_csms.control.models.base import Model, Root
from mock_csms.findings.kinds import Severity


class FindingView(Model):
    """A violation of the specification by a station."""

    id: str
    """Name of the kind of finding."""
    severity: Severity
    """`error` for a requirement, `warning` for a doubtful case, `hint` for a recommendation."""
    section: str
    """Numbers of the requirements, separated by commas, or the section of OCPP-J."""
    station: str
    """Identity of the station."""
    time: str
    """Time of the finding, in UTC with milliseconds (RFC 3339)."""
    frames: list[int]
    """Numbers of the journal entries that show the violation."""
    sentence: str
    """The violation, in words."""


class FindingList(Root[list[FindingView]]):
    """Findings, the oldest first."""


class FindingCounts(Model):
    """Numbers of findings by severity, including findings that are no longer stored."""

    error: int
    """Number of errors."""
    warning: int
    """Number of warnings."""
    hint: int
    """Number of hints."""
