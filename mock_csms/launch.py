"""Start of a process: the name of its command, the folder of its scripts, and checks before other imports.

This module imports the standard library only and runs on older Pythons, so that it can say what is missing.
"""

import gc
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

MODULE: Final = "mock_csms"
SCRIPTS: Final = ("server", "charge_point", "commands")

_BUNDLED_SCRIPTS: Final = Path(__file__).parent / "_front"
IS_INSTALLED: Final = _BUNDLED_SCRIPTS.is_dir()
"""Whether this is an installed wheel, not a checkout."""
FRONT: Final = _BUNDLED_SCRIPTS if IS_INSTALLED else Path(__file__).parents[1]
"""Folder of server.py, charge_point.py and commands.py."""

MISSING_PACKAGE: Final = "lacks a package"
"""Part of the error message about a package that is missing or incompatible."""

SERVER_COMMAND: Final = (
    [sys.executable, "-P", "-m", MODULE]  # without the current folder on its path
    if IS_INSTALLED
    else [sys.executable, str(FRONT / "server.py")]
)
"""Command that starts the server as a child process."""
START_WITHIN_S: Final = 60.0
"""Maximum seconds until a child process is ready."""
STOP_WITHIN_S: Final = 10.0
"""Maximum seconds until a child process has ended."""


def command_for(first_argument: str) -> str:
    """Return the command that starts the server in the way in which a process was started.

    ``first_argument`` is the ``sys.argv[0]`` of that process.
    """
    path = Path(first_argument)
    if path.stem == "mock-csms":  # Windows adds .exe
        return "mock-csms"
    if path.name == "__main__.py" and path.parent.name == MODULE:
        return f"python -m {MODULE}"
    return "python server.py"


COMMAND: Final = command_for(sys.argv[0] if sys.argv else "")
"""Command that starts the server in a shell, as this process was started, or else ``python server.py``."""

PROGRAM: Final = COMMAND.replace("python server.py", "server.py")
"""Name of this program at the start of error messages."""


def prepare(needed: str) -> None:
    """Prepare a process for a fast start, and import the module ``needed``, which imports most packages.

    Exits with one sentence if Python is too old or a package is missing.
    """
    if sys.version_info < (3, 12):  # noqa: UP036 - the Python of the system may be older
        _give_up(f"the mock needs Python 3.12 or newer, and {sys.executable} is {sys.version.split()[0]}")
    gc.disable()  # imports create no garbage, and collecting it would take 10% of the start-up
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C during the start ends it without a traceback
    try:
        import_module(needed)
    except ImportError as error:
        if (error.name or "").split(".")[0] in {"", MODULE, *SCRIPTS}:
            raise
        _give_up(f"{sys.executable} {MISSING_PACKAGE} ({error})")


def import_server() -> ModuleType:
    """Import server.py into a program that may have its own modules named server, charge_point or commands.

    The program keeps its own modules in ``sys.modules``.
    """
    others: dict[str, ModuleType] = {name: sys.modules.pop(name) for name in SCRIPTS if name in sys.modules}
    if "server" in others and Path(str(others["server"].__file__)).parent == FRONT:
        sys.modules.update(others)
        return others["server"]
    sys.path.insert(0, str(FRONT))
    try:
        return import_module("server")
    finally:
        sys.path.remove(str(FRONT))
        for name in SCRIPTS:
            sys.modules.pop(name, None)
        sys.modules.update(others)


def _give_up(reason: str) -> None:
    """Exit with the code of COULD_NOT_START in `errors`, which cannot be imported yet."""
    sys.stderr.write(f"{PROGRAM}: {reason}; {remedy()}\n")
    sys.exit(3)


def remedy() -> str:
    """Advice about a missing package."""
    if IS_INSTALLED:
        return "install it again with `pip install .` in the folder of the project"
    if sys.platform == "win32":
        return "run `poetry install --no-root`, then `poetry run task server`"
    return "run `make server`, or `poetry install --no-root` and then `poetry run task server`"
