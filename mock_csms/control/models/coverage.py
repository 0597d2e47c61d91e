"""Models of the coverage of a station."""

from mock_csms.control.models.base import Model
from mock_csms.findings.coverage import RequirementState


class CoveredRequirement(Model):
    """A requirement of the specification that findings are about."""

    id: str
    """Number of the requirement."""
    state: RequirementState
    """`met` if a check applied and found no violation; `broken` once a violation was found, even if its kind
    is silenced; `not exercised` if no check has applied yet."""
    findings: list[str]
    """Ids of the kinds of findings that report a violation of the requirement. The `condition` of a kind, in
    `GET /v1/findings/kinds`, says what the mock must know before it can report one."""
    cases: list[str]
    """Certification cases that are about the requirement."""


class CoverageCounts(Model):
    """How many requirements are in each state."""

    met: int
    """Number of requirements that the station has been seen to meet."""
    broken: int
    """Number of requirements that the station broke."""
    not_exercised: int
    """Number of requirements that no check has applied to yet."""


class CoveredBlock(Model):
    """A functional block of the specification."""

    id: str
    """Letter of the block; empty for requirements that belong to no block."""
    name: str
    """Name of the block."""
    counts: CoverageCounts
    """How many of its requirements in the answer are in each state."""
    requirements: list[CoveredRequirement]
    """Its requirements in the states that the query asks for, in the order of their numbers."""


class StationCoverage(Model):
    """Requirements that a station has been seen to meet, those it broke, and those not exercised yet."""

    station: str
    """Identity of the station."""
    version: str
    """OCPP version of the requirements."""
    observed: bool
    """Whether the mock looks for findings now; under high load it may pause."""
    counts: CoverageCounts
    """How many requirements are in each state, including states that the query does not ask for."""
    blocks: list[CoveredBlock]
    """The blocks that have requirements in the answer."""
