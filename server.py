"""Entry point: load settings, run the mock central system until a signal or the verdict, exit."""

import gc

if __name__ == "__main__":
    gc.disable()  # imports create no garbage; collecting during them costs 10% of the start-up

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from charge_point import ChargePoint
from commands import COMMANDS, start
from mock_csms.csms import ServedVersion
from mock_csms.errors import WRONG_USAGE, CouldNotStart, UsageError
from mock_csms.journal import transcript
from mock_csms.log import output
from mock_csms.log.output import logger
from mock_csms.mock import MockCsms, check_payload
from mock_csms.settings.loading import read_settings
from mock_csms.settings.server_settings import Settings
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1

COULD_NOT_START: Final = 3

VERSIONS: Final[Mapping[str, ServedVersion]] = {
    OCPP_2_0_1.subprotocol: ServedVersion(
        version=OCPP_2_0_1, charge_point=ChargePoint, commands=COMMANDS, observer=Observer201, start=start
    )
}
"""Served OCPP versions, by subprotocol."""

OCPP_VERSIONS: Final = [served.version for served in VERSIONS.values()]

FASTEST_EVENT_LOOP: Final[Callable[[], asyncio.AbstractEventLoop]] = import_module(
    "uvloop" if find_spec("uvloop") else "asyncio"  # Windows has no uvloop
).new_event_loop


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it stops; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["journal"]:
        return transcript.main(arguments[1:], OCPP_VERSIONS)
    read = partial(_load_settings, arguments)
    try:
        settings = read()
        output.configure(settings.log_level, settings.log_format)
        with asyncio.Runner(loop_factory=FASTEST_EVENT_LOOP) as runner:
            return runner.run(run(settings, read))
    except UsageError as error:
        return _report_error(error, WRONG_USAGE)
    except CouldNotStart as error:
        return _report_error(error, COULD_NOT_START)


def _load_settings(arguments: Sequence[str]) -> Settings:
    settings = read_settings(arguments, os.environ, OCPP_VERSIONS)
    check_payload(settings, VERSIONS)
    return settings


def _report_error(error: Exception, code: int) -> int:
    sys.stderr.write(f"server.py: {error}\n")
    return code


async def run(settings: Settings, read: Callable[[], Settings]) -> int:
    """Serve until SIGINT, SIGTERM or the verdict; return the exit code. Raises CouldNotStart.

    ``read`` is called for new settings when their file changes.
    """
    _raise_open_file_limit()
    mock = MockCsms(settings, VERSIONS, read=read)
    with stopping_on_signals(mock):
        async with mock:
            _collect_garbage_rarely()
            await mock.wait_stopped()
    code, summary = mock.conclude()
    logger.info("stopped")
    output.flush()
    sys.stderr.write(f"{summary}\n")
    return code


def _collect_garbage_rarely() -> None:
    """Collect garbage rarely, and never scan the objects of the start-up."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)
    gc.enable()


def _raise_open_file_limit() -> None:
    """Raise RLIMIT_NOFILE to its hard limit; the usual soft limit is 1,024."""
    if find_spec("resource"):  # Windows has no RLIMIT_NOFILE
        resource = import_module("resource")
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))


@contextmanager
def stopping_on_signals(mock: MockCsms) -> Iterator[None]:
    """Stop the mock on SIGINT or SIGTERM; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if mock.is_stopping:
            logging.shutdown()
            os._exit(128 + number)
        mock.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal, number)
        except NotImplementedError:  # not supported by event loops on Windows
            signal.signal(number, lambda number, _: loop.call_soon_threadsafe(on_signal, number) and None)
    yield


if __name__ == "__main__":
    sys.exit(main())
