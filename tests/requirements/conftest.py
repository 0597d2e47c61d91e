"""The fixture `session` of the certification cases, for the tests of requirements too."""

from tests.certification.conftest import session

__all__ = ["session"]
