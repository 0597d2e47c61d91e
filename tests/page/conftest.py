"""The mock that serves the page, and identities for stations."""

from tests.integration.control.conftest import mock, numbers, station_id

__all__ = ["mock", "numbers", "station_id"]
