"""The charging session of the certification cases."""

from tests.certification.conftest import session

__all__ = ["session"]
