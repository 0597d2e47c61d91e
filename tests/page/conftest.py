"""The mock that serves the page."""

from tests.integration.control.conftest import mock

__all__ = ["mock"]
