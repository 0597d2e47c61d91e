"""Prints docs/coverage.md."""

import sys

from mock_csms.findings.requirements import requirements_of
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.requirements.account import Account
from mock_csms.v201.requirements.coverage_page import coverage_page
from tests.support.requirement_tests import tests_by_requirement


def account() -> Account:
    """Return the `Account` of how findings and the tests of this project cover each requirement."""
    return Account(requirements_of(FINDING_KINDS), tests_by_requirement())


if __name__ == "__main__":
    sys.stdout.write(coverage_page(account()))
