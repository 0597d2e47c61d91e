"""The server on a bare platform such as Windows: ``python -m tests.support.bare_platform ARGUMENTS``.

Neither uvloop nor `resource` can be imported, and the event loop has no signal handlers.
"""

import asyncio
import runpy
import signal
import sys
from importlib.util import find_spec
from typing import Any, Final

from tests.support.paths import ROOT

MISSING_MODULES: Final = ("uvloop", "resource")
SIGNALS: Final = [signal.SIGINT, signal.SIGTERM]

rejected_signals: list[int] = []


def add_signal_handler(_loop: asyncio.AbstractEventLoop, number: int, *_: Any) -> None:
    """Reject a signal handler, as the event loops of Windows do."""
    rejected_signals.append(number)
    raise NotImplementedError


def main() -> None:
    """Run server.py with the given command line; fail unless it tried to handle SIGINT and SIGTERM."""
    for name in MISSING_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # makes an import fail and find_spec return None
    assert not any(find_spec(name) for name in MISSING_MODULES)
    asyncio.SelectorEventLoop.add_signal_handler = add_signal_handler  # type: ignore[method-assign, assignment]
    try:
        runpy.run_path(str(ROOT / "server.py"), run_name="__main__")
    finally:
        assert rejected_signals == SIGNALS, rejected_signals


if __name__ == "__main__":
    main()
