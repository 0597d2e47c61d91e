"""Models of the health check."""

from typing import Literal

from mock_csms.control.models.base import Model


class Health(Model):
    """The state of the server."""

    status: Literal["ok"]
    """Always `ok`: a server that is not well does not answer."""
    version: str
    """Version of the server."""
