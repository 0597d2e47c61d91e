"""Fixtures for checks."""

from tests.support.talk import talk, unbooted

__all__ = ["talk", "unbooted"]
