"""Entry point: loads the settings, and runs the mock central system until a signal or the end of the run."""

import sys

if __name__ == "__main__":
    # Ctrl+C during the imports ends the process without a traceback
    sys.excepthook = lambda kind, *rest: (
        None if kind is KeyboardInterrupt else sys.__excepthook__(kind, *rest)
    )

from mock_csms.launch import PROGRAM, prepare

if __name__ == "__main__":
    prepare("commands")

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from charge_point import ChargePoint
from commands import COMMANDS, split_command, start
from mock_csms.csms import ServedVersion
from mock_csms.errors import COULD_NOT_START, WRONG_USAGE, CouldNotStart, UsageError
from mock_csms.journal import command_line as journal
from mock_csms.log import output
from mock_csms.log.output import logger
from mock_csms.mock import MockCsms, check_payload
from mock_csms.process import (
    collect_garbage_rarely,
    connections_within_open_file_limit,
    open_standard_streams,
    raise_open_file_limit,
    read_stdin,
    return_large_blocks,
    stopping_on_signals,
)
from mock_csms.settings.loading import read_settings
from mock_csms.settings.server_settings import Settings
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1

VERSIONS: Final[Mapping[str, ServedVersion]] = {
    OCPP_2_0_1.subprotocol: ServedVersion(
        version=OCPP_2_0_1,
        charge_point=ChargePoint,
        commands=COMMANDS,
        observer=Observer201,
        start=start,
        split=split_command,
    )
}
"""Served OCPP versions, by subprotocol."""

OCPP_VERSIONS: Final = [served.version for served in VERSIONS.values()]

PACKAGES_WITH_COMMANDS: Final = {"certify": "certify", "password": "security", "pki": "pki"}
"""Subcommands, each with the package whose module ``command_line`` implements it."""

FASTEST_EVENT_LOOP: Final[Callable[[], asyncio.AbstractEventLoop]] = import_module(
    "uvloop" if find_spec("uvloop") else "asyncio"  # Windows has no uvloop
).new_event_loop


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server, or the subcommand that the first argument names; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    open_standard_streams()
    if arguments[:1] == ["journal"]:
        return journal.main(arguments[1:], OCPP_VERSIONS)
    if arguments[:1] == ["station"]:
        return _main_of("simulator")(arguments[1:], OCPP_2_0_1, FASTEST_EVENT_LOOP)
    if arguments and arguments[0] in PACKAGES_WITH_COMMANDS:
        return _main_of(PACKAGES_WITH_COMMANDS[arguments[0]])(arguments[1:])
    read = partial(_load_settings, arguments)
    try:
        settings = read()
        output.configure(settings.log_level, settings.log_format, settings.color)
        with asyncio.Runner(loop_factory=FASTEST_EVENT_LOOP) as runner:
            return runner.run(run(settings, read))
    except UsageError as error:
        return _report_error(error, WRONG_USAGE)
    except CouldNotStart as error:
        return _report_error(error, COULD_NOT_START)


def _main_of(package: str) -> Callable[..., int]:
    """Return the ``main`` function of the subcommand that a package implements.

    The package is imported here only, because the import takes longer than the start of the server.
    """
    command: Callable[..., int] = import_module(f"mock_csms.{package}.command_line").main
    return command


def _load_settings(arguments: Sequence[str]) -> Settings:
    settings = read_settings(arguments, os.environ, OCPP_VERSIONS)
    check_payload(settings, VERSIONS)
    return settings


def _report_error(error: Exception, code: int) -> int:
    sys.stderr.write(f"{PROGRAM}: {error}\n")
    return code


async def run(settings: Settings, read: Callable[[], Settings]) -> int:
    """Serve until a signal or the end of the run; return the exit code. Raises CouldNotStart.

    ``read`` loads the settings again; it is called when the settings file changes.
    """
    raise_open_file_limit()
    mock = MockCsms(settings, VERSIONS, read=read)
    with stopping_on_signals(mock.stop, lambda: mock.is_stopping):
        async with mock:
            if settings.exit_with_stdin:
                read_stdin(lambda _: None, mock.stop)
            if "max_connections" in settings.model_fields_set:
                warn_of_open_file_limit(settings.max_connections)
            collect_garbage_rarely()
            return_large_blocks()
            await mock.wait_stopped()
    code, summary = mock.conclude()
    logger.info("stopped")
    if missing := output.close():
        summary += (
            f"\n  {missing} lines of the log are missing, because standard output was too slow or failed"
        )
    sys.stderr.write(f"{summary}\n")
    return code


def warn_of_open_file_limit(max_connections: int) -> None:
    """Warn if the hard limit of open files is too low for ``max_connections`` stations."""
    room = connections_within_open_file_limit()
    if room is not None and room < max_connections:
        logger.warning(
            "the limit of open files leaves room for %d connections, not for the %d of --max-connections; "
            "raise the hard limit (ulimit -Hn) or lower --max-connections",
            room,
            max_connections,
        )


if __name__ == "__main__":
    sys.exit(main())
