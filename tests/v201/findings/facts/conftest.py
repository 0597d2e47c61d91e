"""Fixtures for facts."""

from tests.v201.findings.checks.conftest import failing_checks_raise

__all__ = ["failing_checks_raise"]
