"""A mock central system (CSMS) for OCPP: the public API.

`MockCsms`, `Settings` and `VERSIONS` (the OCPP versions that the mock serves) are imported when they are
used: the client and the pytest plugin need none of them, and run without the packages of the server. Slow
imports, such as typing, are avoided: until `mock_csms.__main__` runs, Ctrl+C prints a traceback.
"""

from __future__ import annotations

from importlib import import_module

from mock_csms._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from mock_csms.mock import MockCsms
    from mock_csms.settings.server_settings import Settings

__all__ = ["MockCsms", "Settings", "__version__"]

_MODULES: Final = {"MockCsms": "mock_csms.mock", "Settings": "mock_csms.settings.server_settings"}


def __getattr__(name: str) -> Any:
    if name == "VERSIONS":
        # Not imported above: with `python -m mock_csms`, sys.argv is not complete before __main__ runs.
        return import_module("mock_csms.launch").import_server().VERSIONS
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
