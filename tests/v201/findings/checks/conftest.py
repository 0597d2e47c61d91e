"""Fixtures for checks."""

from contextlib import nullcontext

import pytest

from tests.support.talk import talk, unbooted

__all__ = ["talk", "unbooted"]


@pytest.fixture(autouse=True)
def failing_checks_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an exception in a check fail the test.

    The observer ignores exceptions of checks, because a payload may be invalid.
    Without this fixture, a check that always raises would pass each test that expects no finding.
    """
    monkeypatch.setattr("mock_csms.findings.observer.suppress", lambda *_: nullcontext())
