"""Provides the `session` fixture of the certification cases to the tests of requirements."""

from tests.certification.conftest import session

__all__ = ["session"]
