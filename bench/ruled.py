"""The contender *ruled*: the mock server at log level warning, with 100 rules that never match."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import tomli_w

import server

NEVER: Final[tuple[dict[str, Any], ...]] = (
    {"station": "OTHER*", "action": "Heartbeat"},
    {"action": "DataTransfer"},
    {"action": "MeterValues", "payload": {"evseId": 99}},
    {"action": "TransactionEvent", "state": "broken"},
    {"action": "TransactionEvent", "payload": {"idToken": {"idToken": "NOBODY"}}},
    {"action": "StatusNotification", "payload": {"connectorStatus": "Faulted"}},
    {"action": "Authorize", "nth": 1_000_000_000},
    {"station": "OTHER*"},
    {"action": "BootNotification", "expression": "reason == 'Watchdog'"},
    {"action": "NotifyReport", "payload": {"seqNo": 99}},
)
"""Conditions that never hold in the benchmark: for other stations or actions, and for other values."""

RULES: Final = 100


def rules() -> Iterator[dict[str, Any]]:
    """Yield the rules that never match, each as a table of the settings file."""
    for number in range(RULES):
        yield {"when": NEVER[number % len(NEVER)], "then": {"fault": {"kind": "no-answer"}}}


def main(ready_file: str) -> int:
    """Run the server until it is stopped; return its exit code."""
    with TemporaryDirectory(prefix="bench-") as folder:
        config = Path(folder, "rules.toml")
        config.write_text(tomli_w.dumps({"rules": list(rules())}))
        arguments = ["--port", "0", "--log-level", "warning", "--config", str(config)]
        return server.main([*arguments, "--ready-file", ready_file])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
