"""Fastest available event loop: uvloop, or asyncio's where uvloop is not installed."""

import asyncio
from collections.abc import Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

UVLOOP_INSTALLED: Final = find_spec("uvloop") is not None

_new_event_loop = import_module("uvloop" if UVLOOP_INSTALLED else "asyncio").new_event_loop


def run[Result](main: Coroutine[Any, Any, Result]) -> Result:
    """Run ``main`` until it returns."""
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        return runner.run(main)
