"""Account of the requirements: the findings, cases and tests that cover each, or why none does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mock_csms.v201.requirements.cases import station_cases_of
from mock_csms.v201.requirements.reasons import Reason, reasons
from mock_csms.v201.requirements.requirements import Requirement, csms_cases, requirements

type Names = Mapping[str, Sequence[str]]
"""Names of findings or tests by requirement."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """Findings, cases and tests that cover one requirement."""

    requirement: Requirement
    findings: Sequence[str] = ()
    """Ids of kinds of findings."""
    cases: Sequence[str] = ()
    """Certification cases for stations."""
    tests: Sequence[str] = ()
    """Tests of the central system."""
    reason: Reason | None = None
    """Why no finding covers the requirement or, if no finding can cover it, why no case covers it."""
    csms_reason: Reason | None = None
    """Why no test covers the requirement for the central system, or how the mock deviates by default."""

    @property
    def is_shown_for_station(self) -> bool:
        """Whether the requirement binds no station, or a finding, a case or a reason accounts for it.

        A case is not enough where a finding is possible.
        """
        shown = bool(self.findings) or (bool(self.cases) and not self.requirement.can_be_judged)
        return not self.requirement.binds_station or shown or self.reason is not None

    @property
    def is_shown_for_csms(self) -> bool:
        """Whether the requirement binds no central system, or a test or a reason accounts for it."""
        return not self.requirement.binds_csms or bool(self.tests) or self.csms_reason is not None


@dataclass(frozen=True)
class Account:
    """All requirements with the findings, cases, tests and reasons of each."""

    findings: Names
    """Kinds of findings by requirement."""
    tests: Names
    """Tests of the central system by requirement or by case."""
    entries: Mapping[str, AccountEntry] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", dict(self._entries()))

    def _entries(self) -> Iterator[tuple[str, AccountEntry]]:
        of_station, of_csms = reasons("station"), reasons("csms")
        for name, requirement in requirements().items():
            yield (
                name,
                AccountEntry(
                    requirement,
                    self.findings.get(name, ()),
                    station_cases_of(name),
                    self.tests.get(name, ()),
                    of_station.get(name),
                    of_csms.get(name),
                ),
            )

    @property
    def missing(self) -> list[str]:
        """Requirements that bind a station or a central system, and that nothing accounts for."""
        return [
            name
            for name, entry in self.entries.items()
            if not (entry.is_shown_for_station and entry.is_shown_for_csms)
        ]

    @property
    def missing_cases(self) -> list[str]:
        """Test cases for a CSMS without a test and without a reason."""
        return [case for case in csms_cases() if case not in self.tests and case not in reasons("csms")]

    @property
    def unknown(self) -> list[str]:
        """Requirements and cases that findings, tests or reasons name, but that do not exist."""
        named = {*self.findings, *self.tests, *reasons("station"), *reasons("csms")}
        named |= {requirement for ids in csms_cases().values() for requirement in ids}
        return sorted(named - requirements().keys() - csms_cases().keys())
