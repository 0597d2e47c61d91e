"""Undocumented names of `uvicorn` that this project uses.

- ``Server.capture_signals``: context manager in which the server handles SIGINT and SIGTERM.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


class ServerWithoutSignals(uvicorn.Server):
    """A server that leaves signals to the process it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle no signal."""
        yield
