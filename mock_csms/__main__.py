"""Entry point of ``python -m mock_csms`` and ``mock-csms``: makes server.py importable, and runs it."""

import sys

# Ctrl+C during the imports ends the process without a traceback
sys.excepthook = lambda kind, *rest: None if kind is KeyboardInterrupt else sys.__excepthook__(kind, *rest)

from importlib import import_module

from mock_csms.launch import FRONT, prepare


def main() -> int:
    """Run the server, or the subcommand that the first argument names; return the exit code."""
    sys.path.insert(0, str(FRONT))  # before the current folder, which may have a server.py of its own
    prepare("commands")
    code: int = import_module("server").main()
    return code


if __name__ == "__main__":
    sys.exit(main())
