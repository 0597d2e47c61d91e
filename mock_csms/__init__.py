"""A mock central system (CSMS) for OCPP: the public API."""

from mock_csms._version import __version__
from mock_csms.mock import MockCsms
from mock_csms.settings.server_settings import Settings

__all__ = ["MockCsms", "Settings", "__version__"]
